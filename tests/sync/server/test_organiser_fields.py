"""What organisers type: exact amounts, rules out of a form and back, what a preview says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.rewards.check import check
from sync.contract.rewards.rules import Percent, ReturnVisit, RulePack, Window
from sync.server.organiser import fields
from sync.server.organiser.fields import BadField, Form
from sync.server.organiser.rules_fields import to_fields
from sync.server.organiser.rules_form import LIMITS, TIERS, from_fields
from sync.server.organiser.rules_presets import PRESETS, first_fields, with_preset
from sync.server.organiser.rules_preview import preview
from tests.sync.contract import campaign_packs as known

NOW = "2026-11-22T17:00:00.000+00:00"
KNOWN = (*("FOLIZ_2019", "FOLIZ_2020", "NARBONNE", "GRAZ", "BISTROT", "MALTA", "LOTTERY"),)
TIMES = {
    "zone": ["Europe/Paris"],
    "starts_at": ["2026-11-01T00:00"],
    "ends_at": ["2026-12-25T00:00"],
    "spend_until_at": ["2027-01-31T00:00"],
}


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("12", 1200),
        ("1 234,50", 123_450),
        ("1\u202f234,50\u00a0€", 123_450),
        ("1234.5", 123_450),
        ("1,234.50", 123_450),
        ("0,01", 1),
        ("0.1", 10),
        ("9999999999,99", 999_999_999_999),
    ],
)
def test_euros_are_read_as_people_write_them(typed: str, cents: int) -> None:
    assert fields.cents(typed) == cents


@pytest.mark.parametrize(
    "typed",
    ["", "-1", "1,234", "1.2.3", "1e3", "12,", "²", "١٢", "0x1", "12 euros", "1,2345.00", "9" * 30],
)
def test_what_is_no_amount_is_refused_and_never_guessed(typed: str) -> None:
    with pytest.raises(BadField, match="expected_euros"):
        fields.cents(typed)


@given(st.integers(0, 10**12 - 1))
def test_an_amount_is_shown_so_that_it_is_read_again_to_the_cent(cents: int) -> None:
    assert fields.cents(fields.euros(cents)) == cents


@given(st.integers(0, 10_000))
def test_a_rate_is_shown_so_that_it_is_read_again(points: int) -> None:
    assert fields.basis_points(fields.percent(points)) == points


@given(st.text(max_size=30))
def test_no_text_makes_a_reader_fail(typed: str) -> None:
    for reader in (fields.cents, fields.basis_points, fields.whole, fields.day, fields.listed):
        form = Form({"x": [typed]})
        form.need("x", reader, None)
        assert all(one.startswith("expected_") for one in form.problems.values())


def test_local_times_get_the_offset_of_their_day() -> None:
    def at(typed: str, zone: str = "Europe/Paris") -> str:
        return fields.local_time(typed, zone)

    assert at("2026-07-14T09:00") == "2026-07-14T09:00:00+02:00"
    assert at("2026-12-25T00:00") == "2026-12-25T00:00:00+01:00"
    assert at("2026-12-25T00:00", "Indian/Reunion") == "2026-12-25T00:00:00+04:00"
    for typed, zone in (("2026-12-25", "Europe/Paris"), ("2026-12-25T00:00", "Europe/Berlin")):
        with pytest.raises(BadField):
            at(typed, zone)


@pytest.mark.parametrize("name", KNOWN)
def test_the_form_can_say_every_campaign_that_took_place(name: str) -> None:
    pack: RulePack = getattr(known, name)
    shown = to_fields(pack)
    assert shown is not None
    assert from_fields(pack.campaign, Form(shown)) == pack


def test_what_the_form_cannot_say_is_not_squeezed_into_it() -> None:
    two = known.pack(Percent(id="a", rate=1000), Percent(id="b", rate=500, floor=1000))
    mornings = tuple(Window(from_time=f"0{h}:00", until_time=f"0{h}:30") for h in (8, 9))
    windows = known.pack(Percent(id="a", rate=1000, windows=mornings))
    seconds = msgspec.structs.replace(known.MALTA, starts_at="2026-11-25T00:00:01+01:00")
    elsewhere = msgspec.structs.replace(known.MALTA, starts_at="2026-11-25T00:00:00+05:30")
    return_floor = known.pack(ReturnVisit(id="r", reward=1, within_days=1, first=3))
    for pack in (two, windows, seconds, elsewhere):
        assert to_fields(pack) is None
    shown = to_fields(return_floor)
    assert shown is not None
    assert from_fields(return_floor.campaign, Form(shown)) == return_floor


names = st.sampled_from(
    [
        *("percent_rate", "percent_base_max", "percent_floor", "percent_first", "return_reward"),
        *("return_within_days", "draw_reward", "draw_chance", "draw_first", "from_time", "sole"),
        *("until_time", "other_tenders", "other_excluded", "min_spend", "voucher_values", "zone"),
        *(f"tier_{what}_{n}" for n in range(TIERS) for what in ("floor", "reward")),
        *(f"limit_most_{n}" for n in range(LIMITS)),
        *("name", "claim_days", "in_a_row_max", "starts_at"),
    ]
)
typed = st.one_of(
    st.sampled_from(
        ["5", "20", "50,5", "1 000", "100", "x", "", "08:00", "12:30", "Indian/Reunion"]
    ),
    st.text(max_size=12),
)


@given(st.dictionaries(names, st.lists(typed, min_size=1, max_size=2), max_size=12))
def test_whatever_is_typed_is_a_pack_that_shows_again_or_a_list_of_what_is_wrong(
    changes: dict[str, list[str]],
) -> None:
    choices = {
        f"limit_{what}_{n}": [value]
        for n in range(LIMITS)
        for what, value in (("action", "earn"), ("scope", "person"), ("period", "day"))
    }
    form = Form(first_fields("Noël") | TIMES | choices | changes)
    pack = from_fields("noel", form)
    assert (pack is None) == bool(form.problems)
    if pack is not None:
        shown = to_fields(pack)
        assert shown is None or from_fields("noel", Form(shown)) == pack


EXPECTED: dict[str, Any] = {
    "back": [240, 700, 1000],
    "return": [240, 700, 1000],
    "daily": [360, 1050, 1500],
    "tiers": [0, 0, 1000],
    "half": [600, 1750, 2500],
    "win": [120, 350, 500],
}


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_makes_sense_and_gives_what_it_says(preset: str) -> None:
    pack = from_fields("noel", Form(with_preset(first_fields("Noël") | TIMES, preset)))
    assert pack is not None
    check(pack)
    shown = preview(pack, NOW)
    assert [one.basket for one in shown.examples] == [1200, 3500, 8000]
    assert [one.earned for one in shown.examples] == EXPECTED[preset]
    assert {one.bonus for one in shown.examples} == ({500} if preset == "return" else {0})
    assert {one.win for one in shown.examples} == ({2000} if preset == "win" else {0})


def test_a_preview_says_why_nothing_or_less_is_earned() -> None:
    tiers = preview(known.GRAZ, NOW).examples
    assert [(one.earned, one.why) for one in tiers[:2]] == [(0, "floor"), (0, "floor")]
    assert preview(known.NARBONNE, NOW).examples[2].cut == "limit"


def test_a_preview_is_of_an_hour_at_which_the_rules_count() -> None:
    tuesday = Window(weekdays=(2,), from_time="14:00", until_time="16:00")
    pack = known.pack(Percent(id="a", rate=1000, windows=(tuesday,)))
    shown = preview(pack, NOW)
    assert shown.at[:13] in ("2026-12-01T14", "2026-12-01T15")
    assert shown.examples[2].earned == 800
