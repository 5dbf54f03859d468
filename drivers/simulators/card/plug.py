"""The plug of a simulated terminal, for whoever plays with it: pull it, or cut its power."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.simulators.line import PtyServer
from drivers.simulators.wire import HANGUP

if TYPE_CHECKING:
    from drivers.simulators.card.terminal import SimulatedTerminal
    from drivers.simulators.line import Server
    from drivers.simulators.wire import Reply


class Pluggable:
    """A terminal as a machine that can be unplugged: it goes on then, and nobody hears it.

    Whoever has the line open finds it gone, and so does whoever opens it meanwhile.
    """

    def __init__(self, terminal: SimulatedTerminal) -> None:
        self.terminal = terminal
        self.pulled = False

    @property
    def reading(self) -> bool:
        """Whether bytes are taken now."""
        return self.terminal.reading

    def connected(self, now_s: float) -> list[Reply]:
        """See Machine.connected."""
        return [HANGUP] if self.pulled else self.terminal.connected(now_s)

    def receive(self, data: bytes, now_s: float) -> list[Reply]:
        """See Machine.receive."""
        return [HANGUP] if self.pulled else self.terminal.receive(data, now_s)

    def tick(self, now_s: float) -> list[Reply]:
        """See Machine.tick."""
        replies = self.terminal.tick(now_s)
        return [HANGUP] if self.pulled else replies


def unplug(machine: Pluggable, server: Server) -> None:
    """Pull the cable."""
    server.act(lambda: setattr(machine, "pulled", True))
    if isinstance(server, PtyServer):
        server.unplug()


def replug(machine: Pluggable, server: Server) -> None:
    """Put the cable back."""
    server.act(lambda: setattr(machine, "pulled", False))
    if isinstance(server, PtyServer):
        server.replug()


def cut_power(machine: Pluggable, server: Server) -> None:
    """Pull the cable and let the terminal lose its power; it is back when it is replugged."""
    unplug(machine, server)
    server.act(machine.terminal.power_cut)
