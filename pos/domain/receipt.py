"""The receipt of a ticket.

The order of its blocks is fixed here, because the law and NF525 practice fix its content: who
sells, what kind of document it is, number, date, lines, totals with VAT per rate, tenders, change,
software and signature extract. A copy says so, and training says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pos.domain.document import Block, Columns, Cut, Document, Feed, Rule, Text, Words
from pos.domain.sale import LineKind
from pos.domain.tender import Tendered, TenderKind
from pos.domain.ticket import Shop, Ticket, TicketLine, printed_number


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
        *shop_header(ticket.shop),
        *_nature(ticket, stamp, words),
        Rule(),
        *(block for line in ticket.lines for block in _line(line, words)),
        Rule(),
        *_totals(ticket, words),
        *_tenders(ticket, words),
        *_rewards(ticket, words),
        Rule(),
        *foot(ticket.shop, stamp, words),
        *(Text(line, "center") for line in footer),
        Cut(),
    )


def shop_header(shop: Shop) -> Iterator[Block]:
    """Who sells."""
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
    for coupon in ticket.coupons:
        name = coupon.details["campaign_name"]
        yield Columns(
            words.say("reward.coupon", campaign=name), words.number(-coupon.details["amount"])
        )
    yield Columns(words.say("receipt.total"), words.money(ticket.total.ttc), bold=True, double=True)
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
        yield Columns(_tender(tender, words), words.number(tender.given))
        yield from _card(tender, words)
        if tender.change:
            yield Columns(words.say("receipt.change"), words.number(-tender.change))
        if tender.kept and tender.kind is TenderKind.CAMPAIGN:
            yield Text("  " + words.say("reward.forfeited", amount=words.money(tender.kept)))
        elif tender.kept and "tip" not in tender.details:
            yield Text("  " + words.say("receipt.kept", amount=words.money(tender.kept)))


def _rewards(ticket: Ticket, words: Words) -> Iterator[Block]:
    """What the ticket earned; what it takes to claim it is printed for who asks, and never here."""
    for line in ticket.rewards:
        if line.earned:
            yield Columns(
                words.say("reward.earned", campaign=line.name), words.number(line.earned), bold=True
            )
            if line.covered < line.earned:
                yield Text("  " + words.say("reward.subject"))
        if line.given_back:
            yield Columns(
                words.say("reward.back", campaign=line.name), words.number(line.given_back)
            )


def _tender(tender: Tendered, words: Words) -> str:
    """Its name; of a card what its terminal tells: brand and last four digits, never more."""
    brand, last4 = tender.details.get("brand"), tender.details.get("last4")
    campaign = tender.details.get("campaign_name")
    parts = (tender_label(tender.name, words), brand, campaign, f"****{last4}" if last4 else "")
    return " ".join(part for part in parts if part)


def _card(tender: Tendered, words: Words) -> Iterator[Block]:
    contactless = words.say("receipt.contactless") if tender.details.get("contactless") else ""
    authorisation = tender.details.get("authorisation")
    number = words.say("receipt.authorisation", number=authorisation) if authorisation else ""
    told = "  ".join(part for part in (contactless, number) if part)
    if told:
        yield Text(f"  {told}")
    if tip := tender.details.get("tip"):
        yield Columns("  " + words.say("receipt.tip"), words.number(tip))


def tender_label(name: str, words: Words) -> str:
    """What a tender is called on paper and screen: our word for ours, else the shop's own name."""
    return words.say(f"tender.{name}") if name in {"cash", "card", "campaign"} else name


def foot(shop: Shop, stamp: Stamp, words: Words) -> Iterator[Block]:
    """What proves the document: place in the journal, signature extract, software."""
    yield Text(words.say("receipt.proof", seq=stamp.seq, extract=stamp.extract), "center")
    yield Text(shop.software, "center")
