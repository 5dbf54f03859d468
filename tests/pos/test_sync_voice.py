"""What `comptoir sync` says on its terminal: one line when a server comes or goes."""

from __future__ import annotations

import pytest

from pos.cli.sync_voice import Voice
from sync.errors import TimedOut, Unreachable
from tests.sync.rig import CAMPAIGN

TOWN, CITY = "https://town.example", "https://city.example"
NO_LINE = Unreachable("no network")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COMPTOIR_LANGUAGE", "fr")
    return []


def test_two_jobs_that_find_and_lose_one_server_are_one_line_each(said: list[str]) -> None:
    voice = Voice(said.append)
    for _ in range(3):  # a month of batches
        voice.hears(TOWN, CAMPAIGN, None)
        voice.hears(TOWN, TOWN, None)
    assert said == [f"{TOWN} : connecté."]
    voice.hears(TOWN, TOWN, NO_LINE)
    voice.hears(TOWN, CAMPAIGN, NO_LINE)
    assert said[1:] == [f"{TOWN} : Serveur injoignable. La caisse réessaie seule."]
    voice.hears(TOWN, CAMPAIGN, None)
    assert len(said) == 2  # one job still has no line
    voice.hears(TOWN, TOWN, None)
    assert said[2:] == [f"{TOWN} : connecté."]
    voice.hears(TOWN, TOWN, NO_LINE)
    assert said[3:] == [f"{TOWN} : Serveur injoignable. La caisse réessaie seule."]


def test_another_trouble_is_another_line_and_each_is_told_once(said: list[str]) -> None:
    voice = Voice(said.append)
    for error in (NO_LINE, TimedOut("30 s"), NO_LINE, TimedOut("30 s")):
        voice.hears(TOWN, TOWN, error)
    assert len(said) == 2


def test_servers_are_told_apart(said: list[str]) -> None:
    voice = Voice(said.append)
    voice.hears(TOWN, TOWN, None)
    voice.hears(CITY, CITY, NO_LINE)
    voice.hears(CITY, CITY, None)
    assert [line.split(" : ")[0] for line in said] == [TOWN, CITY, CITY]


def test_a_till_in_no_campaign_hears_what_to_do(said: list[str]) -> None:
    Voice(said.append).begins([])
    assert "inscrite à aucune campagne" in said[0]


def test_a_terminal_that_was_closed_ends_no_sync() -> None:
    def closed(_: str) -> None:
        raise BrokenPipeError

    Voice(closed).hears(TOWN, TOWN, None)
