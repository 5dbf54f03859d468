"""An open or parked sale as JSON, so that it survives a power cut; not part of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pos.domain.catalogue import Product, Unit
from pos.domain.rewards import Coupon, PhoneRequest
from pos.domain.sale import Discount, EntryMethod, Line, LineKind, Origin, Sale
from pos.domain.ticket import coupon_data, read_tender, tender_data
from pos.domain.vat import Amounts


def to_data(sale: Sale) -> dict[str, Any]:
    """The JSON value of a sale under way.

    Written out field by field: it runs on every line at each scan, and `asdict` costs far more than
    the commit.
    """
    return {
        "id": sale.id,
        "opened_at": sale.opened_at,
        "operator": sale.operator,
        "lines": [_line_data(line) for line in sale.lines],
        "discount": _discount_data(sale.discount),
        "tenders": [tender_data(tender) for tender in sale.tenders],
        "next_line": sale.next_line,
        "training": sale.training,
        "parked_as": sale.parked_as,
        **_rewards_data(sale),
    }


def from_data(data: Mapping[str, Any]) -> Sale:
    """The sale of its JSON value."""
    return Sale(
        id=data["id"],
        opened_at=data["opened_at"],
        operator=data["operator"],
        lines=tuple(_line(line) for line in data["lines"]),
        discount=_discount(data["discount"]),
        tenders=tuple(read_tender(tender) for tender in data["tenders"]),
        next_line=data["next_line"],
        training=data["training"],
        parked_as=data["parked_as"],
        coupons=tuple(Coupon(x["value"], x["details"]) for x in data.get("coupons", ())),
        asked=PhoneRequest(**data["asked"]) if "asked" in data else None,
        on_paper=data.get("on_paper", False),
    )


def _rewards_data(sale: Sale) -> dict[str, Any]:
    """What campaigns added; nothing for most sales, and for those of earlier versions."""
    data: dict[str, Any] = {}
    if sale.coupons:
        data["coupons"] = [coupon_data(coupon) for coupon in sale.coupons]
    if sale.asked:
        data["asked"] = asdict(sale.asked)
    if sale.on_paper:
        data["on_paper"] = True
    return data


def _line_data(line: Line) -> dict[str, Any]:
    product = line.product
    return {
        "number": line.number,
        "kind": str(line.kind),
        "product": {
            "code": product.code,
            "label": product.label,
            "price": product.price,
            "rate": product.rate,
            "unit": str(product.unit),
            "family": product.family,
        },
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "gross": line.gross,
        "entry": str(line.entry),
        "discount": _discount_data(line.discount),
        "origin": _origin_data(line.origin),
    }


def _origin_data(origin: Origin | None) -> dict[str, Any] | None:
    if origin is None:
        return None
    amounts = origin.amounts
    return {
        "ticket": origin.ticket,
        "line": origin.line,
        "digest": origin.digest,
        "amounts": {"ttc": amounts.ttc, "ht": amounts.ht, "vat": amounts.vat},
        "already": origin.already,
    }


def _discount_data(discount: Discount | None) -> dict[str, Any] | None:
    return {"rate": discount.rate, "amount": discount.amount} if discount else None


def _line(data: Mapping[str, Any]) -> Line:
    product, origin = data["product"], data["origin"]
    return Line(
        data["number"],
        LineKind(data["kind"]),
        Product(**{**product, "unit": Unit(product["unit"])}),
        data["quantity"],
        data["unit_price"],
        data["gross"],
        EntryMethod(data["entry"]),
        _discount(data["discount"]),
        Origin(**{**origin, "amounts": Amounts(**origin["amounts"])}) if origin else None,
    )


def _discount(data: Mapping[str, Any] | None) -> Discount | None:
    return Discount(**data) if data else None
