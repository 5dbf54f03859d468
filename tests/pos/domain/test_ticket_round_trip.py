from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.domain import ticket as tickets_of
from pos.domain.catalogue import Product, Unit
from pos.domain.sale import LineKind, Sale, add_item, add_tender, price
from pos.domain.tender import CASH, take
from pos.domain.ticket import Ticket, TicketType, printed_number, settle, signature_extract
from sync.contract import canonical
from tests.pos.domain.baskets import SHOP, Act, added, baskets, empty, items, refunds, tickets


@given(tickets())
def test_a_ticket_is_read_back_from_its_canonical_bytes(ticket: Ticket) -> None:
    written = tickets_of.to_data(ticket)
    raw = canonical.encode(written)
    read = canonical.decode(raw)
    assert isinstance(read, dict)
    assert tickets_of.from_data(read) == ticket
    assert canonical.encode(tickets_of.to_data(tickets_of.from_data(read))) == raw


@given(tickets())
def test_a_ticket_adds_up_to_the_cent(ticket: Ticket) -> None:
    assert added([line.amounts for line in ticket.lines]) == ticket.total
    assert added([rate.amounts for rate in ticket.rates]) == ticket.total
    assert sum(tender.amount for tender in ticket.tenders) == ticket.total.ttc
    assert ticket.change == sum(tender.change for tender in ticket.tenders)
    for line in ticket.lines:
        assert line.gross - line.discount == line.amounts.ttc


@given(baskets)
def test_a_sale_with_something_due_is_not_settled(sale: Sale) -> None:
    if price(sale).due:
        with pytest.raises(ValueError, match="still due"):
            settle(sale, price(sale), SHOP, "2026-11-22", 1)


@given(items(), items(LineKind.RETURN) | refunds())
def test_a_ticket_says_whether_goods_went_out_or_came_back(sell: Act, give_back: Act) -> None:
    both = give_back(sell(empty))
    for sale, type_ in (
        (sell(empty), TicketType.SALE),
        (give_back(empty), TicketType.RETURN),
        (both, TicketType.EXCHANGE),
    ):
        priced = price(sale)
        covered = replace(priced, paid=priced.total.ttc)
        assert settle(sale, covered, SHOP, "2026-11-22", 1).type is type_


def test_a_line_keeps_the_price_it_was_sold_at_and_the_catalogues() -> None:
    cheese = Product("00107", "Comté 12 mois", 1990, 550, Unit.KILOGRAM)
    sale = add_item(empty, cheese, 1500, unit_price=1800)
    sale = add_tender(sale, take(CASH, 2700))
    (line,) = settle(sale, price(sale), SHOP, "2026-11-22", 1).lines
    assert (line.unit_price, line.catalogue_price, line.gross) == (1800, 1990, 2700)
    assert line.product == replace(cheese, price=1800)


def test_the_paper_names_till_epoch_and_number() -> None:
    assert printed_number("01", 2, 311) == "01-2-0000311"


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=86, max_size=86))
def test_four_characters_of_the_signature_are_printed(signature: str) -> None:
    assert list(signature_extract(signature)) == [signature[place] for place in (2, 6, 12, 18)]
