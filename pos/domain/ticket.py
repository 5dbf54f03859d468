"""A settled sale as it is journaled: everything that a receipt, a refund or a closing needs later.

The content covers what French rules ask of a ticket (BOI-TVA-DECLA-30-10-30 §50: number, date and
time, till, total, tenders; per line label, quantity, unit price, total before VAT, rate) and is
stored whole, so that nothing is ever derived twice in two ways. Number, time and operator stand in
the journal entry around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from pos.domain.catalogue import Product, Unit
from pos.domain.money import BasisPoints, Cents, Thousandths
from pos.domain.rewards import Coupon, RewardLine
from pos.domain.sale import EntryMethod, LineKind, Origin, Priced, PricedLine, Sale, coupon_amounts
from pos.domain.tender import Tendered, TenderKind
from pos.domain.vat import Amounts, RateTotal


class TicketType(StrEnum):
    """What a ticket is: all sold, all given back, or both."""

    SALE = "sale"
    RETURN = "return"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class Shop:
    """Who sells, as printed and signed on each ticket."""

    name: str
    address: str = ""
    siret: str = ""
    naf: str = ""
    vat_id: str = ""
    till: str = "01"
    software: str = ""


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A line as sold; quantity and amounts are negative for goods that came back."""

    number: int
    kind: LineKind
    code: str
    label: str
    family: str
    unit: Unit
    quantity: Thousandths
    unit_price: Cents
    catalogue_price: Cents
    gross: Cents
    discount: Cents
    rate: BasisPoints
    amounts: Amounts
    entry: EntryMethod
    origin: Origin | None = None

    @property
    def product(self) -> Product:
        """The product as it was sold."""
        return Product(self.code, self.label, self.unit_price, self.rate, self.unit, self.family)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A settled sale."""

    type: TicketType
    sale: str
    opened_at: str
    day: str
    session: int
    training: bool
    shop: Shop
    lines: tuple[TicketLine, ...]
    rates: tuple[RateTotal, ...]
    total: Amounts
    tenders: tuple[Tendered, ...]
    coupons: tuple[Coupon, ...] = ()
    rewards: tuple[RewardLine, ...] = ()

    @property
    def change(self) -> Cents:
        """Cash given back, in cents."""
        return sum(tender.change for tender in self.tenders)


def settle(sale: Sale, priced: Priced, shop: Shop, day: str, session: int) -> Ticket:
    """The ticket of a sale whose tenders cover what is due."""
    if priced.due != 0:
        raise ValueError(f"{priced.due} cents are still due")
    return Ticket(
        _type(sale),
        sale.id,
        sale.opened_at,
        day,
        session,
        sale.training,
        shop,
        tuple(_line(line) for line in priced.lines),
        priced.rates,
        priced.total,
        sale.tenders,
        _used(sale),
    )


def _used(sale: Sale) -> tuple[Coupon, ...]:
    """The coupons that took something off, with what they took."""
    taken = zip(sale.coupons, coupon_amounts(sale), strict=True)
    return tuple(
        replace(coupon, details={**coupon.details, "amount": amount})
        for coupon, amount in taken
        if amount
    )


def _type(sale: Sale) -> TicketType:
    sold = any(line.kind is LineKind.ITEM for line in sale.lines)
    back = any(line.kind is not LineKind.ITEM for line in sale.lines)
    if sold and back:
        return TicketType.EXCHANGE
    return TicketType.RETURN if back else TicketType.SALE


def _line(priced: PricedLine) -> TicketLine:
    line, product = priced.line, priced.line.product
    return TicketLine(
        line.number,
        line.kind,
        product.code,
        product.label,
        product.family,
        product.unit,
        line.quantity,
        line.unit_price,
        product.price,
        line.gross,
        priced.reduction,
        product.rate,
        priced.amounts,
        line.entry,
        line.origin,
    )


def to_data(ticket: Ticket) -> dict[str, Any]:
    """The canonical JSON value of a ticket: the `data` of its journal entry."""
    return {
        "type": str(ticket.type),
        "sale": ticket.sale,
        "opened_at": ticket.opened_at,
        "day": ticket.day,
        "session": ticket.session,
        "training": ticket.training,
        "shop": asdict(ticket.shop),
        "line_count": len(ticket.lines),
        "lines": [_line_data(line) for line in ticket.lines],
        "rates": [{"rate": x.rate, **_amounts_data(x.amounts)} for x in ticket.rates],
        "total": _amounts_data(ticket.total),
        "tenders": [tender_data(tender) for tender in ticket.tenders],
        **({"coupons": [coupon_data(x) for x in ticket.coupons]} if ticket.coupons else {}),
        **({"rewards": [asdict(line) for line in ticket.rewards]} if ticket.rewards else {}),
    }


def from_data(data: Mapping[str, Any]) -> Ticket:
    """The ticket of a journal entry's `data`."""
    return Ticket(
        TicketType(data["type"]),
        data["sale"],
        data["opened_at"],
        data["day"],
        data["session"],
        data["training"],
        Shop(**data["shop"]),
        tuple(_read_line(line) for line in data["lines"]),
        tuple(RateTotal(x["rate"], _amounts(x)) for x in data["rates"]),
        _amounts(data["total"]),
        tuple(read_tender(tender) for tender in data["tenders"]),
        tuple(Coupon(x["value"], x["details"]) for x in data.get("coupons", ())),
        tuple(RewardLine(**x) for x in data.get("rewards", ())),
    )


def _line_data(line: TicketLine) -> dict[str, Any]:
    data: dict[str, Any] = {
        "n": line.number,
        "kind": str(line.kind),
        "code": line.code,
        "label": line.label,
        "family": line.family,
        "unit": str(line.unit),
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "catalogue_price": line.catalogue_price,
        "gross": line.gross,
        "discount": line.discount,
        "rate": line.rate,
        **_amounts_data(line.amounts),
        "entry": str(line.entry),
    }
    if line.origin:
        data["origin"] = {
            "ticket": line.origin.ticket,
            "line": line.origin.line,
            "digest": line.origin.digest,
        }
    return data


def _read_line(data: Mapping[str, Any]) -> TicketLine:
    amounts, origin = _amounts(data), data.get("origin")
    return TicketLine(
        data["n"],
        LineKind(data["kind"]),
        data["code"],
        data["label"],
        data["family"],
        Unit(data["unit"]),
        data["quantity"],
        data["unit_price"],
        data["catalogue_price"],
        data["gross"],
        data["discount"],
        data["rate"],
        amounts,
        EntryMethod(data["entry"]),
        Origin(origin["ticket"], origin["line"], origin["digest"], amounts) if origin else None,
    )


def coupon_data(coupon: Coupon) -> dict[str, Any]:
    """The canonical JSON value of a coupon."""
    return {"value": coupon.value, "details": dict(coupon.details)}


def tender_data(tender: Tendered) -> dict[str, Any]:
    """The canonical JSON value of a tender."""
    return {
        "name": tender.name,
        "kind": str(tender.kind),
        "amount": tender.amount,
        "given": tender.given,
        "change": tender.change,
        "kept": tender.kept,
        "details": dict(tender.details),
    }


def read_tender(data: Mapping[str, Any]) -> Tendered:
    """The tender of its JSON value."""
    return Tendered(
        data["name"],
        TenderKind(data["kind"]),
        data["amount"],
        data["given"],
        data["change"],
        data["kept"],
        dict(data["details"]),
    )


def _amounts_data(amounts: Amounts) -> dict[str, int]:
    return {"ttc": amounts.ttc, "ht": amounts.ht, "vat": amounts.vat}


def _amounts(data: Mapping[str, Any]) -> Amounts:
    return Amounts(data["ttc"], data["ht"], data["vat"])


def printed_number(till: str, epoch: int, number: int) -> str:
    """The number on the paper: till, epoch (a new one after a restore), gapless number."""
    return f"{till}-{epoch}-{number:07d}"


def signature_extract(signature: str) -> str:
    """Characters 3, 7, 13 and 19 of a base64url signature: what certified French tills print."""
    return "".join(signature[place - 1] for place in (3, 7, 13, 19))
