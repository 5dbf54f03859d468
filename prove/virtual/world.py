"""Virtual time for two who take turns: the front, and the terminal's device thread.

Only one of them ever runs. The device thread passes time by waiting; when it has come to the moment
up to which the front let it run, it gives the word back. So every order of events can be had again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Final, Protocol

BEGIN_S: Final = 1000.0
TURN_SECONDS_MAX: Final = 60.0  # of the real clock: a turn that takes longer hangs
MOMENTS_MAX: Final = 100_000  # that one wait may pass through


class Killed(SystemExit):
    """The till is gone at this instant (kill -9): no handler of the till's may see it."""


class Hung(Exception):
    """A turn that never ended."""


class Surroundings(Protocol):
    """What goes on by itself while the till waits."""

    @property
    def due_s(self) -> float | None:
        """When something will happen next."""

    def settle(self) -> None:
        """Let happen what is due by now."""


class World:
    """The clock, and whose turn it is."""

    def __init__(self) -> None:
        self.now_s = BEGIN_S
        self.around: Surroundings | None = None
        self._horizon_s = math.inf
        self._enough: Callable[[], bool] = _never
        self._device: threading.Thread | None = None
        # Two locks as turns: each is taken by whoever waits, and released by the other.
        self._its_turn, self._our_turn = threading.Lock(), threading.Lock()
        self._its_turn.acquire()
        self._our_turn.acquire()
        self._killed = False
        self._trouble: BaseException | None = None

    def clock(self) -> float:
        """The moment, in seconds."""
        return self.now_s

    # What the front does.

    def live(self, work: Callable[[], None]) -> None:
        """Let a device thread do this, from the next `run` on."""
        self._killed = False
        self._device = threading.Thread(target=self._live, args=(work,), daemon=True)
        self._device.start()

    def run(self, seconds: float, enough: Callable[[], bool] | None = None) -> None:
        """Let time pass, until it is enough; raises what ended the device thread, Killed too."""
        self._horizon_s = self.now_s + seconds
        self._enough = enough or _never
        if self._device is None:
            self._pass_alone()
            return
        self._give_turn()
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            raise trouble

    def kill(self) -> None:
        """End the device thread where it stands."""
        self._killed = True
        if self._device is not None:
            self._give_turn()
        self._trouble = None

    # What the device thread does.

    def wait(self, seconds: float, wake: Callable[[], bool]) -> None:
        """Let time pass, until `wake`; Killed."""
        until_s = self.now_s + seconds
        for _ in range(MOMENTS_MAX):
            if self._killed:
                raise Killed
            self._settle()
            if wake() or self.now_s >= until_s:
                return
            if self.now_s >= self._horizon_s or self._enough():
                self._our_turn.release()
                self._await(self._its_turn)
                continue
            self._go_to(min(until_s, self._horizon_s))
        raise Hung(f"a wait of {seconds} s passed through {MOMENTS_MAX} moments")

    def _live(self, work: Callable[[], None]) -> None:
        self._await(self._its_turn)
        try:
            work()
        except BaseException as trouble:  # noqa: BLE001 - the front raises it, whatever it is
            self._trouble = trouble
        finally:
            self._device = None
            self._our_turn.release()

    def _give_turn(self) -> None:
        self._its_turn.release()
        self._await(self._our_turn)

    def _await(self, turn: threading.Lock) -> None:
        if not turn.acquire(timeout=TURN_SECONDS_MAX):
            raise Hung(f"a turn took more than {TURN_SECONDS_MAX} s")

    def _pass_alone(self) -> None:
        for _ in range(MOMENTS_MAX):
            self._settle()
            if self.now_s >= self._horizon_s or self._enough():
                return
            self._go_to(self._horizon_s)

    def _settle(self) -> None:
        if self.around is not None:
            self.around.settle()

    def _go_to(self, moment_s: float) -> None:
        """On to a moment, or to what happens before it."""
        due_s = self.around.due_s if self.around else None
        self.now_s = max(self.now_s, min(moment_s, math.inf if due_s is None else due_s))


def _never() -> bool:
    return False
