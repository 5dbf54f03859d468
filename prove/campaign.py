"""A campaign server and a sync process that can be killed, and what the server has booked."""

from __future__ import annotations

import json
import time
from typing import Final, NamedTuple

from pos.bootstrap import Till
from pos.demo.campaign import server_status
from pos.demo.shop import CAMPAIGN_ID
from pos.domain.ticket import TicketType
from pos.domain.ticket import from_data as read_ticket
from prove.command import Command, run
from prove.shop import Place
from sync.contract.entry import CAMPAIGN_PREFIX
from sync.contract.overview import CampaignStatus, TillStatus

LOOK_EVERY_S: Final = 0.2
CHAIN: Final = CAMPAIGN_PREFIX + CAMPAIGN_ID


class Expected(NamedTuple):
    """What the journal says a campaign must have received; `total` in cents."""

    entries: int
    sales: int
    refunds: int
    total: int


class Campaign:
    """The server on its folder and port, and this till's sync. `via` is how the till reaches it."""

    def __init__(self, place: Place, via: str = "") -> None:
        self.kills = 0
        self._place = place
        self._via = via
        self._folder = place.path / "server"
        self._state = place.path / "state"
        self._server, address = self._serve("0")
        self.port = int(address.rpartition(":")[2])
        self._origin = via or f"http://{address}"
        self._sync: Command | None = None

    def enrol(self) -> None:
        """Make the campaign and the shop, enrol the till, start its sync."""
        data = ("--data", str(self._folder))
        state = self._state
        run("server", "campaign", CAMPAIGN_ID, "--name", "Preuves", *data, state=state)
        shop = json.loads(
            run(
                "server",
                "shop",
                "Epicerie",
                "--campaign",
                CAMPAIGN_ID,
                "--json",
                *data,
                state=state,
            )
        )
        code = json.loads(run("server", "code", shop["id"], "--json", *data, state=state))
        ours = ("--data", str(self._place.folder.path))
        run("sync", "enrol", "--server", self._origin, "--code", code["code"], *ours, state=state)
        self._sync = self._start_sync()

    def kill_server(self, down_s: float) -> None:
        """Kill the server, leave it down, and start it where it was."""
        self._server.kill()
        time.sleep(down_s)
        self._server, _ = self._serve(str(self.port))
        self.kills += 1

    def kill_sync(self) -> None:
        """Kill the sync and start it again."""
        if self._sync:
            self._sync.kill()
        self._sync = self._start_sync()
        self.kills += 1

    def wait_for(self, number: int, wait_s: float) -> None:
        """Wait until the server holds the chain up to a number, or for so long."""
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            till = self.till()
            if till and till.last_number >= number:
                return
            time.sleep(LOOK_EVERY_S)

    def moves(self, wait_s: float) -> bool:
        """Whether the server receives something new within so long."""
        before = self._last_number()
        until = time.monotonic() + wait_s
        while self._last_number() == before:
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_EVERY_S)
        return True

    def _last_number(self) -> int:
        till = self.till()
        return till.last_number if till else 0

    def till(self) -> TillStatus | None:
        """Our till as the server shows it."""
        status = server_status(self._folder)
        tills = [till for shop in status.shops for till in shop.tills] if status else []
        return tills[0] if len(tills) == 1 else None

    def problems(self, expected: Expected) -> list[str]:
        """Where the server differs from the journal."""
        status, till = server_status(self._folder), self.till()
        if status is None or till is None:
            return ["the server does not know exactly one till"]
        found = []
        if till.state != "active" or till.rejected:
            found.append(f"the till is {till.state} with {till.rejected} entries rejected")
        if till.last_number != expected.entries:
            found.append(f"the server holds {till.last_number} of {expected.entries} entries")
        booked = _booked(status)
        if booked != expected[1:]:
            found.append(f"the server booked {booked}, the journal has {expected}")
        return found

    def stop(self) -> None:
        """End both cleanly; CommandFailed when one was not there any more."""
        if self._sync:
            self._sync.stop()
        self._server.stop()

    def kill(self) -> None:
        """End both, whatever they do."""
        if self._sync:
            self._sync.kill()
        self._server.kill()

    def _serve(self, port: str) -> tuple[Command, str]:
        self._folder.mkdir(exist_ok=True)
        origin = ("--origin", self._via) if self._via else ()
        words = ("server", "--port", port, *origin, "--open-pages", "--data", str(self._folder))
        server = Command(*words, state=self._state, log=self._place.path / "server.log")
        return server, server.ready()

    def _start_sync(self) -> Command:
        words = ("sync", "--data", str(self._place.folder.path))
        return Command(*words, state=self._state, log=self._place.path / "sync.log")


def expected(till: Till) -> Expected:
    """Add up the tickets, all sold since the till was enrolled, and the campaign's own chain."""
    entries = sales = refunds = total = 0
    for entry in till.desk.ports.ledger.since(0):
        chain = entry.payload.chain
        entries += chain == CHAIN
        if chain == "ticket":
            ticket = read_ticket(entry.data)
            total += ticket.total.ttc
            refunds += ticket.type is TicketType.RETURN
            sales += ticket.type is not TicketType.RETURN
    return Expected(entries, sales, refunds, total)


def _booked(status: CampaignStatus) -> tuple[int, int, int]:
    turnover = status.turnover
    return turnover.sales, turnover.refunds, turnover.total_cents
