"""Whether a rule pack makes sense, before a campaign signs it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from sync.contract.errors import Malformed
from sync.contract.rewards.rules import Rule, RulePack, Tiers, Window


def check(pack: RulePack) -> None:
    """Raise Malformed, with all that is wrong, for a pack that could only be a mistake."""
    problems = [*_times(pack), *_rules(pack), *_limits(pack), *_vouchers(pack)]
    if problems:
        raise Malformed("; ".join(problems))


def _times(pack: RulePack) -> Iterator[str]:
    names = ("starts_at", "ends_at", "spend_until_at")
    moments = []
    for name in names:
        try:
            moments.append(datetime.fromisoformat(getattr(pack, name)))
        except ValueError:
            yield f"{name}: expected a time with its offset"
    if any(moment.tzinfo is None for moment in moments):
        yield "times need their offset from UTC"
    elif len(moments) == len(names):
        if moments[0] >= moments[1]:
            yield "ends_at: expected a time after starts_at"
        if moments[1] > moments[2]:
            yield "spend_until_at: expected a time not before ends_at"


def _rules(pack: RulePack) -> Iterator[str]:
    ids = [rule.id for rule in pack.rules]
    if len(set(ids)) < len(ids):
        yield "rules: an id stands twice"
    for rule in pack.rules:
        for problem in _rule(rule):
            yield f"rule {rule.id}: {problem}"


def _rule(rule: Rule) -> Iterator[str]:
    yield from (problem for window in rule.windows for problem in _window(window))
    if isinstance(rule, Tiers):
        for lower, higher in pairwise(rule.tiers):
            if lower.floor >= higher.floor or lower.reward >= higher.reward:
                yield "tiers: expected floors and rewards that rise"
                break


def _window(window: Window) -> Iterator[str]:
    if window.from_time >= window.until_time:
        yield f"window: {window.from_time} is not before {window.until_time}"
    if window.until_time > "24:00":
        yield "window: a day ends at 24:00"


def _limits(pack: RulePack) -> Iterator[str]:
    for place, limit in enumerate(pack.limits, 1):
        if limit.scope == "sale" and limit.period != "sale":
            yield f"limit {place}: a limit by sale has the period of the sale"
        if limit.scope != "sale" and limit.period == "sale":
            yield f"limit {place}: the period of a sale goes with the scope of a sale"
        if limit.key is not None and limit.scope in ("sale", "campaign", "person"):
            yield f"limit {place}: a {limit.scope} has no name to narrow it to"
        if limit.action == "count" and limit.scope == "sale":
            yield f"limit {place}: a sale is rewarded once"
    if len(set(pack.limits)) < len(pack.limits):
        yield "limits: one stands twice"


def _vouchers(pack: RulePack) -> Iterator[str]:
    values = pack.vouchers.values
    if any(value < 1 for value in values) or len(set(values)) < len(values):
        yield "vouchers: expected different values above zero"
    if not pack.tenders:
        yield "tenders: expected at least one kind of money that counts"
