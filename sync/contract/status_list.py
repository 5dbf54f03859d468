"""Which vouchers of a batch are still good: the Token Status List of the IETF's OAuth group.

One or two bits a voucher, the first in the lowest bits of the first byte, zlib-compressed, inside a
signed JWT (typ statuslist+jwt). A hundred thousand vouchers take about ten kilobytes.
"""

from __future__ import annotations

import binascii
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta

from sync.contract.errors import Malformed
from sync.contract.jws import Signed, SigningKey, b64
from sync.contract.messages import Message, Number, open_signed, to_payload

STATUS_LIST_TYP: Final = "statuslist+jwt"
VALID: Final = 0
INVALID: Final = 1  # spent, expired or revoked
SUSPENDED: Final = 2  # not handed out yet
Bits: TypeAlias = Literal[1, 2, 4, 8]
BITS: Final = 2
LIST_BYTES_MAX: Final = 4 * 1024 * 1024
LISTS_MAX: Final = 200
ETAG_CHARS_MAX: Final = 40
_COMPRESSED_CHARS_MAX: Final = 6 * 1024 * 1024


class _Bits(Message, frozen=True):
    bits: Bits
    lst: Annotated[str, Meta(max_length=_COMPRESSED_CHARS_MAX)]


class StatusClaims(Message, frozen=True):
    """The signed payload. `iat` and `exp` are seconds since 1970, `ttl` seconds."""

    sub: str
    iat: int
    exp: int
    ttl: int
    status_list: _Bits


class BatchList(Message, frozen=True):
    """A batch whose vouchers a till may be shown, and the version (ETag) of its status list."""

    batch: Number
    etag: Annotated[str, Meta(min_length=1, max_length=ETAG_CHARS_MAX)]


class BatchLists(Message, frozen=True):
    """200 of GET /v1/tills/{till}/lists/{campaign}: the batches that are not over, newest first."""

    lists: Annotated[list[BatchList], Meta(max_length=LISTS_MAX)]


@dataclass(frozen=True, slots=True)
class StatusList:
    """The statuses of a batch."""

    bits: int
    raw: bytes

    def covers(self, index: int) -> bool:
        """Whether it has a place for this index: what was issued after it was made has none."""
        return 0 <= index < len(self.raw) * (8 // self.bits)

    def get(self, index: int) -> int:
        """The status at an index; INVALID beyond the end, as nothing was issued there."""
        per_byte = 8 // self.bits
        place = index // per_byte
        if index < 0 or place >= len(self.raw):
            return INVALID
        return self.raw[place] >> index % per_byte * self.bits & (1 << self.bits) - 1


def list_path(campaign: str, batch: int) -> str:
    """Where a server has the status list of a batch."""
    return f"/v1/campaigns/{campaign}/lists/{batch}"


def pack(statuses: Iterable[int], bits: int = BITS) -> bytes:
    """Statuses as bytes, the first in the lowest bits of the first byte."""
    per_byte = 8 // bits
    packed = bytearray()
    for index, status in enumerate(statuses):
        if index % per_byte == 0:
            packed.append(0)
        packed[-1] |= status << index % per_byte * bits
    return bytes(packed)


def compress(raw: bytes) -> str:
    """Packed statuses as the member `lst`."""
    return b64(zlib.compress(raw, 9)).decode("ascii")


def inflate(lst: str) -> bytes:
    """The packed statuses of a member `lst`; Malformed when it is damaged or too large."""
    try:
        squeezed = urlsafe_b64decode(lst + "=" * (-len(lst) % 4))
        inflater = zlib.decompressobj()
        raw = inflater.decompress(squeezed, LIST_BYTES_MAX + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Malformed(f"expected a zlib-compressed list: {error}") from error
    if len(raw) > LIST_BYTES_MAX:
        raise Malformed(f"expected a list of at most {LIST_BYTES_MAX} bytes")
    if not inflater.eof or inflater.unused_data:
        raise Malformed("expected exactly one whole list")
    return raw


def write(
    raw: bytes, key: SigningKey, *, uri: str, at: int, ttl: int, lifetime: int, bits: Bits = BITS
) -> Signed:
    """The signed list of a batch: its address, when it was made, how long it may be kept (s)."""
    claims = StatusClaims(
        sub=uri,
        iat=at,
        exp=at + lifetime,
        ttl=ttl,
        status_list=_Bits(bits=bits, lst=compress(raw)),
    )
    return key.sign(to_payload(claims), STATUS_LIST_TYP)


def read(compact: bytes | str) -> tuple[StatusList, StatusClaims, Signed]:
    """A signed list, its form checked but not its signature (Signed.check does that).

    Raises Malformed, NotCanonical or WrongKey.
    """
    claims, signed = open_signed(compact, STATUS_LIST_TYP, StatusClaims)
    bits = claims.status_list
    return StatusList(bits.bits, inflate(bits.lst)), claims, signed
