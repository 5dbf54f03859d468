"""The local time of a campaign: the French zone that the times of its rules are written in."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sync.contract.rewards.rules import RulePack
from sync.server.organiser.fields import ZONES
from sync.server.organiser.rules_form import MOMENTS


def zone_of(pack: RulePack) -> str | None:
    """The first zone that has the offsets of a pack's times; None when none has all of them."""
    moments = [datetime.fromisoformat(getattr(pack, name)) for name in MOMENTS]
    for zone in ZONES:
        local = [one.astimezone(ZoneInfo(zone)) for one in moments]
        if all(a.utcoffset() == b.utcoffset() for a, b in zip(local, moments, strict=True)):
            return zone
    return None


def local(now: datetime, pack: RulePack | None) -> datetime:
    """A time as clocks show it where a campaign is; that of Paris before it has rules."""
    zone = zone_of(pack) if pack else None
    return now.astimezone(ZoneInfo(zone or ZONES[0]))
