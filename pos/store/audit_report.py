"""What an audit of the journal found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FINDINGS_MAX: Final = 1000


class Reason(StrEnum):
    """What is wrong with an entry."""

    SIGNATURE = "signature"  # the key did not sign this content
    HASH = "hash"  # well signed, but not what the entry before or after it names
    GAP = "gap"  # entries are missing here
    ORDER = "order"  # well signed, but it belongs to another place
    HEAD = "head"  # the witness outside the data folder has seen another end
    FORM = "form"  # not an entry, or its columns contradict its signed content


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken or missing entry: its place in the whole and in its chain, 0 and "" if unknown."""

    seq: int
    chain: str
    number: int
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How many entries a key has signed, by its own word."""

    epoch: int
    kid: str
    entries: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a later epoch begins, at the entry `seq`, and why, by the journal's own word.

    `seen`: the journal had been put back, after that entry was seen; None: the key was renewed.
    """

    epoch: int
    seq: int
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """An audit's result. `beginnings` tell what the journal itself says of earlier mishaps."""

    entries: int
    last_seq: int
    last_digest: str
    keys: tuple[KeyUse, ...]
    signatures: int
    full: bool
    findings: tuple[Finding, ...]
    findings_left_out: int
    beginnings: tuple[Beginning, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


class Findings:
    """Collects findings, each once, up to a limit."""

    def __init__(self, limit: int = FINDINGS_MAX) -> None:
        self._limit = limit
        self._found: dict[tuple[int, str, int, Reason], Finding] = {}
        self.left_out = 0

    def add(self, reason: Reason, detail: str, seq: int, chain: str = "", number: int = 0) -> None:
        """Note what is wrong with one entry."""
        key = (seq, chain, number, reason)
        if key in self._found:
            return
        if len(self._found) >= self._limit:
            self.left_out += 1
            return
        self._found[key] = Finding(seq, chain, number, reason, detail)

    def in_order(self) -> tuple[Finding, ...]:
        """The findings by place."""
        return tuple(sorted(self._found.values(), key=lambda x: (x.seq, x.chain, x.number)))
