"""Keeping the status lists of a server's campaigns: which vouchers a till without network may take.

One small answer says which lists there are and in what version; only what changed is fetched.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sync.backoff import Backoff
from sync.client import Client
from sync.errors import Rejected, Stopped, SyncError
from sync.pace import NOW, Mood, Pause, Tools
from sync.state import State
from sync.trust import Trust

LOOK_EVERY_SECONDS: Final = 600.0
# A list carries its own end, which a version that never changes does not push out.
REMAKE_AFTER: Final = timedelta(hours=24)


class Lists:
    """The job of one server's status lists. Call `step` again and again, from one thread."""

    def __init__(self, state: State, client: Client, tools: Tools) -> None:
        self._state = state
        self._client = client
        self._tools = tools
        self._mood = Mood(f"lists of {client.origin}", tools)
        self._backoff = Backoff(tools.uniform)

    def step(self) -> Pause:
        """Look once at all lists of this till's campaigns. Never raises SyncError."""
        try:
            self._look()
        except Stopped:
            return NOW
        except SyncError as error:
            self._mood.troubled(error)
            wish = error.retry_after_seconds if isinstance(error, Rejected) else None
            return Pause(self._backoff.failed(wish))
        self._mood.well()
        self._backoff.succeeded()
        return Pause(LOOK_EVERY_SECONDS, wakeable=True)

    def _look(self) -> None:
        origin, epoch = self._client.origin, self._client.identity.epoch
        for one in self._state.enrolments(epoch):
            if one.origin == origin and not one.halted:
                self._look_at(one.campaign)

    def _look_at(self, campaign: str) -> None:
        """Fetch what changed; one list that cannot be had holds up no other."""
        wanted = {one.batch: one.etag for one in self._client.lists(campaign).lists}
        now = self._client.server_now()
        good, errors = self._state.confirm_lists(campaign, wanted, now, now - REMAKE_AFTER), []
        trust = Trust(self._state.server(self._client.origin).keys)
        for batch in sorted(wanted.keys() - good, reverse=True):
            try:
                self._fetch(trust, campaign, batch)
            except Stopped:
                raise
            except SyncError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _fetch(self, trust: Trust, campaign: str, batch: int) -> None:
        compact, etag = self._client.status_list(campaign, batch)
        now: datetime = self._client.server_now()
        self._state.put_list(trust.status_list(compact, campaign, batch, now), etag, now)
