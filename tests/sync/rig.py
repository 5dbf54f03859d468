"""What the tests of the sync client share: a journal in memory, a key, lines to a real server.

The server is always the real application over a real database; only the wire is replaced where a
test has to break it at a chosen moment.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.types import Message, Scope

from sync.client import Client
from sync.contract.jws import Signed, SigningKey, VerifyKey
from sync.contract.messages import PairingCode
from sync.contract.overview import TillStatus
from sync.enrolment import enrol
from sync.errors import JournalUnreadable, SyncError
from sync.organiser import OrganiserClient
from sync.pace import Pause, Tools
from sync.ports import Answer, Request
from sync.records import Enrolment
from sync.server.app import make_app
from sync.server.config import ServerConfig
from sync.server.run import CampaignServer, open_services
from sync.server.services import Clock, Services
from sync.server.tills.feed import News, publish
from sync.state import State, StateReader
from sync.uplink import Uplink
from tests.sync.server.kit import Till, VirtualClock

ORIGIN = "http://localhost:8000"
CAMPAIGN = "noel"
CHAIN = "campaign:noel"
SECRET = 0xC0FFEE


@dataclass
class Journal:
    """The journal of a till (Source). `broken` makes it unreadable."""

    till: Till = field(default_factory=lambda: Till(SigningKey.from_secret(SECRET)))
    broken: bool = False

    def sell(self, count: int = 1) -> None:
        for _ in range(count):
            self.till.sell()

    def put_back_to(self, number: int) -> None:
        """What restoring yesterday's copy of the disk does."""
        del self.till.entries[number:]
        self.till.seq = number
        self.till.prev = self.till.entries[-1].digest

    def head(self, chain: str) -> tuple[int, str] | None:
        entries = self._entries(chain)
        return (len(entries), entries[-1].digest) if entries else None

    def read(self, chain: str, after: int, limit: int) -> list[tuple[int, int, bytes]]:
        rows = self._entries(chain)[after : after + limit]
        return [(one.payload.number, one.payload.epoch, one.compact) for one in rows]

    def oldest_at(self, chain: str, after: int) -> str | None:
        rows = self._entries(chain)[after : after + 1]
        return rows[0].payload.at if rows else None

    def _entries(self, chain: str) -> list[Any]:
        if self.broken:
            raise JournalUnreadable("the disk is gone")
        return self.till.entries if chain == CHAIN else []


@dataclass(frozen=True)
class Who:
    """The till's identity under one epoch."""

    till: str
    epoch: int
    key: SigningKey
    earlier: Sequence[tuple[int, VerifyKey]] = ()

    @classmethod
    def of(cls, till: Till) -> Who:
        return cls(till.till, till.epoch, till.key, [_key(one) for one in till.past])

    @property
    def public(self) -> VerifyKey:
        return self.key.public

    def sign(self, payload: bytes, typ: str) -> Signed:
        return self.key.sign(payload, typ)


def _key(of_the_past: Mapping[str, Any]) -> tuple[int, VerifyKey]:
    return of_the_past["epoch"], VerifyKey.from_pem(of_the_past["public_key"].encode())


def utc_now() -> datetime:
    return datetime.now(UTC)


class Server:
    """The real application on a folder, asked without a wire. `restart` forgets its memory."""

    def __init__(self, folder: Path, clock: VirtualClock) -> None:
        self._config = ServerConfig(folder)
        self._clock = Clock(clock.now, clock.monotonic)
        self._loop = asyncio.new_event_loop()
        self._open()

    def close(self) -> None:
        self._context.__exit__(None, None, None)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def restart(self) -> None:
        self._context.__exit__(None, None, None)
        self._open()

    def ask(self, request: Request) -> Answer:
        path, _, query = request.target.partition("?")
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in request.headers.items()],
            "client": ("192.0.2.1", 50000),
            "server": ("localhost", 8000),
        }
        return self._loop.run_until_complete(self._call(scope, request.body))

    async def _call(self, scope: Scope, body: bytes) -> Answer:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        headers = {k.decode().lower(): v.decode() for k, v in sent[0]["headers"]}
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], headers, content)

    def _open(self) -> None:
        self._context = open_services(self._config, frozenset((ORIGIN,)), self._clock)
        self.services: Services = self._context.__enter__()
        self._app = make_app(self.services)

    def organiser(self) -> OrganiserClient:
        return OrganiserClient(Line(self), self.services.secrets.admin_token)

    def new_shop(self) -> str:
        self.organiser().create_campaign(CAMPAIGN, "Noël à Saint-Malo")
        return self.organiser().create_shop(CAMPAIGN, "Épicerie du Port").id

    def code(self, shop: str) -> str:
        code: PairingCode = self.organiser().pairing_code(shop)
        return code.code

    def notice(self, text: str) -> None:
        key = self.services.secrets.key
        self.services.store.write_now(
            lambda db: publish(
                db, News(CAMPAIGN, "notice", {"text": text}), key, "2026-11-22T18:00:00.000+00:00"
            )
        )

    def numbers(self) -> list[int]:
        """The numbers stored, epoch after epoch."""
        return [row[0] for row in self._rows("SELECT number FROM entry ORDER BY number")]

    def compacts(self) -> list[bytes]:
        """The distinct entries stored, in the order of their numbers."""
        return [row[0] for row in self._rows("SELECT compact FROM entry ORDER BY number")]

    def turnover_cents(self) -> int:
        return int(self._rows("SELECT coalesce(sum(total_cents), 0) FROM turnover")[0][0])

    def quarantines(self) -> list[str]:
        rows = self._rows("SELECT quarantine FROM identity WHERE quarantine IS NOT NULL")
        return [row[0] for row in rows]

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.services.store.write_now(lambda db: db.execute(sql).fetchall())


Fault = Callable[[Request, Callable[[Request], Answer]], Answer]


class Line:
    """A line to a server in memory. Faults meant for the next requests are used up in turn."""

    def __init__(self, server: Server, *faults: Fault) -> None:
        self._server = server
        self.faults = list(faults)
        self.asked: list[Request] = []

    def request(self, request: Request) -> Answer:
        self.asked.append(request)
        if self.faults:
            return self.faults.pop(0)(request, self._server.ask)
        return self._server.ask(request)

    def abort(self) -> None:
        """Nothing is ever under way here."""

    def close(self) -> None:
        """Nothing is open here."""


def no_fault(request: Request, ask: Callable[[Request], Answer]) -> Answer:
    return ask(request)


def request_lost(error: SyncError) -> Fault:
    """The server never sees it."""

    def fault(_request: Request, _ask: Callable[[Request], Answer]) -> Answer:
        raise error

    return fault


def answer_lost(error: SyncError) -> Fault:
    """The server did it all, and nobody hears of it."""

    def fault(request: Request, ask: Callable[[Request], Answer]) -> Answer:
        ask(request)
        raise error

    return fault


def answers(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Something else answers in the server's place."""

    def fault(_request: Request, _ask: Callable[[Request], Answer]) -> Answer:
        return Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, body)

    return fault


@dataclass
class Bench:
    """A till, its campaign.db, and a server, joined by a line that a test can break."""

    folder: Path
    clock: VirtualClock
    journal: Journal
    server: Server
    line: Line
    state: State
    shop: str
    told: list[tuple[str, str]] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    _reader: StateReader | None = None

    @property
    def tools(self) -> Tools:
        # The longest wait that the jitter may draw: tests see the bound itself.
        return Tools(self.clock.now, lambda _low, high: high, self._tell, self.met.append)

    def _tell(self, name: str, error: SyncError | None) -> None:
        self.told.append((name, error.trouble if error else ""))

    def client(self, now: Callable[[], datetime] | None = None) -> Client:
        return Client(ORIGIN, self.line, Who.of(self.journal.till), now or self.clock.now)

    def enrol(self) -> Enrolment:
        code = self.server.code(self.shop)
        return enrol(self.state, self.client(), code, shop_till="01", software="0.1.0")

    def stored(self) -> Enrolment:
        found = self.state.enrolment(CAMPAIGN)
        assert found is not None
        return found

    def reader(self) -> StateReader:
        """What another process sees of campaign.db."""
        self._reader = self._reader or StateReader(self.folder / "campaign.db")
        return self._reader

    def close(self) -> None:
        if self._reader:
            self._reader.close()
        self.state.close()
        self.server.close()

    def organiser_sees(self) -> TillStatus:
        """The one till on the organiser's page."""
        (till,) = self.server.organiser().status().campaigns[0].shops[0].tills
        return till

    def uplink(self, client: Client | None = None) -> Uplink:
        client = client or self.client()
        return Uplink(self.stored(), self.state, self.journal, client, self.tools)

    def restart(self) -> Uplink:
        """The sync process is killed and started again."""
        self.state.close()
        self.state = State(self.folder / "campaign.db")
        return self.uplink()


@contextmanager
def open_bench(folder: Path) -> Iterator[Bench]:
    """A bench with one campaign and one shop; nobody has enrolled yet."""
    clock = VirtualClock()
    server = Server(folder / "server", clock)
    state = State(folder / "campaign.db")
    bench = Bench(folder, clock, Journal(), server, Line(server), state, server.new_shop())
    try:
        yield bench
    finally:
        bench.close()


def drain(uplink: Uplink, steps_max: int = 1000) -> list[Pause]:
    """Step until there is nothing to do; the pauses on the way, without waiting for them."""
    pauses: list[Pause] = []
    for _ in range(steps_max):
        pauses.append(uplink.step())
        if pauses[-1].wakeable:
            return pauses
    raise AssertionError(f"not idle after {steps_max} steps: {pauses[-3:]}")


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[tuple[str, CampaignServer]]:
    """A real server on loopback, in a thread; its origin. Port 0 is any free one."""
    ready: list[str] = []
    up = threading.Event()

    def on_ready(host: str, port: int) -> None:
        ready.append(f"http://{host}:{port}")
        up.set()

    server = CampaignServer(ServerConfig(folder, port=port))
    thread = threading.Thread(target=lambda: server.run(on_ready))
    thread.start()
    try:
        assert up.wait(30)
        yield ready[0], server
    finally:
        server.stop()
        thread.join(30)
