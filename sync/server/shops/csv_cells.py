"""One cell of a list of shops: as it was typed in a spreadsheet, to what a shop's record keeps.

A reader gives the value, or raises ValueError for a cell that cannot be right; what was expected is
said by `organiser.words.shops` under the column's name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from sync.server.exports.tabular import FORMULA_STARTS
from sync.server.reference import hours, iban, naf, siret

Value = str | bool
Reader = Callable[[str], Value]

FORMULA_SIGNS: Final = frozenset(FORMULA_STARTS)
NAME_CHARS_MAX: Final = 120
TEXT_CHARS_MAX: Final = 255
DISTRICT_CHARS_MAX: Final = 40
REFERENCE_CHARS_MAX: Final = 40
_DEGREES_DIGITS: Final = Decimal("0.0000001")  # about a centimetre
_KEPT_DIGITS = re.compile(r'="([0-9A-Z]*)"')
_POSTCODE = re.compile(r"[0-9]{5}")
_YES: Final = frozenset(("oui", "o", "yes", "y", "vrai", "true", "1", "x"))
_NO: Final = frozenset(("non", "n", "no", "faux", "false", "0"))


def plain(cell: str) -> str:
    """A cell on one line; ValueError for control characters.

    What our own files for spreadsheets put around a cell is taken off again: the apostrophe before
    a formula's sign, and ="..." around digits.
    """
    text = " ".join(cell.split())
    if any(unicodedata.category(char) == "Cc" for char in text):
        raise ValueError
    kept = _KEPT_DIGITS.fullmatch(text)
    if kept:
        return kept[1]
    return text[1:] if text.startswith("'") and text[1:2] in FORMULA_SIGNS else text


def folded(text: str) -> str:
    """Letters and digits only, in lower case and without accents: how titles are compared."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    kept = (char if char.isalnum() else " " for char in bare if not unicodedata.combining(char))
    return " ".join("".join(kept).split())


def _at_most(count: int) -> Reader:
    def read(text: str) -> str:
        if len(text) > count:
            raise ValueError
        return text

    return read


def _postcode(text: str) -> str:
    if not _POSTCODE.fullmatch(text):
        raise ValueError
    return text


def _degrees(most: int) -> Reader:
    def read(text: str) -> str:
        try:
            value = Decimal(text.replace(",", "."))
        except InvalidOperation:
            raise ValueError from None
        if not value.is_finite() or abs(value) > most:
            raise ValueError
        return f"{value.quantize(_DEGREES_DIGITS).normalize() + 0:f}"

    return read


def _flag(text: str) -> bool:
    word = text.casefold()
    if word not in _YES | _NO:
        raise ValueError
    return word in _YES


READERS: Final[Mapping[str, Reader]] = {
    "name": _at_most(NAME_CHARS_MAX),
    "siret": siret.check,
    "naf": naf.check_rev_2,
    "naf_2025": naf.check_2025,
    "address": _at_most(TEXT_CHARS_MAX),
    "postcode": _postcode,
    "town": _at_most(TEXT_CHARS_MAX),
    "district": _at_most(DISTRICT_CHARS_MAX),
    "iban": iban.check,
    "hours": hours.check,
    "latitude": _degrees(90),
    "longitude": _degrees(180),
    "listed": _flag,
    "chain": _flag,
    "reference": _at_most(REFERENCE_CHARS_MAX),
}

# What a column may be called, folded.
_TITLES: Final[Mapping[str, str]] = {
    "name": "name|nom|enseigne|commerce|nom commercial|nom du commerce|raison sociale|shop|boutique"
    "|denomination|etablissement|shop name|nom de l enseigne",
    "siret": "siret|n siret|no siret|numero siret|numero de siret|siret number|code siret",
    "naf": "naf|ape|code naf|code ape|naf rev 2|naf rev2|code naf rev 2|naf 2008|naf ape|ape naf",
    "naf_2025": "naf 2025|code naf 2025|ape 2025|code ape 2025|naf2025",
    "address": "address|adresse|rue|voie|adresse 1|street|adresse postale|numero et voie",
    "postcode": "postcode|code postal|cp|zip|postal code|zip code|codepostal",
    "town": "town|ville|commune|city|localite",
    "district": "district|quartier|secteur|zone|iris|arrondissement",
    "iban": "iban|rib|compte|compte bancaire|bank account|rib iban|iban rib",
    "hours": "hours|horaires|heures d ouverture|horaires d ouverture|opening hours|ouverture",
    "latitude": "latitude|lat",
    "longitude": "longitude|lon|lng|long",
    "listed": "listed|visible|publie|affiche|liste",
    "chain": "chain|chaine|enseigne nationale|reseau|franchise|succursale",
    "reference": "reference|ref|votre reference|identifiant|numero|id|reference interne",
}
COLUMN_OF: Final[Mapping[str, str]] = {
    title: column for column, titles in _TITLES.items() for title in titles.split("|")
}
