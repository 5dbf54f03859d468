"""What the till did in its campaigns, beside the journal: written with each campaign entry."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pos.app.campaign_ports import Drawn, KeptClaim, TicketRewards, Unsure
from pos.store.database import Row
from sync.contract.entry import CAMPAIGN_PREFIX, Entry

Query = Callable[[str, Sequence[Any]], Sequence[Row]]
_CLAIM: Final = "campaign, number, part, ticket, epoch, amount, day, secret, voucher"
# How a till can be wrong about a voucher that it took by itself.
_UNSURE: Final = "bearer"


class SqliteRewardBook:
    """pos.app.ports.RewardBook over a connection or a reader."""

    def __init__(self, query: Query) -> None:
        self._query = query

    def drawn(self, campaign: str) -> Mapping[int, Drawn]:
        """What was drawn from each lease, and whether it is closed."""
        rows = self._query(
            "SELECT lease, drawn, closed FROM lease_drawn WHERE campaign = ?", (campaign,)
        )
        return {lease: Drawn(drawn, bool(closed)) for lease, drawn, closed in rows}

    def was(self, what: str, place: tuple[str, int, int]) -> bool:
        """Whether a voucher was `taken` or `handed` here."""
        return bool(
            self._query(
                "SELECT 1 FROM voucher_here"
                " WHERE campaign = ? AND batch = ? AND idx = ? AND what = ?",
                (*place, what),
            )
        )

    def unsure(self, campaign: str, after: int) -> Unsure:
        """The vouchers taken unseen in entries after a number."""
        ((count, cents),) = self._query(
            "SELECT count(*), coalesce(sum(cents), 0) FROM voucher_here"
            " WHERE campaign = ? AND number > ? AND unsure = 1",
            (campaign, after),
        )
        return Unsure(count, cents)

    def ticket(self, campaign: str, ticket: int) -> TicketRewards | None:
        """What a ticket earned and was paid with; None when that was nothing."""
        rows = self._query(
            "SELECT number, earned, redeemed, returned, reissued FROM campaign_ticket"
            " WHERE campaign = ? AND ticket = ?",
            (campaign, ticket),
        )
        return TicketRewards(*rows[0]) if rows else None

    def claims(self, ticket: int) -> tuple[KeptClaim, ...]:
        """What the holder of a ticket can claim."""
        rows = self._query(
            f"SELECT {_CLAIM} FROM claim WHERE ticket = ? ORDER BY campaign, number, part",  # noqa: S608 - a constant
            (ticket,),
        )
        return tuple(KeptClaim(*row) for row in rows)


def keep_claim(connection: sqlite3.Connection, claim: KeptClaim) -> None:
    """Keep what a ticket's holder can claim."""
    connection.execute(
        f"INSERT INTO claim ({_CLAIM}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
        (
            *(claim.campaign, claim.number, claim.part, claim.ticket, claim.epoch),
            *(claim.amount, claim.day, claim.secret, claim.voucher),
        ),
    )


def note_entry(connection: sqlite3.Connection, entry: Entry) -> None:
    """Follow an entry of a campaign's chain."""
    campaign = entry.payload.chain.removeprefix(CAMPAIGN_PREFIX)
    data, number = entry.data, entry.payload.number
    if data.get("type") == "lease-closed":
        connection.executemany(
            "INSERT INTO lease_drawn (campaign, lease, drawn, closed) VALUES (?, ?, ?, 1)"
            " ON CONFLICT (campaign, lease) DO UPDATE SET closed = 1",
            [(campaign, one["lease"], one["drawn"]) for one in data["leases"]],
        )
        return
    for origin in data.get("origins", ()):
        connection.execute(
            "UPDATE campaign_ticket SET returned = returned - ? WHERE campaign = ? AND ticket = ?",
            (origin["ttc"], campaign, origin["number"]),
        )
    if rewards := data.get("rewards"):
        _note_ticket(connection, campaign, number, data["ticket"]["number"], rewards)
        for reward in rewards:
            _note_reward(connection, campaign, number, reward)


def _note_ticket(
    connection: sqlite3.Connection,
    campaign: str,
    number: int,
    ticket: int,
    rewards: Sequence[Mapping[str, Any]],
) -> None:
    earned = sum(one["amount"] for one in rewards if one["type"] == "earn")
    redeemed = sum(
        one["amount"] for one in rewards if one["type"] == "redeem" and one["funding"] == "tender"
    )
    if earned or redeemed:
        connection.execute(
            "INSERT INTO campaign_ticket (campaign, ticket, number, earned, redeemed)"
            " VALUES (?, ?, ?, ?, ?)",
            (campaign, ticket, number, earned, redeemed),
        )


def _note_reward(
    connection: sqlite3.Connection, campaign: str, number: int, reward: Mapping[str, Any]
) -> None:
    for draw in reward.get("leases", ()):
        connection.execute(
            "INSERT INTO lease_drawn (campaign, lease, drawn) VALUES (?, ?, ?)"
            " ON CONFLICT (campaign, lease) DO UPDATE SET drawn = drawn + excluded.drawn",
            (campaign, draw["lease"], draw["amount"]),
        )
    handed = [(ref, "handed", 0) for ref in reward.get("handed", ())]
    taken = [(reward["voucher"], "taken", reward["amount"])] if reward.get("voucher") else []
    for ref, what, cents in (*handed, *taken):
        connection.execute(
            "INSERT INTO voucher_here (campaign, batch, idx, what, number, cents, unsure)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                *(campaign, ref["batch"], ref["index"], what, number, cents),
                reward.get("mode") == _UNSURE,
            ),
        )
    if reward["type"] == "adjust":
        connection.execute(
            "UPDATE campaign_ticket SET earned = ? WHERE campaign = ? AND ticket = ?",
            (reward["after"], campaign, reward["ticket"]),
        )
    elif reward["type"] == "reissue":
        connection.execute(
            "UPDATE campaign_ticket SET reissued = reissued + ? WHERE campaign = ? AND ticket = ?",
            (reward["amount"], campaign, reward["ticket"]),
        )
