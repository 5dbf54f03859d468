"""`comptoir sync`: the till's link with the campaigns, as a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from pos import campaign_acts, campaign_link
from pos.adapters.logs import log_to, remove
from pos.bootstrap import LOGS, machine, now
from pos.cli.common import (
    Context,
    environment_language,
    note,
    on_stick,
    refuse,
    report,
    say,
    with_folder,
)
from pos.cli.signals import until_stopped
from pos.cli.sync_voice import Voice
from sync.carry import Exported
from sync.errors import BadStick, CallRefused, Untrusted
from sync.frames import Carried
from sync.stick import ANSWER_SUFFIX


@click.group(invoke_without_command=True, help=say("cli.help.sync"))
@click.option("--once", is_flag=True, help=say("cli.option.once"))
@with_folder
@click.pass_context
def sync(command: click.Context, context: Context, once: bool) -> None:
    """Send and listen until a signal comes; or send what waits, once."""
    if command.invoked_subcommand is not None:
        return
    if not context.folder.exists:
        refuse(say("cli.sync.no_till", folder=context.folder.path))
    handler = log_to(context.folder.path / LOGS, "sync")
    try:
        if once:
            _drain(context)
        else:
            until_stopped(lambda: campaign_link.run(context.folder, machine(), now, Voice()))
    finally:
        remove(handler)


def _drain(context: Context) -> None:
    with campaign_link.open_link(context.folder, machine(), now) as link:
        left = link.drain()
    if left:
        refuse(say("cli.sync.left", left=left))
    click.echo(say("cli.sync.drained"))


@sync.command(help=say("cli.help.sync_enrol"))
@click.option("--server", help=say("cli.option.server_url"))
@click.option("--code", required=True, help=say("cli.option.code"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def enrol(context: Context, server: str | None, code: str, as_json: bool) -> None:
    """Join a campaign; show the six digits to compare.

    A letter's picture says both: the address, `/#`, and the code.
    """
    address, mark, letters = code.partition("/#")
    server, code = (address, letters) if mark else (server, code)
    if not server:
        raise click.UsageError(say("cli.sync.which_server"))
    till = context.config.shop.till
    made = campaign_acts.enrol(context.folder, machine(), now, server, code, till)
    text = say(
        "cli.sync.enrolled",
        campaign=made.campaign_name,
        shop=made.shop_name,
        fingerprint=made.fingerprint,
    )
    data = {"campaign": made.campaign, "shop": made.shop_name, "fingerprint": made.fingerprint}
    report(data, text, as_json=as_json)


@sync.command("export", help=say("cli.help.sync_export"))
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def export(context: Context, folder: Path, as_json: bool) -> None:
    """Write what waits onto a USB stick."""
    if not context.folder.exists:
        refuse(say("cli.sync.no_till", folder=context.folder.path))
    made = campaign_acts.export(context.folder, machine(), now, folder)
    if not made:
        refuse(say("cli.sync.nothing"))
    lines = [_exported(one) for one in made]
    data = [
        {
            "campaign": one.campaign,
            "file": str(one.path),
            "entries": one.entries,
            "left": one.left,
        }
        for one in made
    ]
    text = "\n".join([*lines, say("cli.sync.export_next")])
    report({"files": data}, text, as_json=as_json)


@sync.command("import", help=say("cli.help.sync_import"))
@click.argument("place", metavar="FOLDER", type=click.Path(path_type=Path, exists=True))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def take_in(context: Context, place: Path, as_json: bool) -> None:
    """Take in the answers that a USB stick brought; others' answers are passed over."""
    if not context.folder.exists:
        refuse(say("cli.sync.no_till", folder=context.folder.path))
    done: list[Carried] = []
    for path in on_stick(place, ANSWER_SUFFIX):
        try:
            done.append(campaign_acts.take_in(context.folder, machine(), now, path))
        except (BadStick, CallRefused, Untrusted) as error:
            note(f"{path.name}: {_trouble(error.trouble, str(error))}")
    if not done:
        refuse(say("cli.sync.no_answer", folder=place))
    lines = [
        say(
            "cli.sync.imported",
            campaign=one.campaign_name,
            acknowledged=one.acknowledged,
            items=one.items,
            lists=one.lists,
        )
        for one in done
    ]
    data = [msgspec.to_builtins(one) for one in done]
    report({"answers": data}, "\n".join(lines), as_json=as_json)


def _exported(one: Exported) -> str:
    more = say("cli.sync.export_left", left=one.left) if one.left else ""
    return say(
        "cli.sync.exported",
        campaign=one.campaign_name,
        entries=one.entries,
        file=one.path,
        more=more,
    ).rstrip()


@sync.command(help=say("cli.help.sync_status"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def status(context: Context, as_json: bool) -> None:
    """Say how far each campaign is."""
    found = campaign_acts.status(context.folder)
    running = campaign_acts.is_running(context.folder)
    lines = [line for one in found for line in _told(one)] or [say("cli.sync.nothing")]
    if found and not running:
        lines.append(say("cli.sync.stopped"))
    data = {"campaigns": found, "running": running}
    report(data, "\n".join(lines), as_json=as_json)


def _told(one: dict[str, Any]) -> list[str]:
    """How far one campaign is, and what somebody has to do for it."""
    line = say(
        "cli.sync.line",
        campaign=one["name"],
        acknowledged=one["acknowledged"],
        total=one["entries"],
        waiting=one["waiting"],
        trouble=_trouble(one["trouble"], one["detail"]),
    ).rstrip()
    if one["needs"] == "code":
        return [line, say("cli.sync.needs_code", server=one["server"])]
    if one["needs"] == "new-key":
        return [line, say("cli.sync.needs_key", server=one["server"])]
    return [line]


def _trouble(name: str, detail: str) -> str:
    if not name:
        return ""
    sentence = environment_language().device(name)
    return f"{sentence} ({detail})" if detail else sentence
