"""What the customer owes, large; how it is made up; the card under way; the sale just done."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.message import Message

from pos.app.reward_words import offer_note
from pos.app.views import AttemptView, LastView, OfferView, SaleView
from pos.domain.money import Cents
from pos.domain.receipt import tender_label
from pos.tui import big_digits
from pos.tui.text import Row, clean, ends, fit, middle, wide, wrap
from pos.tui.widgets.card_rows import CardRows
from pos.tui.widgets.rows import Rows
from pos.tui.words import counted, kind_of


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything this panel draws; `then` is the tender that waits for the end of a card."""

    sale: SaleView = field(default_factory=SaleView)
    attempts: tuple[AttemptView, ...] = ()
    last: LastView | None = None
    training: bool = False
    then: str = ""
    offers: tuple[OfferView, ...] = ()


class Totals(Rows):
    """The panel at the right."""

    class Tapped(Message):
        """The panel was tapped."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.shown = Shown()

    def show(self, shown: Shown) -> None:
        """Show these totals."""
        if shown != self.shown:
            self.shown = shown
            self.border_title = self._title()
            self.redraw()

    def on_mount(self) -> None:
        """Give the frame its title."""
        self.border_title = self._title()

    def _title(self) -> str:
        say, sale = self.language.say, self.shown.sale
        if sale.lines:
            return say("tui.total.give_back" if sale.due < 0 else "tui.total.due")
        last = self.shown.last
        if last is None:
            return say("tui.total.due")
        if last.change:
            return say("tui.total.change")
        return say("tui.total.paid_back" if last.total < 0 else "tui.total.paid")

    def draw(self, width: int, height: int) -> list[Row]:
        """The large amount on top; the card's state keeps its place when rows are few."""
        selling = bool(self.shown.sale.lines)
        top = self._selling(width) if selling else self._idle(width)
        card = self._cards(width, height)
        rest = height - len(card)
        return [*top[:rest], *([[(" " * width, "text")]] * max(rest - len(top), 0)), *card][:height]

    def _amount(self, cents: Cents, width: int, style: str) -> list[Row]:
        drawn = big_digits.draw(self.language.money(cents), width)
        rows: list[Row] = [[(middle(row, width), style)] for row in drawn]
        return rows if len(rows) == 1 else [*rows]

    def _selling(self, width: int) -> list[Row]:
        sale, say, number = self.shown.sale, self.language.say, self.language.number
        rows = self._amount(abs(sale.due), width, "due")
        rows += self._training(width)
        rows.append([("─" * width, "dim")])
        total: Row = [(number(sale.total), "strong")]
        named: Row = [(say("tui.total.total"), "text")]
        count: Row = [(f" {counted(self.language, 'tui.total.lines', len(sale.lines))} ", "dim")]
        rows.append(
            ends(
                [*named, *(count if wide([*named, *count, *total]) <= width else [])], total, width
            )
        )
        if sale.reduction:
            rows.append(
                ends(
                    [(say("tui.total.reduction"), "dim")],
                    [(number(-sale.reduction), "text")],
                    width,
                )
            )
        for tender in sale.tenders:
            label = clean(tender_label(tender.name, self.language))
            rows.append(ends([(label, "good")], [(number(-tender.amount), "good")], width))
        if sale.asked:
            asked = number(sale.asked)
            rows.append(ends([(say("tui.total.asked"), "warn")], [(asked, "warn")], width))
        rows += self._offers(width)
        last = self.shown.last
        if last and last.change and not sale.tenders:
            # The customer before may still wait for the change.
            before = say("tui.last.before", number=last.number)
            rows += [
                [(" " * width, "text")],
                ends([(before, "dim")], [(number(last.change), "good")], width),
            ]
        return rows

    def _idle(self, width: int) -> list[Row]:
        last, say = self.shown.last, self.language.say
        if last is None:
            return [*self._amount(0, width, "dim"), *self._training(width)]
        kind = f"tui.last.{kind_of(last.total, training=last.training)}"
        rows = [
            *self._amount(last.change or abs(last.total), width, "good"),
            *self._training(width),
            [("─" * width, "dim")],
            [(fit(say(kind, number=last.number), width), "text")],
            ends(
                [(say("tui.total.total"), "dim")],
                [(self.language.number(last.total), "strong")],
                width,
            ),
        ]
        if last.total >= 0:
            change = self.language.number(last.change)
            rows.append(ends([(say("tui.last.change"), "dim")], [(change, "good")], width))
        for line in last.rewards:
            rows += self._reward("reward.earned", line.name, line.earned, width)
            rows += self._reward("reward.back", line.name, line.given_back, width)
        if any(line.to_claim or line.on_paper for line in last.rewards):
            wanted = say("tui.reward.wanted", press=self.till.key_label("menu"))
            rows += [[(line, "hint")] for line in wrap(wanted, width)]
        rows += [[(line, "hint")] for line in wrap(self.till.key_hints("receipt"), width)]
        return rows

    def _offers(self, width: int) -> list[Row]:
        """What the sale earns, or why nothing."""
        rows: list[Row] = []
        for offer in self.shown.offers:
            rows += self._reward("reward.earned", offer.campaign, offer.amount, width)
            note = offer_note(offer, self.language)
            rows += [[(fit(line, width), "dim")] for line in wrap(clean(note), width) if note]
        return rows

    def _reward(self, key: str, campaign: str, cents: Cents, width: int) -> list[Row]:
        if not cents:
            return []
        label = clean(self.language.say(key, campaign=campaign))
        return [ends([(label, "good")], [(self.language.number(cents), "good")], width)]

    def _training(self, width: int) -> list[Row]:
        if not self.shown.training:
            return []
        return [[(middle(self.language.say("tui.training.mark"), width), "training")]]

    def _cards(self, width: int, height: int) -> list[Row]:
        """The cards under way, in words: what the customer does, and how to stop it."""
        shown = self.shown
        rows = CardRows(
            self.language,
            width,
            named=len(self.till.desk.ports.terminals) > 1,
            selling=bool(shown.sale.lines),
            then=shown.then,
            menu=self.till.key_hints("menu"),
        )
        return rows.draw(shown.attempts, height)

    def on_click(self) -> None:
        """A tap does what an open card needs."""
        self.post_message(self.Tapped())
