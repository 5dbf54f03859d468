"""A card at the counter: asked for, awaited, stopped, taken back; and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pos.app.card_attempts import settled_lately
from pos.app.desk import CardNews
from pos.app.pay_by_card import begin, stop, take_back, usable_terminals
from pos.app.take_payment import due_of
from pos.app.views import AttemptView, attempts_view
from pos.domain.errors import CardBusy, CardStopsThere, TerminalCannot
from pos.domain.money import Cents
from pos.domain.payment import RUNNING, State
from pos.domain.tender import CARD, Tendered, TenderKind
from pos.tui import card_words
from pos.tui.modals.menu import Menu
from pos.tui.widgets.choices import Choice

if TYPE_CHECKING:
    from pos.tui.app import TillApp


class Cards:
    """The acts behind the card key, and the news of its attempts."""

    def __init__(self, till: TillApp) -> None:
        self._till = till
        self._say = till.language.say

    # --- begin -----------------------------------------------------------------------------------

    async def begin(self, amount: Cents | None, tender: str = CARD.name) -> None:
        """Ask a terminal; what it answers arrives as news, or is asked of the cashier."""
        till = self._till
        terminal = await self._which_terminal(tender)
        if terminal is None:
            return
        news = await till.record(lambda: begin(till.desk, amount, terminal=terminal, tender=tender))
        if news.settled or (till.desk.sale and till.desk.sale.training):
            till.payments.done(news.settled)  # in training no terminal is asked
        else:
            await self._begun(news)

    async def _which_terminal(self, tender: str) -> str | None:
        """A terminal's name, "" to leave the choice to the till; None when the cashier left."""
        desk, sale = self._till.desk, self._till.desk.sale
        if sale is None or not sale.lines or sale.training or self.own():
            return ""
        cheque = desk.tender(tender).kind is TenderKind.CHEQUE
        usable = usable_terminals(desk, refund=due_of(desk, sale) < 0, cheque=cheque)
        if len(usable) < 2:
            return ""
        choices = [Choice(name, name) for name in usable]
        choice = await self._till.ask(Menu(self._say("tui.card.which_terminal"), choices))
        return str(choice.value) if choice else None

    async def _begun(self, news: CardNews) -> None:
        """A terminal that stands alone shows its result to the cashier only."""
        for attempt in self.own():
            if attempt.reference == news.attempt.reference and attempt.by_hand:
                await self._till.by_hand.answer(attempt)

    # --- what runs -------------------------------------------------------------------------------

    def open(self) -> tuple[AttemptView, ...]:
        """All attempts with an open question, those of the sale under way first."""
        return tuple(sorted(attempts_view(self._till.desk), key=lambda attempt: attempt.other))

    def own(self) -> list[AttemptView]:
        """Those of the sale under way."""
        return [attempt for attempt in self.open() if not attempt.other]

    async def look(self, reference: str = "") -> None:
        """Do what the attempt of a reference needs; without one, that of the sale under way."""
        attempts = self.open()
        named = [attempt for attempt in attempts if attempt.reference == reference]
        await self._look_at(named or self.own() or attempts)

    async def look_at_any(self) -> None:
        """Do what one of all open attempts needs."""
        await self._look_at(self.open())

    async def look_at_own(self) -> None:
        """Do what the attempt of the sale under way needs; CardBusy when it has none."""
        own = self.own()
        if not own:
            raise CardBusy
        await self._look_at(own)

    async def _look_at(self, attempts: Sequence[AttemptView]) -> None:
        """Stop it, answer for its terminal, or find out its end."""
        attempt = await self._which(attempts)
        if attempt is None:
            return
        if attempt.state not in RUNNING:
            await self._till.resolving.resolve(attempt)
        elif attempt.by_hand:
            await self._till.by_hand.answer(attempt)
        elif attempt.cancels:
            await self._stop(attempt)
        else:
            raise CardStopsThere(terminal=attempt.terminal)

    async def _which(self, attempts: Sequence[AttemptView]) -> AttemptView | None:
        if not attempts:
            self._till.say(self._say("tui.card.none_open"))
            return None
        if len(attempts) == 1:
            return attempts[0]
        money = self._till.language.money
        choices = [
            Choice(x, f"{money(x.amount)} · {card_words.short(self._till.language, x)}", x.terminal)
            for x in attempts
        ]
        choice = await self._till.ask(Menu(self._say("tui.card.which"), choices))
        return choice.value if choice and isinstance(choice.value, AttemptView) else None

    async def _stop(self, attempt: AttemptView) -> None:
        choices = [
            Choice("stop", self._say("tui.stop.yes")),
            Choice("wait", self._say("tui.stop.no")),
        ]
        question = Menu(self._say("tui.stop.title"), choices, self.asked(attempt))
        choice = await self._till.about.ask(attempt.reference, question)
        if choice and choice.value == "stop":
            self.ask_to_stop(attempt)

    def ask_to_stop(self, attempt: AttemptView) -> None:
        """Let its terminal give it up; what comes of that arrives as news."""
        stop(self._till.desk, attempt.reference)
        self._till.say(self._say("tui.stop.asked"))

    def asked(self, attempt: AttemptView) -> str:
        """What is asked of which terminal."""
        language, terminals = self._till.language, self._till.desk.ports.terminals
        return self._say(
            "tui.card.asked",
            amount=language.money(attempt.amount),
            terminal=card_words.the_terminal(language, attempt.terminal, terminals),
        )

    # --- take back -------------------------------------------------------------------------------

    def takeable(self) -> tuple[Tendered, ...]:
        """What cards paid of the sale under way, newest first."""
        sale = self._till.desk.sale
        tenders = sale.tenders if sale else ()
        return tuple(x for x in reversed(tenders) if x.amount > 0 and "attempt" in x.details)

    async def take_back(self, intro: str = "") -> None:
        """Cancel on its terminal what a card paid of this sale."""
        till, paid = self._till, self.takeable()
        choices = [
            Choice(x, self._say("tui.take_back.row", amount=till.language.money(x.given)))
            for x in paid
        ]
        choices.append(Choice(None, self._say("tui.take_back.no")))
        choice = await till.ask(Menu(self._say("tui.take_back.title"), choices, intro))
        tender = choice.value if choice else None
        if not isinstance(tender, Tendered):
            return
        reference = str(tender.details["attempt"])
        try:
            news = await till.record(lambda: take_back(till.desk, reference))
        except TerminalCannot:
            till.fail(self._say("tui.take_back.cannot"))
            return
        await self._begun(news)

    # --- news ------------------------------------------------------------------------------------

    async def arrived(self, news: CardNews) -> None:
        """What a device thread recorded of an attempt."""
        await self._till.catch_up(news)
        await self.ended(news)

    async def ended(self, news: CardNews) -> None:
        """Tell what became of an attempt, and lead on from there."""
        attempt = news.attempt
        waiting = self._till.instead.take(attempt)
        await self._till.about.close(attempt.reference)
        self._tell(news)
        if not attempt.is_settled:
            await self._till.resolving.lead(attempt)
        elif waiting is not None:
            await self._till.instead.settle(attempt, waiting)
        self._till.redraw()

    def settled_before(self, reference: str) -> None:
        """Tell how an attempt ended of which the screen had not heard."""
        settled = settled_lately(self._till.desk.ports.ledger, reference)
        told = card_words.end(self._till.language, settled) if settled else ""
        self._till.say(self._say("tui.card.settled", told=told).strip())

    def _tell(self, news: CardNews) -> None:
        till, attempt = self._till, news.attempt
        told = card_words.end(till.language, attempt)
        if news.settled:
            till.payments.done(news.settled)
            till.say(f"{told} {till.sale_screen.message.text}")
        elif attempt.state in {State.APPROVED, State.EXPLAINED}:
            till.say(told)
        else:
            till.alert(told)
