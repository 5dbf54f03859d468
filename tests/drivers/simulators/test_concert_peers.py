"""Independent tills at our simulated Concert V2 terminal, on a pseudo-terminal.

Each runs as a program of its own and says what it believes; the terminal's ledger says what is
true. Where a peer is wrong its behaviour is asserted as the peer's, and told in
docs/peers-concert.md: nothing of it is imitated.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from drivers.simulators.card.concert import ConcertOptions, ConcertTerminal
from drivers.simulators.card.concert_scenarios import SCENARIOS
from drivers.simulators.card.director import Director
from drivers.simulators.card.ledger import Entry
from drivers.simulators.line import serve_pty

WAIT_S = 60.0  # a limit for a machine under load, never a measure
CUSTOMER_S = 0.2

# It asks for the answer at the end (A010), with the card number (IND 1), and waits for it.
TELIUM = """
import json, sys
from telium import Telium, TeliumAsk
path, euros = sys.argv[1:]
said = {}
try:
    device = Telium(path, timeout=3)
    ask = TeliumAsk.new_payment(float(euros), target_currency="EUR")
    said["ready"] = device.is_ok()
    said["taken"] = device.ask(ask)
    answer = device.verify(ask, waiting_timeout=10)
    said["paid"] = answer.has_succeeded
    said["amount"] = answer.amount
    said["card"] = answer.repport.strip()
except Exception as error:
    said["raised"] = type(error).__name__
print(json.dumps(said))
"""
# It asks for an answer at once (A011), without the card number (IND 0).
POSTELIUM = """
import json, sys
from pypostelium import Driver
path, euros, mode = sys.argv[1:]
driver = Driver({"telium_terminal_device_name": path})
info = {"amount": float(euros), "payment_mode": mode, "currency_iso": "EUR"}
print(json.dumps({"paid": driver.transaction_start(json.dumps(info))}))
"""


@dataclass
class Met:
    """What came of a peer's payment: what it said, and what the terminal wrote down."""

    said: dict[str, Any]
    terminal: ConcertTerminal

    @property
    def entries(self) -> list[Entry]:
        return self.terminal.ledger.entries

    @property
    def charged_cents(self) -> list[int]:
        return [entry.charged_cents for entry in self.entries]


@contextmanager
def meeting(peer: str, scenario: str, *arguments: str) -> Iterator[Met]:
    director = Director(SCENARIOS, SCENARIOS[scenario])
    terminal = ConcertTerminal(ConcertOptions(customer_s=CUSTOMER_S), director)
    with serve_pty(terminal, baud=9_600) as server:
        done = subprocess.run(
            [sys.executable, "-c", peer, server.path, *arguments],
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        yield Met(json.loads(done.stdout), terminal)


def wait_for_entry(met: Met) -> None:
    """A peer that does not wait for the customer is gone before the customer has paid."""
    until_s = time.monotonic() + WAIT_S
    while not met.entries and time.monotonic() < until_s:
        time.sleep(0.01)
    assert met.entries


# pyTeliumManager.


@pytest.mark.parametrize(
    ("scenario", "paid", "charged_cents"), [("approve", True, 1250), ("refuse", False, 0)]
)
def test_telium_manager_pays_and_is_refused(scenario: str, paid: bool, charged_cents: int) -> None:
    with meeting(TELIUM, scenario, "12.50") as met:
        assert met.said == {
            "ready": True,
            "taken": True,
            "paid": paid,
            "amount": 12.5,
            "card": "4970******1234",
        }
        assert met.charged_cents == [charged_cents]
        assert met.terminal.ledger.acknowledged == {1}


def test_telium_manager_gives_up_on_a_busy_terminal_without_closing_its_session() -> None:
    with meeting(TELIUM, "busy", "12.50") as met:
        assert met.said == {"ready": False, "raised": "TerminalInitializationFailedException"}
        assert met.entries == []


@pytest.mark.parametrize(
    ("scenario", "raised"),
    [
        ("bad_lrc_once", "LrcChecksumException"),
        ("answer_cut", "TerminalUnexpectedAnswerException"),
    ],
)
def test_telium_manager_neither_acknowledges_nor_refuses_an_answer_it_cannot_read(
    scenario: str, raised: str
) -> None:
    with meeting(TELIUM, scenario, "12.50") as met:
        assert met.said == {"ready": True, "taken": True, "raised": raised}
        assert met.charged_cents == [1250], "the customer paid, its till does not know"
        assert met.terminal.ledger.acknowledged == set()


def test_telium_manager_loses_an_answer_it_acknowledged_when_no_eot_follows() -> None:
    with meeting(TELIUM, "no_eot", "12.50") as met:
        assert met.said["raised"] == "TerminalUnexpectedAnswerException"
        assert met.terminal.ledger.acknowledged == {1}


def test_telium_manager_believes_any_amount() -> None:
    with meeting(TELIUM, "amount_differs", "12.50") as met:
        assert (met.said["paid"], met.said["amount"]) == (True, 12.49)


def test_telium_manager_hands_out_a_whole_card_number() -> None:
    with meeting(TELIUM, "full_number", "12.50") as met:
        assert met.said["card"] == "4970101234567893"


def test_telium_manager_asks_for_no_amount_below_one_euro() -> None:
    with meeting(TELIUM, "approve", "0.99") as met:
        assert met.said == {"raised": "IllegalAmountException"}
        assert met.entries == []


# pypostelium.


@pytest.mark.parametrize(
    ("scenario", "charged_cents"), [("approve", 1250), ("refuse", 0), ("stat_9", 1250)]
)
def test_postelium_says_true_before_anybody_has_paid_or_refused(
    scenario: str, charged_cents: int
) -> None:
    with meeting(POSTELIUM, scenario, "12.50", "card") as met:
        assert met.said == {"paid": True}
        wait_for_entry(met)
        assert met.charged_cents == [charged_cents]
        assert met.terminal.ledger.acknowledged == set()


@pytest.mark.parametrize("scenario", ["bad_lrc_once", "answer_cut"])
def test_postelium_says_true_for_an_answer_it_cannot_read(scenario: str) -> None:
    with meeting(POSTELIUM, scenario, "12.50", "card") as met:
        assert met.said == {"paid": True}


def test_postelium_closes_its_session_with_a_busy_terminal() -> None:
    with meeting(POSTELIUM, "busy", "12.50", "card") as met:
        assert met.said == {"paid": False}
        assert met.entries == []


def test_postelium_takes_a_cheque() -> None:
    with meeting(POSTELIUM, "approve", "0.99", "check") as met:
        assert met.said == {"paid": True}
        wait_for_entry(met)
        assert met.charged_cents == [99]
