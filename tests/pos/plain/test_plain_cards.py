"""Cards in lines: what runs, what stands alone, what is unknown, and the terminal's day."""

from __future__ import annotations

import pytest

from pos.app.ports import Abilities, DeviceHealth, DeviceState
from pos.domain.finding import Finding, Trust
from pos.domain.payment import State
from pos.domain.reconcile import TerminalTotals
from tests.pos.fakes import BREAD, WINE, FakeTerminal
from tests.pos.plain.talk import Talk

IN = "login 1 1111"


def later(talk: Talk) -> None:
    """Let the front hear what the device thread recorded."""
    while talk.counter.news:
        talk.front.news(talk.counter.news.pop(0))
    while talk.counter.totals_news:
        talk.front.news(talk.counter.totals_news.pop(0))


def begun(talk: Talk, line: str = "card &") -> str:
    """A card payment of 8,99 that nobody waits for."""
    talk.card = None
    talk.all(IN, WINE)
    reply = talk(line)
    assert reply.data["state"] == "waiting"
    return str(reply.data["attempt"])


def test_a_card_that_nobody_waits_for_tells_its_end_at_the_next_line(talk: Talk) -> None:
    begun(talk)
    talk.counter.recorder.sending("REF0000001")
    talk.counter.recorder.answered("REF0000001", {})
    talk.counter.recorder.concluded("REF0000001", State.APPROVED, {})
    later(talk)
    reply = talk("show")
    assert "Carte acceptée : 8,99 €" in reply.text
    assert "Ticket 01-1-0000001" in reply.text


def test_a_running_card_is_stopped_where_the_terminal_lets_us(talk: Talk) -> None:
    reference = begun(talk)
    assert "touche rouge" in talk(f"stop {reference}").text
    talk.counter.terminal.abilities = Abilities(cancels=True)
    talk.all(f"stop {reference}")
    assert talk.counter.terminal.cancels == 1


def test_cash_is_refused_while_the_card_runs_and_taken_after_its_end(talk: Talk) -> None:
    begun(talk)
    assert "cours" in talk("cash").text
    talk.counter.recorder.concluded("REF0000001", State.NOT_SENT, {})
    later(talk)
    assert talk("cash").data["ticket"]["total"] == 899


def test_one_of_several_terminals_is_named(talk: Talk) -> None:
    talk.counter.terminals.append(FakeTerminal("mobile"))
    talk.counter.desk.ports = talk.counter.ports_again()
    begun(talk, "card 5 @mobile &")
    assert talk.counter.chain("payment")[0]["terminal"] == "mobile"
    assert "tpe prêt, mobile prêt" in talk("show").text


def test_a_terminal_that_stands_alone_is_answered_for(talk: Talk) -> None:
    talk.counter.terminal.abilities = Abilities(by_hand=True)
    talk.all(IN, WINE)
    asked = talk("card")
    assert "Tapez 8,99 € sur le terminal tpe" in asked.text
    assert "Tapez 8,99 €" in talk("show").text
    reply = talk.all("answer REF0000001 accepté 123456")
    assert reply.data["ticket"]["total"] == 899


@pytest.mark.parametrize(
    ("word", "state"), [("declined", "declined"), ("annule", "cancelled"), ("inconnu", "unknown")]
)
def test_what_a_terminal_that_stands_alone_shows(talk: Talk, word: str, state: str) -> None:
    talk.counter.terminal.abilities = Abilities(by_hand=True)
    talk.all(IN, WINE)
    talk("card")
    reply = talk(f"answer REF0000001 {word}")
    assert (reply.ok, reply.data["state"]) == (False, state)


def test_a_payment_of_the_open_sale_is_taken_back(talk: Talk) -> None:
    talk.counter.terminal.abilities = Abilities(cancellations=True)
    talk.all(IN, WINE, "card 5")
    reply = talk.all("take-back REF0000001")
    assert reply.data["sale"]["due"] == 899
    assert talk.all("cancel").data["handed_back"] == 0


def test_what_the_terminal_told_is_proposed_and_confirmed(talk: Talk) -> None:
    talk.card = State.UNKNOWN
    talk.all(IN, WINE)
    talk("card")
    talk.counter.terminal.abilities = Abilities(asks=True)
    talk.all("ask REF0000001")
    assert talk.counter.terminal.asked == 1
    found = Finding(State.APPROVED, 899, receipt="0470", details={"authorisation": "777"})
    talk.counter.recorder.found("REF0000001", found, Trust())
    later(talk)
    assert "Le terminal dit : 8,99 € DÉBITÉS" in talk("show").text
    assert talk.all("resolve REF0000001 charged 777").data["ticket"]["total"] == 899


def test_an_orphan_is_raised_shown_and_explained(talk: Talk) -> None:
    talk.all(IN)
    orphan = Finding(State.APPROVED, 700, "OTHER00001")
    talk.counter.recorder.late("tpe", orphan, Trust(echoes=True))
    later(talk)
    reply = talk("show")
    assert "RÉPONSE DU TERMINAL QUE PERSONNE N'ATTENDAIT : 7,00 €" in reply.text
    assert "RÉPONSE SANS PAIEMENT : 7,00 € sur tpe" in reply.text
    talk.all("explain REF0000001 essai de l'installateur")
    assert "RÉPONSE SANS PAIEMENT" not in talk("show").text


def test_an_orphan_pays_the_sale_under_way(talk: Talk) -> None:
    talk.all(IN, WINE)
    talk.counter.recorder.late(
        "tpe", Finding(State.APPROVED, 899, "OTHER00001"), Trust(echoes=True)
    )
    later(talk)
    talk("show")
    assert talk.all("adopt REF0000001").data["ticket"]["total"] == 899


def test_not_charged_is_said_twice_while_the_terminal_is_busy(talk: Talk) -> None:
    talk.card = State.UNKNOWN
    talk.all(IN, WINE)
    talk("card")
    talk.counter.terminal.state = DeviceHealth(DeviceState.FAULT, "card.busy")
    assert talk("resolve REF0000001 not-charged").data["error"] == "card_still_busy"
    assert talk("resolve REF0000001 not-charged sure").data["state"] == "not_charged"


def test_the_day_is_closed_once_what_is_unresolved_was_seen(talk: Talk) -> None:
    talk.card = State.UNKNOWN
    talk.all(IN, BREAD, "cash", WINE)
    talk("card")
    talk.all("park")
    shown = talk("z 3,45")
    assert not shown.ok
    assert "CARTE À ÉCLAIRCIR : 8,99 €" in shown.text
    assert shown.data["unresolved"] == ["REF0000001"]
    assert talk.all("z 3,45").data["z"]["unresolved"] == ["REF0000001"]


def test_totals_that_differ_name_what_may_be_wrong(talk: Talk) -> None:
    talk.card = State.UNKNOWN
    talk.all(IN, WINE)
    talk("card")
    talk("resolve REF0000001 not-charged")
    reply = talk("card-totals 8,99 1")
    assert not reply.ok
    assert "ÉCART : 8,99 €" in reply.text
    assert "REF0000001 : dit non débité, peut-être débité" in reply.text


def test_a_terminal_that_adds_up_by_itself_is_asked(talk: Talk) -> None:
    talk.all(IN, WINE, "card")
    talk.counter.terminal.abilities = Abilities(end_of_day=True)
    assert "pas encore donné ses totaux" in talk("card-totals").text
    talk.counter.recorder.totals("tpe", TerminalTotals(899, 1))
    later(talk)
    assert "Tout concorde." in talk("show").text


def test_the_customers_slip_is_printed_on_request(talk: Talk) -> None:
    talk.card = None
    talk.all(IN, WINE)
    talk("card &")
    recorder = talk.counter.recorder
    recorder.sending("REF0000001")
    slips = [
        {"for": "merchant", "text": "COMMERCANT"},
        {"for": "customer", "text": "CLIENT\nMERCI"},
    ]
    recorder.answered("REF0000001", {"slips": slips})
    recorder.concluded("REF0000001", State.APPROVED, {})
    later(talk)
    talk("show")
    reply = talk.all("slip")
    assert "CLIENT\nMERCI" in reply.data["paper"]
    assert "COMMERCANT" not in reply.text
    assert [job.title for job in talk.counter.store.ledger.jobs()] == ["Ticket carte client"]
