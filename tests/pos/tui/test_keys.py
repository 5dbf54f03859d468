"""Keys can be moved, and the screen says where they went."""

from __future__ import annotations

from textual.pilot import Pilot

from pos.i18n import language
from pos.tui.app import TillApp
from pos.tui.keys import ACTIONS, Group, key_of, unknown_names
from pos.tui.sale_screen import SaleScreen
from tests.pos.tui.screens import text_of
from tests.pos.tui.shop import Shop, play, press, type_in


def test_a_moved_key_works_and_is_shown(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        assert "F4  Espèces" in text_of(app)
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f2")
        assert shop.desk.last is None
        await press(app, pilot, "escape")
        await press(app, pilot, "f4")
        assert shop.desk.last is not None

    play(shop.app(keymap={"cash": "f4", "tender": "f2"}), story)


def test_every_action_has_its_words_and_its_method() -> None:
    for code in ("fr", "en"):
        keys = language(code).keys
        for action in ACTIONS:
            name = "note" if action.group is Group.NOTE else action.name
            assert f"tui.help.{name}" in keys
            assert callable(getattr(SaleScreen, f"action_{action.name}"))


def test_a_key_map_with_a_strange_action_is_told() -> None:
    assert unknown_names({"cash": "f9", "dance": "f2"}) == ("dance",)
    assert key_of("void", {}, language("fr")) == "Suppr"
    assert key_of("void", {"void": "f6"}, language("fr")) == "F6"
