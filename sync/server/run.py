"""Running the server: open the data folder, bind, serve, stop cleanly on SIGINT and SIGTERM."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import uvicorn

from sync.server.app import make_app
from sync.server.auth import Organiser
from sync.server.config import ServerConfig, open_secrets
from sync.server.errors import BadConfig, Refused
from sync.server.memory import collect_rarely
from sync.server.services import Clock, Meters, Services
from sync.server.shops.order import fill_sort_keys
from sync.server.store.opening import open_store
from sync.server.tills.feed import highest_items
from sync.server.tills.reading import Here, Reading, open_reading
from sync.server.tills.tallies import fill_missing

CONNECTIONS_MAX: Final = 10_000  # each till keeps one open while it waits for news
FILES_OF_OURS: Final = 256  # the database, the log, and what libraries open
BACKLOG: Final = 1024
KEEP_ALIVE_SECONDS: Final = 30
STOP_SECONDS: Final = 5
LOOK_EVERY_SECONDS: Final = 1.0
HEADER_BYTES_MAX: Final = 16 * 1024

OnReady = Callable[[str, int], None]


def run(config: ServerConfig, on_ready: OnReady | None = None, clock: Clock | None = None) -> None:
    """Serve until SIGINT or SIGTERM. `on_ready` gets host and port once requests are answered.

    The process is the server's from here on. Prints nothing. Raises BadConfig for an address or a
    data folder that cannot be used.
    """
    collect_rarely()
    CampaignServer(config, clock).run(on_ready)


@contextmanager
def open_services(
    config: ServerConfig,
    origins: frozenset[str],
    clock: Clock | None = None,
    reading: Reading | None = None,
) -> Iterator[Services]:
    """The services over a data folder, made on first use; BadConfig when that cannot be."""
    clock = clock or Clock()
    kept = open_secrets(config.data_dir)
    store = open_store(config.data_dir, config.database)
    try:
        fill_missing(store)
        fill_sort_keys(store)
        yield Services(
            store=store,
            secrets=kept,
            organiser=Organiser(kept.admin_token),
            origins=origins,
            meters=Meters.of(config.rates, clock),
            open_pages=config.open_pages,
            clock=clock,
            reading=reading or Here(),
        )
    finally:
        store.close()


class CampaignServer:
    """A server that can also be stopped from another thread."""

    def __init__(self, config: ServerConfig, clock: Clock | None = None) -> None:
        config.check()
        self._config = config
        self._clock = clock
        self._stopping = threading.Event()
        self._uvicorn: _Uvicorn | None = None

    def run(self, on_ready: OnReady | None = None) -> None:
        """Bind and serve until `stop`, or a signal when this is the main thread."""
        config = self._config
        with _bind(config.host, config.port) as listener, self._signals():
            port = listener.getsockname()[1]
            with (
                open_reading() as reading,
                open_services(config, config.origins(port), self._clock, reading) as services,
            ):
                ready = (lambda: on_ready(config.host, port)) if on_ready else None
                self._uvicorn = _Uvicorn(services, ready, shared=config.database is not None)
                self._uvicorn.should_exit = self._stopping.is_set()
                self._uvicorn.run(sockets=[listener])

    def stop(self) -> None:
        """Answer what was asked, then end `run`. From any thread."""
        self._stopping.set()
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True

    @contextmanager
    def _signals(self) -> Iterator[None]:
        # uvicorn takes the signals while it serves, then raises them again for whoever had them
        # before: the default would end the process here, before the database is closed.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        ours = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, lambda *_: self.stop()) for number in ours}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Uvicorn(uvicorn.Server):
    """uvicorn, saying when it is ready, and letting long polls go before it waits for them."""

    def __init__(
        self, services: Services, on_ready: Callable[[], None] | None, *, shared: bool
    ) -> None:
        """`shared`: other processes may publish in the same database."""
        super().__init__(_settings(services))
        self._services = services
        self._on_ready = on_ready
        self._shared = shared
        self._looking: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._shared:
            self._looking = asyncio.create_task(self._look())
        if self.started and self._on_ready is not None:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._services.hub.close()
        await super().shutdown(sockets)

    async def _look(self) -> None:
        """Ring for what other processes publish, also after the database was away."""
        store = self._services.store
        seen: dict[str, int] = {}
        while True:
            with suppress(Refused):
                now = await store.read(highest_items)
                self._services.hub.ring(*(one for one in now if now[one] != seen.get(one)))
                seen = now
            await asyncio.sleep(LOOK_EVERY_SECONDS)


def _settings(services: Services) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(services),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        backlog=BACKLOG,
        limit_concurrency=connections_max(),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
    )


def connections_max() -> int:
    """How many connections fit into the files that this process may open, which are made most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + FILES_OF_OURS
    if soft < wanted:
        soft = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(CONNECTIONS_MAX, soft - FILES_OF_OURS))


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise BadConfig(f"cannot listen on {host} port {port}: {error}") from error
    # Connections inherit it. asyncio would not set it on a socket it did not make, and each answer
    # (a head, then a body) would wait 40 ms for the till to acknowledge its first packet.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
