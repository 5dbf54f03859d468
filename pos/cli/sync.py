"""`comptoir sync`: the till's link with the campaigns, as a process of its own."""

from __future__ import annotations

import click

from pos import campaign_link
from pos.adapters.logs import log_to, remove
from pos.bootstrap import LOGS, machine, now
from pos.cli.common import (
    Context,
    environment_language,
    refuse,
    report,
    say,
    with_folder,
)
from pos.cli.signals import until_stopped


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
            until_stopped(lambda: campaign_link.run(context.folder, machine(), now))
    finally:
        remove(handler)


def _drain(context: Context) -> None:
    with campaign_link.open_link(context.folder, machine(), now) as link:
        left = link.drain()
    if left:
        refuse(say("cli.sync.left", left=left))
    click.echo(say("cli.sync.drained"))


@sync.command(help=say("cli.help.sync_enrol"))
@click.option("--server", required=True, help=say("cli.option.server_url"))
@click.option("--code", required=True, help=say("cli.option.code"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def enrol(context: Context, server: str, code: str, as_json: bool) -> None:
    """Join a campaign; show the six digits to compare."""
    with campaign_link.open_link(context.folder, machine(), now) as link:
        made = link.enrol(server, code, context.config.shop.till)
    text = say(
        "cli.sync.enrolled",
        campaign=made.campaign_name,
        shop=made.shop_name,
        fingerprint=made.fingerprint,
    )
    data = {"campaign": made.campaign, "shop": made.shop_name, "fingerprint": made.fingerprint}
    report(data, text, as_json=as_json)


@sync.command(help=say("cli.help.sync_status"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def status(context: Context, as_json: bool) -> None:
    """Say how far each campaign is."""
    found = campaign_link.status(context.folder)
    lines = [
        say(
            "cli.sync.line",
            campaign=one["name"],
            acknowledged=one["acknowledged"],
            total=one["entries"],
            waiting=one["waiting"],
            trouble=_trouble(one["trouble"], one["detail"]),
        ).rstrip()
        for one in found
    ]
    report({"campaigns": found}, "\n".join(lines) or say("cli.sync.nothing"), as_json=as_json)


def _trouble(name: str, detail: str) -> str:
    if not name:
        return ""
    sentence = environment_language().device(name)
    return f"{sentence} ({detail})" if detail else sentence
