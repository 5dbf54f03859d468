"""The lines of the sale, newest at the bottom, one of them chosen when the cashier looks back."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.message import Message

from pos.app.views import LineView, SaleView
from pos.domain.catalogue import Unit
from pos.domain.money import ONE
from pos.domain.sale import LineKind
from pos.tui.text import Row, clean, fit, middle, right
from pos.tui.widgets.rows import Rows

_AMOUNT_WIDTH = 10
_QUANTITY_WIDTH_MAX = 20
_NUMBER_WIDTH = 4


class Lines(Rows):
    """Draws the sale's lines; a tap chooses one."""

    class Tapped(Message):
        """A line was tapped."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.sale = SaleView()
        self.chosen: int | None = None
        self._top = 0
        self._owners: list[int] = []  # the line number of each drawn row

    def show(self, sale: SaleView, chosen: int | None) -> None:
        """Show these lines, with one chosen or none."""
        self.sale, self.chosen = sale, chosen
        self.redraw()

    @property
    def page(self) -> int:
        """How many rows fit."""
        return max(self.size.height - 1, 1)

    def draw(self, width: int, height: int) -> list[Row]:
        """The rows that fit: those around the chosen line, else the last ones."""
        if not self.sale.lines:
            self._owners = []
            self._announce(0, 0)
            return self._welcome(width, height)
        lines = self.sale.lines
        if self.chosen is None:
            lines = lines[-height:]  # each takes a row at least: the ones before cannot be seen
        quantities = [self._quantity(line) for line in lines]
        room = min(max(map(cell_len, quantities)), _QUANTITY_WIDTH_MAX) + 1
        rows: list[Row] = []
        owners: list[int] = []
        for line, quantity in zip(lines, quantities, strict=True):
            drawn = self._line(line, right(quantity, room), width)
            rows += drawn
            owners += [line.number] * len(drawn)
        top = self._first_row(owners, height)
        self._owners = owners[top : top + height]
        numbers = [line.number for line in self.sale.lines]
        above = numbers.index(self._owners[0])
        self._announce(above, len(numbers) - 1 - numbers.index(self._owners[-1]))
        return rows[top : top + height]

    def _first_row(self, owners: list[int], height: int) -> int:
        last = max(len(owners) - height, 0)
        if self.chosen is None or self.chosen not in owners:
            self._top = last
            return last
        first = owners.index(self.chosen)
        end = len(owners) - owners[::-1].index(self.chosen)
        top = min(max(self._top, end - height), first)
        self._top = min(max(top, 0), last)
        return self._top

    def _announce(self, above: int, below: int) -> None:
        parts = [f"↑ {above}"] * bool(above) + [f"↓ {below}"] * bool(below)
        text = " · ".join(parts)
        if self.border_subtitle != text:
            self.border_subtitle = text

    def _line(self, line: LineView, quantity: str, width: int) -> list[Row]:
        chosen = line.number == self.chosen
        newest = line is self.sale.lines[-1] and self.chosen is None
        main = "chosen" if chosen else "strong" if newest else "text"
        side = "chosen" if chosen else "dim"
        label_width = width - _NUMBER_WIDTH - len(quantity) - _AMOUNT_WIDTH - 1
        mark = "→" if chosen else " "
        number = f"{mark}{line.number:>2} "
        row: Row = [
            (number, side),
            (fit(self._label(line), label_width), main),
            (quantity, side),
            (right(self.language.number(line.amount), _AMOUNT_WIDTH), main),
            (" ", main),
        ]
        notes = self._notes(line)
        if not notes:
            return [row]
        detail = fit(" " * (_NUMBER_WIDTH + 1) + notes, width)
        return [row, [(detail, "chosen" if chosen else "hint")]]

    def _label(self, line: LineView) -> str:
        label = clean(line.label)
        if line.kind is LineKind.ITEM:
            return label
        return f"← {self.language.say('tui.line.back')} {label}"

    def _quantity(self, line: LineView) -> str:
        if line.unit is Unit.PIECE and abs(line.quantity) == ONE:
            return ""
        unit = "" if line.unit is Unit.PIECE else f" {self.language.say(f'unit.{line.unit}')}"
        price = self.language.number(line.unit_price)
        return f"{self.language.quantity(line.quantity)}{unit} × {price}"

    def _notes(self, line: LineView) -> str:
        notes = []
        if line.overridden:
            notes.append(self.language.say("tui.line.overridden"))
        if line.reduction:
            amount = self.language.number(line.reduction)
            notes.append(self.language.say("tui.line.reduced", amount=amount))
        return " · ".join(notes)

    def _welcome(self, width: int, height: int) -> list[Row]:
        say = self.language.say
        words: list[Row] = [
            [(middle(say("tui.welcome.ready"), width), "strong")],
            [(" " * width, "text")],
            [(middle(say("tui.welcome.scan"), width), "text")],
            [(middle(say("tui.welcome.type"), width), "text")],
            [(" " * width, "text")],
            [(middle(self.till.key_hints("help", "menu"), width), "hint")],
        ]
        above = max((height - len(words)) // 2, 0)
        return [*([[(" " * width, "text")]] * above), *words]

    def on_click(self, event: events.Click) -> None:
        """A tap chooses the line under it."""
        place = event.get_content_offset(self)
        if place and place.y < len(self._owners):
            self.post_message(self.Tapped(self._owners[place.y]))
