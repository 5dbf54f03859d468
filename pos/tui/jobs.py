"""What the till does beside selling: who is there, parked sales, returns, cash, paper, the day."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pos.app.cancel_sale import cancel_sale
from pos.app.close_session import Closed, close, read_x
from pos.app.desk import Pending, Session
from pos.app.move_cash import no_sale, paid_in, paid_out, pickup
from pos.app.park import park, parked, recall
from pos.app.ports import Role
from pos.app.print_jobs import answer, waiting
from pos.app.print_receipt import Printed, print_receipt
from pos.app.print_slip import customer_slips, print_slip
from pos.app.refund import Wanted, refund, refundable
from pos.app.ring_up import return_item
from pos.app.session import declare_float
from pos.app.sign_on import lock, sign_on
from pos.app.take_payment import due_of
from pos.app.ticket_number import ticket_number
from pos.domain.document import Document
from pos.domain.errors import BadCommand, CardsUnresolved, FloatDeclared, SaleIsPaidInPart
from pos.domain.money import ONE, Cents, Thousandths, parse_amount, parse_quantity
from pos.domain.sale import Sale
from pos.tui import card_words, keys, typed
from pos.tui.modals.ask import Ask
from pos.tui.modals.count import Count, Counted
from pos.tui.modals.credentials import Credentials
from pos.tui.modals.menu import Menu
from pos.tui.modals.paper import COLUMNS, Paper
from pos.tui.text import wrap
from pos.tui.widgets.choices import Choice
from pos.tui.words import counted

if TYPE_CHECKING:
    from pos.tui.app import TillApp

HELP_WIDTH_MAX = 92
Job = Callable[[], Awaitable[None]]


class Jobs:
    """The acts behind the job keys and the menu."""

    def __init__(self, till: TillApp) -> None:
        self._till = till
        self._say = till.language.say
        self._always: tuple[tuple[str, Job], ...] = (
            ("refund", self._refund),
            ("return", self._return),
            ("discount", self._discount),
            ("void", self._void),
            ("cancel", self._cancel),
            ("reprint", self._reprint),
            ("jobs", self._print_jobs),
            ("paid_in", lambda: self._move("paid_in", paid_in)),
            ("paid_out", lambda: self._move("paid_out", paid_out)),
            ("pickup", self._pickup),
            ("no_sale", self._no_sale),
            ("x", self._read_x),
            ("card_day", till.card_day.end_of_day),
            ("z", self._close),
            ("lock", self.lock),
            ("quit", self.quit),
        )

    # --- who is there ----------------------------------------------------------------------------

    async def open_till(self) -> None:
        """Ask who is there; once a session, ask for the float."""
        till = self._till

        async def check(code: str, pin: str) -> None:
            await till.acts.record(lambda: sign_on(till.desk, code, pin))

        if till.desk.operator is None:
            title = self._say("tui.sign_on.title")
            intro = self._say("tui.sign_on.nobody") if till.desk.ports.staff.is_empty() else ""
            notice, till.notice = till.notice, ""
            await till.ask(Credentials(title, check, intro=intro, notice=notice, closed=True))
        operator = till.desk.operator
        if operator is None:
            return
        await till.poll()
        till.sale_screen.load_quick_keys()
        till.redraw()
        till.say(self._say("tui.sign_on.hello", name=operator.name))
        if till.desk.session is None and operator.role is not Role.TRAINEE:
            await self._float()
        waiting_cards = len(till.cards.open())
        if waiting_cards:
            press = till.key_label("menu")
            till.alert(self._say("tui.card.waiting", count=waiting_cards, press=press))

    async def _float(self) -> None:
        till, title = self._till, self._say("tui.float.title")
        intro = self._say("tui.float.intro")
        amount = await till.ask(Ask(title, _amount_or_zero, intro=intro))
        if amount is None:
            return
        try:
            session = await till.record(lambda: declare_float(till.desk, amount))
        except FloatDeclared as error:
            till.report(error)
            return
        shown = till.language.money(amount)
        till.say(self._say("tui.done.float", number=session.number, amount=shown))
        await till.poll()

    async def lock(self) -> None:
        """Leave the till; the sale under way stays."""
        if self._till.desk.operator is not None:
            await self._till.record(lambda: lock(self._till.desk))
        await self.open_till()

    async def quit(self) -> None:
        """End the program, if that was meant."""
        if await self._sure("tui.quit"):
            self._till.exit()

    # --- the menu --------------------------------------------------------------------------------

    async def menu(self) -> None:
        """All jobs by name."""
        choices = [
            Choice(job, self._say(f"tui.job.{name}"))
            for name, job in (*self._till.rewards.jobs(), *self._about_cards(), *self._always)
        ]
        choice = await self._till.ask(Menu(self._say("tui.menu.title"), choices))
        if choice:
            job: Job = choice.value  # type: ignore[assignment]  # the choices above hold jobs
            await job()

    def _about_cards(self) -> list[tuple[str, Job]]:
        """What a card makes possible at this moment."""
        cards = self._till.cards
        jobs: list[tuple[str, Job]] = []
        if cards.open():
            jobs.append(("resolve", cards.look_at_any))
        if cards.takeable():
            jobs.append(("take_back", cards.take_back))
        if customer_slips(self._till.desk):
            jobs.append(("slip", self._slip))
        return jobs

    async def help(self) -> None:
        """What each key does, and what can be typed."""
        width = min(self._till.size.width - 4, HELP_WIDTH_MAX)
        lines: list[str] = []
        for action in keys.ACTIONS:
            label = f"{self._till.key_label(action.name):>7}"
            for line in wrap(self._help_of(action), width - 4 - len(label) - 2):
                lines.append(f"{label}  {line}")
                label = " " * len(label)
        text = "\n".join([*lines, "", self._say("tui.help.typing")])
        await self._till.ask(Paper(self._say("tui.help.title"), text, width=width))

    def _help_of(self, action: keys.Action) -> str:
        """What a key does; nothing for a note key without a note."""
        if action.group is not keys.Group.NOTE:
            return self._say(f"tui.help.{action.name}")
        note = self._till.sale_screen.note_label(action.name)
        return self._say("tui.help.note", note=note) if note else ""

    # --- the sale --------------------------------------------------------------------------------

    async def park_or_recall(self, text: str) -> None:
        """With a sale: set it aside under the typed name. Without: take one up again."""
        till = self._till
        if till.desk.sale and till.desk.sale.lines:
            sale = await till.record(lambda: park(till.desk, text))
            till.say(self._say("tui.done.parked", name=sale.parked_as))
        else:
            name = text or await self._which_parked()
            if name is None:
                return
            await till.record(lambda: recall(till.desk, name))
            till.say(self._say("tui.done.recalled", name=name))
        await till.poll()

    async def _which_parked(self) -> str | None:
        till, language = self._till, self._till.language
        operator = till.desk.require_operator()
        training = operator.role is Role.TRAINEE
        sales = [sale for sale in parked(till.desk) if sale.training is training]
        if not sales:
            till.fail(self._say("tui.park.none"))
            return None
        if len(sales) == 1:
            return sales[0].parked_as
        choices = [
            Choice(
                sale.parked_as,
                self._say(
                    "tui.park.row",
                    name=sale.parked_as,
                    lines=counted(language, "tui.total.lines", len(sale.lines)),
                ),
                self._parked_note(sale),
            )
            for sale in sales
        ]
        choice = await till.ask(Menu(self._say("tui.park.title"), choices))
        return str(choice.value) if choice else None

    def _parked_note(self, sale: Sale) -> str:
        """What is due and since when; first of all a card that is still open."""
        language, desk = self._till.language, self._till.desk
        note = f"{language.money(due_of(desk, sale))}  {language.time(sale.opened_at)[-5:]}"
        cards = [attempt for attempt in desk.attempts if attempt.sale == sale.id]
        marks = [f"{self._say('tui.park.card')} {card_words.short(language, x)}" for x in cards]
        return "  ".join([*marks, note])

    async def _void(self) -> None:
        await self._till.sale_screen.void()

    async def _cancel(self) -> None:
        till = self._till
        till.desk.require_sale()
        if not await self._sure("tui.cancel"):
            return
        try:
            back = await till.record(lambda: cancel_sale(till.desk))
        except SaleIsPaidInPart:
            await till.cards.take_back(self._say("tui.take_back.first"))
            return
        till.say(self._say("tui.done.cancelled"))
        if back:
            till.alert(self._say("tui.done.hand_back", amount=till.language.money(back)))

    async def _discount(self) -> None:
        title, intro = self._say("tui.job.discount"), self._say("tui.discount.intro")
        discount = await self._till.ask(Ask(title, typed.read_discount, intro=intro))
        if discount:
            await self._till.ringing.discount(discount, "")

    async def _refund(self) -> None:
        till, title = self._till, self._say("tui.job.refund")
        intro = self._say("tui.refund.intro")
        number = await till.ask(Ask(title, self._ticket, intro=intro))
        if number is None:
            return
        wanted = await self._which_lines(number)
        if wanted is not None:
            await till.record(lambda: refund(till.desk, number, wanted))
            till.say(self._say("tui.done.refund"))

    def _ticket(self, text: str) -> int:
        return ticket_number(self._till.desk, text)

    async def _which_lines(self, number: int) -> tuple[Wanted, ...] | None:
        till, language = self._till, self._till.language
        lines = refundable(till.desk, number)
        choices = [Choice(None, self._say("tui.refund.all"))]
        for sold in lines:
            label = f"{language.quantity(sold.quantity)} {sold.label}"
            choices.append(Choice(sold, label, language.money(sold.amounts.ttc)))
        choice = await till.ask(Menu(self._say("tui.refund.which", number=number), choices))
        if choice is None:
            return None
        line = next((sold for sold in lines if sold is choice.value), None)
        if line is None:
            return ()
        if line.quantity <= ONE:
            return (Wanted(line.number),)
        intro = self._say("tui.refund.quantity", sold=language.quantity(line.quantity))
        answer = await till.ask(Ask(line.label, _quantity_or_all, intro=intro))
        return None if answer is None else (Wanted(line.number, answer or None),)

    async def _return(self) -> None:
        till, title = self._till, self._say("tui.job.return")
        intro = self._say("tui.return.intro")
        item = await till.ask(Ask(title, _item, intro=intro, scans=True))
        if item is None:
            return
        quantity = item.quantity
        product = till.ringing.unweighed(item.code) if quantity is None else None
        if product:
            quantity = await till.ringing.ask_quantity(product)
            if quantity is None:
                return
        await till.record(lambda: return_item(till.desk, item.code, quantity))
        till.say(self._say("tui.done.refund"))

    # --- cash ------------------------------------------------------------------------------------

    async def _move(
        self, name: str, start: Callable[..., Pending[Session]], *, reason: bool = True
    ) -> None:
        till, title = self._till, self._say(f"tui.job.{name}")
        intro = self._say(f"tui.move.{name}")
        amount = await till.ask(Ask(title, parse_amount, intro=intro))
        if amount is None:
            return
        said = await self._reason(title) if reason else ""
        if said is None:
            return
        await till.record(lambda: start(till.desk, amount, said))
        till.say(self._say("tui.done.moved", what=title, amount=till.language.money(amount)))

    async def _pickup(self) -> None:
        await self._move("pickup", pickup, reason=False)

    async def _no_sale(self) -> None:
        till, title = self._till, self._say("tui.job.no_sale")
        said = await self._reason(title)
        if said is not None:
            await till.record(lambda: no_sale(till.desk, said))
            till.say(self._say("tui.done.drawer"))

    async def _reason(self, title: str) -> str | None:
        intro = self._say("tui.move.reason")
        return await self._till.ask(Ask(title, _some_text, intro=intro, pad=False))

    # --- paper -----------------------------------------------------------------------------------

    async def receipt(self, text: str) -> None:
        """Print a ticket: the last one, or the one whose number was typed."""
        till = self._till
        number = self._ticket(text) if text else None
        await self._printed(await till.record(lambda: print_receipt(till.desk, number)))

    async def _slip(self) -> None:
        await self._printed(await self._till.record(lambda: print_slip(self._till.desk)))

    async def _printed(self, printed: Printed) -> None:
        """Tell that a paper is on its way, or show it when there is no printer."""
        till = self._till
        if printed.on_paper:
            key = "tui.done.copy" if printed.copy else "tui.done.printing"
            till.say(self._say(key, number=printed.copy))
            await till.poll()
        else:
            await self._show(self._say("tui.paper.title"), printed.document)

    async def _reprint(self) -> None:
        title, intro = self._say("tui.job.reprint"), self._say("tui.refund.intro")
        number = await self._till.ask(Ask(title, self._ticket, intro=intro))
        if number is not None:
            await self.receipt(str(number))

    async def _print_jobs(self) -> None:
        """What waits for the printer; of a doubtful one the cashier says whether it came out."""
        till = self._till
        jobs = waiting(till.desk)
        if not jobs:
            till.say(self._say("tui.jobs.none"))
            return
        choices = [Choice(job, job.title, self._say(f"tui.jobs.{job.state}")) for job in jobs]
        choice = await till.ask(Menu(self._say("tui.job.jobs"), choices))
        job = next((job for job in jobs if choice and job is choice.value), None)
        if job is None:
            return
        answers = [
            Choice("printed", self._say("tui.jobs.came_out")),
            Choice("dropped", self._say("tui.jobs.lost")),
        ]
        said = await till.ask(Menu(job.title, answers, self._say("tui.jobs.intro")))
        if said:
            came_out = said.value == "printed"
            await till.record(lambda: answer(till.desk, job.id, came_out=came_out))
            await till.poll()

    async def _show(self, title: str, document: Document) -> None:
        from pos.adapters.paper import as_text  # loads the printer's code: not before it is needed

        await self._till.ask(Paper(title, as_text(document, COLUMNS)))

    # --- the day ---------------------------------------------------------------------------------

    async def _read_x(self) -> None:
        _, document = read_x(self._till.desk)
        await self._show(self._say("tui.job.x"), document)

    async def _close(self) -> None:
        till = self._till
        seen = await till.card_day.see_open()
        if seen is None:
            return
        counted = await till.ask(Count(self._say("tui.job.z"), self._say("tui.count.intro")))
        if counted is None:
            return
        closed = await self._closed(counted, seen)
        if closed is None:
            return
        await till.poll()
        await self._show(self._say("tui.job.z"), closed.document)
        await self.lock()

    async def _closed(self, counted: Counted, seen: frozenset[str]) -> Closed | None:
        """The Z; what was opened while the drawer was counted is shown first."""
        till = self._till
        try:
            return await till.record(lambda: close(till.desk, counted.cents, seen=seen))
        except CardsUnresolved:
            now_seen = await till.card_day.see_open()
        return None if now_seen is None else await self._closed(counted, now_seen)

    async def _sure(self, key: str) -> bool:
        choices = [
            Choice(value=False, label=self._say(f"{key}.no")),
            Choice(value=True, label=self._say(f"{key}.yes")),
        ]
        choice = await self._till.ask(Menu(self._say(f"{key}.title"), choices))
        return bool(choice and choice.value)


def _amount_or_zero(text: str) -> Cents:
    return parse_amount(text) if text.strip() else 0


def _quantity_or_all(text: str) -> Thousandths:
    return parse_quantity(text) if text.strip() else 0


def _some_text(text: str) -> str:
    if not text.strip():
        raise BadCommand(text=text)
    return text.strip()


def _item(text: str) -> typed.Item:
    """A code, perhaps with a quantity; letters count as a code here."""
    understood = typed.read(text)
    if isinstance(understood, typed.Search):
        return typed.Item(understood.text, understood.quantity)
    if not isinstance(understood, typed.Item):
        raise BadCommand(text=text)
    return understood
