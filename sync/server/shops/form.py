"""The form of one shop: what was typed, to a name and facts, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from sync.contract.organising import ShopFacts
from sync.server.reference import iban, naf
from sync.server.reference.territory import Territory, lies_in
from sync.server.shops.csv_cells import READERS, plain

TICKS: Final = ("listed", "chain")
FIELDS: Final = tuple(name for name in READERS if name not in TICKS)
FIELDS_MAX: Final = len(READERS) + 1


class Wrong(NamedTuple):
    """A field that cannot be right; `expected` names the sentence that says what would be."""

    field: str
    expected: str


class Typed(NamedTuple):
    """What the form says. `facts` counts only when nothing is wrong."""

    name: str
    facts: ShopFacts
    wrong: list[Wrong]


def read_typed(form: Mapping[str, str], territory: Territory = ()) -> Typed:
    """A shop as it was typed, in the campaign's territory. An empty field empties the fact."""
    values: dict[str, str | bool] = {name: name in form for name in TICKS}
    wrong = []
    for name in FIELDS:
        try:
            text = plain(form.get(name, ""))
            values[name] = READERS[name](text) if text else ""
        except ValueError:
            wrong.append(Wrong(name, name))
            values[name] = ""
    if not values["name"] and not wrong:
        wrong.append(Wrong("name", "missing"))
    if not lies_in(str(values["postcode"]), territory):
        wrong.append(Wrong("postcode", "territory"))
    for name, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if values[other] and not values[name] and not any(one.field == name for one in wrong):
            wrong.append(Wrong(name, "pair"))
    values["naf_2025"] = values["naf_2025"] or naf.successor(str(values["naf"]))
    return Typed(str(values.pop("name")), msgspec.convert(values, ShopFacts), wrong)


def shown(name: str, facts: ShopFacts) -> dict[str, str]:
    """What the form shows of a shop, as one would type it. Ticks that are not set are left out."""
    values = msgspec.structs.asdict(facts)
    typed = {field: str(values[field]) for field in FIELDS if field != "name"}
    ticks = {tick: "1" for tick in TICKS if values[tick]}
    return {"name": name, **typed, "iban": iban.grouped(facts.iban), **ticks}
