"""A sale under way: lines, discounts, tenders. Every act returns a new sale.

Lines are numbered from 1 and a number is never used twice within a sale, so that a line that was
taken away leaves a hole and a trace. Once a tender was taken the lines stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from pos.domain.catalogue import Product
from pos.domain.errors import (
    BadQuantity,
    DiscountTooMuch,
    LimitReached,
    SaleHasTenders,
    SaleIsEmpty,
    UnknownLine,
)
from pos.domain.money import (
    AMOUNT_MAX,
    ONE,
    QUANTITY_MAX,
    BasisPoints,
    Cents,
    Thousandths,
    part,
    spread_capped,
    times,
)
from pos.domain.rewards import Coupon, PhoneRequest
from pos.domain.tender import Tendered
from pos.domain.vat import ZERO, Amounts, RateTotal, split_lines, total_by_rate

LINES_MAX = 500
# A ticket must fit a journal entry (256 KiB as a compact JWS), whatever its lines are called:
# it would be too late to find out once the money is taken.
LINES_BYTES_MAX = 180_000
_LINE_BYTES, _ORIGIN_BYTES = 280, 120  # what a line takes in a ticket beside its texts, at most
TENDERS_MAX = 20
COUPONS_MAX = 10


class LineKind(StrEnum):
    """Why a line is on the ticket."""

    ITEM = "item"
    RETURN = "return"  # goods back without their ticket, at today's price
    REFUND = "refund"  # goods back against a ticket, at what was paid then


class EntryMethod(StrEnum):
    """How a line came in."""

    KEYED = "keyed"
    SCANNED = "scanned"
    QUICK_KEY = "quick_key"
    SEARCHED = "searched"


@dataclass(frozen=True, slots=True)
class Discount:
    """A reduction by a rate or by an amount: one of the two."""

    rate: BasisPoints | None = None
    amount: Cents | None = None

    def of(self, base: Cents) -> Cents:
        """What it takes off a base; DiscountTooMuch when that is more than the base."""
        taken = part(base, self.rate) if self.rate is not None else (self.amount or 0)
        if taken > base:
            raise DiscountTooMuch(most=base)
        return taken


@dataclass(frozen=True, slots=True)
class Origin:
    """The ticket line that a refund gives back, with the share of its stored amounts.

    `already` is the quantity that had been given back before: settling checks that it still holds.
    """

    ticket: int
    line: int
    digest: str
    amounts: Amounts
    already: Thousandths = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One line; quantity and gross are negative for goods that come back."""

    number: int
    kind: LineKind
    product: Product
    quantity: Thousandths
    unit_price: Cents
    gross: Cents
    entry: EntryMethod = EntryMethod.KEYED
    discount: Discount | None = None
    origin: Origin | None = None

    @property
    def reduction(self) -> Cents:
        """What the line's own discount takes off, in cents."""
        return self.discount.of(self.gross) if self.discount else 0

    @property
    def net(self) -> Cents:
        """The line after its own discount, before the ticket's."""
        return self.gross - self.reduction

    @property
    def overridden(self) -> bool:
        """Whether the price is not the catalogue's."""
        return self.origin is None and self.unit_price != self.product.price


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale under way. `opened_at` is the journal's time format.

    `on_paper`: what it earns is handed out as the shop's own vouchers, where there are some.
    """

    id: str
    opened_at: str
    operator: str
    lines: tuple[Line, ...] = ()
    discount: Discount | None = None
    tenders: tuple[Tendered, ...] = ()
    next_line: int = 1
    training: bool = False
    parked_as: str | None = None
    coupons: tuple[Coupon, ...] = ()
    asked: PhoneRequest | None = None
    on_paper: bool = False

    @property
    def paid(self) -> Cents:
        """What the tenders have brought so far, in cents."""
        return sum(tender.amount for tender in self.tenders)

    def line(self, number: int) -> Line:
        """The line of this number; UnknownLine."""
        for line in self.lines:
            if line.number == number:
                return line
        raise UnknownLine(line=number)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with its share of the ticket's discount and its VAT."""

    line: Line
    reduction: Cents
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Priced:
    """A sale added up: lines, rates and total agree to the cent."""

    lines: tuple[PricedLine, ...] = ()
    rates: tuple[RateTotal, ...] = ()
    total: Amounts = ZERO
    paid: Cents = 0
    reduction: Cents = field(default=0)

    @property
    def due(self) -> Cents:
        """What the customer still owes; negative when the shop does."""
        return self.total.ttc - self.paid


def add_item(
    sale: Sale,
    product: Product,
    quantity: Thousandths = ONE,
    *,
    unit_price: Cents | None = None,
    printed_price: Cents | None = None,
    entry: EntryMethod = EntryMethod.KEYED,
    kind: LineKind = LineKind.ITEM,
) -> Sale:
    """Ring up a product; `printed_price` is a label's price for the whole line, kept as printed.

    A RETURN takes the same positive quantity and price and turns the line round. Raises
    BadQuantity, LimitReached or SaleHasTenders.
    """
    if not product.unit.allows(quantity) or not 0 < quantity <= QUANTITY_MAX:
        raise BadQuantity(text=str(quantity))
    price = product.price if unit_price is None else unit_price
    gross = times(price, quantity) if printed_price is None else printed_price
    sign = 1 if kind is LineKind.ITEM else -1
    return _add(
        sale,
        Line(sale.next_line, kind, product, sign * quantity, price, sign * gross, entry),
    )


def add_refund(
    sale: Sale, product: Product, quantity: Thousandths, amounts: Amounts, origin: Origin
) -> Sale:
    """Take goods back against a ticket line; quantity and amounts as sold, positive."""
    line = Line(
        sale.next_line,
        LineKind.REFUND,
        product,
        -quantity,
        product.price,
        -amounts.ttc,
        origin=replace(origin, amounts=-amounts),
    )
    return _add(sale, line)


def void_line(sale: Sale, number: int) -> Sale:
    """Take a line away; UnknownLine or SaleHasTenders."""
    _require_no_tender(sale)
    line = sale.line(number)
    left = tuple(kept for kept in sale.lines if kept is not line)
    sells = any(kept.kind is LineKind.ITEM for kept in left)
    # A discount on nothing that is sold goes with the last line that it was for.
    discount, coupons = (sale.discount, sale.coupons) if sells else (None, ())
    return _checked(replace(sale, lines=left, discount=discount, coupons=coupons))


def discount_line(sale: Sale, number: int, discount: Discount) -> Sale:
    """Reduce one sold line; UnknownLine, DiscountTooMuch or SaleHasTenders."""
    _require_no_tender(sale)
    line = sale.line(number)
    if line.kind is not LineKind.ITEM:
        raise DiscountTooMuch(most=0)
    discount.of(line.gross)
    reduced = replace(line, discount=discount)
    return _checked(
        replace(sale, lines=tuple(reduced if kept is line else kept for kept in sale.lines))
    )


def discount_sale(sale: Sale, discount: Discount) -> Sale:
    """Reduce the whole ticket; SaleIsEmpty, DiscountTooMuch or SaleHasTenders."""
    _require_no_tender(sale)
    if not sale.lines:
        raise SaleIsEmpty
    return _checked(replace(sale, discount=discount))


def add_coupon(sale: Sale, coupon: Coupon) -> Sale:
    """Take a voucher that the shop bears as a discount; SaleIsEmpty or SaleHasTenders."""
    _require_no_tender(sale)
    if not any(line.kind is LineKind.ITEM for line in sale.lines):
        raise SaleIsEmpty
    if len(sale.coupons) >= COUPONS_MAX:
        raise LimitReached(what="coupons", limit=COUPONS_MAX)
    return replace(sale, coupons=(*sale.coupons, coupon))


def coupon_amounts(sale: Sale) -> tuple[Cents, ...]:
    """What each coupon takes off the ticket, after its other discounts: at most what is left.

    Goods that come back count first: no change is given on a coupon. Nothing when less is left than
    the purchase that it is for: lines may have come and gone since.
    """
    sold = sum(line.net for line in sale.lines if line.kind is LineKind.ITEM)
    back = sum(line.net for line in sale.lines if line.kind is not LineKind.ITEM)
    left = max(0, sold - (sale.discount.of(sold) if sale.discount else 0) + back)
    taken: list[Cents] = []
    for coupon in sale.coupons:
        taken.append(min(coupon.value, left) if left >= coupon.least else 0)
        left -= taken[-1]
    return tuple(taken)


def add_tender(sale: Sale, tendered: Tendered) -> Sale:
    """Take a tender."""
    if len(sale.tenders) >= TENDERS_MAX:
        raise LimitReached(what="tenders", limit=TENDERS_MAX)
    return replace(sale, tenders=(*sale.tenders, tendered))


def price(sale: Sale) -> Priced:
    """Add up a sale: the ticket's discount shared, VAT per rate, lines by largest remainder."""
    reductions = _reductions(sale)
    amounts: dict[int, Amounts] = {
        line.number: line.origin.amounts for line in sale.lines if line.origin
    }
    for kind, sign in ((LineKind.ITEM, 1), (LineKind.RETURN, -1)):
        for rate in {line.product.rate for line in sale.lines}:
            group = [x for x in sale.lines if x.kind is kind and x.product.rate == rate]
            ttcs = [sign * (line.net - reductions.get(line.number, 0)) for line in group]
            for line, split in zip(group, split_lines(ttcs, rate), strict=True):
                amounts[line.number] = split if sign > 0 else -split
    lines = tuple(
        PricedLine(x, x.reduction + reductions.get(x.number, 0), amounts[x.number])
        for x in sale.lines
    )
    return Priced(
        lines,
        total_by_rate((x.line.product.rate, x.amounts) for x in lines),
        sum((x.amounts for x in lines), ZERO),
        sale.paid,
        sum(x.reduction for x in lines),
    )


def _reductions(sale: Sale) -> dict[int, Cents]:
    """What the ticket's discount and its coupons take off each sold line."""
    if sale.discount is None and not sale.coupons:
        return {}
    items = [line for line in sale.lines if line.kind is LineKind.ITEM]
    nets = [line.net for line in items]
    discount = sale.discount.of(sum(nets)) if sale.discount else 0
    shares = spread_capped(discount + sum(coupon_amounts(sale)), nets)
    return {line.number: share for line, share in zip(items, shares, strict=True)}


def _add(sale: Sale, line: Line) -> Sale:
    _require_no_tender(sale)
    if len(sale.lines) >= LINES_MAX:
        raise LimitReached(what="lines", limit=LINES_MAX)
    if sum(map(_bytes, sale.lines)) + _bytes(line) > LINES_BYTES_MAX:
        raise LimitReached(what="lines", limit=len(sale.lines))
    return _checked(replace(sale, lines=(*sale.lines, line), next_line=sale.next_line + 1))


def _bytes(line: Line) -> int:
    """What a line takes in the ticket's journal entry, rather more than less."""
    text = line.product.label + line.product.code + line.product.family
    escapes = text.count('"') + text.count("\\")
    fixed = _LINE_BYTES + (_ORIGIN_BYTES if line.origin else 0)
    return fixed + len(text.encode("utf-8", "replace")) + escapes


def _checked(sale: Sale) -> Sale:
    """A sale whose total still fits every protocol and whose discounts still fit its lines."""
    if abs(price(sale).total.ttc) > AMOUNT_MAX:
        raise LimitReached(what="total", limit=AMOUNT_MAX)
    return sale


def _require_no_tender(sale: Sale) -> None:
    if sale.tenders:
        raise SaleHasTenders
