"""The walk along the journal's links: fast while everything agrees, close where it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from pos.domain.events import EventCode
from pos.store.audit_report import Beginning, Findings, KeyUse, Reason
from pos.store.audit_rows import (
    JournalRow,
    Key,
    Signable,
    backwards,
    decode,
    digest,
    signature_fault,
)
from pos.store.database import Reader, Row
from sync.contract.entry import FORMAT_VERSION, GENESIS, Payload

Fault: TypeAlias = tuple[Reason, str]

# The hash of an entry that was changed: nothing can be told from a link to it.
_UNKNOWN: Final = ""
_START: Final = (0, GENESIS)


class Walk:
    """Where the audit stands: the end of the whole sequence and of each chain."""

    def __init__(self, reader: Reader, keys: Mapping[str, Key], findings: Findings) -> None:
        self.digest = GENESIS
        self.till = ""
        self.signatures = 0
        self.beginnings: list[Beginning] = []
        self._last: Row | None = None
        self._reader = reader
        self._keys = keys
        self._findings = findings
        self._chains: dict[str, tuple[int, str]] = {}
        self._kid, self._epoch = "", 0
        self._doubtful = False  # the last row has a finding: the next is not blamed for its link
        self._vouched_seq = 0  # no signature up to here is left to be checked
        self._used: Counter[tuple[int, str]] = Counter()

    @property
    def last_seq(self) -> int:
        """The place of the last row that was read."""
        seq: int = self._last[0] if self._last else 0
        return seq

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self._used.total()

    @property
    def used(self) -> tuple[KeyUse, ...]:
        """The keys named by the rows, by epoch."""
        used = sorted(self._used.items(), key=str)
        return tuple(KeyUse(*key, count) for key, count in used if count)

    def page(self, rows: Sequence[Row]) -> None:
        """Walk along a page of rows. The loop is the audit's whole cost: it stays flat."""
        chains, agreed = self._chains, 0
        expected = self.last_seq + 1
        for row in rows:
            seq, epoch, chain, number, at, kid, payload, signature = row
            try:
                said = decode(payload)
                hashed = digest(kid, payload, signature)
            except (msgspec.MsgspecError, TypeError, ValueError):
                said, hashed = None, _UNKNOWN
            end = chains.get(chain, _START)
            if (
                said is not None
                and seq == said.seq == expected
                and said.prev == self.digest
                and said.chain == chain
                and number == said.number == end[0] + 1
                and said.chain_prev == end[1]
                and kid == self._kid
                and epoch == said.epoch == self._epoch
                and said.at == at
                and said.till == self.till
                and said.v == FORMAT_VERSION
            ):
                chains[chain] = (number, hashed)
                agreed += 1
                self._doubtful = False
            else:
                self._used[self._epoch, self._kid] += agreed
                agreed = 0
                self._look_closer(JournalRow._make(row), said, hashed)
            self._last, self.digest = row, hashed
            expected = seq + 1
        self._used[self._epoch, self._kid] += agreed

    def vouch(self) -> None:
        """Check the last row's signature, and those before it until one is good."""
        if self._last is None or self.last_seq <= self._vouched_seq:
            return
        if self._fault(JournalRow._make(self._last)):
            for row in backwards(self._reader, self.last_seq):
                fault = self._fault(row) if row.seq > self._vouched_seq else ""
                if not fault:
                    break
                self._add(row, Reason.SIGNATURE, fault)
                self._distrust(row)
            self._doubtful = True
        self._vouched_seq = self.last_seq

    # --- where something does not agree -----------------------------------------------------------

    def _look_closer(self, row: JournalRow, said: Signable | None, hashed: str) -> None:
        """Find out whether this row is wrong, or the one before it, or what is between them."""
        self._used[row.epoch, row.kid] += 1
        self.vouch()
        signature = self._fault(row)
        if signature:
            faults = [(Reason.SIGNATURE, signature)]
        elif said is None:
            faults = [(Reason.FORM, "the signed content is not an entry's")]
        else:
            faults = [*self._place(row, said), *self._content(row, said)]
        for reason, detail in faults:
            self._add(row, reason, detail)
        if signature or said is None:
            self._distrust(row)
        else:
            self._take_key(row, said)
            self._take_chain(row, said, hashed, moved=said.seq != row.seq)
        self._doubtful = bool(faults)
        self._vouched_seq = row.seq

    def _place(self, row: JournalRow, said: Signable) -> Iterator[Fault]:
        """What is wrong with where a well-signed row stands."""
        if said.seq != row.seq:
            yield Reason.ORDER, f"this is entry {said.seq}"
        elif row.seq > self.last_seq + 1:
            first, last = self.last_seq + 1, row.seq - 1
            missing = f"entry {first} is missing" if first == last else f"{first} to {last}"
            self._findings.add(Reason.GAP, missing, first)
        elif said.prev != self.digest and not self._doubtful:
            yield Reason.HASH, f"it does not name the hash of entry {self.last_seq}"

    def _content(self, row: JournalRow, said: Signable) -> Iterator[Fault]:
        """Where a row's columns contradict its signed content, and that the rest of the journal."""
        for name in ("epoch", "chain", "number", "at"):
            column, signed = getattr(row, name), getattr(said, name)
            if column != signed and (name == "at" or said.seq == row.seq):
                yield Reason.FORM, f"column {name} says {column!r}, the signed content {signed!r}"
        if self.till and said.till != self.till:
            yield Reason.FORM, f"it belongs to till {said.till}"
        if said.v != FORMAT_VERSION:
            yield Reason.FORM, f"format {said.v}, expected {FORMAT_VERSION}"
        if said.epoch != self._keys[row.kid].epoch or said.epoch < self._epoch:
            yield Reason.FORM, f"epoch {said.epoch} is not the one of its key in this place"

    def _take_key(self, row: JournalRow, said: Signable) -> None:
        """Go on under the row's key; a new epoch says why it began."""
        self.till = self.till or said.till
        if row.kid == self._kid or said.epoch <= self._epoch:
            return
        if self._epoch:
            self.beginnings.append(_beginning(row))
        self._kid, self._epoch = row.kid, said.epoch

    def _take_chain(self, row: JournalRow, said: Signable, hashed: str, *, moved: bool) -> None:
        """Compare a well-signed row with the end of its chain, and go on from it."""
        number, before = self._chains.get(said.chain, _START)
        if moved:  # it stands in for the one whose place it took
            self._chains[said.chain] = (number + 1, _UNKNOWN)
            return
        if said.number > number + 1:
            missing = f"{said.chain} {number + 1} to {said.number - 1} missing"
            self._findings.add(Reason.GAP, missing, row.seq, said.chain, number + 1)
        elif said.number <= number:
            self._add(row, Reason.ORDER, f"{said.chain} {number} came before it")
        elif before != _UNKNOWN and said.chain_prev != before:
            self._add(row, Reason.HASH, f"it does not name the hash of {said.chain} {number}")
        self._chains[said.chain] = (max(number, said.number), hashed)

    def _distrust(self, row: JournalRow) -> None:
        """Forget the hash of a changed entry where it is the end of its chain, or goes there."""
        number = self._chains.get(row.chain, _START)[0]
        if row.number in {number, number + 1}:
            self._chains[row.chain] = (row.number, _UNKNOWN)

    def _fault(self, row: JournalRow) -> str:
        self.signatures += 1
        return signature_fault(row, self._keys)

    def _add(self, row: JournalRow, reason: Reason, detail: str) -> None:
        self._findings.add(reason, detail, row.seq, row.chain, row.number)


def _beginning(row: JournalRow) -> Beginning:
    """Why a new epoch began, by its first entry."""
    payload = msgspec.json.decode(row.payload, type=Payload)
    put_back = payload.data.get("code") == EventCode.INTEGRITY_DEFECT
    seen = payload.data["details"]["witness_seq"] if put_back else None
    return Beginning(payload.epoch, row.seq, seen)
