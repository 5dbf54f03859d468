"""What a USB stick carries between a till without network and its campaign's server, and back.

Both files are lines of text. A till's begins with its StickHead, signed (typ STICK_TYP); each line
after it is the body of an uplink (sync.contract.messages.Uplink). The server's answer begins with
a StickReceipt, signed (typ RECEIPT_TYP); each line after it is a StickLine, whose content the
server has signed as well. So a stick can be lost, copied and read, but cannot lie.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from sync.contract.messages import (
    ENTRIES_PER_BATCH_MAX,
    PROTOCOL_VERSION,
    CampaignId,
    Count,
    Epoch,
    Message,
    Number,
    Sha256,
    ShortText,
    Uuid,
)
from sync.contract.status_list import LISTS_MAX, BatchList

STICK_TYP: Final = "comptoir-stick+jws"
RECEIPT_TYP: Final = "comptoir-stick-receipt+jws"
STICK_ENTRIES_MAX: Final = 20_000
STICK_BYTES_MAX: Final = 64 * 1024 * 1024
STICK_ITEMS_MAX: Final = 500
REJECTIONS_MAX: Final = 1_000

Compact = Annotated[str, Meta(min_length=1, max_length=256 * 1024)]


class StickHead(Message, frozen=True):
    """Signed by the till: whose entries follow, from `first` to `last`, and what it has heard.

    `last` is `first` - 1 when none follow. `after` is the last item of the campaign's feed that
    the till has; the answer goes on from there.
    """

    at: ShortText
    campaign: CampaignId
    till: Uuid
    epoch: Epoch
    first: Number
    last: Count
    after: Count
    v: int = PROTOCOL_VERSION


class Refusal(Message, frozen=True):
    """An entry that the server keeps but does not count, and why."""

    number: Number
    reason: Annotated[str, Meta(max_length=500)]


class StickReceipt(Message, frozen=True):
    """Signed by the server: what it holds of the till's chain, and which items follow.

    It answers the file that began with `first`. Items after `after` follow, up to `through`: so
    many, with this SHA-256 of their lines joined by newlines. `trouble` is the short name of a
    problem that stops the till in this epoch, empty for none.
    """

    at: ShortText
    campaign: CampaignId
    till: Uuid
    epoch: Epoch
    first: Number
    acknowledged: Count
    head: Sha256
    after: Count
    through: Count
    items: Annotated[int, Meta(ge=0, le=STICK_ITEMS_MAX)]
    digest: Sha256
    rejected: Annotated[tuple[Refusal, ...], Meta(max_length=REJECTIONS_MAX)] = ()
    trouble: ShortText | None = None
    detail: Annotated[str, Meta(max_length=500)] = ""
    v: int = PROTOCOL_VERSION


class ItemLine(Message, frozen=True, tag_field="is", tag="item"):
    """An item of the campaign's feed (sync.contract.feed)."""

    compact: Compact


class ListLine(Message, frozen=True, tag_field="is", tag="list"):
    """The status list of a batch (sync.contract.status_list)."""

    batch: Number
    etag: ShortText
    compact: Compact


StickLine: TypeAlias = ItemLine | ListLine
STICK_LINES: Final = msgspec.json.Decoder(StickLine)


class StickEntries(Message, frozen=True):
    """The body of POST /v1/admin/sticks/entries: a line of a till's file, under its head."""

    stick: Compact
    entries: Annotated[list[str], Meta(min_length=1, max_length=ENTRIES_PER_BATCH_MAX)]


class StickQuestion(Message, frozen=True):
    """The body of POST /v1/admin/sticks/answer: the head of a till's file."""

    stick: Compact


class StickAnswer(Message, frozen=True):
    """200 of POST /v1/admin/sticks/answer: what goes back to the till, but for its lists."""

    receipt: Compact
    items: Annotated[list[str], Meta(max_length=STICK_ITEMS_MAX)]
    lists: Annotated[list[BatchList], Meta(max_length=LISTS_MAX)]
