"""An open or parked sale as JSON, so that it survives a power cut; not part of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pos.domain.catalogue import Product, Unit
from pos.domain.sale import Discount, EntryMethod, Line, LineKind, Origin, Sale
from pos.domain.ticket import read_tender, tender_data
from pos.domain.vat import Amounts


def to_data(sale: Sale) -> dict[str, Any]:
    """The JSON value of a sale under way."""
    return {
        **asdict(sale),
        "lines": [asdict(line) for line in sale.lines],
        "tenders": [tender_data(tender) for tender in sale.tenders],
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
    )


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
