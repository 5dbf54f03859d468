"""The quality files of the card drivers tell nothing that is not there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from drivers.card_terminal import PROTOCOLS

ROOT = Path(__file__).parents[3]
CARD = ROOT / "drivers/card"
LEVELS = ("bronze", "silver", "gold", "platinum")
PACKAGES = sorted(path.parent for path in CARD.glob("*/protocol.py"))


def test_every_protocol_is_known_by_name() -> None:
    assert {f"drivers.card.{package.name}.protocol" for package in PACKAGES} <= set(
        PROTOCOLS.values()
    )


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_rule_is_done_with_a_proof_or_open_with_a_reason(package: Path) -> None:
    quality = tomllib.loads((package / "quality.toml").read_text(encoding="utf-8"))
    assert quality.keys() == {"driver", "protocols", *LEVELS}
    for level in LEVELS:
        for name, rule in quality[level].items():
            if rule["status"] == "done":
                assert rule["proof"], name
                assert [path for path in rule["proof"] if not (ROOT / path).exists()] == [], name
            else:
                assert rule["status"] == "open", name
                assert rule["reason"], name


@pytest.mark.parametrize("path", sorted(CARD.rglob("*.py")), ids=lambda path: path.name)
def test_no_type_is_ignored_in_the_driver(path: Path) -> None:
    assert "type: ignore" not in path.read_text(encoding="utf-8")
