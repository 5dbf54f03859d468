"""What a campaign's server tells its tills: signed items in order (typ FEED_TYP).

Each item is a JWS of its own, so that a USB stick can carry it as well as a line. A reader passes
over an item of a kind that it does not know. Amounts are integer cents.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta

from sync.contract.messages import (
    PROTOCOL_VERSION,
    CampaignId,
    Epoch,
    Message,
    Number,
    Pem,
    ShortText,
    Uuid,
)
from sync.contract.rewards.rules import Amount, Moment, RulePack

FEED_TYP: Final = "comptoir-feed+jws"
FEED_ITEMS_MAX: Final = 50
FEED_WAIT_SECONDS_MAX: Final = 25
CARNET_VOUCHERS_MAX: Final = 50

CampaignState: TypeAlias = Literal["draft", "open", "paused", "ended", "closed"]
Kind: TypeAlias = Literal[
    "notice", "server-key", "rules", "state", "shop", "lease", "carnet", "lists"
]


class Lease(Message, frozen=True):
    """Money set aside for one till under one epoch: it may promise so much without asking.

    `kind` earn: rewards earned; risk: vouchers taken offline that might have been spent elsewhere.
    Nothing is drawn from `until_at` on. What is left goes back to the budget only once the till has
    said that it closed the lease, never because time passed.
    """

    id: Number
    kind: Literal["earn", "risk"]
    amount: Amount
    from_at: Moment
    until_at: Moment


class Place(Message, frozen=True):
    """Where a till stands in its campaign: its number there, and what limits ask of its shop."""

    till: Number
    shop: Number
    district: ShortText | None = None
    naf: ShortText | None = None


class Carnet(Message, frozen=True):
    """Vouchers of this shop alone, signed in advance, to be handed out on request.

    They stay suspended until the till says in its chain that it handed them out.
    """

    id: Number
    value: Amount
    vouchers: Annotated[tuple[str, ...], Meta(min_length=1, max_length=CARNET_VOUCHERS_MAX)]


class FeedItem(Message, frozen=True):
    """The signed payload of one feed item, signed by the server's key.

    With `till` and `epoch` it is for that till alone. The member that belongs to its `kind` is set:
    text (notice), server_key, rules, state, place (shop), lease, carnet, lists (batches whose
    status list has changed).
    """

    at: str
    campaign: CampaignId
    id: Number
    kind: Kind
    till: Uuid | None = None
    epoch: Epoch | None = None
    text: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    server_key: Pem | None = None
    rules: RulePack | None = None
    state: CampaignState | None = None
    place: Place | None = None
    lease: Lease | None = None
    carnet: Carnet | None = None
    lists: Annotated[tuple[Number, ...], Meta(max_length=1000)] | None = None
    v: int = PROTOCOL_VERSION


class FeedPage(Message, frozen=True):
    """200 of GET /v1/tills/{till}/feed: compact JWS in order, and the cursor that follows them."""

    cursor: str
    items: list[str]
