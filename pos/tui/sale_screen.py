"""The screen on which a day is spent: lines, totals, one entry line, keys. No mode, no pop-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from pos.app.change_sale import void_line
from pos.app.find import find
from pos.domain.catalogue import Product, QuickKey
from pos.domain.errors import PosError, SaleIsEmpty
from pos.domain.money import Cents
from pos.domain.sale import EntryMethod
from pos.tui import typed
from pos.tui.keys import BAR, bindings
from pos.tui.modals.ask import Ask
from pos.tui.ringing import Ringing
from pos.tui.widgets.bars import Header, StatusBar
from pos.tui.widgets.choices import Choice, Choices
from pos.tui.widgets.entry import Entry
from pos.tui.widgets.key_bar import Button, KeyBar
from pos.tui.widgets.lines import Lines
from pos.tui.widgets.message_line import MessageLine
from pos.tui.widgets.quick_keys import QuickKeys
from pos.tui.widgets.totals import Shown, Totals

if TYPE_CHECKING:
    from pos.tui.app import TillApp


class SaleScreen(Screen[None]):
    """Only the entry line ever has the focus."""

    AUTO_FOCUS = "#entry"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings())

    def __init__(self) -> None:
        super().__init__()
        self.shown = Shown()
        self.chosen: int | None = None
        self.message = MessageLine(id="message")
        self._lines = Lines(id="lines")
        self._found = Choices(id="found")
        self._totals = Totals(id="totals")
        self._entry = Entry(id="entry")
        self._quick = QuickKeys(id="quick")
        self._quick_keys: dict[int, QuickKey] = {}

    @property
    def till(self) -> TillApp:
        """The application."""
        return cast("TillApp", self.app)

    # --- building --------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Bars at the edges, the sale between them."""
        yield Header(self.till.desk.settings.shop)
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self._lines
                yield self._found
            yield self._totals
        yield self.message
        yield self._entry
        yield self._quick
        yield KeyBar(self._buttons(), id="keys")
        yield StatusBar()

    def on_mount(self) -> None:
        """Titles, and the quick keys of the catalogue."""
        say = self.till.language.say
        self._lines.border_title = say("tui.lines.title")
        self._found.border_title = say("tui.found.title")
        self._entry.border_title = say("tui.entry.title")
        self._entry.border_subtitle = say("tui.entry.hint")
        self.load_quick_keys()
        self.till.redraw()

    @property
    def ringing(self) -> Ringing:
        """How products get on the sale."""
        return self.till.ringing

    @property
    def entry(self) -> Entry:
        """The entry line."""
        return self._entry

    def quick_key(self, position: int) -> QuickKey | None:
        """The product on a quick key."""
        return self._quick_keys.get(position)

    def load_quick_keys(self) -> None:
        """Read the quick keys again: a catalogue may have been loaded."""
        quick_keys = self.till.desk.ports.catalogue.quick_keys()
        self._quick_keys = {key.position: key for key in quick_keys}
        self._quick.show(quick_keys)

    def _buttons(self) -> tuple[Button, ...]:
        return tuple(
            Button(action, self.till.key_label(action.name), self._label(action.name))
            for action in BAR
        )

    def _label(self, name: str) -> str:
        if name.startswith("note_"):
            return self.note_label(name)
        return self.till.language.say(f"tui.key.{name}")

    def note_label(self, name: str) -> str:
        """The note of a note key, in whole euros; nothing when the shop has fewer notes."""
        note = self.note(name)
        return self.till.language.say("tui.key.note", euros=note // 100) if note else ""

    def note(self, name: str) -> Cents:
        """The note of a note key; 0 when the shop has fewer notes."""
        notes, place = self.till.desk.settings.notes, name.removeprefix("note_")
        return notes[int(place) - 1] if place.isdigit() and int(place) <= len(notes) else 0

    # --- what is shown ---------------------------------------------------------------------------

    def show(self, shown: Shown) -> None:
        """Show the sale; a chosen line that is gone is no longer chosen."""
        if len(shown.sale.lines) > len(self.shown.sale.lines) or not any(
            line.number == self.chosen for line in shown.sale.lines
        ):
            self.chosen = None
        self.shown = shown
        self._lines.show(shown.sale, self.chosen)
        self._totals.show(shown)

    # --- typing ----------------------------------------------------------------------------------

    @on(Entry.Changed, "#entry")
    def typing(self, event: Entry.Changed) -> None:
        """Clear the message, search, and say what the text would do."""
        text = self._entry.text
        if event.by_hand:
            self.message.clear()
        search = typed.sought(text)
        if search:
            self._search(search.text)
        elif self._found.has_class("-shown"):
            self._found.remove_class("-shown")
        self._entry.set_hint(self._hint(text, search))

    def _search(self, text: str) -> None:
        language = self.till.language
        products = find(self.till.desk, text)
        self._found.show([Choice(x, x.label, language.money(x.price)) for x in products])
        self._found.set_class(bool(products), "-shown")

    def _hint(self, text: str, search: typed.Search | None) -> str:
        say, language = self.till.language.say, self.till.language
        if search:
            found = len(self._found.choices)
            return say("tui.entry.found" if found else "tui.entry.none_found", count=found)
        amount = typed.amount_of(text) if text else None
        if amount is not None and text[0] != "0" and len(text) <= 7:
            keys = f"{self.till.key_label('cash')} {self.till.key_label('card')}"
            return say("tui.entry.amount", keys=keys, amount=language.money(amount))
        if text.startswith("-") and len(text) > 1:
            line = self.chosen
            where = say("tui.entry.line", number=line) if line else say("tui.entry.ticket")
            return say("tui.entry.discount", text=text, where=where)
        if text.startswith("."):
            key = self._quick_keys.get(int(text[1:])) if text[1:].isdecimal() else None
            return key.label if key else say("tui.entry.quick")
        return ""

    @on(Entry.Submitted, "#entry")
    def submitted(self) -> None:
        """Do what was typed; what is refused comes back to be corrected."""
        text = self._entry.text
        picked = self._found.chosen if self._found.has_class("-shown") else None
        try:
            understood = typed.read(text)
        except PosError as error:
            self.till.report(error)
            return
        self._entry.take()
        if understood is not None:
            self._do(understood, text, cast("Product", picked.value) if picked else None)
        elif self._asks_for_a_card:
            self.till.act(self.till.cards.look)

    @property
    def _asks_for_a_card(self) -> bool:
        """Whether Enter alone means an open card: that of this sale, any when none is under way."""
        selling = bool(self.shown.sale.lines)
        return any(not attempt.other or not selling for attempt in self.shown.attempts)

    @on(Totals.Tapped)
    def totals_tapped(self, event: Totals.Tapped) -> None:
        """A tap on the panel does what an open card needs."""
        event.stop()
        if self.shown.attempts:
            self.till.act(self.till.cards.look)

    def _do(self, understood: typed.Typed, text: str, picked: Product | None) -> None:
        match understood:
            case typed.Item(code, quantity, price):
                self.ringing.ring_up(code, quantity, price, EntryMethod.KEYED, text)
            case typed.Search(found, quantity, price):
                method = EntryMethod.SEARCHED if picked else EntryMethod.KEYED
                code = picked.code if picked else found
                self.ringing.ring_up(code, quantity, price, method, text)
            case typed.Quick(position, quantity):
                self.ringing.quick_key(position, quantity, text)
            case typed.Reduce(discount):
                self.till.act(lambda: self.ringing.discount(discount, text))

    @on(Entry.Tapped, "#entry")
    def entry_tapped(self) -> None:
        """A finger types on a pad."""
        self.till.act(self._type_on_pad)

    async def _type_on_pad(self) -> None:
        title = self.till.language.say("tui.entry.title")
        text = await self.till.ask(Ask(title, str.strip, text=self._entry.text, tall=True))
        if text is not None:
            self._entry.set_text(text)

    @on(Choices.Picked, "#found")
    def picked(self, event: Choices.Picked) -> None:
        """A tap on a found product rings it up."""
        event.stop()
        self.submitted()

    @on(QuickKeys.Pressed)
    def quick_pressed(self, event: QuickKeys.Pressed) -> None:
        """A tap on a quick key."""
        event.stop()
        self.ringing.quick_key(event.position, self.ringing.waiting_quantity(), "")

    def take_amount(self) -> Cents | None:
        """The amount typed before a tender's key; BadAmount leaves it to be corrected."""
        amount = typed.read_amount(self._entry.text)
        self._entry.take()
        return amount

    def take_text(self) -> str:
        """Whatever is typed, as a name or number for the next act."""
        return self._entry.take().strip()

    def give_back(self, text: str) -> None:
        """Put text back to be corrected."""
        if not self._entry.text:
            self._entry.set_text(text)

    # --- keys ------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """All keys."""
        self.till.act(self.till.jobs.help)

    def action_cash(self) -> None:
        """Cash: what is due, or the amount typed."""
        self._pay(lambda amount: self.till.payments.tender("cash", amount))

    def action_card(self) -> None:
        """Card: what is due, or the amount typed."""
        self._pay(self.till.payments.card)

    def action_tender(self) -> None:
        """Another tender."""
        self._pay(self.till.payments.other)

    def action_note_1(self) -> None:
        """A note that pays."""
        self._pay_note("note_1")

    def action_note_2(self) -> None:
        """A note that pays."""
        self._pay_note("note_2")

    def action_note_3(self) -> None:
        """A note that pays."""
        self._pay_note("note_3")

    def action_note_4(self) -> None:
        """A note that pays."""
        self._pay_note("note_4")

    def _pay_note(self, name: str) -> None:
        note = self.note(name)
        if note:
            self.message.clear()
            self.till.act(lambda: self.till.payments.note(note))

    def _pay(self, pay: Callable[[Cents | None], object]) -> None:
        self.message.clear()
        try:
            amount = self.take_amount()
        except PosError as error:
            self.till.report(error)
            return
        self.till.act(lambda: pay(amount))  # type: ignore[arg-type,return-value]

    def action_park(self) -> None:
        """Park the sale, or take one up again."""
        text = self.take_text()
        self.till.act(lambda: self.till.jobs.park_or_recall(text))

    def action_menu(self) -> None:
        """Everything else."""
        self.till.act(self.till.jobs.menu)

    def action_receipt(self) -> None:
        """The receipt of the last sale, or of the ticket typed."""
        text = self.take_text()
        self.till.act(lambda: self.till.jobs.receipt(text))

    def action_lock(self) -> None:
        """Leave the till."""
        self.till.act(self.till.jobs.lock)

    def action_clear(self) -> None:
        """Clear the choice, then the message; never the sale."""
        if self.chosen is not None:
            self._choose(None)
        else:
            self.message.clear()

    def action_void(self) -> None:
        """Void the chosen line, or the last one."""
        self.till.act(self.void)

    async def void(self) -> None:
        """Void the chosen line, or the last one."""
        lines = self.shown.sale.lines
        if not lines:
            raise SaleIsEmpty
        number = self.chosen if self.chosen is not None else lines[-1].number
        label = next(line.label for line in lines if line.number == number)
        await self.till.record(lambda: void_line(self.till.desk, number))
        self.till.say(self.till.language.say("tui.done.voided", number=number, label=label))

    # --- choosing a line -------------------------------------------------------------------------

    def action_previous(self) -> None:
        """Up: in the products found, else in the lines."""
        self._move(-1)

    def action_next(self) -> None:
        """Down."""
        self._move(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._move(-self._lines.page)

    def action_page_down(self) -> None:
        """A page down."""
        self._move(self._lines.page)

    def _move(self, by: int) -> None:
        if self._found.has_class("-shown"):
            self._found.move(by)
            return
        numbers = [line.number for line in self.shown.sale.lines]
        if not numbers:
            return
        here = numbers.index(self.chosen) if self.chosen in numbers else len(numbers)
        there = max(here + by, 0)
        self._choose(numbers[there] if there < len(numbers) else None)

    @on(Lines.Tapped)
    def tapped(self, event: Lines.Tapped) -> None:
        """A tap chooses a line, a second one lets it go."""
        event.stop()
        self._choose(None if event.number == self.chosen else event.number)

    def _choose(self, number: int | None) -> None:
        self.chosen = number
        self._lines.show(self.shown.sale, number)
        self._entry.set_hint(
            self.till.language.say("tui.entry.chosen", press=self.till.key_label("void"))
            if number is not None
            else ""
        )
