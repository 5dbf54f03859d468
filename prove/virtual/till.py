"""The real till in virtual time: desk, use cases, recorder, adapter, driver and its thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any, Final, TypeAlias, TypeVar

from drivers.card.interface import Recorder
from drivers.card.wire import TerminalProtocol
from drivers.card_terminal import COMMANDS_WAITING_MAX, CardTerminal
from drivers.mailbox import Mailbox
from drivers.runner import URGENT_MAX
from drivers.simulators.card.ledger import Ledger
from pos.adapters.card import DriverRecorder, Shown, WiredTerminal
from pos.app import pay_by_card, ring_up
from pos.app.campaign_ports import CampaignLink, ListedAt
from pos.app.desk import CardNews, Desk, News, Ports, Settings
from pos.app.payment_recorder import PaymentRecorder
from pos.app.ports import DeviceHealth, DeviceState, Role, Staff
from pos.app.start import start
from pos.domain.catalogue import Product, QuickKey
from pos.domain.errors import NoAnswer
from pos.domain.payment import REFERENCE_LENGTH, Attempt
from pos.domain.ticket import Shop
from pos.i18n import language
from pos.store.keys import Identity
from prove.virtual.disk import AT, MemoryLedger
from prove.virtual.line import Cable, Fault, Line
from prove.virtual.setups import Setup
from prove.virtual.world import Killed, World
from sync.contract.calls import NewReservation, Reservation
from sync.contract.grants import Grants
from sync.contract.jws import SigningKey

T = TypeVar("T")
TERMINAL: Final = "tpe"
WHO: Final = Staff("ma", "Marie", Role.MANAGER)
IDLE_POLL_S: Final = 10.0  # nobody needs to look more often: a byte that comes wakes the till
STOP_S: Final = 60.0
QUIET_SECONDS_MAX: Final = 900.0
Wrap: TypeAlias = Callable[[Recorder], Recorder]


class Prices:
    """A catalogue in which a product's code is its price in cents."""

    def find(self, code: str) -> Product | None:
        """The product of that price."""
        return Product(code, f"Article {code}", int(code), 2000)

    def search(self, text: str, limit: int) -> tuple[Product, ...]:
        """Nobody searches."""
        del text, limit
        return ()

    def quick_keys(self) -> tuple[QuickKey, ...]:
        """There are none."""
        return ()


class Nobody:
    """Staff, printer and campaigns that are not there."""

    def get(self, code: str) -> Staff | None:
        """Nobody."""
        del code
        return None

    def check_pin(self, code: str, pin: str) -> Staff:
        """Marie."""
        del code, pin
        return WHO

    def is_empty(self) -> bool:
        """There is Marie."""
        return False

    def wake(self) -> None:
        """Nothing is printed."""

    def open_drawer(self) -> None:
        """There is no drawer."""

    def health(self) -> DeviceHealth:
        """There is none."""
        return DeviceHealth(DeviceState.MISSING)

    def active(self) -> tuple[str, ...]:
        """No campaigns."""
        return ()

    def link(self) -> CampaignLink:
        """No campaigns."""
        return CampaignLink()

    def grants(self) -> tuple[Grants, ...]:
        """No campaigns."""
        return ()

    def status_list(self, campaign: str, batch: int) -> ListedAt | None:
        """No campaigns."""
        del campaign, batch
        return None

    def reserve(self, wish: NewReservation, key: str) -> Reservation:
        """Nobody is there to ask."""
        del wish, key
        raise NoAnswer

    def forget(self, wish: Any, key: str) -> None:
        """Nobody is there to tell."""

    def release(self, campaign: str, reservation: str) -> None:
        """Nobody is there to tell."""


class VirtualMailbox(Mailbox[Any]):
    """The driver's mailbox, whose waits pass virtual time."""

    def __init__(self, till: VirtualTill) -> None:
        super().__init__(COMMANDS_WAITING_MAX, URGENT_MAX, till.world.clock)
        self._till = till

    @property
    def waiting(self) -> bool:
        """Whether there is a command to carry out, or the end."""
        return bool(self._urgent or self._ordinary or self._closed)

    def take(self, timeout_s: float) -> Any:
        """See Mailbox; a byte that comes ends the wait too."""
        del timeout_s
        self._till.world.wait(IDLE_POLL_S, lambda: self.waiting or self._till.has_bytes)
        return super().take(0.0)

    def wait_for_arrival(self, timeout_s: float) -> bool:
        """See Mailbox."""
        seen = self._arrivals
        self._till.world.wait(timeout_s, lambda: self._arrivals > seen or self._closed)
        return self._arrivals > seen or self._closed

    def wait_for_any(self, timeout_s: float | None = None) -> None:
        """See Mailbox."""
        self._till.world.wait(timeout_s or QUIET_SECONDS_MAX, lambda: self.waiting)


class VirtualTill:
    """One counter with one terminal through the lives of its till.

    `wrap` and `protocol` may be given broken ones, to see that a proof finds them.
    """

    def __init__(
        self,
        setup: Setup,
        scenario: str = "approve",
        *,
        wrap: Wrap = lambda recorder: recorder,
        protocol: TerminalProtocol[Any] | None = None,
    ) -> None:
        self.setup = setup
        self.settings = setup.settings
        self.world = World()
        self.disk = MemoryLedger(self.world)
        self.paper = Ledger()
        self.terminal = setup.make(scenario, self.paper)
        self.cable = Cable(self.world, self.terminal, self._elsewhere, network=setup.link.network)
        self.world.around = self.cable
        self.news: list[News] = []
        self.lives = 0
        self._wrap = wrap
        self._protocol = protocol or setup.protocol
        self.ids = count(1)
        self._line: Line | None = None
        self.desk: Desk
        self.driver: CardTerminal

    # Its lives.

    def start(self) -> None:
        """Open the till; Killed or NotRecorded."""
        self.lives += 1
        self.news.clear()
        desk = desk_of(ports_of(self.disk, self.ids))
        self.desk = desk
        self.mailbox = VirtualMailbox(self)
        start(desk)
        shown = Shown()
        recorder = DriverRecorder(
            PaymentRecorder(desk, self.news.append), TERMINAL, self.setup.trust, shown
        )
        self.driver = CardTerminal(
            TERMINAL,
            self._open,
            self._protocol,
            self.settings,
            self._wrap(recorder),
            on_network=self.setup.link.network,
            clock=self.world.clock,
        )
        runner = self.driver._runner  # its thread is ours: it waits in virtual time
        runner._mailbox = self.mailbox
        desk.ports = replace(
            desk.ports, terminals={TERMINAL: WiredTerminal(self.driver, "01", shown)}
        )
        desk.operator = WHO
        self.world.live(runner._run)

    def kill(self) -> None:
        """Kill -9: what was committed stays, and nothing else."""
        self.disk.gone = True
        if self._line is not None:
            self._line.till_gone = True
            self._line.close()
        self._line = None
        self.world.kill()

    def come_back(self) -> None:
        """Start again after a kill, on a disk that is well."""
        self.kill()
        self.disk.come_back()
        self.cable.heal()
        self.start()

    def restart(self) -> None:
        """Close the till, as at the end of the day, and start it again."""
        self.mailbox.close()
        self.world.run(STOP_S)
        self.kill()
        self.disk.come_back()
        self.start()

    # What the cashier does.

    def ring(self, cents: int, *, back: bool = False) -> None:
        """Put a product of this price on the sale, or take one `back`."""
        put = ring_up.return_item if back else ring_up.by_code
        put(self.desk, str(cents)).wait()

    def begin(self, amount: int | None = None) -> Attempt:
        """Ask the card for the sale under way."""
        return pay_by_card.begin(self.desk, amount).wait().attempt

    def run(self, seconds: float, enough: Callable[[], bool] | None = None) -> None:
        """Let time pass; the desk hears what the device thread recorded."""
        self.disk.catch_up()
        self.world.run(seconds, enough)
        self.hear()

    def run_until_ended(self, seconds: float = QUIET_SECONDS_MAX) -> None:
        """Until nothing runs on the terminal."""
        self.run(seconds, lambda: not self.driver.busy)

    def run_until_quiet(self, seconds: float = QUIET_SECONDS_MAX) -> None:
        """Until neither the till nor the terminal is about to do anything."""
        self.run(seconds, lambda: self.is_quiet)

    def hear(self) -> None:
        """Take the news."""
        waiting, self.news[:] = list(self.news), []
        for one in waiting:
            if isinstance(one, CardNews):
                with suppress(Killed):
                    self.desk.catch_up(one)

    def next_is(self, scenario: str, times: int = 1) -> None:
        """Say how the next payments go at the terminal."""
        for _ in range(times):
            self.terminal.director.insert(self.setup.scenarios[scenario])

    def as_usual(self, times: int) -> None:
        """Forget up to so many of the next payments that were said."""
        for _ in range(times):
            self.terminal.director.done()

    # What there is to see.

    @property
    def has_bytes(self) -> bool:
        """Whether the driver has something to read."""
        return self._line is not None and self._line.waiting

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is about to happen."""
        device = self.driver._device
        idle = not self.driver.busy and device._look_at_s is None and not self.mailbox.waiting
        return idle and self.terminal.due_s is None and not self.has_bytes

    def _open(self) -> Line:
        self._line = self.cable.open()
        return self._line

    def _elsewhere(self, fault: Fault) -> None:
        if fault is Fault.DISK:
            self.disk.refusing = True
        elif fault is Fault.TILL:
            self.disk.gone = True
            if self._line is not None:
                self._line.till_gone = True
            raise Killed


def ports_of(disk: MemoryLedger, ids: Iterator[int]) -> Ports:
    """The world of a till that has a disk and nothing else; its terminals come later."""
    nobody = Nobody()
    return Ports(
        ledger=disk,
        catalogue=Prices(),
        staff=nobody,
        printer=nobody,
        terminals={},
        campaigns=nobody,
        clock=lambda: datetime.fromisoformat(AT),
        new_id=lambda: f"id-{next(ids)}",
        new_reference=lambda: f"R{next(ids):0{REFERENCE_LENGTH - 1}}",
        identity=Identity("till", 1, SigningKey.from_secret(1)),
    )


def desk_of(ports: Ports) -> Desk:
    """A desk with a manager at it, once it has started."""
    return Desk(ports, Settings(Shop("Comptoir"), language("fr")))
