"""The line between the till and a simulated terminal, byte by byte, with a fault at any of them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

from drivers.errors import Offline
from drivers.simulators.card.terminal import SimulatedTerminal
from drivers.simulators.wire import Hangup, Reply
from prove.virtual.world import Killed, World

OUTAGE_S: Final = 5.0  # how long a terminal takes to be back after its power
STALL_S: Final = 4.0  # longer than any pause that a link allows between two bytes
NEVER: Final = -1


class Fault(StrEnum):
    """What happens at one byte of a dialogue, before it passes, whichever way it goes."""

    LINE = "line cut"
    TERMINAL = "terminal power cut"
    TILL = "till killed"
    DISK = "disk full"
    MUTE = "nothing passes"
    STALL = "delayed"
    LOST = "lost"
    FLIPPED = "flipped"
    DOUBLED = "doubled"


class Cable:
    """Where the terminal is plugged in. Bytes of both directions are counted from `arm` on.

    `on_fault` hears of what happens elsewhere than on the line: TILL and DISK.
    """

    def __init__(
        self,
        world: World,
        terminal: SimulatedTerminal,
        on_fault: Callable[[Fault], None],
        *,
        network: bool,
    ) -> None:
        self.terminal = terminal
        self.passed = 0
        self.speaks_at_s = 0.0  # until when the line holds back what is on its way
        self.mute = False
        self.broken_until_s = 0.0
        self.flip_mask = 0x01
        self._world = world
        self._on_fault = on_fault
        self._network = network
        self._line: Line | None = None
        self._faults: dict[int, Fault] = {}
        self._to_terminal: deque[tuple[float, int]] = deque()

    # What a proof does to it.

    def arm(self, at: int = NEVER, fault: Fault = Fault.LINE, flip_mask: int = 0x01) -> None:
        """Let a fault strike at the byte of this number from now on."""
        self.passed = 0
        self.flip_mask = flip_mask
        self._faults = {} if at == NEVER else {at: fault}

    def strike(self, fault: Fault) -> None:
        """Let a fault that concerns no single byte strike now."""
        match fault:
            case Fault.LINE:
                self._break(1.0)
            case Fault.TERMINAL:
                self.terminal.power_cut()
                self._break(OUTAGE_S)
            case Fault.MUTE if self._network:
                self.speaks_at_s = math.inf  # TCP keeps what it was given
            case Fault.MUTE:
                self.mute = True
            case Fault.STALL:
                self.speaks_at_s = self._world.now_s + STALL_S
            case _:
                self._on_fault(fault)

    def heal(self) -> None:
        """Put the line right."""
        self.mute = False
        self._faults = {}
        now_s = self._world.now_s
        self.speaks_at_s = min(self.speaks_at_s, now_s)
        self._to_terminal = deque((min(at, now_s), byte) for at, byte in self._to_terminal)
        if self._line is not None:
            self._line.hurry()

    # Surroundings: what goes on while the till waits.

    @property
    def due_s(self) -> float | None:
        """When the terminal acts, or a byte arrives."""
        held = [self._to_terminal[0][0]] if self._to_terminal else []
        held += [self._line.due_s] if self._line and self._line.due_s is not None else []
        due_s = self.terminal.due_s
        moments = held if due_s is None else [*held, due_s]
        later = [at for at in moments if at > self._world.now_s]
        return min(later, default=math.inf)

    def settle(self) -> None:
        """Deliver what is due, and let the terminal act."""
        now_s = self._world.now_s
        while self._to_terminal and self._to_terminal[0][0] <= now_s:
            _, byte = self._to_terminal.popleft()
            self._take(self.terminal.receive(bytes([byte]), now_s))
        self._take(self.terminal.tick(now_s))

    # The till's side.

    def open(self) -> Line:
        """Open the line; Offline while it is broken."""
        if self._world.now_s < self.broken_until_s:
            raise Offline("the virtual line is broken")
        self._to_terminal.clear()
        self.speaks_at_s = 0.0
        self._line = Line(self, self._world)
        self._take(self.terminal.connected(self._world.now_s))
        return self._line

    def send(self, line: Line, byte: int) -> None:
        """Carry a byte to the terminal."""
        for passed in self._pass(byte):
            if line.dead:
                return
            if self._world.now_s < self.speaks_at_s:
                self._to_terminal.append((self.speaks_at_s, passed))
            else:
                self._take(self.terminal.receive(bytes([passed]), self._world.now_s))

    def let_go(self, line: Line) -> None:
        """The till closed its end."""
        if self._line is line:
            self._line = None
            self._to_terminal.clear()

    # The bytes.

    def _take(self, replies: Iterable[Reply]) -> None:
        for reply in replies:
            line = self._line
            if line is None or line.dead:
                return
            if isinstance(reply, Hangup):
                line.dead = True
                return
            for byte in reply:
                for passed in self._pass(byte) if not line.dead else b"":
                    line.arrive(max(self._world.now_s, self.speaks_at_s), passed)

    def _pass(self, byte: int) -> bytes:
        fault = self._faults.get(self.passed)
        self.passed += 1
        if fault in _OF_ONE_BYTE:
            return _OF_ONE_BYTE[fault](byte, self.flip_mask)
        if fault is not None:
            self.strike(fault)
        gone = self.mute or self._line is None or self._line.dead
        return b"" if gone else bytes([byte])

    def _break(self, for_s: float) -> None:
        self.broken_until_s = self._world.now_s + for_s
        self._to_terminal.clear()
        if self._line is not None:
            self._line.dead = True


_OF_ONE_BYTE: Final[dict[Fault | None, Callable[[int, int], bytes]]] = {
    Fault.LOST: lambda _byte, _mask: b"",
    Fault.FLIPPED: lambda byte, mask: bytes([byte ^ mask]),
    Fault.DOUBLED: lambda byte, _mask: bytes([byte, byte]),
}


class Line:
    """The till's end of the cable: a drivers.transports.Transport."""

    def __init__(self, cable: Cable, world: World) -> None:
        self.dead = False
        self.till_gone = False
        self._cable = cable
        self._world = world
        self._arrived: deque[tuple[float, int]] = deque()

    @property
    def due_s(self) -> float | None:
        """When a byte that is held back arrives."""
        return self._arrived[0][0] if self._arrived else None

    @property
    def waiting(self) -> bool:
        """Whether there is something to read, or to find out."""
        here = bool(self._arrived) and self._arrived[0][0] <= self._world.now_s
        return here or self.dead

    def arrive(self, at_s: float, byte: int) -> None:
        """Take a byte on its way to the till."""
        self._arrived.append((at_s, byte))

    def hurry(self) -> None:
        """What was held back is here now."""
        now_s = self._world.now_s
        self._arrived = deque((min(at, now_s), byte) for at, byte in self._arrived)

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        """See Transport."""
        self._world.wait(timeout_s, lambda: self.waiting)
        data = bytearray()
        while self._arrived and len(data) < bytes_max:
            if self._arrived[0][0] > self._world.now_s:
                break
            data.append(self._arrived.popleft()[1])
        if not data and self.dead:
            raise Offline("the virtual line is cut")
        return bytes(data)

    def write(self, data: bytes, timeout_s: float) -> None:
        """See Transport."""
        del timeout_s
        for byte in data:
            if self.till_gone:
                raise Killed
            if self.dead:
                raise Offline("the virtual line is cut")
            self._cable.send(self, byte)
        if self.dead:
            raise Offline("the virtual line is cut")

    def close(self) -> None:
        """See Transport."""
        self._cable.let_go(self)
