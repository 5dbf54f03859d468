"""What the shop sells."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from pos.domain.money import ONE, BasisPoints, Cents, Thousandths

LABEL_LENGTH_MAX = 200


class Unit(StrEnum):
    """What one of a product is."""

    PIECE = "piece"
    KILOGRAM = "kg"
    LITRE = "l"
    METRE = "m"

    def allows(self, quantity: Thousandths) -> bool:
        """Whether this quantity can be sold: pieces are whole."""
        return self is not Unit.PIECE or quantity % ONE == 0


@dataclass(frozen=True, slots=True)
class Product:
    """A product as the catalogue knows it; `price` per unit, VAT included."""

    code: str
    label: str
    price: Cents
    rate: BasisPoints
    unit: Unit = Unit.PIECE
    family: str = ""


@dataclass(frozen=True, slots=True)
class QuickKey:
    """A product on a key of its own; `position` counts from 1."""

    position: int
    code: str
    label: str


def fold(text: str) -> str:
    """Letters without accents or case, for searching: `Crème Brûlée` becomes `creme brulee`."""
    expanded = text.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae").replace("Æ", "ae")
    parts = unicodedata.normalize("NFKD", expanded)
    return "".join(sign for sign in parts if not unicodedata.combining(sign)).casefold()
