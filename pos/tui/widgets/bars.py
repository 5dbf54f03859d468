"""The two bars that every screen keeps: who and where on top, how everything is at the bottom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from pos.app.campaign_ports import CampaignLink
from pos.app.ports import DeviceHealth, DeviceState
from pos.app.views import StatusView
from pos.domain.money import Cents
from pos.domain.ticket import Shop
from pos.tui.text import Row, clean, ends, fit, wide
from pos.tui.widgets.rows import Rows
from pos.tui.words import state_of

_SIGNS = {"bar_good": "●", "bar_warn": "▲", "bar_bad": "■", "bar": "·"}
_STYLES = {
    DeviceState.ONLINE: "bar_good",
    DeviceState.UNKNOWN: "bar_warn",
    DeviceState.OFFLINE: "bar_bad",
    DeviceState.FAULT: "bar_bad",
    DeviceState.MISSING: "bar",
}


_WORSE = (
    DeviceState.MISSING,
    DeviceState.ONLINE,
    DeviceState.UNKNOWN,
    DeviceState.OFFLINE,
    DeviceState.FAULT,
)
NAME_WIDTH_MAX = 12


class Bar(Rows):
    """A bar that the application keeps up to date while it is on a screen."""

    def show(self, status: StatusView | None, due: Cents, now: datetime) -> None:
        """Show this state."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Be kept up to date."""
        self.till.bars.append(self)
        self.till.show_bars()

    def on_unmount(self) -> None:
        """Be left alone."""
        self.till.bars.remove(self)


class Header(Bar):
    """The shop, the till, training, the session, who works, the clock."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self._shop = shop
        self._status: StatusView | None = None
        self._operator_name = ""
        self._clock = ""

    def show(self, status: StatusView | None, due: Cents, now: datetime) -> None:  # noqa: ARG002  # the other bar's
        """Show this state and time."""
        clock, operator = self.language.time(now.isoformat()), self.till.desk.operator
        name = operator.name if operator and status and operator.code == status.operator else ""
        if (status, name, clock) != (self._status, self._operator_name, self._clock):
            self._status, self._operator_name, self._clock = status, name, clock
            self.redraw()

    def draw(self, width: int, height: int) -> list[Row]:  # noqa: ARG002  # one row
        """The one row."""
        say, status = self.language.say, self._status
        till = say("tui.header.till", till=self._shop.till)
        left: Row = [(" COMPTOIR ", "brand")]
        if status and status.training:
            left.append((f" {say('tui.training.mark')} ", "training"))
        left.append((f" {clean(self._shop.name)}", "header"))
        if width >= 70:
            left.append((f" · {till}", "header"))
        session = []
        if status and status.session and width >= 90:
            session.append(say("tui.header.session", number=status.session))
        right: Row = []
        for operator in self._operator(width):
            parts = [*session, *([operator] if operator else []), self._clock]
            right = [(" " + " │ ".join(parts) + " ", "header")]
            if wide(left) + wide(right) <= width:
                break
        return [ends(left, right, width, "header")]

    def _operator(self, width: int) -> list[str]:
        """Who works, the longest form first."""
        status, name = self._status, clean(self._operator_name)
        if status is None or not status.operator:
            return [""]
        code = clean(status.operator)
        role = self.language.say(f"tui.role.{status.role}")
        named = [f"{code} {name} ({role})", f"{code} {name}"] if name else []
        short = [f"{code} ({role})"] if width >= 90 else []
        return [*named, *short, code]


class StatusBar(Bar):
    """Due, printer, terminal, campaigns, parked sales: in words, with a sign."""

    def __init__(self) -> None:
        super().__init__()
        self._status: StatusView | None = None
        self._due: Cents = 0
        self._now: datetime | None = None

    def show(self, status: StatusView | None, due: Cents, now: datetime) -> None:
        """Show this state."""
        minute = now.replace(second=0, microsecond=0)
        if (status, due, minute) != (self._status, self._due, self._now):
            self._status, self._due, self._now = status, due, minute
            self.redraw()

    def draw(self, width: int, height: int) -> list[Row]:  # noqa: ARG002  # one row
        """The longest form that fits."""
        row: Row = []
        for form in ("long", "short", "tiny"):
            row = self._row(form)
            if wide(row) <= width:
                break
        return [ends(row, [], width, "bar")]

    def _row(self, form: str) -> Row:
        say, status = self.language.say, self._status
        due = say("tui.status.due", amount=self.language.money(self._due))
        parts: list[Row] = [[(f" {due}", "bar_strong")]]
        if status:
            if status.training:
                parts.append([(say("tui.training.mark"), "training")])
            parts.append(self._device("printer", status.printer, form, self._jobs(status)))
            parts.append(self._terminals(status.terminals, form))
            parts.append(self._link(status.link, form))
            if status.parked:
                parts.append(
                    [(say(f"tui.status.parked.{form}", count=status.parked), "bar_strong")]
                )
        row: Row = []
        for part in parts:
            row += [*([(" │ ", "bar")] if row else []), *part]
        return row

    def _terminals(self, terminals: Mapping[str, DeviceHealth], form: str) -> Row:
        """The one terminal; of several the one that is worst, by its name."""
        if len(terminals) < 2:
            health = next(iter(terminals.values()), DeviceHealth(DeviceState.MISSING))
            return self._device("terminal", health, form)
        name, health = max(terminals.items(), key=lambda found: _WORSE.index(found[1].state))
        if health.state is DeviceState.ONLINE:
            ready = self.language.say("tui.device.terminals", count=len(terminals))
            label = self.language.say(f"tui.status.terminals.{form}")
            return [(f"{_SIGNS['bar_good']} ", "bar_good"), (f"{label} {ready}", "bar_good")]
        return self._device("terminal", health, form, whose=name)

    def _device(
        self, name: str, health: DeviceHealth, form: str, more: str = "", *, whose: str = ""
    ) -> Row:
        style = "bar_warn" if more and health.state is DeviceState.ONLINE else _STYLES[health.state]
        state = self.language.say(f"tui.device.{name}.{health.state}")
        if health.reason and health.state in {DeviceState.OFFLINE, DeviceState.FAULT}:
            state = clean(state_of(self.language.device(health.reason)))
        label = self.language.say(f"tui.status.{name}.{form}")
        if whose:
            known = clean(whose)
            label += f" {known if len(known) <= NAME_WIDTH_MAX else fit(known, NAME_WIDTH_MAX)}"
        return [(f"{_SIGNS[style]} ", style), (f"{label} ", "bar"), (f"{state}{more}", style)]

    def _jobs(self, status: StatusView) -> str:
        say: Callable[..., str] = self.language.say
        waiting = say("tui.status.jobs", count=status.jobs_waiting) if status.jobs_waiting else ""
        doubt = say("tui.status.doubt", count=status.jobs_in_doubt) if status.jobs_in_doubt else ""
        return "".join(f", {part}" for part in (waiting, doubt) if part)

    def _link(self, link: CampaignLink, form: str) -> Row:
        say = self.language.say
        label = say(f"tui.status.campaigns.{form}")
        if not link.campaigns:
            return [("· ", "bar"), (f"{label} {say('tui.status.none')}", "bar")]
        style, state = "bar_good", say("tui.status.synced")
        if link.waiting:
            age = self._age(link.oldest_at)
            state = say(f"tui.status.waiting.{form}", count=link.waiting, age=age)
            style = "bar_warn"
        if link.trouble:
            trouble = clean(state_of(self.language.device(link.trouble)))
            # Nobody knows to be up to date while something is in the way.
            state, style = f"{state}, {trouble}" if link.waiting else trouble, "bar_bad"
        return [(f"{_SIGNS[style]} ", style), (f"{label} ", "bar"), (state, style)]

    def _age(self, oldest_at: str | None) -> str:
        """How long the oldest sale has been waiting, in the largest unit that says enough."""
        if not oldest_at or self._now is None:
            return "?"
        seconds = (self._now - datetime.fromisoformat(oldest_at)).total_seconds()
        minutes = max(int(seconds // 60), 0)
        if minutes < 60:
            return f"{minutes} min"
        if minutes < 48 * 60:
            return f"{minutes // 60} h {minutes % 60:02}"
        return self.language.say("tui.status.days", count=minutes // (24 * 60))
