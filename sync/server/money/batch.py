"""What the sales of one batch share: looked up once, and written together.

Most of a batch are sales with a plain reward, and all ask for the same: their shop, the rules, the
lease, whether a claim stands already. Whatever else a batch holds is booked against the tables, and
calls `flush` before it looks at them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from functools import cached_property

from msgspec.structs import replace

from sync.contract.rewards.rules import RulePack, Scope
from sync.server.money import earns
from sync.server.money.campaigns import Published, Standing, find_pack
from sync.server.money.earns import EarnRow
from sync.server.money.funding import Purse, Where, owners_of, where_is
from sync.server.money.lease_rows import Held, add_drawn, find_lease
from sync.server.money.ledger import Ledger
from sync.server.money.limits_book import LimitBook


class Batch:
    """One batch in its transaction. `claims` are the hashes that its earns may name."""

    def __init__(
        self, ledger: Ledger, standing: Standing, shop: str, till: str, claims: Collection[str]
    ) -> None:
        self.ledger = ledger
        self.is_accepted = standing.accepts(ledger.at)
        self._standing = standing
        self._shop = shop
        self._till = till
        self._claims = claims
        self.joined: list[EarnRow] = []  # earns whose receipt had come before their entry
        self._packs: dict[int, Published | None] = {}
        self._promised: Counter[int] = Counter()
        self._taken: set[str] | None = None
        self._early: dict[str, int] = {}
        self._begin()

    def _begin(self) -> None:
        """Know nothing of what entries change."""
        self._rows: list[EarnRow] = []
        self._leases: dict[int, Held | None] = {}
        self._drawn: defaultdict[int, int] = defaultdict(int)
        self._limits: dict[int, LimitBook] = {}

    @cached_property
    def where(self) -> Where:
        """The till's shop."""
        return where_is(self.ledger.db, self.ledger.campaign, self._shop)

    @cached_property
    def owners(self) -> dict[Scope, str]:
        """Who is who for the limits on earning, before a shopper is known."""
        return owners_of(self.where, self._till)

    @cached_property
    def purse(self) -> Purse:
        """The budget."""
        return Purse(self.ledger, self._standing)

    def pack(self, number: int) -> Published | None:
        """A published rule pack."""
        if number not in self._packs:
            self._packs[number] = find_pack(self.ledger.db, self.ledger.campaign, number)
        return self._packs[number]

    def limits(self, pack: RulePack) -> LimitBook:
        """What is used of a pack's limits; what is counted there is written by `flush`."""
        if pack.number not in self._limits:
            book = LimitBook(self.ledger.db, self.ledger.campaign, pack)
            self._limits[pack.number] = book
        return self._limits[pack.number]

    def lease(self, number: int) -> Held | None:
        """A lease, with what this batch drew of it."""
        if number not in self._leases:
            self._leases[number] = find_lease(self.ledger.db, self.ledger.campaign, number)
        return self._leases[number]

    def draw(self, lease: Held, cents: int) -> None:
        """Count cents that were drawn from a lease."""
        self._leases[lease.id] = replace(lease, drawn=lease.drawn + cents)
        self._drawn[lease.id] += cents

    def promised(self, number: int) -> int:
        """What this entry of the chain has promised so far, in cents."""
        return self._promised[number]

    def stands(self, claim: str) -> bool:
        """Whether an earn is known by this claim already."""
        return claim in self._known_claims()

    def early(self, claim: str) -> int | None:
        """What was paid to whoever brought the receipt before the till did, in cents.

        None when nobody did: who came first and found the leases empty has a claim to 0 so far.
        """
        self._known_claims()
        return self._early.get(claim)

    def take(self, claim: str) -> None:
        """Know a claim that stands from now on for an earn which was not kept here."""
        if self._taken is not None:
            self._taken.add(claim)

    def keep(self, row: EarnRow) -> None:
        """Keep a new earn."""
        self._rows.append(row)
        self._promised[row.number] += row.promised
        self._known_claims().add(row.claim)

    def flush(self) -> None:
        """Write what was kept and counted; the tables may be read and changed from here on."""
        db, campaign = self.ledger.db, self.ledger.campaign
        if self._rows:
            earns.insert(db, campaign, self._rows)
        if self._drawn:
            add_drawn(db, campaign, sorted(self._drawn.items()))
        for book in self._limits.values():
            book.flush()
        self._begin()

    def _known_claims(self) -> set[str]:
        if self._taken is None:
            db, campaign = self.ledger.db, self.ledger.campaign
            self._taken = earns.claims_among(db, campaign, self._claims)
            self._early = earns.early_among(db, campaign, self._claims)
            self.ledger.look_up_unclaimed(self._claims)
        return self._taken
