"""Verifying a batch of entries by itself. Pure: the caller brings the keys.

Form, place and links of each entry are checked, and the signature of the last one, which covers all
before it because each entry holds the hash of its predecessor. When that fails, every signature is
checked, so that the entry which is wrong can be named.

An entry that is signed and linked but says something unusable is *rejected*: it is stored and
counted as received, because refusing it would hold up every sale behind it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

import msgspec

from sync.contract.entry import ENTRY_TYP, FORMAT_VERSION
from sync.contract.errors import BadSignature, ContractError, Malformed
from sync.contract.jws import Signed, parse
from sync.contract.messages import Epoch, Number, Sha256
from sync.contract.operations import Booked, Operation, read_operation
from sync.server.auth import Signer
from sync.server.errors import Refused, refuse

NO_DIGEST: Final = bytes(32)
REASON_CHARS_MAX: Final = 200
TIME_CHARS_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends what: the till, its epoch, the keys it ever signed with (by kid), and the chain."""

    till: str
    epoch: int
    keys: Mapping[str, Signer]
    chain: str


class Received(msgspec.Struct, frozen=True):
    """A verified entry. Either `operation` or `rejection` is set; `ticket` is the hash it names."""

    number: int
    epoch: int
    chain_prev: bytes
    digest: bytes
    compact: bytes
    at: str
    operation: Operation | None
    rejection: str | None
    ticket: bytes | None = None


class _Read(msgspec.Struct, frozen=True):
    """The members of a payload that place it; what else it says is judged, not required."""

    chain: str
    chain_prev: Sha256
    data: msgspec.Raw
    epoch: Epoch
    number: Number
    till: str
    at: str = ""
    v: int = 0


class _Item(NamedTuple):
    """One entry of the batch, read but not yet believed."""

    signed: Signed
    said: _Read
    digest: bytes


_Fault: TypeAlias = tuple[int, str, str]  # index in the batch, problem, detail


def read_batch(compacts: Sequence[str], sender: Sender) -> list[Received]:
    """The entries of a batch, verified. Raises Refused, naming the entry that is wrong."""
    items = _items(compacts)
    last = len(items) - 1
    fault = next(_faults(items, sender), None)
    if fault is None:
        try:
            signed = items[last].signed
            signed.check(sender.keys[signed.kid].key)
        except BadSignature as error:
            fault = (last, "bad-signature", str(error))
    if fault is not None:
        raise _refusal(items, sender, fault)
    return [_judge(item) for item in items]


def is_time(text: str) -> bool:
    """Whether a text is an ISO 8601 time with its offset."""
    try:
        return len(text) <= TIME_CHARS_MAX and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _items(compacts: Sequence[str]) -> list[_Item]:
    items: list[_Item] = []
    for index, compact in enumerate(compacts):
        try:
            items.append(_item(compact))
        except ContractError as error:
            detail = f"entry {index + 1} of the batch: {error}"
            number = _number_by_neighbours(compacts, index)
            raise refuse("malformed", detail[:REASON_CHARS_MAX], number=number) from error
    return items


def _item(compact: str) -> _Item:
    signed = parse(compact, ENTRY_TYP)
    digest = hashlib.sha256(compact.encode("ascii")).digest()
    return _Item(signed, _decode(signed.payload), digest)


def _number_by_neighbours(compacts: Sequence[str], index: int) -> int | None:
    for other, compact in enumerate(compacts):
        try:
            return max(1, _item(compact).said.number - other + index)
        except ContractError:
            continue
    return None


def _decode(payload: bytes) -> _Read:
    try:
        return _reader.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"expected an entry: {error}") from error


def _faults(items: Sequence[_Item], sender: Sender) -> Iterator[_Fault]:
    number, epoch, digest = items[0].said.number - 1, 0, ""
    if number == 0:
        digest = NO_DIGEST.hex()
    for index, item in enumerate(items):
        said = item.said
        wrong = _misplaced(item, sender)
        if wrong:
            yield index, "wrong-place", wrong
        if said.number != number + 1 or said.epoch < epoch:
            yield index, "broken-link", f"expected number {number + 1} and no lower epoch"
        if digest and said.chain_prev != digest:
            yield index, "broken-link", f"expected chain_prev {digest}"
        number, epoch, digest = said.number, said.epoch, item.digest.hex()


def _misplaced(item: _Item, sender: Sender) -> str:
    said = item.said
    signer = sender.keys.get(item.signed.kid)
    if said.till != sender.till:
        return f"expected till {sender.till}"
    if said.chain != sender.chain:
        return f"expected chain {sender.chain}"
    if said.epoch > sender.epoch:
        return f"epoch {said.epoch} is later than this token's"
    if signer is None or signer.epoch != said.epoch:
        return f"key {item.signed.kid} is not known for epoch {said.epoch}"
    return ""


def _refusal(items: Sequence[_Item], sender: Sender, fault: _Fault) -> Refused:
    """The refusal that names the first entry whose own signature fails, else the fault seen.

    A changed entry shows first as a broken link of its successor, hence this second look. Its
    number may be what was changed, so the numbers of the others decide how it is called.
    """
    ((base, _),) = Counter(item.said.number - i for i, item in enumerate(items)).most_common(1)
    for index, item in enumerate(items):
        signer = sender.keys.get(item.signed.kid)
        if signer is None:
            break
        try:
            item.signed.check(signer.key)
        except BadSignature as error:
            fault = (index, "bad-signature", str(error))
            break
    index, name, detail = fault
    return refuse(name, detail, number=max(1, base + index))


def _judge(item: _Item) -> Received:
    said, operation, rejection = item.said, None, None
    try:
        _check_form(item.signed.payload, said)
        operation = read_operation(said.data)
    except Malformed as error:
        rejection = str(error)[:REASON_CHARS_MAX]
    return Received(
        number=said.number,
        epoch=said.epoch,
        chain_prev=bytes.fromhex(said.chain_prev),
        digest=item.digest,
        compact=item.signed.compact,
        at=said.at,
        operation=operation,
        rejection=rejection,
        ticket=None if operation is None else _ticket(operation),
    )


def _ticket(operation: Operation) -> bytes | None:
    return bytes.fromhex(operation.ticket.hash) if isinstance(operation, Booked) else None


def _check_form(payload: bytes, said: _Read) -> None:
    if said.v != FORMAT_VERSION:
        raise Malformed(f"entry format {said.v}, expected {FORMAT_VERSION}")
    # The decoder's own round trip sees every other spelling, at a fifth of canonical.decode's cost.
    if _canonical.encode(msgspec.json.decode(payload)) != payload:
        raise Malformed("the payload is not canonical JSON")
    if not is_time(said.at):
        raise Malformed("`at` is not a time with its offset")


_reader = msgspec.json.Decoder(_Read)
_canonical = msgspec.json.Encoder(order="deterministic")
