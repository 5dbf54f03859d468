"""The dashboard as its template wants it: figures in groups, charts, and the tables beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias

from markupsafe import Markup

from sync.contract.organising import Figures
from sync.contract.watching import Forecast
from sync.server import texts
from sync.server.reference.naf import division_name
from sync.server.texts import Language
from sync.server.watch import writing
from sync.server.watch.charts import SERIES_MAX, Frame, Line, lines, stacked_bars

Words: TypeAlias = Mapping[str, str]
DRAWN_MAX: Final = 400
Unit: TypeAlias = Literal["count", "euros", "percent", "ratio"]
_GROUPS: Final[Sequence[tuple[str, Sequence[tuple[str, Unit]]]]] = (
    (
        "group_sales",
        (
            *(("turnover", "euros"), ("sales", "count"), ("refunds", "count")),
            *(("mean_basket", "euros"), ("rewarded", "count"), ("eligible", "euros")),
        ),
    ),
    (
        "group_rewards",
        (
            *(("earned", "euros"), ("given", "euros"), ("redeemed", "euros")),
            *(("waiting", "euros"), ("expired", "euros"), ("clawed_back", "euros")),
            *(("leverage", "ratio"), ("floor", "ratio")),
        ),
    ),
    (
        "group_shops",
        (
            *(("shops", "count"), ("recent_shops", "count"), ("resting_shops", "count")),
            *(("unused_shops", "count"), ("silent_tills", "count"), ("top_share", "percent")),
            *(("payable", "euros"), ("paid", "euros")),
        ),
    ),
    (
        "group_use",
        (
            *(("shoppers", "count"), ("returning", "count"), ("visits", "count")),
            *(("redemptions", "count"), ("offline_share", "percent"), ("doubled", "euros")),
            ("violations", "count"),
        ),
    ),
)
_BUDGET: Final[Sequence[tuple[str, Unit]]] = (
    *(("pledged", "euros"), ("spent", "euros"), ("left", "euros")),
    *(("leased", "euros"), ("reserved", "euros")),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure as it is shown: its name in the words, and its value."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, and what its colours stand for: class and name."""

    svg: Markup
    legend: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes in one language."""

    language: Language
    words: Words

    def show(self, value: int | None, unit: Unit) -> str:
        """A value in its unit; a dash for one that there is not."""
        if value is None:
            return self.words["nothing_yet"]
        if unit == "euros":
            return texts.euros(value, self.language)
        writer = {"count": writing.count, "percent": writing.percent, "ratio": writing.ratio}
        return writer[unit](value, self.language)

    def tick(self, cents: int) -> str:
        """An amount on an axis."""
        return writing.short_euros(cents, self.language)

    def label(self, day: str) -> str:
        """A day under a chart, without its year."""
        return f"{day[8:10]}/{day[5:7]}" if self.language == "fr" else day[5:10]

    def day(self, day: str) -> str:
        """A day, whole."""
        return texts.day(day, self.language)

    def cell(self, key: str, kind: str = "") -> str:
        """The name of a cell: of a kind that has words, or as it was given."""
        if not key:
            return self.words["unknown"]
        if key == "…":
            return self.words["others"]
        if kind == "division":
            return f"{key} {division_name(key, self.language)}".rstrip()
        return self.words.get(f"{kind}_{key}", key) if kind else key


def groups(found: Figures, pen: Pen) -> list[tuple[str, list[Tile]]]:
    """All figures but those of the budget, by group."""
    values = _values(found)
    return [(name, _tiles(values, keys, pen)) for name, keys in _GROUPS]


def budget(found: Figures, pen: Pen) -> list[Tile]:
    """The budget's figures."""
    return _tiles(_values(found), _BUDGET, pen)


def _tiles(
    values: Mapping[str, int | None], keys: Sequence[tuple[str, Unit]], pen: Pen
) -> list[Tile]:
    return [Tile(key, pen.show(values[key], unit)) for key, unit in keys]


def _values(found: Figures) -> dict[str, int | None]:
    names = [key for _, keys in _GROUPS for key, _ in keys] + [key for key, _ in _BUDGET]
    left = found.free + found.leased + found.reserved
    given = {
        "waiting": found.unclaimed + found.pending + found.available + found.vouchers,
        "left": left,
        "spent": found.forecast.spent if found.forecast else found.pledged - left,
    }
    return {name: given[name] if name in given else getattr(found, name) for name in names}


def turnover_chart(
    days: Sequence[str], districts: Mapping[str, Mapping[str, int]], pen: Pen
) -> Chart:
    """The turnover of each day, the four largest districts apart."""
    largest = sorted(districts, key=lambda one: (-sum(districts[one].values()), one))
    shown, rest = largest[: SERIES_MAX - 1], largest[SERIES_MAX - 1 :]
    series = [[districts[one].get(day, 0) for day in days] for one in shown]
    legend = [(f"s{number}", pen.cell(one)) for number, one in enumerate(shown)]
    if rest:
        series.append([sum(districts[one].get(day, 0) for one in rest) for day in days])
        legend.append((f"s{len(shown)}", pen.cell("…")))
    return Chart(_by_day("turnover", days, series, pen), legend)


def earned_chart(days: Sequence[str], found: Figures, pen: Pen) -> Chart:
    """The rewards of each day."""
    earned = {one["day"]: one["earned"] for one in found.days}
    return Chart(_by_day("earned", days, [[earned[day] for day in days]], pen), ())


def _by_day(name: str, days: Sequence[str], series: Sequence[Sequence[int]], pen: Pen) -> Markup:
    """Bars of every calendar day: one on which nothing was sold is a gap that is seen."""
    every = _calendar(days[0], days[-1])
    place = {day: index for index, day in enumerate(days)}
    filled = [[one[place[day]] if day in place else 0 for day in every] for one in series]
    top = max(map(sum, zip(*filled, strict=True)))
    words = {"days": len(every), "top": texts.euros(top, pen.language)}
    description = pen.words[f"chart_{name}_desc"].format(**words)
    frame = Frame(f"chart-{name}", pen.words[f"chart_{name}"], description, pen.tick)
    return stacked_bars(frame, [pen.label(day) for day in every], filled)


def hours_chart(found: Figures, pen: Pen) -> Chart:
    """The turnover of each hour of the day."""
    cents = {int(one.key): one.cents for one in found.by.hours}
    hours = range(min(cents), max(cents) + 1)
    best = max(cents, key=lambda hour: cents[hour])
    words = {"top": texts.euros(cents[best], pen.language), "hour": best}
    description = pen.words["chart_hours_desc"].format(**words)
    frame = Frame("chart-hours", pen.words["chart_hours"], description, pen.tick)
    labels = [f"{hour} h" if pen.language == "fr" else f"{hour}:00" for hour in hours]
    return Chart(stacked_bars(frame, labels, [[cents.get(hour, 0) for hour in hours]]), ())


def budget_chart(
    known: Forecast, spent: Mapping[date, int], opens: date, today: date, pen: Pen
) -> Chart:
    """What was committed until each day, against the budget and an even spending."""
    ends = date.fromisoformat(known.ends_on)
    every = _calendar(min([opens, *spent]).isoformat(), max(ends, today).isoformat())
    committed = _cumulated(spent, every, today)
    length = (ends - opens).days + 1
    over = [min(max((date.fromisoformat(one) - opens).days + 1, 0), length) for one in every]
    words = {
        "spent": texts.euros(known.spent, pen.language),
        "budget": texts.euros(known.budget, pen.language),
        "ends": pen.day(known.ends_on),
    }
    description = pen.words["chart_budget_desc"].format(**words)
    frame = Frame("chart-budget", pen.words["chart_budget"], description, pen.tick)
    drawn = (
        Line("budget-line", [known.budget] * len(every)),
        Line("even-line", [known.budget * days // length for days in over]),
        Line("spent-line", committed),
    )
    names = (
        ("spent-line", "committed"),
        ("even-line", "even_pace"),
        ("budget-line", "whole_budget"),
    )
    svg = lines(frame, [pen.label(day) for day in every], drawn)
    return Chart(svg, [(css, pen.words[word]) for css, word in names])


def cumulated_days(spent: Mapping[date, int]) -> list[tuple[str, int, int]]:
    """Each day on which money left the budget: what did, and what had in all."""
    rows: list[tuple[str, int, int]] = []
    whole = 0
    for day in sorted(spent):
        whole += spent[day]
        rows.append((day.isoformat(), spent[day], whole))
    return rows


def _cumulated(spent: Mapping[date, int], every: Sequence[str], today: date) -> list[int | None]:
    whole = sum(cents for day, cents in spent.items() if day.isoformat() < every[0])
    found: list[int | None] = []
    for day in map(date.fromisoformat, every):
        whole += spent.get(day, 0)
        found.append(whole if day <= today else None)
    return found


def _calendar(first: str, last: str) -> list[str]:
    """Every day between two, both included; at most the last DRAWN_MAX of them."""
    end = date.fromisoformat(last)
    length = min((end - date.fromisoformat(first)).days + 1, DRAWN_MAX)
    return [(end - timedelta(days=n)).isoformat() for n in range(length - 1, -1, -1)]
