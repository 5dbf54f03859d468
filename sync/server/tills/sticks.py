"""Entries of a till that has no network, brought by an organiser; and what is taken back to it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from sync.contract.errors import ContractError
from sync.contract.jws import SigningKey
from sync.contract.messages import (
    SMALL_BODY_BYTES_MAX,
    UPLINK_BODY_BYTES_MAX,
    Uplink,
    chain_of,
    open_signed,
    to_payload,
)
from sync.contract.stick import (
    RECEIPT_TYP,
    REJECTIONS_MAX,
    STICK_ITEMS_MAX,
    STICK_TYP,
    Refusal,
    StickAnswer,
    StickEntries,
    StickHead,
    StickQuestion,
    StickReceipt,
)
from sync.server.access import Access
from sync.server.auth import Identity, identities, stamp
from sync.server.errors import refuse
from sync.server.money import status_lists
from sync.server.money.context import Sender
from sync.server.services import Services, answer, read_json
from sync.server.store.db import Db
from sync.server.tills.api import TillApi
from sync.server.tills.feed import PAGE_BYTES_MAX, read_items
from sync.server.tills.uplink import Target, target_of


class Brought(NamedTuple):
    """A till's file whose head was verified: who wrote it, and what the head says."""

    caller: Identity
    head: StickHead


class StickApi:
    """Endpoints under /v1/admin/sticks."""

    def __init__(self, services: Services, tills: TillApi) -> None:
        self._services = services
        self._store = services.store
        self._access = Access(services)
        self._tills = tills

    async def entries(self, request: Request) -> Response:
        """POST /v1/admin/sticks/entries: what a till would have sent over a line."""
        who = await self._access.known(request)
        piece = await read_json(request, StickEntries, UPLINK_BODY_BYTES_MAX)
        brought = await self._store.read(lambda db: read_head(db, piece.stick))
        await self._access.allow(who, brought.head.campaign)
        uplink = Uplink(chain=chain_of(brought.head.campaign), entries=piece.entries)
        return answer(await self._tills.take(brought.caller, uplink))

    async def answer(self, request: Request) -> Response:
        """POST /v1/admin/sticks/answer: the acknowledgement, signed, and the news."""
        who = await self._access.known(request)
        question = await read_json(request, StickQuestion, SMALL_BODY_BYTES_MAX)
        key, now = self._services.secrets.key, self._services.clock.now()
        brought = await self._store.read(lambda db: read_head(db, question.stick))
        await self._access.allow(who, brought.head.campaign)

        def work(db: Db) -> StickAnswer:
            return answer_to(db, brought, key, now)

        return answer(await self._store.read(work))


def read_head(db: Db, compact: str) -> Brought:
    """Verify the head of a till's file. Raises Refused as for a till's token."""
    try:
        head, signed = open_signed(compact, STICK_TYP, StickHead)
        known = identities(db, head.till)
        writer = next((one for one in known if one.kid == signed.kid), None)
        if writer is None or writer.epoch != head.epoch:
            raise refuse("unauthorised", "no till is known by this key")
        signed.check(writer.key)
    except ContractError as error:
        raise refuse("malformed", str(error)[:200]) from error
    if writer.epoch != known[-1].epoch:
        raise refuse("epoch-closed", f"epoch {writer.epoch}", epoch=known[-1].epoch)
    return Brought(writer, head)


def answer_to(db: Db, brought: Brought, key: SigningKey, now: datetime) -> StickAnswer:
    """What the till should know, as of now; Refused when it is not enrolled there."""
    head, at = brought.head, stamp(now)
    target = target_of(db, head.till, head.epoch, head.campaign)
    items, through = read_items(
        db, head.campaign, head.till, head.epoch, head.after, STICK_ITEMS_MAX, PAGE_BYTES_MAX
    )
    receipt = StickReceipt(
        at=at,
        campaign=head.campaign,
        till=head.till,
        epoch=head.epoch,
        first=head.first,
        acknowledged=target.number,
        head=target.digest.hex(),
        after=head.after,
        through=through,
        items=len(items),
        digest=_digest(items),
        rejected=tuple(_rejected(db, target, head.first)),
        trouble="quarantined" if brought.caller.quarantine else None,
        detail=brought.caller.quarantine or "",
    )
    sender = Sender(target.enrolment, target.till, target.epoch, target.shop)
    return StickAnswer(
        receipt=key.sign(to_payload(receipt), RECEIPT_TYP).compact.decode("ascii"),
        items=items,
        lists=status_lists.current(db, head.campaign, sender, at[:10]).lists,
    )


def _rejected(db: Db, target: Target, first: int) -> list[Refusal]:
    rows = db.execute(
        "SELECT number, rejection FROM entry WHERE campaign = ? AND enrolment = ? AND number >= ?"
        " AND rejection IS NOT NULL ORDER BY number LIMIT ?",
        (target.campaign, target.enrolment, first, REJECTIONS_MAX),
    )
    return [Refusal(number=int(number), reason=str(why)) for number, why in rows.fetchall()]


def _digest(items: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(items).encode("ascii")).hexdigest()
