"""The ways a payment goes at a simulated Concert V2 terminal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drivers.simulators.card.director import Scenario, Table

ALWAYS: Final = 1_000_000
LATE_S: Final = 200.0
TIMEOUT_S: Final = 30.0
CUT_BYTES: Final = 12
OVERWRITTEN: Final = "A12345    "


class AtEnq(StrEnum):
    """How the till's ENQ is met."""

    ACK = "ack"
    NAK = "nak"
    SILENCE = "silence"
    COLLISION = "collision"


class Unplug(StrEnum):
    """When the line breaks."""

    NEVER = "never"
    REQUEST = "request"  # the request is taken, the customer has paid
    ANSWER = "answer"  # in the middle of the answer


class AtOnce(StrEnum):
    """Whether 'taken into account' (STAT 9) is said before the customer pays."""

    NO = "no"
    ALONE = "alone"  # and nothing more
    FIRST = "first"  # and the result when there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcertScenario(Scenario):
    """One way a payment goes in Concert V2; `status` is the STAT that is answered."""

    at_enq: AtEnq = AtEnq.ACK
    request_naks: int = 0
    status: str = "0"
    at_once: AtOnce = AtOnce.NO
    next_time: bool = False
    bad_lrcs: int = 0
    cut_bytes: int | None = None
    split: bool = False
    eot: bool = True
    short_cents: int = 0
    private: str | None = None
    full_number: bool = False
    unplug: Unplug = Unplug.NEVER


_ALL: Final = (
    ConcertScenario(name="approve", says="the customer pays", cents=0),
    ConcertScenario(
        name="refuse", says="the bank refuses (STAT 7)", cents=1, status="7", charges=False
    ),
    ConcertScenario(
        name="abandon",
        says="the customer presses the red button (STAT 7)",
        cents=2,
        status="7",
        charges=False,
    ),
    ConcertScenario(
        name="timeout",
        says="no card is shown, the terminal gives up (STAT 7)",
        cents=3,
        status="7",
        charges=False,
        customer_s=TIMEOUT_S,
    ),
    ConcertScenario(name="busy", says="NAK to ENQ", at_enq=AtEnq.NAK),
    ConcertScenario(name="silent", says="no answer to ENQ", at_enq=AtEnq.SILENCE),
    ConcertScenario(
        name="collision",
        says="ENQ against ENQ, with an answer that nobody waits for",
        at_enq=AtEnq.COLLISION,
    ),
    ConcertScenario(
        name="nak_once", says="NAK to the first request frame, then paid", cents=4, request_naks=1
    ),
    ConcertScenario(
        name="nak_always",
        says="NAK to every request frame",
        cents=5,
        request_naks=ALWAYS,
        charges=False,
    ),
    ConcertScenario(
        name="bad_lrc_once", says="the first answer has a wrong LRC", cents=6, bad_lrcs=1
    ),
    ConcertScenario(
        name="bad_lrc_always", says="every answer has a wrong LRC", cents=7, bad_lrcs=ALWAYS
    ),
    ConcertScenario(
        name="answer_cut",
        says=f"the answer stops after {CUT_BYTES} bytes",
        cents=8,
        cut_bytes=CUT_BYTES,
    ),
    ConcertScenario(name="answer_split", says="the answer comes byte by byte", cents=9, split=True),
    ConcertScenario(
        name="late_answer", says="paid at once, answered long after", cents=10, late_s=LATE_S
    ),
    ConcertScenario(
        name="late_next",
        says="paid, answered on the next connection or ENQ",
        cents=11,
        next_time=True,
    ),
    ConcertScenario(
        name="no_eot", says="the session with the answer is never closed", cents=12, eot=False
    ),
    ConcertScenario(
        name="stat_9",
        says="answers 'taken into account' (STAT 9), then nothing",
        cents=13,
        at_once=AtOnce.ALONE,
    ),
    ConcertScenario(
        name="stat_9_then_result",
        says="answers 'taken into account' (STAT 9) at once, the result when paid",
        cents=20,
        at_once=AtOnce.FIRST,
    ),
    ConcertScenario(
        name="stat_unknown", says="answers with a STAT nobody knows", cents=14, status="5"
    ),
    ConcertScenario(
        name="amount_differs", says="takes one cent less than asked", cents=15, short_cents=1
    ),
    ConcertScenario(
        name="private_overwritten",
        says="writes its own reference in the answer",
        cents=16,
        private=OVERWRITTEN,
    ),
    ConcertScenario(
        name="full_number",
        says="sends a whole card number, asked or not",
        cents=17,
        full_number=True,
    ),
    ConcertScenario(
        name="unplug",
        says="paid, then the line breaks; the answer is lost",
        cents=18,
        unplug=Unplug.REQUEST,
    ),
    ConcertScenario(
        name="unplug_answer",
        says="the line breaks in the middle of the answer",
        cents=19,
        unplug=Unplug.ANSWER,
    ),
)
SCENARIOS: Final = Table(_ALL)
