"""The day that a till spent offline: its chain, signed, and what it must come to on the server."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prove.load_town import CAMPAIGN, Place, key_of, till_of
from sync.contract.canonical import Json
from sync.contract.entry import GENESIS, Entry, seal
from sync.contract.entry import Place as At
from sync.contract.messages import chain_of

# A sale of 4 to 13 euros earns a tenth; each tenth sale earns nothing, and one comes back.
EARNS_NOT_EVERY: Final = 10
REFUND_AFTER: Final = 25
BASE_CENTS: Final = 400
STEP_CENTS: Final = 100
STEPS: Final = 10
SECONDS_APART: Final = 60


@dataclass(slots=True)
class Sums:
    """What the books must say of a day, amounts in cents."""

    sales: int = 0
    refunds: int = 0
    total: int = 0
    earns: int = 0
    rewards: int = 0

    def add(self, other: Sums) -> None:
        """Add another till's day."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Day:
    """One till's entries of a day; `entries` includes its refund and its closing."""

    def __init__(self, place: Place, entries: int, begins: datetime) -> None:
        self.till = till_of(place.number)
        self.key = key_of(place.number)
        self.sums = Sums()
        self.chain: list[Entry] = []
        self._place = place
        self._begins = begins
        self._ticket = 0
        for number in range(1, entries):
            if number == REFUND_AFTER:
                self._add(self._refund())
            else:
                self._add(self._sale(number))
        self._add(self._closing())

    def _add(self, data: dict[str, Json]) -> None:
        number = len(self.chain) + 1
        prev = self.chain[-1].digest if self.chain else GENESIS
        at = self._begins + timedelta(seconds=SECONDS_APART * number)
        place = At(self.till, 1, number, prev, chain_of(CAMPAIGN), number, prev)
        self.chain.append(seal(place, at.isoformat(timespec="milliseconds"), "ma", data, self.key))

    def _sale(self, number: int) -> dict[str, Json]:
        total = BASE_CENTS + STEP_CENTS * ((number + self._place.number) % STEPS)
        rewards: list[Json] = []
        if number % EARNS_NOT_EVERY:
            rewards.append(self._earn(total))
        self.sums.sales += 1
        return self._ticket_of("sale", total, rewards)

    def _earn(self, base: int) -> Json:
        amount = base // 10
        self.sums.earns += 1
        self.sums.rewards += amount
        return {
            "type": "earn",
            "pack": 1,
            "pack_hash": self._place.pack_hash,
            "base": base,
            "amount": amount,
            "parts": [{"rule": "back", "amount": amount}],
            "leases": [{"lease": self._place.lease, "amount": amount}],
            "claim": hashlib.sha256(f"{self.till} {self._ticket}".encode()).hexdigest(),
        }

    def _refund(self) -> dict[str, Json]:
        """All goods of the first ticket come back, and its reward with them."""
        total = BASE_CENTS + STEP_CENTS * ((1 + self._place.number) % STEPS)
        self.sums.refunds += 1
        self.sums.rewards -= total // 10
        adjust: Json = {"type": "adjust", "ticket": 1, "before": total // 10, "after": 0}
        return self._ticket_of("refund", -total, [adjust])

    def _ticket_of(self, kind: str, total: int, rewards: list[Json]) -> dict[str, Json]:
        self._ticket += 1
        self.sums.total += total
        name = f"{self.till} ticket {self._ticket}"
        return {
            "type": kind,
            "ticket": {
                "number": self._ticket,
                "hash": hashlib.sha256(name.encode()).hexdigest(),
            },
            "shop_till": "01",
            "day": f"{self._begins:%Y-%m-%d}",
            "total": total,
            "vat": [{"rate": 550, "ttc": total}],
            "eligible": total,
            "tenders": [{"kind": "card", "amount": total}],
            "rewards": rewards,
        }

    def _closing(self) -> dict[str, Json]:
        return {
            "type": "closing",
            "day": f"{self._begins:%Y-%m-%d}",
            "number": 1,
            "total": self.sums.total,
            "tickets": self._ticket,
        }
