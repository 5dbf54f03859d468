"""HTTP to one server, over connections that stay open. The only module that knows httpx.

httpx is imported when the first line is made: a till that takes part in no campaign never pays for
it. Answers are read piece by piece, within a size and a time, uncompressed.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic as monotonic_seconds
from typing import TYPE_CHECKING, Any, Final

from sync.errors import Incompatible, Stopped, SyncError, TimedOut, Unreachable
from sync.ports import Answer, Request

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS: Final = 5.0
ANSWER_BYTES_MAX: Final = 1024 * 1024
CONNECTIONS_MAX: Final = 2
KEEP_ALIVE_SECONDS: Final = 25.0  # shorter than a server's, or a request meets a closing line
_CONNECTED: Final = ("connection.connect_tcp.complete", "connection.start_tls.complete")


class HttpTransport:
    """A line to the server of an origin (Transport). One request at a time, from one thread."""

    def __init__(
        self,
        origin: str,
        monotonic: Callable[[], float] = monotonic_seconds,
        software: str = "till",
    ) -> None:
        import httpx

        self._errors = httpx
        self._monotonic = monotonic
        self._wire: _Wire = _Wire()
        # Neither proxies nor .netrc from the environment: where a till sends is in its settings.
        self._client = httpx.Client(
            base_url=origin,
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": f"comptoir/{software}", "Accept-Encoding": "identity"},
            limits=httpx.Limits(
                max_connections=CONNECTIONS_MAX,
                max_keepalive_connections=CONNECTIONS_MAX,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
            ),
        )

    def request(self, request: Request) -> Answer:
        """Ask, within `request.timeout_seconds`. Raises Unreachable, TimedOut or Incompatible."""
        deadline = self._monotonic() + request.timeout_seconds
        with self._translated(), self._stream(request) as response:
            body = self._read(response, deadline)
            return Answer(response.status_code, _lower(response.headers), body)

    def abort(self) -> None:
        """Break off what is under way, from any thread."""
        self._wire.cut()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @contextmanager
    def _stream(self, request: Request) -> Iterator[httpx.Response]:
        if self._wire.is_cut:
            raise Stopped("stopping")
        seconds = request.timeout_seconds
        with self._client.stream(
            request.method,
            request.target,
            content=request.body or None,
            headers=dict(request.headers),
            timeout=self._errors.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
            extensions={"trace": self._trace},
        ) as response:
            yield response

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        body = bytearray()
        for piece in response.iter_raw():
            body += piece
            if len(body) > ANSWER_BYTES_MAX:
                raise Incompatible(f"an answer of more than {ANSWER_BYTES_MAX} bytes")
            if self._monotonic() > deadline:
                raise TimedOut("the answer came too slowly")
        return bytes(body)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._errors.HTTPError as error:
            if self._wire.is_cut:
                raise Stopped("stopping") from error
            raise self._known(error) from error
        except self._errors.InvalidURL as error:
            raise Incompatible(_reason(error)) from error

    def _known(self, error: httpx.HTTPError) -> SyncError:
        if isinstance(error, self._errors.ConnectTimeout | self._errors.PoolTimeout):
            return Unreachable(f"no connection: {_reason(error)}")
        if isinstance(error, self._errors.TimeoutException):
            return TimedOut(f"no answer in time: {_reason(error)}")
        if isinstance(error, self._errors.TransportError):
            return Unreachable(f"the line is down: {_reason(error)}")
        return Incompatible(_reason(error))

    def _trace(self, event: str, details: Mapping[str, Any]) -> None:
        if event in _CONNECTED:
            self._wire.hold(details["return_value"].get_extra_info("socket"))


class _Wire:
    """The socket in use, so that a long poll can be broken off from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.is_cut = False

    def hold(self, found: socket.socket | None) -> None:
        with self._lock:
            self._socket = found
            if self.is_cut:
                self._shut()

    def cut(self) -> None:
        with self._lock:
            self.is_cut = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # Not SSLSocket's own, which would pull the session from under the reading thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
