"""Every setting of a terminal in config.toml reaches its driver."""

from __future__ import annotations

import msgspec
import pytest

from drivers.card.caisse_ap.settings import CaisseApSettings, Ticket, Version
from drivers.card.concert.record import Variant
from drivers.card.concert.settings import ConcertSettings
from drivers.card.settings import Profile
from drivers.card.zvt.settings import ZvtSettings
from drivers.card.zvt.slips import Charset
from pos.adapters.devices import driver_settings, trust_of
from pos.config import TerminalConfig
from pos.domain.finding import Trust

ALL = TerminalConfig(
    echoes_reference=True,
    keeps_answers=True,
    reverses=True,
    repeats_last="yes",
    tips=True,
    slips=True,
    answer_timeout_s=90,
    force_online=True,
    variant="E",
    eot_may_be_missing=True,
    card_digits=True,
    version="0301",
    append_crlf=True,
    register_id="247300123456",
    charset="latin1",
    stops=False,
    mirrors_id=True,
    password="123456",
)
PROFILE = Profile(
    echoes_reference=True, keeps_answers=True, reverses=True, repeats_last=True, tips=True
)


def of(protocol: str) -> TerminalConfig:
    return msgspec.structs.replace(ALL, protocol=protocol)


def test_concert() -> None:
    assert driver_settings(of("concert"), on_network=False) == ConcertSettings(
        profile=PROFILE,
        answer_timeout_s=90.0,
        variant=Variant.E,
        force_online=True,
        eot_may_be_missing=True,
        ask_card_number=True,
    )


@pytest.mark.parametrize("on_network", [False, True])
def test_caisse_ap(on_network: bool) -> None:
    assert driver_settings(of("caisse-ap"), on_network=on_network) == CaisseApSettings(
        profile=PROFILE,
        answer_timeout_s=90.0,
        version=Version.V3_01,
        register_id="247300123456",
        force_online=True,
        append_crlf=True,
        eot_may_be_missing=True,
        ticket=Ticket.BOTH,
        on_link=not on_network,
    )


@pytest.mark.parametrize("on_network", [False, True])
def test_zvt(on_network: bool) -> None:
    assert driver_settings(of("zvt"), on_network=on_network) == ZvtSettings(
        profile=PROFILE,
        answer_timeout_s=90.0,
        password="123456",
        receipts=True,
        charset=Charset.LATIN_1,
        abort=False,
        mirrors_id=True,
        on_serial=not on_network,
    )


def test_what_is_left_out_is_the_safe_choice() -> None:
    for protocol in ("concert", "caisse-ap", "zvt"):
        settings = driver_settings(TerminalConfig(protocol=protocol), on_network=True)
        assert settings.profile == Profile()
    assert trust_of(TerminalConfig()) == Trust()
    assert trust_of(ALL) == Trust(echoes=True, reverses=True)
