"""`comptoir till`: the till, on the screen or in lines of text."""

from __future__ import annotations

import gc
import sys

import click

from pos.bootstrap import Till, open_till
from pos.cli.common import Context, note, require_terminal, say, use_utf8, with_folder
from pos.cli.imports import uncollected
from pos.cli.signals import until_stopped, whole

CARD_WAIT_MARGIN_S = 30.0


@click.command(help=say("cli.help.till"))
@click.option("--plain", is_flag=True, help=say("cli.option.plain"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json_lines"))
@with_folder
def till(context: Context, plain: bool, as_json: bool) -> None:
    """Open the till of a folder."""
    use_utf8()
    screen = not (plain or as_json)
    if screen:
        require_terminal()
    until_stopped(lambda: _open(context, screen=screen, as_json=as_json))


def _open(context: Context, *, screen: bool, as_json: bool) -> None:
    with whole(lambda: open_till(context.folder, context.config)) as opened:
        told = [*opened.plugs.missing, *opened.warnings]
        if context.folder.is_demo:
            told.append("warning.demo")
        for key in told:
            note(opened.language.say(f"cli.{key}"))
        if screen:
            demo = opened.language.say("cli.warning.demo") if context.folder.is_demo else ""
            run_screen(opened, demo)
        else:
            run_plain(opened, as_json=as_json)


def run_plain(opened: Till, *, as_json: bool) -> None:
    """Speak with a desk in lines on standard input and output."""
    from pos.plain.front import PlainFront
    from pos.plain.loop import run

    patience_s = [terminal.answer_timeout_s for terminal in opened.config.terminal]
    wait_s = max(patience_s, default=0) + CARD_WAIT_MARGIN_S
    front = PlainFront(opened.desk, opened.language, wait_s)
    opened.news.target = front.news
    run(front, sys.stdin, sys.stdout, json_lines=as_json)


def run_screen(opened: Till, notice: str = "") -> None:
    """Draw the desk on the terminal."""
    with uncollected():
        from pos.tui.start import run
    gc.freeze()  # modules are no garbage: the collector, at work again, never looks at them

    run(opened.desk, opened.language, opened.config, opened.news, notice)
