"""The quality file of the card driver tells nothing that is not there."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
LEVELS = ("bronze", "silver", "gold", "platinum")
# The shop's own file is made with the rest of the till.
ELSEWHERE = {"config.toml"}


def test_every_rule_is_done_with_a_proof_or_open_with_a_reason() -> None:
    quality = tomllib.loads((ROOT / "drivers/card/quality.toml").read_text(encoding="utf-8"))
    for level in LEVELS:
        for name, rule in quality[level].items():
            if rule["status"] == "done":
                missing = [path for path in rule["proof"] if not (ROOT / path).exists()]
                assert set(missing) <= ELSEWHERE, name
            else:
                assert rule["status"] == "open", name
                assert rule["reason"], name


def test_no_type_is_ignored_in_the_driver() -> None:
    for folder in ("drivers/card", "drivers/terminal"):
        for path in (ROOT / folder).glob("*.py"):
            assert "type: ignore" not in path.read_text(encoding="utf-8"), path.name
