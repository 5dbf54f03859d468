"""The simulated terminal by itself: what it answers, remembers and charges, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.concert.frame import ACK, ENQ, EOT, STX
from drivers.simulators.card.caisse_ap import CaisseApOptions, CaisseApTerminal
from drivers.simulators.card.caisse_ap_fields import BadFormatError, join, split, understand
from drivers.simulators.card.caisse_ap_lines import check_byte
from drivers.simulators.card.caisse_ap_scenarios import SCENARIOS
from drivers.simulators.card.director import Director, ScriptError
from drivers.simulators.card.terminal import SimulatedTerminal
from drivers.simulators.wire import HANGUP, Hangup

REQUEST = b"CZ0040300CJ012012345678901CA00201CE003978BA0010CD0010CB0041234"
OURS = REQUEST + b"CF010T000000042"
IDENTIFY = b"CZ0040320CJ012012345678901CA00201CD001I"
REPEAT = b"CZ0040320CJ012012345678901CA00201CE003978CD0013"


def answers(terminal: CaisseApTerminal, data: bytes, now_s: float = 0.0) -> list[bytes | Hangup]:
    """Say something on the line that is open, and wait until the terminal has no more to say."""
    said = list(terminal.receive(data, now_s))
    for _ in range(2_000):
        if (due_s := terminal.due_s) is None:
            break
        said += terminal.tick(max(now_s, due_s))
    return said


def call(terminal: CaisseApTerminal, data: bytes) -> dict[str, str]:
    terminal.connected(0.0)
    text = b"".join(piece for piece in answers(terminal, data) if isinstance(piece, bytes))
    fields = split(text)
    assert fields is not None
    return fields


def scripted(*names: str, options: CaisseApOptions | None = None) -> CaisseApTerminal:
    director = Director(SCENARIOS, script=[SCENARIOS[name] for name in names])
    return CaisseApTerminal(options or CaisseApOptions(), director)


def test_it_is_a_simulated_terminal() -> None:
    terminal: SimulatedTerminal = CaisseApTerminal()
    assert terminal.reading
    assert terminal.waiting is None


def test_a_payment_is_approved_and_written_down() -> None:
    terminal = CaisseApTerminal()
    fields = call(terminal, OURS)
    assert next(iter(fields)) == "CZ"
    told = {tag: fields[tag] for tag in ("CA", "CE", "CD", "CB", "AE", "CF", "CC", "AC", "AA")}
    assert told == {
        "CA": "01", "CE": "978", "CD": "0", "CB": "1234", "AE": "10", "CF": "T000000042",
        "CC": "001", "AC": "624477", "AA": "505581######2440",
    }  # fmt: skip
    (entry,) = terminal.ledger.entries
    assert (entry.reference, entry.charged_cents, entry.kind) == ("T000000042", 1234, "payment")
    assert not terminal.ledger.acknowledged


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("refuse", {"AE": "01", "AF": "04", "CB": "1234"}),
        ("forbidden", {"AE": "01", "AF": "05"}),
        ("abandon", {"AE": "01", "AF": "06"}),
        ("operator", {"AE": "01", "AF": "11"}),
        ("bad_currency", {"AE": "01", "AF": "13"}),
        ("no_reason", {"AE": "01", "AF": ""}),
        ("no_amount", {"AE": "01", "AF": "06", "CB": ""}),
        ("padded", {"AE": "10", "CB": "000000001234"}),
        ("partial", {"AE": "10", "CB": "617"}),
        ("amount_differs", {"AE": "10", "CB": "1235"}),
        ("done_unknown", {"AE": "42"}),
        ("taken", {"AE": "11"}),
        ("busy", {"AE": "01", "AF": "07"}),
        ("version_0301", {"CZ": "0301"}),
        ("full_number", {"AA": "4970101234567893"}),
        ("extra_tags", {"XQ": "AE00201"}),
    ],
)
def test_a_scenario_is_seen_in_the_answer(name: str, expected: dict[str, str]) -> None:
    fields = call(scripted(name), OURS)
    assert {tag: fields.get(tag, "") for tag in expected} == expected


def test_the_complement_has_29_characters() -> None:
    reason = call(scripted("complement"), OURS)["AF"]
    assert (len(reason), reason[:2]) == (29, "04")


def test_every_scenario_charges_what_it_tells() -> None:
    for name, scenario in SCENARIOS.items():
        terminal = scripted(name)
        terminal.connected(0.0)
        answers(terminal, OURS)
        charged = terminal.ledger.charged_cents
        if scenario.charges and name != "asleep":
            expected = 1234 * scenario.percent // 100 + scenario.more_cents
            assert charged == expected, name
        elif name != "asleep":
            assert charged == 0, name


def test_money_goes_back() -> None:
    terminal = CaisseApTerminal()
    for action in (b"CD0011", b"CD0012"):
        assert call(terminal, OURS.replace(b"CD0010", action))["AE"] == "10"
    assert [entry.charged_cents for entry in terminal.ledger.entries] == [-1234, -1234]
    assert [entry.kind for entry in terminal.ledger.entries] == ["refund", "cancellation"]


def test_it_identifies_itself_and_may_not_know_how() -> None:
    assert call(CaisseApTerminal(), IDENTIFY)["AE"] == "10"
    deaf = CaisseApTerminal(CaisseApOptions(identifies=False))
    assert call(deaf, IDENTIFY)["AF"] == "12"


def test_it_repeats_its_last_operation_alone() -> None:
    terminal = scripted("approve", "refuse")
    assert call(terminal, REPEAT)["AF"] == "12"
    first = call(terminal, OURS)
    assert call(terminal, REPEAT) == first | {"CD": "3"}
    second = call(terminal, OURS)
    assert call(terminal, REPEAT) == second | {"CD": "3"}
    forgetful = CaisseApTerminal(CaisseApOptions(duplicates=0))
    call(forgetful, OURS)
    assert call(forgetful, REPEAT)["AF"] == "12"


@pytest.mark.parametrize(
    "request_",
    [
        OURS + b"BF0011",
        OURS.replace(b"CB0041234", b""),
        OURS.replace(b"CB0041234", b"CB0011"),
        OURS.replace(b"CZ0040300", b""),
        OURS + b"CB0041234",
        b"hello",
        OURS.replace(b"CD0010", b"CD000"),
    ],
    ids=repr,
)
def test_what_it_cannot_read_it_rejects(request_: bytes) -> None:
    terminal = CaisseApTerminal()
    assert call(terminal, request_)["AF"] == "09"
    assert not terminal.ledger.entries


def test_an_older_one_takes_bf() -> None:
    assert call(CaisseApTerminal(CaisseApOptions(refuses_bf=False)), OURS + b"BF0010")["AE"] == "10"


def test_half_a_request_is_waited_for() -> None:
    terminal = CaisseApTerminal()
    terminal.connected(0.0)
    assert answers(terminal, OURS[:-3]) == []
    assert answers(terminal, OURS[-3:]) != []
    terminal.connected(1.0)
    answers(terminal, OURS[:-3])
    terminal.connected(2.0)
    answers(terminal, OURS[-3:])
    assert len(terminal.ledger.entries) == 1


def test_it_may_want_line_ends() -> None:
    wanting = CaisseApTerminal(CaisseApOptions(wants_crlf=True))
    assert call(wanting, OURS)["AF"] == "09"
    assert call(wanting, OURS + b"\r\n")["AE"] == "10"
    assert call(CaisseApTerminal(), OURS + b"\r\n")["AE"] == "10"


def test_while_a_customer_pays_everybody_else_is_rejected() -> None:
    terminal = CaisseApTerminal(CaisseApOptions(customer_s=5.0))
    terminal.connected(0.0)
    terminal.receive(OURS, 0.0)
    terminal.tick(0.1)
    assert terminal.waiting is not None
    assert terminal.waiting.amount_cents == 1234
    terminal.connected(1.0)
    terminal.receive(IDENTIFY, 1.0)
    (busy,) = terminal.tick(1.1)
    assert isinstance(busy, bytes)
    assert busy.endswith(b"AE00201AF00207")
    # The connection that asked is gone: the customer pays, and nobody hears of it.
    assert terminal.tick(6.0) == []
    assert terminal.ledger.charged_cents == 1234
    assert terminal.waiting is None


def test_sleep_and_broken_lines_hang_up() -> None:
    assert scripted("asleep").connected(0.0) == [HANGUP]
    terminal = scripted("reset")
    terminal.connected(0.0)
    assert answers(terminal, OURS) == [HANGUP]
    assert terminal.ledger.charged_cents == 1234
    terminal = scripted("unplug_answer")
    terminal.connected(0.0)
    half, end = answers(terminal, OURS)
    assert isinstance(half, bytes)
    assert end == HANGUP


def test_an_answer_is_kept_for_the_next_connection() -> None:
    terminal = scripted("late_next")
    terminal.connected(0.0)
    assert answers(terminal, OURS) == []
    (kept,) = terminal.connected(9.0)
    assert isinstance(kept, bytes)
    assert b"CF010T000000042" in kept
    assert terminal.connected(10.0) == []


def test_a_customer_by_hand() -> None:
    terminal = CaisseApTerminal(CaisseApOptions(by_hand=True))
    with pytest.raises(LookupError):
        terminal.choose("approve")
    terminal.connected(0.0)
    assert answers(terminal, OURS) == []
    with pytest.raises(ScriptError):
        terminal.choose("nothing")
    terminal.choose("refuse")
    (said,) = terminal.tick(3.0)
    assert isinstance(said, bytes)
    assert b"AF00204" in said
    with pytest.raises(LookupError):
        terminal.choose("approve")


def test_the_power_goes_while_the_customer_pays() -> None:
    terminal = CaisseApTerminal(CaisseApOptions(customer_s=5.0))
    call(terminal, OURS)
    terminal.connected(100.0)
    terminal.receive(OURS, 100.0)
    terminal.tick(100.1)
    terminal.power_cut()
    assert terminal.due_s is None
    assert terminal.waiting is None
    assert call(terminal, REPEAT)["CB"] == "1234"
    assert len(terminal.ledger.entries) == 1


def framed(text: bytes) -> bytes:
    body = text + b"\x03"
    return bytes([STX]) + body + bytes([check_byte(body)])


def test_on_the_link_an_answer_is_offered_until_it_is_acknowledged() -> None:
    terminal = CaisseApTerminal(CaisseApOptions(on_link=True))
    terminal.connected(0.0)
    assert terminal.receive(bytes([ENQ]), 0.0) == [bytes([ACK])]
    assert terminal.receive(framed(OURS), 0.0) == [bytes([ACK])]
    assert terminal.receive(bytes([EOT]), 0.0) == [bytes([ENQ])]
    assert terminal.tick(4.0) == [bytes([EOT])]
    assert terminal.tick(10.0) == [bytes([ENQ])]
    (frame,) = terminal.receive(bytes([ACK]), 10.0)
    assert isinstance(frame, bytes)
    assert framed(frame[1:-2]) == frame
    assert not terminal.ledger.acknowledged
    assert terminal.receive(bytes([ACK]), 10.0) == [bytes([EOT])]
    assert terminal.ledger.acknowledged == {1}


@given(st.lists(st.binary(max_size=60) | st.sampled_from([OURS, IDENTIFY, b"\x05", b"\x04"])))
def test_no_bytes_break_it(data: list[bytes]) -> None:
    for on_link in (False, True):
        terminal = CaisseApTerminal(CaisseApOptions(on_link=on_link))
        terminal.connected(0.0)
        for now_s, piece in enumerate(data):
            terminal.receive(piece, float(now_s))
            terminal.tick(now_s + 0.5)


names = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2).filter(
    lambda tag: tag != "CZ"
)


@given(st.dictionaries(names, st.text("0123456789 AZ", min_size=1, max_size=99)))
def test_what_it_writes_it_reads(fields: dict[str, str]) -> None:
    whole = {"CZ": "0320"} | fields
    assert split(join(whole)) == whole
    assert split(join(whole)[:-1]) is None


@given(st.binary(max_size=99))
def test_it_reads_anything_or_calls_it_bad(data: bytes) -> None:
    try:
        fields = split(data)
        if fields:
            understand(fields)
    except BadFormatError:
        pass
