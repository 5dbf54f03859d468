"""`comptoir till`: the till, on the screen or in lines of text."""

from __future__ import annotations

import sys

import click

from pos.bootstrap import Till, open_till
from pos.cli.common import Context, note, say, use_utf8, with_folder
from pos.cli.signals import until_stopped, whole

CARD_WAIT_MARGIN_S = 30.0


@click.command(help=say("cli.help.till"))
@click.option("--plain", is_flag=True, help=say("cli.option.plain"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json_lines"))
@with_folder
def till(context: Context, plain: bool, as_json: bool) -> None:
    """Open the till of a folder."""
    if as_json and not plain:
        raise click.UsageError(say("cli.json_needs_plain"))
    use_utf8()
    until_stopped(lambda: _open(context, plain=plain, as_json=as_json))


def _open(context: Context, *, plain: bool, as_json: bool) -> None:
    with whole(lambda: open_till(context.folder, context.config)) as opened:
        for key in (*opened.plugs.missing, *opened.warnings):
            note(opened.language.say(f"cli.{key}"))
        if plain:
            run_plain(opened, as_json=as_json)
        else:
            run_screen(opened)


def run_plain(opened: Till, *, as_json: bool) -> None:
    """Speak with a desk in lines on standard input and output."""
    from pos.plain.front import PlainFront
    from pos.plain.loop import run

    wait_s = opened.config.terminal.answer_timeout_s + CARD_WAIT_MARGIN_S
    front = PlainFront(opened.desk, opened.language, wait_s)
    opened.news.target = front.news
    run(front, sys.stdin, sys.stdout, json_lines=as_json)


def run_screen(opened: Till, notice: str = "") -> None:
    """Draw the desk on the terminal."""
    from pos.tui.start import run

    run(opened.desk, opened.language, opened.config, opened.news, notice)
