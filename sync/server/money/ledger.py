"""The double-entry ledger: every movement of money, each a row that is never changed.

A transfer takes cents of one fund out of one place into another, so that each fund sums to zero by
construction. It names what caused it: one entry of a till, or one act of a person or of the server.
The balances are kept beside the rows in the same transaction; the audit proves that they agree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from sync.contract.rewards.split import NotEnough, proportional
from sync.server.money.accounts import MAY_OWE, Account, Place
from sync.server.money.errors import Overdrawn
from sync.server.money.flows import add_flows
from sync.server.store.db import Db, next_number

Bears: TypeAlias = Literal["", "sponsor", "shop"]
Split: TypeAlias = Mapping[int, int]  # cents by fund


class Source(NamedTuple):
    """What caused a transfer: `entry` with "enrolment:number", or `act` with the act's number."""

    kind: Literal["entry", "act"]
    id: str


def of_entry(enrolment: int, number: int) -> Source:
    """The source that an entry of a till's chain is."""
    return Source("entry", f"{enrolment}:{number}")


def of_act(number: int) -> Source:
    """The source that an act is (money.acts)."""
    return Source("act", str(number))


class Ledger:
    """A campaign's money within one transaction: balances read once, rows written by `flush`.

    The transaction holds the campaign's lock, so nobody else moves its money meanwhile. Whoever
    works in the same transaction finds its connection here, and `at`, the server's time (UTC).
    """

    def __init__(self, db: Db, campaign: str, at: str) -> None:
        self.db = db
        self.campaign = campaign
        self.at = at
        self._balances: dict[Place, dict[int, int]] = {}
        self._stored: set[tuple[Place, int]] = set()
        self._changed: set[tuple[Place, int]] = set()
        self._rows: list[tuple[object, ...]] = []
        self._last = 0

    def balance(self, place: Place) -> int:
        """The cents in a place, over all funds."""
        return sum(self.funds(place).values())

    def funds(self, place: Place) -> dict[int, int]:
        """The cents in a place by fund. Do not change it."""
        if place not in self._balances:
            rows = self.db.execute(
                "SELECT fund, cents FROM balance WHERE campaign = ? AND account = ? AND owner = ?",
                (self.campaign, place.account, place.owner),
            )
            self._balances[place] = {}
            for fund, cents in rows.fetchall():
                self._hold(place, int(fund), int(cents))
        return self._balances[place]

    def look_up_unclaimed(self, claims: Collection[str]) -> None:
        """Read at once what is held under claims' hashes, for whoever will ask one by one."""
        places = [Place(Account.UNCLAIMED, claim) for claim in claims]
        new = [place for place in places if place not in self._balances]
        if not new:
            return
        marks = ",".join("?" * len(new))
        rows = self.db.execute(
            "SELECT owner, fund, cents FROM balance WHERE campaign = ? AND account = ?"  # noqa: S608 - question marks only
            f" AND owner IN ({marks})",
            (self.campaign, Account.UNCLAIMED, *(place.owner for place in new)),
        ).fetchall()
        self._balances.update({place: {} for place in new})
        for owner, fund, cents in rows:
            self._hold(Place(Account.UNCLAIMED, owner), int(fund), int(cents))

    def move(
        self,
        kind: str,
        source: Source,
        debit: Place,
        credit: Place,
        by_fund: Split,
        *,
        bears: Bears = "",
    ) -> None:
        """Move cents of each fund from one place to another.

        `kind` says why in one word; `bears` who carries a loss. Raises Overdrawn when a place that
        may not owe has less. Nothing is written before `flush`.
        """
        out_of, into = self.funds(debit), self.funds(credit)
        places, why = (*debit, *credit), (kind, bears, *source)
        for fund, cents in by_fund.items():
            if cents < 0:
                raise ValueError(f"{cents} cents from {debit} to {credit}")
            if cents:
                left = out_of.get(fund, 0) - cents
                if left < 0 and debit.account not in MAY_OWE:
                    raise Overdrawn(debit, out_of.get(fund, 0), cents)
                out_of[fund] = left
                into[fund] = into.get(fund, 0) + cents
                self._changed.update(((debit, fund), (credit, fund)))
                self._rows.append((self._next(), *places, fund, cents, *why))

    def move_all(self, kind: str, source: Source, debit: Place, credit: Place) -> int:
        """Move what a place holds, fund by fund; how much that was."""
        held = {fund: cents for fund, cents in self.funds(debit).items() if cents > 0}
        self.move(kind, source, debit, credit, held)
        return sum(held.values())

    def share(self, place: Place, cents: int) -> dict[int, int]:
        """An amount as parts of what a place holds, in proportion, by largest remainder.

        Never more of a fund than is there; Overdrawn when the place holds less than the amount.
        """
        try:
            return proportional(cents, self.funds(place))
        except NotEnough as error:
            raise Overdrawn(place, self.balance(place), cents) from error

    def flush(self) -> None:
        """Write what was moved."""
        self.db.executemany(_INSERT, [(self.campaign, *row, self.at) for row in self._rows])
        add_flows(self.db, self.campaign, self.at[:10], self._rows)
        new = self._changed - self._stored
        self.db.executemany(_NEW_BALANCE, self._rows_of(new))
        self.db.executemany(_NEW_BALANCE + _OR_CHANGED, self._rows_of(self._changed - new))
        self._stored |= new
        self._rows.clear()
        self._changed.clear()

    def _rows_of(self, held: set[tuple[Place, int]]) -> list[tuple[object, ...]]:
        return [
            (self.campaign, *place, fund, self._balances[place][fund])
            for place, fund in sorted(held)
        ]

    def _hold(self, place: Place, fund: int, cents: int) -> None:
        """Know what is stored."""
        self._balances[place][fund] = cents
        self._stored.add((place, fund))

    def _next(self) -> int:
        if not self._last:
            self._last = next_number(self.db, "transfer", self.campaign) - 1
        self._last += 1
        return self._last


def total(db: Db, campaign: str, account: Account) -> int:
    """The cents in all places of an account."""
    (cents,) = db.execute(
        "SELECT coalesce(sum(cents), 0) FROM balance WHERE campaign = ? AND account = ?",
        (campaign, account),
    ).fetchone()
    return int(cents)


def moved(db: Db, campaign: str, which: str) -> int:
    """The cents of the transfers that a condition of ours picks out."""
    (cents,) = db.execute(
        f"SELECT coalesce(sum(cents), 0) FROM transfer WHERE campaign = ? AND {which}",  # noqa: S608 - constants
        (campaign,),
    ).fetchone()
    return int(cents)


_INSERT: Final = (
    "INSERT INTO transfer (campaign, id, debit, debit_owner, credit, credit_owner, fund, cents,"
    " kind, bears, source_kind, source, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_NEW_BALANCE: Final = (
    "INSERT INTO balance (campaign, account, owner, fund, cents) VALUES (?, ?, ?, ?, ?)"
)
_OR_CHANGED: Final = (
    " ON CONFLICT (campaign, account, owner, fund) DO UPDATE SET cents = excluded.cents"
)
