"""A till with the real terminal driver on a line to a simulated Concert terminal."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from drivers.card.concert.settings import ConcertSettings
from drivers.card.settings import Profile
from drivers.card_terminal import CardTerminal, protocol_named
from drivers.simulators.card.concert import ConcertOptions, ConcertTerminal
from drivers.simulators.card.concert_scenarios import SCENARIOS, ConcertScenario
from drivers.simulators.card.ledger import Ledger
from drivers.simulators.line import PtyServer, TcpServer, serve_pty, serve_tcp
from drivers.transports import opener
from pos.adapters.card import DriverRecorder, Shown, WiredTerminal
from pos.app import pay_by_card
from pos.app.desk import CardNews, Desk
from pos.app.ports import DeviceState
from pos.app.views import status_view
from pos.domain.finding import Trust
from pos.domain.payment import Attempt, State
from tests.pos.adapters.printer_bench import STOP_S, eventually
from tests.pos.fakes import BREAD, Counter

LONG_S = 1000.0


class CardBench(Counter):
    """A counter with a terminal. `echoes`: the terminal is known to give references back."""

    def __init__(
        self, path: Path, *, echoes: bool = True, on_tcp: bool = False, reoffers: int = 0
    ) -> None:
        self.device = ConcertTerminal(
            ConcertOptions(reoffers=reoffers, reoffer_after_s=0.05),
            ledger=Ledger(path / "paper.jsonl"),
        )
        self.line: PtyServer | TcpServer = (
            serve_tcp(self.device) if on_tcp else serve_pty(self.device, None)
        )
        self.url = (
            f"socket://{self.line.host}:{self.line.port}"
            if isinstance(self.line, TcpServer)
            else self.line.path
        )
        self.settings = ConcertSettings(
            profile=Profile(echoes_reference=echoes), enq_pause_s=0.05, listen_first_s=0.0
        )
        self._skipped_s = 0.0
        self.driver: CardTerminal
        super().__init__(path)
        self.sign_on()

    # --- what the test does ------------------------------------------------------------------

    def next_is(self, *scenarios: str | ConcertScenario) -> None:
        """Say how the next payments go at the terminal, in order."""
        for one in reversed(scenarios):
            scenario = SCENARIOS[one] if isinstance(one, str) else one
            self.line.act(partial(self.device.director.insert, scenario))

    def begin(self, amount: int | None = None) -> Attempt:
        """Ask the card for the sale under way."""
        return pay_by_card.begin(self.desk, amount).wait().attempt

    def ends(self) -> CardNews:
        """Wait until the attempt has ended; the desk hears of it."""
        eventually(lambda: bool(self.news))
        return self.hear()

    def pay(self, code: str = BREAD) -> CardNews:
        """A sale of one product, paid by card as far as the terminal will."""
        self.ring(code)
        self.begin()
        return self.ends()

    def let_time_pass(self) -> None:
        """The driver's clock jumps past every wait."""
        self._skipped_s += LONG_S

    def wait_until_paid(self, count: int = 1) -> None:
        """Wait until the customers at the terminal have done their part."""
        eventually(lambda: len(self.paper) >= count)

    def kill(self) -> None:
        """The till is gone between two writes: nothing more reaches the disk."""
        assert self.store.close()
        self.driver.stop(STOP_S)

    def start_again(self) -> None:
        """Start the till after it was killed."""
        self.store = self._open()
        self.desk = self._start()
        self.news.clear()
        self.sign_on()

    def restart(self) -> None:
        """Stop the till and start it, the terminal staying where it is."""
        self.driver.stop(STOP_S)
        super().restart()
        self.sign_on()

    def close(self) -> None:
        """Stop the driver, then the store."""
        self.driver.stop(STOP_S)
        super().close()

    def end(self) -> None:
        """Put everything away, whatever fails."""
        with ExitStack() as rest:
            rest.callback(self.line.stop)
            self.close()

    @property
    def health(self) -> DeviceState:
        """How the till finds its terminal."""
        return status_view(self.desk).terminals["terminal"].state

    # --- what there is to see ----------------------------------------------------------------

    @property
    def paper(self) -> list[tuple[str, int]]:
        """Reference and charge of each request that came to an end at the terminal."""
        entries = self.line.act(lambda: list(self.device.ledger.entries))
        return [(entry.reference, entry.charged_cents) for entry in entries]

    @property
    def acknowledged(self) -> int:
        """How many answers the till has acknowledged."""
        return self.line.act(lambda: len(self.device.ledger.acknowledged))

    @property
    def charged(self) -> dict[str, int]:
        """What was really charged, by reference; refunds are negative."""
        return {reference: cents for reference, cents in self.paper if cents}

    @property
    def approved(self) -> dict[str, int]:
        """What the journal says was charged, by reference; refunds are negative."""
        return {
            data["reference"]: data["amount"] if data["direction"] == "payment" else -data["amount"]
            for data in self.chain("payment")
            if data["state"] == State.APPROVED
        }

    def states(self, reference: str | None = None) -> list[str]:
        """The states that the journal has of an attempt, or of all."""
        return [
            data["state"]
            for data in self.chain("payment")
            if reference in {None, data["reference"]}
        ]

    def reason(self) -> str:
        """Why the newest attempt ended as it did."""
        return str(self.chain("payment")[-1]["details"].get("reason", ""))

    def _start(self) -> Desk:
        desk = super()._start()
        progress = Shown()
        trust = Trust(echoes=self.settings.profile.echoes_reference)
        self.driver = CardTerminal(
            "terminal",
            opener(self.url),
            protocol_named("concert"),
            self.settings,
            DriverRecorder(self.recorder_of(desk), "terminal", trust, progress),
            clock=lambda: time.monotonic() + self._skipped_s,
            backoff_s=(0.05,),
        )
        self.driver.start()
        wired = WiredTerminal(self.driver, "01", progress)
        desk.ports = replace(desk.ports, terminals={wired.name: wired})
        return desk
