"""The simulated ZVT terminal by itself: its bytes, its books, its ledger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.zvt.frame import ACK, NAK
from drivers.simulators.card.director import Director, ScriptError
from drivers.simulators.card.terminal import SimulatedTerminal
from drivers.simulators.card.zvt import AS_USUAL, Mode, ZvtOptions, ZvtTerminal
from drivers.simulators.card.zvt_line import check_bytes, cut_message, write_frame
from drivers.simulators.card.zvt_scenarios import SCENARIOS
from drivers.simulators.wire import HANGUP, Hangup

REGISTER = bytes.fromhex("060006 000000 08 0978".replace(" ", ""))
PAY = bytes.fromhex("06010c 04000000001250 490978 1940".replace(" ", ""))
YES = bytes.fromhex("800000")
NO = bytes.fromhex("846c00")
REPEAT = bytes.fromhex("062005000000 0303".replace(" ", ""))


ON_SERIAL = ZvtOptions(on_serial=True)


def new(options: ZvtOptions = AS_USUAL) -> ZvtTerminal:
    return ZvtTerminal(options, Director(SCENARIOS))


def names(said: list[bytes | Hangup]) -> list[str]:
    """Return what was said, by the first two bytes."""
    return [HANGED_UP if isinstance(one, Hangup) else one[:2].hex() for one in said]


HANGED_UP = "hung up"


def registered(terminal: ZvtTerminal) -> ZvtTerminal:
    terminal.connected(0.0)
    assert names(terminal.receive(REGISTER, 0.0)) == ["8000", "060f"]
    terminal.receive(YES, 0.0)
    return terminal


def test_a_payment_goes_by_the_book_and_counts_once_the_till_has_it() -> None:
    terminal = registered(new())
    assert names(terminal.receive(PAY, 1.0)) == ["8000", "04ff"]
    assert names(terminal.receive(YES, 1.0)) == ["04ff"]
    assert names(terminal.receive(YES, 1.0)) == ["040f"]
    assert terminal.ledger.charged_cents == 0
    assert names(terminal.receive(YES, 1.0)) == ["060f"]
    assert terminal.ledger.charged_cents == 1250
    assert terminal.ledger.acknowledged == {1}
    terminal.receive(YES, 1.0)
    assert terminal.mode is Mode.IDLE


@pytest.mark.parametrize(("reverses", "charged_cents"), [(True, 0), (False, 1250)])
@pytest.mark.parametrize("how", ["refused", "silence", "line", "power"])
def test_a_result_that_the_till_does_not_take_is_taken_back_or_kept(
    how: str, reverses: bool, charged_cents: int
) -> None:
    terminal = registered(new(ZvtOptions(reverses=reverses)))
    for data in (PAY, YES, YES):
        terminal.receive(data, 1.0)
    match how:
        case "refused":
            assert names(terminal.receive(NO, 1.0)) == ["061e"]
        case "silence":
            assert HANGUP in terminal.tick(6.0)
        case "line":
            terminal.connected(2.0)
        case _:
            terminal.power_cut()
    assert terminal.ledger.charged_cents == charged_cents
    assert len(terminal.ledger.entries) == (2 if reverses else 1)
    assert terminal.ledger.acknowledged == set()


def test_what_was_kept_is_told_when_asked() -> None:
    terminal = registered(new(ZvtOptions(reverses=False)))
    for data in (PAY, YES, YES):
        terminal.receive(data, 1.0)
    registered(terminal)
    said = terminal.receive(REPEAT, 3.0)
    assert names(said) == ["8000", "040f"]
    assert names(terminal.receive(YES, 3.0)) == ["060f"]


def test_the_books_outlive_the_power() -> None:
    terminal = registered(new())
    for data in (PAY, YES, YES, YES, YES):
        terminal.receive(data, 1.0)
    terminal.power_cut()
    assert terminal.receive(PAY, 2.0) == [bytes.fromhex("846b00")], "it forgot who registered"
    registered(terminal)
    assert names(terminal.receive(REPEAT, 3.0)) == ["8000", "040f"]
    assert terminal.ledger.charged_cents == 1250


def test_a_customer_by_hand_waits_for_a_choice() -> None:
    terminal = registered(new(ZvtOptions(by_hand=True)))
    same: SimulatedTerminal = terminal
    with pytest.raises(LookupError):
        same.choose("approve")
    for data in (PAY, YES):
        terminal.receive(data, 1.0)
    assert terminal.tick(500.0) == []
    assert terminal.waiting is not None
    assert terminal.waiting.amount_cents == 1250
    with pytest.raises(ScriptError):
        terminal.choose("nonsense")
    terminal.choose("refuse")
    assert names(terminal.tick(500.0)) == ["04ff"]
    assert terminal.waiting is None


def test_a_busy_terminal_says_wait() -> None:
    terminal = registered(new(ZvtOptions(customer_s=10.0)))
    for data in (PAY, YES):
        terminal.receive(data, 1.0)
    assert terminal.receive(PAY, 2.0) == [bytes.fromhex("849c00")]
    assert names(terminal.receive(bytes.fromhex("06b000"), 3.0)) == ["8000", "061e"]
    assert terminal.ledger.charged_cents == 0


def test_frames_are_acknowledged_and_broken_ones_are_not() -> None:
    terminal = new(ON_SERIAL)
    framed = write_frame(REGISTER)
    assert terminal.receive(framed, 0.0)[0] == bytes([ACK])
    broken = new(ON_SERIAL)
    assert broken.receive(write_frame(REGISTER, wrong=True), 0.0) == [bytes([NAK])]
    assert broken.receive(framed[:5], 1.0) == []
    assert broken.tick(1.3) == [bytes([NAK])]


def test_a_frame_without_acknowledgement_is_repeated_twice() -> None:
    terminal = new(ON_SERIAL)
    terminal.receive(write_frame(REGISTER), 0.0)
    again = [terminal.tick(float(second)) for second in range(1, 40)]
    assert [said for said in again if said] == [[write_frame(YES)]] * 2


def test_its_own_check_agrees_with_the_reference() -> None:
    assert check_bytes(bytes.fromhex("061e016c")) == bytes.fromhex("c9f2")


@pytest.mark.parametrize("on_serial", [False, True])
@given(pieces=st.lists(st.binary(max_size=60), max_size=15))
def test_anything_may_be_said_to_it(on_serial: bool, pieces: list[bytes]) -> None:
    terminal = new(ZvtOptions(on_serial=on_serial))
    for at, piece in enumerate([REGISTER, *pieces]):
        terminal.receive(write_frame(piece) if on_serial and at % 2 else piece, float(at))
        terminal.tick(at + 0.5)
    assert terminal.ledger.charged_cents == 0


def test_a_message_is_cut_by_its_length() -> None:
    heard = bytearray(PAY + YES[:2])
    message = cut_message(heard)
    assert message is not None
    assert message.name == "0601"
    assert cut_message(heard) is None
