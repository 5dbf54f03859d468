"""The simulated terminals by name, and the hand on their plug."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from drivers.card.concert.frame import ACK, ENQ, EOT, encode_frame
from drivers.card.concert.record import Form, encode_request
from drivers.card.interface import Request
from drivers.errors import DeviceError
from drivers.simulators.card.concert import ConcertOptions, ConcertTerminal
from drivers.simulators.card.ledger import Ledger
from drivers.simulators.card.plug import Pluggable, cut_power, replug, unplug
from drivers.simulators.card.protocols import SIMULATORS, make, scenarios
from drivers.simulators.card.terminal import Options
from drivers.simulators.line import Server, serve_pty, serve_tcp
from drivers.transports import Transport, opener

WAIT_S = 30.0  # a limit for a machine under load, never a measure
ENQ_B, ACK_B, EOT_B = bytes([ENQ]), bytes([ACK]), bytes([EOT])


@pytest.mark.parametrize("protocol", SIMULATORS)
@pytest.mark.parametrize("serial", [False, True])
def test_every_terminal_is_made_by_its_name(protocol: str, serial: bool) -> None:
    ledger = Ledger()
    terminal = make(protocol, Options(customer_s=3.0), ledger=ledger, serial=serial)
    assert terminal.ledger is ledger
    assert terminal.waiting is None
    assert terminal.director.next().name == "approve"
    with pytest.raises(LookupError):
        terminal.choose("approve")
    terminal.power_cut()


def test_options_of_a_protocol_are_taken_as_they_are() -> None:
    own = ConcertOptions(reoffers=7)
    terminal = make("concert", own, serial=True)
    assert isinstance(terminal, ConcertTerminal)
    assert terminal.options is own


@pytest.mark.parametrize("protocol", SIMULATORS)
def test_every_protocol_knows_the_common_scenarios(protocol: str) -> None:
    table = scenarios(protocol)
    common = {"approve", "refuse", "abandon", "timeout", "busy", "silent", "amount_differs"}
    assert common <= table.keys()
    assert [table.by_cents[cents].name for cents in range(4)] == [
        "approve",
        "refuse",
        "abandon",
        "timeout",
    ]
    assert all(scenario.says for scenario in table.values())


def test_a_protocol_that_is_not_there_has_no_terminal() -> None:
    with pytest.raises(KeyError):
        make("morse", serial=True)


@contextmanager
def plugged(line: str) -> Iterator[tuple[Pluggable, Server, Callable[[], Transport]]]:
    options = ConcertOptions(by_hand=True, reoffers=100, reoffer_after_s=0.1)
    machine = Pluggable(make("concert", options, serial=line == "pty"))
    if line == "pty":
        with serve_pty(machine, baud=None) as on_pty:
            yield machine, on_pty, opener(on_pty.path)
    else:
        with serve_tcp(machine) as on_tcp:
            yield machine, on_tcp, opener(f"tcp://{on_tcp.host}:{on_tcp.port}")


def ask(line: Transport) -> None:
    for data in (ENQ_B, encode_frame(encode_request(Request("T000000042", 1250), Form()))):
        line.write(data, WAIT_S)
        assert line.read(1, WAIT_S) == ACK_B
    line.write(EOT_B, WAIT_S)


def find_gone(line: Transport) -> None:
    """Read until the line is gone; DeviceError."""
    until_s = time.monotonic() + WAIT_S
    while time.monotonic() < until_s:
        line.read(1, 0.05)


def wait_for(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def open_again(open_line: Callable[[], Transport]) -> Transport:
    until_s = time.monotonic() + WAIT_S
    while time.monotonic() < until_s:
        try:
            return open_line()
        except DeviceError:
            time.sleep(0.02)
    raise AssertionError("the line never came back")


@pytest.mark.parametrize("line", ["pty", "tcp"])
def test_an_unplugged_terminal_is_gone_for_the_till_and_goes_on_with_its_customer(
    line: str,
) -> None:
    with plugged(line) as (machine, server, open_line):
        with closing(open_line()) as till:
            ask(till)
            wait_for(lambda: machine.terminal.waiting is not None)
            unplug(machine, server)
            with pytest.raises(DeviceError):
                find_gone(till)
        server.act(lambda: machine.terminal.choose("approve"))
        wait_for(lambda: machine.terminal.ledger.charged_cents == 1250)
        replug(machine, server)
        with closing(open_again(open_line)) as till:
            wait_for(lambda: till.read(1, 0.1) == ENQ_B)  # it has an answer for us


@pytest.mark.parametrize("line", ["pty", "tcp"])
def test_a_terminal_without_power_has_forgotten_its_customer(line: str) -> None:
    with plugged(line) as (machine, server, open_line):
        with closing(open_line()) as till:
            ask(till)
            wait_for(lambda: machine.terminal.waiting is not None)
            cut_power(machine, server)
            with pytest.raises(DeviceError):
                find_gone(till)
        assert machine.terminal.waiting is None
        replug(machine, server)
        with closing(open_again(open_line)) as till:
            ask(till)
        assert machine.terminal.ledger.entries == []
