"""`comptoir simulate`: the other end of each device's line, to plug a till into."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import click

from drivers.simulators.card.director import Director, ScriptError, Table
from drivers.simulators.card.ledger import Ledger
from drivers.simulators.card.plug import Pluggable
from drivers.simulators.card.protocols import SIMULATORS, make, scenarios
from drivers.simulators.card.terminal import Options
from drivers.simulators.line import Server, serve_pty, serve_tcp
from drivers.simulators.printer import fault_names, run_printer
from pos.cli.by_hand import Hands
from pos.cli.common import Context, note, refuse, say, use_utf8, with_folder
from pos.cli.signals import until_stopped

PORT_MAX: Final = 65535
PTY_BAUD: Final = 9600


@click.group(help=say("cli.help.simulate"))
def simulate() -> None:
    """The other end of each device's line."""


def _listening(pty: bool, tcp: str | None) -> str:
    if pty == (tcp is not None):
        raise click.UsageError(say("cli.simulate.one_line"))
    if tcp is None:
        return "pty"
    host, _, port = tcp.rpartition(":")
    if not host or not port.isdecimal() or int(port) > PORT_MAX:
        raise click.UsageError(say("cli.simulate.bad_tcp", text=tcp))
    return tcp


@simulate.command(help=say("cli.help.simulate_printer"))
@click.option("--pty", is_flag=True, help=say("cli.option.pty"))
@click.option("--tcp", metavar="HOST:PORT", help=say("cli.option.tcp"))
@click.option("--baud", type=click.IntRange(300, 921_600), default=9600, show_default=True)
@click.option("--paper", type=click.Path(path_type=Path), help=say("cli.option.paper"))
@click.option("--fault", "faults", multiple=True, type=click.Choice(fault_names()))
@with_folder
def printer(
    context: Context,
    pty: bool,
    tcp: str | None,
    baud: int,
    paper: Path | None,
    faults: tuple[str, ...],
) -> None:
    """Be an ESC/POS printer."""
    del context  # a printer has no folder of a till: --paper says where the receipts go
    listen = _listening(pty, tcp)
    until_stopped(
        lambda: run_printer(
            listen=listen,
            announce=_ready,
            stop=threading.Event(),
            folder=paper,
            faults=faults,
            baud=baud,
            warn=note,
        )
    )


@simulate.command(help=say("cli.help.simulate_terminal"))
@click.option("--pty", is_flag=True, help=say("cli.option.pty"))
@click.option("--tcp", metavar="HOST:PORT", help=say("cli.option.tcp"))
@click.option("--baud", type=click.IntRange(300, 921_600), help=say("cli.option.terminal_baud"))
@click.option(
    "--protocol", type=click.Choice(tuple(SIMULATORS)), default="concert", show_default=True
)
@click.option("--list", "lists", is_flag=True, help=say("cli.option.scenarios"))
@click.option("--scenario", default="approve", show_default=True, help=say("cli.option.scenario"))
@click.option("--by-amount", is_flag=True, help=say("cli.option.by_amount"))
@click.option("--script", type=click.Path(path_type=Path), help=say("cli.option.script"))
@click.option("--by-hand", is_flag=True, help=say("cli.option.by_hand"))
@click.option(
    "--customer-s",
    type=click.FloatRange(0, 3600),
    default=2.0,
    show_default=True,
    help=say("cli.option.customer_s"),
)
@click.option("--ledger", type=click.Path(path_type=Path), help=say("cli.option.ledger"))
@with_folder
def terminal(
    context: Context,
    pty: bool,
    tcp: str | None,
    baud: int | None,
    protocol: str,
    lists: bool,
    scenario: str,
    by_amount: bool,
    script: Path | None,
    by_hand: bool,
    customer_s: float,
    ledger: Path | None,
) -> None:
    """Be a card terminal."""
    del context  # a terminal has no folder of a till
    use_utf8()
    table = scenarios(protocol)
    if lists:
        _list(table)
        return
    listen = _listening(pty, tcp)
    machine = Pluggable(
        make(
            protocol,
            Options(customer_s=customer_s, by_hand=by_hand),
            director=_director(table, scenario, script, by_amount=by_amount),
            ledger=_ledger(ledger),
            serial=pty,
        )
    )
    until_stopped(lambda: _serve(machine, listen, baud, _hands(machine, table, by_hand=by_hand)))


def _list(table: Table[Any]) -> None:
    width = max(len(name) for name in table)
    for one in table.values():
        cents = "   " if one.cents is None else f",{one.cents:02d}"
        click.echo(f"{cents}  {one.name:{width}}  {one.says}")


def _director(
    table: Table[Any], scenario: str, script: Path | None, *, by_amount: bool
) -> Director[Any]:
    if scenario not in table:
        names = ", ".join(table)
        raise click.UsageError(say("cli.simulate.no_scenario", text=scenario, names=names))
    try:
        steps = table.load(script) if script else ()
    except ScriptError as error:
        refuse(str(error))
    return Director(table, table[scenario], script=steps, by_amount=by_amount)


def _ledger(path: Path | None) -> Ledger:
    try:
        return Ledger(path, fsync=True)
    except ValueError as error:
        refuse(str(error))


def _hands(machine: Pluggable, table: Table[Any], *, by_hand: bool) -> Callable[[Server], object]:
    if not by_hand:
        return lambda _server: threading.Event().wait()
    return lambda server: Hands(machine, table, server).play()


def _serve(
    machine: Pluggable, listen: str, baud: int | None, meanwhile: Callable[[Server], object]
) -> None:
    serving: AbstractContextManager[Server]
    if listen == "pty":
        serving = on_pty = serve_pty(machine, baud or PTY_BAUD)
        address = on_pty.path
    else:
        host, _, port = listen.rpartition(":")
        serving = on_tcp = serve_tcp(machine, host, int(port), baud)
        address = f"{on_tcp.host}:{on_tcp.port}"
    with serving as server:
        _ready(address)
        meanwhile(server)


def _ready(address: str) -> None:
    click.echo(f"ready {address}")
