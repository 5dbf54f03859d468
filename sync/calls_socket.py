"""The sync process's end of the socket on which the till calls.

Bounded: so many callers at once, so many bytes, so many seconds; whoever comes on top is told at
once that everybody is busy.
"""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from sync.errors import StateError
from sync.frames import ASKS, Ask, FrameError, No, Reply, Silence, receive, send, short_name

logger = logging.getLogger(__name__)
CALLERS_MAX: Final = 8
READ_SECONDS: Final = 0.5
SEND_SECONDS: Final = 0.5
GLANCE_SECONDS: Final = 0.1
_STOP_SECONDS_MAX: Final = 2.0

Answerer = Callable[[Ask], Reply]


class CallsSocket:
    """Answers callers from `start` to `stop`, each on a thread. `answer` may be called at once.

    One sync process works on a folder at a time (sync.database), so a socket that is found there
    was left behind by one that was killed.
    """

    def __init__(self, path: Path, answer: Answerer, monotonic: Callable[[], float]) -> None:
        self._path = path
        self._answer = answer
        self._monotonic = monotonic
        self._free = threading.BoundedSemaphore(CALLERS_MAX)
        self._listener: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="calls", daemon=True)

    def start(self) -> None:
        """Begin to listen; StateError when the folder cannot hold a socket."""
        try:
            self._listener = _listen(self._path)
        except OSError as error:
            raise StateError(f"cannot listen on {self._path}: {error.strerror}") from error
        self._thread.start()

    def stop(self) -> None:
        """End, and leave nothing behind. Calls under way end with whoever answers them."""
        if self._listener is None:
            return
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # lets `accept` go
        self._thread.join(_STOP_SECONDS_MAX)
        self._listener.close()
        self._listener = None
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        listener = self._listener
        while listener is not None:
            try:
                connection, _ = listener.accept()
            except OSError as error:
                if error.errno in (errno.EINVAL, errno.EBADF):
                    return  # `stop` was called
                logger.warning("a caller could not be let in: %s", error)
                time.sleep(GLANCE_SECONDS)
                continue
            self._let_in(connection)

    def _let_in(self, connection: socket.socket) -> None:
        if not self._free.acquire(blocking=False):
            self._turn_away(connection)
            return
        threading.Thread(target=self._serve, args=(connection,), name="caller", daemon=True).start()

    def _turn_away(self, connection: socket.socket) -> None:
        # A question that is left unread would tear down the answer to it.
        with suppress(OSError, FrameError):
            receive(connection, ASKS, self._monotonic() + GLANCE_SECONDS, self._monotonic)
        _finish(connection, Silence(why="busy", detail="too many calls at once", perhaps=False))

    def _serve(self, connection: socket.socket) -> None:
        reply: Reply | None = None
        try:
            ask = self._read(connection)
            if ask is not None:
                reply = self._answer(ask)
        except FrameError as error:
            reply = No(problem="malformed", detail=str(error)[:500])
        except Exception:
            logger.exception("a call failed")
            reply = Silence(why="internal", detail="see the log of the sync", perhaps=True)
        finally:
            _finish(connection, reply)
            self._free.release()

    def _read(self, connection: socket.socket) -> Ask | None:
        """The question; None when nobody waits for its answer any more.

        A process that was stopped for a while must not do now what was asked before.
        """
        until = self._monotonic() + READ_SECONDS
        try:
            ask: Ask = receive(connection, ASKS, until, self._monotonic)
            return None if _has_left(connection) else ask
        except OSError:
            return None


def _listen(path: Path) -> socket.socket:
    """A listening socket that bears its name only once it is its owner's alone."""
    draft = path.with_suffix(".new")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        draft.unlink(missing_ok=True)
        with short_name(draft) as name:
            listener.bind(name)
        draft.chmod(0o600)
        listener.listen(CALLERS_MAX)
        draft.replace(path)
    except OSError:
        listener.close()
        raise
    return listener


def _has_left(connection: socket.socket) -> bool:
    connection.settimeout(0.0)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False


def _finish(connection: socket.socket, reply: Reply | None) -> None:
    with suppress(OSError, FrameError), connection:
        if reply is not None:
            connection.settimeout(SEND_SECONDS)
            send(connection, reply)
