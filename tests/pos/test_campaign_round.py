"""The whole round on real processes' code: earned at one till, claimed, spent at another, refunded.

Two tills with their journals on disk, the sync engines with their sockets, a server on loopback, a
shopper's browser without scripts. What the tills say is what the server books: no finding is left.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from pos import campaign_link
from pos.app import change_sale, claim_reward, pay_by_phone, refund, take_payment, take_voucher
from pos.app.desk import Desk, Settled
from pos.app.views import show
from pos.bootstrap import now
from pos.campaign_link import open_link
from pos.domain.errors import VoucherRefused
from pos.store.opening import Store, open_store
from sync.organiser import OrganiserClient, organiser_at
from tests.pos.adapters.campaign_counter import CampaignCounter
from tests.pos.adapters.printer_bench import eventually
from tests.pos.fakes import WINE
from tests.sync.rig import served
from tests.sync.server import market

CAMPAIGN, IBAN = market.CAMPAIGN, market.IBAN
# Whatever day it is when the test runs.
RULES = msgspec.structs.replace(
    market.RULES,
    starts_at="2026-01-01T00:00:00+01:00",
    ends_at="2199-12-25T00:00:00+01:00",
    spend_until_at="2199-12-31T00:00:00+01:00",
)


class TownTill(CampaignCounter):
    """A till with a name of its own, on real time."""

    def __init__(self, path: Path) -> None:
        self.name = str(uuid4())
        path.mkdir()
        super().__init__(path)

    def clock(self) -> Any:
        """The real time."""
        return now()

    def _open(self) -> Store:
        return open_store(self.folder, self.machine, self.clock, new_till=lambda: self.name)

    def _start(self) -> Desk:
        desk = super()._start()
        desk.ports = replace(
            desk.ports, new_id=lambda: str(uuid4()), new_secret=secrets.token_bytes
        )
        return desk


class Shopper:
    """A browser without scripts."""

    def __init__(self, origin: str) -> None:
        self._client = httpx.Client(
            base_url=origin, follow_redirects=True, headers={"Accept-Language": "fr"}
        )

    def get(self, address: str) -> str:
        """A page."""
        return self._client.get(_path(address)).text

    def send(self, address: str, **fields: object) -> str:
        """A form."""
        found = self._client.post(_path(address), data=fields)
        assert found.status_code == 200, found.text
        return found.text

    def close(self) -> None:
        """Forget it."""
        self._client.close()


def _path(address: str) -> str:
    return "/" + address.split("/", 3)[3] if "://" in address else address


class Town:
    """A server, its organiser, two shops with a till each."""

    def __init__(self, folder: Path, origin: str, organiser: OrganiserClient) -> None:
        self.folder, self.origin, self.organiser = folder, origin, organiser
        self.shops: dict[str, str] = {}
        self._token = (folder / "server" / "admin-token").read_text().strip()
        organiser.create_campaign(CAMPAIGN, "Noël")
        self.ask("funds", sponsor="Ville", kind="city", name="2026", cents=500_000)
        self.ask("rules", **msgspec.to_builtins(RULES))
        self.ask("state", state="open")

    def ask(self, path: str, **body: Any) -> Any:
        """What an organiser's program does."""
        url = f"{self.origin}/v1/admin/campaigns/{CAMPAIGN}/{path}"
        headers = {"Authorization": f"Bearer {self._token}"}
        if body:
            method = "PUT" if path.startswith("shops/") else "POST"
            found = httpx.request(method, url, json=body, headers=headers)
        else:
            found = httpx.get(url, headers=headers)
        assert found.status_code in (200, 201), found.text
        return found.json()

    def join(self, till: TownTill, name: str) -> None:
        """Enrol a shop and its till."""
        shop = self.shops[name] = self.organiser.create_shop(CAMPAIGN, name).id
        self.ask(f"shops/{shop}", iban=IBAN, town="Montpellier", district="centre")
        code = self.organiser.pairing_code(shop).code
        with open_link(till.folder, till.machine, now) as link:
            link.enrol(self.origin, code, "01")

    def is_clean(self) -> bool:
        """Every invariant holds and nothing is to be decided."""
        assert self.ask("findings")["findings"] == []
        audit = self.ask("audit")
        assert audit["holds"], audit
        return True


@contextmanager
def synced(till: TownTill) -> Iterator[None]:
    """The sync process of a till, on a thread."""
    with open_link(till.folder, till.machine, now) as link:
        engine = link.engine()
        ended = threading.Event()
        watch = threading.Thread(target=campaign_link._watch, args=(link, engine, ended))
        engine.start()
        watch.start()
        try:
            with campaign_link._answering(till.folder, link.desk(engine)):
                yield
        finally:
            ended.set()
            watch.join(10)
            engine.stop()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with ExitStack() as rest:
        origin, _ = rest.enter_context(served(tmp_path / "server"))
        (tmp_path / "server" / "address").write_text(origin, encoding="ascii")
        organiser = rest.enter_context(organiser_at(tmp_path / "server"))
        yield Town(tmp_path, origin, organiser)


@pytest.fixture
def shopper(town: Town) -> Iterator[Shopper]:
    made = Shopper(town.origin)
    yield made
    made.close()


@pytest.fixture
def tills(town: Town) -> Iterator[tuple[TownTill, TownTill]]:
    with ExitStack() as rest:
        made = []
        for name in ("Librairie", "Bistrot"):
            till = TownTill(town.folder / name)
            rest.callback(till.close)
            town.join(till, name)
            rest.enter_context(synced(till))
            wait_for(granted, till)
            made.append(till)
        yield made[0], made[1]


def granted(till: TownTill) -> bool:
    """Whether rules and leases of both kinds have arrived."""
    return any(
        one.told.rules and {lease.kind for lease in one.told.leases} == {"earn", "risk"}
        for one in till.reader.grants()
    )


def wait_for(condition: Callable[[TownTill], bool], till: TownTill) -> None:
    """Wait for what a sync process does."""
    eventually(lambda: condition(till))


def sell(till: TownTill, *codes: str) -> Settled:
    """A sale in cash."""
    till.ring(*codes)
    settled = take_payment.take_tender(till.desk, "cash").wait()
    assert settled is not None
    return settled


def scan(till: TownTill, text: str) -> Settled | None:
    """What a front does with a voucher."""
    wish = take_voucher.read(till.desk, text)
    return take_voucher.take(till.desk, wish, take_voucher.ask(till.desk, wish)).wait()


def all_sent(till: TownTill) -> bool:
    """Whether the server has acknowledged everything."""
    return till.reader.link().waiting == 0


def voucher_of(town: Town, value: int) -> str:
    """The newest voucher's text, as the QR on the shopper's page has it."""
    import sqlite3

    with sqlite3.connect(town.folder / "server" / "server.db") as db:
        (token,) = db.execute(
            "SELECT token FROM voucher JOIN batch ON batch.campaign = voucher.campaign"
            " AND batch.id = voucher.batch WHERE value = ? ORDER BY issued_at DESC",
            (value,),
        ).fetchone()
    return str(token)


def test_earned_claimed_spent_refunded_and_settled(
    town: Town, tills: tuple[TownTill, TownTill], shopper: Shopper
) -> None:
    library, bistro = tills
    library.ring(*(WINE,) * 6)
    assert show(library.desk).offers[0].amount == 1_000
    take_payment.take_tender(library.desk, "cash").wait()
    (shown,) = claim_reward.claimable(library.desk)
    assert "10,00" in shopper.get(shown.address)
    shopper.send(shown.address)
    eventually(lambda: all_sent(library))
    assert town.ask("figures")["earned"] == 1_000
    shopper.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=500)
    token = voucher_of(town, 500)
    bistro.ring(WINE)
    assert scan(bistro, token) is None
    assert bistro.desk.require_sale().tenders[0].details["mode"] == "online"
    take_payment.take_tender(bistro.desk, "cash").wait()
    eventually(lambda: all_sent(bistro))
    bistro.ring(WINE)
    with pytest.raises(VoucherRefused) as refused:
        scan(bistro, token)
    assert refused.value.params["cause"] == "voucher-here"
    library.ring(WINE)
    with pytest.raises(VoucherRefused) as refused:
        scan(library, token)
    assert refused.value.params["cause"] == "voucher-spent"
    bistro.sign_on("2")
    take_payment.take_tender(bistro.desk, "cash").wait()
    refund.refund(bistro.desk, 1).wait()
    assert show(bistro.desk).sale.due == -399
    take_payment.take_tender(bistro.desk, "cash").wait()
    eventually(lambda: all_sent(bistro))
    figures = town.ask("figures")
    assert (figures["redeemed"], figures["payable"]) == (500, 0)
    (back,) = claim_reward.claimable(bistro.desk)
    shopper.send(back.address)
    assert "10,00" in shopper.get("/porte-monnaie")
    assert town.is_clean()


def test_without_network_two_tills_take_one_voucher_and_the_ledger_says_who_bears_it(
    town: Town, tmp_path: Path, shopper: Shopper
) -> None:
    with ExitStack() as rest:
        tills = []
        for name in ("Librairie", "Bistrot"):
            till = TownTill(town.folder / name)
            rest.callback(till.close)
            town.join(till, name)
            tills.append(till)
        first, second = tills
        with synced(first):
            eventually(lambda: granted(first))
            sell(first, *(WINE,) * 6)
            shopper.send(claim_reward.claimable(first.desk)[0].address)
            eventually(lambda: all_sent(first))
            shopper.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=500)
            token = voucher_of(town, 500)
            eventually(lambda: first.reader.status_list(CAMPAIGN, 1) is not None)
        with synced(second):
            eventually(lambda: granted(second))
            eventually(lambda: second.reader.status_list(CAMPAIGN, 1) is not None)
        for till in tills:  # the network is gone: no sync process answers
            till.ring(WINE)
            assert scan(till, token) is None
            assert till.desk.require_sale().tenders[0].details["mode"] == "bearer"
            take_payment.take_tender(till.desk, "cash").wait()
        for till in tills:
            with synced(till):
                wait_for(all_sent, till)
        assert town.ask("figures")["doubled"] == 500
        assert [one["kind"] for one in town.ask("findings")["findings"]] == ["doubled"]
        assert town.ask("audit")["holds"]


def test_the_shoppers_phone_pays_a_till_without_network(
    town: Town, tills: tuple[TownTill, TownTill], shopper: Shopper
) -> None:
    library, bistro = tills
    sell(library, *(WINE,) * 6)
    shopper.send(claim_reward.claimable(library.desk)[0].address)
    eventually(lambda: all_sent(library))
    bistro.ring(WINE)
    asked = pay_by_phone.ask(bistro.desk).wait()
    assert "8,99" in shopper.get(asked.address)
    page = shopper.send(asked.address)
    found = re.search(r"(\d{4}) (\d{4})</p>", page)
    assert found
    settled = pay_by_phone.answer(bistro.desk, found[1] + found[2]).wait()
    assert settled is not None
    eventually(lambda: all_sent(bistro) and all_sent(library))
    assert town.ask("figures")["redeemed"] == 899
    assert town.is_clean()


def test_a_reward_on_paper_and_the_rest_of_it_to_claim(
    town: Town, tills: tuple[TownTill, TownTill], shopper: Shopper
) -> None:
    library, _ = tills
    town.ask("carnets", shop=town.shops["Librairie"], value=500, count=3)
    eventually(lambda: bool(library.reader.grants()[0].told.carnets))
    library.ring(*(WINE,) * 4)  # 7,19 are earned
    change_sale.wish_paper(library.desk, on_paper=True).wait()
    take_payment.take_tender(library.desk, "cash").wait()
    paper, rest = claim_reward.claimable(library.desk)
    assert (paper.amount, rest.amount) == (500, 219)
    eventually(lambda: all_sent(library))
    shopper.send(rest.address)
    assert "2,19" in shopper.get("/porte-monnaie")
    library.ring(WINE)
    scan(library, paper.voucher)
    take_payment.take_tender(library.desk, "cash").wait()
    eventually(lambda: all_sent(library))
    figures = town.ask("figures")
    assert (figures["earned"], figures["redeemed"]) == (719 + 79, 500)
    assert town.is_clean()


def test_a_question_whose_answer_was_lost_blocks_no_other_till(
    town: Town, tills: tuple[TownTill, TownTill], shopper: Shopper
) -> None:
    library, bistro = tills
    sell(library, *(WINE,) * 6)
    shopper.send(claim_reward.claimable(library.desk)[0].address)
    eventually(lambda: all_sent(library))
    shopper.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=500)
    token = voucher_of(town, 500)
    library.ring(WINE)
    wish = take_voucher.read(library.desk, token)
    held = take_voucher.ask(library.desk, wish).reservation
    assert held is not None  # and yet the till hears nothing of it
    library.desk.doubts.append((wish.question(wish.candidates[0]), wish.key))
    bistro.ring(WINE)
    with pytest.raises(VoucherRefused):
        scan(bistro, token)
    take_payment.take_tender(library.desk, "cash").wait()
    eventually(lambda: is_free(bistro, token))


def is_free(till: TownTill, token: str) -> bool:
    """Whether a till may take a voucher now."""
    try:
        take_voucher.ask(till.desk, take_voucher.read(till.desk, token))
    except VoucherRefused:
        return False
    return True
