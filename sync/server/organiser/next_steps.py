"""What a new campaign still needs before shoppers earn anything, in the order of the guide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sync.contract.feed import CampaignState
from sync.server.money.campaigns import standing
from sync.server.money.funding import pledged
from sync.server.shops.pairing import count_waiting
from sync.server.store.db import Db

# A campaign in these states has been opened; one that is over needs nothing more.
_OPENED: Final = frozenset(("open", "paused"))
_OVER: Final = frozenset(("ended", "closed"))


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do: its word is `step_` and the name, its page stands under the campaign's."""

    name: str
    path: str
    is_done: bool


def next_steps(db: Db, campaign: str, state: CampaignState, now: datetime) -> tuple[Step, ...]:
    """The steps of a campaign, those that are done too; none when all are, or it is over."""
    if state in _OVER:
        return ()
    has_shops = _any(db, "shop", campaign)
    steps = (
        Step("fund", "campaign", pledged(db, campaign) > 0),
        Step("rules", "rules", standing(db, campaign).pack is not None),
        Step("shops", "shops", has_shops),
        Step("letters", "letters", has_shops and _is_sent(db, campaign, now)),
        Step("open", "state?to=open", state in _OPENED),
    )
    return () if all(one.is_done for one in steps) else steps


def _is_sent(db: Db, campaign: str, now: datetime) -> bool:
    """Whether tills have come, or codes are on their way to every shop."""
    return _any(db, "enrolment", campaign) or not count_waiting(db, campaign, now)


def _any(db: Db, table: str, campaign: str) -> bool:
    found = db.execute(
        f"SELECT 1 FROM {table} WHERE campaign = ? LIMIT 1",  # noqa: S608 - names of ours
        (campaign,),
    )
    return found.fetchone() is not None
