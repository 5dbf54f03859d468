"""Opening hours as people say them: "ouvert jusqu'à 19 h", "opens tomorrow at 09:30"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from sync.server.reference.hours import NIGHT_ENDS, PARIS, DayHours, Openness
from sync.server.texts import Language

_WEEK: Final = 7


def say_state(state: Openness, at: datetime, language: Language) -> str:
    """Whether it is open, and what changes next; empty where nobody knows."""
    words, until = _WORDS[language], state.until
    if state.is_open is None:
        return ""
    if until is None:
        return words["always"] if state.is_open else words["closed"]
    today = at.astimezone(PARIS).date()
    if not state.is_open:
        return _change("opens", until.date(), today, _clock(until.time(), language), language)
    # Its evening goes on past midnight: two in the morning is still today's closing.
    evening = until.date() - timedelta(days=int(until.time() <= NIGHT_ENDS))
    clock = words["midnight"] if until.time() == time() else _clock(until.time(), language)
    return _change("until", evening, today, clock, language)


def say_day(hours: DayHours, language: Language) -> tuple[str, list[str]]:
    """A day, and the hours of that day: each stretch, or one word."""
    words = _WORDS[language]
    name = f"{_weekday(hours.day, language)} {_date(hours.day, language)}"
    if not hours.spans:
        return name, [words["closed"]]
    if hours.spans == ((time(), time()),):
        return name, [words["all_day"]]
    return name, [_span(start, end, language) for start, end in hours.spans]


def _span(start: time, end: time, language: Language) -> str:
    words = _WORDS[language]
    last = words["midnight"] if end == time() else _clock(end, language)
    return words["span"].format(start=_clock(start, language), end=last)


def _change(what: str, day: date, today: date, clock: str, language: Language) -> str:
    """What changes at a time, on a day as people name it from today."""
    ahead = (day - today).days
    if ahead <= 0:
        name, said = "today", ""
    elif ahead == 1:
        name, said = "tomorrow", ""
    elif ahead < _WEEK:
        name, said = "weekday", _weekday(day, language)
    else:
        name, said = "date", _date(day, language)
    return _WORDS[language][f"{what}_{name}"].format(day=said, time=clock)


def _weekday(day: date, language: Language) -> str:
    return _WORDS[language]["weekdays"].split()[day.weekday()]


def _date(day: date, language: Language) -> str:
    month = _WORDS[language]["months"].split()[day.month - 1]
    if language == "en":
        return f"{day.day} {month}"
    return f"{'1er' if day.day == 1 else day.day} {month}"


def _clock(at: time, language: Language) -> str:
    if language == "en":
        return f"{at:%H:%M}"
    space = "\N{NO-BREAK SPACE}"
    return f"{at.hour}{space}h" + (f"{space}{at.minute:02}" if at.minute else "")


_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "fr": {
        "always": "ouvert en continu",
        "closed": "fermé",
        "all_day": "24 h sur 24",
        "opens_today": "ouvre à {time}",
        "opens_tomorrow": "ouvre demain à {time}",
        "opens_weekday": "ouvre {day} à {time}",
        "opens_date": "ouvre le {day} à {time}",
        "until_today": "ouvert jusqu'à {time}",
        "until_tomorrow": "ouvert jusqu'à demain {time}",
        "until_weekday": "ouvert jusqu'à {day} {time}",
        "until_date": "ouvert jusqu'au {day} à {time}",
        "span": "{start} – {end}",
        "midnight": "minuit",
        "weekdays": "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "months": "janvier février mars avril mai juin juillet août septembre octobre novembre"
        " décembre",
    },
    "en": {
        "always": "open around the clock",
        "closed": "closed",
        "all_day": "all day and night",
        "opens_today": "opens at {time}",
        "opens_tomorrow": "opens tomorrow at {time}",
        "opens_weekday": "opens on {day} at {time}",
        "opens_date": "opens on {day} at {time}",
        "until_today": "open until {time}",
        "until_tomorrow": "open until tomorrow {time}",
        "until_weekday": "open until {day} {time}",
        "until_date": "open until {day}, {time}",
        "span": "{start} – {end}",
        "midnight": "midnight",
        "weekdays": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "months": "January February March April May June July August September October November"
        " December",
    },
}
