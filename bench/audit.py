"""Audit of the journal, against a bare scan of its hash chain; every signature, against verifying.

The bare scan does the least that proves an unbroken chain of this format: read the rows, decode
`prev` and `seq`, hash the compact form.
"""

from __future__ import annotations

import argparse
import sqlite3
from binascii import b2a_base64
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from bench.figure import Figure, median, seconds
from bench.long_journal import make_long_journal, place
from bench.place import workspace
from pos.store.audit import audit
from pos.store.database import Reader
from pos.store.keys import public_keys
from sync.contract.entry import ENTRY_TYP, GENESIS
from sync.contract.jws import Signed, VerifyKey, header_b64

ENTRIES: Final = 100_000
ROUNDS: Final = 5
WORKERS: Final = 2
SIGNATURES: Final = 20_000
HOLD, AIM = 0.7, 0.9
FULL_AIM_SECONDS: Final = 60
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_MILLION: Final = 1_000_000
_ROWS: Final = "SELECT kid, payload, signature FROM journal ORDER BY seq"


class _Links(msgspec.Struct):
    prev: str
    seq: int


def main() -> None:
    """Make a journal of some length and print both figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    entries: int = parser.parse_args().entries
    with workspace() as path:
        folder, machine = place(path)
        make_long_journal(folder, machine, entries)
        reader = Reader(folder.till_db, "till")
        try:
            _fast(reader, entries)
            _full(reader, entries)
        finally:
            reader.close()


def _fast(reader: Reader, entries: int) -> None:
    ours, bare = list[float](), list[float]()
    for _ in range(ROUNDS):
        bare.append(seconds(lambda: _scan(reader.path)))
        ours.append(seconds(lambda: _audit(reader, full=False)))
    ratio = median(bare) / median(ours)
    Figure(
        f"journal audit, {entries:,} entries",
        f"{entries / median(ours):,.0f} /s",
        f"{entries / median(bare):,.0f} /s (bare scan)",
        f"{ratio:.2f}",
        f">= {HOLD}",
        f"{AIM}",
        ratio >= HOLD,
    ).show()


def _full(reader: Reader, entries: int) -> None:
    rows = _signed(reader, min(entries, SIGNATURES))
    with reader.snapshot() as connection:
        key = public_keys(connection)[-1].verify_key()
    before = seconds(lambda: _verify(rows, key))
    took = seconds(lambda: _audit(reader, full=True))
    after = seconds(lambda: _verify(rows, key))
    rate, limit = entries / took, len(rows) / median([before, after])
    Figure(
        "  every signature checked too",
        f"{rate:,.0f} /s",
        f"{limit:,.0f} /s ({WORKERS} threads verify)",
        f"{rate / limit:.2f}",
    ).show()
    Figure(
        "  every signature of 1,000,000 entries",
        f"{_MILLION / rate:.0f} s" + ("" if entries >= _MILLION else " (by this rate)"),
        f"{_MILLION / limit:.0f} s",
        aim=f"{FULL_AIM_SECONDS} s",
    ).show()


def _audit(reader: Reader, *, full: bool) -> None:
    report = audit(reader, full=full)
    if not report.ok:
        raise SystemExit(f"the journal is broken: {report.findings[:3]}")


def _scan(path: Path) -> None:
    """Walk along the chain and look at nothing else."""
    decode = msgspec.json.Decoder(_Links).decode
    digest, expected = GENESIS, 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        for kid, payload, signature in db.execute(_ROWS):
            said = decode(payload)
            expected += 1
            if said.seq != expected or said.prev != digest:
                raise SystemExit(f"the chain breaks at {expected}")
            parts = (header_b64(kid, ENTRY_TYP), _b64(payload), _b64(signature))
            digest = sha256(b".".join(parts)).hexdigest()


def _b64(raw: bytes) -> bytes:
    text = b2a_base64(raw, newline=False).rstrip(b"=")
    return text.translate(_URL_SAFE) if b"+" in text or b"/" in text else text


def _signed(reader: Reader, count: int) -> list[Signed]:
    rows = reader.rows(f"{_ROWS} LIMIT {count}")
    return [Signed(kid, ENTRY_TYP, payload, signature) for kid, payload, signature in rows]


def _verify(rows: list[Signed], key: VerifyKey) -> None:
    """Check signatures on all cores, and do nothing else."""
    shares = [rows[start::WORKERS] for start in range(WORKERS)]

    def check(share: list[Signed]) -> None:
        for signed in share:
            signed.check(key)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(check, shares))


if __name__ == "__main__":
    main()
