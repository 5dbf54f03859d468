"""Journal rows for an audit: read page by page, hashed, and checked against a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from pos.domain.errors import NotRecorded
from pos.store.database import Reader, Row
from sync.contract.entry import ENTRY_TYP
from sync.contract.errors import ContractError
from sync.contract.jws import Signed, VerifyKey, b64, header_b64

PAGE_ROWS: Final = 2000
_FEW_ROWS: Final = 8  # a broken entry rarely comes alone with thousands
SEQ_MIN: Final = -(2**63)
_COLUMNS: Final = "seq, epoch, chain, number, at, kid, payload, signature"


class JournalRow(NamedTuple):
    """A row as it is stored, whatever it says."""

    seq: int
    epoch: int
    chain: str
    number: int
    at: str
    kid: str
    payload: bytes
    signature: bytes


class Key(NamedTuple):
    """A public key and the epoch that it signs for."""

    epoch: int
    key: VerifyKey


class Signable(msgspec.Struct, frozen=True):
    """The signed part of a payload that must agree with its row and its neighbours."""

    at: str
    chain: str
    chain_prev: str
    epoch: int
    number: int
    prev: str
    seq: int
    till: str
    v: int


decode: Final[Callable[[bytes], Signable]] = msgspec.json.Decoder(Signable).decode


def pages(reader: Reader, last_seq: int) -> Iterator[list[Row]]:
    """All rows up to a place, in order, in short reads; as plain tuples, which are faster."""
    after = SEQ_MIN
    while True:
        rows = _rows(
            reader, "seq > ? AND seq <= ? ORDER BY seq LIMIT ?", after, last_seq, PAGE_ROWS
        )
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def backwards(reader: Reader, seq: int) -> Iterator[JournalRow]:
    """The rows from a place down to the first."""
    limit = _FEW_ROWS
    while True:
        rows = _rows(reader, "seq <= ? ORDER BY seq DESC LIMIT ?", seq, limit)
        if not rows:
            return
        yield from (JournalRow._make(row) for row in rows)
        seq, limit = rows[-1][0] - 1, PAGE_ROWS


def _rows(reader: Reader, where: str, *parameters: int) -> list[Row]:
    sql = f"SELECT {_COLUMNS} FROM journal WHERE {where}"  # noqa: S608 - constants of this module
    try:
        return reader.rows(sql, parameters)
    except NotRecorded:
        # Perhaps only a text that is no UTF-8 any more: then the row can still be named.
        with reader.snapshot() as connection:
            connection.text_factory = _replace
            try:
                return connection.execute(sql, parameters).fetchall()
            finally:
                connection.text_factory = str


def _replace(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


@lru_cache(maxsize=64)
def prefix(kid: str) -> bytes:
    """The compact form's beginning, up to the payload."""
    return header_b64(kid, ENTRY_TYP) + b"."


def digest(kid: str, payload: bytes, signature: bytes) -> str:
    """The hash of an entry: what Signed.digest tells, in less time."""
    parts = (prefix(kid), b64(payload), b".", b64(signature))
    return sha256(b"".join(parts)).hexdigest()


def signature_fault(row: JournalRow, keys: Mapping[str, Key]) -> str:
    """Why the row's key did not sign the row's payload; empty if it did."""
    key = keys.get(row.kid)
    if key is None:
        return f"no key {row.kid!r} is known here"
    try:
        Signed(row.kid, ENTRY_TYP, row.payload, row.signature).check(key.key)
    except ContractError as error:
        return str(error)
    except (TypeError, ValueError) as error:
        return f"not a signature: {error}"
    return ""
