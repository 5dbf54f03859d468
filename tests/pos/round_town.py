"""The town around the tills of the round: the real server, its organiser, and the post between."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import msgspec

from sync.contract.entry import ENTRY_TYP
from sync.contract.jws import VerifyKey, parse
from sync.contract.rewards.rules import RulePack
from sync.server.app import make_app
from sync.server.config import ServerConfig
from sync.server.run import open_services
from sync.server.services import Clock
from tests.pos.round_checks import Booked, Judge
from tests.pos.round_till import CHAIN, RoundTill, acknowledge, body, listen, problem_of
from tests.sync.server.kit import ORIGIN, Api, VirtualClock
from tests.sync.server.market import CAMPAIGN, IBAN, Market

SHOPS: Final = ("Port", "Port", "Quai")  # where each till stands: two of them in one shop
BATCH: Final = 200


class Town:
    """One campaign with three tills, on one clock. Everything random is counted out."""

    def __init__(
        self, stack: ExitStack, folder: Path, database: str | None, rules: RulePack, pledged: int
    ) -> None:
        self.folder, self.judge = folder, Judge()
        self.refusals: list[str] = []  # why deliveries failed, the newest last
        self._ids, self._secrets, self._folders = count(1), count(1), count(1)
        self.clock = VirtualClock()
        watch = Clock(self.clock.now, self.clock.monotonic, self.new_id)
        config = ServerConfig(folder / "server", database=database)
        services = stack.enter_context(open_services(config, frozenset((ORIGIN,)), watch))
        self.server_key: VerifyKey = services.secrets.key.public
        app = make_app(services)
        self.api = stack.enter_context(Api(app, self.clock, services.secrets.admin_token))
        self.market = Market(self.api, services, rules, pledged=pledged)
        self.market.open()
        self.shops = {name: self._open_shop(name) for name in dict.fromkeys(SHOPS)}
        self.accepted: dict[str, str] = {}
        self.tills: list[RoundTill] = []
        stack.callback(self._close_tills)
        for shop in SHOPS:
            till = RoundTill(self.new_folder(), self, self.new_id(), shop)
            self.tills.append(till)
            self.enrol(till)

    def _close_tills(self) -> None:
        for till in self.tills:
            till.close()

    # --- what tills need (tests.pos.round_till.World) ---------------------------------------------

    def now(self) -> datetime:
        """The right time."""
        return self.clock.now()

    def new_id(self) -> str:
        """A UUID that nobody had."""
        return str(UUID(int=next(self._ids), version=4))

    def new_secret(self, size: int) -> bytes:
        """Bytes that nobody had."""
        return hashlib.sha256(f"secret {next(self._secrets)}".encode()).digest()[:size]

    def ask(self, till: RoundTill, method: str, path: str, **how: Any) -> httpx.Response:
        """What the server answers a till, which waits as long as it is told to."""
        more = how.pop("headers", {})
        url = path if path.startswith("/") else f"/v1/tills/{till.name}/{path}"
        while True:
            found = self.api.ask(method, url, headers=self.api.bearer(till.wire) | more, **how)
            assert found.status_code < 500, found.text
            if found.status_code != 429:
                return found
            self.clock.advance(seconds=int(found.headers["retry-after"]))

    def new_folder(self) -> Path:
        """A folder that is not there yet."""
        return self.folder / f"till-{next(self._folders)}"

    # --- joining and delivering -------------------------------------------------------------------

    def enrol(self, till: RoundTill) -> None:
        """Let a till in under its present epoch, and tell it everything."""
        self.clock.advance(minutes=1)  # enrolments are limited to so many a minute
        self.api.enrol(till.wire, self.shops[till.shop])
        till.notes.epoch = till.epoch
        till.notes.items, till.notes.cursor = [], ""
        listen(till)

    def let_in(self, till: RoundTill) -> None:
        """Enrol a till that went on under a new epoch; again under a later one if that is taken."""
        while not self.is_free(till):
            till.renew()
        self.enrol(till)

    def make_known(self, till: RoundTill) -> None:
        """Let a till in that is not, under its present epoch."""
        if till.notes.epoch != till.epoch:
            self.let_in(till)

    def renew(self, till: RoundTill) -> None:
        """A till goes on under a new key, and is let in."""
        till.renew()
        self.let_in(till)

    def is_free(self, till: RoundTill) -> bool:
        """Whether nobody was let in under this till's epoch, or a later one."""
        (latest,) = self.market.ledger(
            lambda one: one.db.execute(
                "SELECT coalesce(max(epoch), 0) FROM identity WHERE till = ?", (till.name,)
            ).fetchone()
        )
        return till.epoch > int(latest)

    def copy(self, till: RoundTill) -> None:
        """A till's card is copied: two sign as one from now on."""
        path = self.new_folder()
        twin = RoundTill(path, self, till.name, till.shop, till.copy_to(path))
        twin.skew = till.skew
        self.tills.append(twin)

    def one_of_each(self) -> list[RoundTill]:
        """Throw copies away: of each name the first is left."""
        kept: dict[str, RoundTill] = {}
        for till in self.tills:
            if kept.setdefault(till.name, till) is not till:
                till.close()
        self.tills[:] = kept.values()
        return self.tills

    def deliver(
        self, till: RoundTill, size: int = BATCH, *, batches: int = 1_000, again: bool = False
    ) -> int:
        """Send what waits in a till's chain, or all of it again; how much was new to the server.

        A till whose line is deaf does not hear what was acknowledged.
        """
        new = 0
        after = 0 if again else till.notes.acknowledged
        while batches and (entries := till.written(after, size)):
            found = self.ask(till, "POST", "entries", json=body(entries))
            if found.status_code == 409 and problem_of(found) == "gap":
                after = int(found.json()["expected"]) - 1
                assert after < entries[0][0] - 1, "a gap leads backwards only"
                continue
            if found.status_code != 200:
                self.refusals.append(f"{till.name} epoch {till.epoch}: {found.text}")
                break
            taken = self._taken(till, entries, found.json())
            self.market.ledger(lambda one, taken=taken: self.judge.take(one, taken))
            new += len(taken)
            after, batches = entries[-1][0], batches - 1
            if till.line != "deaf":
                acknowledge(till, found.json()["acknowledged"])
        return new

    def _taken(
        self, till: RoundTill, entries: list[tuple[int, str]], answer: Mapping[str, Any]
    ) -> list[Booked]:
        """Each entry is accepted once for ever, whoever delivers it."""
        new = []
        enrolment = self._enrolment(till)
        for (number, compact), verdict in zip(entries, answer["verdicts"], strict=True):
            digest = hashlib.sha256(compact.encode()).hexdigest()
            assert verdict["verdict"] in ("accepted", "duplicate"), verdict
            assert (verdict["verdict"] == "duplicate") == (digest in self.accepted), verdict
            if digest not in self.accepted:
                said = json.loads(parse(compact.encode(), ENTRY_TYP).payload)
                source = f"{enrolment}:{number}"
                self.accepted[digest] = source
                new.append(Booked(till.name, source, said["data"], said["at"]))
        return new

    def _enrolment(self, till: RoundTill) -> int:
        (number,) = self.market.ledger(
            lambda one: one.db.execute(
                "SELECT id FROM enrolment WHERE campaign = ? AND till = ? AND epoch = ?",
                (CAMPAIGN, till.name, till.epoch),
            ).fetchone()
        )
        return int(number)

    def head(self, till: RoundTill) -> int:
        """How far the server holds a till's chain; -1 when it does not speak to it."""
        found = self.ask(till, "GET", f"chains/{CHAIN}")
        return int(found.json()["acknowledged"]) if found.status_code == 200 else -1

    # --- the organiser ---------------------------------------------------------------------------

    def admin(self, method: str, path: str, **how: Any) -> httpx.Response:
        """What the organiser's address answers, refusals too."""
        url = f"/v1/admin/campaigns/{CAMPAIGN}/{path}"
        found = self.api.ask(method, url, headers=self.api.admin, **how)
        assert found.status_code < 500, found.text
        return found

    def change_rate(self, rate: int) -> None:
        """Publish the next version of the rules, with another rate."""
        first = msgspec.structs.replace(self.market.rules.rules[0], rate=rate)
        self.market.rules = msgspec.structs.replace(
            self.market.rules, rules=(first, *self.market.rules.rules[1:])
        )
        self.market.ask("rules", **msgspec.to_builtins(self.market.rules))

    def decide(self, decision: str) -> None:
        """Say what becomes of the oldest finding."""
        found = self.admin("GET", "findings").json()["findings"]
        if found:
            self.admin("POST", f"findings/{found[-1]['id']}", json={"decision": decision})

    def settle(self, answer: str) -> None:
        """Prepare a run, if anybody is owed anything, and hear what the bank did."""
        found = self.admin("POST", "settlements")
        if found.status_code == 201:
            run = found.json()
            for line in run["lines"]:
                path = f"settlements/{run['id']}/lines"
                self.market.ask(path, state=answer, shop=line["shop"])

    def _open_shop(self, name: str) -> str:
        shop = str(self.api.order("shops", campaign=CAMPAIGN, name=name)["id"])
        facts = {"iban": IBAN, "town": "Saint-Malo", "district": "port"}
        self.market.ask(f"shops/{shop}", "PUT", status=200, **facts)
        return shop
