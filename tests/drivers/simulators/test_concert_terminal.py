"""The simulated terminal by itself: its protocol, scenarios, scripts and ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card.concert.frame import ACK, ENQ, EOT, NAK, encode_frame
from drivers.card.concert.record import Form, Variant, encode_request
from drivers.card.interface import Kind, Request
from drivers.simulators.card.concert import (
    LINK_WAIT_S,
    ConcertOptions,
    ConcertTerminal,
    Mode,
)
from drivers.simulators.card.concert_customer import CMC7, MASKED_NUMBER, WHOLE_NUMBER
from drivers.simulators.card.concert_scenarios import SCENARIOS, AtEnq
from drivers.simulators.card.director import Director, ScriptError
from drivers.simulators.card.ledger import Ledger
from drivers.simulators.wire import HANGUP

REQUEST = Request("T000000042", 1250)
ENQ_B, ACK_B, NAK_B, EOT_B = (bytes([one]) for one in (ENQ, ACK, NAK, EOT))


def frame(request: Request = REQUEST, form: Form | None = None) -> bytes:
    return encode_frame(encode_request(request, form or Form()))


def ask(terminal: ConcertTerminal, request: Request = REQUEST, now_s: float = 0.0) -> list[object]:
    """Send a whole request; return all that was said."""
    said: list[object] = []
    for data in (ENQ_B, frame(request), EOT_B):
        said += terminal.receive(data, now_s)
    return said


def test_a_payment_goes_by_the_book() -> None:
    terminal = ConcertTerminal()
    assert ask(terminal) == [ACK_B, ACK_B, ENQ_B]
    (answer,) = terminal.receive(ACK_B, 0.0)
    assert isinstance(answer, bytes)
    assert answer[1:-2] == b"0100000125019" + b"78T000000042"
    assert terminal.receive(ACK_B, 0.0) == [EOT_B]
    assert terminal.ledger.charged_cents == 1250
    assert terminal.ledger.acknowledged == {1}


def test_the_customer_takes_the_time_that_is_set() -> None:
    terminal = ConcertTerminal(ConcertOptions(customer_s=2.0))
    assert ask(terminal) == [ACK_B, ACK_B]
    assert terminal.tick(1.9) == []
    assert terminal.ledger.entries == []
    assert terminal.receive(ENQ_B, 1.95) == [], "it hears nothing while a customer pays"
    assert terminal.tick(2.0) == [ENQ_B]
    assert len(terminal.ledger.entries) == 1


def pay(terminal: ConcertTerminal, request: Request = REQUEST) -> bytes:
    """Go through a whole operation; return its STAT."""
    ask(terminal, request)
    (answer,) = terminal.receive(ACK_B, 0.0)
    assert terminal.receive(ACK_B, 0.0) == [EOT_B]
    assert isinstance(answer, bytes)
    return answer[3:4]


def test_money_given_back_counts_negative() -> None:
    terminal = ConcertTerminal()
    assert pay(terminal, Request("T000000042", 1250, Kind.REFUND)) == b"0"
    assert terminal.ledger.charged_cents == -1250


def test_a_cancellation_takes_back_an_earlier_payment_of_that_amount_once() -> None:
    terminal = ConcertTerminal()
    cancel = Request("T000000043", 1250, Kind.CANCELLATION)
    assert pay(terminal, cancel) == b"7", "nothing was paid yet"
    assert pay(terminal, Request("T000000041", 1300)) == b"0"
    assert pay(terminal, cancel) == b"7", "another amount was paid"
    assert pay(terminal) == b"0"
    assert pay(terminal, cancel) == b"0"
    assert pay(terminal, cancel) == b"7", "it is taken back already"
    charged = [entry.charged_cents for entry in terminal.ledger.entries]
    assert charged == [0, 1300, 0, 1250, -1250, 0]


def test_what_this_terminal_does_not_do_is_refused() -> None:
    terminal = ConcertTerminal()
    record = bytearray(encode_request(REQUEST, Form()))
    record[12:13] = b"4"
    terminal.receive(ENQ_B + encode_frame(bytes(record)) + EOT_B, 0.0)
    (answer,) = terminal.receive(ACK_B, 0.0)
    assert isinstance(answer, bytes)
    assert answer[3:4] == b"7"
    assert terminal.ledger.charged_cents == 0


@pytest.mark.parametrize("asks", [False, True])
def test_a_cheque_is_answered_with_its_line_where_it_is_asked(*, asks: bool) -> None:
    terminal = ConcertTerminal()
    request = Request("T000000042", 1250, cheque=True)
    terminal.receive(ENQ_B + frame(request, Form(ask_card_number=asks)) + EOT_B, 0.0)
    (answer,) = terminal.receive(ACK_B, 0.0)
    assert isinstance(answer, bytes)
    assert answer[12:13] == b"C"
    assert len(answer) == (83 if asks else 28)
    assert (CMC7.encode() in answer) is asks
    assert terminal.ledger.charged_cents == 1250


def test_a_short_request_of_protocol_e_is_understood() -> None:
    terminal = ConcertTerminal()
    short = frame(form=Form(Variant.E))
    assert len(short) == 29
    terminal.receive(ENQ_B + short + EOT_B, 0.0)
    assert [entry.reference for entry in terminal.ledger.entries] == ["T000000042"]


# By hand, and the power plug.


def test_by_hand_a_customer_waits_until_it_is_chosen() -> None:
    terminal = ConcertTerminal(ConcertOptions(by_hand=True))
    with pytest.raises(LookupError):
        terminal.choose("approve")
    ask(terminal)
    assert terminal.due_s is None
    assert terminal.tick(3_600.0) == []
    waiting = terminal.waiting
    assert waiting is not None
    assert (waiting.kind, waiting.amount_cents, waiting.reference) == (
        "payment",
        1250,
        "T000000042",
    )
    with pytest.raises(ScriptError, match="expected one of approve"):
        terminal.choose("explode")
    with pytest.raises(ScriptError, match="before a customer"):
        terminal.choose("busy")
    terminal.choose("refuse")
    assert terminal.tick(3_600.0) == [ENQ_B]
    assert terminal.waiting is None
    assert [entry.status for entry in terminal.ledger.entries] == ["7"]


def test_a_power_cut_while_the_customer_pays_charges_nothing() -> None:
    terminal = ConcertTerminal(ConcertOptions(customer_s=5.0))
    ask(terminal)
    terminal.power_cut()
    assert terminal.due_s is None
    assert terminal.connected(10.0) == []
    assert terminal.tick(60.0) == []
    assert terminal.ledger.entries == []
    assert ask(terminal, now_s=60.0) == [ACK_B, ACK_B]


@pytest.mark.parametrize("forgets", [False, True])
def test_an_answer_survives_a_power_cut_unless_the_terminal_forgets(*, forgets: bool) -> None:
    terminal = ConcertTerminal(ConcertOptions(forgets_on_power_cut=forgets))
    ask(terminal)
    terminal.power_cut()
    terminal.connected(10.0)
    assert terminal.tick(10.0) == ([] if forgets else [ENQ_B])
    assert terminal.ledger.charged_cents == 1250


def test_a_request_with_a_wrong_check_byte_is_not_taken() -> None:
    terminal = ConcertTerminal()
    terminal.receive(ENQ_B, 0.0)
    wrong = frame()[:-1] + bytes([frame()[-1] ^ 1])
    assert terminal.receive(wrong, 0.0) == [NAK_B]
    assert terminal.receive(frame(), 0.0) == [ACK_B]


def test_a_request_that_stops_is_asked_for_again() -> None:
    terminal = ConcertTerminal()
    terminal.receive(ENQ_B + frame()[:20], 0.0)
    assert terminal.tick(LINK_WAIT_S) == [NAK_B]
    assert terminal.receive(frame(), LINK_WAIT_S) == [ACK_B]


def test_a_probe_leaves_no_trace() -> None:
    terminal = ConcertTerminal(director=Director(SCENARIOS, script=[SCENARIOS["refuse"]]))
    assert terminal.receive(ENQ_B + EOT_B, 0.0) == [ACK_B]
    assert terminal.mode is Mode.IDLE
    assert terminal.director.next() is SCENARIOS["refuse"]


def test_an_answer_that_is_not_acknowledged_is_offered_again_and_then_forgotten() -> None:
    terminal = ConcertTerminal(ConcertOptions(reoffers=1, reoffer_after_s=5.0))
    ask(terminal)
    assert terminal.tick(3.0) == [EOT_B]
    assert terminal.tick(8.0) == [ENQ_B]
    assert terminal.tick(11.0) == [EOT_B]
    assert terminal.tick(60.0) == []
    assert terminal.ledger.charged_cents == 1250
    assert terminal.ledger.acknowledged == set()


def test_a_held_answer_comes_on_the_next_connection() -> None:
    terminal = ConcertTerminal(director=Director(SCENARIOS, script=[SCENARIOS["late_next"]]))
    assert ask(terminal) == [ACK_B, ACK_B]
    assert terminal.connected(50.0) == []
    assert terminal.tick(50.0) == [ENQ_B]


def test_a_held_answer_comes_against_the_next_enq() -> None:
    terminal = ConcertTerminal(director=Director(SCENARIOS, script=[SCENARIOS["late_next"]]))
    ask(terminal)
    assert terminal.receive(ENQ_B, 60.0) == [ENQ_B]


def test_the_card_number_comes_masked_and_only_when_asked() -> None:
    for asks, scenario, number in (
        (False, "approve", None),
        (True, "approve", MASKED_NUMBER),
        (False, "full_number", WHOLE_NUMBER),
    ):
        terminal = ConcertTerminal(director=Director(SCENARIOS, SCENARIOS[scenario]))
        terminal.receive(ENQ_B + frame(form=Form(ask_card_number=asks)) + EOT_B, 0.0)
        (answer,) = terminal.receive(ACK_B, 0.0)
        assert isinstance(answer, bytes)
        assert len(answer) == (83 if number else 28)
        assert number is None or number.encode() in answer


def at_once(terminal: ConcertTerminal) -> None:
    """Ask for an answer at once and take it; the customer waits then."""
    record = encode_request(REQUEST, Form()).replace(b"A010", b"A011")
    terminal.receive(ENQ_B + encode_frame(record) + EOT_B, 0.0)
    (answer,) = terminal.receive(ACK_B, 0.0)
    assert isinstance(answer, bytes)
    assert answer[3:4] == b"9"
    assert terminal.ledger.entries == [], "nobody has paid yet"
    assert terminal.receive(ACK_B, 0.0) == [EOT_B]


def test_an_answer_at_once_is_no_result_and_none_follows() -> None:
    terminal = ConcertTerminal(ConcertOptions(customer_s=5.0))
    at_once(terminal)
    assert terminal.waiting is not None
    assert terminal.tick(5.0) == []
    assert terminal.due_s is None
    assert terminal.ledger.charged_cents == 1250
    assert terminal.ledger.acknowledged == set()


def test_an_answer_at_once_may_be_followed_by_the_result() -> None:
    director = Director(SCENARIOS, SCENARIOS["stat_9_then_result"])
    terminal = ConcertTerminal(ConcertOptions(customer_s=5.0), director)
    at_once(terminal)
    assert terminal.tick(5.0) == [ENQ_B]
    (answer,) = terminal.receive(ACK_B, 5.0)
    assert isinstance(answer, bytes)
    assert answer[3:4] == b"0"


def test_a_till_that_misses_the_answer_at_once_has_its_customer_all_the_same() -> None:
    terminal = ConcertTerminal(ConcertOptions(customer_s=5.0))
    record = encode_request(REQUEST, Form()).replace(b"A010", b"A011")
    terminal.receive(ENQ_B + encode_frame(record) + EOT_B, 0.0)
    assert terminal.tick(LINK_WAIT_S) == [EOT_B]
    assert terminal.tick(LINK_WAIT_S + 5.0) == []
    assert terminal.ledger.charged_cents == 1250


def test_an_unplugged_terminal_has_charged_and_breaks_the_line() -> None:
    terminal = ConcertTerminal(director=Director(SCENARIOS, SCENARIOS["unplug"]))
    assert ask(terminal)[-1] == HANGUP
    assert terminal.ledger.charged_cents == 1250


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([ENQ_B, ACK_B, NAK_B, EOT_B, frame()]) | st.binary(max_size=60),
            st.sampled_from([0.0, 0.1, 3.0, 10.0]),
        ),
        max_size=60,
    ),
    st.sampled_from(list(SCENARIOS.values())),
)
def test_any_bytes_are_survived_and_a_charge_needs_a_whole_request(
    pieces: list[tuple[bytes, float]], scenario: object
) -> None:
    terminal = ConcertTerminal(
        director=Director(SCENARIOS, SCENARIOS[getattr(scenario, "name", "")])
    )
    now_s, requests = 0.0, 0
    for data, wait_s in pieces:
        now_s += wait_s
        terminal.tick(now_s)
        terminal.receive(data, now_s)
        requests += data == frame()
    charged = [entry for entry in terminal.ledger.entries if entry.reference == REQUEST.reference]
    assert len(charged) <= requests


# Choosing what happens.


def test_the_amount_chooses_where_that_is_switched_on() -> None:
    director = Director(SCENARIOS, by_amount=True)
    assert {cents: director.next(1200 + cents).name for cents in SCENARIOS.by_cents} == {
        cents: scenario.name for cents, scenario in SCENARIOS.by_cents.items()
    }
    assert director.next(1299).name == "approve"
    assert Director(SCENARIOS).next(1201).name == "approve"


def test_every_scenario_is_described_and_those_before_the_amount_have_no_cents() -> None:
    for scenario in SCENARIOS.values():
        assert scenario.says
        assert (scenario.cents is None) is (scenario.at_enq is not AtEnq.ACK)
    assert SCENARIOS.by_cents[1].name == "refuse"


def test_a_script_is_followed_line_by_line_then_the_default() -> None:
    script = SCENARIOS.parse("# a morning\nrefuse\n\napprove x2  # two regulars\nlate_answer 5.5\n")
    assert [scenario.name for scenario in script] == ["refuse", "approve", "approve", "late_answer"]
    assert script[-1].late_s == 5.5
    terminal = ConcertTerminal(
        director=Director(SCENARIOS, SCENARIOS["approve"], script=script[:1])
    )
    for number in range(2):
        ask(terminal, Request(f"T{number:09d}", 100))
        terminal.receive(ACK_B + ACK_B, 0.0)
    assert [entry.status for entry in terminal.ledger.entries] == ["7", "0"]


def test_a_busy_line_of_a_script_is_used_up_by_one_enq() -> None:
    terminal = ConcertTerminal(director=Director(SCENARIOS, script=SCENARIOS.parse("busy x2")))
    assert [terminal.receive(ENQ_B, 0.0) for _ in range(3)] == [[NAK_B], [NAK_B], [ACK_B]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("approve\nexplode", "line 2: unknown scenario 'explode', expected one of approve"),
        ("approve twice", "line 1: expected NAME"),
        ("approve x0", "line 1: expected x1 to"),
        ("approve x99999999", "line 1: expected x1 to"),
        ("approve x1000000\n" * 2, "line 2: expected at most"),
    ],
)
def test_a_wrong_script_is_refused_whole_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ScriptError, match=said):
        SCENARIOS.parse(text)


def test_a_script_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "script.txt"
    path.write_text("approve\nrefuse\n", encoding="utf-8")
    assert [scenario.name for scenario in SCENARIOS.load(path)] == ["approve", "refuse"]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ScriptError, match="UTF-8"):
        SCENARIOS.load(path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(ScriptError, match="at most"):
        SCENARIOS.load(path)


# The ledger.


@pytest.mark.parametrize("fsync", [False, True])
def test_the_ledger_is_in_its_file_before_the_answer_leaves(tmp_path: Path, *, fsync: bool) -> None:
    path = tmp_path / "ledger.jsonl"
    terminal = ConcertTerminal(ledger=Ledger(path, fsync=fsync))
    assert ask(terminal)[-1] == ENQ_B
    assert Ledger(path).charges(REQUEST.reference)[0].charged_cents == 1250
    terminal.receive(ACK_B + ACK_B, 0.0)
    read = Ledger(path)
    assert (read.entries, read.acknowledged) == (terminal.ledger.entries, {1})


def test_a_ledger_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    for _ in range(2):
        ask(ConcertTerminal(ledger=Ledger(path)))
    assert [entry.number for entry in Ledger(path).entries] == [1, 2]


@pytest.mark.parametrize(
    "line", ["nonsense", "[]", '{"event":"ended"}', '{"event":"acknowledged"}']
)
def test_a_file_that_is_no_ledger_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1 is no ledger entry"):
        Ledger(path)
