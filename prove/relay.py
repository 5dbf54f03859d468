"""A line between till and terminal that can be cut: a process of its own that passes bytes on."""

from __future__ import annotations

import os
import select
import signal
import socket
from typing import Final

from prove.child import Child, Silent, Tell

READY_TIMEOUT_S: Final = 10.0
READ_BYTES: Final = 4096
LOOK_EVERY_S: Final = 0.2


class Relay:
    """Listens on `port` and passes everything on to the terminal, until it is cut."""

    def __init__(self, terminal_port: int) -> None:
        self._child = Child(lambda tell: _serve(terminal_port, tell))
        for word, port in self._child.heard(READY_TIMEOUT_S):
            if word == "port":
                self.port = int(port)
                return
        raise Silent("the relay told no port")

    def cut(self) -> None:
        """Break the line that is open, both ways."""
        os.kill(self._child.pid, signal.SIGUSR1)

    def stop(self) -> None:
        """End it."""
        self._child.kill()
        self._child.wait()


def _serve(terminal_port: int, tell: Tell) -> None:
    cut = False

    def cut_it(*_: object) -> None:
        nonlocal cut
        cut = True

    signal.signal(signal.SIGUSR1, cut_it)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tell("port", listener.getsockname()[1])
        while True:
            till, _ = listener.accept()
            cut = False
            with till:
                try:
                    terminal = socket.create_connection(("127.0.0.1", terminal_port))
                except OSError:
                    continue
                with terminal:
                    while not cut and _pass_on(till, terminal):
                        pass


def _pass_on(till: socket.socket, terminal: socket.socket) -> bool:
    """Pass on what has come; False once one side is gone."""
    other = {till: terminal, terminal: till}
    ready, _, _ = select.select(list(other), [], [], LOOK_EVERY_S)
    try:
        for side in ready:
            data = side.recv(READ_BYTES)
            if not data:
                return False
            other[side].sendall(data)
    except OSError:
        return False
    return True
