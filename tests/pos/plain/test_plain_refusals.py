"""A wrong line gets an error and changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pos.domain.payment import State
from pos.plain.commands import COMMANDS, LINE_LENGTH_MAX
from pos.plain.loop import READ_CHARS_MAX
from tests.pos.fakes import BREAD, WINE
from tests.pos.plain.talk import Talk
from tests.sampling import examples

WITH_A_SALE = (
    "login 1",
    "login 9 1111",
    "login 1 0000",
    "approve 1 1111",
    "find",
    "float",
    "float abc",
    "float 1 2",
    "float -5",
    "void",
    "void 9",
    "void x",
    "void ²",
    "void -1",
    "discount",
    "discount 101%",
    "discount x",
    "discount 99999",
    "discount 10% 9",
    "discount 1,234",
    "cash abc",
    "cash 0",
    "cash 1 2",
    "cash 1234567",
    "card x",
    "card 0",
    "card 99",
    "card -1",
    "card 1 2",
    "card @bank",
    "answer REF approved",
    "answer REF perhaps",
    "stop REF",
    "take-back REF",
    "ask REF",
    "explain REF nothing",
    "adopt REF",
    "card-totals",
    "card-totals x",
    "card-totals 1 @bank",
    "slip",
    "tender",
    "tender bitcoin",
    "tender bitcoin 5",
    "tender Chèque 99",
    "tender cash x",
    "settle",
    "settle now",
    "recall",
    "recall nobody",
    "cancel now",
    "refund",
    "refund 99",
    "refund x",
    "refund 1 9",
    "refund 1 1:9",
    "refund 1 1:0",
    "refund 1 1:x",
    "refund 1 1 1",
    "return",
    "return NOTHING",
    "return 1*2*3",
    f"return {BREAD}@1,00",
    "paid-in 5",
    "paid-in x monnaie",
    "paid-out 0 timbres",
    "pickup",
    "pickup 0",
    "no-sale",
    "resolve REF charged",
    "resolve REF perhaps",
    "resolve REF not-charged",
    "voucher",
    "voucher ABC",
    "voucher ABCDEFGH23",
    "phone",
    "phone x",
    "phone-code",
    "phone-code 12345678",
    "paper-reward",
    "paper-reward perhaps",
    "claim",
    "claim 99",
    "claim x",
    "claim 1 2",
    "receipt 99",
    "receipt x",
    "job",
    "job id printed",
    "job id perhaps",
    "z 5",
    "z x",
    "help nothing",
    "quit now",
    "NOTHING",
    f"0*{BREAD}",
    f"0,5*{BREAD}",
    f"{BREAD}@",
    f"{BREAD}@x",
    f"*{BREAD}",
    f"3*{BREAD}*2",
    f"{BREAD} {BREAD}",
    f"99999*{WINE}@999999",
    'park "unclosed',
    "x" * (LINE_LENGTH_MAX + 1),
)


@pytest.fixture
def selling(talk: Talk) -> Talk:
    """A till with a ticket behind it and a sale before it."""
    talk.all("login 1 1111", BREAD, "cash", WINE)
    return talk


@pytest.mark.parametrize("line", WITH_A_SALE)
def test_a_wrong_line_gets_an_error_and_changes_nothing(selling: Talk, line: str) -> None:
    before, sale = selling.counter.on_disk, selling.counter.desk.sale
    kicks = selling.counter.printer.kicks
    reply = selling(line)
    assert not reply.ok
    assert reply.text.startswith("REFUSÉ : ")
    assert reply.data["error"]
    assert not reply.last
    assert selling.counter.on_disk == before
    assert selling.counter.desk.sale == sale
    assert selling.counter.printer.kicks == kicks
    assert selling.counter.terminal.begun == []


def test_every_command_has_a_wrong_line_here() -> None:
    tried = {line.split()[0] for line in WITH_A_SALE if line.strip()}
    free = {"lock", "jobs", "x", "show"}  # only too many words can be wrong with these
    assert {command.name for command in COMMANDS} - tried == free


@pytest.mark.parametrize("command", ["lock", "jobs", "x", "show", "cancel", "settle"])
def test_a_command_that_takes_nothing_refuses_more(selling: Talk, command: str) -> None:
    before = selling.counter.on_disk
    assert selling(f"{command} 1").data["error"] == "bad_command"
    assert selling.counter.on_disk == before


def test_before_somebody_signs_on_only_reading_is_possible(talk: Talk) -> None:
    before = talk.counter.on_disk
    for line in (BREAD, "cash", "float 5", "z", "x", "lock", "receipt", "cancel", "park", "recall"):
        assert talk(line).data["error"] == "sign_on_first", line
    for line in ("show", "help", "jobs", "find pain"):
        assert talk(line).ok, line
    assert talk.counter.on_disk == before


def test_the_rest_of_an_endless_line_is_never_a_command(selling: Talk) -> None:
    """A pasted file without line breaks must not pay the sale by its last word."""
    before = selling.counter.on_disk
    for length in (READ_CHARS_MAX - 1, READ_CHARS_MAX, READ_CHARS_MAX + 1, 3 * READ_CHARS_MAX):
        (reply,) = selling.read_json("x" * length + "cash\n")
        assert (reply["ok"], reply["error"]) == (False, "bad_command")
    replies = selling.read_json("x" * READ_CHARS_MAX + "\nshow\n")
    assert [reply["ok"] for reply in replies] == [False, True]
    assert selling.counter.on_disk == before


def test_input_that_ends_without_a_line_break_is_still_read(talk: Talk) -> None:
    assert len(talk.read("show\nshow")) == len(talk.read("show\nshow\n"))


anything = st.text(max_size=40)
commands = st.sampled_from([word for c in COMMANDS for word in (c.name, *c.words)])
nearly = st.builds(
    lambda word, rest: f"{word} {rest}",
    commands | st.sampled_from([BREAD, WINE, "3*", "-", "@"]),
    st.lists(
        st.sampled_from(["1", "0", "-1", "2,50", "10%", "x", "1:1", "²", "charged", '"', "é"])
        | anything,
        max_size=4,
    ).map(" ".join),
)


@given(line=anything | nearly, card=st.sampled_from([State.APPROVED, State.DECLINED]))
@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_line_whatsoever_breaks_the_till(selling: Talk, line: str, card: State) -> None:
    """What is refused changes nothing; what is understood leaves a journal that is whole."""
    talk = selling
    talk.card = card
    if talk.counter.desk.operator is None or talk.counter.desk.operator.code != "1":
        talk.counter.sign_on()
    before, sale = talk.counter.on_disk, talk.counter.desk.sale
    reply = talk.front.do(line)
    if reply is None or "error" in reply.data:
        assert talk.counter.on_disk == before
        assert talk.counter.desk.sale == sale


def test_after_all_that_the_journal_is_whole(selling: Talk) -> None:
    for line in WITH_A_SALE:
        selling(line)
    selling.all("cash", "z")
    selling.counter.audit()
