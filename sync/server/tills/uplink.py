"""Storing a verified batch and answering for it, in one transaction with its books.

What is stored is never asked for again and never counted twice: the same entry is a duplicate for
ever. Another entry under a stored number is a fork, which is kept as evidence and stops the till in
that epoch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sync.contract.jws import SigningKey
from sync.contract.messages import Problem, UplinkAnswer, Verdict, problem
from sync.server.auth import identities
from sync.server.errors import refuse
from sync.server.money.booking import book_rewards
from sync.server.money.context import Sender as Till
from sync.server.store.db import Db
from sync.server.tills.books import book, refuse_tickets_twice
from sync.server.tills.ingest import Received, Sender
from sync.server.tills.place import Fork, Gap, Held, place


@dataclass(frozen=True, slots=True)
class Target:
    """The enrolment that a batch is stored under, and the head of its chain (0: none yet)."""

    enrolment: int
    till: str
    epoch: int
    campaign: str
    number: int
    digest: bytes
    shop: str


def target_of(db: Db, till: str, epoch: int, campaign: str) -> Target:
    """A till's enrolment in a campaign; Refused when it has none there under this epoch."""
    row = db.execute(
        "SELECT id, head_number, head_digest, shop FROM enrolment"
        " WHERE till = ? AND epoch = ? AND campaign = ?",
        (till, epoch, campaign),
    ).fetchone()
    if row is None:
        raise refuse("not-found", "this till is not enrolled in that campaign under this epoch")
    return Target(row[0], till, epoch, campaign, row[1], bytes(row[2]), row[3])


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch, and whether there is news for its till."""

    answer: UplinkAnswer | Problem
    news: bool = False


def receive(
    db: Db,
    sender: Sender,
    campaign: str,
    batch: Sequence[Received],
    key: SigningKey,
    now: str,
) -> Stored:
    """Store a verified batch for its sender, who may have lost his standing since it was read."""
    latest = identities(db, sender.till)[-1]
    if latest.epoch != sender.epoch:
        raise refuse("epoch-closed", f"epoch {sender.epoch}", epoch=latest.epoch)
    if latest.quarantine is not None:
        raise refuse("quarantined", latest.quarantine, epoch=latest.epoch)
    return store_batch(db, target_of(db, sender.till, sender.epoch, campaign), batch, key, now)


def store_batch(
    db: Db, target: Target, batch: Sequence[Received], key: SigningKey, now: str
) -> Stored:
    """Store what is new of a verified batch and book it; a gap or fork comes back as its problem.

    A fork is returned and not raised, because the quarantine it leads to must be committed.
    """
    standing = place(batch, _held(db, target, batch))
    if isinstance(standing, Gap):
        expected = standing.expected
        return Stored(problem("gap", f"send from number {expected} on", expected=expected))
    if isinstance(standing, Fork):
        return Stored(_quarantine(db, target, standing, now))
    new = refuse_tickets_twice(db, target.campaign, standing.new)
    _insert(db, target, new, now)
    book(db, target.enrolment, target.campaign, new)
    who = Till(target.enrolment, target.till, target.epoch, target.shop)
    news = book_rewards(db, target.campaign, who, new, key, now)
    _move_head(db, target, batch[-1], new, now)
    acknowledged = max(target.number, batch[-1].number)
    return Stored(UplinkAnswer(acknowledged=acknowledged, verdicts=_verdicts(batch, new)), news)


def _held(db: Db, target: Target, batch: Sequence[Received]) -> Held:
    known: defaultdict[int, set[bytes]] = defaultdict(set)
    for number, digest in db.execute(
        "SELECT entry.number, digest FROM enrolment JOIN entry ON enrolment = id"
        " AND entry.campaign = enrolment.campaign WHERE enrolment.campaign = ? AND till = ?"
        " AND entry.number BETWEEN ? AND ?",
        (target.campaign, target.till, batch[0].number - 1, batch[-1].number),
    ):
        known[number].add(digest)
    (top,) = db.execute(
        "SELECT max(head_number) FROM enrolment WHERE till = ? AND campaign = ?",
        (target.till, target.campaign),
    ).fetchone()
    by_number = {number: frozenset(digests) for number, digests in known.items()}
    return Held(target.number, target.digest, by_number, top)


def _quarantine(db: Db, target: Target, fork: Fork, now: str) -> Problem:
    detail = f"{target.campaign}: number {fork.number} was signed with two contents"
    db.execute(
        "INSERT INTO fork (campaign, enrolment, number, digest, received_at, compact)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (campaign, enrolment, number, digest) DO NOTHING",
        (
            *(target.campaign, target.enrolment, fork.entry.number),
            *(fork.entry.digest, now, fork.entry.compact),
        ),
    )
    db.execute(
        "UPDATE identity SET quarantined_at = ?, quarantine = ? WHERE till = ? AND epoch = ?",
        (now, detail, target.till, target.epoch),
    )
    return problem("fork", detail, number=fork.number, epoch=target.epoch)


def _insert(db: Db, target: Target, new: Sequence[Received], now: str) -> None:
    db.executemany(
        "INSERT INTO entry (campaign, enrolment, number, epoch, digest, received_at, rejection,"
        " compact) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(target.campaign, target.enrolment, one.number, one.epoch),
                *(one.digest, now, one.rejection, one.compact),
            )
            for one in new
        ],
    )


def _move_head(db: Db, target: Target, last: Received, new: Sequence[Received], now: str) -> None:
    rejected = sum(entry.rejection is not None for entry in new)
    at = next((entry.at for entry in reversed(new) if entry.rejection is None), None)
    db.execute(
        "UPDATE enrolment SET last_received_at = ?, rejected = rejected + ?,"
        " last_entry_at = coalesce(?, last_entry_at) WHERE campaign = ? AND id = ?",
        (now, rejected, at, target.campaign, target.enrolment),
    )
    if last.number > target.number:
        db.execute(
            "UPDATE enrolment SET head_number = ?, head_digest = ? WHERE campaign = ? AND id = ?",
            (last.number, last.digest, target.campaign, target.enrolment),
        )


def _verdicts(batch: Sequence[Received], new: Sequence[Received]) -> list[Verdict]:
    rejections = {entry.number: entry.rejection for entry in new}
    return [_verdict(entry.number, rejections) for entry in batch]


def _verdict(number: int, rejections: dict[int, str | None]) -> Verdict:
    if number not in rejections:
        return Verdict(number=number, verdict="duplicate")
    rejection = rejections[number]
    if rejection is not None:
        return Verdict(number=number, verdict="rejected", reason=rejection)
    return Verdict(number=number, verdict="accepted")
