"""A campaign server, as a till calls it: one method an endpoint.

Every method raises SyncError: Unreachable when no answer came, Rejected (or one of its kinds) when
the server refused, Incompatible when something else answered.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import quote
from uuid import uuid4

import msgspec

from sync.address import is_loopback
from sync.answers import read_answer, read_date, read_status_list
from sync.contract.calls import NewReservation, Released, Reservation
from sync.contract.feed import FEED_WAIT_SECONDS_MAX, FeedPage
from sync.contract.messages import (
    EARLIER_KEYS_MAX,
    ENROLMENT_TYP,
    ChainStatus,
    EarlierKey,
    EnrolmentAnswer,
    EnrolmentRequest,
    Message,
    Uplink,
    UplinkAnswer,
    to_payload,
)
from sync.contract.overview import Health
from sync.contract.status_list import BatchLists, list_path
from sync.errors import ClockSkew
from sync.ports import Answer, Clock, Identity, Request, Transport
from sync.token import Tokens

ANSWER_SECONDS: Final = 20.0
UPLOAD_SECONDS: Final = 60.0  # a full batch over a line of 128 kbit/s
GZIP_LEVEL: Final = 1
# `Date` counts whole seconds, and a till's clock drifts by less than this between two answers.
OFFSET_NOISE_MS: Final = 2000

T = TypeVar("T", bound=Message)


def random_id() -> str:
    """A name that is used once."""
    return uuid4().hex


class Client:
    """The endpoints of one server, for one till.

    `offset_ms` is the server's clock minus the till's, measured on every answer: tokens are made
    with it, and the system's clock is left alone.
    """

    def __init__(
        self,
        origin: str,
        transport: Transport,
        identity: Identity,
        clock: Clock,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        """`origin` is as sync.address.origin_of returns it."""
        self.origin = origin
        self.identity = identity
        self.offset_ms = 0
        self._transport = transport
        self._clock = clock
        self._tokens = Tokens(identity, origin, new_id)
        self._compress = not is_loopback(origin)

    def enrol(self, code: str, shop_till: str, software: str) -> EnrolmentAnswer:
        """Give a pairing code and this till's key; the same request again has the same answer."""
        request = EnrolmentRequest(
            at=self._clock().isoformat(timespec="milliseconds"),
            code=code,
            epoch=self.identity.epoch,
            public_key=self.identity.public.pem,
            shop_till=shop_till,
            software=software,
            till=self.identity.till,
            earlier=[
                EarlierKey(epoch=epoch, public_key=key.pem)
                for epoch, key in self.identity.earlier[-EARLIER_KEYS_MAX:]
            ],
        )
        body = self.identity.sign(to_payload(request), ENROLMENT_TYP).compact
        headers = {"Content-Type": "application/jose"}
        answer = self._ask(Request("POST", "/v1/enrolments", ANSWER_SECONDS, headers, body))
        return read_answer(answer, 201, EnrolmentAnswer, self.server_now())

    def upload(self, chain: str, compacts: Sequence[bytes]) -> UplinkAnswer:
        """Send consecutive entries of a chain. Raises Gap, Fork, Quarantined, TooLarge as well."""
        uplink = Uplink(chain=chain, entries=[compact.decode("ascii") for compact in compacts])
        body = msgspec.json.encode(uplink)
        headers = {"Content-Type": "application/json"}
        if self._compress:
            body = gzip.compress(body, GZIP_LEVEL, mtime=0)
            headers["Content-Encoding"] = "gzip"
        request = Request("POST", self._till("entries"), UPLOAD_SECONDS, headers, body)
        return self._ask_as_till(request, UplinkAnswer)

    def chain(self, chain: str) -> ChainStatus:
        """What the server holds of a chain under this epoch."""
        return self._ask_as_till(
            Request("GET", self._till(f"chains/{chain}"), ANSWER_SECONDS), ChainStatus
        )

    def feed(self, cursor: str, wait_seconds: int = FEED_WAIT_SECONDS_MAX) -> FeedPage:
        """The news after a cursor; the server waits for some for up to `wait_seconds`."""
        target = self._till(f"feed?cursor={quote(cursor, safe='')}&wait={wait_seconds}")
        return self._ask_as_till(Request("GET", target, ANSWER_SECONDS + wait_seconds), FeedPage)

    def reserve(self, new: NewReservation, key: str, seconds: float) -> Reservation:
        """Hold a voucher for a sale, within seconds; repeated with its key, the same answer."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": f'"{key}"'}
        body = msgspec.json.encode(new)
        request = Request("POST", self._till("reservations"), seconds, headers, body)
        return self._ask_as_till(request, Reservation, 201)

    def release(self, campaign: str, reservation: str, seconds: float) -> Released:
        """Let a voucher go that was held, within seconds."""
        target = self._till(
            f"reservations/{quote(campaign, safe='')}/{quote(reservation, safe='')}"
        )
        return self._ask_as_till(Request("DELETE", target, seconds), Released)

    def lists(self, campaign: str) -> BatchLists:
        """Which status lists this till should have of a campaign, and in what version."""
        target = self._till(f"lists/{quote(campaign, safe='')}")
        return self._ask_as_till(Request("GET", target, ANSWER_SECONDS), BatchLists)

    def status_list(self, campaign: str, batch: int) -> tuple[str, str]:
        """The status list of a batch, signed and not verified yet, and its version (ETag)."""
        answer = self._ask(Request("GET", list_path(campaign, batch), ANSWER_SECONDS))
        return read_status_list(answer, self.server_now())

    def greet(self, seconds: float) -> Health:
        """Hear that the server is there: keeps the line open, and the clock's offset known."""
        answer = self._ask(Request("GET", "/healthz", seconds))
        return read_answer(answer, 200, Health, self.server_now())

    def abort(self) -> None:
        """Break off what is under way, from any thread."""
        self._transport.abort()

    def close(self) -> None:
        """Close the line."""
        self._transport.close()

    def _till(self, what: str) -> str:
        return f"/v1/tills/{self.identity.till}/{what}"

    def _ask_as_till(self, request: Request, kind: type[T], status: int = 200) -> T:
        try:
            return self._ask_with_token(request, kind, status)
        except ClockSkew:
            # The refusal itself told the server's time: once more, by that.
            return self._ask_with_token(request, kind, status)

    def _ask_with_token(self, request: Request, kind: type[T], status: int) -> T:
        token = self._tokens.at(self.server_now())
        headers = {**request.headers, "Authorization": f"Bearer {token}"}
        answer = self._ask(replace(request, headers=headers))
        return read_answer(answer, status, kind, self.server_now())

    def _ask(self, request: Request) -> Answer:
        answer = self._transport.request(request)
        self._measure(answer)
        return answer

    def _measure(self, answer: Answer) -> None:
        at = read_date(answer.headers.get("date", ""))
        if at is None:
            return
        # The date is cut to the second: half of one is the likeliest rest.
        ahead = at + timedelta(milliseconds=500) - self._clock()
        offset_ms = round(ahead / timedelta(milliseconds=1))
        if abs(offset_ms - self.offset_ms) >= OFFSET_NOISE_MS:
            self.offset_ms = offset_ms if abs(offset_ms) >= OFFSET_NOISE_MS else 0

    def server_now(self) -> datetime:
        """The time by the server's clock, as far as its answers told."""
        return self._clock() + timedelta(milliseconds=self.offset_ms)
