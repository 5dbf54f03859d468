"""Put products on the sale: by code, with a quantity or another price, as goods that come back."""

from __future__ import annotations

from dataclasses import dataclass

from pos.app.desk import Desk, Pending
from pos.app.ports import Transaction
from pos.domain.catalogue import Product
from pos.domain.errors import BadCode, UnknownProduct
from pos.domain.events import EventCode, event
from pos.domain.gtin import looks_misread, normalise, read_in_store
from pos.domain.money import ONE, Cents, Thousandths
from pos.domain.sale import EntryMethod, LineKind, Sale, add_item


@dataclass(frozen=True, slots=True)
class Found:
    """A product and what its label said about this piece."""

    product: Product
    quantity: Thousandths | None = None
    printed_price: Cents | None = None


def look_up(desk: Desk, code: str) -> Found:
    """The product of a typed or scanned code; BadCode or UnknownProduct.

    A shop's own code with a weight or price inside is read by the templates of the settings.
    """
    code = normalise(code)
    product = desk.ports.catalogue.find(code)
    if product:
        return Found(product)
    inside = read_in_store(code, desk.settings.templates)
    if inside:
        product = desk.ports.catalogue.find(inside.item)
        if product:
            return Found(product, inside.quantity, inside.price)
        raise UnknownProduct(code=inside.item)
    if looks_misread(code):
        raise BadCode(code=code, reason="check_digit")
    raise UnknownProduct(code=code)


def by_code(
    desk: Desk,
    code: str,
    quantity: Thousandths | None = None,
    *,
    unit_price: Cents | None = None,
    entry: EntryMethod = EntryMethod.KEYED,
) -> Pending[None]:
    """Ring up a product by its code.

    A typed quantity multiplies a label that has a price inside, and replaces a weight.
    """
    sale = desk.open_sale()
    found = look_up(desk, code)
    return _put(desk, sale, found, quantity, unit_price, entry, LineKind.ITEM)


def by_quick_key(desk: Desk, position: int, quantity: Thousandths | None = None) -> Pending[None]:
    """Ring up the product on a quick key; UnknownProduct when there is none."""
    keys = {key.position: key.code for key in desk.ports.catalogue.quick_keys()}
    if position not in keys:
        raise UnknownProduct(code=f".{position}")
    return by_code(desk, keys[position], quantity, entry=EntryMethod.QUICK_KEY)


def return_item(desk: Desk, code: str, quantity: Thousandths | None = None) -> Pending[None]:
    """Take goods back without their ticket, at today's price."""
    sale = desk.open_sale()
    return _put(desk, sale, look_up(desk, code), quantity, None, EntryMethod.KEYED, LineKind.RETURN)


def _put(
    desk: Desk,
    sale: Sale,
    found: Found,
    quantity: Thousandths | None,
    unit_price: Cents | None,
    entry: EntryMethod,
    kind: LineKind,
) -> Pending[None]:
    printed = found.printed_price
    if printed is not None and quantity is not None:
        printed = printed * quantity // ONE if quantity % ONE == 0 else None
    amount = quantity or found.quantity or _quantity_of_price(found)
    if printed is not None and quantity is not None:
        amount = _quantity_of_price(found) * quantity // ONE
    changed = add_item(
        sale,
        found.product,
        amount,
        unit_price=unit_price,
        printed_price=printed if unit_price is None else None,
        entry=entry,
        kind=kind,
    )
    if unit_price is not None:
        desk.require_right("override")
    if kind is LineKind.RETURN:
        desk.require_right("return")
    if unit_price is None or unit_price == found.product.price:
        return desk.keep(changed)
    return _keep_with_trace(desk, changed, unit_price)


def _quantity_of_price(found: Found) -> Thousandths:
    """The weight that a label's price stands for: shown on the line, never used to price it."""
    price = found.product.price
    if found.printed_price is None or found.product.unit.allows(1) is False or price <= 0:
        return ONE
    return max(found.printed_price * ONE // price, 1)


def _keep_with_trace(desk: Desk, sale: Sale, unit_price: Cents) -> Pending[None]:
    line, known = sale.lines[-1], desk.knows(sale)

    def work(tx: Transaction) -> None:
        tx.append(
            "event",
            event(
                EventCode.PRICE_OVERRIDDEN,
                sale=sale.id,
                line=line.number,
                code=line.product.code,
                catalogue_price=line.product.price,
                price=unit_price,
                training=sale.training,
            ),
        )
        tx.put_draft(sale, known=known)

    desk.sale = sale
    return desk.record(work)
