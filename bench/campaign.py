"""A campaign server in a process of its own, and tills that may send to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pos.bootstrap import now
from pos.demo.processes import Process
from pos.store.keys import Identity
from sync.client import Client
from sync.http import HttpTransport
from sync.organiser import organiser_at

CAMPAIGN: Final = "demo"
SOFTWARE: Final = "bench"


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens, and the shop whose tills may join."""

    folder: Path
    origin: str
    shop: str

    def code(self) -> str:
        """A pairing code for one more till."""
        with organiser_at(self.folder) as client:
            return client.pairing_code(self.shop).code

    def received(self) -> tuple[int, int]:
        """How many sales it has booked, and their sum in cents."""
        with organiser_at(self.folder) as client:
            booked = client.status().campaigns[0].turnover
        return booked.sales, booked.total_cents

    def enrol(self, identity: Identity) -> None:
        """Let a till join, without anything kept on its side."""
        client = Client(self.origin, HttpTransport(self.origin), identity, now)
        try:
            client.enrol(self.code(), "01", SOFTWARE)
        finally:
            client.close()


@contextmanager
def campaign_server(folder: Path) -> Iterator[Server]:
    """A server on a free port, with one campaign and one shop."""
    arguments = ["server", "--port", "0", "--data", str(folder)]
    with Process("server", arguments, folder.parent / "logs") as process:
        origin = f"http://{process.ready()}"
        with organiser_at(folder) as client:
            client.create_campaign(CAMPAIGN, "Figures")
            shop = client.create_shop(CAMPAIGN, "Shop").id
        yield Server(folder, origin, shop)
