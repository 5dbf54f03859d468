"""What the ledger moved by day, kept beside its rows: sums that a dashboard reads at once.

A campaign has millions of transfers and a few thousand flows. The audit compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from sync.server.store.db import Db

_Flow: TypeAlias = tuple[str, str, str, int]  # kind, debit, credit, fund

_UPSERT: Final = (
    "INSERT INTO flow (campaign, day, kind, debit, credit, fund, times, cents)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (campaign, day, kind, debit, credit, fund) DO UPDATE SET"
    " times = flow.times + excluded.times, cents = flow.cents + excluded.cents"
)


def add_flows(db: Db, campaign: str, day: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add transfers to the flows of a day (UTC, YYYY-MM-DD); rows as Ledger.flush writes them."""
    sums: dict[_Flow, list[int]] = {}
    for _, debit, _, credit, _, fund, cents, kind, *_ in rows:
        one = sums.setdefault((kind, debit, credit, fund), [0, 0])
        one[0] += 1
        one[1] += cents
    db.executemany(_UPSERT, [(campaign, day, *flow, *sums[flow]) for flow in sorted(sums)])
