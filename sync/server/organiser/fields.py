"""What people type into forms, as exact values: euros to cents, percents to basis points, times.

No float touches any of it. What cannot be read is collected by field, so that a form says at once
all that is wrong; each problem is a key of the words of its page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeVar, get_args
from zoneinfo import ZoneInfo

T = TypeVar("T")

# French local times, from the west to the east.
ZONES: Final = (
    *("Europe/Paris", "America/Martinique", "America/Guadeloupe", "America/Cayenne"),
    *("America/Miquelon", "Indian/Reunion", "Indian/Mayotte", "Pacific/Noumea"),
    *("Pacific/Tahiti", "Pacific/Wallis"),
)
NUMBER_CHARS_MAX: Final = 20
_BLANKS: Final = re.compile(r"[\s\u00a0\u202f]")
_AMOUNT: Final = re.compile(r"([0-9]{1,10})(?:[.,]([0-9]{1,2}))?\Z")
_ENGLISH: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3})+\.[0-9]{2}\Z")


class BadField(ValueError):
    """A field that cannot be read; the message is the key of what was expected."""


def cents(typed: str) -> int:
    """Euros as people type them, `1 234,50` or `1,234.50`, as cents."""
    return _hundredths(typed.replace("€", "").replace("EUR", ""), "expected_euros")


def basis_points(typed: str) -> int:
    """A percentage, `20` or `12,5 %`, as basis points; at most 100 %."""
    found = _hundredths(typed.replace("%", ""), "expected_percent")
    if found > 10_000:
        raise BadField("expected_percent")
    return found


def whole(typed: str) -> int:
    """A whole number from 0 on."""
    text = _BLANKS.sub("", typed)
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise BadField("expected_whole")
    return int(text)


def day(typed: str) -> str:
    """A day as YYYY-MM-DD."""
    try:
        return date.fromisoformat(typed).isoformat()
    except ValueError:
        raise BadField("expected_day") from None


def local_time(typed: str, zone: str) -> str:
    """A local time, YYYY-MM-DDTHH:MM, as ISO 8601 with the offset that it has in a zone."""
    if zone not in ZONES:
        raise BadField("expected_zone")
    try:
        found = datetime.strptime(typed, "%Y-%m-%dT%H:%M").replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise BadField("expected_time") from None
    return found.isoformat()


def euros(amount: int) -> str:
    """Cents as a form's field shows them."""
    units, rest = divmod(amount, 100)
    return f"{units},{rest:02}" if rest else str(units)


def percent(points: int) -> str:
    """Basis points as a form's field shows them."""
    units, rest = divmod(points, 100)
    return f"{units},{rest:02}".rstrip("0") if rest else str(units)


def listed(typed: str) -> tuple[str, ...]:
    """What stands between semicolons, commas or line ends: at most 100, of 40 characters."""
    found = tuple(one.strip() for one in re.split(r"[;,\n]", typed) if one.strip())
    if len(found) > 100 or any(len(one) > 40 for one in found):
        raise BadField("expected_list")
    return found


def one_of(kind: Any) -> Callable[[str], str]:
    """Reads one of the words of a Literal."""

    def read(typed: str) -> str:
        if typed not in get_args(kind):
            raise BadField("expected_choice")
        return typed

    return read


class Form:
    """The fields of a form, and what was wrong with them."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields
        self.problems: dict[str, str] = {}

    @property
    def is_typed(self) -> bool:
        """Whether it says anything: it is then one that somebody has sent."""
        return bool(self._fields)

    def said(self) -> list[tuple[str, str]]:
        """All that it says, to be sent again."""
        return [(name, value) for name, values in self._fields.items() for value in values]

    def text(self, name: str) -> str:
        """A field as it was typed, without blanks around it; empty for none."""
        values = self._fields.get(name, ())
        return values[-1].strip() if values else ""

    def all_of(self, name: str) -> tuple[str, ...]:
        """Every value of a field: the boxes that are ticked."""
        return tuple(self._fields.get(name, ()))

    def is_ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.text(name))

    def read(self, name: str, reader: Callable[[str], T], default: T) -> T:
        """A field's value; the default when it is empty, or when it is wrong, which is noted."""
        typed = self.text(name)
        return self.need(name, reader, default) if typed else default

    def need(self, name: str, reader: Callable[[str], T], fallback: T) -> T:
        """A field that must be there; when it is wrong that is noted, and the fallback is given."""
        try:
            return reader(self.text(name))
        except BadField as error:
            self.problems[name] = str(error)
            return fallback

    def name(self, name: str, chars_max: int = 120) -> str:
        """A name that must be there, of so many characters at most."""
        typed = self.text(name)
        if not 0 < len(typed) <= chars_max:
            self.problems[name] = "expected_name"
        return typed


def _hundredths(typed: str, wanted: str) -> int:
    text = _BLANKS.sub("", typed)[: NUMBER_CHARS_MAX + 1]
    if _ENGLISH.match(text):
        text = text.replace(",", "")
    found = _AMOUNT.match(text)
    if found is None or not text.isascii():
        raise BadField(wanted)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
