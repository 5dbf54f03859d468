"""The campaign from end to end: `comptoir demo --campaign`, with a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from pos.demo.browser import is_here
from tests.pos.commands import Home


@pytest.mark.skipif(not is_here(), reason="Chromium and its driver are not installed")
def test_a_campaign_is_gone_through_from_the_first_sale_to_the_settlement(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    said = Home(tmp_path).run("demo", "--campaign", "--pictures", pictures, "--json")
    assert said.status == 0, said.err
    assert said.data["holds"] is True
    assert said.data["redeemed"] == 500
    assert 0 < said.data["settled"] < 500  # a part of it came back
    assert said.data["earned"] > 10_000
    names = {path.stem for path in pictures.glob("*.png")}
    assert {"shopper-voucher", "organiser-dashboard", "shopper-shops"} <= names
    assert (pictures / "shopper-receipt.png").read_bytes() != (
        pictures / "shopper-claimed.png"
    ).read_bytes()


def test_without_a_browser_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = home.run("demo", "--campaign")
    assert said.status == 1
    assert "chromium-driver" in said.err
