"""Taking money: cash, card, the shop's other tenders, and the card whose outcome is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pos.app.desk import CardNews, Pending, Settled
from pos.app.pay_by_card import begin, prepared_at, resolve
from pos.app.take_payment import settle_even, take_tender
from pos.app.views import AttemptView
from pos.domain.errors import BadCommand, NothingToPay, PosError
from pos.domain.money import Cents
from pos.domain.payment import State
from pos.domain.receipt import tender_label
from pos.domain.sale import price
from pos.domain.tender import TenderKind
from pos.tui.modals.ask import Ask
from pos.tui.modals.menu import Menu
from pos.tui.widgets.choices import Choice
from pos.tui.words import kind_of

if TYPE_CHECKING:
    from pos.tui.app import TillApp


class Payments:
    """The acts behind the payment keys."""

    def __init__(self, till: TillApp) -> None:
        self._till = till
        self._led: set[str] = set()  # unknown attempts to which the cashier was already led

    async def note(self, amount: Cents) -> None:
        """Take a note; nothing was typed that could go back to the entry line."""
        desk = self._till.desk

        def start() -> Pending[Settled | None]:
            if desk.sale is None or not desk.sale.lines:
                raise NothingToPay
            return take_tender(desk, "cash", amount)

        self._done(await self._till.record(start))

    async def tender(self, name: str, amount: Cents | None) -> None:
        """Take a tender, or end a sale that has nothing due."""
        till = self._till

        def start() -> Pending[Settled | None]:
            sale = till.desk.sale
            even = sale is not None and sale.lines and price(sale).due == 0
            if even and amount is None:
                return settle_even(till.desk)
            return take_tender(till.desk, name, amount)

        try:
            self._done(await till.record(start))
        except PosError:
            self._put_back(amount)
            raise

    async def card(self, amount: Cents | None) -> None:
        """Ask the terminal; what it answers arrives as news."""
        till = self._till
        try:
            news = await till.record(lambda: begin(till.desk, amount))
        except PosError:
            self._put_back(amount)
            raise
        if news.settled or (till.desk.sale and till.desk.sale.training):
            self._done(news.settled)  # in training no terminal is asked

    async def other(self, amount: Cents | None) -> None:
        """Choose among the tenders of config.toml."""
        till, language = self._till, self._till.language
        names = [
            name
            for name, tender in till.desk.settings.tenders.items()
            if tender.kind not in {TenderKind.CASH, TenderKind.CARD}
        ]
        if not names:
            raise BadCommand(text=language.say("tui.tender.none"))
        intro = language.say("tui.tender.amount", amount=language.money(amount)) if amount else ""
        choices = [Choice(name, tender_label(name, language)) for name in names]
        choice = await till.ask(Menu(language.say("tui.tender.title"), choices, intro))
        if choice is None:
            self._put_back(amount)
        else:
            await self.tender(str(choice.value), amount)

    def _put_back(self, amount: Cents | None) -> None:
        if amount is not None:
            self._till.sale_screen.give_back(self._till.language.number(amount).replace(" ", ""))

    def _done(self, settled: Settled | None) -> None:
        till, say = self._till, self._till.language.say
        if settled is None:
            due = till.language.money(_due(till))
            till.say(say("tui.done.part", due=due))
            return
        ticket = settled.ticket
        total = ticket.total.ttc
        kind = kind_of(total, training=ticket.training)
        shown = till.language.money(abs(total))
        text = say(f"tui.done.{kind}", number=settled.number, total=shown)
        if ticket.change:
            change = till.language.money(ticket.change)
            text += " · " + say("tui.done.change", change=change)
        till.say(text)

    # --- the card --------------------------------------------------------------------------------

    async def arrived(self, news: CardNews) -> None:
        """The terminal's end of an attempt."""
        till, language = self._till, self._till.language
        await till.catch_up(news)
        attempt = news.attempt
        amount = language.money(attempt.amount)
        if news.orphan:
            till.alert(language.say("card.orphan", amount=amount))
            return
        told = language.say(f"tui.card.end.{attempt.state}", amount=amount)
        if news.settled:
            self._done(news.settled)
            till.say(f"{told} {till.sale_screen.message.text}")
        elif attempt.state is State.APPROVED:
            till.say(told)
        else:
            till.alert(told)
        if attempt.state is State.UNKNOWN and attempt.reference not in self._led:
            self._led.add(attempt.reference)
            if till.screen is till.sale_screen:
                await self.resolve()

    async def resolve(self) -> None:
        """Lead the cashier from the terminal's paper to the truth about an unknown attempt."""
        till, say = self._till, self._till.language.say
        unknown = [x for x in till.sale_screen.shown.attempts if x.state is State.UNKNOWN]
        if not unknown:
            till.say(say("tui.card.none_unknown"))
            return
        attempt = unknown[0] if len(unknown) == 1 else await self._which(unknown)
        if attempt is None:
            return
        self._led.add(attempt.reference)
        choices = [
            Choice("charged", say("tui.resolve.charged")),
            Choice("not_charged", say("tui.resolve.not_charged")),
            Choice("later", say("tui.resolve.later")),
        ]
        choice = await till.ask(Menu(say("tui.resolve.title"), choices, self._story(attempt)))
        if choice is None or choice.value == "later":
            return
        charged, number = choice.value == "charged", ""
        if charged:
            answer = await till.ask(
                Ask(say("tui.resolve.number"), _required, intro=say("tui.resolve.number_intro"))
            )
            if answer is None:
                return
            number = answer
        news = await till.record(
            lambda: resolve(till.desk, attempt.reference, charged=charged, authorisation=number)
        )
        await self.arrived(news)

    async def _which(self, unknown: list[AttemptView]) -> AttemptView | None:
        till, language = self._till, self._till.language
        choices = [Choice(x, language.money(x.amount), x.reference) for x in unknown]
        choice = await till.ask(Menu(language.say("tui.resolve.title"), choices))
        return choice.value if choice and isinstance(choice.value, AttemptView) else None

    def _story(self, attempt: AttemptView) -> str:
        till, language = self._till, self._till.language
        at = prepared_at(till.desk, attempt.reference)
        return language.say(
            "tui.resolve.intro",
            amount=language.money(attempt.amount),
            time=language.time(at) if at else "?",
            reference=attempt.reference,
        )


def _required(text: str) -> str:
    if not text.strip():
        raise BadCommand(text=text)
    return text.strip()


def _due(till: TillApp) -> Cents:
    return till.sale_screen.shown.sale.due
