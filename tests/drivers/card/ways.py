"""Every protocol on every kind of line that it is spoken on: a new one is one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.card.caisse_ap.settings import CaisseApSettings, Ticket
from drivers.card.concert.record import Variant
from drivers.card.concert.settings import ConcertSettings
from drivers.card.settings import Settings
from drivers.card.zvt.settings import ZvtSettings


@dataclass(frozen=True)
class Way:
    """One protocol on one kind of line: all that this suite needs to know of it.

    `own` is what this line wants of its settings, `papers` what makes the till ask for the
    terminal's papers.
    """

    protocol: str
    settings: Callable[..., Settings]
    own: Mapping[str, Any] = field(default_factory=dict)
    papers: Mapping[str, Any] = field(default_factory=dict)
    serial: bool = True


WAYS = {
    "concert-E": Way("concert", ConcertSettings, {"variant": Variant.E}),
    "concert-E+": Way("concert", ConcertSettings, {"ask_card_number": True}),
    "caisse-ap-tcp": Way("caisse-ap", CaisseApSettings, {}, {"ticket": Ticket.BOTH}, serial=False),
    "caisse-ap-link": Way(
        "caisse-ap", CaisseApSettings, {"on_link": True}, {"ticket": Ticket.BOTH}
    ),
    "zvt-tcp": Way("zvt", ZvtSettings, {}, {"receipts": True}, serial=False),
    "zvt-serial": Way("zvt", ZvtSettings, {"on_serial": True}, {"receipts": True}),
}
