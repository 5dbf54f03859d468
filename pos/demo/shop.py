"""Make an empty folder a shop: catalogue, people, and a campaign to belong to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import msgspec

from pos.app.ports import Clock, Role, Staff
from pos.bootstrap import writer_of
from pos.config import SIMULATED, Config, PrinterConfig, ShopConfig, TenderConfig, TerminalConfig
from pos.store.journal import stamp
from pos.store.loading import load_catalogue
from pos.store.opening import Store
from pos.store.staff import SALT_BYTES, add, hash_pin, listed


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works in the demonstration; the PIN is no secret."""

    code: str
    name: str
    role: Role
    pin: str


PEOPLE: Final = (
    Person("1", "Camille", Role.CASHIER, "1111"),
    Person("2", "Dominique", Role.MANAGER, "2222"),
    Person("3", "Sacha", Role.TRAINEE, "3333"),
)
CAMPAIGN_ID: Final = "demo"
CAMPAIGN_NAME: Final = "30 jours au comptoir"
SHOP_NAME: Final = "Épicerie du Peyrou"
SECOND_SHOP: Final = "Librairie de la Comédie"


def demo_config(given: Config) -> Config:
    """The given settings on simulated devices, with the demonstration's shop where none is set."""
    shop = given.shop
    if shop == ShopConfig():
        shop = ShopConfig(
            name=SHOP_NAME,
            address="12 rue de la Loge\n34000 Montpellier",
            vat_id="TVA FR00000000000",
            receipt_footer=("Merci de votre visite !",),
        )
    tender = given.tender or (
        TenderConfig(name="Titre-restaurant", kind="voucher", overpay="keep"),
        TenderConfig(name="Chèque", kind="cheque", opens_drawer=True),
    )
    return msgspec.structs.replace(
        given,
        shop=shop,
        tender=tender,
        printer=given.printer if given.printer.port else PrinterConfig(port=SIMULATED),
        terminal=given.terminal or (TerminalConfig(port=SIMULATED, echoes_reference=True),),
    )


def stock(store: Store, clock: Clock, catalogue: bytes | None = None) -> None:
    """Give a new shop its people and its catalogue (the shipped one unless another is given)."""
    here = {known.staff.code for known in listed(store.reader)}
    for person in PEOPLE:
        if person.code not in here:
            _hire(store, clock, person)
    if catalogue is not None:
        load_catalogue(store, catalogue, clock)
    elif store.reader.row("SELECT 1 FROM product LIMIT 1") is None:
        load_catalogue(store, shipped("catalogue.csv"), clock)


def _hire(store: Store, clock: Clock, person: Person) -> None:
    pin = hash_pin(person.pin, os.urandom(SALT_BYTES))
    staff = Staff(person.code, person.name, person.role)
    writer_of(store)(lambda db: add(db, staff, pin, stamp(clock())))


def shipped(name: str) -> bytes:
    """A file that comes with the program."""
    return (files(__package__) / name).read_bytes()
