"""One row of the table: a figure, the limit measured in the same run, and what the design asks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

_WIDTHS: Final = (50, 20, 26, 9, 13, 12)
_TITLES: Final = ("figure", "measured", "limit, same run", "ratio", "hold", "aim")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as text. `holds` is None where the design asks nothing, or nothing was measured."""

    name: str
    measured: str
    limit: str = "-"
    ratio: str = "-"
    hold: str = "-"
    aim: str = "-"
    holds: bool | None = None

    def show(self) -> None:
        """Print the row."""
        verdict = "" if self.holds is None else " yes" if self.holds else " NO"
        hold = self.hold + verdict
        print(_row((self.name, self.measured, self.limit, self.ratio, hold, self.aim)), flush=True)


def heading() -> str:
    """The two lines above the rows."""
    return f"{_row(_TITLES)}\n{'-|-'.join('-' * width for width in _WIDTHS)}"


def _row(cells: Sequence[str]) -> str:
    return " | ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that this percentage of them does not exceed."""
    ranked = sorted(values)
    return ranked[max(math.ceil(len(ranked) * percent / 100) - 1, 0)]


def median(values: Sequence[float]) -> float:
    """The value in the middle."""
    return percentile(values, 50)


def written_bytes() -> int:
    """What this process has handed to write calls since it began (proc(5), `wchar`)."""
    first = Path("/proc/self/io").read_text(encoding="ascii").split("wchar:", 1)[1]
    return int(first.split(maxsplit=1)[0])


def seconds(work: Callable[[], object]) -> float:
    """How long it takes to do this once."""
    start = perf_counter()
    work()
    return perf_counter() - start
