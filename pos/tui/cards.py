"""A card at the counter: asked for, awaited, stopped, answered by hand, taken back.

While a card runs no other tender of its sale is taken: what the cashier pressed waits here until
the terminal has said that nothing was charged, and is dropped when it was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pos.app.desk import CardNews
from pos.app.pay_by_card import answer_by_hand, begin, stop, take_back
from pos.app.views import AttemptView, attempts_view, usable_terminals
from pos.domain.errors import BadInput, CardBusy, CardStopsThere, TerminalCannot
from pos.domain.money import Cents
from pos.domain.payment import RUNNING, Attempt, State
from pos.domain.sale import price
from pos.domain.tender import CARD, Tendered, TenderKind
from pos.tui import card_words
from pos.tui.modals.ask import Ask
from pos.tui.modals.menu import Menu
from pos.tui.widgets.choices import Choice

if TYPE_CHECKING:
    from pos.tui.app import TillApp

Pay: TypeAlias = Callable[[], Awaitable[None]]
LAST_DIGITS = 4
BY_HAND = (State.APPROVED, State.DECLINED, State.CANCELLED, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Instead:
    """A tender that was pressed while a card ran; it is taken if the card is not."""

    reference: str
    label: str
    pay: Pay


class Cards:
    """The acts behind the card key, and the news of its attempts."""

    def __init__(self, till: TillApp) -> None:
        self._till = till
        self._say = till.language.say
        self._instead: Instead | None = None

    @property
    def then(self) -> str:
        """What is taken once the card has ended without a charge; nothing when nothing is."""
        return self._instead.label if self._instead else ""

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
        if sale is None or not sale.lines or sale.training or self._own():
            return ""
        cheque = desk.tender(tender).kind is TenderKind.CHEQUE
        usable = usable_terminals(desk, refund=price(sale).due < 0, cheque=cheque)
        if len(usable) < 2:
            return ""
        choices = [Choice(name, name) for name in usable]
        choice = await self._till.ask(Menu(self._say("tui.card.which_terminal"), choices))
        return str(choice.value) if choice else None

    async def _begun(self, news: CardNews) -> None:
        """A terminal that stands alone shows its result to the cashier only."""
        for attempt in self._own():
            if attempt.reference == news.attempt.reference and attempt.by_hand:
                await self.answer(attempt)

    # --- what runs -------------------------------------------------------------------------------

    def open(self) -> tuple[AttemptView, ...]:
        """All attempts with an open question, those of the sale under way first."""
        return tuple(sorted(attempts_view(self._till.desk), key=lambda attempt: attempt.other))

    def _own(self) -> list[AttemptView]:
        return [attempt for attempt in self.open() if not attempt.other]

    async def look(self, reference: str = "") -> None:
        """Do what an open attempt needs: stop it, answer for its terminal, find out its end."""
        attempt = await self._which(reference)
        if attempt is None:
            return
        if attempt.state not in RUNNING:
            await self._till.resolving.resolve(attempt)
        elif attempt.by_hand:
            await self.answer(attempt)
        elif attempt.cancels:
            await self._stop(attempt)
        else:
            raise CardStopsThere(terminal=attempt.terminal)

    async def look_at_own(self) -> None:
        """The same for the card of the sale under way; CardBusy when it has none."""
        own = self._own()
        if not own:
            raise CardBusy
        await self.look(own[0].reference)

    async def _which(self, reference: str) -> AttemptView | None:
        attempts = self.open()
        chosen = [x for x in attempts if x.reference == reference] or self._own() or attempts
        if not chosen:
            self._till.say(self._say("tui.card.none_open"))
            return None
        if len(chosen) == 1:
            return chosen[0]
        money = self._till.language.money
        choices = [
            Choice(x, f"{money(x.amount)} · {card_words.short(self._till.language, x)}", x.terminal)
            for x in chosen
        ]
        choice = await self._till.ask(Menu(self._say("tui.card.which"), choices))
        return choice.value if choice and isinstance(choice.value, AttemptView) else None

    async def _stop(self, attempt: AttemptView) -> None:
        choices = [
            Choice("stop", self._say("tui.stop.yes")),
            Choice("wait", self._say("tui.stop.no")),
        ]
        question = Menu(self._say("tui.stop.title"), choices, self._asked(attempt))
        choice = await self._till.about.ask(attempt.reference, question)
        if choice and choice.value == "stop":
            self._ask_to_stop(attempt)

    def _ask_to_stop(self, attempt: AttemptView) -> None:
        stop(self._till.desk, attempt.reference)
        self._till.say(self._say("tui.stop.asked"))

    def _asked(self, attempt: AttemptView) -> str:
        return self._say(
            "tui.card.asked",
            amount=self._till.language.money(attempt.amount),
            terminal=self._the_terminal(attempt.terminal),
        )

    def _the_terminal(self, name: str) -> str:
        terminals = self._till.desk.ports.terminals
        return card_words.the_terminal(self._till.language, name, terminals)

    # --- another tender meanwhile ----------------------------------------------------------------

    async def instead(self, label: str, pay: Pay) -> None:
        """Take another tender once the running card of this sale has ended without a charge.

        Raises CardBusy when no card of this sale runs.
        """
        running = next((x for x in self._own() if x.state in RUNNING), None)
        if running is None:
            raise CardBusy
        self._instead = Instead(running.reference, label, pay)
        self._till.redraw()
        meant = await self._means_it(running, label)
        if not meant and self._instead and self._instead.reference == running.reference:
            self._instead = None
        self._till.redraw()

    async def _means_it(self, running: AttemptView, label: str) -> bool:
        """Whether the cashier gives the card up; what ended meanwhile was already seen to."""
        if running.by_hand:
            return await self.answer(running, self._say("tui.instead.by_hand", tender=label))
        ways = ["stop", "red"] if running.cancels else ["red"]
        choices = [Choice(way, self._say(f"tui.instead.{way}", tender=label)) for way in ways]
        choices.append(Choice("wait", self._say("tui.instead.wait")))
        twice = self._say(f"tui.instead.twice.{running.direction}")
        intro = f"{self._asked(running)}\n{twice}"
        question = Menu(self._say("tui.instead.title"), choices, intro)
        choice = await self._till.about.ask(running.reference, question)
        if choice is None or choice.value == "wait":
            return False
        if choice.value == "stop":
            self._ask_to_stop(running)
        else:
            self._till.say(self._say("tui.instead.waiting", tender=label))
        return True

    # --- by hand ---------------------------------------------------------------------------------

    async def answer(self, attempt: AttemptView, first: str = "") -> bool:
        """What a terminal that stands alone shows, asked of the cashier; False for later."""
        till, language = self._till, self._till.language
        intro = self._say(
            f"tui.hand.intro.{attempt.direction}",
            amount=language.money(attempt.amount),
            terminal=self._the_terminal(attempt.terminal),
        )
        choices = [Choice(state, self._say(f"tui.hand.{state}")) for state in BY_HAND]
        choices.append(Choice(None, self._say("tui.hand.later")))
        title = self._say(f"tui.hand.title.{attempt.direction}")
        while True:
            question = Menu(title, choices, f"{first}\n{intro}" if first else intro)
            choice = await till.about.ask(attempt.reference, question)
            if choice is None or choice.value is None:
                return False
            state = State(str(choice.value))
            told = await self._told_by_paper(attempt) if state is State.APPROVED else ("", "")
            if told is not None:
                break
        number, last4 = told
        news = await till.record(
            lambda: answer_by_hand(
                till.desk, attempt.reference, state, authorisation=number, last4=last4
            )
        )
        await self.ended(news)
        return True

    async def _told_by_paper(self, attempt: AttemptView) -> tuple[str, str] | None:
        """The authorisation number and last digits, as far as the cashier gives them."""
        title, about = self._say("tui.hand.approved"), self._till.about
        number = await about.ask(
            attempt.reference, Ask(title, str.strip, intro=self._say("tui.hand.number"))
        )
        if number is None:
            return None
        digits = await about.ask(
            attempt.reference, Ask(title, _last_digits, intro=self._say("tui.hand.last4"))
        )
        return None if digits is None else (number, digits)

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
        except TerminalCannot as error:
            terminal = self._the_terminal(str(error.params["terminal"]))
            till.fail(self._say("tui.take_back.cannot", terminal=terminal))
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
        instead = self._take_instead(attempt)
        await self._till.about.close(attempt.reference)
        self._tell(news)
        if not attempt.is_settled:
            await self._till.resolving.lead(attempt)
        elif instead is not None:
            await self._settle_instead(attempt, instead)
        self._till.redraw()

    def _take_instead(self, attempt: Attempt) -> Instead | None:
        """The tender that waited for the end of this attempt; it waits no more."""
        instead = self._instead
        if instead is None or instead.reference != attempt.reference or attempt.state in RUNNING:
            return None
        self._instead = None
        return instead

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

    async def _settle_instead(self, attempt: Attempt, instead: Instead) -> None:
        till = self._till
        if attempt.state is State.APPROVED:
            due = abs(till.sale_screen.shown.sale.due)
            key = "tui.instead.part" if due else f"tui.instead.done.{attempt.direction}"
            money = till.language.money
            till.alert(self._say(key, amount=money(attempt.charged), due=money(due)))
            return
        if till.desk.sale is None or till.desk.sale.id != attempt.sale:
            return  # parked meanwhile: nothing is taken for a sale that is not in sight
        message = till.sale_screen.message
        message.clear()
        await instead.pay()
        told = self._say("tui.instead.taken", tender=instead.label)
        till.say(f"{told} {message.text}".rstrip())


def _last_digits(text: str) -> str:
    digits = text.strip()
    if digits and not (len(digits) == LAST_DIGITS and digits.isascii() and digits.isdigit()):
        raise BadInput
    return digits
