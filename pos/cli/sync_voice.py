"""What `comptoir sync` says on the terminal that it was started in; its log has the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from pos.cli.common import environment_language, note
from sync.errors import SyncError
from sync.records import Enrolment


class Voice:
    """One line at the start, one when a server comes or goes; any thread may call.

    A server has several jobs, which lose and find it one by one: it is gone with the first, back
    with the last, and what a second job says of the same trouble is no news.
    """

    def __init__(self, tell: Callable[[str], None] = note) -> None:
        self._tell = tell
        self._language = environment_language()
        self._turn = threading.Lock()
        self._up: set[str] = set()
        self._troubled: dict[str, set[str]] = {}  # jobs, by server
        self._told: dict[str, set[str]] = {}  # troubles since it was last well, by server

    def begins(self, enrolments: Sequence[Enrolment]) -> None:
        """Sending and listening begin, for these campaigns."""
        names = ", ".join(f"{one.campaign_name} ({one.origin})" for one in enrolments)
        if names:
            self._say("cli.sync.begins", campaigns=names)
        else:
            self._say("cli.sync.begins_nowhere")

    def hears(self, server: str, job: str, error: SyncError | None) -> None:
        """A job has trouble with its server, or none any more."""
        with self._turn:
            troubled = self._troubled.setdefault(server, set())
            if error is not None:
                troubled.add(job)
                self._goes(server, error.trouble)
                return
            troubled.discard(job)
            if not troubled and server not in self._up:
                self._up.add(server)
                self._told.pop(server, None)
                self._say("cli.sync.connected", server=server)

    def _goes(self, server: str, trouble: str) -> None:
        self._up.discard(server)
        told = self._told.setdefault(server, set())
        if trouble not in told:
            told.add(trouble)
            sentence = self._language.device(trouble)
            self._say("cli.sync.trouble", server=server, trouble=sentence)

    def _say(self, key: str, **params: object) -> None:
        with suppress(OSError, ValueError):  # a terminal that was closed ends no sync
            self._tell(self._language.say(key, **params))
