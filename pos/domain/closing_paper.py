"""The paper of a Z and of an X."""

from __future__ import annotations

from collections.abc import Iterator

from pos.domain.closing import Closing
from pos.domain.document import Block, Columns, Cut, Document, Rule, Text, Words
from pos.domain.payment import State
from pos.domain.receipt import Stamp, foot, shop_header, tender_label
from pos.domain.ticket import Shop


def closing_document(closing: Closing, shop: Shop, stamp: Stamp | None, words: Words) -> Document:
    """The paper of a Z, or of an X when nothing was journaled (no stamp)."""
    title = (
        words.say("closing.z", number=stamp.number)
        if stamp
        else words.say("closing.x", session=closing.session)
    )
    return (
        *shop_header(shop),
        Text(title, "center", bold=True, double=True),
        Text(words.say("closing.day", day=words.date(closing.day)), "center"),
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
    yield Columns(
        words.say("receipt.total"), words.money(closing.total.ttc), bold=True, double=True
    )
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
    yield from _closing_rewards(closing, words)


def _closing_rewards(closing: Closing, words: Words) -> Iterator[Block]:
    """What campaigns promised the customers: no money of the drawer."""
    for name in sorted(closing.rewards):
        total = closing.rewards[name]
        label = words.say("closing.rewards", campaign=name, count=total.count)
        yield Columns(label, words.number(total.earned))
        if total.given_back:
            yield Columns("  " + words.say("closing.rewards_back"), words.number(total.given_back))


def _closing_drawer(closing: Closing, words: Words) -> Iterator[Block]:
    drawer = closing.drawer
    for key, amount in (
        ("closing.float", drawer.opening_float),
        ("closing.cash_sales", drawer.cash_sales),
        ("closing.paid_in", drawer.paid_in),
        ("closing.paid_out", -drawer.paid_out),
        ("closing.pickups", -drawer.pickups),
        *((("closing.parts", drawer.parts),) if drawer.parts else ()),
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
    yield from _open_cards(closing, words)


def _open_cards(closing: Closing, words: Words) -> Iterator[Block]:
    """What is to be cleared up after the close: never a reason not to close, never left out."""
    for card in closing.open_cards:
        kind = "closing.orphan" if card.state == State.ORPHAN else "closing.unresolved"
        yield Columns(words.say(kind, attempt=card.reference), words.number(card.amount), bold=True)


def _closing_proof(closing: Closing, shop: Shop, stamp: Stamp, words: Words) -> Iterator[Block]:
    yield Rule()
    yield Columns(
        words.say("closing.year_total", year=closing.year), words.number(closing.year_total)
    )
    yield Columns(words.say("closing.perpetual_net"), words.number(closing.perpetual_net))
    yield Columns(words.say("closing.perpetual_absolute"), words.number(closing.perpetual_absolute))
    yield Text(words.say("closing.head", seq=stamp.seq, digest=stamp.extract), "center")
    yield from foot(shop, stamp, words)
