"""`comptoir staff`: who may sign on."""

from __future__ import annotations

import os
import sys

import click

from pos.app.ports import Role, Staff
from pos.bootstrap import now, open_for_writing, writer_of
from pos.cli.common import Context, refuse, report, say, use_utf8, with_folder
from pos.store.journal import stamp
from pos.store.staff import SALT_BYTES, PinHash, add, hash_pin, listed, set_active, set_pin

PIN_LINE_MAX = 64


@click.group(help=say("cli.help.staff"))
def staff() -> None:
    """Who may sign on."""


@staff.command("add", help=say("cli.help.staff_add"))
@click.argument("code")
@click.option("--name", required=True, help=say("cli.option.name"))
@click.option(
    "--role",
    type=click.Choice([str(role) for role in Role]),
    default=str(Role.CASHIER),
    show_default=True,
    help=say("cli.option.role"),
)
@click.option("--pin-stdin", is_flag=True, help=say("cli.option.pin_stdin"))
@with_folder
def add_person(context: Context, code: str, name: str, role: str, pin_stdin: bool) -> None:
    """Add a person."""
    pin = _read_pin(from_stdin=pin_stdin)
    with open_for_writing(context.folder) as store:
        person = Staff(code, name, Role(role))
        added = writer_of(store)(lambda db: add(db, person, pin, stamp(now())))
    click.echo(say("cli.staff.added", code=added.code, name=added.name))


@staff.command("list", help=say("cli.help.staff_list"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def list_people(context: Context, as_json: bool) -> None:
    """Show everybody."""
    with open_for_writing(context.folder) as store:
        people = listed(store.reader)
    data = [
        {
            "code": person.staff.code,
            "name": person.staff.name,
            "role": str(person.staff.role),
            "active": person.active,
        }
        for person in people
    ]
    lines = [
        f"{p['code']:<16} {p['name']}  {p['role']}"
        + ("" if p["active"] else f"  ({say('cli.staff.inactive')})")
        for p in data
    ]
    report({"staff": data}, "\n".join(lines), as_json=as_json)


@staff.command("pin", help=say("cli.help.staff_pin"))
@click.argument("code")
@click.option("--pin-stdin", is_flag=True, help=say("cli.option.pin_stdin"))
@with_folder
def change_pin(context: Context, code: str, pin_stdin: bool) -> None:
    """Give a person another PIN."""
    pin = _read_pin(from_stdin=pin_stdin)
    with open_for_writing(context.folder) as store:
        writer_of(store)(lambda db: set_pin(db, code, pin))


@staff.command("disable", help=say("cli.help.staff_disable"))
@click.argument("code")
@with_folder
def disable(context: Context, code: str) -> None:
    """Let a code sign on no more."""
    with open_for_writing(context.folder) as store:
        writer_of(store)(lambda db: set_active(db, code, active=False))


def _read_pin(*, from_stdin: bool) -> PinHash:
    if from_stdin:
        use_utf8()
        line = sys.stdin.readline(PIN_LINE_MAX)
        if not line.strip():
            refuse(say("cli.staff.no_pin"))
        pin = line.strip()
    else:
        pin = click.prompt("PIN", hide_input=True, confirmation_prompt=True)
    return hash_pin(pin, os.urandom(SALT_BYTES))
