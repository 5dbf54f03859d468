"""One line in, one reply out: every use case by its command. A wrong line changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pos.adapters.paper import as_text
from pos.app import (
    cancel_sale,
    change_sale,
    close_session,
    find,
    move_cash,
    park,
    print_jobs,
    print_receipt,
    refund,
    ring_up,
    session,
    sign_on,
    take_payment,
    unheard_phone,
)
from pos.app.desk import Desk, News, Settled
from pos.app.ticket_number import ticket_number
from pos.domain.catalogue import fold
from pos.domain.closing import to_data as closing_data
from pos.domain.errors import BadCommand, CardsUnresolved, PosError
from pos.domain.money import parse_amount, parse_percent, parse_quantity
from pos.domain.sale import Discount
from pos.domain.tender import CARD
from pos.i18n import Language
from pos.plain.cards import Cards
from pos.plain.commands import COMMANDS, Call, Command, Entry, find_command, read_entry, read_line
from pos.plain.replies import (
    PAPER_COLUMNS,
    Reply,
    attempt_lines,
    products_reply,
    refused,
    sale_reply,
    settled_reply,
    show_reply,
    with_raised,
)
from pos.plain.rewards import Rewards


class PlainFront:
    """A desk spoken to in lines. `card_wait_s` limits how long `card` waits for the terminal."""

    def __init__(self, desk: Desk, language: Language, card_wait_s: float) -> None:
        self.desk = desk
        self.language = language
        self._cards = Cards(desk, language, card_wait_s)
        self._rewards = Rewards(desk, language)
        self._seen: frozenset[str] = frozenset()  # open attempts that a refused Z has shown
        self._handlers: Mapping[str, Callable[[Call], Reply]] = {
            command.name: self._cards.handlers.get(command.name)
            or self._rewards.handlers.get(command.name)
            or getattr(self, "_" + command.name.replace("-", "_"))
            for command in COMMANDS
        }

    def news(self, news: News) -> None:
        """Take what the device thread recorded; called from that thread."""
        self._cards.news(news)

    def do(self, line: str) -> Reply | None:
        """Carry out a line; None for an empty one."""
        raised = self._cards.catch_up()
        try:
            if self._rewards.scanned(line):
                return with_raised(self._rewards.take(line.strip()), raised)
            understood = read_line(line)
            if understood is None:
                return None
            if isinstance(understood, Entry):
                reply = self._ring_up(understood)
            else:
                reply = self._handlers[understood.command.name](understood)
        except PosError as error:
            reply = refused(self.language, error.key, self.language.error(error), error.params)
        return with_raised(reply, raised)

    # --- the sale --------------------------------------------------------------------------------

    def _ring_up(self, entry: Entry) -> Reply:
        position, price = entry.position, entry.unit_price
        if position is not None and price is None:
            ring_up.by_quick_key(self.desk, position, entry.quantity).wait()
        else:
            ring_up.by_code(self.desk, entry.code, entry.quantity, unit_price=price).wait()
        return sale_reply(self.desk, self.language)

    def _return(self, call: Call) -> Reply:
        entry = read_entry(call.words[0])
        if entry.unit_price is not None:
            raise BadCommand(text=call.words[0])
        ring_up.return_item(self.desk, entry.code, entry.quantity).wait()
        return sale_reply(self.desk, self.language)

    def _find(self, call: Call) -> Reply:
        return products_reply(find.find(self.desk, call.rest), self.language)

    def _void(self, call: Call) -> Reply:
        change_sale.void_line(self.desk, _number(call.words[0])).wait()
        return sale_reply(self.desk, self.language, self.language.say("plain.voided"))

    def _discount(self, call: Call) -> Reply:
        text = call.words[0]
        discount = (
            Discount(rate=parse_percent(text))
            if text.endswith("%")
            else Discount(amount=parse_amount(text))
        )
        line = _number(call.words[1]) if len(call.words) > 1 else None
        change_sale.give_discount(self.desk, discount, line).wait()
        return sale_reply(self.desk, self.language, self.language.say("plain.discounted"))

    def _cancel(self, _: Call) -> Reply:
        back = cancel_sale.cancel_sale(self.desk).wait()
        text = self.language.say("plain.cancelled")
        if back:
            text += "\n" + self.language.say("plain.hand_back", amount=self.language.money(back))
        return Reply(text, {"handed_back": back})

    def _park(self, call: Call) -> Reply:
        sale = park.park(self.desk, call.rest).wait()
        return Reply(
            self.language.say("plain.parked", name=sale.parked_as), {"parked_as": sale.parked_as}
        )

    def _recall(self, call: Call) -> Reply:
        park.recall(self.desk, call.rest).wait()
        return show_reply(self.desk, self.language)

    def _refund(self, call: Call) -> Reply:
        wanted = tuple(_wanted(word) for word in call.words[1:])
        refund.refund(self.desk, ticket_number(self.desk, call.words[0]), wanted).wait()
        return sale_reply(self.desk, self.language)

    # --- payment ---------------------------------------------------------------------------------

    def _cash(self, call: Call) -> Reply:
        return self._take("cash", call.words)

    def _tender(self, call: Call) -> Reply:
        name, amount = call.rest, ""
        if len(call.words) > 1 and call.words[-1][:1].isdigit():
            name, amount = " ".join(call.words[:-1]), call.words[-1]
        means = self.desk.tender(name)
        if means.kind is CARD.kind or means.by_terminal:
            return self._cards.pay((amount,) if amount else (), means.name)
        return self._take(name, (amount,) if amount else ())

    def _take(self, name: str, amount: tuple[str, ...]) -> Reply:
        given = parse_amount(amount[0]) if amount else None
        unheard_phone.ask_once(self.desk, given)
        return self._paid(take_payment.take_tender(self.desk, name, given).wait())

    def _settle(self, _: Call) -> Reply:
        unheard_phone.ask_once(self.desk, None)
        return self._paid(take_payment.settle_even(self.desk).wait())

    def _paid(self, settled: Settled | None) -> Reply:
        if settled is None:
            return sale_reply(self.desk, self.language, self.language.say("plain.taken"))
        return settled_reply(settled, self.language)

    # --- paper -----------------------------------------------------------------------------------

    def _receipt(self, call: Call) -> Reply:
        number = ticket_number(self.desk, call.words[0]) if call.words else None
        printed = print_receipt.print_receipt(self.desk, number).wait()
        text = as_text(printed.document, PAPER_COLUMNS)
        if printed.on_paper:
            text += "\n" + self.language.say("plain.printing")
        return Reply(text, {"copy": printed.copy, "on_paper": printed.on_paper, "paper": text})

    def _jobs(self, _: Call) -> Reply:
        jobs = print_jobs.waiting(self.desk)
        lines = [
            self.language.say(
                f"plain.job.{job.state}",
                job=job.id[:8],
                title=job.title,
                reason=self.language.device(job.reason),
            ).rstrip()
            for job in jobs
        ]
        data = [
            {"id": j.id, "title": j.title, "state": str(j.state), "reason": j.reason} for j in jobs
        ]
        return Reply("\n".join(lines) or self.language.say("plain.no_jobs"), {"jobs": data})

    def _job(self, call: Call) -> Reply:
        answers = {"printed": True, "imprime": True, "lost": False, "perdu": False}
        answer = fold(call.words[1])
        if answer not in answers:
            raise BadCommand(text="job JOB printed | lost")
        job = print_jobs.answer(self.desk, call.words[0], came_out=answers[answer]).wait()
        return Reply(self.language.say("plain.job_answered", title=job.title))

    # --- the day ---------------------------------------------------------------------------------

    def _login(self, call: Call) -> Reply:
        staff = sign_on.sign_on(self.desk, *call.words).wait()
        key = "plain.signed_on_training" if staff.role == "trainee" else "plain.signed_on"
        return Reply(
            self.language.say(key, name=staff.name),
            {"operator": staff.code, "role": str(staff.role)},
        )

    def _lock(self, _: Call) -> Reply:
        sign_on.lock(self.desk).wait()
        return Reply(self.language.say("plain.locked"))

    def _approve(self, call: Call) -> Reply:
        sign_on.approve(self.desk, *call.words).wait()
        return Reply(self.language.say("plain.approved"))

    def _float(self, call: Call) -> Reply:
        amount = parse_amount(call.words[0])
        opened = session.declare_float(self.desk, amount).wait()
        text = self.language.say(
            "plain.float", session=opened.number, amount=self.language.money(amount)
        )
        return Reply(text, {"session": opened.number, "day": opened.day, "float": amount})

    def _paid_in(self, call: Call) -> Reply:
        amount = parse_amount(call.words[0])
        move_cash.paid_in(self.desk, amount, " ".join(call.words[1:])).wait()
        return self._moved(amount)

    def _paid_out(self, call: Call) -> Reply:
        amount = parse_amount(call.words[0])
        move_cash.paid_out(self.desk, amount, " ".join(call.words[1:])).wait()
        return self._moved(-amount)

    def _pickup(self, call: Call) -> Reply:
        amount = parse_amount(call.words[0])
        move_cash.pickup(self.desk, amount, " ".join(call.words[1:])).wait()
        return self._moved(-amount)

    def _moved(self, amount: int) -> Reply:
        text = self.language.say("plain.moved", amount=self.language.money(amount))
        return Reply(text, {"amount": amount})

    def _no_sale(self, call: Call) -> Reply:
        move_cash.no_sale(self.desk, call.rest).wait()
        return Reply(self.language.say("plain.drawer"))

    def _x(self, _: Call) -> Reply:
        totals, document = close_session.read_x(self.desk)
        return Reply(as_text(document, PAPER_COLUMNS), {"x": closing_data(totals)})

    def _z(self, call: Call) -> Reply:
        counted = parse_amount(call.words[0]) if call.words else None
        try:
            closed = close_session.close(self.desk, counted, seen=self._seen).wait()
        except CardsUnresolved:
            # Shown now: the same command closes all the same.
            self._seen = frozenset(x.reference for x in self.desk.attempts)
            shown = "\n".join(attempt_lines(self.desk, self.language))
            raise_hint = self.language.say("plain.z_anyway")
            return Reply(f"{shown}\n{raise_hint}", {"unresolved": sorted(self._seen)}, ok=False)
        data = {"number": closed.entry.payload.number, **closing_data(closed.closing)}
        return Reply(as_text(closed.document, PAPER_COLUMNS), {"z": data})

    # --- the front itself ------------------------------------------------------------------------

    def _show(self, _: Call) -> Reply:
        return show_reply(self.desk, self.language)

    def _help(self, call: Call) -> Reply:
        wanted: tuple[Command, ...] = COMMANDS
        if call.words:
            command = find_command(call.words[0])
            if command is None:
                raise BadCommand(text=call.words[0])
            wanted = (command,)
        lines = [
            f"{'|'.join((c.name, *c.words))} {c.usage}".rstrip()
            + f" : {self.language.say(f'plain.help.{c.name}')}"
            for c in wanted
        ]
        if not call.words:
            lines.insert(0, self.language.say("plain.help.entry"))
        return Reply("\n".join(lines), {"commands": [c.name for c in wanted]})

    def _quit(self, _: Call) -> Reply:
        return Reply(self.language.say("plain.bye"), last=True)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadCommand(text=text)
    return int(text)


def _wanted(word: str) -> refund.Wanted:
    line, _, quantity = word.partition(":")
    return refund.Wanted(_number(line), parse_quantity(quantity) if quantity else None)
