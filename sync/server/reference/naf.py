"""NAF: the codes of activities, in the revision 2 of 2008 and in the NAF 2025.

INSEE gives each establishment one code. Until 31 December 2026 it is one of NAF rév. 2, from
1 January 2027 one of NAF 2025 (decree 2025-736); a shop's record keeps both. Four digits are the
class of NACE, the letter is the French sub-class: A to F or Z in rév. 2, G to Y in NAF 2025, so
that a code tells which of the two it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from sync.server.reference.errors import BadNaf
from sync.server.reference.naf_tables import DIVISIONS, SUCCESSORS, TRADES_2025, TRADES_REV_2, Trade

TRADE_NAMES: Final[Mapping[Literal["fr", "en"], Mapping[Trade, str]]] = {
    "fr": {
        "bakery": "Boulangerie, pâtisserie",
        "food": "Alimentation",
        "restaurant": "Restaurant, café",
        "clothing": "Mode, chaussures, bijoux",
        "books": "Livres, presse, tabac",
        "leisure": "Sport, jouets, loisirs",
        "beauty": "Coiffure, beauté",
        "home": "Maison, bricolage, jardin",
        "health": "Santé, optique",
        "services": "Services",
        "other": "Autres commerces",
    },
    "en": {
        "bakery": "Bakery, pastry",
        "food": "Food",
        "restaurant": "Restaurant, café",
        "clothing": "Fashion, shoes, jewellery",
        "books": "Books, press, tobacco",
        "leisure": "Sport, toys, leisure",
        "beauty": "Hair, beauty",
        "home": "Home, DIY, garden",
        "health": "Health, optician",
        "services": "Services",
        "other": "Other shops",
    },
}
_REV_2 = re.compile(r"[0-9]{4}[A-FZ]")
_NAF_2025 = re.compile(r"[0-9]{4}[G-Y]")
_GONE_IN_2025: Final = frozenset(("45",))  # its classes went to 46, 47 and 95


def tidy(typed: str) -> str:
    """A code as machines write it: 4724Z for "47.24 z"."""
    return "".join(typed.replace(".", "").split()).upper()


def check_rev_2(typed: str) -> str:
    """The tidied code of NAF rév. 2; BadNaf when it has not that form."""
    code = tidy(typed)
    if _NAF_2025.fullmatch(code) and code[:2] in DIVISIONS:
        raise BadNaf(f"NAF: {code} is a code of NAF 2025, expected one of rév. 2, e.g. 4724Z")
    if not _REV_2.fullmatch(code) or code[:2] not in DIVISIONS:
        raise BadNaf(f"NAF rév. 2: expected four digits and a letter, e.g. 4724Z, got {code[:9]!r}")
    return code


def check_2025(typed: str) -> str:
    """The tidied code of NAF 2025; BadNaf when it has not that form."""
    code = tidy(typed)
    if _REV_2.fullmatch(code) and code[:2] in DIVISIONS:
        raise BadNaf(f"NAF 2025: {code} is a code of rév. 2, expected one of 2025, e.g. 4724Y")
    if not _NAF_2025.fullmatch(code) or code[:2] not in DIVISIONS.keys() - _GONE_IN_2025:
        raise BadNaf(f"NAF 2025: expected four digits and a letter, e.g. 4724Y, got {code[:9]!r}")
    return code


def successors(rev_2: str) -> tuple[str, ...]:
    """The codes of NAF 2025 that took over what a code of rév. 2 held.

    One: certain. Several: a person has to choose. None: not among the trades known here.
    """
    return SUCCESSORS.get(rev_2, ())


def successor(rev_2: str) -> str:
    """The one code of NAF 2025 for a code of rév. 2; empty where it has to be chosen."""
    found = successors(rev_2)
    return found[0] if len(found) == 1 else ""


def division_name(code: str, language: Literal["fr", "en"]) -> str:
    """What the division of a code of rév. 2 does; empty for no such code."""
    french, english = DIVISIONS.get(code[:2], ("", ""))
    return english if language == "en" else french


def trade_of(rev_2: str, naf_2025: str = "") -> Trade:
    """The kind of shop that shoppers look for; by rév. 2, or by NAF 2025 where that is missing."""
    code, table = (rev_2, TRADES_REV_2) if rev_2 else (naf_2025, TRADES_2025)
    for length in range(len(code), 1, -1):
        if code[:length] in table:
            return table[code[:length]]
    return "other"
