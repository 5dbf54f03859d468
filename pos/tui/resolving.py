"""From what is unknown to the truth: what the terminal proposes, its paper, a word on an orphan.

Nothing here suggests to pay again: an attempt stays open until a person has read what is so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pos.app.card_attempts import prepared_at
from pos.app.resolve_card import adopt, ask_terminal, explain, needs_manager, resolve
from pos.app.take_payment import due_of
from pos.app.views import AttemptView
from pos.domain.errors import BadInput, CardStillBusy
from pos.domain.money import Cents, parse_amount
from pos.domain.payment import Attempt, Direction, State
from pos.tui import card_words
from pos.tui.modals.ask import Ask
from pos.tui.modals.menu import Menu
from pos.tui.widgets.choices import Choice
from pos.tui.words import state_of

if TYPE_CHECKING:
    from pos.tui.app import TillApp


class Resolving:
    """The screens of an attempt whose end nobody knows, and of an answer that is nobody's."""

    def __init__(self, till: TillApp) -> None:
        self._till = till
        self._say = till.language.say
        self._led: set[tuple[str, State | None]] = set()  # to what the cashier was led already

    async def lead(self, attempt: Attempt) -> None:
        """Show an open attempt by itself, once for each thing that is known of it."""
        news = attempt.reference, attempt.proposal
        if news in self._led or self._till.screen is not self._till.sale_screen:
            return
        self._led.add(news)
        for shown in self._till.cards.open():
            if shown.reference == attempt.reference:
                await self.resolve(shown)

    async def resolve(self, attempt: AttemptView) -> None:
        """Lead the cashier to what became of an attempt."""
        if self._till.about.is_asking(attempt.reference):
            return
        self._led.add((attempt.reference, attempt.proposal))
        if attempt.state is State.ORPHAN:
            await self._explain(attempt)
        elif attempt.proposal is None or not await self._confirmed(attempt, attempt.proposal):
            await self._read_paper(attempt)

    # --- what the terminal proposes --------------------------------------------------------------

    async def _confirmed(self, attempt: AttemptView, proposal: State) -> bool:
        """Whether that was answered; False when the paper has to be read."""
        choices = [
            Choice("yes", self._say(f"tui.proposal.yes.{proposal}")),
            Choice("paper", self._say("tui.proposal.no")),
            Choice("later", self._say("tui.resolve.later")),
        ]
        intro = "\n".join([self._proposed(attempt), self._say("tui.proposal.ask")])
        question = Menu(self._say("tui.resolve.title"), choices, f"{self._story(attempt)}\n{intro}")
        choice = await self._till.about.ask(attempt.reference, question)
        if choice and choice.value == "paper":
            return False
        if choice and choice.value == "yes":
            if proposal is State.APPROVED:
                await self._settle(attempt, charged=True)
            else:
                await self._not_charged(attempt)
        return True

    def _proposed(self, attempt: AttemptView) -> str:
        """What the terminal says, which may be of the operation before ours."""
        found = attempt.details.get("found", {})
        told = card_words.finding(self._till.language, found, found.get("amount"))
        before = attempt.details.get("receipt_before")
        if before and found.get("receipt") == before:
            return self._say("tui.proposal.earlier", told=told)
        return self._say("tui.proposal.says", told=told)

    # --- the terminal's paper --------------------------------------------------------------------

    async def _read_paper(self, attempt: AttemptView) -> None:
        charged = self._say(f"tui.resolve.charged.{attempt.direction}")
        not_charged = self._say(f"tui.resolve.not_charged.{attempt.direction}")
        choices = [Choice("charged", charged), Choice("not_charged", not_charged)]
        if attempt.direction is not Direction.CANCELLATION:
            choices.insert(1, Choice("other", self._say("tui.resolve.other")))
        if attempt.asks:
            choices.append(Choice("ask", self._say("tui.resolve.ask")))
        choices.append(Choice("later", self._say("tui.resolve.later")))
        question = Menu(self._say("tui.resolve.title"), choices, self._what_to_do(attempt))
        choice = await self._till.about.ask(attempt.reference, question)
        match choice.value if choice else None:
            case "charged":
                await self._charged(attempt, None)
            case "other":
                await self._charged_other(attempt)
            case "not_charged":
                await self._not_charged(attempt)
            case "ask":
                ask_terminal(self._till.desk, attempt.reference)
                self._till.say(self._say("tui.resolve.asked"))

    async def _charged_other(self, attempt: AttemptView) -> None:
        intro = self._say("tui.resolve.other_intro")
        question = Ask(self._say("tui.resolve.other"), parse_amount, intro=intro)
        amount = await self._till.about.ask(attempt.reference, question)
        if amount is not None:
            await self._charged(attempt, amount)

    async def _charged(self, attempt: AttemptView, amount: Cents | None) -> None:
        intro = self._say("tui.resolve.number_intro")
        question = Ask(self._say("tui.resolve.number"), _number, intro=intro)
        number = await self._till.about.ask(attempt.reference, question)
        if number is not None:
            await self._settle(attempt, charged=True, authorisation=number, amount=amount)

    async def _not_charged(self, attempt: AttemptView) -> None:
        """Take that for what is so, asked twice while its terminal is with a customer."""
        try:
            await self._settle(attempt, charged=False)
        except CardStillBusy:
            if await self._is_sure(attempt):
                await self._settle(attempt, charged=False, sure=True)

    async def _is_sure(self, attempt: AttemptView) -> bool:
        choices = [
            Choice("wait", self._say("tui.still_busy.wait")),
            Choice("sure", self._say(f"tui.still_busy.sure.{attempt.direction}")),
        ]
        terminal = self._the_terminal(attempt)
        intro = self._say(f"tui.still_busy.intro.{attempt.direction}", terminal=terminal)
        question = Menu(self._say("tui.still_busy.title"), choices, intro)
        choice = await self._till.about.ask(attempt.reference, question)
        return choice is not None and choice.value == "sure"

    async def _settle(
        self,
        attempt: AttemptView,
        *,
        charged: bool,
        authorisation: str = "",
        amount: Cents | None = None,
        sure: bool = False,
    ) -> None:
        till = self._till
        if attempt.direction is Direction.CANCELLATION:
            amount = attempt.amount  # it takes back the whole, whatever the terminal spoke of
        news = await till.record(
            lambda: resolve(
                till.desk,
                attempt.reference,
                charged=charged,
                authorisation=authorisation,
                amount=amount,
                sure=sure,
            )
        )
        await till.cards.ended(news)

    def _the_terminal(self, attempt: AttemptView) -> str:
        terminals = self._till.desk.ports.terminals
        return card_words.the_terminal(self._till.language, attempt.terminal, terminals)

    def _story(self, attempt: AttemptView) -> str:
        at = prepared_at(self._till.desk, attempt.reference)
        terminals = self._till.desk.ports.terminals
        return card_words.story(self._till.language, attempt, terminals, at)

    def _what_to_do(self, attempt: AttemptView) -> str:
        """The story, what is known of its end, where to look, and who may answer."""
        lines = [
            self._story(attempt),
            *self._known(attempt),
            self._say("tui.resolve.look"),
            self._say(f"tui.resolve.not_again.{attempt.direction}"),
            *self._who_may(attempt),
        ]
        return "\n".join(lines)

    def _known(self, attempt: AttemptView) -> Iterator[str]:
        """Why its end is unknown, and the amount that the terminal spoke of."""
        language = self._till.language
        reason = f"device.{attempt.details.get('reason')}"
        if reason in language.keys:
            yield f"{state_of(language.sentence(reason))}."
        told = card_words.told_amount(attempt)
        if told is not None:
            amounts = {"told": language.money(told), "amount": language.money(attempt.amount)}
            yield self._say(f"tui.resolve.told.{attempt.direction}", **amounts)

    def _who_may(self, attempt: AttemptView) -> Iterator[str]:
        desk = self._till.desk
        limit = desk.settings.resolve_alone_max
        known = next((x for x in desk.attempts if x.reference == attempt.reference), None)
        if known is None or not needs_manager(desk, known):
            return
        if limit:
            yield self._say("tui.resolve.manager_above", limit=self._till.language.money(limit))
        else:
            yield self._say("tui.resolve.manager")

    # --- an answer that is nobody's --------------------------------------------------------------

    async def _explain(self, orphan: AttemptView) -> None:
        till, language = self._till, self._till.language
        at = prepared_at(till.desk, orphan.reference)
        intro = self._say(
            "tui.orphan.intro",
            terminal=self._the_terminal(orphan),
            told=card_words.finding(language, orphan.details, orphan.amount),
            time=language.time(at) if at else "?",
        )
        if self._may_pay(orphan) and await self._pays(orphan, intro):
            return
        question = Ask(self._say("tui.orphan.title"), _some_text, intro=intro, pad=False)
        words = await till.about.ask(orphan.reference, question)
        if words is not None:
            news = await till.record(lambda: explain(till.desk, orphan.reference, words))
            await till.cards.ended(news)

    def _may_pay(self, orphan: AttemptView) -> bool:
        """Whether the sale under way could be what it is about."""
        desk = self._till.desk
        approved = orphan.details.get("says") == State.APPROVED
        if not approved or desk.sale is None or not desk.sale.lines:
            return False
        return 0 < orphan.amount <= due_of(desk, desk.sale)

    async def _pays(self, orphan: AttemptView, intro: str) -> bool:
        """Whether that was answered: it pays the sale under way, or later; False for its story."""
        till = self._till
        choices = [
            Choice("explain", self._say("tui.orphan.explain")),
            Choice("pays", self._say("tui.orphan.pays")),
            Choice("later", self._say("tui.resolve.later")),
        ]
        question = Menu(self._say("tui.orphan.title"), choices, intro)
        choice = await till.about.ask(orphan.reference, question)
        if choice and choice.value == "explain":
            return False
        if choice and choice.value == "pays":
            news = await till.record(lambda: adopt(till.desk, orphan.reference))
            await till.cards.ended(news)
        return True


def _number(text: str) -> str:
    """An authorisation number; 0 says that there is none, nothing typed is no answer."""
    number = _some_text(text)
    return "" if number == "0" else number


def _some_text(text: str) -> str:
    if not text.strip():
        raise BadInput
    return text.strip()
