"""`comptoir replay`: ring up a file of baskets, and add up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from io import RawIOBase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click

from pos.app.desk import Settled
from pos.cli.common import (
    Context,
    note,
    refuse,
    report,
    say,
    use_utf8,
    with_folder,
)
from pos.cli.demo import box_refusals
from pos.cli.journal import progress_bar
from pos.cli.signals import until_stopped, whole
from pos.demo.baskets import BadBasket, Names, read_baskets
from pos.demo.box import Box, open_box
from pos.demo.cashier import Cashier
from pos.demo.replay import DayClock, Plan, summary, wait_for_paper
from pos.demo.replay import replay as ring_up_all
from pos.demo.shop import shipped
from pos.i18n import Language
from pos.store.catalogue_rows import parse
from pos.store.folder import DataFolder

BASKETS_MAX: Final = 1_000_000
SHIPPED_PER_DAY: Final = 40
PER_DAY: Final = 328
SYNC_WAIT_S: Final = 300.0


@click.command(help=say("cli.help.replay"))
@click.argument("baskets", type=click.Path(path_type=Path))
@click.option(
    "--catalogue", type=click.Path(path_type=Path), required=True, help=say("cli.option.catalogue")
)
@click.option(
    "--per-day",
    type=click.IntRange(1, 100_000),
    default=PER_DAY,
    show_default=True,
    help=say("cli.option.per_day"),
)
@click.option("--limit", type=click.IntRange(1, BASKETS_MAX), help=say("cli.option.limit"))
@click.option("--first", type=click.IntRange(0, BASKETS_MAX), default=0, hidden=True)
@click.option("--seed", type=int, default=1, show_default=True, help=say("cli.option.seed"))
@click.option("--no-sync", is_flag=True, help=say("cli.option.no_sync"))
@click.option("--acknowledged", type=click.Path(path_type=Path), hidden=True)
@click.option("--terminal-paper", type=click.Path(path_type=Path), hidden=True)
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def replay(context: Context, baskets: Path, catalogue: Path, as_json: bool, **how: Any) -> None:
    """Ring up a file of baskets."""
    use_utf8()
    here = context.in_demo_folder()
    until_stopped(lambda: _replay(here, baskets, catalogue.read_bytes(), as_json, **how))


def replay_shipped(context: Context, *, as_json: bool) -> None:
    """Ring up the 200 baskets that come with the program, in a folder that is thrown away."""
    from importlib.resources import as_file, files

    baskets = files("pos.demo") / "baskets.csv"
    with ExitStack() as closing:
        if not context.folder_given:
            kept = closing.enter_context(TemporaryDirectory(prefix="comptoir-"))
            context = replace(context, folder=DataFolder(Path(kept) / "shop"))
        path = closing.enter_context(as_file(baskets))
        _replay(context, path, shipped("catalogue.csv"), as_json, per_day=SHIPPED_PER_DAY, seed=1)


def _replay(
    context: Context,
    path: Path,
    catalogue: bytes,
    as_json: bool,
    *,
    per_day: int,
    seed: int,
    limit: int | None = None,
    first: int = 0,
    no_sync: bool = False,
    acknowledged: Path | None = None,
    terminal_paper: Path | None = None,
) -> None:
    try:
        baskets = tuple(read_baskets(path, Names(parse(catalogue))))[:limit]
    except (BadBasket, UnicodeDecodeError) as error:
        refuse(say("cli.demo.bad_basket", reason=error))
    clock = DayClock(0)
    plan = Plan(baskets, per_day, first)
    clock.days_ago = plan.days - 1
    opening = whole(
        lambda: open_box(
            context.folder,
            context.config,
            with_sync=not no_sync,
            catalogue=catalogue,
            customer_s=0,
            clock=clock,
        )
    )
    draw = random.Random(seed + first)  # noqa: S311 - a mix of sales, no secret
    with box_refusals(context.folder), _told_to(acknowledged) as acknowledge, opening as box:
        started, since = time.monotonic(), _head(box)
        cashier = _cashier(box, draw, acknowledge, terminal_paper)
        with progress_bar() as progress:
            ring_up_all(cashier, clock, plan, progress)
        _finish(box, time.monotonic() - started, since, as_json=as_json)


def _cashier(
    box: Box,
    draw: random.Random,
    acknowledge: Callable[[Settled], None],
    terminal_paper: Path | None,
) -> Cashier:
    refuse_next = None
    if box.till.simulated and (terminals := box.till.simulated.terminals):
        director = next(iter(terminals.values())).director
        refuse_next = partial(director.insert, director.table["refuse"])
    cashier = Cashier(
        box.till.desk,
        draw,
        refuse_next_card=refuse_next,
        terminal_paper=terminal_paper,
        acknowledge=acknowledge,
    )
    box.till.news.target = cashier.news
    return cashier


@contextmanager
def _told_to(path: Path | None) -> Iterator[Callable[[Settled], None]]:
    """Writes each sale that was shown as done, so that a test can ask for it after a kill."""
    if path is None:
        yield lambda _: None
        return
    with path.open("ab", buffering=0) as out:
        yield lambda done: _tell(out, done)


def _tell(out: RawIOBase, done: Settled) -> None:
    out.write(f"{done.number} {done.entry.digest} {done.ticket.total.ttc}\n".encode("ascii"))


def _head(box: Box) -> int:
    """How far the journal is: the till's start was its newest entry."""
    last = box.till.desk.ports.ledger.last("event")
    return last.payload.seq if last else 0


def _finish(box: Box, seconds: float, since: int, *, as_json: bool) -> None:
    from pos.demo.campaign import server_total, wait_for_server

    wait_for_paper(box.till)
    data = summary(box.till, seconds, since)
    data["receipts_printed"] = (
        box.till.simulated.printer.receipts_total() if box.till.simulated else None
    )
    data["acknowledged"], data["server_total"] = None, None
    if box.server_folder:
        data["acknowledged"] = wait_for_server(box, box.server_folder, SYNC_WAIT_S)
        data["server_total"] = server_total(box.server_folder)
    agrees = _agrees(data)
    data["agrees"] = agrees
    report(data, "\n".join(_lines(data, box.till.language)), as_json=as_json)
    if not agrees:
        note(say("cli.replay.differs"))
        raise SystemExit(1)


def _agrees(data: dict[str, Any]) -> bool:
    roads = {data["total"], data["total_by_line"], data["z_total"], sum(data["tenders"].values())}
    roads.add(sum(rate["ttc"] for rate in data["vat"]))
    if data["server_total"] is not None:
        roads.add(data["server_total"])
    return len(roads) == 1 and data["acknowledged"] in {None, data["campaign_entries"]}


def _lines(data: dict[str, Any], words: Language) -> list[str]:
    def money(cents: int | None) -> str:
        return "-" if cents is None else words.money(cents)

    amounts = {k: money(data[k]) for k in ("total", "total_by_line", "z_total", "server_total")}
    rates = [
        words.say(
            "cli.replay.vat",
            rate=words.percent(x["rate"]),
            **{k: words.money(x[k]) for k in ("ttc", "ht", "vat")},
        )
        for x in data["vat"]
    ]
    tenders = [
        words.say("cli.replay.tender", name=name, amount=words.money(amount))
        for name, amount in data["tenders"].items()
    ]
    return [
        words.say("cli.replay.sales", **data),
        words.say("cli.replay.totals", **amounts),
        *rates,
        *tenders,
        words.say("cli.replay.devices", **data),
        words.say("cli.replay.journal", **data),
        words.say("cli.replay.seconds", **data),
    ]
