"""A TCP line between the till and its campaign server that can be broken in every way.

It runs in a process of its own. What an order does to the bytes of each direction:

    pass       carries them
    cut        closes every connection, and each new one at once
    hole       keeps the connections and swallows both directions: nobody is told
    no_answer  carries requests, swallows answers: what was sent arrived, and the till cannot know
    no_request swallows requests, while the connection looks well
    trickle    carries one byte at a time

When the line is mended, connections that lost bytes are closed, as a router does that comes back.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import suppress
from enum import StrEnum
from typing import Final

from prove.child import die_with_parent

READ_BYTES: Final = 65_536
CONNECTIONS_MAX: Final = 64
TRICKLE_S: Final = 0.002
HOST: Final = "127.0.0.1"


class Line(StrEnum):
    """How the line is."""

    PASS = "pass"  # noqa: S105 - no password
    CUT = "cut"
    HOLE = "hole"
    NO_ANSWER = "no_answer"
    NO_REQUEST = "no_request"
    TRICKLE = "trickle"


UP: Final = "up"  # from the till to the server
DOWN: Final = "down"
_SWALLOWS: Final = {
    Line.HOLE: {UP, DOWN},
    Line.NO_ANSWER: {DOWN},
    Line.NO_REQUEST: {UP},
}


class Proxy:
    """The line, from the till's side: `origin` is what stands in for the server's address."""

    def __init__(self) -> None:
        self._listener = socket.create_server((HOST, 0))
        self.origin = f"http://{HOST}:{self._listener.getsockname()[1]}"
        self._pid = 0
        self._orders = -1

    def start(self, server_port: int) -> None:
        """Begin to carry, to this port."""
        read_end, self._orders = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._orders)
            _live(self._listener, server_port, read_end)
        os.close(read_end)
        self._listener.close()

    def set(self, line: Line) -> None:
        """Break or mend the line."""
        os.write(self._orders, f"{line}\n".encode("ascii"))

    def close(self) -> None:
        """End it."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            os.close(self._orders)
            self._pid = 0
        self._listener.close()


def _live(listener: socket.socket, server_port: int, orders: int) -> None:
    """In the child; never returns."""
    try:
        die_with_parent()
        asyncio.run(_Line(server_port).run(listener, orders))
    finally:
        os._exit(0)


class _Line:
    def __init__(self, server_port: int) -> None:
        self._port = server_port
        self._line = Line.PASS
        self._open: dict[asyncio.StreamWriter, bool] = {}  # whether it lost bytes

    async def run(self, listener: socket.socket, orders: int) -> None:
        server = await asyncio.start_server(self._connected, sock=listener)
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(orders, "rb")
        )
        async with server:
            while word := await reader.readline():
                self._become(Line(word.decode("ascii").strip()))

    def _become(self, line: Line) -> None:
        self._line = line
        for writer, lost in list(self._open.items()):
            if line is Line.CUT or (lost and line is Line.PASS):
                self._drop(writer)

    async def _connected(self, till: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        if self._line is Line.CUT or len(self._open) >= CONNECTIONS_MAX:
            answer.transport.abort()
            return
        try:
            server, request = await asyncio.open_connection(HOST, self._port)
        except OSError:
            answer.transport.abort()
            return
        self._open[answer], self._open[request] = False, False
        await asyncio.gather(
            self._carry(till, request, answer, UP), self._carry(server, answer, request, DOWN)
        )

    async def _carry(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        other: asyncio.StreamWriter,
        way: str,
    ) -> None:
        with suppress(OSError):
            while data := await source.read(READ_BYTES):
                if way in _SWALLOWS.get(self._line, ()):
                    self._open.update(dict.fromkeys(self._open.keys() & {sink, other}, True))
                elif self._line is Line.TRICKLE:
                    await self._trickle(sink, data)
                else:
                    sink.write(data)
                    await sink.drain()
        self._drop(sink)
        self._drop(other)

    async def _trickle(self, sink: asyncio.StreamWriter, data: bytes) -> None:
        for at in range(len(data)):
            if self._line is not Line.TRICKLE:
                sink.write(data[at:])
                break
            sink.write(data[at : at + 1])
            await sink.drain()
            await asyncio.sleep(TRICKLE_S)

    def _drop(self, writer: asyncio.StreamWriter) -> None:
        self._open.pop(writer, None)
        writer.transport.abort()
