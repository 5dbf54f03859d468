"""Cards at the counter: stopped, answered by hand, changed for cash, found out, taken back."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from pos.app.payment_recorder import PaymentRecorder
from pos.app.ports import Abilities, DeviceHealth, DeviceState
from pos.domain.errors import DiskFull
from pos.domain.finding import Finding, Trust
from pos.domain.payment import Direction, State
from pos.domain.reconcile import TerminalTotals
from pos.domain.tender import TenderKind, TenderType
from pos.tui.app import TillApp
from tests.pos.tui.screens import rows_of, text_of
from tests.pos.tui.shop import (
    ASK_OR_LATER,
    NOT_CHARGED,
    OTHER_AMOUNT,
    PLAIN,
    PlayedTerminal,
    Shop,
    play,
    press,
    settled,
    type_in,
)
from tests.pos.tui.test_day import choose
from tests.pos.tui.test_touch import tap

WIRED = Abilities(cancels=True, cancellations=True, asks=True, end_of_day=True)
BY_HAND = Abilities(by_hand=True, cancellations=True, cheques=True)


def paid_by(shop: Shop) -> list[tuple[str, int]]:
    """The tenders of the last ticket."""
    assert shop.desk.last is not None
    return [(tender.name, tender.amount) for tender in shop.desk.last.ticket.tenders]


async def bread_by_card(app: TillApp, pilot: Pilot[None], *keys: str) -> None:
    """Bread, 1,20 €, and the card key."""
    await type_in(app, pilot, ".1")
    await press(app, pilot, "f3", *keys)


async def ends(shop: Shop, app: TillApp, pilot: Pilot[None], state: State) -> None:
    """The terminal ends the attempt."""
    shop.terminal.answer(state)
    await settled(app, pilot)


# --- while it runs -------------------------------------------------------------------------------
def test_a_card_is_stopped_from_the_till_where_the_terminal_can(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("tpe", WIRED))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        shop.terminal.shows_card()
        await press(app, pilot, "enter")
        assert "Arrêter la carte ?" in text_of(app)
        await press(app, pilot, "enter")
        assert shop.terminal.stops == 1
        await ends(shop, app, pilot, State.CANCELLED)
        assert "abandonné" in text_of(app)
        assert shop.desk.attempts == ()

    play(shop.app(), story)


def test_a_card_that_only_the_red_key_stops_says_so(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, "enter")
        assert "REFUSÉ : Pour annuler : touche rouge du terminal" in text_of(app)

    play(shop.app(), story)


def test_a_tap_on_the_panel_asks_whether_to_stop(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("tpe", WIRED))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        await tap(app, pilot, "CARTE 1,20")
        await tap(app, pilot, "Attendre la carte")
        assert shop.terminal.stops == 0
        await tap(app, pilot, "CARTE 1,20")
        await tap(app, pilot, "→ Arrêter")
        assert shop.terminal.stops == 1

    play(shop.app(), story)


def test_the_question_whether_to_stop_goes_away_when_the_card_has_paid(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("tpe", WIRED))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, "enter")
        await ends(shop, app, pilot, State.APPROVED)
        assert app.screen is app.sale_screen
        assert "Carte acceptée" in text_of(app)

    play(shop.app(), story)


def test_among_several_terminals_enter_takes_the_first(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("Comptoir"), PlayedTerminal("Terrasse"))
    shop.sign_on()
    counter, terrace = shop.terminals

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, "enter")
        assert counter.attempt is not None
        await press(app, pilot, "f9")
        await type_in(app, pilot, ".2")
        await press(app, pilot, "f3")  # the other one is the only one that is free
        assert terrace.attempt is not None
        assert terrace.attempt.amount == 235

    play(shop.app(), story)


def test_a_refused_card_says_what_the_terminal_said(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        shop.terminal.answer(State.NOT_SENT, reason="card.busy")
        await settled(app, pilot)
        assert "Rien n'a été fait : terminal occupé, attendez son accueil." in text_of(app)

    play(shop.app(), story)


def test_a_part_that_the_card_accepted_leaves_the_rest_to_pay(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        shop.terminal.answer(State.APPROVED, charged=100)
        await settled(app, pilot)
        assert "acceptée en partie : 1,00 € sur 1,20 €" in text_of(app)
        await press(app, pilot, "f2")
        assert paid_by(shop) == [("card", 100), ("cash", 20)]

    play(shop.app(), story)


# --- a terminal that stands alone ----------------------------------------------------------------
def test_a_terminal_that_stands_alone_is_answered_for_by_the_cashier(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("TPE", BY_HAND))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        assert "Tapez 1,20 € sur le terminal" in text_of(app)
        await press(app, pilot, "enter")
        await type_in(app, pilot, "A1")
        await type_in(app, pilot, "42")
        assert "REFUSÉ" in text_of(app)
        await press(app, pilot, "backspace", "backspace")
        await type_in(app, pilot, "4242")
        assert shop.desk.last is not None
        details = shop.desk.last.ticket.tenders[0].details
        assert (details["authorisation"], details["last4"]) == ("A1", "4242")

    play(shop.app(), story)


@pytest.mark.parametrize(("downs", "told"), [(2, "Carte refusée"), (3, "abandonné")])
def test_what_it_refused_leaves_the_sale_to_be_paid_otherwise(
    shop: Shop, downs: int, told: str
) -> None:
    shop.set_up(PlayedTerminal("TPE", BY_HAND))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, *["down"] * downs, "enter")
        assert told in text_of(app)
        await press(app, pilot, "f2")
        assert paid_by(shop) == [("cash", 120)]

    play(shop.app(), story)


@pytest.mark.parametrize(
    ("typed", "charged", "told"),
    [("1", 100, "en partie : 1,00 € sur 1,20 €"), ("1,50", 120, "pour 1,50 €, 0,30 € de trop.")],
)
def test_what_it_accepted_for_another_amount_is_typed_from_its_paper(
    shop: Shop, typed: str, charged: int, told: str
) -> None:
    shop.set_up(PlayedTerminal("TPE", BY_HAND))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, "down", "enter")
        assert "Le montant tel qu'il est imprimé" in text_of(app)
        await press(app, pilot, "escape")
        assert "→ Accepté " in text_of(app)  # who leaves the paper is asked anew
        await press(app, pilot, "down", "enter")
        await type_in(app, pilot, typed)
        await press(app, pilot, "enter", "enter")
        assert told in text_of(app)
        if shop.desk.sale:
            await press(app, pilot, "f2")
        assert paid_by(shop)[0] == ("card", charged)

    play(shop.app(), story)


def test_the_answer_can_wait_and_is_found_again_with_enter(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("TPE", BY_HAND))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, *["down"] * 5, "enter")
        assert app.screen is app.sale_screen
        assert "Entrée : répondre." in text_of(app)
        await press(app, pilot, "enter", *["down"] * 4, "enter")
        assert "Paiement par carte à éclaircir" in text_of(app)

    play(shop.app(), story)


def test_a_cheque_that_the_terminal_reads_is_asked_of_it(shop: Shop) -> None:
    cheque = TenderType("Chèque", TenderKind.CHEQUE, by_terminal=True)
    shop.more_tenders = (cheque,)
    shop.set_up(PlayedTerminal("TPE", BY_HAND))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f4", "down", "enter")
        assert shop.desk.attempts[0].tender == "Chèque"
        await press(app, pilot, "enter", "enter", "enter")
        assert paid_by(shop) == [("Chèque", 120)]

    play(shop.app(), story)


# --- the customer who changes to cash ------------------------------------------------------------
def test_cash_pressed_while_a_card_runs_stops_it_and_is_taken_by_itself(shop: Shop) -> None:
    """OCA/pos #550, odoo #202428: no hang, and no payment twice."""
    shop.set_up(PlayedTerminal("tpe", WIRED))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        shop.terminal.shows_card()
        await press(app, pilot, "5", "f2", "enter")
        assert shop.terminal.stops == 1
        assert shop.store.ledger.last("ticket") is None
        assert "Puis : Espèces 5,00 €" in text_of(app)
        await ends(shop, app, pilot, State.CANCELLED)
        assert paid_by(shop) == [("cash", 120)]
        assert "à rendre 3,80 €" in text_of(app)

    play(shop.app(), story)


@pytest.mark.parametrize("state", [State.CANCELLED, State.DECLINED, State.NOT_SENT])
def test_a_note_is_taken_once_the_red_key_was_heard(shop: Shop, state: State) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, "f6", "enter")
        assert shop.desk.last is None
        await ends(shop, app, pilot, state)
        assert paid_by(shop) == [("cash", 120)]
        assert shop.printer.kicks == 1

    play(shop.app(), story)


def test_when_the_card_was_charged_after_all_no_cash_is_taken(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, "f2", "enter")
        await ends(shop, app, pilot, State.APPROVED)
        assert paid_by(shop) == [("card", 120)]
        assert "LA CARTE A PAYÉ 1,20 € : n'encaissez rien d'autre." in text_of(app)

    play(shop.app(), story)


def test_an_unknown_end_takes_no_cash_and_leads_to_the_paper(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, "f2", "enter")
        await ends(shop, app, pilot, State.UNKNOWN)
        assert "Paiement par carte à éclaircir" in text_of(app)
        await press(app, pilot, *NOT_CHARGED)
        assert shop.desk.last is None
        assert shop.desk.attempts == ()

    play(shop.app(), story)


def test_who_waits_for_the_card_after_all_takes_no_cash(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, "f2", "escape")
        await ends(shop, app, pilot, State.CANCELLED)
        assert shop.desk.last is None
        assert "Puis :" not in text_of(app)

    play(shop.app(), story)


def test_the_question_goes_away_when_the_terminal_answers_first(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, "f2")
        assert "Une carte est en cours" in text_of(app)
        await ends(shop, app, pilot, State.CANCELLED)
        assert app.screen is app.sale_screen
        assert paid_by(shop) == [("cash", 120)]

    play(shop.app(), story)


def test_on_a_terminal_that_stands_alone_cash_waits_for_what_it_shows(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("TPE", BY_HAND))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, "escape", "f2")
        assert "Vous avez demandé : Espèces." in text_of(app)
        await press(app, pilot, *["down"] * 3, "enter")
        assert paid_by(shop) == [("cash", 120)]

    play(shop.app(), story)


def test_nothing_is_taken_for_a_sale_that_was_set_aside(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot, "f2", "enter", "f9")
        await ends(shop, app, pilot, State.CANCELLED)
        assert shop.desk.last is None

    play(shop.app(), story)


# --- what is unknown -----------------------------------------------------------------------------
async def unknown(shop: Shop, app: TillApp, pilot: Pilot[None], **details: object) -> None:
    """Bread by card, and nobody knows its end."""
    await bread_by_card(app, pilot)
    shop.terminal.answer(State.UNKNOWN, **details)
    await settled(app, pilot)


def with_customer(shop: Shop) -> None:
    """The terminal is known to be busy."""
    shop.terminal.state = DeviceHealth(DeviceState.ONLINE, "card.busy")


def settled_unheard(shop: Shop) -> None:
    """The attempt is approved on disk, and no news of it come."""
    reference = shop.desk.attempts[0].reference
    finding = Finding(State.APPROVED, 120, reference, "1")
    recorder = PaymentRecorder(shop.desk, lambda news: None)
    recorder.late(shop.terminal.name, finding, Trust(echoes=True))


@pytest.mark.parametrize(
    ("typed", "paid", "told"),
    [
        ("1", [("card", 100), ("cash", 20)], "en partie : 1,00 € sur 1,20 €"),
        ("1,50", [("card", 120)], "pour 1,50 €, 0,30 € de trop."),
    ],
)
def test_another_amount_on_the_paper_is_what_the_card_paid(
    shop: Shop, typed: str, paid: list[tuple[str, int]], told: str
) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await unknown(shop, app, pilot)
        await press(app, pilot, *OTHER_AMOUNT)
        assert "Le montant tel qu'il est imprimé" in text_of(app)
        await type_in(app, pilot, typed)
        await type_in(app, pilot, "777")
        assert told in text_of(app)
        if shop.desk.sale:
            await press(app, pilot, "f2")
        assert paid_by(shop) == paid

    play(shop.app(), story)


def test_the_amount_of_an_answer_that_broke_off_is_told_and_kept(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await unknown(shop, app, pilot, said="approved", answered_amount=600)
        assert "Le terminal a parlé de 6,00 €, pas de 1,20 € : « Débité »" in text_of(app)
        await press(app, pilot, "enter")
        await type_in(app, pilot, "777")
        assert "Carte acceptée pour 6,00 €, 4,80 € de trop." in text_of(app)
        assert paid_by(shop) == [("card", 120)]

    play(shop.app(), story)


@pytest.mark.parametrize(
    "details",
    [{}, {"said": "approved", "answered_amount": 120}, {"said": "declined", "answered_amount": 6}],
)
def test_no_amount_is_told_that_is_no_news(shop: Shop, details: dict[str, object]) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await unknown(shop, app, pilot, **details)
        assert "Débité : le ticket dit" in text_of(app)
        assert "a parlé de" not in text_of(app)

    play(shop.app(), story)


def test_while_its_terminal_is_busy_not_charged_is_asked_twice(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await unknown(shop, app, pilot)
        with_customer(shop)
        await press(app, pilot, *NOT_CHARGED)
        assert "le client est" in text_of(app)
        assert "peut-être en train de payer." in text_of(app)
        await press(app, pilot, "enter")  # waits
        assert shop.store.ledger.open_attempts()
        await press(app, pilot, "f2", *NOT_CHARGED, "down", "enter")
        assert shop.desk.attempts == ()
        assert "la carte n'a pas été débitée de 1,20 €" in text_of(app)
        entry = shop.store.ledger.last("payment")
        assert entry is not None
        assert entry.data["details"]["while_busy"] is True

    play(shop.app(), story)


def test_while_its_terminal_is_busy_a_proposal_is_no_surer(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await unknown(shop, app, pilot)
        shop.terminal.tells(Finding(State.DECLINED, 120))
        with_customer(shop)
        await settled(app, pilot)
        await press(app, pilot, "enter")
        assert "Terminal encore occupé" in text_of(app)
        await press(app, pilot, "escape")
        assert len(shop.desk.attempts) == 1

    play(shop.app(), story)


@pytest.mark.parametrize("answer", [NOT_CHARGED, ASK_OR_LATER])
def test_what_is_settled_already_is_told_and_the_screen_catches_up(
    shop: Shop, answer: tuple[str, ...]
) -> None:
    shop.set_up(PlayedTerminal("tpe", WIRED))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await unknown(shop, app, pilot)
        settled_unheard(shop)
        await press(app, pilot, *answer)
        shown = text_of(app)
        assert "Déjà éclairci. Carte acceptée, 1,20 €." in shown
        assert "REFUSÉ" not in shown
        assert "Baguette" not in shown
        assert shop.desk.attempts == ()

    play(shop.app(), story)


@pytest.mark.parametrize("refusal", [DiskFull(reason="test"), RuntimeError("a defect")])
def test_what_fails_on_the_way_that_a_refusal_led_to_is_told(
    shop: Shop, refusal: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await unknown(shop, app, pilot)
        await press(app, pilot, "escape", "f2")  # cash is refused, and leads to the paper

        def refuse(*_: object, **__: object) -> None:
            raise refusal

        monkeypatch.setattr("pos.tui.resolving.resolve", refuse)
        await press(app, pilot, *NOT_CHARGED)
        told = "DISQUE PLEIN" if isinstance(refusal, DiskFull) else "n'a pas su faire cela"
        assert told in text_of(app)

    play(shop.app(), story)


def test_where_nobody_settles_alone_a_manager_is_simply_named(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("tpe", WIRED), resolve_alone_max=0)
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await unknown(shop, app, pilot)
        assert "Un responsable doit confirmer." in text_of(app)
        assert "Au-dessus" not in text_of(app)

    play(shop.app(), story)


def test_above_the_limit_a_manager_settles_what_is_unknown(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("tpe", WIRED), resolve_alone_max=100)
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        await ends(shop, app, pilot, State.UNKNOWN)
        assert "Au-dessus de 1,00 €, un responsable doit confirmer." in text_of(app)
        await press(app, pilot, "enter")
        await type_in(app, pilot, "777")
        assert "Accord d'un responsable" in text_of(app)
        assert "éclaircir un paiement par carte" in text_of(app)
        await type_in(app, pilot, "2")
        await type_in(app, pilot, "2222")
        assert paid_by(shop) == [("card", 120)]

    play(shop.app(), story)


def test_a_proposal_of_the_terminal_is_confirmed_with_one_key(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        await ends(shop, app, pilot, State.UNKNOWN)
        shop.terminal.tells(Finding(State.APPROVED, 120, details={"authorisation": "654321"}))
        await settled(app, pilot)
        assert "Le terminal dit : accepté, 1,20 €, autorisation 654321." in text_of(app)
        await press(app, pilot, "enter")
        assert shop.desk.last is not None
        assert shop.desk.last.ticket.tenders[0].details["authorisation"] == "654321"

    play(shop.app(), story)


def test_a_proposal_that_is_doubted_leads_to_the_paper(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        await ends(shop, app, pilot, State.UNKNOWN)
        shop.terminal.tells(Finding(State.DECLINED, 120))
        await settled(app, pilot)
        assert "Le terminal dit : refusé" in text_of(app)
        await press(app, pilot, "down", "enter")
        assert "→ Débité : le ticket dit" in text_of(app)
        await press(app, pilot, "enter")
        await type_in(app, pilot, "0")
        assert shop.desk.last is not None
        assert "authorisation" not in shop.desk.last.ticket.tenders[0].details

    play(shop.app(), story)


@pytest.mark.parametrize("abilities", [WIRED, PLAIN])
def test_the_terminal_is_asked_only_where_it_can_tell(shop: Shop, abilities: Abilities) -> None:
    shop.set_up(PlayedTerminal("tpe", abilities))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        await ends(shop, app, pilot, State.UNKNOWN)
        assert ("Demander au terminal" in text_of(app)) is abilities.asks
        await press(app, pilot, *ASK_OR_LATER)
        assert shop.terminal.asked == int(abilities.asks)
        assert len(shop.desk.attempts) == 1

    play(shop.app(), story)


def test_an_orphan_is_raised_kept_in_sight_and_explained(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        shop.terminal.tells(Finding(State.APPROVED, 4200, receipt="77"))
        await settled(app, pilot)
        shown = text_of(app)
        assert "annonce : accepté," in shown
        assert "42,00 €" in shown
        await press(app, pilot, "escape")
        assert "À expliquer" in text_of(app)
        await choose(app, pilot, "Carte : répondre")
        await press(app, pilot, "enter")
        assert "REFUSÉ : Saisie incomprise." in text_of(app)
        await press(app, pilot, *"essai", "enter")
        assert shop.desk.attempts == ()
        entry = shop.store.ledger.last("payment")
        assert entry is not None
        assert entry.data["details"]["explanation"] == "essai"

    play(shop.app(), story)


def test_an_orphan_pays_the_sale_that_it_belongs_to(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        shop.terminal.tells(Finding(State.APPROVED, 120, receipt="77"))
        await settled(app, pilot)
        assert "C'est le paiement de la vente en cours" in text_of(app)
        await press(app, pilot, "down", "enter")
        assert shop.desk.attempts == ()
        assert paid_by(shop) == [("card", 120)]

    play(shop.app(), story)


def test_what_a_power_cut_left_open_is_told_to_whoever_signs_on(shop: Shop) -> None:
    shop.sign_on()

    async def cut(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        shop.terminal.shows_card()

    play(shop.app(), cut)
    shop.desk = shop.new_desk()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, "1")
        await type_in(app, pilot, "1111")
        assert "Paiements par carte sans réponse : 1. F10 pour répondre." in text_of(app)
        assert "À ÉCLAIRCIR" in text_of(app)
        await press(app, pilot, "enter")
        assert "La caisse s'est arrêtée pendant le paiement." in text_of(app)

    play(shop.app(), story)


def test_a_sale_with_an_unknown_card_is_parked_and_others_go_on(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        await ends(shop, app, pilot, State.UNKNOWN)
        await press(app, pilot, "escape", "f9")
        await type_in(app, pilot, ".2")
        await press(app, pilot, "f3")  # its terminal is blocked
        assert "à éclaircir" in text_of(app)
        assert "Paiement de 1,20 €" in text_of(app)
        await press(app, pilot, "escape", "f9")
        await type_in(app, pilot, ".2")
        await press(app, pilot, "f2")
        assert paid_by(shop) == [("cash", 235)]
        await press(app, pilot, "f9")
        assert "CARTE : À éclaircir" in text_of(app)
        await press(app, pilot, "enter", "enter", "enter")
        await type_in(app, pilot, "999")
        assert paid_by(shop) == [("card", 120)]

    play(shop.app(), story)


# --- taking back ---------------------------------------------------------------------------------
async def part_by_card(shop: Shop, app: TillApp, pilot: Pilot[None]) -> None:
    """A bag, 4,50 €, of which a card paid 2,00 €."""
    await type_in(app, pilot, ".4")
    await press(app, pilot, "2", "f3")
    await ends(shop, app, pilot, State.APPROVED)


def test_a_card_payment_of_the_open_sale_is_taken_back(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("tpe", WIRED))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await part_by_card(shop, app, pilot)
        await choose(app, pilot, "Annuler un paiement carte")
        await press(app, pilot, "enter")
        assert shop.terminal.attempt is not None
        assert shop.terminal.attempt.direction is Direction.CANCELLATION
        assert "ANNULATION CARTE" in text_of(app)
        await ends(shop, app, pilot, State.APPROVED)
        assert "Paiement carte de 2,00 € annulé." in text_of(app)
        assert shop.desk.sale is not None
        assert shop.desk.sale.tenders == ()

    play(shop.app(), story)


def test_cancelling_a_sale_that_a_card_paid_in_part_leads_to_taking_it_back(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await part_by_card(shop, app, pilot)
        await choose(app, pilot, "Annuler toute")
        await press(app, pilot, "down", "enter")
        assert "Une carte a déjà payé une partie" in text_of(app)
        await press(app, pilot, "enter")
        assert "terminez la vente, puis remboursez" in text_of(app)

    play(shop.app(), story)


# --- the end of the day --------------------------------------------------------------------------
def test_a_day_is_closed_with_what_is_open_once_it_was_seen(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        await ends(shop, app, pilot, State.UNKNOWN)
        await press(app, pilot, "escape", "f9")
        await choose(app, pilot, "Clôture Z")
        assert "Cartes à éclaircir avant la clôture" in text_of(app)
        await press(app, pilot, "down", "down", "enter")
        assert shop.store.ledger.last("closing") is None
        await choose(app, pilot, "Clôture Z")
        await press(app, pilot, "down", "enter", "left", *["down"] * 15, "enter")
        closing = shop.store.ledger.last("closing")
        assert closing is not None
        assert len(closing.data["unresolved"]) == 1

    play(shop.app(), story)


def test_what_is_open_can_be_settled_before_the_z(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        await ends(shop, app, pilot, State.UNKNOWN)
        await press(app, pilot, "escape", "f9")
        await choose(app, pilot, "Clôture Z")
        await press(app, pilot, "enter", *NOT_CHARGED)
        assert shop.desk.attempts == ()
        assert "Comptez le tiroir" in text_of(app)

    play(shop.app(), story)


def test_the_totals_of_a_paper_are_typed_in_and_compared(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        await ends(shop, app, pilot, State.APPROVED)
        await choose(app, pilot, "Totaux des terminaux")
        await type_in(app, pilot, "1,20")
        await press(app, pilot, "enter")
        assert "Tout correspond." in text_of(app)
        await press(app, pilot, "enter")
        await choose(app, pilot, "Totaux des terminaux")
        await type_in(app, pilot, "-3")
        await type_in(app, pilot, "1")
        assert "Écart" in text_of(app)
        assert "-3,00 €" in text_of(app)
        assert "Rien n'est douteux dans la caisse" in text_of(app)

    play(shop.app(), story)


def test_a_terminal_that_adds_up_by_itself_is_asked_to(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("Comptoir", WIRED), PlayedTerminal("Terrasse"))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await choose(app, pilot, "Totaux des terminaux")
        await press(app, pilot, "enter", "enter")
        assert shop.terminal.days == 1
        shop.terminal.adds_up(None)
        await settled(app, pilot)
        assert "Comptoir : totaux non reçus" in text_of(app)
        shop.terminal.adds_up(TerminalTotals(0, complete=False))
        await settled(app, pilot)
        assert "Tout correspond." in text_of(app)
        assert "sur une erreur" in text_of(app)

    play(shop.app(), story)


# --- around --------------------------------------------------------------------------------------
def test_of_several_terminals_the_bar_names_the_worst(shop: Shop) -> None:
    shop.set_up(PlayedTerminal("Comptoir"), PlayedTerminal("Terrasse du fond de la cour"))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        assert "2 prêts" in rows_of(app)[-1]
        shop.terminals[1].state = DeviceHealth(DeviceState.OFFLINE, "device.offline")
        await app.poll()
        await settled(app, pilot)
        assert "CB Terrasse du… Appareil absent" in rows_of(app)[-1]
        assert "Terrasse du fond de la cour : Appareil absent" in text_of(app)

    play(shop.app(), story)


def test_the_customers_slip_is_printed_on_request(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await bread_by_card(app, pilot)
        slip = {"for": "customer", "text": "CARTE BANCAIRE\nDEBIT"}
        shop.terminal.answer(State.APPROVED, slips=[slip])
        await settled(app, pilot)
        await choose(app, pilot, "Ticket carte du client")
        assert len(shop.store.ledger.jobs()) == 1

    play(shop.app(), story)
