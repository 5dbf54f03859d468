"""The shop of the proofs: its folders, its people, its baskets, and a till opened in it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import scrypt
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import msgspec

from pos.app import park, sign_on, take_payment
from pos.app.ports import Staff
from pos.bootstrap import Till, now, open_for_writing, open_till, writer_of
from pos.config import EUROS_MAX, Config, PrinterConfig, StaffConfig, TerminalConfig
from pos.demo.baskets import Names, read_baskets
from pos.demo.cashier import Cashier
from pos.demo.shop import PEOPLE, demo_config, shipped
from pos.domain.sale import price
from pos.store.catalogue_rows import parse
from pos.store.folder import DataFolder
from pos.store.journal import stamp
from pos.store.loading import load_catalogue
from pos.store.staff import HASH_BYTES, SALT_BYTES, PinHash, add, listed

WHO: Final = PEOPLE[0]
PIN_COST: Final = "16:8:1"
BASKETS_A_DAY: Final = 12
ECHOING: Final = TerminalConfig(echoes_reference=True)


@dataclass(frozen=True, slots=True)
class Place:
    """A till's folders; `simulated` devices would be in the till's own process, so there are none.

    `printer` and `terminal` are the ports of devices that run elsewhere; `how` is the terminal's
    protocol and what is known of it.
    """

    path: Path
    printer: str = ""
    terminal: str = ""
    how: TerminalConfig = ECHOING

    @property
    def folder(self) -> DataFolder:
        """The till's data folder."""
        return DataFolder(self.path / "data")

    @property
    def config(self) -> Config:
        """The demonstration's shop with these devices."""
        return msgspec.structs.replace(
            demo_config(Config()),
            printer=PrinterConfig(port=self.printer),
            terminal=(msgspec.structs.replace(self.how, port=self.terminal),)
            if self.terminal
            else (),
            staff=StaffConfig(resolve_alone_max=EUROS_MAX),  # she is alone with every misfortune
        )

    def enter(self) -> None:
        """Make this process one that works here: the machine's secret and heads lie here too."""
        os.environ["XDG_STATE_HOME"] = str(self.path / "state")

    def stock(self) -> None:
        """Give the shop its cashier and its catalogue, as far as they are missing."""
        with open_for_writing(self.folder) as store:
            if WHO.code not in {person.staff.code for person in listed(store.reader)}:
                pin = _cheap_pin(WHO.pin)
                staff = Staff(WHO.code, WHO.name, WHO.role)
                writer_of(store)(lambda db: add(db, staff, pin, stamp(now())))
            if store.reader.row("SELECT 1 FROM product LIMIT 1") is None:
                load_catalogue(store, shipped("catalogue.csv"), now)

    def open(self) -> Till:
        """Open the till."""
        return open_till(self.folder, self.config)


def _cheap_pin(pin: str) -> PinHash:
    """A PIN that costs nothing to check: thousands of sign-ons wait for it."""
    salt = os.urandom(SALT_BYTES)
    n, r, p = (int(part) for part in PIN_COST.split(":"))
    raw = scrypt(pin.encode("ascii"), salt=salt, n=n, r=r, p=p, dklen=HASH_BYTES)
    return PinHash(salt, raw, PIN_COST)


@cache
def baskets() -> tuple[tuple[str, ...], ...]:
    """The baskets that come with the program, as codes."""
    with as_file(files("pos.demo") / "baskets.csv") as path:
        return tuple(read_baskets(path, Names(parse(shipped("catalogue.csv")))))


def shoppers(draw: random.Random) -> Iterator[tuple[str, ...]]:
    """Baskets without end."""
    while True:
        yield draw.choice(baskets())


class Returning(Cashier):
    """A cashier whose till may have stopped at any moment: she takes up whatever was left."""

    def arrive(self, code: str, pin: str) -> None:
        """Sign on, clear up what is unknown, and finish every sale that was under way."""
        sign_on.sign_on(self.desk, code, pin).wait()
        self._answer_jobs()
        self.desk.reload()
        while self.desk.attempts:
            attempt = self.desk.attempts[0]
            self._resolve(attempt.reference, attempt.amount)
            self.desk.reload()
        self._finish_sale()
        for sale in park.parked(self.desk):
            park.recall(self.desk, str(sale.parked_as)).wait()
            self._finish_sale()

    def _finish_sale(self) -> None:
        """Take the rest of the sale under way in cash."""
        sale = self.desk.sale
        if sale is None or not sale.lines:
            return
        if price(sale).due == 0:
            self._finish(take_payment.settle_even(self.desk).wait())
        else:
            self._finish(take_payment.take_tender(self.desk, "cash").wait())
