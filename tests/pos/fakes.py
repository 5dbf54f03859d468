"""A till over a real store in a temporary folder, with a clock and devices that the test plays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from hashlib import scrypt, sha256
from itertools import count
from pathlib import Path
from typing import Any

from pos.app import close_session, ring_up
from pos.app.campaign_ports import CampaignLink, ListedAt
from pos.app.desk import CardNews, Desk, News, Ports, Settings, TotalsNews
from pos.app.payment_recorder import PaymentRecorder
from pos.app.ports import Abilities, DeviceHealth, DeviceState, Role, Said, Staff
from pos.app.start import start
from pos.domain.errors import NoAnswer, PosError
from pos.domain.gtin import Template
from pos.domain.payment import Attempt, State
from pos.domain.tender import CARD, CASH, Overpay, TenderKind, TenderType
from pos.domain.ticket import Shop as ShopDetails
from pos.i18n import language
from pos.store.audit import audit
from pos.store.catalogue import SqliteCatalogue
from pos.store.folder import DataFolder
from pos.store.head import HeadFile
from pos.store.journal import stamp
from pos.store.loading import load_catalogue
from pos.store.machine import Machine
from pos.store.opening import Store, open_store
from pos.store.staff import HASH_BYTES, SALT_BYTES, PinHash, SqliteStaffBook, add
from sync.contract.calls import NewReservation, Reservation
from sync.contract.entry import Entry
from sync.contract.grants import Grants

EVENING = datetime(2026, 11, 22, 18, 4, 5, 123000, tzinfo=timezone(timedelta(hours=1)))
TILL_ID = "6f1c1b9e-6d0e-4c39-9d0d-3a8c1a3b5c7d"
BREAD, WINE, BANANA, CHEESE, BAG = "3000000000014", "3000000000021", "12345", "54321", "SAC"
CATALOGUE = f"""code;libelle;prix_ttc;tva;unite;touche
{BREAD};Pain de campagne;3,45;5,5;;1
{WINE};Côtes du Rhône;8,99;20;;2
{BANANA};Bananes;1,99;5,5;kg;3
{CHEESE};Comté à la coupe;24,90;5,5;kg;
{BAG};Sac en coton;0,05;20;;4
""".encode()
_COLUMNS, *_PRODUCTS = CATALOGUE.decode().splitlines()
MEAL = TenderType("Titre-restaurant", TenderKind.VOUCHER, Overpay.KEEP)
CHEQUE = TenderType("Chèque", TenderKind.CHEQUE, opens_drawer=True)
STAFF = {
    "1": Staff("1", "Camille", Role.CASHIER),
    "2": Staff("2", "Dominique", Role.MANAGER),
    "3": Staff("3", "Sacha", Role.TRAINEE),
}
PLAIN = Abilities()
CHEAP = "2:8:1"  # a scrypt that costs a test nothing


class FakePrinter:
    """Is as it was told to be, and counts."""

    def __init__(self) -> None:
        self.state = DeviceHealth(DeviceState.ONLINE)
        self.kicks = self.wakes = 0

    def wake(self) -> None:
        """Count."""
        self.wakes += 1

    def open_drawer(self) -> None:
        """Count."""
        self.kicks += 1

    def health(self) -> DeviceHealth:
        """As it was set."""
        return self.state


class FakeTerminal:
    """Takes attempts, and tells the recorder what the test wants it to.

    `on_begin`, when set, is what happens as soon as an attempt arrives.
    """

    def __init__(self, name: str = "tpe", abilities: Abilities = PLAIN) -> None:
        self.name = name
        self.abilities = abilities
        self.begun: list[Attempt] = []
        self.cancels = self.asked = self.days = 0
        self.shows = Said()
        self.refusal: PosError | None = None
        self.on_begin: Callable[[Attempt], None] | None = None
        self.state = DeviceHealth(DeviceState.ONLINE)

    def begin(self, attempt: Attempt) -> None:
        """Keep it, or refuse it."""
        if self.refusal:
            raise self.refusal
        self.begun.append(attempt)
        if self.on_begin:
            self.on_begin(attempt)

    def cancel(self) -> None:
        """Count."""
        self.cancels += 1

    def ask(self) -> None:
        """Count."""
        self.asked += 1

    def end_of_day(self) -> None:
        """Count."""
        self.days += 1

    def said(self, reference: str) -> Said:
        """As it was set, of the last attempt."""
        return self.shows if self.begun and self.begun[-1].reference == reference else Said()

    def health(self) -> DeviceHealth:
        """As it was set."""
        return self.state


class FakeCampaigns:
    """The campaigns that the test joined, and a server that says what the test wants.

    `answer` is what asking for a voucher gives; nobody answers while it is None.
    """

    def __init__(self) -> None:
        self.ids: tuple[str, ...] = ()
        self.granted: tuple[Grants, ...] = ()
        self.lists: dict[tuple[str, int], ListedAt] = {}
        self.answer: Reservation | PosError | None = None
        self.asked: list[NewReservation] = []
        self.released: list[tuple[str, str]] = []
        self.forgotten: list[tuple[NewReservation, str]] = []

    def active(self) -> tuple[str, ...]:
        """As they were set."""
        return self.ids

    def link(self) -> CampaignLink:
        """Nothing waits."""
        return CampaignLink(self.ids)

    def grants(self) -> tuple[Grants, ...]:
        """As they were set."""
        return self.granted

    def status_list(self, campaign: str, batch: int) -> ListedAt | None:
        """As it was set."""
        return self.lists.get((campaign, batch))

    def reserve(self, wish: NewReservation, key: str) -> Reservation:
        """As it was set."""
        self.asked.append(wish)
        if isinstance(self.answer, PosError):
            raise self.answer
        if self.answer is None:
            raise NoAnswer
        return self.answer

    def forget(self, wish: NewReservation, key: str) -> None:
        """Kept."""
        self.forgotten.append((wish, key))

    def release(self, campaign: str, reservation: str) -> None:
        """Kept."""
        self.released.append((campaign, reservation))


class Counter:
    """A till: its store, its desk, and its devices, which outlive a restart."""

    def __init__(self, path: Path, words: str = "fr", **settings: Any) -> None:
        self.now = EVENING
        self.folder = DataFolder(path / "data")
        id_file = path / "machine-id"
        id_file.write_text("0123456789abcdef0123456789abcdef\n", encoding="ascii")
        self.machine = Machine(path / "machine", id_file)
        self.printer, self.terminal = FakePrinter(), FakeTerminal()
        self.terminals = [self.terminal]
        self.campaigns = FakeCampaigns()
        self.news: list[CardNews] = []
        self.totals_news: list[TotalsNews] = []
        self.words = words
        self.more_settings = settings
        self._ids, self._references, self._secrets = count(1), count(1), count(1)
        self.store = self._open()
        load_catalogue(self.store, CATALOGUE, self.clock)
        for person in STAFF.values():
            self._hire(person, person.code * 4)
        self.desk = self._start()

    def clock(self) -> datetime:
        """The time that the test set."""
        return self.now

    def restart(self) -> None:
        """Stop the till and start it anew, with nobody at the desk."""
        self.close()
        self.store = self._open()
        self.desk = self._start()

    def close(self) -> None:
        """Close the store; twice does no harm."""
        assert self.store.close()

    def sign_on(self, code: str = "1") -> Desk:
        """Put somebody at the desk; the use case of signing on has its own tests."""
        self.desk.operator = STAFF[code]
        return self.desk

    # --- short hands -----------------------------------------------------------------------------

    def ring(self, *codes: str) -> None:
        """Ring up a product by each code."""
        for code in codes:
            ring_up.by_code(self.desk, code).wait()

    def sell_families(self, families: Mapping[str, str]) -> None:
        """Products of the catalogue belong to families of the shop."""
        lines = [f"{line};{families.get(line.split(';')[0], '')}" for line in _PRODUCTS]
        text = "\n".join((_COLUMNS + ";famille", *lines))
        load_catalogue(self.store, text.encode(), self.clock)

    def close_day(self) -> None:
        """The Z, by whoever is at the desk."""
        close_session.close(self.desk).wait()

    def answers(self, state: State, **details: object) -> CardNews:
        """The terminal does its part for the last attempt it got, and the desk hears of it."""
        reference = self.terminal.begun[-1].reference
        self.recorder.sending(reference)
        if state not in {State.UNKNOWN, State.NOT_SENT}:
            self.recorder.answered(reference, details)
        return self.concludes(state)

    def concludes(self, state: State, **details: object) -> CardNews:
        """The terminal ends the last attempt it got, and the desk hears of it."""
        self.recorder.concluded(self.terminal.begun[-1].reference, state, details)
        return self.hear()

    def hear(self) -> CardNews:
        """The desk takes the news that waits; the newest is returned."""
        news = self.news[-1]
        for waiting in self.news:
            self.desk.catch_up(waiting)
        self.news.clear()
        return news

    @property
    def recorder(self) -> PaymentRecorder:
        """What the device thread writes through."""
        return self.recorder_of(self.desk)

    def recorder_of(self, desk: Desk) -> PaymentRecorder:
        """What a device thread of this desk writes through."""
        return PaymentRecorder(desk, self._take_news)

    def _take_news(self, news: News) -> None:
        if isinstance(news, TotalsNews):
            self.totals_news.append(news)
        else:
            self.news.append(news)

    # --- what is on disk -------------------------------------------------------------------------

    @property
    def entries(self) -> list[Entry]:
        """The whole journal."""
        return list(self.store.ledger.since(0))

    def chain(self, name: str) -> list[Mapping[str, Any]]:
        """What the entries of one chain say."""
        return [entry.data for entry in self.entries if entry.payload.chain == name]

    def events(self, code: int) -> list[Mapping[str, Any]]:
        """The details of the technical events of a code."""
        return [data["details"] for data in self.chain("event") if data["code"] == code]

    @property
    def last(self) -> Entry:
        """The newest entry."""
        return self.entries[-1]

    @property
    def on_disk(self) -> tuple[int, str, object]:
        """All that a refused act must leave as it was."""
        entries = self.entries
        return len(entries), entries[-1].digest, self.store.ledger.drafts()

    def audit(self) -> None:
        """The journal is whole, every signature of it."""
        witness = HeadFile(self.machine.head_file(TILL_ID)).read()
        report = audit(self.store.reader, witness, full=True)
        assert report.ok, report.findings

    def ports_again(self) -> Ports:
        """The ports with the devices that there are now."""
        return Ports(
            ledger=self.store.ledger,
            catalogue=SqliteCatalogue(self.store.reader),
            staff=SqliteStaffBook(self.store.reader, self._write, self.clock),
            printer=self.printer,
            terminals={terminal.name: terminal for terminal in self.terminals},
            campaigns=self.campaigns,
            clock=self.clock,
            new_id=lambda: f"id-{next(self._ids)}",
            new_reference=lambda: f"REF{next(self._references):07}",
            identity=self.store.identity,
            new_secret=self._secret,
        )

    # --- making it -------------------------------------------------------------------------------

    def _open(self) -> Store:
        return open_store(self.folder, self.machine, self.clock, new_till=lambda: TILL_ID)

    def _start(self) -> Desk:
        desk = Desk(
            self.ports_again(),
            Settings(
                ShopDetails("Épicerie du Peyrou", "Montpellier", till="01", software="Comptoir"),
                language(self.words),
                tenders={tender.name: tender for tender in (CASH, CARD, MEAL, CHEQUE)},
                templates=(Template.parse("21IIIIIWWWWWC"), Template.parse("22IIIIIPPPPPC")),
                **self.more_settings,
            ),
        )
        start(desk)
        return desk

    def _hire(self, person: Staff, pin: str) -> None:
        salt = bytes(SALT_BYTES)
        derived = scrypt(pin.encode(), salt=salt, n=2, r=8, p=1, dklen=HASH_BYTES)
        hashed = PinHash(salt, derived, CHEAP)
        self._write(lambda db: add(db, person, hashed, stamp(self.now)))

    def _secret(self, size: int) -> bytes:
        return sha256(str(next(self._secrets)).encode()).digest()[:size]

    def _write(self, work: Callable[[Any], Any]) -> Any:
        return self.store.ledger.run(lambda tx: work(tx.connection), "till").result(30)
