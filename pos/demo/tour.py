"""A campaign from end to end: earned at one till, claimed in a browser, spent at another, settled.

Every step is done by what does it in a town: two tills spoken to in lines, their sync processes, a
campaign server, a browser that knows nothing of the program. What it shows can be kept as pictures.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from pos.adapters.simulated import Pace
from pos.bootstrap import LOGS, Till, open_for_writing, open_till
from pos.config import Config
from pos.demo.baskets import Names, read_baskets
from pos.demo.box import Box
from pos.demo.browser import DESK, PHONE, Browser
from pos.demo.campaign import enrol_till, sync_process, wait_for_grants, wait_for_sync
from pos.demo.cashier import Cashier
from pos.demo.processes import NotReady
from pos.demo.replay import DayClock, Plan, replay
from pos.demo.shop import CAMPAIGN_ID, PEOPLE, SECOND_SHOP, demo_config, shipped, stock
from pos.plain.front import PlainFront
from pos.plain.replies import Reply
from pos.store.catalogue_rows import parse
from pos.store.folder import DataFolder
from sync.organiser import organiser_at

SECOND: Final = "second"
WAIT_S: Final = 60.0
BEFORE: Final = 40  # baskets at each till on the days before, so that there is something to see
PER_DAY: Final = 8
Tell = Callable[[str], None]


class TourTrouble(Exception):
    """A step did not come out as it should; the message says which."""


@dataclass(frozen=True)
class Counter:
    """A till that is spoken to in lines, as a person would."""

    till: Till
    front: PlainFront
    clock: DayClock
    tell: Tell

    def do(self, line: str) -> Reply:
        """What the till answers; TourTrouble when it refuses."""
        reply = self.front.do(line)
        if reply is None or not reply.ok:
            raise TourTrouble(f"{line}: {reply.text if reply else 'no answer'}")
        self.tell(f"  > {line}")
        for row in reply.text.splitlines():
            self.tell(f"    {row}")
        return reply


@contextmanager
def second_till(box: Box, config: Config, clock: DayClock) -> Iterator[Till]:
    """Another shop's till, enrolled in the same campaign, with a sync process of its own."""
    if box.server_url is None or box.server_folder is None:
        raise TourTrouble("the tour needs the campaign server")
    folder = DataFolder(box.folder.path / SECOND)
    if not folder.is_demo:
        folder.mark_demo()
    config = demo_config(config)
    shop = msgspec.structs.replace(config.shop, name=SECOND_SHOP, till="02")
    config = msgspec.structs.replace(config, shop=shop)
    with open_for_writing(folder) as store:
        stock(store, clock)
    enrol_till(folder, box.server_url, box.server_folder, shop)
    with (
        sync_process(folder, folder.path / LOGS),
        open_till(
            folder, config, paper=folder.path / "paper", pace=Pace(customer_s=0), clock=clock
        ) as till,
    ):
        yield till


def run(
    box: Box,
    first_clock: DayClock,
    second: Till,
    second_clock: DayClock,
    browser: Browser,
    pictures: Path | None,
    tell: Tell,
) -> dict[str, Any]:
    """Go through it; the campaign's figures at the end. TourTrouble, or BrowserTrouble."""
    tour = _Tour(box, browser, pictures, tell)
    here = tour.counter(box.till, first_clock)
    there = tour.counter(second, second_clock)
    tour.days_before(here, there)
    tour.earn(here)
    code = tour.claim(here)
    tour.spend(there, code)
    tour.give_back(there)
    return tour.settle(here, there)


class _Tour:
    def __init__(self, box: Box, browser: Browser, pictures: Path | None, tell: Tell) -> None:
        self._box = box
        self._browser = browser
        self._pictures = pictures
        self._tell = tell
        self._say = box.till.language.say

    def counter(self, till: Till, clock: DayClock) -> Counter:
        if not wait_for_grants(till, WAIT_S):
            raise NotReady("the campaign's rules did not reach the till")
        return Counter(till, PlainFront(till.desk, till.language, 5.0), clock, self._tell)

    def days_before(self, *counters: Counter) -> None:
        self._tell(self._say("cli.tour.before"))
        names = Names(parse(shipped("catalogue.csv")))
        with _file("baskets.csv") as path:
            baskets = tuple(read_baskets(path, names))
        for number, one in enumerate(counters):
            mine = baskets[number * BEFORE : (number + 1) * BEFORE]
            plan = Plan(mine, PER_DAY)
            cashier = Cashier(one.till.desk, random.Random(number))  # noqa: S311 - no secret
            one.till.news.target = cashier.news
            replay(cashier, one.clock, plan, lambda *_: None)
            one.clock.days_ago = 0
            one.till.news.target = one.front.news

    def earn(self, here: Counter) -> None:
        self._tell(self._say("cli.tour.earn", shop=here.till.desk.settings.shop.name))
        person = PEOPLE[1]
        here.do(f"login {person.code} {person.pin}")
        here.do("8*.1")
        here.do("10*.2")
        here.do("6*.3")
        here.do("cash 50")

    def claim(self, here: Counter) -> str:
        """The short code of the voucher that the shopper made of it."""
        self._tell(self._say("cli.tour.claim"))
        (claim,) = here.do("claim").data["claims"]
        page = self._browser
        page.open(claim["address"])
        self._keep("shopper-receipt")
        page.send("main form button")
        self._keep("shopper-claimed")
        if not wait_for_sync(here.till, WAIT_S):
            raise TourTrouble("the sale did not reach the server")
        page.open(f"{self._box.server_url}/porte-monnaie")
        self._keep("shopper-wallet")
        page.send('form[action="/porte-monnaie/bon"] button')
        self._keep("shopper-voucher")
        return page.text(".code")

    def spend(self, there: Counter, code: str) -> None:
        self._tell(self._say("cli.tour.spend", shop=there.till.desk.settings.shop.name))
        person = PEOPLE[1]
        there.do(f"login {person.code} {person.pin}")
        there.do("2*.2")
        there.do("4*.1")
        there.do(f"voucher {code}")
        there.do("cash")

    def give_back(self, there: Counter) -> None:
        self._tell(self._say("cli.tour.refund"))
        if there.till.desk.last is None:
            raise TourTrouble("there is no sale to take goods back of")
        there.do(f"refund {there.till.desk.last.number} 1:1")
        there.do("cash")
        there.do("claim")

    def settle(self, *counters: Counter) -> dict[str, Any]:
        self._tell(self._say("cli.tour.settle"))
        for one in counters:
            if not wait_for_sync(one.till, WAIT_S):
                raise TourTrouble("the sales did not reach the server")
        if self._box.server_folder is None:
            raise TourTrouble("the tour needs the campaign server")
        with organiser_at(self._box.server_folder) as organiser:
            run = organiser.settle(CAMPAIGN_ID)
            audit = organiser.audit(CAMPAIGN_ID)
            figures = organiser.figures(CAMPAIGN_ID)
        if not audit.holds:
            raise TourTrouble(f"the audit found something: {audit.checks}")
        self._browser.resize(DESK)
        for name in ("dashboard", "settlements", "audit"):
            self._browser.open(f"{self._box.server_url}/campaigns/{CAMPAIGN_ID}/{name}")
            self._keep(f"organiser-{name}")
        self._browser.resize(PHONE)
        self._browser.open(f"{self._box.server_url}/commerces/{CAMPAIGN_ID}")
        self._keep("shopper-shops")
        money = self._box.till.language.money
        for line in run.lines:
            self._tell(f"  {line.name} : {money(line.cents)}")
        told = {name: getattr(figures, name) for name in ("turnover", "eligible", "earned")}
        told |= {"redeemed": figures.redeemed, "settled": run.cents, "holds": audit.holds}
        amounts = {name: money(told[name]) for name in ("eligible", "earned", "redeemed")}
        self._tell(self._say("cli.tour.done", **amounts))
        return told

    def _keep(self, name: str) -> None:
        if self._pictures is not None:
            self._browser.picture(self._pictures / f"{name}.png")


@contextmanager
def _file(name: str) -> Iterator[Path]:
    from importlib.resources import as_file, files

    with as_file(files("pos.demo") / name) as path:
        yield path
