"""What a person answers about paper: did it come out whole, or is the job given up."""

from __future__ import annotations

from pos.app.desk import Desk, Pending
from pos.app.ports import JobState, PrintJob, Transaction
from pos.domain.errors import NotFound
from pos.domain.events import EventCode, event


class UnknownJob(NotFound):
    """No print job is waiting under this id, or more than one. Parameters: job."""

    key = "unknown_job"


def waiting(desk: Desk) -> tuple[PrintJob, ...]:
    """The jobs that are not on paper yet, or about which it is not known."""
    return desk.ports.ledger.jobs()


def answer(desk: Desk, job_id: str, *, came_out: bool) -> Pending[PrintJob]:
    """Say whether a job came out whole; one that did not is dropped: print a copy instead.

    Nothing is ever printed again by itself, so there is never a second original.
    """
    desk.require_operator()
    named = [job for job in waiting(desk) if job_id and job.id.startswith(job_id)]
    if len(named) != 1:
        raise UnknownJob(job=job_id)
    job = named[0]

    def work(tx: Transaction) -> PrintJob:
        tx.set_job(job.id, JobState.PRINTED if came_out else JobState.DROPPED, "answered")
        if not came_out:
            tx.append("event", event(EventCode.PRINT_FAILED, title=job.title))
        return job

    return desk.record(work, lambda _: desk.ports.printer.wake())
