"""The application: keys and scans in, card news in, screens out. It holds no state of a sale."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import TypeVar

from textual import events
from textual.app import App
from textual.message import Message
from textual.screen import ModalScreen

from pos.adapters.scanner import Misread, WedgeScanner
from pos.app.desk import CardNews, Desk, News, TotalsNews
from pos.app.ports import DeviceHealth, DeviceState, Role
from pos.app.sign_on import approve
from pos.app.views import StatusView, attempts_view, last_view, offers_view, sale_view, status_view
from pos.domain.errors import CardUnresolved, NeedsManager, PosError, UnknownAttempt
from pos.i18n import Language
from pos.tui import keys, palette
from pos.tui.about import About
from pos.tui.acts import Acts, Place, Start
from pos.tui.by_hand import ByHand
from pos.tui.card_day import CardDay
from pos.tui.cards import Cards
from pos.tui.instead import Instead
from pos.tui.jobs import Jobs
from pos.tui.messages import NewsArrived, ScanArrived
from pos.tui.modals.credentials import Credentials
from pos.tui.modals.question import Question
from pos.tui.payments import Payments
from pos.tui.resolving import Resolving
from pos.tui.rewards import Rewards
from pos.tui.ringing import Ringing
from pos.tui.sale_screen import SaleScreen
from pos.tui.strokes import Scanner, Stroke, Strokes
from pos.tui.widgets.bars import Bar
from pos.tui.widgets.totals import Shown

T = TypeVar("T")
STATUS_SECONDS = 1.0
log = logging.getLogger(__name__)
_place: ContextVar[Place | None] = ContextVar("place", default=None)  # of the act under way


class _Due(Message):
    """Characters held back may have to be let go; comes after the keys that were queued."""


class TillApp(App[None]):
    """One desk on one terminal."""

    CSS_PATH = "till.tcss"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  # Textual declares it without ClassVar
        (0, "-narrow"),
        (80, "-floor"),
        (100, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (28, "-tall")]  # noqa: RUF012  # likewise

    def __init__(
        self,
        desk: Desk,
        language: Language,
        keymap: Mapping[str, str] | None = None,
        *,
        scanner: Scanner | None = None,
        notice: str = "",
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__()
        self.desk = desk
        self.language = language
        self.keys = dict(keymap or {})
        self.acts = Acts(desk)
        self.payments = Payments(self)
        self.about = About(self)
        self.cards = Cards(self)
        self.by_hand = ByHand(self)
        self.instead = Instead(self)
        self.resolving = Resolving(self)
        self.card_day = CardDay(self)
        self.rewards = Rewards(self)
        self.jobs = Jobs(self)
        self.ringing = Ringing(self)
        self.status: StatusView | None = None
        self.bars: list[Bar] = []
        self.sale_screen = SaleScreen()
        self._strokes = Strokes(scanner or WedgeScanner())
        self._due: asyncio.TimerHandle | None = None
        self._reading = ThreadPoolExecutor(1, "status")
        self._polling = False
        self._asking = 0
        self._told: dict[str, str] = {}  # what is wrong with each device, as it was last told
        self.notice = notice
        theme, self.palette = palette.choose(environment)
        self.register_theme(theme)
        self.theme = theme.name
        self.animation_level = "none"

    # --- life ------------------------------------------------------------------------------------

    async def on_mount(self) -> None:
        """Show the desk as it was left, then ask who is there."""
        self.set_keymap(self.keys)
        await self.push_screen(self.sale_screen)
        self.set_interval(STATUS_SECONDS, self.poll)
        self.act(self.jobs.open_till)
        await self.poll()

    def on_unmount(self) -> None:
        """Let the status reader go."""
        self._reading.shutdown(wait=True, cancel_futures=True)

    async def action_quit(self) -> None:
        """Leave the till only when that was meant."""
        self.act(self.jobs.quit)

    def action_help_quit(self) -> None:
        """Ctrl+C asks the same question."""
        self.act(self.jobs.quit)

    def news(self, news: News) -> None:
        """Take what a device thread recorded; called from that thread."""
        self.post_message(NewsArrived(news))

    # --- keys and scans --------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Sort key strokes before any widget sees them."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._pass_on(self._strokes.key(event))
        elif isinstance(event, events.Paste) and not event.is_forwarded:
            await self._pass_on(self._strokes.paste(event.text))
        else:
            await super().on_event(event)

    async def _pass_on(self, strokes: list[Stroke]) -> None:
        for stroke in strokes:
            if isinstance(stroke, events.Key):
                await super().on_event(stroke)
            else:
                # On the way of the keys before it: a scan must not overtake the key that pays.
                (self.focused or self.screen).post_message(ScanArrived(stroke))
        due_s = self._strokes.due_s
        if due_s is not None and self._due is None:
            delay_s = max(due_s - time.monotonic(), 0.0) + 0.001
            self._due = asyncio.get_running_loop().call_later(delay_s, self._fall_due)

    def _fall_due(self) -> None:
        self._due = None
        self.post_message(_Due())

    async def on__due(self, event: _Due) -> None:
        """Let go what was typed and not scanned."""
        event.stop()
        await self._pass_on(self._strokes.tick(time.monotonic()))

    def on_scan_arrived(self, event: ScanArrived) -> None:
        """Give a scan to the screen that is open now, or refuse it."""
        event.stop()
        scan, screen = event.scan, self.screen
        if isinstance(scan, Misread):
            self.fail(self.language.say("tui.scan.misread", code=scan.code))
        elif screen is self.sale_screen:
            self.ringing.scanned(scan)
        elif isinstance(screen, Question) and screen.takes_scans:
            screen.scanned(scan.code)
        else:
            self.fail(self.language.say("tui.scan.refused"))

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way: no key held back, no act, no question on its way in."""
        open_questions = sum(isinstance(screen, Question) for screen in self.screen_stack)
        working = any(w.group == "acts" and not w.is_finished for w in self.workers)
        return (
            self._due is None
            and self._asking == open_questions
            and self.screen.is_mounted
            and (self._asking > 0 or not working)
        )

    # --- acts ------------------------------------------------------------------------------------

    def act(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something that may ask questions and wait for the disk."""
        place = self.acts.take_place()
        self.run_worker(self._guarded(work, place), group="acts", exit_on_error=False)

    async def _guarded(self, work: Callable[[], Awaitable[None]], place: Place) -> None:
        _place.set(place)
        try:
            await self._led(work)
        except PosError as error:
            self.report(error)
        except Exception:  # one act's bug must not close a shop: it is logged and told
            log.exception("an act failed")
            self.fail(self.language.say("tui.message.internal"))
        finally:
            self.acts.leave(place)
        self.redraw()

    async def _led(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something; who is refused because of an unknown card is led to it."""
        try:
            await work()
        except CardUnresolved as error:
            self.report(error)
            await self.cards.look(str(error.params.get("attempt", "")))

    async def record(self, start: Start[T]) -> T:
        """Do an act durably; where only a manager may, let one approve it and do it then."""
        try:
            return await self.acts.record(start, _place.get())
        except NeedsManager as error:
            if not await self.ask_manager(error):
                raise
        finally:
            self.redraw()
        try:
            return await self.acts.record(start)
        finally:
            self.desk.approved = None  # it was for this act, whatever became of it

    async def allowed(self, act: Callable[[], None]) -> None:
        """Do an act that records nothing here, with a manager's approval where it takes one."""
        try:
            act()
        except NeedsManager as error:
            if not await self.ask_manager(error):
                raise
        else:
            return
        act()

    async def ask_manager(self, error: NeedsManager) -> bool:
        """Whether a manager approved the act that was refused."""
        operator = self.desk.operator
        if operator is None or operator.role is Role.TRAINEE:
            return False
        act = self.act_name(error.params.get("act"))

        async def check(code: str, pin: str) -> None:
            await self.acts.record(lambda: approve(self.desk, code, pin))

        intro = self.language.say("tui.manager.intro", act=act)
        title = self.language.say("tui.manager.title")
        question = Credentials(title, check, intro=intro)
        approved = await self.ask(question)
        return bool(approved)

    def act_name(self, act: object) -> str:
        """What an act is called."""
        key = f"tui.act.{act}"
        return self.language.say(key) if key in self.language.keys else str(act)

    async def ask(self, question: ModalScreen[T | None]) -> T | None:
        """The answer to a question; None when it was left."""
        self._asking += 1
        place = _place.get()
        if place:
            self.acts.leave(place)
        try:
            return await self.push_screen_wait(question)
        finally:
            self._asking -= 1

    async def catch_up(self, news: CardNews) -> None:
        """Let the desk take news of a card, in its turn."""
        await self.acts.catch_up(news, _place.get())
        self.redraw()

    async def on_news_arrived(self, event: NewsArrived) -> None:
        """Bring the desk up to date, and lead the cashier where the truth is unknown."""
        event.stop()
        news = event.news
        if isinstance(news, TotalsNews):
            self.act(lambda: self.card_day.totals_arrived(news))
        else:
            self.act(lambda: self.cards.arrived(news))

    # --- what is shown ---------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Tell what was done."""
        self.sale_screen.message.say(text)

    def fail(self, text: str) -> None:
        """Tell what was refused, where the cashier looks, and beep."""
        screen = self.screen
        if isinstance(screen, Question):
            screen.refuse(text)
        else:
            self.sale_screen.message.error(text)
        self.bell()

    def alert(self, text: str) -> None:
        """Tell what must not be overlooked, and beep."""
        self.sale_screen.message.alert(text)
        self.bell()

    def report(self, error: PosError) -> None:
        """Tell what an error means and what to do."""
        if isinstance(error, CardUnresolved):
            amount = error.params.get("amount", 0)
            shown = self.language.money(amount) if isinstance(amount, int) else ""
            self.fail(self.language.say("tui.card.unresolved", amount=shown))
        elif isinstance(error, UnknownAttempt):
            self.cards.settled_before(str(error.params.get("attempt", "")))
        elif isinstance(error, NeedsManager):
            act = self.act_name(error.params.get("act"))
            self.fail(self.language.say("tui.manager.needed", act=act))
        else:
            self.fail(self.language.error(error))

    def redraw(self) -> None:
        """Draw the sale, the totals and the bars from the desk."""
        desk = self.desk
        operator = desk.operator
        training = bool(desk.sale and desk.sale.training) or bool(
            operator and operator.role is Role.TRAINEE
        )
        sale = sale_view(desk)
        attempts, then = attempts_view(desk), self.instead.label
        shown = Shown(sale, attempts, last_view(desk), training, then, offers_view(desk))
        self.sale_screen.show(shown)
        self.show_bars()

    async def poll(self) -> None:
        """Read the state of everything around the sale, off this thread, and show what changed."""
        if self._polling:
            return
        self._polling = True
        try:
            loop = asyncio.get_running_loop()
            self.status = await loop.run_in_executor(self._reading, status_view, self.desk)
            await self._follow_cards(loop)
        except Exception:  # a bar that cannot be read is not a reason to stop selling
            log.exception("the status cannot be read")
        finally:
            self._polling = False
        self.show_bars()
        if self.status:
            self._tell("printer", self.status.printer)
            terminals = self.status.terminals
            for name, health in terminals.items():
                self._tell(f"terminal {name}", health, name if len(terminals) > 1 else "")

    def _tell(self, name: str, health: DeviceHealth, whose: str = "") -> None:
        """Say once, in full, what is wrong with a device; the bar has room for its state only."""
        reason = health.reason if health.state in {DeviceState.OFFLINE, DeviceState.FAULT} else ""
        if not reason:
            self._told.pop(name, None)
        elif self._told.get(name) != reason and self._may_tell:
            self._told[name] = reason
            told = self.language.device(reason)
            self.alert(f"{whose} : {told}" if whose else told)

    @property
    def _may_tell(self) -> bool:
        """Whether news would be seen, and push nothing away that must be."""
        return self.screen is self.sale_screen and not self.sale_screen.message.is_trouble

    async def _follow_cards(self, loop: asyncio.AbstractEventLoop) -> None:
        """Show how far a running card attempt is; its end comes as news."""
        before = self.desk.attempts
        if not before or self.acts.busy:
            return
        self.redraw()  # what its terminal shows is not on disk
        now = await loop.run_in_executor(self._reading, self.desk.ports.ledger.open_attempts)
        same = [x.reference for x in now] == [x.reference for x in before]
        if same and now != before and self.desk.attempts is before:
            self.desk.attempts = now
            self.redraw()

    def show_bars(self) -> None:
        """Draw the two bars of every screen."""
        due, now = self.sale_screen.shown.sale.due, self.desk.ports.clock()
        for bar in self.bars:
            bar.show(self.status, due, now)

    def key_hints(self, *names: str) -> str:
        """`F1 : aide · F10 : menu`."""
        say = self.language.say
        hints = (
            say("tui.hint", press=self.key_label(name), label=say(f"tui.hint_of.{name}"))
            for name in names
        )
        return " · ".join(hints)

    def key_label(self, name: str) -> str:
        """The key of an action as it is written on the screen."""
        return keys.key_of(name, self.keys, self.language)
