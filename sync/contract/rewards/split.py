"""Who pays for a reward: an amount shared among the sponsors' funds, to the cent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["pro_rata", "waterfall", "match"]


@dataclass(frozen=True, slots=True)
class Share:
    """A fund: what is free of it, in cents, and its weight, which is what was promised."""

    fund: int
    free: int
    weight: int


class NotEnough(ValueError):
    """The funds together have less than the amount."""

    def __init__(self, held_cents: int, wanted_cents: int) -> None:
        super().__init__(f"{held_cents} cents, not {wanted_cents}")
        self.held_cents = held_cents
        self.wanted_cents = wanted_cents


def proportional(amount: int, held: Mapping[int, int]) -> dict[int, int]:
    """An amount as parts of what is held, by largest remainder, never more than is there.

    Raises NotEnough.
    """
    have = {fund: cents for fund, cents in sorted(held.items()) if cents > 0}
    total = sum(have.values())
    if amount > total:
        raise NotEnough(total, amount)
    if amount <= 0:
        return {}
    parts = {fund: amount * cents // total for fund, cents in have.items()}
    short = amount - sum(parts.values())
    if short:
        rests = sorted(have, key=lambda fund: (-(amount * have[fund] % total), fund))
        for fund in rests[:short]:
            parts[fund] += 1
    return {fund: part for fund, part in parts.items() if part}


def capacity(mode: Mode, shares: Sequence[Share]) -> int:
    """The largest amount that can be split, in cents."""
    if mode != "match" or len(shares) < 2:
        return _free(shares)
    theirs = _free(shares[:-1])
    return theirs + min(theirs, _free(shares[-1:]))


def split(amount: int, mode: Mode, shares: Sequence[Share]) -> dict[int, int]:
    """An amount as parts of funds, in the order of the budget's lines. Raises NotEnough.

    `pro_rata`: by weight, and what a fund lacks is borne by the others. `waterfall`: one after the
    other. `match`: the last line pays one cent for each cent of the others while it lasts, and they
    pay among themselves as a waterfall.
    """
    most = capacity(mode, shares)
    if amount > most:
        raise NotEnough(most, amount)
    if mode == "pro_rata":
        return _pro_rata(amount, shares)
    if mode == "waterfall" or len(shares) < 2:
        return _waterfall(amount, shares)
    *others, matcher = shares
    matched = min(amount // 2, max(matcher.free, 0))
    parts = _waterfall(amount - matched, others)
    return parts | ({matcher.fund: matched} if matched else {})


def _free(shares: Sequence[Share]) -> int:
    return sum(max(share.free, 0) for share in shares)


def _pro_rata(amount: int, shares: Sequence[Share]) -> dict[int, int]:
    parts = {share.fund: 0 for share in shares}
    left = {share.fund: share for share in shares if share.free > 0}
    while amount > 0:
        weights = {fund: max(share.weight, 1) * amount for fund, share in left.items()}
        for fund, part in proportional(amount, weights).items():
            taken = min(part, left[fund].free - parts[fund])
            parts[fund] += taken
            amount -= taken
        left = {fund: share for fund, share in left.items() if share.free > parts[fund]}
    return {fund: part for fund, part in parts.items() if part}


def _waterfall(amount: int, shares: Sequence[Share]) -> dict[int, int]:
    parts: dict[int, int] = {}
    for share in shares:
        taken = min(amount, max(share.free, 0))
        if taken:
            parts[share.fund] = taken
        amount -= taken
    return parts
