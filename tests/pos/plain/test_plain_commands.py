from __future__ import annotations

from pathlib import Path

import pytest

from pos.app.desk import CardNews
from pos.domain.payment import Attempt, Direction, State
from pos.plain.commands import COMMANDS, Call, Command, Entry, read_line
from tests.pos.fakes import BANANA, BREAD, WINE
from tests.pos.plain.talk import Talk

IN = "login 1 1111"
SOLD = (IN, BREAD, "cash")
# command: what comes before it, the line, and what its reply must hold
DONE = {
    "login": ((), "login 1 1111", "operator"),
    "lock": ((IN,), "lock", ""),
    "approve": ((IN,), "approve 2 2222", ""),
    "find": ((IN,), "find côtes", "products"),
    "float": ((IN,), "float 150,00", "float"),
    "void": ((IN, BREAD, WINE), "void 1", "sale"),
    "discount": ((IN, BREAD), "discount 10%", "sale"),
    "cash": ((IN, BREAD), "cash 5", "ticket"),
    "card": ((IN, BREAD), "card", "ticket"),
    "tender": ((IN, BREAD), "tender titre-restaurant 5", "ticket"),
    "settle": ((IN, BREAD, f"return {BREAD}"), "settle", "ticket"),
    "park": ((IN, BREAD), "park Mme Petit", "parked_as"),
    "recall": ((IN, BREAD, "park"), "recall", "sale"),
    "cancel": ((IN, BREAD, "cash 1"), "cancel", "handed_back"),
    "refund": (SOLD, "refund 1 1:1", "sale"),
    "return": ((IN,), f"return 2*{BREAD}", "sale"),
    "paid-in": ((IN,), "paid-in 20 monnaie", "amount"),
    "paid-out": ((IN, "float 150"), "paid-out 3,50 achat d'eau", "amount"),
    "pickup": ((IN, "float 150"), "pickup 100", "amount"),
    "no-sale": ((IN,), "no-sale monnaie", ""),
    "answer": ((), "", ""),  # these need a card under way, or a doubt: test_plain_cards.py
    "stop": ((), "", ""),
    "take-back": ((), "", ""),
    "resolve": ((), "", ""),
    "ask": ((), "", ""),
    "explain": ((), "", ""),
    "adopt": ((), "", ""),
    "slip": ((), "", ""),
    "card-totals": ((*SOLD, WINE, "card"), "card-totals 8,99 1", "totals"),
    "voucher": ((), "", ""),  # these need a campaign: test_plain_rewards.py
    "phone": ((), "", ""),
    "phone-code": ((), "", ""),
    "claim": ((), "", ""),
    "paper-reward": ((IN, BREAD), "paper-reward yes", "sale"),
    "receipt": (SOLD, "receipt", "paper"),
    "jobs": ((*SOLD, "receipt"), "jobs", "jobs"),
    "job": ((*SOLD, "receipt"), "job id- printed", ""),
    "x": ((IN,), "x", "x"),
    "z": (SOLD, "z 3,45", "z"),
    "show": ((IN, BREAD), "show", "status"),
    "help": ((), "help cash", "commands"),
    "quit": ((), "quit", ""),
}


@pytest.mark.parametrize("name", [name for name, (_, line, _) in DONE.items() if line])
def test_each_command_does_its_work(talk: Talk, name: str) -> None:
    before, line, member = DONE[name]
    if before:
        talk.all(*before)
    reply = talk.all(line)
    assert reply.text
    assert not member or member in reply.data


def test_the_table_of_the_test_is_the_table_of_the_till() -> None:
    assert set(DONE) == {command.name for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS, ids=[command.name for command in COMMANDS])
def test_each_word_of_a_command_means_the_same_in_any_case(command: Command) -> None:
    arguments = " 1" * command.least
    for word in (command.name, *command.words):
        for written in (word, word.upper(), word.capitalize()):
            understood = read_line(written + arguments)
            assert isinstance(understood, Call)
            assert understood.command is command
            assert len(understood.words) == command.least


@pytest.mark.parametrize("line", ["Espèces 5", "ESPECES 5", "espèces 5,00"])
def test_accents_do_not_matter(talk: Talk, line: str) -> None:
    talk.all(IN, BREAD)
    assert talk.all(line).data["ticket"]["change"] == 155


def test_no_word_means_two_commands() -> None:
    words = [word for command in COMMANDS for word in (command.name, *command.words)]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("123", Entry("123", None, None)),
        ("3*123", Entry("123", 3000, None)),
        ("0,350*123", Entry("123", 350, None)),
        ("0.350 * 123", Entry("123", 350, None)),
        ("123@2,50", Entry("123", None, 250)),
        ("3*123@2,50", Entry("123", 3000, 250)),
    ],
)
def test_a_line_that_is_no_command_is_a_product(line: str, entry: Entry) -> None:
    assert read_line(line) == entry


@pytest.mark.parametrize("line", ["", "   ", "\n", "# cash 5", "  #remark"])
def test_an_empty_line_and_a_remark_are_passed_over(talk: Talk, line: str) -> None:
    assert talk.front.do(line) is None


def test_an_apostrophe_is_a_letter(talk: Talk) -> None:
    talk.all(IN, "float 10", "sortie 3,50 achat d'eau pour l'équipe")
    assert talk.counter.chain("cash")[-1]["reason"] == "achat d'eau pour l'équipe"


def test_double_quotes_keep_spaces(talk: Talk) -> None:
    talk.all(IN, BREAD)
    assert talk.all('park "table  4"').data["parked_as"] == "table  4"


def test_a_line_number_a_quantity_and_a_price_are_understood(talk: Talk) -> None:
    reply = talk.all(IN, f"0,350*{BANANA}@2,00")
    (line,) = reply.data["sale"]["lines"]
    assert (line["quantity"], line["unit_price"], line["amount"]) == (350, 200, 70)


@pytest.mark.parametrize("ticket", ["1", "0000001", "01-1-0000001"])
def test_a_ticket_is_named_by_its_number_or_as_it_is_printed(talk: Talk, ticket: str) -> None:
    talk.all(*SOLD)
    assert talk.all(f"refund {ticket}").data["sale"]["total"] == -345


def test_a_refund_takes_lines_and_quantities(talk: Talk) -> None:
    talk.all(IN, f"3*{BREAD}", WINE, "cash")
    assert talk.all("refund 1 1:2 2").data["sale"]["total"] == -2 * 345 - 899


@pytest.mark.parametrize(
    ("state", "ok", "told"),
    [
        (State.APPROVED, True, "acceptée"),
        (State.DECLINED, False, "refusée"),
        (State.CANCELLED, False, "abandonné"),
        (State.NOT_SENT, False, "pas répondu"),
        (State.UNKNOWN, False, "CARTE À ÉCLAIRCIR"),
    ],
)
def test_each_end_of_a_card_payment_is_told(talk: Talk, state: State, ok: bool, told: str) -> None:
    talk.card = state
    talk.all(IN, WINE)
    reply = talk("card 5")
    assert (reply.ok, reply.data["state"]) == (ok, state)
    assert told in reply.text
    assert reply.data["sale"]["due"] == (399 if ok else 899)


def test_a_terminal_that_does_not_answer_in_time_is_waited_for(talk: Talk) -> None:
    talk.card = None
    talk.all(IN, BREAD)
    reply = talk("card")
    assert (reply.ok, reply.data["state"]) == (False, "waiting")
    assert talk("cash").data["error"] == "card_busy"
    talk.card = State.APPROVED
    talk.answer(talk.counter.terminal.begun[-1])
    assert talk("show").data["sale"]["lines"] == []
    assert len(talk.counter.chain("ticket")) == 1


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("charged 987654", "approved"),
        ("débité 987654", "approved"),
        ("not-charged", "not_charged"),
        ("non-débité", "not_charged"),
    ],
)
def test_a_doubt_is_resolved_from_the_terminals_paper(talk: Talk, answer: str, state: str) -> None:
    talk.card = State.UNKNOWN
    talk.all(IN, BREAD)
    reference = talk("card").data["attempt"]
    assert f"resolve {reference}" in talk("show").text
    assert talk("cash").data["error"] == "card_unresolved"
    reply = talk(f"resolve {reference} {answer}")
    assert reply.data["state"] == state
    assert ("ticket" in reply.data) == (state == "approved")


def test_a_named_card_goes_to_the_terminal(talk: Talk) -> None:
    talk.all(IN, BREAD)
    assert talk.all("tender card").data["state"] == "approved"
    talk.all(WINE)
    assert talk.all("tender CARD 5").data["sale"]["due"] == 399


def test_the_manager_approves_one_act(tmp_path: Path) -> None:
    talk = Talk(tmp_path, manager_acts=frozenset({"void"}))
    try:
        talk.all(IN, BREAD, WINE)
        assert talk("void 1").data["error"] == "needs_manager"
        talk.all("approve 2 2222", "void 1")
        assert talk("void 2").data["error"] == "needs_manager"
    finally:
        talk.close()


def test_a_trainee_is_told_that_nothing_is_sold(talk: Talk) -> None:
    assert "ÉCOLE" in talk.all("login 3 3333").text
    assert "FACTICE" in talk.all(BREAD, "cash").text


def test_help_tells_every_command(talk: Talk) -> None:
    told = talk.all("aide").text.splitlines()
    assert len(told) == len(COMMANDS) + 1
    assert talk("help nothing").data["error"] == "bad_command"


def test_quit_ends_and_the_sale_waits(talk: Talk) -> None:
    talk.all(IN, BREAD)
    assert talk.all("quitter").last
    talk.restart()
    assert talk("show").data["sale"]["total"] == 345


def test_an_orphan_answer_of_the_terminal_is_said_with_the_next_reply(talk: Talk) -> None:
    talk.all(IN)
    stranger = Attempt("OTHER00001", "", Direction.PAYMENT, 899, "", State.APPROVED)
    talk.front.news(CardNews(stranger, orphan=True))
    reply = talk("show")
    assert "8,99 €" in reply.data["raised"][0]
    assert reply.text.startswith(reply.data["raised"][0])
    assert "raised" not in talk("show").data


def test_a_quick_key_is_named_by_its_number(talk: Talk) -> None:
    talk.all(IN)
    (line,) = talk("2*.2").data["sale"]["lines"]
    assert (line["label"], line["quantity"]) == ("Côtes du Rhône", 2000)
    assert talk(".99").data["error"] == "unknown_product"
