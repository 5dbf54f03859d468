"""Rules that towns have chosen before, as fields to start from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.contract.rewards.rules import RulePack
from sync.server.organiser.rules_fields import to_fields

PRESETS: Final[Mapping[str, Mapping[str, str]]] = {
    "back": {"percent_rate": "20", "percent_base_max": "50"},
    "return": {
        "percent_rate": "20",
        "percent_base_max": "50",
        "return_reward": "5",
        "return_within_days": "60",
    },
    "daily": {
        "percent_rate": "30",
        "limit_action_0": "earn",
        "limit_scope_0": "person",
        "limit_period_0": "day",
        "limit_most_0": "15",
    },
    "tiers": {
        "tier_floor_0": "50",
        "tier_reward_0": "10",
        "tier_floor_1": "100",
        "tier_reward_1": "20",
        "tier_floor_2": "200",
        "tier_reward_2": "30",
    },
    "half": {
        "percent_rate": "50",
        "percent_base_max": "50",
        "percent_first": "20000",
        "limit_action_0": "earn",
        "limit_scope_0": "person",
        "limit_period_0": "campaign",
        "limit_most_0": "50",
        "limit_action_1": "earn",
        "limit_scope_1": "shop",
        "limit_period_1": "campaign",
        "limit_most_1": "2000",
    },
    "win": {
        "percent_rate": "10",
        "percent_base_max": "50",
        "draw_reward": "20",
        "draw_chance": "1",
    },
}
_OF_RULES: Final = ("percent_", "tier", "return_", "draw_", "limit_")
_ANY_TIME: Final = "2026-01-01T00:00:00+01:00"


def first_fields(name: str) -> dict[str, list[str]]:
    """The fields of a campaign that has no rules yet: what is usual, without rules nor times."""
    usual = RulePack(
        campaign="x",
        number=1,
        name=name,
        starts_at=_ANY_TIME,
        ends_at=_ANY_TIME,
        spend_until_at=_ANY_TIME,
        rules=(),
    )
    fields = to_fields(usual) or {}
    return {k: v for k, v in fields.items() if not k.endswith("_at")}


def with_preset(fields: Mapping[str, list[str]], preset: str) -> dict[str, list[str]]:
    """Fields with the rules and limits of a preset instead of their own."""
    kept = {name: said for name, said in fields.items() if not name.startswith(_OF_RULES)}
    return kept | {name: [value] for name, value in PRESETS[preset].items()}
