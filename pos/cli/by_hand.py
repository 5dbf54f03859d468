"""A simulated terminal played by hand: it shows what is asked, and a line of text answers."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

import click

from drivers.simulators.card.director import ScriptError, Table
from drivers.simulators.card.ledger import Asked, Entry
from drivers.simulators.card.plug import Pluggable, cut_power, replug, unplug
from drivers.simulators.line import Server
from pos.cli.common import environment_language, say

LOOK_EVERY_S: Final = 0.1
LINES_WAITING_MAX: Final = 64
SCENARIO: Final = "scenario"  # for a name that is a verb too


class Hands:
    """Whoever sits at the simulated terminal: the customer, and the hand on its cables."""

    def __init__(self, machine: Pluggable, table: Table[Any], server: Server) -> None:
        self._machine = machine
        self._terminal = machine.terminal
        self._table = table
        self._server = server
        self._asked: Asked | None = None
        self._told = len(self._terminal.ledger.entries)
        self._lines: queue.Queue[str | None] = queue.Queue(LINES_WAITING_MAX)
        self._verbs: dict[str, Callable[[], None]] = {
            "unplug": self._unplug,
            "replug": self._replug,
            "power": self._cut_power,
            "ledger": self._show_ledger,
            "?": self._help,
        }

    def play(self) -> None:
        """Show what happens and do what is typed, until there is nothing more to read."""
        threading.Thread(target=self._read, name="keyboard", daemon=True).start()
        self._help()
        while True:
            self._look()
            try:
                line = self._lines.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                continue
            if line is None:
                return
            self._look()
            self._do(line.split())

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.put(line)
        self._lines.put(None)

    # What is typed.

    def _do(self, words: list[str]) -> None:
        match words:
            case []:
                pass
            case [verb] if verb in self._verbs:
                self._verbs[verb]()
            case [name] | ["scenario", name] if name in self._table:
                self._choose(name)
            case _:
                click.echo(say("cli.simulate.what", text=" ".join(words)))

    def _choose(self, name: str) -> None:
        """Answer the customer's way, or keep it for the next request where nobody waits."""
        try:
            self._server.act(lambda: self._terminal.choose(name))
        except ScriptError as error:
            click.echo(error)
        except LookupError:
            self._server.act(lambda: self._terminal.director.insert(self._table[name]))
            click.echo(say("cli.simulate.next", name=name))

    def _unplug(self) -> None:
        unplug(self._machine, self._server)
        click.echo(say("cli.simulate.unplugged"))

    def _replug(self) -> None:
        replug(self._machine, self._server)
        click.echo(say("cli.simulate.replugged"))

    def _cut_power(self) -> None:
        cut_power(self._machine, self._server)
        click.echo(say("cli.simulate.power_cut"))

    def _help(self) -> None:
        click.echo(say("cli.simulate.by_hand", names=", ".join(self._table)))

    # What is shown.

    def _look(self) -> None:
        """Tell what is new: how a request ended, and who waits."""
        ledger = self._terminal.ledger
        asked, ended = self._server.act(
            lambda: (self._terminal.waiting, ledger.entries[self._told :])
        )
        for entry in ended:
            self._tell(entry)
        self._told += len(ended)
        if asked is not self._asked and asked is not None:
            click.echo(
                say(
                    "cli.simulate.asked",
                    amount=environment_language().money(asked.amount_cents),
                    kind=_kind(asked.kind),
                    reference=asked.reference or "-",
                )
            )
        self._asked = asked

    def _show_ledger(self) -> None:
        ledger = self._terminal.ledger
        entries, acknowledged, total_cents = self._server.act(
            lambda: (list(ledger.entries), set(ledger.acknowledged), ledger.charged_cents)
        )
        for entry in entries:
            self._tell(entry, acknowledged=entry.number in acknowledged)
        click.echo(say("cli.simulate.total", amount=environment_language().money(total_cents)))

    def _tell(self, entry: Entry, *, acknowledged: bool = False) -> None:
        money = environment_language().money
        click.echo(
            say(
                "cli.simulate.ended",
                number=entry.number,
                kind=_kind(entry.kind),
                asked=money(entry.asked_cents),
                charged=money(entry.charged_cents),
                reference=entry.reference or "-",
                scenario=entry.scenario,
                acknowledged=say("cli.simulate.acknowledged") if acknowledged else "",
            )
        )


def _kind(kind: str) -> str:
    sentences = {
        "payment": say("cli.simulate.payment"),
        "refund": say("cli.simulate.refund"),
        "cancellation": say("cli.simulate.cancellation"),
    }
    return sentences.get(kind, kind)
