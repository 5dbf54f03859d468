"""Opening hours in OpenStreetMap's syntax, such as "Mo-Sa 09:00-12:30,14:00-19:00; PH off"."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import opening_hours

from sync.server.reference.errors import BadHours

CHARS_MAX: Final = 255  # what OpenStreetMap allows a value
PARIS: Final = ZoneInfo("Europe/Paris")


def check(spec: str) -> str:
    """The hours; BadHours when nobody can read them."""
    if len(spec) > CHARS_MAX:
        raise BadHours(f"opening hours: expected at most {CHARS_MAX} characters")
    _parsed(spec)
    return spec


def is_open(spec: str, at: datetime) -> bool | None:
    """Whether it is open at a time; None when the hours do not say."""
    if not spec:
        return None
    found = _parsed(spec)
    local = at.astimezone(PARIS).replace(tzinfo=None)
    return None if found.is_unknown(local) else found.is_open(local)


def next_change(spec: str, at: datetime) -> datetime | None:
    """When it opens or closes next, by the clock of Paris; None when that never happens."""
    local = at.astimezone(PARIS).replace(tzinfo=None)
    found = _parsed(spec).next_change(local)
    return found.replace(tzinfo=PARIS) if found else None


@lru_cache(maxsize=4096)
def _parsed(spec: str) -> opening_hours.OpeningHours:
    if not opening_hours.validate(spec):
        raise BadHours(f"opening hours: expected e.g. Mo-Sa 09:00-19:00, got {spec[:60]!r}")
    return opening_hours.OpeningHours(spec, country="FR")
