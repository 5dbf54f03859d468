"""From what is unknown to the truth: what the terminal proposes, its paper, a word on an orphan.

Nothing here suggests to pay again: an attempt stays open until a person has read what is so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pos.app.card_attempts import prepared_at
from pos.app.resolve_card import ask_terminal, explain, needs_manager, resolve
from pos.app.views import AttemptView
from pos.domain.errors import BadInput
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
            await self._settle(attempt, charged=proposal is State.APPROVED)
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
                await self._settle(attempt, charged=False)
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

    async def _settle(
        self,
        attempt: AttemptView,
        *,
        charged: bool,
        authorisation: str = "",
        amount: Cents | None = None,
    ) -> None:
        till = self._till
        news = await till.record(
            lambda: resolve(
                till.desk,
                attempt.reference,
                charged=charged,
                authorisation=authorisation,
                amount=amount,
            )
        )
        await till.cards.ended(news)

    def _story(self, attempt: AttemptView) -> str:
        at = prepared_at(self._till.desk, attempt.reference)
        terminals = self._till.desk.ports.terminals
        return card_words.story(self._till.language, attempt, terminals, at)

    def _what_to_do(self, attempt: AttemptView) -> str:
        """The story, why its end is unknown, where to look, and who may answer."""
        language, desk = self._till.language, self._till.desk
        lines = [self._story(attempt)]
        reason = f"device.{attempt.details.get('reason')}"
        if reason in language.keys:
            lines.append(f"{state_of(language.sentence(reason))}.")
        lines.append(self._say("tui.resolve.look"))
        lines.append(self._say(f"tui.resolve.not_again.{attempt.direction}"))
        limit = desk.settings.resolve_alone_max
        open_ones = {found.reference: found for found in desk.attempts}
        known = open_ones.get(attempt.reference)
        if limit is not None and known and needs_manager(desk, known):
            lines.append(self._say("tui.resolve.manager", limit=language.money(limit)))
        return "\n".join(lines)

    # --- an answer that is nobody's --------------------------------------------------------------

    async def _explain(self, orphan: AttemptView) -> None:
        till, language = self._till, self._till.language
        at = prepared_at(till.desk, orphan.reference)
        intro = self._say(
            "tui.orphan.intro",
            terminal=card_words.the_terminal(language, orphan.terminal, till.desk.ports.terminals),
            told=card_words.finding(language, orphan.details, orphan.amount),
            time=language.time(at) if at else "?",
        )
        question = Ask(self._say("tui.orphan.title"), _some_text, intro=intro, pad=False)
        words = await till.about.ask(orphan.reference, question)
        if words is not None:
            news = await till.record(lambda: explain(till.desk, orphan.reference, words))
            await till.cards.ended(news)


def _number(text: str) -> str:
    """An authorisation number; 0 says that there is none, nothing typed is no answer."""
    number = _some_text(text)
    return "" if number == "0" else number


def _some_text(text: str) -> str:
    if not text.strip():
        raise BadInput
    return text.strip()
