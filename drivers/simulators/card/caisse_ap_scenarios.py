"""The ways a payment goes at a simulated Caisse-AP terminal, on TCP or on the Concert link."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from drivers.simulators.card.director import Scenario, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

ALWAYS: Final = 1_000_000
LATE_S: Final = 200.0
TIMEOUT_S: Final = 30.0
CUT_BYTES: Final = 60
OVERWRITTEN: Final = "TPE-2026-000017"
# Passes the Luhn check and belongs to nobody: the till must never keep it.
WHOLE_NUMBER: Final = "4970101234567893"
REFUSED, FORBIDDEN, ABANDONED, NOT_COMPLETED = "04", "05", "06", "07"
TIMED_OUT, BAD_FORMAT, BAD_SELECTION = "08", "09", "10"
BY_OPERATOR, UNKNOWN_ACTION, BAD_CURRENCY = "11", "12", "13"
# 29 characters: the code, the bank's own, 21 of its words, and two more codes.
COMPLEMENT: Final = f"{REFUSED}51{WHOLE_NUMBER + ' SOLDE':<21.21}0000"
# Two that vendors added, and two that nobody knows.
EXTRA_TAGS: Final = {"TI": "12345678", "AP": "20261125183012", "XQ": "AE00201", "QX": WHOLE_NUMBER}


class First(StrEnum):
    """How the till's first word is met, before the amount is known."""

    HEARD = "heard"
    BUSY = "busy"
    SILENCE = "silence"
    ASLEEP = "asleep"
    COLLISION = "collision"


class Unplug(StrEnum):
    """When the line breaks."""

    NEVER = "never"
    REQUEST = "request"  # the request is taken, the customer goes on
    PAID = "paid"  # the customer has paid
    ANSWER = "answer"  # in the middle of the answer


class Amount(StrEnum):
    """How CB is written in the answer."""

    PLAIN = "plain"
    PADDED = "padded"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaisseApScenario(Scenario):
    """One way a payment goes; `done` is the AE answered, `why` the AF.

    `more_cents` is charged and told beyond the amount asked, `percent` that part of it alone.
    `naks`, `bad_lrcs` and `eot` are seen on the link only.
    """

    first: First = First.HEARD
    done: str = "10"
    why: str = ""
    percent: int = 100
    more_cents: int = 0
    amount: Amount = Amount.PLAIN
    reference: str | None = None
    version: str | None = None
    full_number: bool = False
    extra_tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    next_time: bool = False
    cut_bytes: int | None = None
    split: bool = False
    unplug: Unplug = Unplug.NEVER
    naks: int = 0
    bad_lrcs: int = 0
    eot: bool = True


def _fails(
    name: str, says: str, cents: int | None, why: str, customer_s: float | None = None
) -> CaisseApScenario:
    return CaisseApScenario(
        name=name,
        says=f"{says} (AF {why[:2]})",
        cents=cents,
        done="01",
        why=why,
        charges=False,
        customer_s=customer_s,
    )


_ALL: Final = (
    CaisseApScenario(name="approve", says="the customer pays", cents=0),
    _fails("refuse", "the bank refuses", 1, REFUSED),
    _fails("abandon", "the customer presses the red button", 2, ABANDONED),
    _fails("timeout", "no card is shown, the terminal gives up", 3, TIMED_OUT, TIMEOUT_S),
    CaisseApScenario(name="busy", says="it is at something else", first=First.BUSY, charges=False),
    CaisseApScenario(name="silent", says="no answer at all", first=First.SILENCE, charges=False),
    CaisseApScenario(name="asleep", says="refuses the connection", first=First.ASLEEP),
    CaisseApScenario(
        name="collision",
        says="ENQ against ENQ, with an answer that nobody waits for (link)",
        first=First.COLLISION,
    ),
    CaisseApScenario(
        name="nak_once", says="NAK to the first request frame, then paid (link)", cents=4, naks=1
    ),
    CaisseApScenario(
        name="nak_always", says="NAK to every request frame (link)", cents=5, naks=ALWAYS
    ),
    CaisseApScenario(
        name="bad_lrc_once", says="the first answer has a wrong LRC (link)", cents=6, bad_lrcs=1
    ),
    CaisseApScenario(
        name="bad_lrc_always",
        says="every answer has a wrong LRC (link)",
        cents=7,
        bad_lrcs=ALWAYS,
    ),
    CaisseApScenario(
        name="answer_cut",
        says=f"the answer stops after {CUT_BYTES} bytes",
        cents=8,
        cut_bytes=CUT_BYTES,
    ),
    CaisseApScenario(
        name="answer_split", says="the answer comes byte by byte", cents=9, split=True
    ),
    CaisseApScenario(
        name="late_answer", says="paid at once, answered long after", cents=10, late_s=LATE_S
    ),
    CaisseApScenario(
        name="late_next", says="paid, answered on the next connection", cents=11, next_time=True
    ),
    CaisseApScenario(
        name="no_eot",
        says="the session with the answer is never closed (link)",
        cents=12,
        eot=False,
    ),
    CaisseApScenario(
        name="taken", says="answers 'taken into account', then nothing (AE 11)", cents=13, done="11"
    ),
    CaisseApScenario(
        name="done_unknown", says="answers with an AE nobody knows", cents=14, done="42"
    ),
    CaisseApScenario(
        name="amount_differs", says="takes one cent more than asked", cents=15, more_cents=1
    ),
    CaisseApScenario(
        name="private_overwritten",
        says="writes its own reference in the answer",
        cents=16,
        reference=OVERWRITTEN,
    ),
    CaisseApScenario(
        name="full_number",
        says="sends a whole card number wherever it can",
        cents=17,
        full_number=True,
    ),
    CaisseApScenario(
        name="unplug",
        says="paid, then it hangs up without an answer",
        cents=18,
        unplug=Unplug.PAID,
    ),
    CaisseApScenario(
        name="unplug_answer",
        says="the line breaks in the middle of the answer",
        cents=19,
        unplug=Unplug.ANSWER,
    ),
    CaisseApScenario(
        name="reset",
        says="the line breaks on the request, the customer pays",
        cents=20,
        unplug=Unplug.REQUEST,
    ),
    CaisseApScenario(name="partial", says="half of the amount is approved", cents=21, percent=50),
    _fails("complement", "refused, with 29 characters of reason", 22, COMPLEMENT),
    CaisseApScenario(
        name="no_amount",
        says="the red button, and no amount in the answer (AF 06)",
        cents=23,
        done="01",
        why=ABANDONED,
        amount=Amount.ABSENT,
        charges=False,
    ),
    CaisseApScenario(
        name="padded", says="the amount in twelve digits", cents=24, amount=Amount.PADDED
    ),
    CaisseApScenario(
        name="extra_tags", says="tags that nobody knows", cents=25, extra_tags=EXTRA_TAGS
    ),
    _fails("forbidden", "the card is forbidden", 26, FORBIDDEN),
    _fails("operator", "stopped on the terminal by the shop", 27, BY_OPERATOR),
    _fails("bad_format", "the request is rejected", 28, BAD_FORMAT),
    _fails("bad_selection", "the application is not there", 29, BAD_SELECTION),
    _fails("unknown_action", "it does not do this", 30, UNKNOWN_ACTION),
    _fails("bad_currency", "it does not take this currency", 31, BAD_CURRENCY),
    # It says nothing of the customer's account, who has paid.
    CaisseApScenario(
        name="not_completed",
        says="paid, answered 'not completed' (AF 07)",
        cents=32,
        done="01",
        why=NOT_COMPLETED,
    ),
    CaisseApScenario(
        name="no_reason", says="not done, and no reason at all", cents=33, done="01", charges=False
    ),
    CaisseApScenario(name="version_0300", says="speaks 3.00", cents=34, version="0300"),
    CaisseApScenario(name="version_0301", says="speaks 3.01", cents=35, version="0301"),
    CaisseApScenario(name="version_0310", says="speaks 3.10", cents=36, version="0310"),
)
SCENARIOS: Final = Table(_ALL)
