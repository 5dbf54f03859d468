"""The one place where the till's ports are bound to the world."""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, TypeVar

from pos import __version__
from pos.adapters.campaigns import CampaignReader
from pos.adapters.devices import Plugs, connect_printer, connect_terminals, find_plugs
from pos.adapters.logs import log_to, remove
from pos.adapters.printing import NoPrinter, SpooledPrinter
from pos.app.desk import COMMIT_TIMEOUT_S, SYSTEM, Desk, News, Ports, Settings
from pos.app.payment_recorder import PaymentRecorder
from pos.app.start import start
from pos.config import Config
from pos.domain.errors import DiskSlow
from pos.domain.payment import REFERENCE_LENGTH
from pos.domain.ticket import Shop
from pos.i18n import Language, language
from pos.store.catalogue import SqliteCatalogue
from pos.store.database import sqlite_is_safe
from pos.store.folder import DataFolder
from pos.store.head import PUT_BACK
from pos.store.journal import campaigns_written
from pos.store.machine import Machine, default_machine_folder
from pos.store.opening import Store, open_store
from pos.store.staff import SqliteStaffBook

if TYPE_CHECKING:
    from pos.adapters.simulated import Pace, SimulatedDevices

T = TypeVar("T")
logger = logging.getLogger(__name__)
LOGS: Final = "logs"
SOFTWARE: Final = f"Comptoir {__version__}"
# Without the letters and digits that people confuse when they read a reference aloud.
_REFERENCE_SIGNS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class NewsDesk:
    """Hands card news to the front, once there is one; called on the device's thread."""

    def __init__(self) -> None:
        self.target: Callable[[News], None] = lambda _: None

    def __call__(self, news: News) -> None:
        """Hand news on."""
        self.target(news)


@dataclass
class Till:
    """An open till: its desk, and what is closed with it."""

    desk: Desk
    language: Language
    config: Config
    store: Store
    news: NewsDesk
    plugs: Plugs
    closing: ExitStack

    @property
    def warnings(self) -> tuple[str, ...]:
        """Keys of what the shop should know of this opening, such as a journal put back."""
        return (f"warning.head_{self.store.head}",) if self.store.head in PUT_BACK else ()

    @property
    def simulated(self) -> SimulatedDevices | None:
        """The simulated devices, in a demo."""
        return self.plugs.simulated

    def __enter__(self) -> Till:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.close()


def open_till(
    folder: DataFolder,
    config: Config,
    *,
    paper: Path | None = None,
    pace: Pace | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Till:
    """Open the till of a folder: store, desk as it was left, then the devices.

    A simulated device is taken only in a folder marked as a demo. Raises the errors of open_store,
    and BadAddress for a device's port that cannot be.
    """
    clock = clock or now
    with ExitStack() as closing:
        store = open_store(folder, machine(), clock)
        closing.callback(store.close)
        closing.callback(remove, log_to(folder.path / LOGS, "till"))
        if not sqlite_is_safe():
            logger.info(
                "SQLite %s: a second writer would meet its WAL-reset bug", sqlite3.sqlite_version
            )
        plugs = find_plugs(config, is_demo=folder.is_demo, paper=paper, pace=pace, closing=closing)
        printer = SpooledPrinter(store.ledger, config.printer.drawer_pin)
        campaigns = CampaignReader(
            folder.campaign_db,
            store.ledger,
            store.identity,
            campaigns_written(store.reader, store.identity.epoch),
        )
        closing.callback(campaigns.close)
        desk = Desk(
            Ports(
                ledger=store.ledger,
                catalogue=SqliteCatalogue(store.reader),
                staff=SqliteStaffBook(store.reader, writer_of(store), clock),
                printer=printer if plugs.printer else NoPrinter(),
                terminals={},
                campaigns=campaigns,
                clock=clock,
                new_id=lambda: str(uuid.uuid4()),
                new_reference=new_reference,
                identity=store.identity,
            ),
            settings_of(config, is_demo=folder.is_demo),
        )
        start(desk)
        news = NewsDesk()
        if plugs.printer:
            connect_printer(plugs.printer, config, printer, closing)
        terminals = connect_terminals(plugs, config, PaymentRecorder(desk, news), closing)
        desk.ports = replace(desk.ports, terminals=terminals)
        words = language(config.shop.language)
        return Till(desk, words, config, store, news, plugs, closing.pop_all())


@contextmanager
def open_for_writing(folder: DataFolder) -> Iterator[Store]:
    """The store of a data folder, for commands that write without a desk; errors of open_store."""
    store = open_store(folder, machine(), now)
    try:
        yield store
    finally:
        store.close()


def settings_of(config: Config, *, is_demo: bool = False) -> Settings:
    """What the use cases need of the configuration; a demonstration's paper says what it is."""
    shop = config.shop
    words = language(shop.language)
    footer = (words.say("receipt.demo"), *shop.receipt_footer) if is_demo else shop.receipt_footer
    return Settings(
        shop=Shop(shop.name, shop.address, shop.siret, shop.naf, shop.vat_id, shop.till, SOFTWARE),
        words=words,
        tenders=config.tenders(),
        templates=config.templates(),
        notes=tuple(100 * euros for euros in config.drawer.notes),
        footer=footer,
        manager_acts=frozenset(config.staff.manager_acts),
        day_starts_at_hour=shop.day_starts_at_hour,
        resolve_alone_max=100 * config.staff.resolve_alone_max,
        reward_families=config.reward_families(),
    )


def writer_of(store: Store) -> Callable[[Callable[[sqlite3.Connection], T]], T]:
    """Does work on the writing connection in one durable transaction; DiskSlow or NotRecorded."""

    def write(work: Callable[[sqlite3.Connection], T]) -> T:
        future = store.ledger.run(lambda tx: work(tx.connection), SYSTEM)
        try:
            return future.result(COMMIT_TIMEOUT_S)
        except TimeoutError as error:
            raise DiskSlow(seconds=round(COMMIT_TIMEOUT_S)) from error

    return write


def now() -> datetime:
    """The time here, with its offset."""
    return datetime.now().astimezone()


def machine() -> Machine:
    """This machine's own folder."""
    return Machine(default_machine_folder(os.environ, Path.home()))


def new_reference() -> str:
    """A reference for a card attempt: unguessable, and easy to read aloud."""
    return "".join(secrets.choice(_REFERENCE_SIGNS) for _ in range(REFERENCE_LENGTH))
