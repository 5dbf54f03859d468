"""The card terminal's own ledger against the till's journal: the truth that no kill may change."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from pos.app.card_attempts import prepared_at
from pos.bootstrap import Till, now
from pos.domain.payment import Attempt, Direction, State

# The terminal waits 3 s for the end of a request before it lets the customer pay.
PAPER_AFTER_S: Final = 4.0
LOOK_EVERY_S: Final = 0.05

# What the terminal does, in turn, for ever: mostly it simply takes the money.
SCRIPT: Final = """\
approve x9
refuse
approve x7
bad_lrc_once
approve x8
unplug
approve x6
nak_once
approve x8
unplug_answer
approve x7
abandon
approve x5
no_eot
"""


def write_script(path: Path, repeats: int = 40) -> None:
    """Write what the terminal is to do, so often that it lasts."""
    path.write_text(SCRIPT * repeats, encoding="utf-8")


def charges(paper: Path) -> Counter[str]:
    """Cents that left the customers' accounts, by reference."""
    charged: Counter[str] = Counter()
    if paper.exists():
        for line in paper.read_text(encoding="utf-8").splitlines():
            fact = json.loads(line)
            if fact.get("charged_cents"):
                charged[fact["reference"].strip()] += fact["charged_cents"]
    return charged


def approvals(till: Till) -> Counter[str]:
    """Cents that the till believes it was paid by card, by reference."""
    approved: Counter[str] = Counter()
    for entry in till.desk.ports.ledger.since(0):
        if entry.payload.chain == "payment" and entry.data["state"] == State.APPROVED:
            back = entry.data["direction"] == Direction.REFUND
            approved[entry.data["reference"]] += (
                -entry.data["amount"] if back else entry.data["amount"]
            )
    return approved


def newest(till: Till, reference: str) -> Attempt:
    """An attempt as its last entry says it is; LookupError."""
    last = till.desk.ports.ledger.last("payment")
    for number in range(last.payload.number if last else 0, 0, -1):
        entry = till.desk.ports.ledger.entry("payment", number)
        if entry and entry.data["reference"] == reference:
            said = entry.data
            return Attempt(
                reference,
                said["terminal"],
                Direction(said["direction"]),
                said["amount"],
                said["sale"],
                State(said["state"]),
                said["details"],
            )
    raise LookupError(reference)


def problems(till: Till, paper: Path) -> Iterator[str]:
    """Where terminal and journal differ, when no attempt is unknown any more."""
    charged, approved = charges(paper), approvals(till)
    for reference in sorted(charged.keys() | approved.keys()):
        if charged[reference] != approved[reference]:
            yield (
                f"card {reference}: the terminal charged {charged[reference]} cents,"
                f" the till counted {approved[reference]}"
            )
    for attempt in till.desk.ports.ledger.open_attempts():
        yield f"card {attempt.reference} is still {attempt.state}"


def wait_for_paper(till: Till, reference: str, paper: Path) -> None:
    """Wait until the terminal has printed what became of an attempt, or will print no more."""
    began = prepared_at(till.desk, reference)
    if began is None:
        return
    while reference not in charges(paper):
        age = now() - datetime.fromisoformat(began)
        if age.total_seconds() > PAPER_AFTER_S:
            return
        time.sleep(LOOK_EVERY_S)
