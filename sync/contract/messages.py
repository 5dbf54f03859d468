"""Every message between a till and a campaign server, and between an organiser and it.

Protocol version 1. Fields may be added within it, so readers ignore members they do not know; the
exception is a journal entry, which is frozen (sync.contract.entry). Amounts are integer cents.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from sync.contract import canonical
from sync.contract.entry import CAMPAIGN_PREFIX
from sync.contract.errors import Malformed
from sync.contract.jws import Signed, VerifyKey, parse

PROTOCOL_VERSION: Final = 1

ENROLMENT_TYP: Final = "comptoir-enrolment+jws"
TOKEN_TYP: Final = "JWT"  # noqa: S105 - the type that RFC 7519 5.1 gives a token

ENTRIES_PER_BATCH_MAX: Final = 200
UPLINK_BODY_BYTES_MAX: Final = 1024 * 1024
SMALL_BODY_BYTES_MAX: Final = 16 * 1024
TOKEN_LIFETIME_SECONDS: Final = 60
TOKEN_LEEWAY_SECONDS: Final = 120
EARLIER_KEYS_MAX: Final = 32
PAIRING_CODE_LIFETIME_HOURS: Final = 24
PAIRING_CODE_DAYS_MAX: Final = 30  # for codes that go by post

# Neither 0/O, 1/I/L, nor U/V: a code is read aloud over a counter.
PAIRING_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PAIRING_CODE_LENGTH: Final = 8

Uuid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
CampaignId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Epoch = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Number = Annotated[int, Meta(ge=1, le=canonical.INTEGER_MAX)]
Count = Annotated[int, Meta(ge=0, le=canonical.INTEGER_MAX)]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
ShortText = Annotated[str, Meta(min_length=1, max_length=40)]
MemberId = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")]
Pem = Annotated[str, Meta(min_length=1, max_length=2000)]


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What travels as JSON. Members left at their default are left out."""


# --- enrolment ------------------------------------------------------------------------------------


class EarlierKey(Message, frozen=True):
    """A key with which a till signed under an epoch that is over."""

    epoch: Epoch
    public_key: Pem


class EnrolmentRequest(Message, frozen=True):
    """The signed payload of POST /v1/enrolments (typ ENROLMENT_TYP, signed by the key it names).

    `earlier`: the newest keys of earlier epochs. What a till signed under one that was never let
    in can be verified with them.
    """

    at: ShortText
    code: Annotated[str, Meta(min_length=1, max_length=20)]
    epoch: Epoch
    public_key: Pem
    shop_till: ShortText
    software: ShortText
    till: Uuid
    earlier: Annotated[list[EarlierKey], Meta(max_length=EARLIER_KEYS_MAX)] = []


class Named(Message, frozen=True):
    """Something of the organiser's, with the name people read."""

    id: str
    name: Name


class EnrolmentAnswer(Message, frozen=True):
    """201 of POST /v1/enrolments. `acknowledged` is 0 for an epoch that has sent nothing yet."""

    campaign: Named
    shop: Named
    till: Uuid
    epoch: Epoch
    fingerprint: Annotated[str, Meta(pattern=r"^[0-9]{6}$")]
    server_key: Pem
    acknowledged: Count
    time: str


# --- authentication -------------------------------------------------------------------------------


class Claims(Message, frozen=True):
    """The signed payload of a bearer token (RFC 7523 3). Times are in seconds since 1970."""

    aud: str
    exp: int
    iat: int
    iss: Uuid
    jti: Annotated[str, Meta(min_length=1, max_length=64)]
    sub: Uuid


# --- uplink ---------------------------------------------------------------------------------------


class Uplink(Message, frozen=True):
    """The body of POST /v1/tills/{till}/entries: consecutive compact JWS of one campaign chain."""

    chain: Annotated[str, Meta(max_length=80)]
    entries: Annotated[list[str], Meta(min_length=1, max_length=ENTRIES_PER_BATCH_MAX)]


class Verdict(Message, frozen=True):
    """What became of one entry. A rejected one is stored too, and is not sent again."""

    number: Number
    verdict: Literal["accepted", "duplicate", "rejected"]
    reason: str | None = None


class UplinkAnswer(Message, frozen=True):
    """200 of an uplink: everything up to `acknowledged` is on the server's disk."""

    acknowledged: Count
    verdicts: list[Verdict]


class ChainStatus(Message, frozen=True):
    """What the server holds of a chain in this epoch; `head` is 64 zeros when it holds nothing."""

    acknowledged: Count
    head: Sha256


# --- organiser ------------------------------------------------------------------------------------


class NewCampaign(Message, frozen=True):
    """The body of POST /v1/admin/campaigns."""

    id: CampaignId
    name: Name


class NewShop(Message, frozen=True):
    """The body of POST /v1/admin/shops."""

    campaign: CampaignId
    name: Name


class Shop(Message, frozen=True):
    """201 of POST /v1/admin/shops."""

    id: Uuid
    campaign: CampaignId
    name: Name


class NewPairingCode(Message, frozen=True):
    """The body of POST /v1/admin/pairing-codes: the shop that the till will belong to.

    `days`: how long the code works, in days of 24 hours; more than one for a code that is mailed.
    """

    shop: Uuid
    days: Annotated[int, Meta(ge=1, le=PAIRING_CODE_DAYS_MAX)] = 1


class PairingCode(Message, frozen=True):
    """201 of POST /v1/admin/pairing-codes: shown once, stored only as its hash."""

    code: str
    shop: Uuid
    expires_at: str


class NewNotice(Message, frozen=True):
    """The body of POST /v1/admin/notices: a line of text for every till of a campaign."""

    campaign: CampaignId
    text: Annotated[str, Meta(min_length=1, max_length=500)]


class Notice(Message, frozen=True):
    """201 of POST /v1/admin/notices: its number in the feed."""

    id: Number
    campaign: CampaignId


# --- problems -------------------------------------------------------------------------------------


class Problem(Message, frozen=True):
    """An error answer (RFC 9457). `type` is stable; the optional members depend on it."""

    type: str
    title: str
    status: int
    detail: str = ""
    number: int | None = None  # the entry that is wrong
    expected: int | None = None  # the number that is wanted next
    epoch: int | None = None  # the epoch that the server holds
    time: str | None = None  # the server's clock


PROBLEM_PREFIX: Final = "urn:comptoir:problem:"
PROBLEMS: Final[dict[str, tuple[int, str]]] = {
    "bad-request": (400, "The request cannot be read"),
    "unauthorised": (401, "No valid token"),
    "clock-skew": (401, "The clocks are too far apart"),
    "other-till": (403, "The token belongs to another till"),
    "epoch-closed": (403, "A later epoch of this till has taken over"),
    "cross-site": (403, "The form was sent from another site"),
    "not-found": (404, "There is nothing here"),
    "code-unknown": (404, "This pairing code does not exist"),
    "voucher-unknown": (404, "There is no such voucher"),
    "method-not-allowed": (405, "This address does not take this method"),
    "timeout": (408, "The body did not arrive in time"),
    "exists": (409, "It exists already"),
    "code-used": (409, "This pairing code was used by another till"),
    "closed": (409, "The campaign is closed"),
    "epoch-conflict": (409, "This till needs a later epoch"),
    "key-conflict": (409, "This key is known under another till or epoch"),
    "voucher-spent": (409, "This voucher was spent"),
    "voucher-expired": (409, "This voucher has expired"),
    "voucher-revoked": (409, "This voucher was replaced or given back"),
    "voucher-suspended": (409, "This voucher is not valid yet"),
    "voucher-reserved": (409, "Another sale holds this voucher"),
    "voucher-elsewhere": (409, "This voucher is for another shop"),
    "voucher-minimum": (409, "The purchase is too small for this voucher"),
    "wallet-short": (409, "The wallet holds less than that"),
    "gap": (409, "Entries are missing before these"),
    "fork": (409, "The same number was seen with other content"),
    "code-expired": (410, "This pairing code has expired"),
    "too-large": (413, "The body is too large"),
    "unsupported-encoding": (415, "Only gzip or no encoding is accepted"),
    "malformed": (422, "The content is not what was announced"),
    "wrong-place": (422, "The entry belongs to another till, chain, epoch or key"),
    "broken-link": (422, "The entry does not link to the one before it"),
    "key-reused": (422, "The same Idempotency-Key came with another body"),
    "bad-signature": (422, "The signature does not verify"),
    "quarantined": (423, "This till is quarantined in this epoch"),
    "too-many-requests": (429, "Too many requests"),
    "internal": (500, "The server failed"),
    "busy": (503, "The server has more work than it can take"),
}


def problem(name: str, detail: str = "", **more: Any) -> Problem:
    """The problem of this name (a key of PROBLEMS), with its optional members."""
    status, title = PROBLEMS[name]
    return Problem(type=PROBLEM_PREFIX + name, title=title, status=status, detail=detail, **more)


def problem_name(found: Problem) -> str:
    """The short name of a problem; of an unknown one its whole type."""
    return found.type.removeprefix(PROBLEM_PREFIX)


# --- signed messages ------------------------------------------------------------------------------

T = TypeVar("T", bound=Message)


def to_payload(message: Message) -> bytes:
    """The canonical bytes of a message that is going to be signed; NotCanonical if it has none."""
    plain: canonical.Json = msgspec.to_builtins(message)
    return canonical.encode(plain)


def open_signed(compact: bytes | str, typ: str, kind: type[T]) -> tuple[T, Signed]:
    """Read a signed message; its form is checked, its signature is not (Signed.check does that).

    Raises Malformed, NotCanonical or WrongKey.
    """
    signed = parse(compact, typ)
    try:
        return msgspec.convert(canonical.decode(signed.payload), kind), signed
    except msgspec.ValidationError as error:
        raise Malformed(f"expected {kind.__name__}: {error}") from error


def fingerprint(till_key: VerifyKey, server_key: VerifyKey) -> str:
    """Six digits that both sides show: the same on both, or somebody stands in between."""
    digest = hashlib.sha256(till_key.spki + server_key.spki).digest()
    return f"{int.from_bytes(digest, 'big') % 1_000_000:06}"


# --- names ----------------------------------------------------------------------------------------

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID in lower case."""
    return _UUID.match(text) is not None


def chain_of(campaign: str) -> str:
    """The journal chain that a campaign's entries stand in."""
    return CAMPAIGN_PREFIX + campaign


def tidy_code(typed: str) -> str:
    """A pairing code as it was made: upper case, without the spaces and dashes people add."""
    return "".join(c for c in typed.upper() if c not in " -\t")
