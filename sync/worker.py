"""A thread that gives a job its turns, and can be woken or stopped at any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from sync.client import Client
from sync.pace import Pause

STOP_SECONDS_MAX: Final = 10.0


class Worker:
    """Calls `step` until it is stopped; owns the client that the job asks through."""

    def __init__(
        self,
        name: str,
        step: Callable[[], Pause],
        client: Client,
        died: Callable[[Exception], None],
    ) -> None:
        """`died` hears of an error that no job should let out: the process has to end."""
        self.name = name
        self._step = step
        self._client = client
        self._died = died
        self._changed = threading.Condition()
        self._stopping = False
        self._woken = False
        # A daemon: a line that cannot be broken off must not hold up the end of the process.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do: an idle job gets its turn now."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def stop(self) -> None:
        """Break off what is under way. Returns at once; `join` waits for the end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._client.abort()

    def join(self) -> None:
        """Wait for the end, and close the client."""
        if self._thread.ident is not None:  # it was started
            self._thread.join(STOP_SECONDS_MAX)
        if not self._thread.is_alive():
            self._client.close()

    def _run(self) -> None:
        try:
            while self._wait(self._turn()):
                pass
        except Exception as error:  # noqa: BLE001 - a dead thread must end the process, not hide
            self._died(error)

    def _turn(self) -> Pause:
        with self._changed:
            self._woken = False
        return self._step()

    def _wait(self, pause: Pause) -> bool:
        """Whether to go on, after the pause or what cut it short."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping or (self._woken and pause.wakeable), pause.seconds
            )
            return not self._stopping
