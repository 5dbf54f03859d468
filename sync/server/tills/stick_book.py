"""A till's file as an organiser sends it: read whole, then booked as if it came over a line."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sync.contract.jws import SigningKey
from sync.contract.messages import Uplink, chain_of, problem_name
from sync.contract.status_list import list_path
from sync.contract.stick import StickHead
from sync.errors import DamagedStick
from sync.server.errors import Refused
from sync.server.money import status_lists
from sync.server.shops.upload import Spooled
from sync.server.store.db import Db
from sync.server.tills.api import TillApi
from sync.server.tills.errors import BadFile
from sync.server.tills.sticks import Brought, answer_to
from sync.stick import answer_lines, entries_in, head_in, is_answer

# After these an answer is still written: it tells the till where it has to go on.
STOPS: Final = frozenset(("fork", "gap", "quarantined"))


@dataclass(frozen=True, slots=True)
class Booked:
    """What became of a file's entries; `stopped` names what the server stopped at, if it did."""

    accepted: int
    duplicate: int
    rejected: int
    stopped: str = ""


def read_whole(spooled: Spooled) -> tuple[str, StickHead]:
    """The head of a file that can be read to its end, and holds what it says. Raises BadFile."""
    try:
        compact, head = head_in(spooled.again())
    except DamagedStick as error:
        if is_answer(spooled.again()):
            raise BadFile("is_answer") from error
        raise BadFile("no_export") from error
    try:
        for _ in entries_in(spooled.again(), head):
            pass
    except DamagedStick as error:
        raise BadFile("not_whole") from error
    return compact, head


async def book(tills: TillApi, brought: Brought, spooled: Spooled) -> Booked:
    """Book the entries of a file, piece by piece; safe to repeat. Raises BadFile, Refused."""
    verdicts: Counter[str] = Counter()
    stopped = ""
    chain = chain_of(brought.head.campaign)
    pieces = entries_in(spooled.again(), brought.head)
    try:
        while entries := await asyncio.to_thread(_next, pieces):
            answered = await tills.take(brought.caller, Uplink(chain=chain, entries=entries))
            verdicts.update(one.verdict for one in answered.verdicts)
    except Refused as refused:
        stopped = problem_name(refused.problem)
        if stopped not in STOPS:
            raise
    return Booked(verdicts["accepted"], verdicts["duplicate"], verdicts["rejected"], stopped)


def answer_file(db: Db, brought: Brought, key: SigningKey, now: datetime, origin: str) -> bytes:
    """The file that goes back to the till, as of now; Refused when it is not enrolled there."""
    found, campaign = answer_to(db, brought, key, now), brought.head.campaign
    lists = []
    for one in found.lists:
        uri = origin + list_path(campaign, one.batch)
        signed = status_lists.build(db, campaign, one.batch, key, uri, now)
        lists.append((one.batch, one.etag, signed.decode("ascii")))
    return b"".join(line + b"\n" for line in answer_lines(found.receipt, found.items, lists))


def _next(pieces: Iterator[list[str]]) -> list[str] | None:
    return next(pieces, None)
