"""Key strokes sorted into typing and scans, before any widget sees them.

Every character passes the scanner's detector, which holds it back for as long as it could belong to
a scan (a few hundredths of a second). So a scan reaches the screen as one thing, whatever has the
focus, and its Enter can press no button.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeAlias

from textual import events

from pos.adapters.scanner import Heard, Misread, Scanned, Typing

Stroke: TypeAlias = events.Key | Scanned | Misread
_CONTROLS = frozenset("\r\n\t\x1d")  # suffixes, and GS1's separator


class Scanner(Protocol):
    """What tells a scan from typing (pos.adapters.scanner.WedgeScanner)."""

    prefix: str

    @property
    def due_s(self) -> float | None:
        """When what is held back must be decided."""

    def feed(self, char: str, at_s: float) -> list[Heard]:
        """Take a character."""

    def tick(self, now_s: float) -> list[Heard]:
        """Decide what is due."""

    def flush(self, now_s: float) -> list[Heard]:
        """Decide now."""

    def paste(self, text: str) -> list[Heard]:
        """Take text handed over at once."""


class Strokes:
    """Keys in, strokes out, in order."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._names: dict[str, str] = {"\r": "enter", "\t": "tab", "\n": "enter"}

    @property
    def due_s(self) -> float | None:
        """When `tick` is to be called, on the clock of the events."""
        return self._scanner.due_s

    def key(self, event: events.Key) -> list[Stroke]:
        """Take a key: a character may be held back, any other key lets go what was."""
        char = event.character
        if char and (char.isprintable() or char in _CONTROLS or char == self._scanner.prefix):
            self._names.setdefault(char, event.key)
            return self._strokes(self._scanner.feed(char, event.time))
        return [*self._strokes(self._scanner.flush(event.time)), event]

    def tick(self, now_s: float) -> list[Stroke]:
        """Let go what no key has followed in time."""
        return self._strokes(self._scanner.tick(now_s))

    def paste(self, text: str) -> list[Stroke]:
        """Take pasted text: a terminal may hand a scan over like that."""
        return self._strokes(self._scanner.paste(text))

    def _strokes(self, heard: Iterable[Heard]) -> list[Stroke]:
        strokes: list[Stroke] = []
        for one in heard:
            if isinstance(one, Typing):
                strokes += (events.Key(self._names.get(c, c), c) for c in one.text)
            else:
                strokes.append(one)
        return strokes
