"""What a simulated terminal and its customer do: by default, by amount, or from a script.

By amount (when switched on) the two last digits choose: 12.01 EUR is refused, 12.00
approved. What happens before the amount is known (busy, silent, collision) can only be
the default or come from a script. A script has one scenario a line, `#` for comments:

    approve x50          fifty approved payments
    late_answer 200      the answer comes 200 seconds after the payment
    busy x3              three ENQ answered with NAK (busy and silent count ENQ)
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ALWAYS: Final = 1_000_000
REPEATS_MAX: Final = 1_000_000
SCRIPT_BYTES_MAX: Final = 1_000_000
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


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way a payment goes. `cents` are the last two digits that choose it."""

    name: str
    says: str
    cents: int | None = None
    at_enq: AtEnq = AtEnq.ACK
    request_naks: int = 0
    status: str = "0"
    charges: bool = True
    customer_s: float | None = None
    late_s: float = 0.0
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
    Scenario("approve", "the customer pays", cents=0),
    Scenario("refuse", "the bank refuses (STAT 7)", 1, status="7", charges=False),
    Scenario("abandon", "the customer presses the red button (STAT 7)", 2, status="7",
             charges=False),
    Scenario("timeout", "no card is shown, the terminal gives up (STAT 7)", 3, status="7",
             charges=False, customer_s=TIMEOUT_S),
    Scenario("busy", "NAK to ENQ", at_enq=AtEnq.NAK),
    Scenario("silent", "no answer to ENQ", at_enq=AtEnq.SILENCE),
    Scenario("collision", "ENQ against ENQ, with an answer that nobody waits for",
             at_enq=AtEnq.COLLISION),
    Scenario("nak_once", "NAK to the first request frame, then paid", 4, request_naks=1),
    Scenario("nak_always", "NAK to every request frame", 5, request_naks=ALWAYS, charges=False),
    Scenario("bad_lrc_once", "the first answer has a wrong LRC", 6, bad_lrcs=1),
    Scenario("bad_lrc_always", "every answer has a wrong LRC", 7, bad_lrcs=ALWAYS),
    Scenario("answer_cut", f"the answer stops after {CUT_BYTES} bytes", 8, cut_bytes=CUT_BYTES),
    Scenario("answer_split", "the answer comes byte by byte", 9, split=True),
    Scenario("late_answer", "paid at once, answered long after", 10, late_s=LATE_S),
    Scenario("late_next", "paid, answered on the next connection or ENQ", 11, next_time=True),
    Scenario("no_eot", "the session with the answer is never closed", 12, eot=False),
    Scenario("stat_9", "answers 'taken into account', then nothing", 13, status="9"),
    Scenario("stat_unknown", "answers with a STAT nobody knows", 14, status="5"),
    Scenario("amount_differs", "takes one cent less than asked", 15, short_cents=1),
    Scenario("private_overwritten", "writes its own reference in the answer", 16,
             private=OVERWRITTEN),
    Scenario("full_number", "sends a whole card number, asked or not", 17, full_number=True),
    Scenario("unplug", "paid, then the line breaks; the answer is lost", 18,
             unplug=Unplug.REQUEST),
    Scenario("unplug_answer", "the line breaks in the middle of the answer", 19,
             unplug=Unplug.ANSWER),
)  # fmt: skip
SCENARIOS: Final[dict[str, Scenario]] = {scenario.name: scenario for scenario in _ALL}
BY_CENTS: Final[dict[int, Scenario]] = {
    scenario.cents: scenario for scenario in _ALL if scenario.cents is not None
}


class ScriptError(ValueError):
    """A script that cannot be followed; the message has the line and what was expected."""


class Director:
    """Says which scenario comes next: the script's, then the amount's, then the default."""

    def __init__(
        self,
        default: Scenario = SCENARIOS["approve"],
        *,
        script: Iterable[Scenario] = (),
        by_amount: bool = False,
    ) -> None:
        self._default = default
        self._script = deque(script)
        self._by_amount = by_amount

    def next(self, amount_cents: int | None = None) -> Scenario:
        """Return what comes next; the amount is not known before the request."""
        if self._script:
            return self._script[0]
        if self._by_amount and amount_cents is not None:
            return BY_CENTS.get(amount_cents % 100, self._default)
        return self._default

    def done(self) -> None:
        """Go on to the next line of the script."""
        if self._script:
            self._script.popleft()

    def insert(self, scenario: Scenario) -> None:
        """Let a scenario come next."""
        self._script.appendleft(scenario)


def scenario_named(name: str) -> Scenario:
    """Return a scenario; raise ScriptError with the names there are."""
    if name not in SCENARIOS:
        raise ScriptError(f"unknown scenario {name!r}, expected one of {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


_LINE: Final = re.compile(r"(\w+)(?:\s+(\d+(?:\.\d+)?))?(?:\s+x(\d+))?")


def parse_script(text: str) -> list[Scenario]:
    """Read a script, whole or not at all; raise ScriptError naming the line."""
    scenarios: list[Scenario] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].strip()
        if not words:
            continue
        try:
            scenarios += _parse_line(words)
        except ScriptError as error:
            raise ScriptError(f"line {number}: {error}") from None
        if len(scenarios) > REPEATS_MAX:
            raise ScriptError(f"line {number}: expected at most {REPEATS_MAX} payments in all")
    return scenarios


def load_script(path: Path) -> list[Scenario]:
    """Read a script file. Raises ScriptError, OSError."""
    with path.open("rb") as file:
        data = file.read(SCRIPT_BYTES_MAX + 1)
    if len(data) > SCRIPT_BYTES_MAX:
        raise ScriptError(f"expected at most {SCRIPT_BYTES_MAX} bytes")
    try:
        return parse_script(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ScriptError(f"byte {error.start}: expected UTF-8") from None


def _parse_line(words: str) -> list[Scenario]:
    found = _LINE.fullmatch(words)
    if found is None:
        raise ScriptError(f"expected NAME [SECONDS] [xTIMES], got {words!r}")
    name, seconds, times = found.groups()
    scenario = scenario_named(name)
    if seconds is not None:
        late = scenario.late_s > 0
        given = float(seconds)
        scenario = replace(scenario, late_s=given) if late else replace(scenario, customer_s=given)
    repeats = int(times or "1")
    if not 1 <= repeats <= REPEATS_MAX:
        raise ScriptError(f"expected x1 to x{REPEATS_MAX}, got x{times}")
    return [scenario] * repeats
