"""Charts drawn as SVG that stands in the page: no script, no style of its own, no other host. Pure.

Colours and type come from style.css by class, so that dark and light pages both can be read; every
chart has a title, a description, and a table beside it that says the same. Coordinates are tenths
of a unit as integers, written with one decimal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

WIDTH: Final = 4000
HEIGHT: Final = 2200
LEFT: Final = 520
RIGHT: Final = 60
TOP: Final = 120
BOTTOM: Final = 260
TICKS: Final = 4
LABELS_MAX: Final = 6
SERIES_MAX: Final = 5
_PLOT_WIDTH: Final = WIDTH - LEFT - RIGHT
_PLOT_HEIGHT: Final = HEIGHT - TOP - BOTTOM


@dataclass(frozen=True, slots=True)
class Frame:
    """What a chart is called, and how its amounts (cents) are written on the axis."""

    id: str
    title: str
    description: str
    write: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line over all labels; None where it has no value. `css` is its class."""

    css: str
    values: Sequence[int | None]


def stacked_bars(frame: Frame, labels: Sequence[str], series: Sequence[Sequence[int]]) -> Markup:
    """One bar a label, made of the values of each series, at most SERIES_MAX; never below zero."""
    columns = [[max(one, 0) for one in column] for column in zip(*series, strict=True)]
    scale = _Scale.of([sum(column) for column in columns])
    step = _PLOT_WIDTH / max(len(columns), 1)
    width = max(int(step * 8 / 10), 5)
    parts: list[str] = []
    for index, column in enumerate(columns):
        x, below = LEFT + int(step * index + (step - width) / 2), 0
        for number, value in enumerate(column):
            if value:
                top, base = scale.y(below + value), scale.y(below)
                parts.append(_rect(f"s{number}", x, top, width, max(base - top, 1)))
            below += value
    return _chart(frame, scale, _labels(labels), parts)


def lines(frame: Frame, labels: Sequence[str], drawn: Sequence[Line]) -> Markup:
    """Lines over the same labels, from zero."""
    scale = _Scale.of([one for line in drawn for one in line.values if one is not None])
    return _chart(frame, scale, _labels(labels), [_polyline(one, scale) for one in drawn])


@dataclass(frozen=True, slots=True)
class _Scale:
    """From zero to the first round amount above all values."""

    step: int
    top: int

    @classmethod
    def of(cls, values: Sequence[int]) -> _Scale:
        highest = max([*values, 1])
        size = 1
        while True:
            for step in (size, 2 * size, 5 * size):
                if step * TICKS >= highest:
                    return cls(step, step * -(-highest // step))
            size *= 10

    def y(self, value: int) -> int:
        return TOP + _PLOT_HEIGHT - min(max(value, 0), self.top) * _PLOT_HEIGHT // self.top


def _chart(frame: Frame, scale: _Scale, labels: Sequence[str], parts: Sequence[str]) -> Markup:
    start = Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-labelledby="{id}-t {id}-d">'
        '<title id="{id}-t">{title}</title><desc id="{id}-d">{description}</desc>'
    ).format(
        w=WIDTH // 10,
        h=HEIGHT // 10,
        id=frame.id,
        title=frame.title,
        description=frame.description,
    )
    return start + Markup("".join((*_axis(frame, scale), *parts, *labels, "</svg>")))  # noqa: S704 - escaped


def _axis(frame: Frame, scale: _Scale) -> list[str]:
    parts: list[str] = []
    for value in range(0, scale.top + 1, scale.step):
        y = scale.y(value)
        parts.append(_grid(y))
        parts.append(_text("end", LEFT - 50, y + 35, frame.write(value)))
    return parts


def _labels(labels: Sequence[str]) -> list[str]:
    """A few labels under the plot, the first and the last among them when there is room."""
    if not labels:
        return []
    step = _PLOT_WIDTH / len(labels)
    every = -(-len(labels) // LABELS_MAX)
    return [
        _text("middle", LEFT + int(step * (index + 0.5)), HEIGHT - 90, labels[index])
        for index in range(0, len(labels), every)
    ]


def _polyline(line: Line, scale: _Scale) -> str:
    step = _PLOT_WIDTH / max(len(line.values), 1)
    points = " ".join(
        f"{_tenth(LEFT + int(step * (index + 0.5)))},{_tenth(scale.y(value))}"
        for index, value in enumerate(line.values)
        if value is not None
    )
    return str(Markup('<polyline class="{}" points="{}"/>').format(line.css, points))


def _rect(css: str, x: int, y: int, width: int, height: int) -> str:
    box = f'x="{_tenth(x)}" y="{_tenth(y)}" width="{_tenth(width)}" height="{_tenth(height)}"'
    return f'<rect class="{css}" {box}/>'


def _grid(y: int) -> str:
    return (
        f'<line class="grid" x1="{_tenth(LEFT)}" x2="{_tenth(WIDTH - RIGHT)}"'
        f' y1="{_tenth(y)}" y2="{_tenth(y)}"/>'
    )


def _text(anchor: str, x: int, y: int, text: str) -> str:
    return str(
        Markup('<text text-anchor="{}" x="{}" y="{}">{}</text>').format(
            anchor, _tenth(x), _tenth(y), text
        )
    )


def _tenth(value: int) -> str:
    return f"{value // 10}.{value % 10}" if value % 10 else str(value // 10)
