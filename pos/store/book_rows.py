"""Journal entries as rows of the books: pure, so that catching up and rebuilding cannot differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from pos.store.database import Value
from sync.contract.entry import Payload

Rows: TypeAlias = Iterator[tuple[str, tuple[Value, ...]]]
"""(table, values in the order of its columns)"""

COLUMNS: Final[Mapping[str, int]] = {
    "ticket": 13,
    "ticket_line": 17,
    "ticket_rate": 5,
    "ticket_tender": 8,
    "closing": 13,
    "cash_movement": 7,
    "copy": 7,
}
"""Tables that are derived, with their number of columns."""


def rows_of(payload: Payload) -> Rows:
    """The rows that an entry becomes; none for a chain that the books do not follow."""
    derive = _CHAINS.get(payload.chain)
    return derive(payload, payload.data) if derive else iter(())


def _ticket(payload: Payload, data: Mapping[str, Any]) -> Rows:
    number, total = payload.number, data["total"]
    yield (
        "ticket",
        (
            number,
            payload.seq,
            payload.epoch,
            payload.at,
            payload.operator,
            data["type"],
            data["sale"],
            data["day"],
            data["session"],
            data["shop"]["till"],
            total["ttc"],
            total["ht"],
            total["vat"],
        ),
    )
    for line in data["lines"]:
        yield "ticket_line", (number, *_line(line))
    for rate in data["rates"]:
        yield "ticket_rate", (number, rate["rate"], rate["ttc"], rate["ht"], rate["vat"])
    for position, tender in enumerate(data["tenders"], start=1):
        yield "ticket_tender", (number, position, *(tender[name] for name in _TENDER))


def _line(line: Mapping[str, Any]) -> tuple[Value, ...]:
    origin = line.get("origin") or {}
    return (*(line[name] for name in _LINE), origin.get("ticket"), origin.get("line"))


def _closing(payload: Payload, data: Mapping[str, Any]) -> Rows:
    total = data["total"]
    yield (
        "closing",
        (
            *_common(payload),
            data["session"],
            data["day"],
            data["tickets"],
            total["ttc"],
            total["ht"],
            total["vat"],
            data["perpetual_net"],
            data["perpetual_absolute"],
            msgspec.json.encode(data, order="deterministic").decode("utf-8"),
        ),
    )


def _cash(payload: Payload, data: Mapping[str, Any]) -> Rows:
    yield (
        "cash_movement",
        (*_common(payload), data["kind"], data["amount"], data.get("reason", "")),
    )


def _copy(payload: Payload, data: Mapping[str, Any]) -> Rows:
    yield "copy", (*_common(payload), data["chain"], data["of"], data["medium"])


def _common(payload: Payload) -> tuple[Value, ...]:
    return payload.number, payload.seq, payload.at, payload.operator


_LINE: Final = (
    "n",
    "kind",
    "code",
    "label",
    "family",
    "unit",
    "quantity",
    "unit_price",
    "gross",
    "discount",
    "rate",
    "ttc",
    "ht",
    "vat",
)
_TENDER: Final = ("name", "kind", "amount", "given", "change", "kept")
_CHAINS: Final[Mapping[str, Callable[[Payload, Mapping[str, Any]], Rows]]] = {
    "ticket": _ticket,
    "closing": _closing,
    "cash": _cash,
    "copy": _copy,
}
FOLLOWED: Final = tuple(_CHAINS)
