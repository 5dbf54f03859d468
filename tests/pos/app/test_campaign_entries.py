from __future__ import annotations

import msgspec
import pytest

from pos.app import close_session, pay_by_card, refund, ring_up, take_payment
from pos.domain.payment import State
from sync.contract.operations import Closing, Operation, Refund, Sale, read_operation
from tests.pos.fakes import BAG, BREAD, WINE, Counter


@pytest.fixture
def enrolled(counter: Counter) -> Counter:
    """A till that belongs to a campaign."""
    counter.campaigns.ids = ("alpes",)
    return counter


def operations(counter: Counter) -> list[Operation]:
    """What the campaign's server reads in the chain."""
    return [read_operation(msgspec.json.encode(x)) for x in counter.chain("campaign:alpes")]


def cash(counter: Counter) -> None:
    """Pay, or be paid, in cash."""
    take_payment.take_tender(counter.desk, "cash").wait()


def test_a_sale_is_told_by_its_amounts_and_the_hash_of_its_ticket(enrolled: Counter) -> None:
    enrolled.ring(BREAD, WINE)
    take_payment.take_tender(enrolled.desk, "Titre-restaurant", 1_000).wait()
    cash(enrolled)
    (sale,) = operations(enrolled)
    assert isinstance(sale, Sale)
    ticket = enrolled.store.ledger.entry("ticket", 1)
    assert ticket is not None
    assert (sale.ticket.number, sale.ticket.hash) == (1, ticket.digest)
    assert (sale.shop_till, sale.day, sale.total, sale.eligible) == ("01", "2026-11-22", 1244, 1244)
    assert [(x.rate, x.ttc) for x in sale.vat] == [(2000, 899), (550, 345)]
    assert [(x.kind, x.amount) for x in sale.tenders] == [("cash", 244), ("voucher", 1000)]


def test_never_a_basket_and_never_a_name(enrolled: Counter) -> None:
    enrolled.ring(BREAD)
    cash(enrolled)
    (said,) = enrolled.chain("campaign:alpes")
    assert set(said) == {
        "type",
        "ticket",
        "shop_till",
        "day",
        "total",
        "vat",
        "eligible",
        "tenders",
        "origins",
        "rewards",
        "families",
        "clock",
    }
    assert BREAD not in str(said)


def test_cards_of_one_sale_are_told_as_one(enrolled: Counter) -> None:
    enrolled.ring(WINE)
    for amount in (400, None):
        pay_by_card.begin(enrolled.desk, amount).wait()
        enrolled.answers(State.APPROVED)
    (sale,) = operations(enrolled)
    assert isinstance(sale, Sale)
    assert [(x.kind, x.amount) for x in sale.tenders] == [("card", 899)]


def test_a_refund_names_the_ticket_it_goes_back_to(enrolled: Counter) -> None:
    enrolled.ring(WINE)
    cash(enrolled)
    refund.refund(enrolled.desk, 1).wait()
    cash(enrolled)
    back = operations(enrolled)[1]
    assert isinstance(back, Refund)
    assert [(origin.number, origin.ttc) for origin in back.origins] == [(1, -899)]
    assert (back.total, back.ticket.number) == (-899, 2)


def test_goods_back_without_their_ticket_name_none(enrolled: Counter) -> None:
    ring_up.return_item(enrolled.desk, WINE).wait()
    cash(enrolled)
    (back,) = operations(enrolled)
    assert isinstance(back, Refund)
    assert (back.origins, back.total) == ([], -899)


@pytest.mark.parametrize(("sold", "total"), [(WINE, 554), (BAG, -340)])
def test_an_exchange_is_told_by_what_remains(enrolled: Counter, sold: str, total: int) -> None:
    enrolled.ring(sold)
    ring_up.return_item(enrolled.desk, BREAD).wait()
    cash(enrolled)
    (told,) = operations(enrolled)
    assert isinstance(told, Sale | Refund)
    assert told.total == total
    assert isinstance(told, Sale if total >= 0 else Refund)


def test_an_even_exchange_is_told_too(enrolled: Counter) -> None:
    enrolled.ring(WINE)
    ring_up.return_item(enrolled.desk, WINE).wait()
    take_payment.settle_even(enrolled.desk).wait()
    (told,) = operations(enrolled)
    assert isinstance(told, Sale)
    assert told.total == 0


def test_a_closing_is_told_with_its_number_total_and_tickets(enrolled: Counter) -> None:
    enrolled.ring(WINE)
    cash(enrolled)
    close_session.close(enrolled.desk).wait()
    told = operations(enrolled)[1]
    assert told == Closing(day="2026-11-22", number=1, total=899, tickets=1)


def test_each_campaign_has_its_own_chain(enrolled: Counter) -> None:
    enrolled.ring(BREAD)
    cash(enrolled)
    enrolled.campaigns.ids = ("alpes", "loire")
    enrolled.ring(BREAD)
    cash(enrolled)
    assert len(enrolled.chain("campaign:alpes")) == 2
    assert len(enrolled.chain("campaign:loire")) == 1


def test_a_till_without_campaign_tells_nobody(counter: Counter) -> None:
    counter.ring(BREAD)
    cash(counter)
    assert all(not x.payload.chain.startswith("campaign:") for x in counter.entries)
