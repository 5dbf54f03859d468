"""A till of a town: the real till, and what its folder has of its campaign.

No process and no thread stands between it and the server: the machine says when it listens, asks
and delivers, and whether anybody answers.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias
from zoneinfo import ZoneInfo

import httpx
import msgspec

from pos.app.campaign_ports import CampaignLink, ListedAt
from pos.app.desk import Desk
from pos.app.ports import Staff
from pos.domain.errors import NoAnswer, VoucherRefused
from pos.store.audit import audit
from pos.store.head import HeadFile
from pos.store.journal import read_chain
from pos.store.opening import Store, open_store
from sync.contract.calls import NewReservation, Reservation
from sync.contract.feed import FEED_TYP, FeedItem, FeedPage
from sync.contract.grants import Grants, collect
from sync.contract.jws import VerifyKey
from sync.contract.messages import chain_of, open_signed
from sync.contract.status_list import BatchLists
from sync.contract.status_list import read as read_list
from tests.pos.fakes import Counter
from tests.sync.server import kit
from tests.sync.server.kit import ORIGIN
from tests.sync.server.market import CAMPAIGN

PARIS: Final = ZoneInfo("Europe/Paris")
CHAIN: Final = chain_of(CAMPAIGN)
WINES: Final = {"3000000000021": "vins"}
# up: the server answers. deaf: it hears, and its answer is lost. down: nobody hears.
Line: TypeAlias = Literal["up", "deaf", "down"]


class World(Protocol):
    """What a till needs of everything around it."""

    @property
    def server_key(self) -> VerifyKey:
        """The key that signs the feed and the vouchers."""

    def now(self) -> datetime:
        """The right time."""

    def ask(self, till: RoundTill, method: str, path: str, **how: Any) -> httpx.Response:
        """What the server answers this till."""

    def new_id(self) -> str:
        """An id that nobody had."""

    def new_secret(self, size: int) -> bytes:
        """Bytes that nobody had."""


@dataclass
class Notes:
    """What a till's folder has of its campaign: a copy of the folder takes it along.

    `epoch` is the one that it last enrolled under; 0 before.
    """

    epoch: int = 0
    items: list[tuple[FeedItem, str]] = field(default_factory=list)
    cursor: str = ""
    acknowledged: int = 0
    contact_at: str | None = None
    offset_ms: int = 0
    lists: dict[int, ListedAt] = field(default_factory=dict)

    def copied(self) -> Notes:
        """The same, apart."""
        twin = copy(self)
        twin.items, twin.lists = list(self.items), dict(self.lists)
        return twin


class RoundTill(Counter):
    """A till in a folder of its own. `notes` come with a copied folder."""

    def __init__(
        self, path: Path, world: World, name: str, shop: str, notes: Notes | None = None
    ) -> None:
        self.path, self.world, self.name, self.shop = path, world, name, shop
        self.is_copy = notes is not None
        self.notes = notes or Notes()
        self.skew = timedelta(0)
        self.line: Line = "up"
        path.mkdir(exist_ok=True)
        super().__init__(path, reward_families={"vins": "alcohol"})
        if not self.is_copy:
            self.sell_families(WINES)
        self.sign_on("2")

    def clock(self) -> datetime:
        """The time as this till believes it."""
        return (self.world.now() + self.skew).astimezone(PARIS)

    def restart(self) -> None:
        """Stop it and start it, with the same manager at it."""
        super().restart()
        self.sign_on("2")

    def renew(self) -> None:
        """Go on under a new key and the next epoch."""
        self.close()
        self.machine.secret_file.unlink()
        self.store = open_store(self.folder, self.machine, self.clock, renew_key=True)
        self.desk = self._start()
        self.sign_on("2")

    def copy_to(self, path: Path) -> Notes:
        """Copy all there is of it: its folder, and its machine's."""
        self.close()
        shutil.copytree(self.path, path)
        self._open_again()
        return self.notes.copied()

    def back_up(self, path: Path) -> Notes:
        """Copy its data folder alone, as a backup does."""
        self.close()
        shutil.copytree(self.folder.path, path)
        self._open_again()
        return self.notes.copied()

    def put_back(self, path: Path, notes: Notes) -> None:
        """Its data folder is as it was when it was backed up; its machine knows better."""
        self.close()
        shutil.rmtree(self.folder.path)
        shutil.copytree(path, self.folder.path)
        self.notes = notes.copied()
        self._open_again()

    @property
    def epoch(self) -> int:
        """The epoch in which it signs."""
        return self.store.identity.epoch

    @property
    def wire(self) -> kit.Till:
        """The part of it that a server meets."""
        identity = self.store.identity
        past = [{"epoch": epoch, "public_key": key.pem} for epoch, key in identity.earlier]
        return kit.Till(identity.key, self.name, self.epoch, past=past)

    def written(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Number and compact JWS of its campaign's entries after a number."""
        rows = read_chain(self.store.reader, CHAIN, after, limit)
        return [(number, compact.decode()) for number, _, compact, _ in rows]

    def audit_it(self) -> None:
        """Its journal is whole, every signature of it."""
        witness = HeadFile(self.machine.head_file(self.name)).read()
        report = audit(self.store.reader, witness, full=True)
        assert report.ok, report.findings

    # --- making it -------------------------------------------------------------------------------

    def _open_again(self) -> None:
        self.store = self._open()
        self.desk = self._start()
        self.sign_on("2")

    def _open(self) -> Store:
        return open_store(self.folder, self.machine, self.clock, new_till=lambda: self.name)

    def _start(self) -> Desk:
        desk = super()._start()
        world = self.world
        desk.ports = replace(
            desk.ports,
            campaigns=Heard(self),
            new_id=world.new_id,
            new_reference=lambda: "R" + world.new_id()[-9:],
            new_secret=world.new_secret,
        )
        return desk

    def _hire(self, person: Staff, pin: str) -> None:
        if not self.is_copy:
            super()._hire(person, pin)


class Heard:
    """pos.app.ports.Campaigns of what this till heard, and a line that is up or down."""

    def __init__(self, till: RoundTill) -> None:
        self._till = till

    def active(self) -> tuple[str, ...]:
        """The campaign, once the till was in it under any epoch."""
        return (CAMPAIGN,) if self._till.notes.epoch else ()

    def link(self) -> CampaignLink:
        """Nobody looks."""
        return CampaignLink(self.active())

    def grants(self) -> tuple[Grants, ...]:
        """What the feed said under the present epoch."""
        till, notes = self._till, self._till.notes
        if notes.epoch != till.epoch:
            return ()
        told = collect(notes.items, till.name, till.epoch)
        keys = (till.world.server_key,)
        return (
            Grants(
                *(CAMPAIGN, "Noël", ORIGIN, told, keys),
                *(notes.acknowledged, notes.contact_at, notes.offset_ms),
            ),
        )

    def status_list(self, campaign: str, batch: int) -> ListedAt | None:
        """As it was last fetched."""
        return self._till.notes.lists.get(batch) if campaign == CAMPAIGN else None

    def reserve(self, wish: NewReservation, key: str) -> Reservation:
        """Ask the server, as far as the line allows."""
        if self._till.line == "down":
            raise NoAnswer
        found = self._till.world.ask(
            self._till,
            *("POST", "reservations"),
            json=msgspec.to_builtins(wish),
            headers={"Idempotency-Key": key},
        )
        if self._till.line == "deaf" or found.status_code == 429:
            raise NoAnswer(perhaps=self._till.line == "deaf")
        if found.status_code != 201:
            raise VoucherRefused(cause=problem_of(found))
        return msgspec.convert(found.json(), Reservation)

    def forget(self, wish: NewReservation, key: str) -> None:
        """Ask again, and tell the server, if anybody hears."""
        with suppress(NoAnswer, VoucherRefused):
            self.release(wish.campaign, self.reserve(wish, key).id)

    def release(self, campaign: str, reservation: str) -> None:
        """Tell the server, if anybody hears."""
        if self._till.line != "down":
            self._till.world.ask(self._till, "DELETE", f"reservations/{campaign}/{reservation}")


def problem_of(found: httpx.Response) -> str:
    """The short name of a problem."""
    return str(found.json()["type"]).removeprefix("urn:comptoir:problem:")


def listen(till: RoundTill) -> None:
    """Read the server's feed to its end."""
    notes = till.notes
    while True:
        found = till.world.ask(till, "GET", f"feed?wait=0&cursor={notes.cursor}")
        if found.status_code != 200:
            return
        page = msgspec.convert(found.json(), FeedPage)
        for compact in page.items:
            item, signed = open_signed(compact, FEED_TYP, FeedItem)
            signed.check(till.world.server_key)
            notes.items.append((item, signed.digest))
        notes.cursor = page.cursor
        _met(till)
        if not page.items:
            return


def fetch_lists(till: RoundTill) -> None:
    """Fetch the status lists that this till should have, each good as of now."""
    found = till.world.ask(till, "GET", f"lists/{CAMPAIGN}")
    if found.status_code != 200:
        return
    at = till.world.now().isoformat(timespec="milliseconds")
    lists = {}
    for one in msgspec.convert(found.json(), BatchLists).lists:
        path = f"/v1/campaigns/{CAMPAIGN}/lists/{one.batch}"
        fetched = till.world.ask(till, "GET", path)
        statuses, _, signed = read_list(fetched.text)
        signed.check(till.world.server_key)
        lists[one.batch] = ListedAt(statuses, at)
    till.notes.lists = lists
    _met(till)


def acknowledge(till: RoundTill, number: int) -> None:
    """The till heard how far the server has its chain."""
    till.notes.acknowledged = max(till.notes.acknowledged, number)
    _met(till)


def body(entries: Sequence[tuple[int, str]]) -> dict[str, Any]:
    """Entries as a batch."""
    return {"chain": CHAIN, "entries": [compact for _, compact in entries]}


def _met(till: RoundTill) -> None:
    """The server answered: the till knows its time."""
    till.notes.contact_at = till.clock().isoformat(timespec="milliseconds")
    till.notes.offset_ms = -int(till.skew.total_seconds() * 1000)
