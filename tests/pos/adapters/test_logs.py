from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pos.adapters.logs import log_to, remove
from pos.domain.scrub import MASK, scrub


@pytest.mark.parametrize(
    "number", ["4970101234567893", "4970 1012 3456 7893", "4970-1012-3456-7893", "378282246310005"]
)
def test_a_card_number_never_reaches_the_log(number: str, tmp_path: Path) -> None:
    handler = log_to(tmp_path, "till")
    try:
        logging.getLogger("till").warning("the terminal said %s today", number)
        try:
            raise ValueError(f"frame with {number}")
        except ValueError:
            logging.getLogger("till").exception("bad frame")
    finally:
        remove(handler)
    written = (tmp_path / "till.log").read_text(encoding="utf-8")
    assert number not in written
    assert written.count(MASK) == 2


@pytest.mark.parametrize("text", ["3250391234567", "ticket 01-1-0000311", "2026-11-23 10:00:00"])
def test_other_numbers_stay(text: str) -> None:
    assert scrub(text) == text


def test_a_log_that_cannot_be_written_says_nothing_over_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    handler = log_to(tmp_path, "till")
    (tmp_path / "till.log").mkdir()
    try:
        logging.getLogger("drivers.printer").warning("the printer is gone")
    finally:
        remove(handler)
    assert capfd.readouterr() == ("", "")
