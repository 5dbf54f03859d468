"""A simulated ZVT terminal: pure, it decides by the protocol alone.

    from drivers.simulators.line import serve_pty, serve_tcp
    terminal = ZvtTerminal(ZvtOptions(customer_s=2.0), Director(SCENARIOS, by_amount=True))
    with serve_tcp(terminal) as server: ...  server.port ...  terminal.ledger

It says one message at a time and waits for the till's answer. A payment counts once the till has
accepted its status information; one that the till refused, or did not answer, is taken back (two
entries in the ledger, nothing together) or, with `reverses=False`, kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from functools import partial
from typing import TYPE_CHECKING, Final

from drivers.simulators.card import zvt_records as records
from drivers.simulators.card.director import Director
from drivers.simulators.card.ledger import Ledger
from drivers.simulators.card.terminal import Options
from drivers.simulators.card.zvt_books import Books, Operation
from drivers.simulators.card.zvt_line import Message, ZvtLine, write_message
from drivers.simulators.card.zvt_scenarios import (
    SCENARIOS,
    AtCall,
    Result,
    Silent,
    Unplug,
    ZvtScenario,
)

if TYPE_CHECKING:
    from drivers.simulators.card.zvt_records import Asked, Registered
    from drivers.simulators.wire import Reply

ANSWER_WAIT_S: Final = 5.0  # T3
YES: Final = write_message("8000")
WAIT: Final = 0x9C
ABORTED: Final = 0x6C
NOT_SUPPORTED: Final = 0x83
NOT_REGISTERED: Final = 0x6B
NOT_UNDERSTOOD: Final = 0x9A
NOT_TAKEN: Final = 0x66
REFUSED_CARD: Final = 0x05
REQUESTS: Final = frozenset({"0601", "0630", "0631"})


class Repeats(StrEnum):
    """What the terminal says to 06 20."""

    STATUS = "status"
    BARE = "bare"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZvtOptions(Options):
    """How the terminal behaves, whatever the scenario."""

    on_serial: bool = False
    reverses: bool = True
    repeats: Repeats = Repeats.STATUS


AS_USUAL: Final = ZvtOptions()


class Mode(Enum):
    """What the terminal is doing."""

    IDLE = auto()
    PAYING = auto()  # a customer has the word
    TELLING = auto()  # the terminal goes through what it has to say


def _nothing() -> None:
    """Nothing follows."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A message, and what follows the till's yes, and its no or its silence."""

    message: bytes
    taken: Callable[[], None] = _nothing
    refused: Callable[[], None] = _nothing
    spoils: int = 0
    cut: bool = False


class ZvtTerminal:
    """The terminal; see `Machine` in session.py for how it is run."""

    def __init__(
        self,
        options: ZvtOptions = AS_USUAL,
        director: Director[ZvtScenario] | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.options = options
        self.director = director or Director(SCENARIOS)
        self.ledger = ledger or Ledger()
        self.mode = Mode.IDLE
        self._line = ZvtLine(on_serial=options.on_serial)
        self._now_s = 0.0
        self._registered: Registered | None = None
        self._operation: Operation | None = None
        self._late: Operation | None = None
        self._pay_at_s: float | None = None
        self._answer_due_s: float | None = None
        self._pending: _Said | None = None
        self._to_say: deque[_Said] = deque()
        self._waits = 0
        self._naks = 0
        self._books = Books(self.ledger, reverses=options.reverses)

    @property
    def reading(self) -> bool:
        """A terminal always reads."""
        return True

    @property
    def due_s(self) -> float | None:
        """When it will next do something by itself, if nothing is said to it."""
        pays_s = None if self._pending else self._pay_at_s
        moments = [pays_s, self._answer_due_s, self._line.due_s]
        return min((at for at in moments if at is not None), default=None)

    @property
    def waiting(self) -> Asked | None:
        """What the customer is asked at this moment."""
        operation = self._operation
        return operation.asked if operation and self.mode is Mode.PAYING else None

    def connected(self, now_s: float) -> list[Reply]:
        """Start on a fresh line; on a network that ends whatever was under way."""
        self._now_s = now_s
        if not self.options.on_serial:
            self._line.clear()
            self._registered = None
            if self._late is None or self.mode is not Mode.IDLE:
                self._lose_line()
        if self._late is not None and self.mode is Mode.IDLE:
            self._operation, self._late = self._late, None
            self._tell(self._operation)
        return self._line.sent(now_s)

    def receive(self, data: bytes, now_s: float) -> list[Reply]:
        """Take bytes from the till; return what is said at once."""
        self._now_s = now_s
        for byte in data:
            message = self._line.hear(byte, now_s, self._may_take)
            if message is not None:
                self._hear(message)
        return self._line.sent(now_s)

    def tick(self, now_s: float) -> list[Reply]:
        """Return what the terminal says by itself by now."""
        self._now_s = now_s
        self._line.tick(now_s)
        if self._answer_due_s is not None and now_s >= self._answer_due_s:
            self._miss_answer()
        if self._pay_at_s is not None and now_s >= self._pay_at_s and self._pending is None:
            self._pay_at_s = None
            self._paid()
        return self._line.sent(now_s)

    def choose(self, scenario: str) -> None:
        """Let the customer who waits do this; ScriptError, LookupError if none does."""
        chosen = self.director.table.named(scenario)
        if self._operation is None or self.mode is not Mode.PAYING:
            raise LookupError("no customer waits")
        self._operation.scenario = chosen
        self._pay_at_s = self._now_s

    def power_cut(self) -> None:
        """Lose the power: the books stay, whatever was under way is gone."""
        self._line.clear()
        self._registered = None
        self._lose_line()
        if self._late is not None:
            self._books.take_back(self._late)
            self._late = None

    # What is heard.

    def _may_take(self, message: Message) -> bool:
        """Tell whether a frame is acknowledged; some requests are met with NAK."""
        if message.name not in REQUESTS:
            return True
        asked = records.understand(message)
        scenario = self.director.next(asked.amount_cents if asked else None)
        if self._naks >= scenario.request_naks:
            return True
        self._naks += 1
        return False

    def _hear(self, message: Message) -> None:
        if message.kind in {0x80, 0x84}:
            self._hear_answer(message)
        elif message.name == "06b0":
            self._stop()
        elif self.mode is not Mode.IDLE:
            self._refuse(WAIT)
        else:
            self._begin(message)

    def _hear_answer(self, message: Message) -> None:
        said, self._pending, self._answer_due_s = self._pending, None, None
        if said is None:
            return
        accepted = message.kind == 0x80 or message.instruction == 0x00
        (said.taken if accepted else said.refused)()
        self._go_on()

    def _begin(self, message: Message) -> None:
        match message.name:
            case "0600":
                self._register(message.data)
            case "0501":
                if self._meets_call():
                    self._say("060f", b"\x00")
            case _ if self._registered is None:
                self._refuse(NOT_REGISTERED)
            case "0601" | "0630" | "0631":
                self._take_request(message)
            case "0602":
                self._registered = None
                self._line.say(YES)
            case "0620":
                self._repeat(message.data)
            case "0650":
                self._end_day()
            case _:
                self._refuse(NOT_SUPPORTED)

    def _meets_call(self) -> bool:
        """Answer a call as the scenario says; True when it goes on."""
        at_call = self.director.next().at_call
        if at_call is AtCall.ANSWER:
            self._line.say(YES)
            return True
        self.director.done()
        if at_call is not AtCall.SILENCE:
            self._refuse(WAIT if at_call is AtCall.BUSY else 0x6F)
        return False

    def _register(self, data: bytes) -> None:
        registered = records.understand_registration(data)
        if registered is None:
            self._refuse(NOT_UNDERSTOOD)
        elif self._meets_call():
            self._registered = registered
            self._say("060f", bytes.fromhex(f"190029{records.TERMINAL_ID}490978"))

    def _stop(self) -> None:
        operation = self._operation
        if self.mode is not Mode.PAYING or operation is None or not operation.scenario.stops:
            self._refuse(NOT_SUPPORTED)
            return
        self._line.say(YES)
        self._pending = self._answer_due_s = self._pay_at_s = None
        self._to_say.clear()
        self._fail(operation, ABORTED)

    # Requests that move money.

    def _take_request(self, message: Message) -> None:
        asked = records.understand(message)
        if asked is None:
            self._refuse(NOT_UNDERSTOOD)
            return
        scenario = self.director.next(asked.amount_cents)
        if self._waits < scenario.waits:
            self._waits += 1
            self._refuse(WAIT)
            return
        self.director.done()
        self._waits = self._naks = 0
        self._line.split, self._line.joined = scenario.split, scenario.joined
        if scenario.refusal is not None:
            self._refuse(scenario.refusal)
            return
        if scenario.silent is Silent.WHOLLY:
            return
        if scenario.silent is Silent.NOT:
            self._line.say(YES)
        self._operation = Operation(asked, scenario)
        if asked.kind == "cancellation":
            self._reverse(self._operation)
        else:
            self._ask_customer(self._operation)

    def _ask_customer(self, operation: Operation) -> None:
        self.mode = Mode.PAYING
        given_s = operation.scenario.customer_s
        customer_s = self.options.customer_s if given_s is None else given_s
        if not self.options.by_hand:
            self._pay_at_s = self._now_s + customer_s
        self._tell_news(operation.scenario.news[:1])
        if customer_s <= 0 and self._pending is None and not self.options.by_hand:
            self._pay_at_s = None
            self._paid()

    def _reverse(self, operation: Operation) -> None:
        why_not = self._books.why_not_reverse(operation.asked)
        if why_not is None:
            self._paid()
        else:
            self._fail(operation, why_not)

    def _paid(self) -> None:
        """The customer is done: it is charged once the till has taken the result."""
        operation = self._operation
        if operation is None:
            return
        scenario = operation.scenario
        self.mode = Mode.TELLING
        if scenario.unplug is Unplug.REQUEST:
            self._hang_up()
        elif scenario.next_time:
            self._operation, self._late = None, operation
            self.mode = Mode.IDLE
        elif scenario.late_s > 0 and operation.receipt == 0:
            self._books.number(operation)
            self._pay_at_s = self._now_s + scenario.late_s
        else:
            self._tell_news(scenario.news[1:])
            self._tell(operation)

    def _tell_news(self, codes: tuple[int, ...]) -> None:
        if self._registered is not None and self._registered.wants_news:
            for code in codes:
                self._say("04ff", records.news(code, "Bitte Karte" if code == 0x0A else ""))

    # The result.

    def _tell(self, operation: Operation) -> None:
        self.mode = Mode.TELLING
        scenario = operation.scenario
        match scenario.result:
            case Result.ABORT:
                self._fail(operation, scenario.code, told=False)
            case Result.NOTHING:
                self._books.take_back(operation)
                self._complete(operation)
            case Result.TWICE:
                first = self._books.status(operation, REFUSED_CARD)
                self._to_say.append(_Said(write_message("040f", first)))
                self._tell_status(operation)
            case _ if scenario.code != 0:
                self._fail(operation, scenario.code, told=True)
            case _:
                self._tell_status(operation)
        self._go_on()

    def _tell_status(self, operation: Operation) -> None:
        scenario = operation.scenario
        self._books.number(operation)
        data = self._books.status(operation, 0x00)
        self._to_say.append(
            _Said(
                write_message("040f", data),
                taken=partial(self._store, operation, data),
                refused=partial(self._take_back_and_abort, operation),
                spoils=scenario.bad_crcs,
                cut=scenario.unplug is Unplug.ANSWER,
            )
        )

    def _store(self, operation: Operation, data: bytes) -> None:
        """The till has it: from here on it counts."""
        self._books.store(operation, data)
        if operation.scenario.unplug is Unplug.TAKEN:
            self._operation = None
            self._hang_up()
        elif operation.scenario.result is Result.WITHDRAWN:
            self._books.withdraw(operation)
            self._abort(NOT_TAKEN)
        else:
            self._complete(operation)

    def _complete(self, operation: Operation) -> None:
        for paper in records.papers(
            operation.asked,
            operation.cents,
            operation.receipt,
            whole_number=operation.scenario.writing.whole_number,
        ):
            self._print(paper)
        if operation.scenario.completes:
            self._say("060f", end=True)
        else:
            self._operation = None
            self._to_say.append(_Said(b"", taken=self._rest))

    def _print(self, lines: list[str]) -> None:
        registered = self._registered
        if registered is None or not registered.prints:
            return
        if registered.blocks:
            self._say("06d3", records.text_block(lines, for_customer="KUNDE" in lines[0]))
            return
        for line in lines[:-1]:
            self._say("06d1", records.print_line(line))
        self._say("06d1", records.print_line(lines[-1], last=True))

    def _fail(self, operation: Operation, code: int, *, told: bool = False) -> None:
        """End an operation without success: nothing is charged unless the scenario says so."""
        self.mode = Mode.TELLING
        charges = code == operation.scenario.code and operation.charged_cents != 0
        if charges:
            self._books.number(operation)
        data = self._books.status(operation, code)
        self._books.end(operation, data, charges=charges)
        if told:
            taken = partial(self._books.acknowledge, operation)
            self._to_say.append(_Said(write_message("040f", data), taken))
        self._operation = None
        self._abort(code)

    def _abort(self, code: int) -> None:
        self._say("061e", bytes([code]), end=True)

    def _take_back_and_abort(self, operation: Operation) -> None:
        self._books.take_back(operation)
        self._operation = None
        self._abort(NOT_TAKEN)

    # Other commands.

    def _repeat(self, data: bytes) -> None:
        if self.options.repeats is Repeats.NONE:
            self._refuse(NOT_SUPPORTED)
            return
        self._line.say(YES)
        wants_status = len(data) >= 5 and bool(data[4] & 0x01)
        if self._books.last is not None and wants_status and self.options.repeats is Repeats.STATUS:
            self._say("040f", self._books.last.data)
        self._say("060f", end=True)

    def _end_day(self) -> None:
        self._line.say(YES)
        amounts = self._books.amounts
        self._tell_news((0x0E,))
        totals = write_message("040f", self._books.totals)
        self._to_say.append(_Said(totals, self._books.close_day))
        self._print(["KASSENSCHNITT", f"{len(amounts)} x", f"{sum(amounts)}"])
        self._say("060f", end=True)

    # What is said.

    def _refuse(self, code: int) -> None:
        self._line.say(write_message(f"84{code:02x}"))

    def _say(self, name: str, data: bytes = b"", *, end: bool = False) -> None:
        message = write_message(name, data)
        self._to_say.append(_Said(message, self._rest, self._rest) if end else _Said(message))
        if self.mode is Mode.IDLE:
            self.mode = Mode.TELLING
        self._go_on()

    def _go_on(self) -> None:
        """Say what comes next, once the last was answered."""
        while self._pending is None and self._to_say:
            said = self._to_say.popleft()
            if not said.message:
                said.taken()
                continue
            self._pending = said
            self._answer_due_s = self._now_s + ANSWER_WAIT_S + self._line.patience_s
            if said.cut:
                self._line.say_half(said.message)
                self._hang_up()
                return
            self._line.say(said.message, spoils=said.spoils)
        if self._pending is None and not self._to_say and self._operation is None:
            self.mode = Mode.IDLE
        elif self._pay_at_s is not None and self._pay_at_s <= self._now_s and not self._pending:
            self._pay_at_s = None
            self._paid()

    def _rest(self) -> None:
        self._operation = None
        self.mode = Mode.IDLE

    def _miss_answer(self) -> None:
        """No answer in time: the till is gone, whatever was under way ends."""
        if self.options.on_serial:
            self._lose_line()
        else:
            self._hang_up()

    def _hang_up(self) -> None:
        self._line.hang_up()
        self._lose_line()

    def _lose_line(self) -> None:
        operation, said = self._operation, self._pending
        self._pending = self._answer_due_s = self._pay_at_s = None
        self._to_say.clear()
        self._line.forget()
        self._operation = None
        was_paying = self.mode is Mode.PAYING
        self.mode = Mode.IDLE
        if operation is None or (operation.number and said is not None and not said.cut):
            return
        if was_paying:
            self._books.enter(operation, 0)
        else:
            self._books.take_back(operation)
