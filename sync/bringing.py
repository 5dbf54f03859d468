"""The organiser's part of a USB stick: bring a till's file to the server, and write its answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sync.contract.stick import StickHead
from sync.errors import Fork, Gap, Quarantined, Rejected
from sync.organiser import OrganiserClient
from sync.stick import ANSWER_SUFFIX, answer_lines, read_entries, read_head, write_lines


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a till's file; `refused` is what the server stopped at, if it did."""

    head: StickHead
    answer: Path
    accepted: int
    duplicate: int
    rejected: int
    refused: Rejected | None


def bring(client: OrganiserClient, path: Path, folder: Path) -> Delivered:
    """Book a till's file, and write the answer for it into a folder; safe to repeat.

    A file that is not whole is refused before anything of it is sent. Raises DamagedStick, OSError,
    SyncError.
    """
    compact, head = read_head(path)
    for _ in read_entries(path, head):
        pass  # all of it can be read, and there is as much as the head says
    verdicts: Counter[str] = Counter()
    refused: Rejected | None = None
    try:
        for entries in read_entries(path, head):
            answered = client.bring(compact, entries)
            verdicts.update(one.verdict for one in answered.verdicts)
    except (Fork, Gap, Quarantined) as error:
        refused = error  # the answer says where the till has to go on
    answer = folder / (path.stem + ANSWER_SUFFIX)
    write_lines(answer, _answer(client, compact, head))
    counts = (verdicts["accepted"], verdicts["duplicate"], verdicts["rejected"])
    return Delivered(head, answer, *counts, refused)


def _answer(client: OrganiserClient, compact: str, head: StickHead) -> list[bytes]:
    found = client.stick_answer(compact)
    lists = []
    for one in found.lists:
        signed, etag = client.status_list(head.campaign, one.batch)
        lists.append((one.batch, etag, signed))
    return list(answer_lines(found.receipt, found.items, lists))
