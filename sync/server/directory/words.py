"""Texts as they are searched: without accents, capitals, dashes, or short forms of Saint."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

WORD_CHARS_MAX: Final = 40
_WORD: Final = re.compile(r"[a-z0-9]+")
_LETTERS: Final = str.maketrans({"œ": "oe", "æ": "ae"})
_SHORT_FORMS: Final = {"st": "saint", "ste": "sainte"}


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in their order: "St-Malo" and "SAINT MALO" are both saint, malo."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return tuple(_SHORT_FORMS.get(one, one)[:WORD_CHARS_MAX] for one in _WORD.findall(letters))


def sort_key(text: str) -> str:
    """A text in the form by which lists are sorted; the same order in every database."""
    return " ".join(words(text))
