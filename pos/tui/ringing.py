"""How products get on the sale: typed, scanned, found, on a quick key; and how discounts do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pos.adapters.scanner import Scanned
from pos.app.change_sale import give_discount
from pos.app.desk import Pending
from pos.app.ring_up import by_code, look_up
from pos.domain.catalogue import Product, Unit
from pos.domain.errors import NeedsManager, PosError, UnknownProduct
from pos.domain.money import Cents, Thousandths, parse_quantity
from pos.domain.sale import Discount, EntryMethod
from pos.tui.modals.ask import Ask

if TYPE_CHECKING:
    from pos.tui.app import TillApp


class Ringing:
    """Shown at once, written behind; what is refused goes back to the entry line."""

    def __init__(self, till: TillApp) -> None:
        self._till = till

    def scanned(self, scan: Scanned) -> None:
        """Ring up a scan; `3*` waiting in the entry line counts for it, other text stays there."""
        message = self._till.sale_screen.message
        message.clear()
        if self._till.rewards.is_voucher(scan.code):
            self._till.act(lambda: self._till.rewards.voucher(scan.code))
            return
        self.ring_up(scan.code, self.waiting_quantity(), None, EntryMethod.SCANNED, "")
        if scan.garbled and not message.text:
            message.say(self._till.language.say("tui.scan.garbled"))

    def quick_key(self, position: int, quantity: Thousandths | None, text: str) -> None:
        """Ring up the product of a quick key."""
        key = self._till.sale_screen.quick_key(position)
        if key is None:
            self._refused(UnknownProduct(code=f".{position}"), text)
        else:
            self.ring_up(key.code, quantity, None, EntryMethod.QUICK_KEY, text)

    def waiting_quantity(self) -> Thousandths | None:
        """The quantity of a `3*` in the entry line, which it leaves."""
        entry = self._till.sale_screen.entry
        text = entry.text.strip()
        if not text.endswith("*"):
            return None
        try:
            quantity = parse_quantity(text[:-1])
        except PosError:
            return None
        entry.set_text("")
        return quantity

    def ring_up(
        self,
        code: str,
        quantity: Thousandths | None,
        price: Cents | None,
        method: EntryMethod,
        text: str,
    ) -> None:
        """Put a product on the sale; `text` is what comes back when it is refused.

        What is sold by weight asks for it, unless it was typed or stands in the code.
        """
        product = self.unweighed(code) if quantity is None else None
        if product is None:
            self._put(code, quantity, price, method, text)
            return

        async def weigh() -> None:
            weighed = await self.ask_quantity(product, price)
            if weighed is not None:
                self._put(code, weighed, price, method, text)
            elif text:
                self._till.sale_screen.give_back(text)

        self._till.act(weigh)

    def unweighed(self, code: str) -> Product | None:
        """The product of a code that does not say how much of it there is, where that matters."""
        try:
            found = look_up(self._till.desk, code)
        except PosError:
            return None  # ringing it up tells why
        told = found.quantity is not None or found.printed_price is not None
        return None if told or found.product.unit is Unit.PIECE else found.product

    async def ask_quantity(
        self, product: Product, price: Cents | None = None
    ) -> Thousandths | None:
        """How much of a product there is; None when the question was left."""
        language = self._till.language
        shown = language.money(product.price if price is None else price)
        intro = language.say(f"tui.weigh.{product.unit}", price=shown)
        return await self._till.ask(Ask(product.label, parse_quantity, intro=intro))

    def _put(
        self,
        code: str,
        quantity: Thousandths | None,
        price: Cents | None,
        method: EntryMethod,
        text: str,
    ) -> None:
        till = self._till

        def start() -> Pending[None]:
            return by_code(till.desk, code, quantity, unit_price=price, entry=method)

        def refused(error: PosError) -> None:
            if isinstance(error, NeedsManager):
                till.act(lambda: approved(error))
            else:
                self._refused(error, text)

        async def approved(error: NeedsManager) -> None:
            if not await till.ask_manager(error):
                self._refused(error, text)
                return
            till.acts.ring_up(start, till.redraw, lambda again: self._refused(again, text))

        till.acts.ring_up(start, till.redraw, refused)

    async def discount(self, discount: Discount, text: str) -> None:
        """Reduce the chosen line, or the ticket; `text` comes back when it is refused."""
        till, line = self._till, self._till.sale_screen.chosen
        try:
            await till.record(lambda: give_discount(till.desk, discount, line))
        except PosError as error:
            self._refused(error, text)

    def _refused(self, error: PosError, text: str) -> None:
        if text:
            self._till.sale_screen.give_back(text)
        self._till.report(error)
