"""The statement of a shop for a settlement run: what the transfer pays, one line for each.

It is read from the ledger: whatever changed what the shop was owed since it was paid last. So its
sum is the amount of the transfer, to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

from sync.server.errors import refuse
from sync.server.reference.iban import masked
from sync.server.refusals import say
from sync.server.settlement.runs import Line, find_run
from sync.server.store.db import Db
from sync.server.texts import Language, day, euros, moment

ITEMS_MAX: Final = 50_000
ItemKind: TypeAlias = Literal["voucher", "phone", "returned", "decided", "refused"]


@dataclass(frozen=True, slots=True)
class Item:
    """Something that changed what a shop is owed. `cents` are below zero for what came back.

    `name` is a voucher's batch:index, or the number of a decided finding or of the run that a bank
    refused; till and ticket are empty for what happened at no till.
    """

    kind: ItemKind
    day: str
    till: str
    ticket: str
    name: str
    cents: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What a run pays to a shop, and for what."""

    run: int
    cutoff: str
    line: Line
    items: tuple[Item, ...]

    @property
    def cents(self) -> int:
        """The sum of the items; the transfer's amount."""
        return sum(item.cents for item in self.items)


class _Span(NamedTuple):
    """The transfers after one and before another."""

    campaign: str
    shop: str
    after: int
    before: int

    @property
    def asked(self) -> tuple[str, str, int, int]:
        """The parameters of `_TO_SHOP` and `_FROM_SHOP`."""
        return self.campaign, self.shop, self.after, self.before


def read_statement(db: Db, campaign: str, number: int, shop: str) -> Statement:
    """What a run pays to a shop; Refused when it pays nothing to it."""
    run = find_run(db, campaign, number)
    line = next((one for one in run.lines if one.shop == shop), None)
    if line is None:
        missing = say("line-missing", number=number)
        raise refuse("not-found", f"settlement {number} pays nothing to this shop", say=missing)
    items = _items(db, _span(db, campaign, number, shop))
    if len(items) > ITEMS_MAX:
        long = say("statement-long", most=ITEMS_MAX)
        raise refuse("too-large", f"a statement has {ITEMS_MAX} lines at most", say=long)
    return Statement(number, run.cutoff, line, items)


def read_owed(db: Db, campaign: str, shop: str) -> tuple[Item, ...]:
    """What changed what a shop is owed since it was paid last, in order of days.

    Its sum is what the shop is owed now, unless there are more than ITEMS_MAX of them.
    """
    last = _last_paid(db, campaign, shop, _NO_END)
    items = _items(db, _Span(campaign, shop, last, _NO_END))
    return tuple(sorted(items, key=lambda one: one.day)[:ITEMS_MAX])


def write_statement(statement: Statement, language: Language) -> list[str]:
    """The statement as lines of text, its amounts under each other."""
    words = _WORDS[language]
    line = statement.line
    rows = [
        tuple(words[name] for name in ("day", "till", "ticket", "what", "amount")),
        *(_cells(item, language) for item in statement.items),
        ("", "", "", words["sum"], euros(statement.cents, language)),
    ]
    return [
        words["title"].format(run=statement.run, shop=line.name),
        words["cutoff"].format(at=moment(statement.cutoff, language)),
        words["account"].format(iban=masked(line.iban)),
        words[line.state],
        "",
        *_aligned(rows),
    ]


def _items(db: Db, span: _Span) -> tuple[Item, ...]:
    return (*_redeemed(db, span), *_returned(db, span), *_acts(db, span))


def _cells(item: Item, language: Language) -> tuple[str, ...]:
    what = _WORDS[language][f"item_{item.kind}"].format(name=item.name)
    return day(item.day, language), item.till, item.ticket, what, euros(item.cents, language)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join((*map(str.ljust, row[:-1], widths), row[-1].rjust(widths[-1]))) for row in rows
    ]


_NO_END: Final = 2**62
# A shop's own transfers: the literal account lets both databases use the index of shops alone.
_TO_SHOP: Final = (
    "transfer.campaign = ? AND credit = 'payable' AND credit_owner = ?"
    " AND transfer.id > ? AND transfer.id < ?"
)
_FROM_SHOP: Final = (
    "transfer.campaign = ? AND debit = 'payable' AND debit_owner = ?"
    " AND transfer.id > ? AND transfer.id < ?"
)


def _span(db: Db, campaign: str, number: int, shop: str) -> _Span:
    """From the shop's payment before this one to this one."""
    (act,) = db.execute(
        "SELECT act FROM settlement WHERE campaign = ? AND id = ?", (campaign, number)
    ).fetchone()
    (before,) = db.execute(
        f"SELECT min(id) FROM transfer WHERE {_FROM_SHOP}"  # noqa: S608 - constants
        " AND kind = 'settle' AND source_kind = 'act' AND source = ?",
        (campaign, shop, 0, _NO_END, str(act)),
    ).fetchone()
    return _Span(campaign, shop, _last_paid(db, campaign, shop, int(before)), int(before))


def _last_paid(db: Db, campaign: str, shop: str, before: int) -> int:
    """The last transfer of a shop's payment before one; 0 for none."""
    (last,) = db.execute(
        f"SELECT coalesce(max(id), 0) FROM transfer WHERE {_FROM_SHOP} AND kind = 'settle'",  # noqa: S608 - constants
        (campaign, shop, 0, before),
    ).fetchone()
    return int(last)


def _redeemed(db: Db, span: _Span) -> list[Item]:
    rows = db.execute(
        "SELECT redemption.mode, redemption.day, shop_till, ticket, batch, idx, payable"  # noqa: S608 - constants
        " FROM redemption JOIN enrolment ON enrolment.campaign = redemption.campaign"
        " AND enrolment.id = redemption.enrolment"
        " WHERE redemption.campaign = ? AND redemption.shop = ? AND payable > 0"
        " AND CAST(redemption.enrolment AS TEXT) || ':' || CAST(number AS TEXT) IN (SELECT source"
        f" FROM transfer WHERE {_TO_SHOP} AND source_kind = 'entry')"
        " ORDER BY redemption.day, shop_till, ticket, number, part LIMIT ?",
        (span.campaign, span.shop, *span.asked, ITEMS_MAX + 1),
    )
    return [
        Item("phone", when, till, str(ticket), "", int(cents))
        if mode == "courier"
        else Item("voucher", when, till, str(ticket), f"{batch}:{index}", int(cents))
        for mode, when, till, ticket, batch, index, cents in rows.fetchall()
    ]


def _returned(db: Db, span: _Span) -> list[Item]:
    """What goods that came back took away again: `ticket` is the sale's."""
    rows = db.execute(
        "SELECT given.day, shop_till, ticket, cents FROM (SELECT source, sum(cents) AS cents"  # noqa: S608 - constants
        f" FROM transfer WHERE {_FROM_SHOP} AND source_kind = 'entry' GROUP BY source) AS taken"
        " JOIN (SELECT enrolment, number, min(day) AS day, min(ticket) AS ticket FROM earn"
        " WHERE campaign = ? AND shop = ? AND kind = 'reissue' GROUP BY enrolment, number) AS given"
        " ON source = CAST(given.enrolment AS TEXT) || ':' || CAST(number AS TEXT)"
        " JOIN enrolment ON enrolment.campaign = ? AND enrolment.id = given.enrolment"
        " ORDER BY given.day, shop_till, ticket, number LIMIT ?",
        (*span.asked, span.campaign, span.shop, span.campaign, ITEMS_MAX + 1),
    )
    return [
        Item("returned", when, till, str(ticket), "", -int(cents))
        for when, till, ticket, cents in rows.fetchall()
    ]


def _acts(db: Db, span: _Span) -> list[Item]:
    """What an organiser decided to pay, and transfers that a bank refused."""
    rows = db.execute(
        "SELECT kind, min(at), min(detail), sum(cents) FROM (SELECT transfer.kind AS kind,"  # noqa: S608 - constants
        " transfer.at AS at, detail, cents, act.id AS act FROM transfer JOIN act"
        " ON act.campaign = transfer.campaign AND act.id ="
        " CASE WHEN source_kind = 'act' THEN CAST(source AS INTEGER) END"
        f" WHERE {_TO_SHOP} AND source_kind = 'act') AS acted"
        " GROUP BY act, kind ORDER BY act LIMIT ?",
        (*span.asked, ITEMS_MAX + 1),
    )
    return [_of_act(*row) for row in rows.fetchall()]


def _of_act(kind: str, at: str, detail: str, cents: int) -> Item:
    said: dict[str, Any] = msgspec.json.decode(detail)
    if kind == "refused":
        return Item("refused", at[:10], "", "", str(said["settlement"]), int(cents))
    return Item("decided", at[:10], "", "", str(said["finding"]), int(cents))


_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "fr": {
        "title": "Relevé du remboursement n° {run} : {shop}",
        "cutoff": "Arrêté le {at}",
        "account": "Viré sur le compte {iban}",
        "prepared": "Virement préparé",
        "paid": "Virement effectué",
        "refused": "Virement refusé par la banque : la somme reste due",
        "day": "Jour",
        "till": "Caisse",
        "ticket": "Ticket",
        "what": "Bon",
        "amount": "Montant",
        "sum": "Total",
        "item_voucher": "{name}",
        "item_phone": "téléphone",
        "item_returned": "retour de marchandise",
        "item_decided": "décision sur l'anomalie n° {name}",
        "item_refused": "virement refusé, remboursement n° {name}",
    },
    "en": {
        "title": "Statement of settlement {run}: {shop}",
        "cutoff": "As of {at}",
        "account": "Paid to account {iban}",
        "prepared": "Transfer prepared",
        "paid": "Transfer made",
        "refused": "Transfer refused by the bank: the amount is still owed",
        "day": "Day",
        "till": "Till",
        "ticket": "Receipt",
        "what": "Voucher",
        "amount": "Amount",
        "sum": "Total",
        "item_voucher": "{name}",
        "item_phone": "phone",
        "item_returned": "goods returned",
        "item_decided": "decision on finding {name}",
        "item_refused": "transfer refused, settlement {name}",
    },
}
