"""`comptoir demo --campaign`: a campaign from end to end, in a folder that is thrown away."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from pos.cli.common import Context, note, refuse, report, say
from pos.cli.demo import box_refusals
from pos.demo import browser as browsers
from pos.demo import tour as tours
from pos.demo.box import open_box
from pos.demo.replay import DayClock
from pos.store.folder import DataFolder


def tour(context: Context, pictures: Path | None, *, as_json: bool) -> None:
    """Go through it, and tell each step."""
    if not browsers.is_here():
        refuse(say("cli.tour.no_browser"))
    tell = note if as_json else click.echo
    with ExitStack() as closing:
        if not context.folder_given:
            kept = closing.enter_context(TemporaryDirectory(prefix="comptoir-"))
            context = replace(context, folder=DataFolder(Path(kept) / "shop"))
        closing.enter_context(box_refusals(context.folder))
        clocks = DayClock(0), DayClock(0)
        opened = open_box(context.folder, context.config, customer_s=0, clock=clocks[0])
        box = closing.enter_context(opened)
        second = closing.enter_context(tours.second_till(box, context.config, clocks[1]))
        try:
            page = closing.enter_context(browsers.browser())
            data = tours.run(box, clocks[0], second, clocks[1], page, pictures, tell)
        except (tours.TourTrouble, browsers.BrowserTrouble) as error:
            refuse(say("cli.tour.trouble", reason=error))
        if as_json:
            report(data, "", as_json=True)
