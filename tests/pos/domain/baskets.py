"""Sales as a day brings them: hypothesis strategies that the tests of the domain share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from pos.domain.catalogue import Product, Unit
from pos.domain.errors import PosError
from pos.domain.money import ONE, Cents, Thousandths
from pos.domain.sale import (
    Discount,
    EntryMethod,
    LineKind,
    Origin,
    Sale,
    add_item,
    add_refund,
    add_tender,
    discount_line,
    discount_sale,
    price,
    void_line,
)
from pos.domain.tender import CARD, CASH, Overpay, TenderKind, TenderType, take
from pos.domain.ticket import Shop, Ticket, settle
from pos.domain.vat import Amounts, split

RATES = (0, 210, 550, 1000, 2000)
SHOP = Shop("Épicerie des Halles", "2 place du Marché", "12345678900014", "4711B", till="01")
MEAL = TenderType("ticket-resto", TenderKind.VOUCHER, Overpay.KEEP)
CHEQUE = TenderType("cheque", TenderKind.CHEQUE, Overpay.CHANGE, refundable=True)
STAMPS = TenderType("stamps", TenderKind.OTHER)
TENDERS = (CASH, CARD, MEAL, CHEQUE, STAMPS)
Act = Callable[[Sale], Sale]

rates = st.sampled_from(RATES)
labels = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20)
products = st.builds(
    Product,
    code=st.text("0123456789", min_size=1, max_size=13),
    label=labels,
    price=st.integers(0, 20_000),
    rate=rates,
    unit=st.sampled_from(Unit),
    family=st.sampled_from(["", "fruits", "épicerie"]),
)
discounts = st.builds(Discount, rate=st.integers(0, 10_000)) | st.builds(
    Discount, amount=st.integers(0, 3_000)
)
empty = Sale("sale-1", "2026-11-22T18:04:05.123+01:00", "ma")


def quantities(unit: Unit) -> st.SearchStrategy[Thousandths]:
    """Quantities that a unit allows."""
    whole = st.integers(1, 30).map(lambda count: count * ONE)
    return whole if unit is Unit.PIECE else st.integers(1, 30_000)


@st.composite
def items(draw: st.DrawFn, kind: LineKind = LineKind.ITEM) -> Act:
    """Ring up something, sometimes at another price or at the price on its label."""
    product = draw(products)
    quantity = draw(quantities(product.unit))
    unit_price = draw(st.none() | st.integers(0, 20_000))
    printed = draw(st.none() | st.integers(1, 9_999))
    entry = draw(st.sampled_from(EntryMethod))
    return lambda sale: add_item(
        sale,
        product,
        quantity,
        unit_price=unit_price,
        printed_price=printed,
        entry=entry,
        kind=kind,
    )


@st.composite
def refunds(draw: st.DrawFn) -> Act:
    """Give back a line of some earlier ticket, at the amounts that were stored then."""
    product = draw(products)
    quantity = draw(quantities(product.unit))
    amounts = split(draw(st.integers(0, 30_000)), product.rate)
    origin = Origin(draw(st.integers(1, 99)), draw(st.integers(1, 9)), "ab" * 32, amounts)
    return lambda sale: add_refund(sale, product, quantity, amounts, origin)


def _void(number: int) -> Act:
    return lambda sale: void_line(sale, number)


def _discount_line(number: int, discount: Discount) -> Act:
    return lambda sale: discount_line(sale, number, discount)


def _discount_sale(discount: Discount) -> Act:
    return lambda sale: discount_sale(sale, discount)


line_numbers = st.integers(1, 6)
changes = (
    st.builds(_void, line_numbers)
    | st.builds(_discount_line, line_numbers, discounts)
    | st.builds(_discount_sale, discounts)
)


def after(acts: list[Act], sale: Sale = empty) -> Sale:
    """The sale after these acts; what the till refuses leaves it as it was."""
    for act in acts:
        try:
            sale = act(sale)
        except PosError:
            continue
    return sale


purchases = st.lists(items() | items() | changes, min_size=1, max_size=12).map(after)
"""Sales in which nothing comes back."""

baskets = st.lists(
    items() | items() | items(LineKind.RETURN) | refunds() | changes, min_size=1, max_size=12
).map(after)
"""Sales, returns and exchanges."""


def _tender(tender: TenderType, due: Cents, given: Cents | None) -> Act:
    return lambda sale: add_tender(sale, take(tender, due, given))


@st.composite
def paid(draw: st.DrawFn, sales: st.SearchStrategy[Sale] = baskets) -> Sale:
    """A sale with tenders that cover what is due, in as many parts as it pleases."""
    sale = draw(sales)
    for _ in range(draw(st.integers(0, 3))):
        due = price(sale).due
        tender = draw(st.sampled_from(TENDERS))
        given = draw(st.none() | st.integers(1, 2 * abs(due) + 100))
        sale = after([_tender(tender, due, given)], sale)
    due = price(sale).due
    return add_tender(sale, take(CASH, due)) if due else sale


@st.composite
def tickets(draw: st.DrawFn, sales: st.SearchStrategy[Sale] = baskets) -> Ticket:
    """A settled sale."""
    sale = draw(paid(sales))
    sale = replace(sale, training=draw(st.booleans()))
    return settle(sale, price(sale), SHOP, "2026-11-22", 7)


def added(amounts: list[Amounts]) -> Amounts:
    """The sum of amounts."""
    return sum(amounts, Amounts())
