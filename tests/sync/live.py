"""A campaign with money behind a real server on loopback, and a till with its sync process.

The server's time and the till's are one virtual clock, so that the campaign's dates hold.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.calls import CallsClient
from sync.calls_socket import CallsSocket
from sync.carry import take_in
from sync.desk import Desk
from sync.engine import Engine
from sync.errors import SyncError
from sync.frames import SOCKET_NAME
from sync.http import HttpTransport
from sync.pace import Tools
from sync.ports import Transport
from sync.server.app import make_app
from sync.server.config import ServerConfig
from sync.server.run import open_services
from sync.server.services import Clock, Services
from sync.state import State
from tests.sync.rig import Journal, Who
from tests.sync.server.kit import Api, VirtualClock
from tests.sync.server.market import Market, secret


class Gate:
    """The application behind a gate: while it is shut, requests get in and nothing comes out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.shut = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while self.shut:
            await asyncio.sleep(0.01)
        await self._app(scope, receive, send)


@dataclass
class City:
    """A campaign that runs, shops in it, and the address of its server."""

    market: Market
    clock: VirtualClock
    gate: Gate
    origin: str
    services: Services

    def voucher(self, number: int = 1, cents: int = 1000) -> str:
        """A voucher in a shopper's hands: its token."""
        market = self.market
        market.sell("Quai", 5 * cents, market.earn("Quai", 5 * cents, secret(number)))
        market.send("Quai")
        who = f"shopper {number}"
        assert market.claim(market.receipt("Quai", cents, secret(number)), who).outcome == "claimed"
        return market.voucher(who, cents).token

    def code(self) -> str:
        """A pairing code for the shop Port."""
        return self.market.api.code(self.market.shops["Port"])

    def reservations(self) -> list[tuple[str, str]]:
        """Which sales hold a voucher, and in what state."""
        rows = self.services.store.write_now(
            lambda db: db.execute("SELECT sale, state FROM reservation ORDER BY made_at").fetchall()
        )
        return [(str(sale), str(state)) for sale, state in rows]


@contextmanager
def live_city(folder: Path) -> Iterator[City]:
    """A city whose server answers."""
    with ExitStack() as rest:
        listener = rest.enter_context(socket.create_server(("127.0.0.1", 0)))
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        clock = VirtualClock()
        services = rest.enter_context(
            open_services(
                ServerConfig(folder),
                frozenset((origin, "http://testserver")),
                Clock(clock.now, clock.monotonic),
            )
        )
        app = make_app(services)
        api = rest.enter_context(Api(app, clock, services.secrets.admin_token))
        market = Market(api, services)
        market.open("Port", "Quai")
        gate = Gate(app)
        rest.enter_context(_serving(gate, listener, services))
        yield City(market, clock, gate, origin, services)


@contextmanager
def _serving(gate: Gate, listener: socket.socket, services: Services) -> Iterator[None]:
    server = uvicorn.Server(
        uvicorn.Config(gate, lifespan="off", ws="none", log_config=None, date_header=False)
    )
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield
    finally:
        gate.shut = False
        server.should_exit = True
        services.hub.close()
        thread.join(30)


@dataclass
class SyncProcess:
    """What `comptoir sync` runs for a till, and the till's end of the socket."""

    folder: Path
    clock: VirtualClock
    journal: Journal = field(default_factory=Journal)
    told: list[tuple[str, str]] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.folder / SOCKET_NAME

    @property
    def calls(self) -> CallsClient:
        return CallsClient(self.path)

    def tell(self, name: str, error: SyncError | None) -> None:
        self.told.append((name, error.trouble if error else ""))

    @contextmanager
    def running(self) -> Iterator[Engine]:
        """The process at work, until it is stopped in good order."""
        state = State(self.folder / "campaign.db")
        who = Who.of(self.journal.till)
        tools = Tools(self.clock.now, lambda _low, _high: 0.01, self.tell)
        engine = Engine(state, self.journal, who, _connect, tools)
        desk = Desk(
            *(engine, state, who, _connect, self.clock.now),
            lambda path: take_in(state, self.journal, who, path, self.clock.now),
            software="0.1.0",
        )
        listening = CallsSocket(self.path, desk.answer, time.monotonic)
        listening.start()
        engine.start()
        try:
            yield engine
        finally:
            listening.stop()
            engine.stop()
            desk.stop()
            state.close()


def _connect(origin: str) -> Transport:
    return HttpTransport(origin)


def sale(number: int) -> str:
    """The id of a sale."""
    return str(UUID(int=number))
