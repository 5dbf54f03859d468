"""What a stranger can make the server do: bytes of a body, seconds of waiting, requests."""

from __future__ import annotations

import asyncio
import math
import zlib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Final

from starlette.requests import ClientDisconnect, Request

from sync.server.errors import Refused, refuse

BODY_SECONDS_MAX: Final = 20
_GZIP: Final = 16 + zlib.MAX_WBITS


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The body as it was meant, gzip undone. Neither form may exceed `bytes_max`."""
    encoding = _encoding(request, ("identity", "gzip"))
    raw = bytearray()
    await _read(request, raw.extend, bytes_max, BODY_SECONDS_MAX)
    if encoding == "identity":
        return bytes(raw)
    # Undoing up to a mebibyte takes milliseconds that other tills would wait for.
    return await asyncio.to_thread(gunzip, bytes(raw), bytes_max)


async def spool_body(request: Request, file: BinaryIO, bytes_max: int, seconds_max: float) -> None:
    """Write a body, that is not compressed, into a file: for one too large to be held."""
    _encoding(request, ("identity",))
    await _read(request, file.write, bytes_max, seconds_max)


def _encoding(request: Request, known: tuple[str, ...]) -> str:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in known:
        raise refuse("unsupported-encoding", f"got {encoding[:40]!r}")
    return encoding


async def discard_body(request: Request, bytes_max: int) -> None:
    """Hear out whom one cannot serve: an answer before the end of a body breaks the line unread."""
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(BODY_SECONDS_MAX):
            async for chunk in request.stream():
                bytes_max -= len(chunk)
                if bytes_max < 0:
                    return


async def _read(
    request: Request, take: Callable[[bytes], object], bytes_max: int, seconds_max: float
) -> None:
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:20]) > bytes_max:
        raise refuse("too-large", f"at most {bytes_max} bytes")
    left = bytes_max
    try:
        async with asyncio.timeout(seconds_max):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    raise refuse("too-large", f"at most {bytes_max} bytes")
                take(chunk)
    except TimeoutError:
        raise refuse("timeout", f"within {seconds_max} seconds") from None
    except ClientDisconnect:
        raise refuse("bad-request", "the connection closed before the body ended") from None


def gunzip(raw: bytes, bytes_max: int) -> bytes:
    """The content of one gzip member; Refused when it is larger, damaged or followed by more."""
    inflater = zlib.decompressobj(_GZIP)
    try:
        content = inflater.decompress(raw, bytes_max + 1)
    except zlib.error as error:
        raise refuse("bad-request", f"expected gzip: {error}") from error
    if len(content) > bytes_max:
        raise refuse("too-large", f"at most {bytes_max} bytes, uncompressed")
    if not inflater.eof or inflater.unused_data:
        raise refuse("bad-request", "expected exactly one whole gzip member")
    return content


@dataclass(frozen=True, slots=True)
class Rate:
    """A burst, and how many a minute come back."""

    burst: int
    per_minute: int


class Buckets:
    """Token buckets by key. Bounded: the key that was used longest ago makes room."""

    def __init__(self, rate: Rate, monotonic: Callable[[], float], keys_max: int = 4096) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._keys_max = keys_max
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str) -> None:
        """Count one request of a key; Refused, with the seconds to wait, when it has none left."""
        left, now = self._left(key)
        self._keep(key, max(left - 1, 0.0) if left >= 1 else left, now)
        if left < 1:
            raise self._refusal(left)

    def check(self, key: str) -> None:
        """Like `take`, without counting: for what is only counted when it fails."""
        left, _ = self._left(key)
        if left < 1:
            raise self._refusal(left)

    def give_back(self, key: str) -> None:
        """Undo a `take`: what was asked turned out to be right."""
        left, now = self._left(key)
        self._keep(key, min(float(self._rate.burst), left + 1), now)

    def _left(self, key: str) -> tuple[float, float]:
        now = self._monotonic()
        left, then = self._buckets.get(key, (float(self._rate.burst), now))
        back = (now - then) * self._rate.per_minute / 60
        return min(float(self._rate.burst), left + max(back, 0.0)), now

    def _keep(self, key: str, left: float, now: float) -> None:
        self._buckets[key] = (left, now)
        self._buckets.move_to_end(key)
        while len(self._buckets) > self._keys_max:
            self._buckets.popitem(last=False)

    def _refusal(self, left: float) -> Refused:
        seconds = math.ceil((1 - left) * 60 / self._rate.per_minute)
        return refuse("too-many-requests", retry_after_seconds=max(1, seconds))
