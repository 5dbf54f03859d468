from __future__ import annotations

import re
from typing import Any

import pytest

from sync.server import texts
from sync.server.organiser.words import dashboard, figures
from sync.server.reference.naf_tables import DIVISIONS
from sync.server.services import Services
from sync.server.watch import writing
from sync.server.watch.charts import Frame, Line, lines, stacked_bars
from tests.sync.server.kit import Api, VirtualClock
from tests.sync.server.market import CAMPAIGN, Market, secret
from tests.sync.server.people import join
from tests.sync.server.test_server_pages import Reader

PAGE = f"/campaigns/{CAMPAIGN}/dashboard"


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    made = Market(api, services)
    made.open("Quai", "Port")
    return made


@pytest.fixture
def admin(api: Api) -> dict[str, str]:
    return api.admin


def sold(market: Market) -> None:
    for number, name in enumerate(("Quai", "Port")):
        market.sell(name, 5000, market.earn(name, 5000, secret(number)))
        market.send(name)


def test_it_shows_the_figures_with_their_definitions(
    market: Market, admin: dict[str, str], clock: VirtualClock
) -> None:
    sold(market)
    clock.advance(days=1)
    page = Reader(market.api.ask("GET", PAGE, headers=admin).text)
    words = texts.typeset(figures.TEXTS)["fr"]
    found = market.figures()
    for key in ("turnover", "eligible", "earned", "pledged"):
        assert words[f"f_{key}"] in page.text
        assert words[f"d_{key}"] in page.text
        assert texts.euros(found[key], "fr") in page.text
    assert words["d_floor"] in page.text
    assert "État au" in page.text
    assert "Pas assez de données" in page.text
    day = next(table for table in page.tables if table[0][0] == "Jour")
    assert day[1][:3] == ["22/11/2026", "2", texts.euros(10_000, "fr")]


def test_trades_have_names(market: Market, admin: dict[str, str]) -> None:
    market.ask(f"shops/{market.shops['Quai']}", "PUT", status=200, naf="5610A")
    page = Reader(market.api.ask("GET", PAGE, headers=admin).text)
    assert f"56 {DIVISIONS['56'][0]}" in page.text


def test_every_chart_has_a_title_a_description_and_a_table(
    market: Market, admin: dict[str, str]
) -> None:
    sold(market)
    html = market.api.ask("GET", PAGE, headers=admin).text
    page = Reader(html)
    charts = re.findall(r'<svg class="chart"[^>]*aria-labelledby="(\S+) (\S+)"', html)
    assert len(charts) == 4
    assert {name for chart in charts for name in chart} <= set(page.ids)
    assert page.tags.count("figure") == 4
    # By day, by hour, the budget, sponsors, districts, trades, chains, tenders.
    assert len(page.tables) == 8
    assert "script" not in page.tags
    assert "<style" not in html
    assert all(address.startswith(("/", "#")) for address in page.addresses)
    assert len(page.ids) == len(set(page.ids))


def test_the_estimate_is_called_one_and_says_how_it_was_made(
    market: Market, admin: dict[str, str], clock: VirtualClock
) -> None:
    market.add_shop("Môle")
    for number, name in enumerate(("Quai", "Port", "Môle")):
        for day in ("2026-10-18", "2026-10-25"):  # the two Sundays before the opening
            market.tills[name].sell(1000, day)
        market.sell(name, 5000, market.earn(name, 5000, secret(number)))
        market.send(name)
    clock.advance(days=1)
    found = market.figures()["estimate"]
    assert (found["lacking"], found["shops"], found["weeks"], found["days"]) == (None, 3, 2, 22)
    # Four Sundays of 30 € were to be expected, and one of 150 € was seen.
    assert (found["turnover"], found["expected"]) == (15_000, 12_000)
    page = Reader(market.api.ask("GET", PAGE, headers=admin | {"Accept-Language": "en"}).text)
    assert "Additional turnover: an estimate" in page.text
    assert "An estimate, not a measurement. 3 shops" in page.text
    assert "Between €30.00 and €30.00" in page.text


def test_an_empty_campaign_has_a_dashboard(api: Api, admin: dict[str, str]) -> None:
    api.campaign("vide")
    found = api.ask("GET", "/campaigns/vide/dashboard", headers=admin)
    page = Reader(found.text)
    assert found.status_code == 200
    assert "figure" not in page.tags
    assert texts.typeset(dashboard.TEXTS)["fr"]["no_forecast"] in page.text


def test_a_till_with_a_wrong_clock_spoils_no_chart(market: Market, admin: dict[str, str]) -> None:
    sold(market)
    for day in ("1970-01-01", "2199-12-31"):
        market.tills["Quai"].sell(1, day)
    market.send("Quai")
    html = market.api.ask("GET", PAGE, headers=admin).text
    assert html.count("<rect") < 2_000
    assert "31/12/2199" in html


def test_only_whoever_leads_the_campaign_sees_it(
    market: Market, admin: dict[str, str], api: Api
) -> None:
    api.campaign("autre")
    theirs = join(api, admin, "autre", "organisateur voisin")
    ours = join(api, admin, CAMPAIGN, "organisateur")
    assert api.ask("GET", PAGE, headers=theirs.cookie).status_code == 404
    assert api.ask("GET", PAGE, headers=ours.cookie).status_code == 200
    assert api.ask("GET", PAGE).status_code == 303


def test_names_of_districts_are_text_and_never_markup(
    market: Market, admin: dict[str, str]
) -> None:
    shop = market.shops["Quai"]
    market.ask(f"shops/{shop}", "PUT", status=200, district="<b>&</b>")
    sold(market)
    page = Reader(market.api.ask("GET", PAGE, headers=admin).text)
    assert "b" not in page.tags
    assert "<b>&</b>" in page.text


@pytest.mark.parametrize("words", [figures.TEXTS, dashboard.TEXTS])
def test_both_languages_have_the_same_words(words: Any) -> None:
    assert words["fr"].keys() == words["en"].keys()
    for key, text in words["fr"].items():
        marks = [re.findall(r"\{\w+\}", said) for said in (text, words["en"][key])]
        assert sorted(marks[0]) == sorted(marks[1]), key


class TestCharts:
    FRAME = Frame("x", "Title <&>", "What it shows", str)

    def rects(self, svg: str) -> list[tuple[str, ...]]:
        pattern = (
            r'<rect class="(\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"'
        )
        return re.findall(pattern, svg)

    def test_bars_stand_on_each_other_from_zero(self) -> None:
        """The plot is 182 units high and ends at 194; its top is the round 100."""
        svg = str(stacked_bars(self.FRAME, ["a", "b"], [[50, 0], [50, 25]]))
        assert [(css, y, height) for css, _, y, _, height in self.rects(svg)] == [
            ("s0", "103", "91"),
            ("s1", "12", "91"),
            ("s1", "148.5", "45.5"),
        ]
        assert "Title &lt;&amp;&gt;" in svg

    def test_what_is_below_zero_is_not_drawn(self) -> None:
        assert self.rects(str(stacked_bars(self.FRAME, ["a"], [[-5]]))) == []

    @pytest.mark.parametrize(
        ("highest", "ticks"),
        [
            (0, ["0", "1"]),
            (4, ["0", "1", "2", "3", "4"]),
            (5, ["0", "2", "4", "6"]),
            (99, ["0", "50", "100"]),
            (101, ["0", "50", "100", "150"]),
        ],
    )
    def test_the_axis_has_round_amounts(self, highest: int, ticks: list[str]) -> None:
        svg = str(stacked_bars(self.FRAME, ["a"], [[highest]]))
        assert re.findall(r'text-anchor="end"[^>]*>(\d+)<', svg) == ticks

    def test_a_line_ends_where_its_values_do(self) -> None:
        svg = str(lines(self.FRAME, ["a", "b", "c"], [Line("spent-line", [0, 10, None])]))
        (points,) = re.findall(r'points="([^"]*)"', svg)
        assert points.split()[0].endswith(",194")
        assert len(points.split()) == 2

    def test_many_days_have_few_labels(self) -> None:
        svg = str(stacked_bars(self.FRAME, [f"d{n}" for n in range(120)], [[1] * 120]))
        assert 1 < svg.count('text-anchor="middle"') <= 6


@pytest.mark.parametrize(
    ("write", "value", "french", "english"),
    [
        (writing.count, 1_234_567, "1 234 567", "1,234,567"),
        (writing.percent, 8_512, "85,1 %", "85.1%"),
        (writing.percent, 10_000, "100,0 %", "100.0%"),
        (writing.ratio, 944, "9,4", "9.4"),
        (writing.ratio, 500, "5,0", "5.0"),
        (writing.short_euros, 25_000, "250 €", "€250"),
        (writing.short_euros, 50, "0,50 €", "€0.50"),
        (writing.short_euros, 120_000, "1,2 k€", "€1.2k"),
        (writing.short_euros, 123_400, "1 234 €", "€1,234"),
        (writing.short_euros, 1_234_500, "12,3 k€", "€12.3k"),
        (writing.short_euros, 150_000_000, "1,5 M€", "€1.5M"),
    ],
)
def test_figures_are_written_as_each_language_does(
    write: Any, value: int, french: str, english: str
) -> None:
    plain = re.sub("[\N{NARROW NO-BREAK SPACE}\N{NO-BREAK SPACE}]", " ", write(value, "fr"))
    assert plain == french
    assert write(value, "en") == english
