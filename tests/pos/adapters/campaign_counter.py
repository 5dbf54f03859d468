"""A till that reads the file of the sync process, and the hand that writes it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pos.adapters.campaigns import CampaignReader
from pos.app import take_payment
from pos.app.desk import Desk
from pos.store.journal import campaigns_written
from pos.store.opening import open_store
from sync.contract.jws import SigningKey
from sync.errors import SyncError
from sync.records import Enrolment
from sync.state import State
from sync.writes import Mark
from tests.pos.fakes import BREAD, Counter

SERVER_KEY = SigningKey.from_secret(7).public


class CampaignCounter(Counter):
    """A counter whose campaigns come from campaign.db."""

    def __init__(self, path: Path) -> None:
        self.reader: CampaignReader
        self.seconds = 0.0  # of the clock that only goes on
        super().__init__(path)
        self.sign_on()

    def enrol(self, *campaigns: str, epoch: int = 1) -> None:
        """What the sync process does when a pairing code is typed."""
        with closing(State(self.folder.campaign_db)) as state:
            for campaign in campaigns:
                state.add_enrolment(_enrolment(campaign, epoch), SERVER_KEY)

    def acknowledge(self, campaign: str, number: int, epoch: int = 1) -> None:
        """What it does when a server has taken entries."""
        with closing(State(self.folder.campaign_db)) as state:
            mark = Mark(number, "0" * 64)
            state.acknowledge(_enrolment(campaign, epoch), mark, self.now)

    def trouble(self, campaign: str, error: SyncError) -> None:
        """What it does when something stands in the way."""
        with closing(State(self.folder.campaign_db)) as state:
            state.trouble(_enrolment(campaign, 1), error, self.now)

    def sell(self, code: str = BREAD) -> None:
        """A sale for cash."""
        self.ring(code)
        assert take_payment.take_tender(self.desk, "cash").wait() is not None

    def restart(self) -> None:
        """Stop the till and start it."""
        self.reader.close()
        super().restart()
        self.sign_on()

    def renew(self) -> None:
        """Go on under a new key and the next epoch, as after a restore."""
        self.close()
        self.machine.secret_file.unlink()
        self.store = open_store(self.folder, self.machine, self.clock, renew_key=True)
        self.desk = self._start()
        self.sign_on()

    def close(self) -> None:
        """Let go of everything."""
        self.reader.close()
        super().close()

    def _start(self) -> Desk:
        desk = super()._start()
        identity = self.store.identity
        self.reader = CampaignReader(
            self.folder.campaign_db,
            self.store.ledger,
            identity,
            campaigns_written(self.store.reader, identity.epoch),
            monotonic=lambda: self.seconds,
        )
        desk.ports = replace(desk.ports, campaigns=self.reader)
        return desk


def _enrolment(campaign: str, epoch: int) -> Enrolment:
    return Enrolment(
        campaign,
        epoch,
        "http://127.0.0.1:8080",
        campaign.title(),
        "shop",
        "Épicerie",
        "01",
        f"{epoch:06}",
        "2026-11-22T18:00:00.000+01:00",
    )
