"""Booking what entries say of rewards, in the transaction that stores them.

One ledger for a batch, written once at its end. A reward that cannot be booked never rejects the
ticket that it stands on: it becomes a finding, and the queue behind it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sync.contract.jws import SigningKey
from sync.contract.operations import (
    Adjust,
    Earn,
    LeaseClosed,
    Redeem,
    Refund,
    Reissue,
    Released,
    Reward,
    Sale,
)
from sync.contract.rewards.split import NotEnough
from sync.server.means import RealMeans
from sync.server.money import claiming, courier, granting, leases, reasons, reservations
from sync.server.money.batch import Batch
from sync.server.money.campaigns import Standing, standing
from sync.server.money.context import Booking, Sender
from sync.server.money.earning import book_adjust, book_earn, book_reissue
from sync.server.money.errors import Overdrawn
from sync.server.money.findings import Kind, of_booking
from sync.server.money.ledger import Ledger, of_entry
from sync.server.money.redemptions import book_redeem
from sync.server.money.reward_days import add_rewards
from sync.server.store.db import Db
from sync.server.tills.ingest import Received

_NAMES: Final[Mapping[type[Reward], reasons.RewardName]] = {
    Earn: "earn",
    Redeem: "redeem",
    Adjust: "adjust",
    Reissue: "reissue",
}


def book_rewards(
    db: Db, campaign: str, sender: Sender, new: Sequence[Received], key: SigningKey, now: str
) -> bool:
    """Book the rewards of accepted entries, and grant the till what it lacks.

    Whether something was published for the till.
    """
    now_is = standing(db, campaign)
    ledger = Ledger(db, campaign, now)
    batch = Batch(ledger, now_is, sender.shop, sender.till, _claims(new))
    for entry in new:
        _book_entry(batch, now_is, sender, entry)
    batch.flush()
    for row in batch.joined:
        claiming.finish_early(ledger, now_is, row, RealMeans(key))
    if new:
        add_rewards(db, campaign, sender.enrolment, (new[0].number, new[-1].number))
    last = next((entry for entry in reversed(new) if entry.rejection is None), None)
    if last is not None and last.operation is not None and now_is.pack is not None:
        held = frozenset(last.operation.holds)
        reservations.pass_by(ledger, sender, last.at, held)
        courier.pass_by(ledger, sender, last.at, held)
    ledger.flush()
    return granting.renew(ledger, now_is, sender, key)


def _claims(new: Sequence[Received]) -> list[str]:
    """The claims that the sales of a batch may be known by, each once."""
    rewards = (one for entry in new if isinstance(entry.operation, Sale) for one in _of(entry))
    return list(dict.fromkeys(one.claim for one in rewards if isinstance(one, Earn) and one.claim))


def _of(entry: Received) -> Sequence[Reward]:
    return entry.operation.rewards if isinstance(entry.operation, Sale | Refund) else ()


def _book_entry(batch: Batch, now_is: Standing, sender: Sender, entry: Received) -> None:
    said, ledger = entry.operation, batch.ledger
    if isinstance(said, LeaseClosed):
        batch.flush()
        source = of_entry(sender.enrolment, entry.number)
        leases.close(ledger, now_is, sender, source, said)
    elif isinstance(said, Released):
        reservations.release_all(ledger, sender.till, said.reservations)
    elif isinstance(said, Sale | Refund) and said.rewards:
        booking = Booking(batch, sender, entry.epoch, entry.number, entry.at, said)
        for part, reward in enumerate(said.rewards):
            _book_reward(booking, now_is, part, reward)


def _book_reward(booking: Booking, now_is: Standing, part: int, reward: Reward) -> None:
    if not booking.batch.is_accepted:
        kind = Kind.CLOSED if now_is.state == "closed" else Kind.LATE
        of_booking(booking, kind, _cents(reward), reasons.NotBooked(_NAMES[type(reward)]))
        return
    try:
        _dispatch(booking, now_is, part, reward)
    except (Overdrawn, NotEnough) as error:
        of_booking(booking, Kind.BROKEN, _cents(reward), reasons.of_error(error))


def _dispatch(booking: Booking, now_is: Standing, part: int, reward: Reward) -> None:
    if isinstance(reward, Earn):
        book_earn(booking, part, reward)
        return
    booking.batch.flush()
    if isinstance(reward, Redeem):
        book_redeem(booking, now_is, part, reward)
    elif isinstance(reward, Adjust):
        book_adjust(booking, reward, now_is.settings.wallet_floor)
    else:
        book_reissue(booking, part, reward)


def _cents(reward: Reward) -> int:
    if isinstance(reward, Adjust):
        return reward.before - reward.after
    return reward.amount
