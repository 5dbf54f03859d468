"""`comptoir simulate`: the other end of each device's line, to plug a till into."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from pathlib import Path

import click

from drivers.simulators.line import Server, serve_pty, serve_tcp
from drivers.simulators.printer import fault_names, run_printer
from drivers.simulators.terminal import Options, SimulatedTerminal
from drivers.simulators.terminal_ledger import Ledger
from drivers.simulators.terminal_scenarios import (
    SCENARIOS,
    Director,
    ScriptError,
    load_script,
    scenario_named,
)
from pos.cli.common import Context, note, refuse, say, with_folder
from pos.cli.signals import until_stopped

PORT_MAX = 65535


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
@click.option("--baud", type=click.IntRange(300, 921_600), default=9600, show_default=True)
@click.option("--protocol", type=click.Choice(["concert"]), default="concert", show_default=True)
@click.option(
    "--scenario", type=click.Choice(tuple(SCENARIOS)), default="approve", show_default=True
)
@click.option("--by-amount", is_flag=True, help=say("cli.option.by_amount"))
@click.option("--script", type=click.Path(path_type=Path), help=say("cli.option.script"))
@click.option("--customer-s", type=click.FloatRange(0, 3600), default=2.0, show_default=True)
@click.option("--ledger", type=click.Path(path_type=Path), help=say("cli.option.ledger"))
@with_folder
def terminal(
    context: Context,
    pty: bool,
    tcp: str | None,
    baud: int,
    protocol: str,
    scenario: str,
    by_amount: bool,
    script: Path | None,
    customer_s: float,
    ledger: Path | None,
) -> None:
    """Be a card terminal."""
    del context, protocol  # there is one protocol so far, and a terminal has no folder of a till
    listen = _listening(pty, tcp)
    try:
        steps = load_script(script) if script else ()
    except ScriptError as error:
        refuse(str(error))
    device = SimulatedTerminal(
        Options(customer_s=customer_s),
        Director(scenario_named(scenario), script=steps, by_amount=by_amount),
        Ledger(ledger, fsync=True),
    )
    until_stopped(lambda: _serve(device, listen, baud))


def _serve(device: SimulatedTerminal, listen: str, baud: int) -> None:
    serving: AbstractContextManager[Server]
    if listen == "pty":
        serving = on_pty = serve_pty(device, baud)
        address = on_pty.path
    else:
        host, _, port = listen.rpartition(":")
        serving = on_tcp = serve_tcp(device, host, int(port), baud)
        address = f"{on_tcp.host}:{on_tcp.port}"
    with serving:
        _ready(address)
        threading.Event().wait()


def _ready(address: str) -> None:
    click.echo(f"ready {address}")
