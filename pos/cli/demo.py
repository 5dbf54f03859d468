"""`comptoir demo`: a shop in a box."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pos.cli.common import (
    Context,
    note,
    refuse,
    require_terminal,
    say,
    use_utf8,
    with_folder,
)
from pos.cli.signals import until_stopped, whole
from pos.demo.box import Box, open_box
from pos.demo.processes import NotReady
from pos.store.errors import NotEmpty
from pos.store.folder import DataFolder


@click.command(help=say("cli.help.demo"))
@click.option("--plain", is_flag=True, help=say("cli.option.plain"))
@click.option("--replay", "replays", is_flag=True, help=say("cli.option.replay_flag"))
@click.option("--campaign", "tours", is_flag=True, help=say("cli.option.tour"))
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=say("cli.option.pictures"),
)
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def demo(
    context: Context,
    plain: bool,
    replays: bool,
    tours: bool,
    pictures: Path | None,
    as_json: bool,
) -> None:
    """Open the shop."""
    use_utf8()
    if tours:
        from pos.cli.tour import tour

        until_stopped(lambda: tour(context, pictures, as_json=as_json))
        return
    if replays:
        from pos.cli.replay import replay_shipped

        until_stopped(lambda: replay_shipped(context, as_json=as_json))
        return
    screen = not (plain or as_json)
    if screen:
        require_terminal()
    until_stopped(lambda: _open(context.in_demo_folder(), screen=screen, as_json=as_json))


def _open(context: Context, *, screen: bool, as_json: bool) -> None:
    from pos.cli.till import run_plain, run_screen

    opening = whole(lambda: open_box(context.folder, context.config))
    with box_refusals(context.folder), opening as box:
        if screen:
            run_screen(box.till, "\n".join(where_to_look(box)))
            for line in where_to_look(box)[1:]:
                note(line)
        else:
            for line in where_to_look(box):
                note(line)
            run_plain(box.till, as_json=as_json)


@contextmanager
def box_refusals(folder: DataFolder) -> Iterator[None]:
    """Tell why a shop in a box cannot be opened, and leave with status 1."""
    try:
        yield
    except NotEmpty:
        refuse(say("cli.demo.not_demo", folder=folder.path))
    except NotReady as error:
        refuse(say("cli.demo.not_ready", reason=error))


def where_to_look(box: Box) -> list[str]:
    """The people, the paper, the server's page, the folder."""
    words = box.till.language
    return [
        words.say("cli.demo.where_people"),
        words.say("cli.demo.where_paper", paper=box.paper),
        words.say("cli.demo.where_server", url=box.server_url or "-"),
        words.say("cli.demo.where_data", folder=box.folder.path),
    ]
