"""Opening hours in OpenStreetMap's syntax, such as "Mo-Sa 09:00-12:30,14:00-19:00; PH off".

They are read by the clock of Paris, with the public holidays of France.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import opening_hours

from sync.server.reference.errors import BadHours

CHARS_MAX: Final = 255  # what OpenStreetMap allows a value
PARIS: Final = ZoneInfo("Europe/Paris")
CHANGES_MAX: Final = 20  # of the hours' wording, before the shop opens or closes
NIGHT_ENDS: Final = time(6)  # until then a night belongs to the day before
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Openness:
    """Whether a shop is open, None where its hours do not say; `until` is when that changes."""

    is_open: bool | None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DayHours:
    """When a shop is open on a day, as clock times. An end of 00:00 is the end of the day.

    What begins on a day and goes on past midnight belongs to that day.
    """

    day: date
    spans: tuple[tuple[time, time], ...]


def check(spec: str) -> str:
    """The hours; BadHours when nobody can read them."""
    if len(spec) > CHARS_MAX:
        raise BadHours(f"opening hours: expected at most {CHARS_MAX} characters")
    _parsed(spec)
    return spec


def openness(spec: str, at: datetime) -> Openness:
    """Whether a shop with these hours (empty: unknown) is open at a moment, and until when."""
    if not spec:
        return Openness(None)
    found, local = _parsed(spec), _clock(at)
    now = _is_open(found, local)
    change = found.next_change(local)
    for _ in range(CHANGES_MAX):
        if change is None or _is_open(found, change) != now:
            break
        change = found.next_change(change)
    return Openness(now, _moment(change) if change else None)


def days(spec: str, first: date, count: int) -> tuple[DayHours, ...]:
    """The hours of so many days from a day on."""
    found = _parsed(spec)
    return tuple(_day(found, first + timedelta(days=number)) for number in range(count))


def _day(found: opening_hours.OpeningHours, day: date) -> DayHours:
    midnight = datetime.combine(day, time())
    morning = datetime.combine(day + timedelta(days=1), NIGHT_ENDS)
    spans = [
        (start.time(), time() if end == morning else end.time())
        for start, end, state, _ in found.intervals(midnight, morning)
        if state == opening_hours.State.OPEN and start.date() == day
    ]
    is_from_yesterday = found.is_open(midnight - timedelta(minutes=1))
    if spans and is_from_yesterday and time() < spans[0][1] <= NIGHT_ENDS:
        del spans[0]
    return DayHours(day, tuple(spans))


def _is_open(found: opening_hours.OpeningHours, local: datetime) -> bool | None:
    return None if found.is_unknown(local) else found.is_open(local)


def _clock(at: datetime) -> datetime:
    """What the clock of Paris shows, without its offset: the hours know nothing of summer time.

    An hour that is shown a second time in autumn is over: a shop that closed in it stays closed.
    """
    local = at.astimezone(PARIS)
    if local.fold:
        local = local.replace(minute=59, second=59)
    return local.replace(tzinfo=None)


def _moment(local: datetime) -> datetime:
    """When the clock of Paris shows a time; an hour that is left out in spring ends at once."""
    found = local.replace(tzinfo=PARIS)
    if found.astimezone(UTC).astimezone(PARIS).replace(tzinfo=None) != local:
        return local.replace(minute=0, tzinfo=PARIS) + _HOUR
    return found


@lru_cache(maxsize=4096)
def _parsed(spec: str) -> opening_hours.OpeningHours:
    if not opening_hours.validate(spec):
        raise BadHours(f"opening hours: expected e.g. Mo-Sa 09:00-19:00, got {spec[:60]!r}")
    return opening_hours.OpeningHours(spec, country="FR")
