from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync.contract.rewards.rules import Percent, Tier, Tiers
from sync.server.config import ServerConfig
from sync.server.exports.cells import read_week, read_weeks
from sync.server.organiser.figures import figures, floor, window
from sync.server.run import open_services
from sync.server.services import Clock, Services
from sync.server.store.db import Db
from sync.server.tills.tallies import fill_missing
from sync.server.watch.breakdowns import CELLS_MAX, by_cell, top_share
from sync.server.watch.estimate import Group, Panel, estimate
from sync.server.watch.forecast import Pot, forecast
from sync.server.watch.panel import read_panel
from sync.server.watch.reading import read_dashboard
from sync.server.watch.shop_sums import ShopSums
from tests.sync.server.kit import ORIGIN, Api, VirtualClock
from tests.sync.server.market import CAMPAIGN, RULES, Market, secret

EURO = 100


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    made = Market(api, services)
    made.open("Quai", "Port", "Môle", "Fermé")
    return made


def facts(market: Market, shop: str, **changes: Any) -> None:
    known = {"town": "Saint-Malo", "district": "port", "naf": "1071C"}
    market.ask(f"shops/{market.shops[shop]}", "PUT", status=200, **(known | changes))


class TestForecast:
    # Narbonne, 13 July 2020: 400,000 € were gone in one month.
    NARBONNE_DAILY = 400_000 * EURO // 31

    def narbonne(self, today: date) -> Pot:
        opens = date(2020, 7, 13)
        days = (today - opens).days
        spent = {opens + timedelta(days=n): self.NARBONNE_DAILY for n in range(min(days, 31))}
        return Pot(400_000 * EURO, spent, opens, date(2020, 12, 31))

    def test_narbonne_is_foretold_after_one_week(self) -> None:
        found = forecast(self.narbonne(date(2020, 7, 20)), date(2020, 7, 20))
        assert (found.burn, found.burn_days) == (1_290_322, 7)  # 12,903.22 € a day
        assert found.spent == 7 * 1_290_322
        assert found.runs_out_on == "2020-08-13"  # 24 days and 31 cents later
        # Seven of 172 days: an even pace had spent 16,279.06 €; it spent 5.54 times that.
        assert (found.planned, found.pace) == (1_627_906, 55_483)
        assert found.even == (40_000_000 - 7 * 1_290_322) // 165

    def test_an_empty_pot_is_out_today(self) -> None:
        pot = Pot(1000, {date(2020, 7, 13): 1000}, date(2020, 7, 13), date(2020, 7, 31))
        found = forecast(pot, date(2020, 7, 14))
        assert (found.left, found.runs_out_on, found.even) == (0, "2020-07-14", 0)

    @pytest.mark.parametrize(
        ("left", "day"),
        [(299, "2020-07-22"), (300, "2020-07-22"), (301, "2020-07-23"), (100, "2020-07-20")],
    )
    def test_the_last_cent_decides_the_day(self, left: int, day: str) -> None:
        spent = {date(2020, 7, 13) + timedelta(days=n): 100 for n in range(7)}
        pot = Pot(700 + left, spent, date(2020, 7, 13), date(2020, 12, 31))
        assert forecast(pot, date(2020, 7, 20)).runs_out_on == day

    def test_a_budget_that_outlasts_the_campaign_has_no_such_day(self) -> None:
        pot = Pot(1_000, {date(2020, 7, 13): 10}, date(2020, 7, 13), date(2020, 7, 31))
        found = forecast(pot, date(2020, 7, 15))
        assert (found.burn, found.burn_days, found.runs_out_on) == (5, 2, None)

    def test_nothing_is_foretold_before_a_day_is_over(self) -> None:
        opens = date(2020, 7, 13)
        pot = Pot(1_000, {opens: 10}, opens, date(2020, 7, 31))
        found = forecast(pot, opens)
        assert (found.burn, found.burn_days, found.runs_out_on) == (None, 0, None)
        assert (found.planned, found.pace, found.even) == (0, None, 990 // 19)
        early = forecast(Pot(1_000, {}, opens, date(2020, 7, 31)), date(2020, 7, 1))
        assert (early.burn, early.planned, early.even) == (None, 0, 1_000 // 19)

    def test_after_the_end_the_pace_is_that_of_its_last_week(self) -> None:
        opens, ends = date(2020, 7, 1), date(2020, 7, 31)
        spent = {opens + timedelta(days=n): 10 for n in range(31)}
        found = forecast(Pot(1_000, spent, opens, ends), date(2020, 9, 1))
        assert (found.burn, found.runs_out_on, found.even) == (10, None, None)
        assert (found.planned, found.pace) == (1_000, 3_100)


class TestEstimate:
    OPENS = date(2026, 11, 2)  # a Monday

    def panel(self, others: int = 0, trend: int = 100, shops: int = 3, days: int = 7) -> Panel:
        """Mondays made 100, 120, 80 and 100 € before, other days nothing; 150 € since."""
        before = {self.OPENS - timedelta(weeks=n): cents for n, cents in self.mondays()}
        since = {self.OPENS: 15_000}
        rest = dict.fromkeys(before, 1000) | {self.OPENS: 10 * trend}
        last = self.OPENS + timedelta(days=days - 1)
        return Panel(Group(shops, before | since), Group(others, rest), 4, self.OPENS, last)

    def mondays(self) -> list[tuple[int, int]]:
        return [(1, 10_000), (2, 12_000), (3, 8_000), (4, 10_000)]

    def test_it_is_a_range_between_the_weakest_and_the_strongest_week(self) -> None:
        found = estimate(self.panel())
        assert (found.lacking, found.turnover, found.expected) == (None, 15_000, 10_000)
        assert (found.low, found.high, found.trend) == (3_000, 7_000, None)
        assert (found.shops, found.weeks, found.days) == (3, 4, 7)

    def test_what_others_made_meanwhile_widens_it(self) -> None:
        """The others made half as much again: so the campaign may have added nothing."""
        found = estimate(self.panel(others=3, trend=150))
        assert (found.trend, found.low, found.high) == (15_000, 0, 7_000)
        assert estimate(self.panel(others=2, trend=150)).trend is None

    @pytest.mark.parametrize(
        ("changes", "lacking"), [({"days": 6}, "days"), ({"shops": 2}, "baseline")]
    )
    def test_it_says_when_there_is_too_little(self, changes: Any, lacking: str) -> None:
        found = estimate(self.panel(**changes))
        assert (found.lacking, found.low, found.high) == (lacking, 0, 0)

    def test_each_week_of_the_campaign_is_held_against_the_weeks_before_it_opened(self) -> None:
        found = estimate(self.panel(days=14))
        assert (found.expected, found.turnover) == (20_000, 15_000)
        assert (found.low, found.high) == (15_000 - 24_000, 15_000 - 16_000)


class TestFloor:
    def test_a_fifth_forces_five(self) -> None:
        assert floor(RULES) == 500

    def test_rates_add_up_unless_only_the_best_counts(self) -> None:
        both = (Percent(id="a", rate=2000), Percent(id="b", rate=500))
        assert floor(msgspec.structs.replace(RULES, rules=both)) == 400
        assert floor(msgspec.structs.replace(RULES, rules=both, sole=True)) == 500

    def test_tiers_have_none(self) -> None:
        tiers = Tiers(id="t", tiers=(Tier(floor=100, reward=10),))
        assert floor(msgspec.structs.replace(RULES, rules=(tiers,))) is None
        assert floor(msgspec.structs.replace(RULES, rules=(Percent(id="a", rate=0),))) is None
        assert floor(None) is None

    def test_a_campaign_that_ends_at_midnight_has_its_last_day_before(self) -> None:
        assert window(RULES) == (date(2026, 11, 1), date(2026, 12, 24))


def shop(number: int, **changes: Any) -> ShopSums:
    zero: dict[str, Any] = dict.fromkeys(ShopSums.__slots__, "")
    zero |= dict.fromkeys(
        ("sales", "refunds", "turnover", "rewarded", "eligible", "earned", "redemptions"), 0
    )
    return ShopSums(
        **(zero | {"id": str(number), "number": number, "redeemed": 0, "chain": False} | changes)
    )


class TestCells:
    def test_too_many_cells_are_added_up_as_one(self) -> None:
        shops = [shop(n, district=f"d{n:03}", turnover=1000 - n) for n in range(CELLS_MAX + 5)]
        cells = by_cell(shops, lambda one: one.district)
        assert len(cells) == CELLS_MAX
        assert (cells[0].key, cells[0].turnover) == ("d000", 1000)
        assert (cells[-1].key, cells[-1].shops) == ("…", 6)
        assert sum(cell.turnover for cell in cells) == sum(one.turnover for one in shops)

    def test_the_share_of_the_ten_largest(self) -> None:
        assert top_share([shop(n, eligible=10) for n in range(20)]) == 5_000
        assert top_share([shop(0, eligible=0)]) is None


class TestOfACampaign:
    def busy(self, market: Market) -> None:
        facts(market, "Port", district="gare", naf="5610A", chain=True)
        for n, (name, base) in enumerate([("Quai", 5000), ("Quai", 1000), ("Port", 9000)]):
            market.sell(name, base, market.earn(name, base, secret(n)))
        market.tills["Quai"].refund(-300)
        market.tills["Môle"].sell(700)
        for name in ("Quai", "Port", "Môle"):
            market.send(name)
        market.claim(market.receipt("Quai", 1000, secret(0), 1), "anna")
        market.claim(market.receipt("Port", 1000, secret(2), 1), "anna")
        token = market.voucher("anna", 1000).token
        market.sell("Quai", 3000, market.redeem(token))
        market.send("Quai")

    def test_every_figure_by_hand(self, market: Market) -> None:
        self.busy(market)
        found = market.figures()
        assert found["as_of"].startswith("2026-11-22T17:00:00")
        assert (found["turnover"], found["sales"], found["refunds"]) == (18_400, 5, 1)
        assert found["mean_basket"] == 3_680
        assert (found["rewarded"], found["eligible"], found["earned"]) == (3, 15_000, 2_200)
        assert (found["leverage"], found["floor"]) == (681, 500)
        assert (found["redemptions"], found["redeemed"]) == (1, 1_000)
        assert found["offline_share"] == 10_000
        assert (found["shops"], found["active_shops"], found["recent_shops"]) == (4, 3, 3)
        assert (found["resting_shops"], found["unused_shops"]) == (0, 1)
        assert (found["visits"], found["shoppers"], found["returning"]) == (2, 1, 1)
        assert (found["violations"], found["top_share"]) == (0, 10_000)
        (day,) = found["days"]
        assert day == {
            "day": "2026-11-22",
            "turnover": 18_400,
            "sales": 5,
            "refunds": 1,
            "eligible": 15_000,
            "earned": 2_200,
            "redeemed": 1_000,
            "spent": 2_200,
        }
        market.whole()

    def test_every_breakdown_by_hand(self, market: Market) -> None:
        self.busy(market)
        by = market.figures()["by"]
        zero = {"sales": 0, "turnover": 0, "eligible": 0, "earned": 0, "redeemed": 0}
        port = {"sales": 4, "turnover": 9_400, "eligible": 6_000, "earned": 1_200}
        gare = {"sales": 1, "turnover": 9_000, "eligible": 9_000, "earned": 1_000}
        assert by["districts"] == [
            {"key": "port", "shops": 3, "active": 2, **port, "redeemed": 1_000},
            {"key": "gare", "shops": 1, "active": 1, **gare, "redeemed": 0},
        ]
        assert [one["key"] for one in by["divisions"]] == ["", "56"]
        assert {one["key"]: one["shops"] for one in by["independence"]} == {
            "independent": 3,
            "chain": 1,
        }
        assert zero.keys() < by["districts"][0].keys()
        assert by["tenders"] == [
            {"key": "card", "times": 4, "cents": 17_000},
            {"key": "campaign", "times": 1, "cents": 1_000},
            {"key": "cash", "times": 2, "cents": 400},
        ]
        assert by["hours"] == [{"key": "18", "times": 6, "cents": 18_400}]
        assert by["modes"] == [{"key": "bearer", "times": 1, "cents": 1_000}]
        city, region = by["sponsors"]
        assert (city["name"], city["pledged"], region["pledged"]) == ("Ville", 200_000, 100_000)
        assert city["spent"] + region["spent"] == 2_200
        assert city["redeemed"] + region["redeemed"] == 1_000
        assert city["left"] == 200_000 - city["spent"]

    def test_the_budget_and_its_pace(self, market: Market, clock: VirtualClock) -> None:
        self.busy(market)
        clock.advance(days=2)
        found = market.figures()["forecast"]
        assert (found["budget"], found["spent"], found["left"]) == (300_000, 2_200, 297_800)
        assert (found["burn"], found["burn_days"]) == (2_200 // 7, 7)
        assert (found["runs_out_on"], found["ends_on"]) == (None, "2026-12-24")
        assert found["planned"] == 300_000 * 23 // 54
        assert market.figures()["silent_tills"] == 4

    def test_sums_by_day_are_the_rows_they_stand_for(self, market: Market) -> None:
        self.busy(market)
        market.api.send(market.tills["Quai"])  # all of it a second time

        def work(db: Db) -> list[Any]:
            return [db.execute(sql).fetchone() for sql in AGREE]

        for first, second in zip(*[iter(market.services.store.write_now(work))] * 2, strict=True):
            assert first == second

    def test_a_campaign_without_anything_has_figures_too(self, api: Api) -> None:
        api.campaign("vide")
        path = "/v1/admin/campaigns/vide/figures"
        found = api.ask("GET", path, headers=api.admin).json()
        assert (found["turnover"], found["mean_basket"], found["leverage"]) == (0, None, None)
        assert (found["forecast"], found["estimate"]["lacking"]) == (None, "rules")


# Each pair says the same: a sum of the rows, and what was kept beside them.
AGREE = (
    "SELECT count(*), sum(base), sum(amount) FROM earn WHERE kind = 'earn'",
    "SELECT sum(earns), sum(base_cents), sum(reward_cents) FROM reward_day",
    "SELECT count(*), sum(payable) FROM redemption",
    "SELECT sum(redemptions), sum(redeemed_cents) FROM reward_day",
    "SELECT count(*), sum(base) FROM earn WHERE kind = 'earn'",
    "SELECT sum(times), sum(cents) FROM tally WHERE what = 'earn' AND cell = 'base'",
    "SELECT count(*), sum(amount) FROM earn WHERE kind = 'earn'",
    "SELECT sum(times), sum(cents) FROM tally WHERE what = 'earn' AND cell = 'reward'",
    "SELECT count(*), sum(payable) FROM redemption",
    "SELECT sum(times), sum(cents) FROM tally WHERE what = 'mode'",
    "SELECT sum(sales) + sum(refunds), sum(total_cents) FROM turnover",
    "SELECT sum(times), sum(cents) FROM tally WHERE what = 'ticket'",
    "SELECT sum(sales) + sum(refunds), sum(total_cents) FROM turnover",
    "SELECT sum(times), sum(cents) FROM tally WHERE what = 'hour'",
    "SELECT sum(total_cents) FROM turnover",
    "SELECT sum(cents) FROM tally WHERE what = 'tender'",
    "SELECT count(*), sum(cents) FROM transfer",
    "SELECT sum(times), sum(cents) FROM flow",
    "SELECT count(*) FROM visit",
    "SELECT sum(times) FROM tally WHERE what = 'visit'",
)


def test_shops_are_held_against_their_own_weeks_before(market: Market, clock: VirtualClock) -> None:
    """Quai gives rewards, the others do not; Fermé did not sell in one of the weeks."""
    opens = date(2026, 11, 1)
    for name in market.shops:
        for week in (1, 2):
            if (name, week) != ("Fermé", 2):
                market.tills[name].sell(1000 * week, str(opens - timedelta(weeks=week)))
        market.tills[name].sell(500, str(opens))
    market.sell("Quai", 5000, market.earn("Quai", 5000, secret(1)))
    for name in market.shops:
        market.send(name)
    panel: Panel = market.services.store.write_now(
        lambda db: read_panel(db, CAMPAIGN, opens, date(2026, 11, 30), 2)
    )
    days = [opens - timedelta(weeks=2), opens - timedelta(weeks=1), opens]
    assert panel.giving == Group(
        1, dict(zip(days, (2000, 1000, 500), strict=True)) | {date(2026, 11, 22): 5000}
    )
    assert panel.others == Group(2, dict(zip(days, (4000, 2000, 1000), strict=True)))
    assert market.figures()["estimate"]["lacking"] == "baseline"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestOlderData:
    def test_a_database_from_before_has_the_same_figures(
        self, market: Market, tmp_path: Path, clock: VirtualClock
    ) -> None:
        """The step works the sums out anew from rows, the start hours and tenders from entries."""
        TestOfACampaign().busy(market)
        before = market.figures()
        market.services.store.close()
        with sqlite3.connect(tmp_path / "data" / "server.db") as db:
            db.executescript(
                "DROP TABLE reward_day; DROP TABLE tally; DROP TABLE flow; DROP TABLE earlier_key;"
                "CREATE INDEX earn_by_shop ON earn (campaign, shop, day);"
                "DROP INDEX shop_in_order; ALTER TABLE shop DROP COLUMN sort_key;"
                "CREATE INDEX shop_in_order ON shop (campaign, name, id);"
                "PRAGMA user_version = 3;"  # before those tables, and all that came after them
            )
        db.close()
        config = ServerConfig(tmp_path / "data")
        times = Clock(clock.now, clock.monotonic)
        with open_services(config, frozenset((ORIGIN,)), times) as again:
            after = again.store.write_now(lambda db: figures(db, CAMPAIGN, clock.now()))
            assert msgspec.to_builtins(after) == before
            fill_missing(again.store)
            assert again.store.write_now(lambda db: figures(db, CAMPAIGN, clock.now())) == after

    def test_no_question_walks_through_entries_or_transfers(self, market: Market) -> None:
        TestOfACampaign().busy(market)
        seen: list[str] = []

        class Watched:
            """A connection that notes what it is asked."""

            def __init__(self, db: Any) -> None:
                self.db = db

            def execute(self, sql: str, parameters: Any = (), /) -> Any:
                plan = self.db.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
                seen.extend(f"{step[3]} in {sql}" for step in plan)
                return self.db.execute(sql, parameters)

        def work(db: Db) -> None:
            watched: Any = Watched(db)
            read_dashboard(watched, CAMPAIGN, market.api.clock.now())
            for week in read_weeks(watched, CAMPAIGN):
                read_week(CAMPAIGN, week, watched)

        market.services.store.write_now(work)
        large = ("entry", "ticket", "transfer", "earn", "redemption", "balance", "visit")
        assert any("SEARCH turnover" in step for step in seen)
        for step in seen:
            assert not any(
                f"{verb} {table} " in step for verb in ("SCAN", "SEARCH") for table in large
            ), step


def test_herault_2019_is_leverage_and_a_floor_and_no_additional_turnover(market: Market) -> None:
    """850,000 € of eligible turnover for 90,000 € of rewards is 9.4; a fifth alone forces 5."""
    scale = 1000  # a thousandth of it, in cents: baskets of 85 € that earn 9 €
    for number in range(10):
        market.sell("Quai", 8500, market.earn("Quai", 8500, secret(number), 900))
    market.send("Quai")
    found = market.figures()
    assert (found["eligible"] * scale, found["earned"] * scale) == (85_000_000, 9_000_000)
    assert (found["leverage"], found["floor"]) == (944, 500)
    assert found["estimate"]["lacking"] is not None
