"""The ways a payment goes at a simulated ZVT terminal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drivers.simulators.card.director import Scenario, Table
from drivers.simulators.card.zvt_records import Writing

ALWAYS: Final = 1_000_000
LATE_S: Final = 200.0
TIMEOUT_S: Final = 30.0

ABORTED: Final = 0x6C


class AtCall(StrEnum):
    """How a registration or a status enquiry is met."""

    ANSWER = "answer"
    BUSY = "busy"  # 84 9C
    SILENCE = "silence"
    REFUSE = "refuse"  # 84 6F


class Silent(StrEnum):
    """Whether the answer to the request is missing, and with it all the rest."""

    NOT = "not"
    AT_FIRST = "at_first"
    WHOLLY = "wholly"


class Unplug(StrEnum):
    """When the line breaks."""

    NEVER = "never"
    REQUEST = "request"  # the request is taken, the customer has paid, nothing was told
    ANSWER = "answer"  # in the middle of the status information
    TAKEN = "taken"  # the till acknowledged it, the completion is not sent


class Result(StrEnum):
    """How the result is told."""

    STATUS = "status"  # 04 0F, and 06 0F or 06 1E
    ABORT = "abort"  # 06 1E alone
    NOTHING = "nothing"  # 06 0F alone
    TWICE = "twice"  # a refusal of one card, then the approval of another
    WITHDRAWN = "withdrawn"  # approved, taken by the till, then 06 1E


AS_USUAL: Final = Writing()


@dataclass(frozen=True, slots=True, kw_only=True)
class ZvtScenario(Scenario):
    """One way a payment goes in ZVT.

    `refusal`: the request itself is answered with 84 and this; `waits`: and how many times with
    84 9C before that. `code` is the result, `news` the intermediate statuses, `writing` how the
    status information is written.
    """

    at_call: AtCall = AtCall.ANSWER
    silent: Silent = Silent.NOT
    refusal: int | None = None
    waits: int = 0
    code: int = 0x00
    result: Result = Result.STATUS
    news: tuple[int, ...] = (0x0A, 0x04)
    next_time: bool = False
    completes: bool = True
    stops: bool = True
    short_cents: int = 0
    writing: Writing = AS_USUAL
    split: bool = False
    joined: bool = False
    bad_crcs: int = 0
    request_naks: int = 0
    unplug: Unplug = Unplug.NEVER


_ALL: Final = (
    ZvtScenario(name="approve", says="the customer pays", cents=0),
    ZvtScenario(
        name="refuse",
        says="the bank refuses (04 0F with 05, 06 1E)",
        cents=1,
        code=0x05,
        charges=False,
    ),
    ZvtScenario(
        name="abandon",
        says="the customer presses the stop key (6C)",
        cents=2,
        code=ABORTED,
        charges=False,
    ),
    ZvtScenario(
        name="timeout",
        says="no card is shown, the terminal gives up (06 1E 6C alone)",
        cents=3,
        code=ABORTED,
        result=Result.ABORT,
        charges=False,
        customer_s=TIMEOUT_S,
    ),
    ZvtScenario(name="busy", says="84 9C to a call, always", at_call=AtCall.BUSY),
    ZvtScenario(name="silent", says="no answer to a call", at_call=AtCall.SILENCE),
    ZvtScenario(name="wrong_currency", says="84 6F to the registration", at_call=AtCall.REFUSE),
    ZvtScenario(
        name="refused_request",
        says="84 C3 to the request: above the maximum",
        cents=4,
        refusal=0xC3,
        charges=False,
    ),
    ZvtScenario(name="wait_twice", says="84 9C to the request, twice, then paid", cents=5, waits=2),
    ZvtScenario(
        name="wait_always",
        says="84 9C to the request, always",
        cents=6,
        waits=ALWAYS,
        charges=False,
    ),
    ZvtScenario(
        name="silent_request",
        says="no answer to the request, and nothing is done",
        cents=7,
        silent=Silent.WHOLLY,
        charges=False,
    ),
    ZvtScenario(
        name="mute_request",
        says="no answer to the request, but it is carried out",
        cents=8,
        silent=Silent.AT_FIRST,
    ),
    ZvtScenario(name="late_answer", says="paid at once, told long after", cents=9, late_s=LATE_S),
    ZvtScenario(
        name="late_next", says="paid, told on the next connection", cents=10, next_time=True
    ),
    ZvtScenario(
        name="no_completion",
        says="the result is told, 06 0F never comes",
        cents=11,
        completes=False,
    ),
    ZvtScenario(name="no_status", says="06 0F without 04 0F", cents=12, result=Result.NOTHING),
    ZvtScenario(
        name="withdrawn",
        says="approved and acknowledged, then 06 1E",
        cents=13,
        result=Result.WITHDRAWN,
    ),
    ZvtScenario(
        name="second_card",
        says="a refused card, then an approved one",
        cents=14,
        result=Result.TWICE,
    ),
    ZvtScenario(
        name="amount_differs", says="takes one cent less than asked", cents=15, short_cents=1
    ),
    ZvtScenario(
        name="currency_differs",
        says="tells another currency",
        cents=16,
        writing=Writing(currency="840"),
    ),
    ZvtScenario(
        name="full_number",
        says="tells whole card numbers, in fields and on paper",
        cents=17,
        writing=Writing(whole_number=True),
    ),
    ZvtScenario(
        name="unplug",
        says="paid, then the line breaks; the answer is lost",
        cents=18,
        unplug=Unplug.REQUEST,
    ),
    ZvtScenario(
        name="unplug_answer",
        says="the line breaks in the middle of the answer",
        cents=19,
        unplug=Unplug.ANSWER,
    ),
    ZvtScenario(
        name="unplug_taken",
        says="the line breaks once the answer is acknowledged",
        cents=20,
        unplug=Unplug.TAKEN,
    ),
    ZvtScenario(
        name="unknown_field",
        says="a field that nobody knows, after the others",
        cents=21,
        writing=Writing(unknown_field=True),
    ),
    ZvtScenario(
        name="unknown_tag",
        says="tags that nobody knows",
        cents=22,
        writing=Writing(unknown_tag=True),
    ),
    ZvtScenario(
        name="dle", says="10 everywhere in the answer", cents=23, writing=Writing(dle=True)
    ),
    ZvtScenario(name="split", says="all comes byte by byte", cents=24, split=True),
    ZvtScenario(name="joined", says="messages come in one piece", cents=25, joined=True),
    ZvtScenario(
        name="bad_crc_once", says="the first answer has a wrong CRC (serial)", cents=26, bad_crcs=1
    ),
    ZvtScenario(
        name="bad_crc_always",
        says="every answer has a wrong CRC (serial)",
        cents=27,
        bad_crcs=ALWAYS,
    ),
    ZvtScenario(
        name="nak_once",
        says="NAK to the first request (serial), then paid",
        cents=28,
        request_naks=1,
    ),
    ZvtScenario(
        name="nak_always",
        says="NAK to every request (serial)",
        cents=29,
        request_naks=ALWAYS,
    ),
    ZvtScenario(
        name="cannot_stop", says="84 83 to a wish to stop, then paid", cents=30, stops=False
    ),
    ZvtScenario(
        name="long_news",
        says="many intermediate statuses",
        cents=31,
        news=(0x00, 0x0A, 0x68, 0x01, 0x0E, 0xD2, 0xD3, 0x04, 0x44, 0x4B),
    ),
    ZvtScenario(
        name="no_connection",
        says="the bank is not reached (A3): nobody can be sure",
        cents=32,
        code=0xA3,
        charges=False,
    ),
    ZvtScenario(name="unknown_result", says="a result that nobody knows", cents=33, code=0xD7),
    ZvtScenario(
        name="unknown_refusal",
        says="84 with a reason that nobody knows",
        cents=34,
        refusal=0xDF,
        charges=False,
    ),
)
SCENARIOS: Final = Table(_ALL)
