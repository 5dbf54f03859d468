"""Ingest over HTTP by the real server in its own process, against SQLite's own batch insert.

The client has everything ready, signed and encoded, so that it takes as little as it can of the
two cores that it shares with the server.
"""

from __future__ import annotations

import hashlib
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import msgspec

from bench.campaign import CAMPAIGN, Server, campaign_server
from bench.place import workspace
from bench.sqlite_limit import BATCH, five_rows_a_sale, server_rows, show_against
from pos.bootstrap import now
from pos.store.keys import Identity
from sync.contract.canonical import Json
from sync.contract.entry import GENESIS, Place, seal
from sync.contract.jws import SigningKey
from sync.contract.messages import Uplink, chain_of
from sync.token import Tokens

TILLS: Final = 4
SALES_A_TILL: Final = 5_000
ROUNDS: Final = 3
HOLD, AIM = 0.5, 0.8
PRICE: Final = 1234
ANSWER_BYTES_MAX: Final = 1 << 20
ANSWER_SECONDS_MAX: Final = 30.0


def main() -> None:
    """Send 20,000 sales of four tills over four connections, each round to a new server."""
    identities = [Identity(str(uuid.uuid4()), 1, SigningKey.generate()) for _ in range(TILLS)]
    batches = [_batches(identity) for identity in identities]
    size = len(batches[0][0]) // BATCH
    sales = TILLS * SALES_A_TILL
    ours, five, same = list[float](), list[float](), list[float]()
    with workspace() as path:
        for number in range(ROUNDS):
            five.append(five_rows_a_sale(path / "five.db", sales))
            same.append(server_rows(path / "same.db", sales, size))
            with campaign_server(path / f"server-{number}") as server:
                ours.append(_ingest(server, identities, batches))
    show_against(
        f"server ingest over HTTP, {BATCH} a batch, {TILLS} tills", ours, same, five, HOLD, AIM
    )


def _ingest(server: Server, identities: list[Identity], batches: list[list[bytes]]) -> float:
    """Sales a second, all of them durable and acknowledged."""
    for identity in identities:
        server.enrol(identity)
    ready = [
        [request(server.origin, identity, body) for body in bodies]
        for identity, bodies in zip(identities, batches, strict=True)
    ]
    sales = TILLS * SALES_A_TILL
    with ThreadPoolExecutor(TILLS) as pool:
        start = perf_counter()
        list(pool.map(lambda requests: send(server.origin, requests), ready))
        took = perf_counter() - start
    if server.received() != (sales, sales * PRICE):
        raise SystemExit(f"{server.received()} booked instead of {sales} sales of {PRICE} cents")
    return sales / took


def _batches(identity: Identity) -> list[bytes]:
    """The bodies of all uplinks of a till."""
    compacts, prev = list[str](), GENESIS
    chain, at = chain_of(CAMPAIGN), now().isoformat(timespec="milliseconds")
    for number in range(1, SALES_A_TILL + 1):
        place = Place(identity.till, 1, number, prev, chain, number, prev)
        entry = seal(place, at, "ma", _sale(f"{identity.till} {number}", number), identity.key)
        compacts.append(entry.compact.decode("ascii"))
        prev = entry.digest
    return [
        msgspec.json.encode(Uplink(chain=chain, entries=compacts[first : first + BATCH]))
        for first in range(0, SALES_A_TILL, BATCH)
    ]


def _sale(name: str, number: int) -> dict[str, Json]:
    return {
        "type": "sale",
        "ticket": {"number": number, "hash": hashlib.sha256(name.encode()).hexdigest()},
        "shop_till": "01",
        "day": "2026-11-22",
        "total": PRICE,
        "vat": [{"rate": 550, "ttc": PRICE}],
        "eligible": PRICE,
        "tenders": [{"kind": "cash", "amount": PRICE}],
        "rewards": [],
    }


def request(origin: str, identity: Identity, body: bytes) -> bytes:
    """A request with entries, whole, with a fresh token of its till."""
    token = Tokens(identity, origin, lambda: uuid.uuid4().hex).at(now())
    head = (
        f"POST /v1/tills/{identity.till}/entries HTTP/1.1\r\n"
        f"Host: {urlsplit(origin).netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def send(origin: str, requests: list[bytes]) -> None:
    """Send requests over one connection, each after the answer to the one before."""
    parts = urlsplit(origin)
    address = (parts.hostname or "", parts.port or 80)
    with closing(socket.create_connection(address, ANSWER_SECONDS_MAX)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            line.sendall(request)
            status = _read_answer(line)
            if status != 200:
                raise SystemExit(f"the server answered {status}")


def _read_answer(line: socket.socket) -> int:
    """The status of a whole answer."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += _more(line)
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = head.lower().split(b"content-length:", 1)
    left = int(fields[1].split(b"\r\n", 1)[0]) - len(body)
    while left > 0:
        left -= len(_more(line))
    return int(head.split(b" ", 2)[1])


def _more(line: socket.socket) -> bytes:
    piece = line.recv(ANSWER_BYTES_MAX)
    if not piece:
        raise SystemExit("the server closed the line")
    return piece


if __name__ == "__main__":
    main()
