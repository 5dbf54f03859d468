"""Goods that come back: what their sale still earns, and the part of it that rewards had paid.

That part is given back as a reward, never in cash. It follows the whole ticket: of a sale that
rewards paid a quarter of, a quarter of each refund is a reward again, cumulatively, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pos.app.campaign_ports import TicketRewards
from pos.app.desk import Desk
from pos.app.earning import facts_of, family_of
from pos.app.ports import Refunded, Transaction
from pos.domain.money import Cents
from pos.domain.sale import Sale, add_tender
from pos.domain.tender import REWARD, Tendered, TenderKind
from pos.domain.ticket import Ticket, read_tender
from pos.domain.ticket import from_data as read_ticket
from sync.contract.entry import CAMPAIGN_PREFIX, Entry
from sync.contract.grants import Grants
from sync.contract.operations import Adjust
from sync.contract.rewards.facts import Facts
from sync.contract.rewards.refund import reevaluate, reward_share


def with_rewards_back(desk: Desk, sale: Sale) -> Sale:
    """A sale with what has to be given back as a reward, before money is."""
    if sale.training or any(_is_back(tender) for tender in sale.tenders):
        return sale
    returned = _returned(sale)
    if not returned:
        return sale
    for campaign in desk.ports.campaigns.active():
        for number, cents in returned.items():
            book = desk.ports.ledger.rewards.ticket(campaign, number)
            entry = desk.ports.ledger.entry("ticket", number) if book else None
            if book and entry:
                sale = _with_share(sale, campaign, number, cents, book, entry)
    return sale


def name_of(campaign: str, tenders: Iterable[Tendered]) -> str:
    """What a campaign is called, as the tenders that it brought say; else its id."""
    names = (x.details["campaign_name"] for x in tenders if x.details.get("campaign") == campaign)
    return next(names, campaign)


def adjust(
    desk: Desk, tx: Transaction, ticket: Ticket, campaign: str, grants: Grants | None
) -> list[Adjust]:
    """What each sale, of which this ticket takes goods back, earns from now on."""
    found = []
    numbers = sorted({line.origin.ticket for line in ticket.lines if line.origin})
    for number in numbers:
        book = tx.rewards.ticket(campaign, number)
        if book is None or not book.earned:
            continue
        said = desk.ports.ledger.entry(CAMPAIGN_PREFIX + campaign, book.number)
        after = _still_earned(desk, tx, ticket, number, book, said, grants)
        if after < book.earned:
            found.append(Adjust(ticket=number, before=book.earned, after=after))
    return found


def _still_earned(
    desk: Desk,
    tx: Transaction,
    ticket: Ticket,
    number: int,
    book: TicketRewards,
    said: Entry | None,
    grants: Grants | None,
) -> Cents:
    entry = desk.ports.ledger.entry("ticket", number)
    if entry is None or said is None:
        return book.earned
    original = read_ticket(entry.data)
    sold = facts_of(desk, original, said.payload.at)
    returned = _facts_back(desk, original, ticket, number, tx.refunded(number), sold)
    pack = grants.told.versions.get(_pack_of(said.data)) if grants else None
    if pack is None:  # campaign.db was lost: as much as is left of the goods
        return book.earned * max(sold.total - returned.total, 0) // max(sold.total, 1)
    return reevaluate(pack, sold, returned, book.earned)


def _pack_of(said: Mapping[str, Any]) -> int:
    """The number of the rules by which a ticket earned."""
    return next((int(one["pack"]) for one in said["rewards"] if one["type"] == "earn"), 0)


def _facts_back(
    desk: Desk,
    original: Ticket,
    ticket: Ticket,
    number: int,
    before: Mapping[int, Refunded],
    sold: Facts,
) -> Facts:
    """All that came back of a ticket, this time included; positive.

    Money is taken to have come back in the same shares in which it was paid.
    """
    cents = {line: done.amounts.ttc for line, done in before.items()}
    for line in ticket.lines:
        if line.origin and line.origin.ticket == number:
            cents[line.origin.line] = cents.get(line.origin.line, 0) - line.amounts.ttc
    families: dict[str, Cents] = {}
    for one in original.lines:
        family = family_of(desk, one.family)
        if family is not None and one.number in cents:
            families[family] = families.get(family, 0) + cents[one.number]
    total = sum(cents.values())
    return Facts(
        sold.at,
        sold.day,
        total,
        families,
        {kind: _scaled(paid, total, sold.total) for kind, paid in sold.tenders.items()},
        _scaled(sold.vouchers, total, sold.total),
    )


def _scaled(cents: Cents, part: Cents, whole: Cents) -> Cents:
    return cents * min(part, whole) // whole if whole > 0 else 0


def _returned(sale: Sale) -> dict[int, Cents]:
    """What comes back of each ticket with this sale, in cents, positive."""
    cents: dict[int, Cents] = {}
    for line in sale.lines:
        if line.origin:
            number = line.origin.ticket
            cents[number] = cents.get(number, 0) - line.origin.amounts.ttc
    return cents


def _with_share(
    sale: Sale, campaign: str, number: int, cents: Cents, book: TicketRewards, entry: Entry
) -> Sale:
    """The sale with what of a refund a campaign had paid."""
    total, back = entry.data["total"]["ttc"], book.returned + cents
    share = min(cents, reward_share(total, book.redeemed, back, book.reissued))
    if not share:
        return sale
    details: dict[str, Any] = {
        "campaign": campaign,
        "campaign_name": name_of(campaign, map(read_tender, entry.data["tenders"])),
        "of_ticket": number,
    }
    return add_tender(sale, Tendered(REWARD.name, REWARD.kind, -share, -share, details=details))


def _is_back(tender: Tendered) -> bool:
    return tender.kind is TenderKind.CAMPAIGN and tender.amount < 0
