"""Keys of a keyboard-wedge scanner, sorted out by the driver, told in the till's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from drivers.scanner import burst


@dataclass(frozen=True, slots=True)
class Scanned:
    """A code was scanned. `garbled`: the scanner's keyboard layout is wrong, and was undone."""

    code: str
    garbled: bool = False


@dataclass(frozen=True, slots=True)
class Misread:
    """A scan that cannot be right: its check digit is wrong, or it never ended."""

    code: str


@dataclass(frozen=True, slots=True)
class Typing:
    """What a person typed."""

    text: str


Heard: TypeAlias = Scanned | Misread | Typing


class WedgeScanner:
    """The driver's detector behind the words above. Times are monotonic seconds."""

    def __init__(self, prefix: str = "", gap_max_ms: int = 50, length_min: int = 6) -> None:
        self.prefix = prefix
        self._detector = burst.BurstDetector(
            burst.BurstSettings(
                prefix=prefix or None, gap_max_s=gap_max_ms / 1000, length_min=length_min
            )
        )

    @property
    def due_s(self) -> float | None:
        """When what is held back must be decided; None if nothing is."""
        return self._detector.due_s

    def feed(self, char: str, at_s: float) -> list[Heard]:
        """Take one key's character and its own time."""
        return _told(self._detector.feed(char, at_s))

    def tick(self, now_s: float) -> list[Heard]:
        """Decide what no key has followed in time."""
        return _told(self._detector.tick(now_s))

    def flush(self, now_s: float) -> list[Heard]:
        """Decide now, before a key that no scanner sends."""
        return _told(self._detector.flush(now_s))

    def paste(self, text: str) -> list[Heard]:
        """Take text that the terminal handed over at once."""
        return _told(self._detector.paste(text))


def _told(outcomes: list[burst.Outcome]) -> list[Heard]:
    return [_one(outcome) for outcome in outcomes]


def _one(outcome: burst.Outcome) -> Heard:
    match outcome:
        case burst.Scan(reading):
            return Scanned(reading.text, reading.garbled)
        case burst.Misread(reading):
            return Misread(reading.text)
        case burst.TooLong():
            return Misread("…")
        case burst.Typed(text):
            return Typing(text)
