"""What goes on paper, as documents: blocks that know nothing of a printer's commands.

The order of a ticket's blocks is fixed here, because the law and NF525 practice fix its content: who
sells, what kind of document it is, number, date, lines, totals with VAT per rate, tenders, change,
software and signature extract. A copy says so, and training says so on every side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeAlias

from pos.domain.closing import Closing
from pos.domain.money import Cents, Thousandths
from pos.domain.sale import LineKind
from pos.domain.ticket import Shop, Ticket, TicketLine, printed_number


class Words(Protocol):
    """The language of a document."""

    def say(self, key: str, **params: object) -> str:
        """The sentence of a key."""

    def number(self, cents: Cents) -> str:
        """An amount without currency."""

    def money(self, cents: Cents) -> str:
        """An amount with its currency."""

    def quantity(self, thousandths: Thousandths) -> str:
        """A quantity."""

    def percent(self, rate: int) -> str:
        """A rate in basis points."""

    def time(self, at: str) -> str:
        """A journal time."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `align` is left, center or right."""

    text: str
    align: str = "left"
    bold: bool = False
    double: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """A label on the left, an amount on the right: the label wraps, the amount never."""

    left: str
    right: str
    bold: bool = False
    double: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR code of ASCII text."""

    data: str


@dataclass(frozen=True, slots=True)
class Feed:
    """Empty lines."""

    lines: int = 1


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of the paper."""


Block: TypeAlias = Text | Columns | Rule | Qr | Feed | Cut
Document: TypeAlias = tuple[Block, ...]
_KINDS: Mapping[str, type[Block]] = {
    "text": Text,
    "columns": Columns,
    "rule": Rule,
    "qr": Qr,
    "feed": Feed,
    "cut": Cut,
}


def to_data(document: Document) -> list[dict[str, Any]]:
    """The JSON value of a document, for the spool."""
    names = {kind: name for name, kind in _KINDS.items()}
    return [{"block": names[type(block)], **asdict(block)} for block in document]


def from_data(data: Iterable[Mapping[str, Any]]) -> Document:
    """The document of its JSON value."""
    return tuple(
        _KINDS[item["block"]](**{k: v for k, v in item.items() if k != "block"}) for item in data
    )


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the journal entry around a ticket or closing adds to its paper."""

    number: int
    epoch: int
    seq: int
    at: str
    operator: str
    extract: str
    copy: int = 0


def ticket_document(
    ticket: Ticket, stamp: Stamp, words: Words, footer: tuple[str, ...] = ()
) -> Document:
    """The receipt of a ticket."""
    return (
        *_header(ticket.shop),
        *_nature(ticket, stamp, words),
        Rule(),
        *(block for line in ticket.lines for block in _line(line, words)),
        Rule(),
        *_totals(ticket, words),
        *_tenders(ticket, words),
        Rule(),
        *_foot(ticket.shop, stamp, words),
        *(Text(line, "center") for line in footer),
        Cut(),
    )


def _header(shop: Shop) -> Iterator[Block]:
    yield Text(shop.name, "center", bold=True, double=True)
    for line in shop.address.splitlines():
        yield Text(line, "center")
    if shop.siret:
        naf = f" - NAF {shop.naf}" if shop.naf else ""
        yield Text(f"SIRET {shop.siret}{naf}", "center")
    if shop.vat_id:
        yield Text(shop.vat_id, "center")
    yield Feed()


def _nature(ticket: Ticket, stamp: Stamp, words: Words) -> Iterator[Block]:
    if ticket.training:
        yield Text(words.say("receipt.training"), "center", bold=True, double=True)
    if stamp.copy:
        yield Text(words.say("receipt.copy", number=stamp.copy), "center", bold=True)
    number = printed_number(ticket.shop.till, stamp.epoch, stamp.number)
    kind = words.say(f"receipt.type.{ticket.type}")
    yield Columns(f"{kind} {number}", "", bold=True)
    yield Columns(words.time(stamp.at), words.say("receipt.operator", operator=stamp.operator))
    for origin in sorted({line.origin.ticket for line in ticket.lines if line.origin}):
        yield Text(words.say("receipt.of_ticket", ticket=origin))


def _line(line: TicketLine, words: Words) -> Iterator[Block]:
    mark = words.percent(line.rate)
    yield Columns(line.label, words.number(line.gross))
    details = f"{words.quantity(line.quantity)} {words.say(f'unit.{line.unit}')}"
    details += f" x {words.number(line.unit_price)}"
    if line.kind is LineKind.RETURN:
        details = words.say("receipt.returned") + " " + details
    yield Text(f"  {details}  {words.say('receipt.vat_mark', rate=mark)}")
    if line.discount:
        yield Columns("  " + words.say("receipt.discount"), words.number(-line.discount))


def _totals(ticket: Ticket, words: Words) -> Iterator[Block]:
    yield Columns(words.say("receipt.total"), words.money(ticket.total.ttc), True, True)
    yield Text(words.say("receipt.line_count", count=len(ticket.lines)))
    for total in ticket.rates:
        amounts = total.amounts
        yield Columns(
            words.say("receipt.rate", rate=words.percent(total.rate), ht=words.number(amounts.ht)),
            words.number(amounts.vat),
        )
    yield Columns(words.say("receipt.total_ht"), words.number(ticket.total.ht))


def _tenders(ticket: Ticket, words: Words) -> Iterator[Block]:
    for tender in ticket.tenders:
        label = tender_label(tender.name, words)
        last4 = tender.details.get("last4")
        yield Columns(f"{label} ****{last4}" if last4 else label, words.number(tender.given))
        authorisation = tender.details.get("authorisation")
        if authorisation:
            yield Text("  " + words.say("receipt.authorisation", number=authorisation))
        if tender.change:
            yield Columns(words.say("receipt.change"), words.number(-tender.change))
        if tender.kept:
            yield Text("  " + words.say("receipt.kept", amount=words.money(tender.kept)))


def tender_label(name: str, words: Words) -> str:
    """What a tender is called on paper and screen: our word for ours, else the shop's own name."""
    return words.say(f"tender.{name}") if name in {"cash", "card"} else name


def _foot(shop: Shop, stamp: Stamp, words: Words) -> Iterator[Block]:
    yield Text(
        words.say("receipt.proof", seq=stamp.seq, extract=stamp.extract, copy=stamp.copy),
        "center",
    )
    yield Text(shop.software, "center")


def closing_document(closing: Closing, shop: Shop, stamp: Stamp | None, words: Words) -> Document:
    """The paper of a Z, or of an X when nothing was journaled (no stamp)."""
    title = (
        words.say("closing.z", number=stamp.number)
        if stamp
        else words.say("closing.x", session=closing.session)
    )
    return (
        *_header(shop),
        Text(title, "center", bold=True, double=True),
        Text(words.say("closing.day", day=closing.day), "center"),
        *((Text(words.time(stamp.at), "center"),) if stamp else ()),
        Rule(),
        *_closing_sales(closing, words),
        Rule(),
        *_closing_drawer(closing, words),
        Rule(),
        *_closing_counts(closing, words),
        *(_closing_proof(closing, shop, stamp, words) if stamp else ()),
        Cut(),
    )


def _closing_sales(closing: Closing, words: Words) -> Iterator[Block]:
    yield Columns(words.say("closing.sales"), words.number(closing.sales.ttc))
    yield Columns(words.say("closing.given_back"), words.number(closing.given_back.ttc))
    yield Columns(words.say("receipt.total"), words.money(closing.total.ttc), True, True)
    yield Columns(words.say("receipt.total_ht"), words.number(closing.total.ht))
    for rate in sorted(closing.rates, reverse=True):
        amounts = closing.rates[rate]
        yield Columns(
            words.say("receipt.rate", rate=words.percent(rate), ht=words.number(amounts.ht)),
            words.number(amounts.vat),
        )
    for name in sorted(closing.tenders):
        total = closing.tenders[name]
        label = f"{tender_label(name, words)} ({total.count})"
        yield Columns(label, words.number(total.amount))
        if total.kept:
            yield Columns("  " + words.say("closing.kept"), words.number(total.kept))


def _closing_drawer(closing: Closing, words: Words) -> Iterator[Block]:
    drawer = closing.drawer
    for key, amount in (
        ("closing.float", drawer.opening_float),
        ("closing.cash_sales", drawer.cash_sales),
        ("closing.paid_in", drawer.paid_in),
        ("closing.paid_out", -drawer.paid_out),
        ("closing.pickups", -drawer.pickups),
    ):
        yield Columns(words.say(key), words.number(amount))
    yield Columns(words.say("closing.expected"), words.number(drawer.expected), bold=True)
    if drawer.counted is not None and drawer.difference is not None:
        yield Columns(words.say("closing.counted"), words.number(drawer.counted), bold=True)
        yield Columns(words.say("closing.difference"), words.number(drawer.difference), bold=True)


def _closing_counts(closing: Closing, words: Words) -> Iterator[Block]:
    first, last = closing.first_ticket, closing.last_ticket
    if first is not None:
        yield Text(words.say("closing.range", first=first, last=last, count=closing.tickets))
    for key, count in (
        ("closing.returns", closing.returns),
        ("closing.voided_lines", closing.voided_lines),
        ("closing.cancelled_sales", closing.cancelled_sales),
        ("closing.copies", closing.copies),
        ("closing.no_sales", closing.no_sales),
        ("closing.training", closing.training_tickets),
    ):
        if count:
            yield Columns(words.say(key), str(count))
    for reference in closing.unresolved:
        yield Text(words.say("closing.unresolved", attempt=reference), bold=True)


def _closing_proof(closing: Closing, shop: Shop, stamp: Stamp, words: Words) -> Iterator[Block]:
    yield Rule()
    yield Columns(
        words.say("closing.year_total", year=closing.year), words.number(closing.year_total)
    )
    yield Columns(words.say("closing.perpetual_net"), words.number(closing.perpetual_net))
    yield Columns(words.say("closing.perpetual_absolute"), words.number(closing.perpetual_absolute))
    yield Text(words.say("closing.head", seq=stamp.seq, digest=stamp.extract), "center")
    yield from _foot(shop, stamp, words)
