"""Why something is a finding: kept as what happened, read in the reader's own language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import product
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from sync.server import texts
from sync.server.money import reasons
from sync.server.money.findings import Kind, find
from sync.server.money.ledger import Ledger, Source
from sync.server.money.reasons import Happened, Reason
from sync.server.organiser.reason_words import say
from sync.server.organiser.words import reasons as words
from sync.server.services import Services
from sync.server.texts import Language
from tests.sync.server.french import ENGLISH, assert_french
from tests.sync.server.kit import Api
from tests.sync.server.market import CAMPAIGN, Market
from tests.sync.server.people import session

LANGUAGES: tuple[Language, ...] = ("fr", "en")
MOMENT, DAY = "2026-11-22T14:05:00.000+01:00", "2026-11-20"
TEXTS = {"until": MOMENT, "at": MOMENT, "first": DAY, "last": DAY, "owner": "7:3"}


def every(kind: Any) -> Iterator[Any]:
    """Values of a type, each name in it once; all reasons of a union."""
    if kind is type(None):
        yield None
    elif get_origin(kind) is Literal:
        yield from get_args(kind)
    elif isinstance(kind, UnionType) or get_origin(kind) is UnionType:
        for one in get_args(kind):
            yield from every(one)
    elif issubclass(kind, StrEnum):
        yield from kind
    else:
        yield from examples(kind)


def examples(kind: type[Reason]) -> Iterator[Reason]:
    """A reason with values of which no two look alike."""
    choices: list[list[Any]] = []
    hints = get_type_hints(kind)
    for place, name in enumerate(kind.__struct_fields__):
        if hints[name] is int:
            choices.append([1234 + 1111 * place])
        elif hints[name] is str:
            choices.append([TEXTS.get(name, f"x{place}")])
        else:
            choices.append(list(every(hints[name])))
    for values in product(*choices):
        yield kind(*values)


EVERY: list[Happened] = list(every(Happened))


def as_shown(name: str, value: int | str, language: Language) -> str:
    """A value as a sentence shows it; empty for a name, which has words of its own."""
    if isinstance(value, int):
        if name in ("lease", "ticket", "pack"):
            return str(value)
        if name == "minutes":
            return f"{value // 60}\N{NO-BREAK SPACE}h {value % 60:02}\N{NO-BREAK SPACE}min"
        return texts.euros(value, language)
    if value == MOMENT:
        return texts.moment(value, language)
    if value == DAY:
        return texts.day(value, language)
    return value if name in ("voucher", "challenge", "digest", "owner") else ""


def test_there_are_examples_of_each() -> None:
    within = {type(one.why) for one in EVERY if hasattr(one, "why")} - {type(None)}
    assert {type(one) for one in EVERY} | within == set(Reason.__subclasses__())


@pytest.mark.parametrize("reason", EVERY, ids=repr)
def test_each_reason_is_kept_whole_and_has_its_sentence_in_both_languages(reason: Happened) -> None:
    assert reasons.read(reasons.write(reason)) == reason
    french, english = say(reason, "fr"), say(reason, "en")
    assert french != english
    assert not ENGLISH.search(french), french
    assert ENGLISH.search(english), english
    for said, language in ((french, LANGUAGES[0]), (english, LANGUAGES[1])):
        assert not set("{}") & set(said), said
        for name, value in reasons.values_of(reason).items():
            assert as_shown(name, value, language) in said, (name, said)


def test_the_words_have_the_same_places_in_both_languages() -> None:
    french, english = words.TEXTS["fr"], words.TEXTS["en"]
    assert set(french) == set(english)
    for key, text in french.items():
        places = sorted(re.findall(r"{[^}]*}", text))
        assert sorted(re.findall(r"{[^}]*}", english[key])) == places


def test_what_an_earlier_version_kept_is_read_as_it_is() -> None:
    for text in ("promised 1500, the rules give 1000", "", "5", '{"reason":"of-a-later-version"}'):
        assert reasons.read(text) == text
        assert say(reasons.read(text), "fr") == text


class TestShown:
    @pytest.fixture
    def market(self, api: Api, services: Services) -> Market:
        market = Market(api, services)
        market.open("Halles")
        return market

    def page(self, market: Market, language: Language) -> str:
        who = session(market.api, token=market.services.secrets.admin_token)
        headers = who | {"Accept-Language": language}
        found = market.api.ask("GET", f"/campaigns/{CAMPAIGN}/findings", headers=headers)
        assert found.status_code == 200
        return str(found.text)

    def test_a_french_page_has_no_english(self, market: Market) -> None:
        def work(ledger: Ledger) -> None:
            for one in EVERY:
                find(ledger, Kind.BROKEN, Source("entry", "1:1"), cents=150, detail=one)

        market.ledger(work)
        shown = self.page(market, "fr")
        details = re.findall(r'<div class="wide"><dt>Détail</dt><dd>(.*?)</dd>', shown)
        assert len(details) == len(EVERY)
        assert_french(shown)
        english = self.page(market, "en")
        assert all(detail not in english for detail in details)

    def test_a_sentence_of_an_earlier_version_is_marked_as_english(self, market: Market) -> None:
        reason = reasons.NoLease()
        market.ledger(
            lambda ledger: find(
                ledger, Kind.LEASE, Source("entry", "1:1"), detail=reasons.BadDraw(5, 100, reason)
            )
        )
        said = "lease 5, 100 cents: no such lease"
        market.ledger(
            lambda ledger: ledger.db.execute(
                "UPDATE finding SET detail = ? WHERE campaign = ?", (said, CAMPAIGN)
            )
        )
        assert f'<dd lang="en">{said}</dd>' in self.page(market, "fr")
        (found,) = market.ask("findings", "GET")["findings"]
        assert (found["detail"], found["reason"], found["values"]) == (said, "", {})

    def test_a_program_reads_the_sentence_and_what_it_was_made_of(self, market: Market) -> None:
        detail = reasons.NotFree("3:17", "redeemed", reasons.AboveMost(1000))
        market.ledger(
            lambda ledger: find(ledger, Kind.POLICY, Source("entry", "1:1"), detail=detail)
        )
        (found,) = market.ask("findings", "GET")["findings"]
        assert (found["detail"], found["reason"], found["values"]) == (
            "voucher 3:17 was spent; above €10.00 no voucher is taken offline",
            "not-free",
            {"voucher": "3:17", "state": "redeemed", "why": "above-most", "most": 1000},
        )
