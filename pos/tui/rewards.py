"""Campaigns at the screen: vouchers, the customer's phone, what a ticket earned."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from pos.app import unheard_phone
from pos.app.ticket_number import ticket_number
from pos.domain.errors import BadCommand
from pos.tui.modals.ask import Ask
from pos.tui.modals.scannable import Beside, Scannable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pos.app.claim_reward import Shown
    from pos.app.pay_by_phone import Asked
    from pos.domain.money import Cents
    from pos.domain.rewards import PhoneRequest
    from pos.tui.app import TillApp

TOKEN_CHARS_MIN: Final = 40  # longer than any article's code


class Rewards:
    """The acts about campaigns. What they need of the contract is loaded when they are used."""

    def __init__(self, till: TillApp) -> None:
        self._till = till
        self._say = till.language.say

    @property
    def joined(self) -> bool:
        """Whether this till takes part in a campaign."""
        return bool(self._till.desk.ports.campaigns.active())

    def jobs(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """What a campaign makes possible at this moment, by the name of its sentence."""
        desk = self._till.desk
        if not self.joined:
            return []
        found: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        if desk.sale and desk.sale.lines:
            found += self.means()
            name = "claim_later" if desk.sale.on_paper else "on_paper"
            found.append((name, self.wish_paper))
        if desk.last and any(line.earned or line.given_back for line in desk.last.ticket.rewards):
            found.append(("claim", self.claim))
        return [*found, ("claim_ticket", self.claim_by_number)]

    def means(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """How rewards pay the sale under way."""
        if not self.joined:
            return []
        sale = self._till.desk.sale
        asked = [("phone_code", self.phone_code)] if sale and sale.asked else []
        return [*asked, ("voucher", self.typed_voucher), ("phone", self.phone)]

    # --- vouchers --------------------------------------------------------------------------------

    def is_voucher(self, text: str) -> bool:
        """Whether a scan is a voucher, or something else of a campaign, and no article."""
        if len(text) < TOKEN_CHARS_MIN:
            return False
        from pos.app.scanned_token import is_token

        return is_token(text)

    async def typed_voucher(self) -> None:
        """Take a voucher by the code that stands beside its picture."""
        title, intro = self._say("tui.job.voucher"), self._say("tui.reward.code_intro")
        text = await self._till.ask(Ask(title, _some_text, intro=intro, scans=True))
        if text is not None:
            await self.voucher(text)

    async def voucher(self, text: str) -> None:
        """Take a voucher: its server is asked without holding up the screen."""
        from pos.app import take_voucher

        till = self._till
        wish = take_voucher.read(till.desk, text)
        if not await self.may_go_on(wish.value):
            return
        till.say(self._say("tui.reward.asking"))
        answer = await asyncio.to_thread(take_voucher.ask, till.desk, wish)
        settled = await till.record(lambda: take_voucher.take(till.desk, wish, answer))
        till.payments.done(settled)

    # --- the customer's phone --------------------------------------------------------------------

    async def phone(self) -> None:
        """Ask the customer's phone for what is due, or the amount typed."""
        from pos.app import pay_by_phone

        till = self._till
        amount = till.sale_screen.take_amount()
        asked = await till.record(lambda: pay_by_phone.ask(till.desk, amount))
        await self._show_request(asked)
        await self.phone_code()

    async def phone_code(self) -> None:
        """Take the digits that the phone shows; left, they may be typed later."""
        title, intro = self._say("tui.job.phone_code"), self._say("tui.reward.digits_intro")
        digits = await self._till.ask(Ask(title, _some_text, intro=intro))
        if digits is not None:
            await self._phone_paid(digits)

    async def may_go_on(self, amount: Cents | None) -> bool:
        """Whether a tender of this amount is to be taken now, None for all that is due.

        A phone that was asked and may have paid is asked about first, once: its digits count
        instead of the tender, and what is due then is another amount.
        """
        desk = self._till.desk
        request = unheard_phone.unheard(desk, amount)
        if request is None:
            return True
        digits = await self._unheard(request)
        if digits == "":
            unheard_phone.go_on(desk, request)
        elif digits is not None:
            await self._phone_paid(digits)
        return digits == ""

    async def _unheard(self, request: PhoneRequest) -> str | None:
        """The digits of a phone that has paid, "" to go on without; None when it was left."""
        from pos.app import pay_by_phone

        def read(text: str) -> str:
            if text.strip():
                pay_by_phone.check(self._till.desk, text)
            return text.strip()

        amount = self._till.language.money(request.amount)
        title = self._say("tui.reward.unheard_title", amount=amount)
        return await self._till.ask(Ask(title, read, intro=self._say("tui.reward.unheard")))

    async def _phone_paid(self, digits: str) -> None:
        from pos.app import pay_by_phone

        till = self._till
        settled = await till.record(lambda: pay_by_phone.answer(till.desk, digits))
        till.payments.done(settled)

    async def _show_request(self, asked: Asked) -> None:
        from pos.app import pay_by_phone

        till = self._till
        amount = till.language.money(asked.request.amount)
        scan, then = (
            self._say("tui.reward.phone_scan", amount=amount),
            self._say("reward.phone_then"),
        )
        words = Beside([scan, then], [self._say("tui.reward.no_room"), scan, then])
        title, hint = self._say("reward.phone_title"), self._say("tui.reward.hint")
        if await till.ask(Scannable(title, asked.address, words, "", hint)):
            await till.record(lambda: pay_by_phone.print_request(till.desk))
            till.say(self._say("tui.done.printing"))

    # --- what was earned -------------------------------------------------------------------------

    async def wish_paper(self) -> None:
        """Whether the reward is handed out on paper: the other way round from now on."""
        from pos.app.change_sale import wish_paper

        till = self._till
        wish = not till.desk.require_sale().on_paper
        await till.record(lambda: wish_paper(till.desk, on_paper=wish))
        till.say(self._say("plain.on_paper" if wish else "plain.not_on_paper"))

    async def claim(self, number: int | None = None) -> None:
        """Show what a ticket earned, one campaign after the other; on paper if it is asked for."""
        from pos.app.claim_reward import claimable, print_claims

        till = self._till
        for shown in claimable(till.desk, number):
            if await till.ask(self._claim(shown)):
                await till.record(lambda: print_claims(till.desk, number))
                till.say(self._say("tui.done.printing"))
                return

    async def claim_by_number(self) -> None:
        """Show what the ticket earned that the customer comes back with."""
        till, title = self._till, self._say("tui.job.claim_ticket")
        intro = self._say("tui.refund.intro")
        number = await till.ask(
            Ask(title, lambda text: ticket_number(till.desk, text), intro=intro)
        )
        if number is not None:
            await self.claim(number)

    def _claim(self, shown: Shown) -> Scannable:
        amount, say = self._till.language.money(shown.amount), self._say
        if shown.voucher:
            told = [amount, say("reward.voucher_here"), say("reward.voucher_rules")]
            words, data = Beside(told, [*told, say("tui.reward.no_room")]), shown.voucher
        else:
            once, data = [say("reward.once")], shown.address
            if shown.until:
                once.append(say("reward.until", day=self._till.language.date(shown.until)))
            scan, code = say("reward.claim"), say("reward.or_code", page=shown.page)
            typed = say("tui.reward.type_code", page=shown.page)
            words = Beside([amount, scan, code, *once], [amount, *once, typed])
        title = say("reward.earned", campaign=shown.campaign)
        return Scannable(title, data, words, shown.code, say("tui.reward.hint"))


def _some_text(text: str) -> str:
    if not text.strip():
        raise BadCommand(text=text)
    return text.strip()
