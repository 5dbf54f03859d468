from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pos.domain.catalogue import Unit
from pos.domain.money import ONE, Thousandths, cumulative
from pos.domain.sale import Origin, Sale, add_refund, price
from pos.domain.ticket import Ticket, TicketLine
from pos.domain.vat import ZERO, Amounts, total_by_rate
from tests.pos.domain.baskets import added, empty, purchases, tickets


def part_of(line: TicketLine, done: Thousandths, quantity: Thousandths) -> Amounts:
    """What giving back a quantity is worth after some was given back: HT and VAT as stored."""
    ht, vat = (
        cumulative(stored, done + quantity, line.quantity) - cumulative(stored, done, line.quantity)
        for stored in (line.amounts.ht, line.amounts.vat)
    )
    return Amounts(ht + vat, ht, vat)


@st.composite
def steps(draw: st.DrawFn, line: TicketLine) -> list[Thousandths]:
    """A line's quantity in parts that its unit allows."""
    unit = ONE if line.unit is Unit.PIECE else 1
    left = line.quantity // unit
    parts: list[Thousandths] = []
    while left and len(parts) < 4:
        parts.append(draw(st.integers(1, left)))
        left -= parts[-1]
    return [part * unit for part in [*parts, left] if part]


def give_back(sale: Sale, line: TicketLine, done: Thousandths, quantity: Thousandths) -> Sale:
    amounts = part_of(line, done, quantity)
    return add_refund(sale, line.product, quantity, amounts, Origin(1, line.number, "0" * 64, ZERO))


@given(tickets(purchases), st.data())
def test_refunding_all_lines_in_any_steps_gives_exactly_the_ticket_back(
    ticket: Ticket, data: st.DataObject
) -> None:
    returned = []
    for line in data.draw(st.permutations(ticket.lines)):
        done = 0
        for quantity in data.draw(steps(line)):
            refund = price(give_back(empty, line, done, quantity))
            assert refund.total.ttc <= 0
            returned += [(line.rate, priced.amounts) for priced in refund.lines]
            done += quantity
        assert done == line.quantity
    assert added([amounts for _, amounts in returned]) == -ticket.total
    assert [(x.rate, -x.amounts) for x in total_by_rate(returned)] == [
        (x.rate, x.amounts) for x in ticket.rates
    ]


@given(tickets(purchases))
def test_one_refund_of_everything_is_the_ticket_turned_round(ticket: Ticket) -> None:
    sale = empty
    for line in ticket.lines:
        sale = give_back(sale, line, 0, line.quantity)
    priced = price(sale)
    assert priced.total == -ticket.total
    assert [(x.rate, -x.amounts) for x in priced.rates] == [
        (x.rate, x.amounts) for x in ticket.rates
    ]
