"""Sentences with places in them, filled as their reader writes money, days and times.

A place may say how: `{cents:euros}`, `{first:day}`, `{until:moment}`, `{minutes:duration}`; with a
prefix, `{state:state_}`, the value is itself a word's key; with a question mark, `{owner:?whose}`,
that sentence takes the value as its `{it}`, and nothing stands there for an empty one.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

from sync.server import texts
from sync.server.texts import Language


class Sentences(Formatter):
    """Fills the sentences of one language."""

    def __init__(self, words: Mapping[str, str], language: Language) -> None:
        self._words = words
        self._language = language

    def say(self, key: str, values: Mapping[str, Any]) -> str:
        """A sentence with its values; those that it does not name are left out."""
        return self.vformat(self._words[key], (), values)

    def format_field(self, value: Any, format_spec: str) -> str:
        """A value as its place wants it."""
        if format_spec.startswith("?"):
            return self.say(format_spec[1:], {"it": value}) if value else ""
        if format_spec.endswith("_"):
            return self._words[f"{format_spec}{value}"]
        return _shown(value, format_spec, self._language)


def _shown(value: Any, how: str, language: Language) -> str:
    match how:
        case "euros":
            return texts.euros(value, language)
        case "day":
            return texts.day(value, language)
        case "moment":
            return texts.moment(value, language)
        case "duration":
            return f"{value // 60}\N{NO-BREAK SPACE}h {value % 60:02}\N{NO-BREAK SPACE}min"
        case _:
            return str(value)
