"""A rule pack out of the fields of a form: one rule of each kind, one window, a few limits.

That covers the campaigns that are known to have taken place; what a form cannot say, the expert's
box can. Amounts are typed in euros, rates in percent, times as local ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

import msgspec

from sync.contract.rewards.rules import Action, Period, RulePack, Scope
from sync.server.organiser.fields import (
    BadField,
    Form,
    basis_points,
    cents,
    listed,
    local_time,
    one_of,
    whole,
)

TIERS: Final = 5
LIMITS: Final = 6
MOMENTS: Final = ("starts_at", "ends_at", "spend_until_at")
NUMBERS: Final = ("claim_days", "pending_days", "grace_hours")
POLICY: Final[Mapping[str, Callable[[str], int]]] = {
    "voucher_max": cents,
    "in_a_row_max": whole,
    "till_max": cents,
    "list_age_hours_max": whole,
    "courier_above": cents,
    "online_one_in": whole,
}
Said: TypeAlias = dict[str, Any]
_NONE: Final[tuple[str, ...]] = ()
_NO_VALUES: Final[tuple[int, ...]] = ()


def from_fields(campaign: str, form: Form) -> RulePack | None:
    """The pack that a form says; None when something cannot be read (form.problems says what).

    Whether it makes sense is for sync.contract.rewards.check to say.
    """
    at = partial(local_time, zone=form.text("zone"))
    said = {
        "campaign": campaign,
        "number": 1,
        "name": form.name("name"),
        **{name: form.need(name, at, "") for name in MOMENTS},
        "rules": [one for make in _RULES for one in make(form)],
        "tenders": form.all_of("tenders") + form.read("other_tenders", listed, _NONE),
        "excluded": form.all_of("excluded") + form.read("other_excluded", listed, _NONE),
        "limits": [one for place in range(LIMITS) for one in _limit(form, place)],
        "sole": form.is_ticked("sole"),
        "vouchers": _vouchers(form),
        "policy": {name: form.need(name, read, 0) for name, read in POLICY.items()},
        **{name: form.need(name, whole, 0) for name in NUMBERS},
    }
    return None if form.problems else read_pack(said, form.problems)


def read_pack(said: Any, problems: dict[str, str]) -> RulePack | None:
    """A pack within the contract's bounds; None, with what was expected, when it is outside."""
    try:
        return msgspec.convert(said, RulePack)
    except msgspec.ValidationError as error:
        problems[""] = str(error)
        return None


def _shared(form: Form, kind: str) -> Said:
    first = form.read(f"{kind}_first", whole, 0)
    shared: Said = {"first": first} if first else {}
    floor = form.read(f"{kind}_floor", cents, 0)
    return shared | {"kind": kind, "id": form.text(f"{kind}_id") or kind, "floor": floor}


def _percent(form: Form) -> list[Said]:
    if not form.text("percent_rate"):
        return []
    rule = _shared(form, "percent") | {"rate": form.need("percent_rate", basis_points, 0)}
    if form.text("percent_base_max"):
        rule["base_max"] = form.need("percent_base_max", cents, 0)
    return [rule | _windows(form)]


def _tiers(form: Form) -> list[Said]:
    tiers = []
    for place in range(TIERS):
        floor, reward = f"tier_floor_{place}", f"tier_reward_{place}"
        if form.text(floor) or form.text(reward):
            tiers.append(
                {"floor": form.need(floor, cents, 0), "reward": form.need(reward, cents, 0)}
            )
    return [_shared(form, "tiers") | {"tiers": tiers} | _windows(form)] if tiers else []


def _return_visit(form: Form) -> list[Said]:
    if not form.text("return_reward"):
        return []
    reward = form.need("return_reward", cents, 0)
    within = form.need("return_within_days", whole, 1)
    return [_shared(form, "return") | {"reward": reward, "within_days": within}]


def _draw(form: Form) -> list[Said]:
    if not form.text("draw_reward"):
        return []
    reward = form.need("draw_reward", cents, 0)
    chance = form.need("draw_chance", basis_points, 1)
    return [_shared(form, "draw") | {"reward": reward, "chance": chance}]


_RULES: Final = (_percent, _tiers, _return_visit, _draw)


def _windows(form: Form) -> Said:
    days = [int(one) for one in form.all_of("weekdays") if one in set("1234567")]
    starts, ends = form.text("from_time") or "00:00", form.text("until_time") or "24:00"
    if not days and (starts, ends) == ("00:00", "24:00"):
        return {}
    return {"windows": [{"weekdays": days, "from_time": starts, "until_time": ends}]}


def _limit(form: Form, place: int) -> list[Said]:
    if not form.text(f"limit_most_{place}"):
        return []
    action = form.need(f"limit_action_{place}", one_of(Action), "earn")
    limit = {
        "action": action,
        "scope": form.need(f"limit_scope_{place}", one_of(Scope), "person"),
        "period": form.need(f"limit_period_{place}", one_of(Period), "campaign"),
        "most": form.need(f"limit_most_{place}", whole if action == "count" else cents, 0),
    }
    key = form.text(f"limit_key_{place}")
    return [limit | ({"key": key} if key else {})]


def _vouchers(form: Form) -> Said:
    return {
        "values": form.need("voucher_values", _values, _NO_VALUES),
        "valid_days": form.need("valid_days", whole, 1),
        "min_spend": form.read("min_spend", cents, 0),
    }


def _values(typed: str) -> tuple[int, ...]:
    """Vouchers' values in euros, between semicolons or blanks: a comma is a decimal's."""
    found = tuple(cents(one) for one in typed.replace(";", " ").split())
    if not found:
        raise BadField("expected_euros")
    return found
