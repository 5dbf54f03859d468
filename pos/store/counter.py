"""What is under way at the counter, kept beside the journal: drafts, card attempts, print jobs."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from pos.app.ports import JobState, PrintJob
from pos.domain import draft, payment
from pos.domain.errors import LimitReached, SaleChanged
from pos.domain.payment import Attempt, State
from pos.domain.sale import Sale
from pos.store.database import Row

DRAFTS_MAX: Final = 200
PRINT_JOBS_MAX: Final = 500
_TELLS_RECEIPT: Final = frozenset((State.ANSWERED, State.ORPHAN))
_DONE: Final = frozenset((JobState.PRINTED, JobState.DROPPED))

DRAFTS: Final = "SELECT body FROM draft ORDER BY id"
OPEN_ATTEMPTS: Final = "SELECT body FROM open_attempt ORDER BY id"
JOBS: Final = "SELECT job, title, page, state, reason FROM print_job ORDER BY id"


def read_draft(row: Row) -> Sale:
    """The sale of a row of DRAFTS."""
    return draft.from_data(msgspec.json.decode(row[0]))


def find_draft(connection: sqlite3.Connection, sale_id: str) -> Sale | None:
    """The stored sale of this id."""
    row = connection.execute("SELECT body FROM draft WHERE sale = ?", (sale_id,)).fetchone()
    return read_draft(row) if row else None


def put_draft(connection: sqlite3.Connection, sale: Sale, *, known: bool = False) -> None:
    """Store a sale in its place; LimitReached when too many wait.

    A `known` sale that is not there any more was settled or cancelled: it must not come back, and
    the refusal is SaleChanged.
    """
    body = msgspec.json.encode(draft.to_data(sale)).decode("utf-8")
    changed = connection.execute(
        "UPDATE draft SET parked_as = ?, body = ? WHERE sale = ?", (sale.parked_as, body, sale.id)
    )
    if changed.rowcount:
        return
    if known:
        raise SaleChanged
    if connection.execute("SELECT count(*) FROM draft").fetchone()[0] >= DRAFTS_MAX:
        raise LimitReached(what="drafts", limit=DRAFTS_MAX)
    connection.execute(
        "INSERT INTO draft (sale, parked_as, body) VALUES (?, ?, ?)",
        (sale.id, sale.parked_as, body),
    )


def drop_draft(connection: sqlite3.Connection, sale_id: str) -> None:
    """Forget a sale."""
    connection.execute("DELETE FROM draft WHERE sale = ?", (sale_id,))


def note_attempt(connection: sqlite3.Connection, data: Mapping[str, Any]) -> None:
    """Follow an entry of the `payment` chain: keep the attempt while a question is open."""
    if "reference" not in data:
        _forget_receipt(connection, data["totals"]["terminal"])
        return
    attempt = payment.from_data(data)
    _note_receipt(connection, attempt)
    if attempt.is_settled:
        connection.execute("DELETE FROM open_attempt WHERE reference = ?", (attempt.reference,))
        return
    body = msgspec.json.encode(data).decode("utf-8")
    changed = connection.execute(
        "UPDATE open_attempt SET state = ?, body = ? WHERE reference = ?",
        (attempt.state, body, attempt.reference),
    )
    if not changed.rowcount:
        connection.execute(
            "INSERT INTO open_attempt (reference, state, body) VALUES (?, ?, ?)",
            (attempt.reference, attempt.state, body),
        )


def read_attempt(row: Row) -> Attempt:
    """The attempt of a row of OPEN_ATTEMPTS."""
    return payment.from_data(msgspec.json.decode(row[0]))


def enqueue(connection: sqlite3.Connection, job: PrintJob) -> None:
    """Add a print job; one that waits under the same id stays as it is.

    When the spool is full the oldest job that is not on its way leaves it: whatever was to be
    printed can be printed again from the journal, while a printer must never stop a sale.
    """
    if connection.execute("SELECT 1 FROM print_job WHERE job = ?", (job.id,)).fetchone():
        return
    if connection.execute("SELECT count(*) FROM print_job").fetchone()[0] >= PRINT_JOBS_MAX:
        connection.execute(
            "DELETE FROM print_job WHERE id ="
            " (SELECT id FROM print_job ORDER BY state = 'sent', id LIMIT 1)"
        )
    connection.execute(
        "INSERT INTO print_job (job, title, page, state, reason) VALUES (?, ?, ?, ?, ?)",
        (job.id, job.title, msgspec.json.encode(job.page).decode("utf-8"), job.state, job.reason),
    )


def set_job(connection: sqlite3.Connection, job_id: str, state: JobState, reason: str) -> None:
    """Note how far a job came; a job that is done leaves the spool and never comes back."""
    if state in _DONE:
        connection.execute("DELETE FROM print_job WHERE job = ?", (job_id,))
        return
    connection.execute(
        "UPDATE print_job SET state = ?, reason = ? WHERE job = ?", (state, reason, job_id)
    )


def read_job(row: Row) -> PrintJob:
    """The job of a row of JOBS."""
    return PrintJob(row[0], row[1], msgspec.json.decode(row[2]), JobState(row[3]), row[4])


def last_receipt(connection: sqlite3.Connection, terminal: str) -> str:
    """The number of a terminal's last operation that the till knows of, or ""."""
    row = connection.execute(
        "SELECT receipt FROM terminal_receipt WHERE terminal = ?", (terminal,)
    ).fetchone()
    return row[0] if row else ""


def _note_receipt(connection: sqlite3.Connection, attempt: Attempt) -> None:
    receipt = attempt.details.get("receipt")
    # Only where the terminal just told it: what is settled later may be of an older number.
    if receipt and attempt.state in _TELLS_RECEIPT:
        connection.execute(
            "INSERT OR REPLACE INTO terminal_receipt (terminal, receipt) VALUES (?, ?)",
            (attempt.terminal, receipt),
        )


def _forget_receipt(connection: sqlite3.Connection, terminal: str) -> None:
    """A terminal that ended its day may begin its numbers anew."""
    connection.execute("DELETE FROM terminal_receipt WHERE terminal = ?", (terminal,))
