"""A journal entry: canonical payload, signature, and its two links.

Format version 1, frozen: entries written today verify for ever. `prev` is the SHA-256 of the
compact form of the entry before it in the till's whole sequence, `chain_prev` that of the entry
before it in its own chain, so that one chain can be handed over and verified alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sync.contract import canonical
from sync.contract.canonical import Json
from sync.contract.errors import Malformed
from sync.contract.jws import Signed, SigningKey, parse

ENTRY_TYP: Final = "comptoir-entry+jws"
GENESIS: Final = "0" * 64
FORMAT_VERSION: Final = 1
CHAINS: Final = frozenset(
    (
        "ticket",
        "note",
        "payment",
        "cash",
        "closing",
        "copy",
        "event",
        "archive",
        "invoice",
        "training",
    )
)
CAMPAIGN_PREFIX: Final = "campaign:"
_CAMPAIGN = re.compile(r"campaign:[a-z0-9][a-z0-9-]{0,62}\Z")


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an entry says. `at` is ISO 8601 with milliseconds and offset; `till` is a UUID."""

    at: str
    chain: str
    chain_prev: str
    data: dict[str, Any]
    epoch: int
    number: int
    operator: str
    prev: str
    seq: int
    till: str
    v: int


class Links(msgspec.Struct, frozen=True):
    """The part of a payload that an audit walks along: decoding skips `data`."""

    chain: str
    chain_prev: str
    epoch: int
    number: int
    prev: str
    seq: int
    till: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A payload with the signed message that carries it."""

    payload: Payload
    signed: Signed

    @property
    def data(self) -> dict[str, Any]:
        """The business content."""
        return self.payload.data

    @property
    def compact(self) -> bytes:
        """What travels and is hashed."""
        return self.signed.compact

    @property
    def digest(self) -> str:
        """The hash by which the next entry links to this one."""
        return self.signed.digest


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new entry goes: everything of its payload that its content does not decide."""

    till: str
    epoch: int
    seq: int
    prev: str
    chain: str
    number: int
    chain_prev: str


def seal(place: Place, at: str, operator: str, data: dict[str, Json], key: SigningKey) -> Entry:
    """Make and sign the entry of a place. Raises NotCanonical for data that cannot be carried."""
    if not is_chain(place.chain):
        raise Malformed(f"{place.chain!r} is no chain of the journal")
    payload = Payload(
        at=at,
        chain=place.chain,
        chain_prev=place.chain_prev,
        data=data,
        epoch=place.epoch,
        number=place.number,
        operator=operator,
        prev=place.prev,
        seq=place.seq,
        till=place.till,
        v=FORMAT_VERSION,
    )
    raw = canonical.encode(msgspec.structs.asdict(payload))
    return Entry(payload, key.sign(raw, ENTRY_TYP))


def read(compact: bytes | str) -> Entry:
    """The entry of a compact JWS, its form checked but not its signature.

    Raises Malformed, WrongKey or NotCanonical.
    """
    return from_signed(parse(compact, ENTRY_TYP))


def from_signed(signed: Signed) -> Entry:
    """The entry that a signed message carries; Malformed or NotCanonical when it carries none."""
    payload = _decode(signed.payload)
    if canonical.encode(msgspec.structs.asdict(payload)) != signed.payload:
        raise Malformed("the payload has another canonical spelling")
    if payload.v != FORMAT_VERSION:
        raise Malformed(f"entry format {payload.v}, expected {FORMAT_VERSION}")
    if not is_chain(payload.chain):
        raise Malformed(f"{payload.chain!r} is no chain of the journal")
    return Entry(payload, signed)


def is_chain(name: str) -> bool:
    """Whether a journal may hold a chain of this name."""
    return name in CHAINS or _CAMPAIGN.match(name) is not None


def links(payload: bytes) -> Links:
    """The links of a payload; Malformed when it has none."""
    try:
        return _links.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed(f"expected an entry: {error}") from error


def _decode(raw: bytes) -> Payload:
    try:
        return _payload.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"expected an entry: {error}") from error


_payload = msgspec.json.Decoder(Payload)
_links = msgspec.json.Decoder(Links)
