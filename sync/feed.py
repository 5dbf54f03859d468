"""What a campaign server tells: signed items, in order, kept once they are verified."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from sync.backoff import Backoff
from sync.client import Client
from sync.contract.feed import FEED_ITEMS_MAX, FEED_WAIT_SECONDS_MAX, FeedPage
from sync.errors import Incompatible, Rejected, StateError, Stopped, SyncError
from sync.pace import HALTED, NOW, Mood, Pause, Tools
from sync.state import State
from sync.trust import Trust
from sync.writes import News

CURSOR_CHARS_MAX: Final = 200
_SHORTEST_PAUSE_SECONDS: Final = 1.0


class Feed:
    """The job of one server's feed. Call `step` again and again, from one thread."""

    def __init__(
        self,
        state: State,
        client: Client,
        tools: Tools,
        on_lists: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_lists` hears that status lists have changed."""
        self._origin = client.origin
        self._state = state
        self._client = client
        self._tools = tools
        self._mood = Mood(client.origin, tools)
        self._backoff = Backoff(tools.uniform)
        known = state.server(client.origin)
        self._cursor = known.cursor
        self._trust = Trust(known.keys)
        self._on_lists = on_lists
        self._recorded = bool(known.trouble)
        self._halted = False

    def step(self) -> Pause:
        """Wait for news once, and keep what came. Never raises SyncError."""
        if self._halted:
            return HALTED
        asked_at = self._tools.clock()
        try:
            page = self._client.feed(self._cursor)
            self._keep(page)
        except Stopped:
            return NOW
        except SyncError as error:
            return self._failed(error)
        self._mood.well()
        self._backoff.succeeded()
        return NOW if page.items else self._rest(asked_at)

    def _keep(self, page: FeedPage) -> None:
        now = self._tools.clock()
        news = self._verified(page)
        if news or page.cursor != self._cursor:
            self._state.add_news(self._origin, page.cursor, news, now)
            self._cursor = page.cursor
        if any(one.item.kind == "lists" for one in news):
            self._on_lists()
        if self._recorded:
            self._state.feed_trouble(self._origin, None)
            self._recorded = False
        self._state.contact(self._origin, now, self._client.offset_ms)

    def _verified(self, page: FeedPage) -> list[News]:
        """The items that this version understands; all must be signed by a key of the server."""
        if len(page.items) > FEED_ITEMS_MAX or len(page.cursor) > CURSOR_CHARS_MAX:
            raise Incompatible(f"more than {FEED_ITEMS_MAX} items, or an endless cursor")
        if page.items and page.cursor == self._cursor:
            raise Incompatible("items, but the cursor stands still")
        news = (self._trust.item(compact) for compact in page.items)
        return [one for one in news if one is not None]

    def _rest(self, asked_at: datetime) -> Pause:
        """A server that answers at once, without news, is not asked more often for that."""
        spent = (self._tools.clock() - asked_at).total_seconds()
        left = FEED_WAIT_SECONDS_MAX - max(0.0, spent)
        return Pause(max(_SHORTEST_PAUSE_SECONDS, left))

    def _failed(self, error: SyncError) -> Pause:
        if self._mood.troubled(error):
            with suppress(StateError):  # told anyway
                self._state.feed_trouble(self._origin, error)
                self._recorded = True
        if error.final:
            self._halted = True
            return HALTED
        return Pause(
            self._backoff.failed(error.retry_after_seconds if isinstance(error, Rejected) else None)
        )
