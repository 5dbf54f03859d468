"""The sentences and number forms of the languages that the till speaks.

Everything that a person reads is named by a key here and written in the files of `fr/` and `en/`,
one per front; a test holds the two folders to the same keys and the same placeholders.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Final

from pos.domain.errors import PosError
from pos.domain.money import Cents, Thousandths

LANGUAGES: Final = ("fr", "en")


@dataclass(frozen=True, slots=True)
class Forms:
    """How a language writes numbers and times."""

    decimal: str
    thousands: str
    date_time: str
    amount: str


_FORMS: Final = {
    "fr": Forms(",", " ", "%d/%m/%Y %H:%M", "{} €"),
    "en": Forms(".", ",", "%d/%m/%Y %H:%M", "€{}"),
}


class Language:
    """One language: sentences by key, and the forms of amounts, quantities and times."""

    def __init__(self, code: str, sentences: dict[str, str]) -> None:
        self.code = code
        self._sentences = sentences
        self._forms = _FORMS[code]

    @property
    def keys(self) -> frozenset[str]:
        """All keys that have a sentence."""
        return frozenset(self._sentences)

    def sentence(self, key: str) -> str:
        """The sentence of a key with its placeholders; KeyError when there is none."""
        return self._sentences[key]

    def say(self, key: str, **params: object) -> str:
        """The sentence of a key, filled in; amounts are passed as text (see `money`)."""
        return self._sentences[key].format(**params)

    def error(self, error: PosError) -> str:
        """What to tell a person about an error."""
        params = {
            name: self.money(value) if name in _AMOUNTS and isinstance(value, int) else value
            for name, value in error.params.items()
        }
        if "cause" in params:
            params["cause"] = self.device(str(params["cause"]))
        for kind in type(error).__mro__:
            key = f"error.{getattr(kind, 'key', '')}"
            if key in self._sentences:
                return self.say(key, **params)
        return str(error)

    def device(self, reason: str) -> str:
        """What to tell about a device, from the reason that its driver gave."""
        return self._sentences.get(f"device.{reason}", reason)

    def number(self, cents: Cents) -> str:
        """An amount without its sign of currency: `1 234,50`."""
        whole, rest = divmod(abs(cents), 100)
        grouped = f"{whole:,}".replace(",", self._forms.thousands)
        return f"{'-' if cents < 0 else ''}{grouped}{self._forms.decimal}{rest:02}"

    def money(self, cents: Cents) -> str:
        """An amount: `1 234,50 €`."""
        sign = "-" if cents < 0 else ""
        return sign + self._forms.amount.format(self.number(abs(cents)))

    def quantity(self, thousandths: Thousandths) -> str:
        """A quantity: `3`, or `0,350` when it is not whole."""
        whole, rest = divmod(abs(thousandths), 1000)
        sign = "-" if thousandths < 0 else ""
        return f"{sign}{whole}" + (f"{self._forms.decimal}{rest:03}" if rest else "")

    def percent(self, rate: int) -> str:
        """A rate in basis points: `5,5 %`."""
        whole, rest = divmod(rate, 100)
        digits = f"{rest:02}".rstrip("0")
        return f"{whole}{self._forms.decimal + digits if digits else ''} %"

    def date(self, day: str) -> str:
        """A day of the journal as people write it."""
        return datetime.fromisoformat(day).strftime(self._forms.date_time.split()[0])

    def time(self, at: str) -> str:
        """A journal time as people write it."""
        return datetime.fromisoformat(at).strftime(self._forms.date_time)


_AMOUNTS: Final = frozenset({"due", "most", "amount"})


@lru_cache(maxsize=len(LANGUAGES))
def language(code: str) -> Language:
    """The language of a code; KeyError when the till does not speak it."""
    if code not in _FORMS:
        raise KeyError(code)
    sentences: dict[str, str] = {}
    for source in sorted((files(__package__) / code).iterdir(), key=lambda found: found.name):
        sentences.update(_flatten(tomllib.loads(source.read_text(encoding="utf-8"))))
    return Language(code, sentences)


def _flatten(tree: dict[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = str(value)
    return flat
