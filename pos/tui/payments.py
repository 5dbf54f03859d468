"""Taking money: cash, card, the shop's other tenders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pos.app.desk import Pending, Settled
from pos.app.reward_words import earned_text
from pos.app.take_payment import due_of, settle_even, take_tender
from pos.domain.errors import BadCommand, CardBusy, NothingToPay, PosError
from pos.domain.money import Cents
from pos.domain.receipt import tender_label
from pos.domain.tender import CASH, TenderKind
from pos.tui import card_words
from pos.tui.modals.menu import Menu
from pos.tui.widgets.choices import Choice
from pos.tui.words import kind_of

if TYPE_CHECKING:
    from pos.tui.acts import Start
    from pos.tui.app import TillApp
    from pos.tui.instead import Pay


class Payments:
    """The acts behind the payment keys."""

    def __init__(self, till: TillApp) -> None:
        self._till = till

    async def note(self, amount: Cents) -> None:
        """Take a note; nothing was typed that could go back to the entry line."""
        till = self._till

        def start() -> Pending[Settled | None]:
            if till.desk.sale is None or not till.desk.sale.lines:
                raise NothingToPay
            return take_tender(till.desk, CASH.name, amount)

        await self._pay(self._taking(start, amount), CASH.name, amount, typed=False)

    async def tender(self, name: str, amount: Cents | None) -> None:
        """Take a tender, or end a sale that has nothing due."""
        till = self._till

        def start() -> Pending[Settled | None]:
            sale = till.desk.sale
            even = sale is not None and sale.lines and due_of(till.desk, sale) == 0
            if even and amount is None:
                return settle_even(till.desk)
            return take_tender(till.desk, name, amount)

        await self._pay(self._taking(start, amount), name, amount)

    def _taking(self, start: Start[Settled | None], amount: Cents | None) -> Pay:
        async def pay() -> bool:
            if not await self._till.rewards.may_go_on(amount):
                return False
            self.done(await self._till.record(start))
            return True

        return pay

    async def card(self, amount: Cents | None) -> None:
        """Ask the terminal; while it runs already, what is to be done with it."""
        try:
            if await self._till.rewards.may_go_on(amount):
                await self._till.cards.begin(amount)
            else:
                self._not_taken(amount)
        except CardBusy:
            await self._till.cards.look_at_own()
        except PosError:
            self._put_back(amount)
            raise

    async def _pay(self, pay: Pay, name: str, amount: Cents | None, *, typed: bool = True) -> None:
        """Take a tender now, or once the card that runs has ended without a charge."""
        try:
            if not await pay() and typed:
                self._not_taken(amount)
        except CardBusy:
            label = card_words.tender(self._till.language, name, amount)
            await self._till.instead.wait(label, pay)
        except PosError:
            if typed:
                self._put_back(amount)
            raise

    async def other(self, amount: Cents | None) -> None:
        """Choose among the tenders of config.toml."""
        till, language = self._till, self._till.language
        names = [
            name
            for name, tender in till.desk.settings.tenders.items()
            if tender.kind not in {TenderKind.CASH, TenderKind.CARD}
        ]
        rewards = till.rewards.means()
        if not names and not rewards:
            raise BadCommand(text=language.say("tui.tender.none"))
        intro = language.say("tui.tender.amount", amount=language.money(amount)) if amount else ""
        choices = [Choice(name, tender_label(name, language)) for name in names]
        choices += [Choice(act, language.say(f"tui.job.{name}")) for name, act in rewards]
        choice = await till.ask(Menu(language.say("tui.tender.title"), choices, intro))
        if choice is None:
            self._put_back(amount)
        elif not isinstance(choice.value, str):
            self._put_back(amount)
            await _act(choice.value)
        elif till.desk.tender(str(choice.value)).by_terminal:
            await self._by_terminal(str(choice.value), amount)
        else:
            await self.tender(str(choice.value), amount)

    async def _by_terminal(self, name: str, amount: Cents | None) -> None:
        """A cheque that a card terminal reads."""

        async def pay() -> bool:
            if not await self._till.rewards.may_go_on(amount):
                return False
            await self._till.cards.begin(amount, name)
            return True

        await self._pay(pay, name, amount)

    def _not_taken(self, amount: Cents | None) -> None:
        """The cashier left, or a phone had paid: perhaps all of it."""
        if self._till.desk.sale is not None:
            self._put_back(amount)

    def _put_back(self, amount: Cents | None) -> None:
        if amount is not None:
            self._till.sale_screen.give_back(self._till.language.number(amount).replace(" ", ""))

    def done(self, settled: Settled | None) -> None:
        """Tell that a tender was taken, and what is due, or how the sale ended."""
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
        for line in ticket.rewards:
            text += " · " + earned_text(line, till.language)
        if ticket.change:
            change = till.language.money(ticket.change)
            text += " · " + say("tui.done.change", change=change)
        till.say(text)


async def _act(act: object) -> None:
    """Do what a choice stands for."""
    await act()  # type: ignore[operator]  # the choices above hold acts


def _due(till: TillApp) -> Cents:
    return till.sale_screen.shown.sale.due
