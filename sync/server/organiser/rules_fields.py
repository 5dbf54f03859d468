"""A rule pack as the fields of the form that sync.server.organiser.rules_form reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from sync.contract.rewards.rules import (
    FAMILIES,
    OWN_MONEY,
    InstantWin,
    Limit,
    Percent,
    ReturnVisit,
    Rule,
    RulePack,
    Tiers,
)
from sync.server.organiser.campaign_zone import zone_of
from sync.server.organiser.fields import Form, cents, euros, percent
from sync.server.organiser.rules_form import LIMITS, MOMENTS, NUMBERS, POLICY, from_fields

_TIME: Final = "%Y-%m-%dT%H:%M"


def to_fields(pack: RulePack) -> dict[str, list[str]] | None:
    """The fields that say exactly this pack; None when the form cannot say it."""
    fields = _fields(pack)
    if fields is None:
        return None
    again = from_fields(pack.campaign, Form(fields))
    same = again and msgspec.structs.replace(again, number=pack.number) == pack
    return fields if same else None


def _fields(pack: RulePack) -> dict[str, list[str]] | None:
    times = _times(pack)
    by_kind = {type(rule): rule for rule in pack.rules}
    if times is None or len(by_kind) < len(pack.rules) or len(pack.limits) > LIMITS:
        return None
    single = {
        "name": pack.name,
        **{name: str(getattr(pack, name)) for name in NUMBERS},
        **{name: _shown(read, getattr(pack.policy, name)) for name, read in POLICY.items()},
        "voucher_values": " ; ".join(euros(value) for value in pack.vouchers.values),
        "valid_days": str(pack.vouchers.valid_days),
        "min_spend": euros(pack.vouchers.min_spend),
        **times,
    }
    for rule in pack.rules:
        single |= _of_rule(rule)
    for place, limit in enumerate(pack.limits):
        single |= _of_limit(place, limit)
    fields = {name: [value] for name, value in single.items() if value}
    return fields | _boxes(pack)


def _shown(read: Callable[[str], int], value: int) -> str:
    return euros(value) if read is cents else str(value)


def _times(pack: RulePack) -> dict[str, str] | None:
    """The pack's times as local ones, in the zone that they are written in."""
    zone = zone_of(pack)
    if zone is None:
        return None
    moments = (datetime.fromisoformat(getattr(pack, name)) for name in MOMENTS)
    shown = (f"{one.astimezone(ZoneInfo(zone)):{_TIME}}" for one in moments)
    return {"zone": zone, **dict(zip(MOMENTS, shown, strict=True))}


def _boxes(pack: RulePack) -> dict[str, list[str]]:
    """What is ticked, and what no box stands for."""
    boxes = {
        "tenders": [one for one in pack.tenders if one in OWN_MONEY],
        "other_tenders": ["; ".join(one for one in pack.tenders if one not in OWN_MONEY)],
        "excluded": [one for one in pack.excluded if one in FAMILIES],
        "other_excluded": ["; ".join(one for one in pack.excluded if one not in FAMILIES)],
        "sole": ["1"] if pack.sole else [],
    }
    windows = {rule.windows for rule in pack.rules if isinstance(rule, Percent | Tiers)}
    for window in (one for found in windows for one in found[:1]):
        boxes["weekdays"] = [str(one) for one in window.weekdays]
        boxes["from_time"], boxes["until_time"] = [window.from_time], [window.until_time]
    return {name: values for name, values in boxes.items() if values and values != [""]}


def _of_rule(rule: Rule) -> dict[str, str]:
    kind = _KINDS[type(rule)]
    found = {
        f"{kind}_id": rule.id,
        f"{kind}_floor": euros(rule.floor) if rule.floor else "",
        f"{kind}_first": str(rule.first) if rule.first else "",
    }
    if isinstance(rule, Percent):
        most = "" if rule.base_max is None else euros(rule.base_max)
        return found | {"percent_rate": percent(rule.rate), "percent_base_max": most}
    if isinstance(rule, Tiers):
        for place, tier in enumerate(rule.tiers):
            found[f"tier_floor_{place}"] = euros(tier.floor)
            found[f"tier_reward_{place}"] = euros(tier.reward)
        return found
    if isinstance(rule, ReturnVisit):
        days = str(rule.within_days)
        return found | {"return_reward": euros(rule.reward), "return_within_days": days}
    return found | {"draw_reward": euros(rule.reward), "draw_chance": percent(rule.chance)}


def _of_limit(place: int, limit: Limit) -> dict[str, str]:
    most = str(limit.most) if limit.action == "count" else euros(limit.most)
    return {
        f"limit_action_{place}": limit.action,
        f"limit_scope_{place}": limit.scope,
        f"limit_period_{place}": limit.period,
        f"limit_most_{place}": most,
        f"limit_key_{place}": limit.key or "",
    }


_KINDS: Final = {Percent: "percent", Tiers: "tiers", ReturnVisit: "return", InstantWin: "draw"}
