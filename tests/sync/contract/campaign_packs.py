"""The rule packs of campaigns that took place, as far as their rules were published."""

from __future__ import annotations

from sync.contract.rewards.rules import (
    InstantWin,
    Limit,
    Percent,
    ReturnVisit,
    Rule,
    RulePack,
    Tier,
    Tiers,
)

START, END, SPEND = (
    "2026-11-25T00:00:00+01:00",
    "2026-12-21T00:00:00+01:00",
    "2027-01-31T00:00:00+01:00",
)
OPEN = "2026-11-28T15:04:05.000+01:00"  # a Saturday in the campaign


def pack(*rules: Rule, limits: tuple[Limit, ...] = (), sole: bool = False) -> RulePack:
    return RulePack(
        campaign="demo",
        number=1,
        name="Démonstration",
        starts_at=START,
        ends_at=END,
        spend_until_at=SPEND,
        rules=rules,
        limits=limits,
        sole=sole,
    )


BACK = Percent(id="back", rate=2000, base_max=5000)
BONUS = ReturnVisit(id="bonus", reward=500, within_days=60)

# City Foliz, Hérault 2019: 20 % of the first 50 euros; 2020-21: and 5 euros for coming back.
FOLIZ_2019 = pack(BACK)
FOLIZ_2020 = pack(BACK, BONUS)
# Narbonne 2020: 30 %, at most 15 euros a day.
NARBONNE = pack(
    Percent(id="back", rate=3000),
    limits=(Limit(action="earn", scope="person", period="day", most=1500),),
)
# Graz: 50, 100 and 200 euros give 10, 20 and 30.
GRAZ = pack(
    Tiers(
        id="tiers",
        tiers=(
            Tier(floor=5000, reward=1000),
            Tier(floor=10_000, reward=2000),
            Tier(floor=20_000, reward=3000),
        ),
    )
)
# J'aime mon bistrot: half as much again, for the first 20,000 orders, with two ceilings.
BISTROT = pack(
    Percent(id="half", rate=5000, base_max=5000, first=20_000),
    limits=(
        Limit(action="earn", scope="person", period="campaign", most=5000),
        Limit(action="earn", scope="shop", period="campaign", most=200_000),
    ),
)
# Malta: a minimum purchase of 20 euros.
MALTA = pack(Percent(id="part", rate=1000, floor=2000))
LOTTERY = pack(InstantWin(id="win", reward=2000, chance=100, first=3))
