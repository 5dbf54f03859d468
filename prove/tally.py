"""Counts what was proved, and says so in a table."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic
from typing import TextIO


@dataclass
class Tally:
    """One suite's counts. `passed` and `failed` count cases: cuts, faults, kills."""

    suite: str
    out: TextIO = field(default_factory=lambda: sys.stdout)
    passed: int = 0
    failed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    began_s: float = field(default_factory=monotonic)

    def case(self, name: str, problems: list[str]) -> None:
        """Count a case; its problems are shown at once."""
        if problems:
            self.failed += 1
            self.say(f"FAILED {name}")
            for problem in problems:
                self.say(f"    {problem}")
        else:
            self.passed += 1

    def count(self, what: str, number: int = 1) -> None:
        """Add to a count of the table."""
        self.counts[what] += number

    def say(self, text: str) -> None:
        """Say something at once."""
        print(f"[{self.suite}] {text}", file=self.out, flush=True)

    def table(self) -> list[str]:
        """The suite's rows."""
        self.counts["seconds"] = round(monotonic() - self.began_s)
        rows = {"passed": self.passed, "failed": self.failed, **self.counts}
        return [f"{self.suite:<9}{name:<48}{number:>10}" for name, number in rows.items()]
