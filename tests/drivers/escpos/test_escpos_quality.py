from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
LEVELS = ("bronze", "silver", "gold", "platinum")


@pytest.fixture(scope="module")
def quality() -> dict[str, Any]:
    with (ROOT / "drivers/escpos/quality.toml").open("rb") as file:
        return tomllib.load(file)


def test_every_rule_is_done_with_proof_or_open_with_a_reason(quality: dict[str, Any]) -> None:
    for level in LEVELS:
        assert quality[level]
        for rule, how in quality[level].items():
            wanted = {"done": "proof", "open": "reason"}[how["status"]]
            assert set(how) == {"status", wanted}, rule
            assert how[wanted], rule


def test_every_proof_exists(quality: dict[str, Any]) -> None:
    proofs = {proof for level in LEVELS for how in quality[level].values()
              for proof in how.get("proof", ())}  # fmt: skip
    assert [proof for proof in sorted(proofs) if not (ROOT / proof).is_file()] == []


def test_bronze_and_silver_are_reached(quality: dict[str, Any]) -> None:
    rules = {**quality["bronze"], **quality["silver"]}
    assert [rule for rule, how in rules.items() if how["status"] != "done"] == []
