"""`comptoir simulate terminal`: what can be chosen, what is refused, and a terminal by hand."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from subprocess import Popen

import pytest

from drivers.card.concert.frame import ACK, ENQ, EOT, encode_frame
from drivers.card.concert.record import Form, encode_request
from drivers.card.interface import Request
from drivers.errors import DeviceError
from drivers.simulators.card.ledger import Ledger
from drivers.simulators.card.protocols import SIMULATORS, scenarios
from drivers.transports import Transport, opener
from tests.pos.shell import ENDS_WITHIN_S, Shell

REQUEST = Request("T000000042", 1250)
ENQ_B, ACK_B, EOT_B = bytes([ENQ]), bytes([ACK]), bytes([EOT])


@pytest.mark.parametrize("protocol", SIMULATORS)
def test_every_protocol_lists_its_scenarios(shell: Shell, protocol: str) -> None:
    listed = shell.done("simulate", "terminal", "--protocol", protocol, "--list").splitlines()
    table = scenarios(protocol)
    assert len(listed) == len(table)
    for line, scenario in zip(listed, table.values(), strict=True):
        assert f" {scenario.name} " in line
        assert line.endswith(scenario.says)
        assert line.startswith(",") is (scenario.cents is not None)
    assert listed[0].startswith(",00")


@pytest.mark.parametrize("protocol", SIMULATORS)
def test_a_scenario_of_another_protocol_is_refused(shell: Shell, protocol: str) -> None:
    where = ("simulate", "terminal", "--protocol", protocol, "--pty")
    for word in ("explode", "stat_9"):
        if word not in scenarios(protocol):
            said = shell.refused(*where, "--scenario", word, status=2)
            assert word in said
            assert "approve" in said


def test_a_ledger_that_is_none_is_refused(shell: Shell) -> None:
    path = shell.home / "ledger.jsonl"
    path.write_text("nonsense\n", encoding="utf-8")
    said = shell.refused("simulate", "terminal", "--pty", "--ledger", path)
    assert "line 1" in said


@pytest.mark.parametrize("protocol", SIMULATORS)
@pytest.mark.parametrize("line", ["--pty", "--tcp"])
def test_every_protocol_is_served_on_both_kinds_of_line(
    shell: Shell, protocol: str, line: str
) -> None:
    where = () if line == "--pty" else ("127.0.0.1:0",)
    arguments = ("simulate", "terminal", "--protocol", protocol, line, *where)
    with shell.start(*arguments) as process:
        port = ready(process)
        if line == "--tcp":
            host, _, number = port.rpartition(":")
            socket.create_connection((host, int(number)), timeout=ENDS_WITHIN_S).close()
        process.terminate()
        assert process.wait(ENDS_WITHIN_S) == 0


def ready(process: Popen[str]) -> str:
    assert process.stdout is not None
    word, port = process.stdout.readline().split()
    assert word == "ready"
    return port


class ByHand:
    """Whoever sits at a simulated terminal, and the till at its other end."""

    def __init__(self, process: Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout
        self.port = ready(process)

    def says(self, wanted: str) -> str:
        """Read up to the line that has these words."""
        for line in self._out:
            if wanted in line:
                return line
        raise AssertionError(f"never said: {wanted}")

    def types(self, words: str) -> None:
        self._in.write(words + "\n")
        self._in.flush()

    def leaves(self) -> None:
        self._in.close()


@contextmanager
def by_hand(shell: Shell, *arguments: object) -> Iterator[ByHand]:
    with shell.start("simulate", "terminal", "--pty", "--by-hand", *arguments) as process:
        hand = ByHand(process)
        hand.says("unplug, replug")
        try:
            yield hand
            hand.leaves()
            assert process.wait(ENDS_WITHIN_S) == 0
        finally:
            process.kill()


def hear(line: Transport, wanted: bytes) -> None:
    assert line.read(1, ENDS_WITHIN_S) == wanted


def read_for_ever(line: Transport) -> None:
    while True:
        line.read(1, 0.1)


def ask(line: Transport) -> None:
    for data in (ENQ_B, encode_frame(encode_request(REQUEST, Form()))):
        line.write(data, ENDS_WITHIN_S)
        hear(line, ACK_B)
    line.write(EOT_B, ENDS_WITHIN_S)


def test_a_request_is_shown_and_answered_by_hand(shell: Shell) -> None:
    path = shell.home / "ledger.jsonl"
    with by_hand(shell, "--ledger", path) as hand, closing(opener(hand.port)()) as line:
        ask(line)
        hand.says("12,50 € : paiement, référence T000000042")
        hand.types("explode")
        hand.says("« explode » : ? pour l'aide")
        hand.types("refuse")
        hand.says("n° 1 paiement 12,50 €, débité 0,00 €, référence T000000042, refuse")
        hear(line, ENQ_B)
        hand.types("ledger")
        hand.says("Débité en tout : 0,00 €")
    assert [entry.status for entry in Ledger(path).entries] == ["7"]


def test_what_is_named_before_a_request_is_for_the_next_one(shell: Shell) -> None:
    with by_hand(shell) as hand, closing(opener(hand.port)()) as line:
        hand.types("busy")
        hand.says("Demande suivante : busy")
        line.write(ENQ_B, ENDS_WITHIN_S)
        assert line.read(1, ENDS_WITHIN_S) != ACK_B
        ask(line)
        hand.says("paiement")


def test_cable_and_power_are_pulled_by_hand(shell: Shell) -> None:
    with by_hand(shell) as hand:
        line = opener(hand.port)()
        ask(line)
        hand.says("paiement")
        hand.types("power")
        hand.says("courant")
        with pytest.raises(DeviceError):
            read_for_ever(line)
        line.close()
        hand.types("replug")
        hand.says("Branché")
        hand.types("approve")
        hand.says("Demande suivante : approve")  # nobody is at the terminal any more
        hand.types("ledger")
        hand.says("Débité en tout : 0,00 €")


def test_by_hand_speaks_english_too(shell: Shell) -> None:
    shell.environment["COMPTOIR_LANGUAGE"] = "en"
    with by_hand(shell) as hand, closing(opener(hand.port)()) as line:
        ask(line)
        hand.says("€12.50: payment, reference T000000042")
