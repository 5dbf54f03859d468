"""`comptoir server`: the reference campaign server, and the organiser's first acts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pos.cli.common import (
    Context,
    environment_language,
    on_stick,
    refuse,
    report,
    say,
    with_folder,
)
from sync.errors import BadStick, NoAnswer, Rejected

if TYPE_CHECKING:
    from sync.organiser import OrganiserClient

PORT_MAX: Final = 65_535
_PLACE: Final = click.Path(path_type=Path, exists=True)
_FOLDER: Final = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group(invoke_without_command=True, help=say("cli.help.server"))
@click.option("--host", default="127.0.0.1", show_default=True, help=say("cli.option.host"))
@click.option(
    "--port",
    type=click.IntRange(0, PORT_MAX),
    default=8080,
    show_default=True,
    help=say("cli.option.port"),
)
@click.option("--origin", help=say("cli.option.origin"))
@click.option("--open-pages", is_flag=True, help=say("cli.option.open_pages"))
@click.option("--database", envvar="COMPTOIR_DATABASE", help=say("cli.option.database"))
@with_folder
@click.pass_context
def server(
    command: click.Context,
    context: Context,
    host: str,
    port: int,
    origin: str | None,
    open_pages: bool,
    database: str | None,
) -> None:
    """Serve until SIGINT or SIGTERM."""
    if command.invoked_subcommand is not None:
        return
    from sync.organiser import ADDRESS_FILE
    from sync.server.config import ADMIN_TOKEN_FILE, ServerConfig
    from sync.server.errors import BadConfig
    from sync.server.run import run

    folder = context.folder.path

    def ready(host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        (folder / ADDRESS_FILE).write_text(origin or f"http://{shown}:{port}", encoding="ascii")
        click.echo(f"ready {shown}:{port}")
        known = {"address": origin or f"http://{shown}:{port}", "file": folder / ADMIN_TOKEN_FILE}
        click.echo(say("cli.server.pages", **known), err=True)

    try:
        run(ServerConfig(folder, host, port, origin, open_pages, database), ready)
    except BadConfig as error:
        refuse(str(error))


@contextmanager
def organiser(folder: Path) -> Iterator[OrganiserClient]:
    """The organiser's client of the server that works in a folder, refusals told."""
    from sync.organiser import organiser_at

    try:
        with organiser_at(folder) as client:
            yield client
    except FileNotFoundError:
        refuse(say("cli.server.never", folder=folder))
    except NoAnswer as error:
        refuse(say("cli.server.not_running", folder=folder, reason=error))


@server.command("campaign", help=say("cli.help.server_campaign"))
@click.argument("campaign_id", metavar="ID")
@click.option("--name", required=True, help=say("cli.option.campaign_name"))
@with_folder
def create_campaign(context: Context, campaign_id: str, name: str) -> None:
    """Create a campaign."""
    with organiser(context.folder.path) as client:
        made = client.create_campaign(campaign_id, name)
    click.echo(say("cli.server.campaign", id=made.id))


@server.command("shop", help=say("cli.help.server_shop"))
@click.argument("name")
@click.option("--campaign", required=True, help=say("cli.option.campaign"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def create_shop(context: Context, name: str, campaign: str, as_json: bool) -> None:
    """Enrol a shop."""
    with organiser(context.folder.path) as client:
        made = client.create_shop(campaign, name)
    data = {"id": made.id, "campaign": made.campaign, "name": made.name}
    report(data, say("cli.server.shop", name=made.name, id=made.id), as_json=as_json)


@server.command("code", help=say("cli.help.server_code"))
@click.argument("shop")
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def pairing_code(context: Context, shop: str, as_json: bool) -> None:
    """Give a pairing code."""
    with organiser(context.folder.path) as client:
        made = client.pairing_code(shop)
    data = {"code": made.code, "shop": made.shop, "expires_at": made.expires_at}
    ends_here = datetime.fromisoformat(made.expires_at).astimezone().isoformat()
    until = environment_language().time(ends_here)
    text = say("cli.server.code", code=made.code, until=until)
    report(data, text, as_json=as_json)


@server.command("import", help=say("cli.help.server_import"))
@click.argument("places", metavar="FILE", nargs=-1, required=True, type=_PLACE)
@click.option("--answers", type=_FOLDER, help=say("cli.option.answers"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def take_in(
    context: Context, places: tuple[Path, ...], answers: Path | None, as_json: bool
) -> None:
    """Book what USB sticks brought from tills without network, and write the answers."""
    from sync.stick import EXPORT_SUFFIX

    paths = [path for place in places for path in on_stick(place, EXPORT_SUFFIX)]
    if not paths:
        refuse(say("cli.server.no_export", folder=", ".join(map(str, places))))
    with organiser(context.folder.path) as client:
        done = [_bring(client, path, answers or path.parent) for path in paths]
    data = [data for data, _ in done if data]
    report({"files": data}, "\n".join(text for _, text in done), as_json=as_json)
    if len(data) < len(paths):
        sys.exit(1)


def _bring(client: OrganiserClient, path: Path, answers: Path) -> tuple[dict[str, Any], str]:
    """What became of one file; without data when nothing of it could be taken."""
    from sync.bringing import bring

    try:
        made = bring(client, path, answers)
    except (BadStick, Rejected) as error:
        return {}, f"{path.name}: {environment_language().device(error.trouble)} ({error})"
    counts = {"accepted": made.accepted, "duplicate": made.duplicate, "rejected": made.rejected}
    stopped = made.refused.trouble if made.refused else ""
    text = say("cli.server.imported", file=path.name, answer=made.answer, **counts)
    if stopped:
        text += f" {environment_language().device(stopped)}"
    return {"file": str(path), "answer": str(made.answer), "stopped": stopped, **counts}, text
