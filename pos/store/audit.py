"""The audit: read the whole journal and name every entry that is not what it was.

It trusts nothing but public keys: neither the triggers, nor the indexes, nor the columns beside the
signed content. Each entry's hash covers all before it, so one good signature at the end of an
unbroken run vouches for the run; around every break signatures are checked one by one until a good
one is met. A full audit checks each signature.

Someone who has the key can sign another journal. Against that stand the witnesses outside: the head
file, the heads printed on closings, and the campaigns' servers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeAlias

from pos.domain.errors import NotRecorded
from pos.store.audit_report import Findings, Reason, Report
from pos.store.audit_rows import JournalRow, Key, pages, signature_fault
from pos.store.audit_walk import Walk
from pos.store.database import Reader, Row
from pos.store.head import Head, HeadState
from pos.store.keys import public_keys, till_of
from pos.store.start import compare
from sync.contract.errors import ContractError

Progress: TypeAlias = Callable[[int, int], None]
Check: TypeAlias = Callable[[Sequence[Row]], None]
Faults: TypeAlias = list[tuple[JournalRow, str]]

_WORKERS: Final = 2  # `cryptography` lets go of the interpreter while it verifies
_PAGES_AHEAD_MAX: Final = 4


def audit(
    reader: Reader,
    witness: Head | None = None,
    *,
    full: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Check the journal up to its present end; `progress` gets rows read and rows in all.

    Read the witness before, so that a till that sells meanwhile is never behind it.
    """
    findings, keys = Findings(), dict[str, Key]()
    walk = Walk(reader, keys, findings)
    try:
        keys.update(_keys(reader, findings))
        with _signatures(keys, findings, full=full) as check:
            _read(reader, walk, check, progress)
        _check_witness(reader, witness, walk, findings)
    except NotRecorded as error:
        findings.add(Reason.FORM, f"the file cannot be read further: {error}", walk.last_seq + 1)
    return Report(
        entries=walk.rows,
        last_seq=walk.last_seq,
        last_digest=walk.digest,
        keys=walk.used,
        signatures=walk.rows if full else walk.signatures,
        full=full,
        findings=findings.in_order(),
        findings_left_out=findings.left_out,
        beginnings=tuple(walk.beginnings),
    )


def _read(reader: Reader, walk: Walk, check: Check, progress: Progress | None) -> None:
    last_seq: int = (reader.row("SELECT max(seq) FROM journal") or (0,))[0] or 0
    for page in pages(reader, last_seq):
        walk.page(page)
        check(page)
        if progress:
            progress(walk.rows, max(last_seq, walk.rows))
    walk.vouch()


def _keys(reader: Reader, findings: Findings) -> dict[str, Key]:
    """The public keys that are what their names say."""
    with reader.snapshot() as connection:
        stored = public_keys(connection)
    keys = {}
    for public in stored:
        try:
            key = public.verify_key()
        except ContractError as error:
            findings.add(Reason.FORM, f"the key of epoch {public.epoch}: {error}", 0)
            continue
        if key.kid == public.kid:
            keys[public.kid] = Key(public.epoch, key)
        else:
            findings.add(Reason.FORM, f"the key of epoch {public.epoch} is not {public.kid}", 0)
    return keys


@contextmanager
def _signatures(keys: Mapping[str, Key], findings: Findings, *, full: bool) -> Iterator[Check]:
    """What checks a page's signatures on other threads; nothing unless the audit is full."""
    if not full:
        yield lambda _: None
        return
    waiting: deque[Future[Faults]] = deque()

    def collect(at_most: int) -> None:
        while len(waiting) > at_most:
            for row, fault in waiting.popleft().result():
                findings.add(Reason.SIGNATURE, fault, row.seq, row.chain, row.number)

    with ThreadPoolExecutor(_WORKERS, "audit") as pool:

        def check(page: Sequence[Row]) -> None:
            waiting.append(pool.submit(_faults, page, keys))
            collect(_PAGES_AHEAD_MAX)

        yield check
        collect(0)


def _faults(page: Sequence[Row], keys: Mapping[str, Key]) -> Faults:
    rows = (JournalRow._make(row) for row in page)
    checked = ((row, signature_fault(row, keys)) for row in rows)
    return [(row, fault) for row, fault in checked if fault]


def _check_witness(reader: Reader, witness: Head | None, walk: Walk, findings: Findings) -> None:
    """Compare with what was seen from outside, and with the till that the file says it is."""
    with reader.snapshot() as connection:
        state, till = compare(connection, witness), till_of(connection)
    if witness and state is HeadState.AHEAD:
        detail = f"entry {witness.seq} was seen: what follows {walk.last_seq} is missing"
        findings.add(Reason.HEAD, detail, walk.last_seq + 1)
    elif witness and state is HeadState.OTHER:
        findings.add(Reason.HEAD, "another entry was seen in this place", witness.seq)
    if walk.rows and till != walk.till:
        findings.add(Reason.FORM, f"the file says it is of till {till}, not {walk.till}", 0)
