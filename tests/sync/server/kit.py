"""A till that makes real entries, and a client that holds every answer against the contract."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

import httpx
from starlette.applications import Starlette

from sync.contract import canonical
from sync.contract.entry import GENESIS, Entry, Place, seal
from sync.contract.jws import SigningKey
from sync.contract.messages import ENROLMENT_TYP, TOKEN_TYP, Uplink, chain_of
from sync.server.app import API_VERSION
from sync.server.openapi import document

ORIGIN = "http://testserver"
TILL = "7d1f6d2e-5a0e-4a57-9d0c-0b6f5e1c2a3b"
OTHER_TILL = "0c6c1a53-92c4-4f0e-8f39-2f5f0d8a9b11"
START = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)


class VirtualClock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()

    def advance(self, **amount: float) -> None:
        self.at += timedelta(**amount)


@dataclass
class Till:
    """The part of a till that a server meets. `clone` is what a copied SD card does."""

    key: SigningKey
    till: str = TILL
    epoch: int = 1
    campaign: str = "noel"
    shop_till: str = "01"
    entries: list[Entry] = field(default_factory=list)
    seq: int = 0
    prev: str = GENESIS
    tickets: int = 0
    past: list[dict[str, Any]] = field(default_factory=list)  # its keys of earlier epochs

    def add(self, data: dict[str, Any], at: str = "2026-11-22T18:04:05.123+01:00") -> Entry:
        self.seq += 1
        chain_prev = self.entries[-1].digest if self.entries else GENESIS
        chain = chain_of(self.campaign)
        place = Place(
            self.till, self.epoch, self.seq, self.prev, chain, len(self.entries) + 1, chain_prev
        )
        entry = seal(place, at, "ma", data, self.key)
        self.entries.append(entry)
        self.prev = entry.digest
        return entry

    def sell(self, total: int = 1234, day: str = "2026-11-22") -> Entry:
        return self.add(self.ticket("sale", total, day))

    def refund(self, total: int = -500, day: str = "2026-11-22") -> Entry:
        return self.add(self.ticket("refund", total, day))

    def close(self, day: str, number: int, total: int, tickets: int) -> Entry:
        return self.add(
            {"type": "closing", "day": day, "number": number, "total": total, "tickets": tickets}
        )

    def ticket(self, kind: str, total: int, day: str) -> dict[str, Any]:
        self.tickets += 1
        name = f"{self.till} {self.key.kid} {self.tickets}"
        return {
            "type": kind,
            "ticket": {
                "number": self.tickets,
                "hash": hashlib.sha256(name.encode()).hexdigest(),
            },
            "shop_till": self.shop_till,
            "day": day,
            "total": total,
            "vat": [{"rate": 550, "ttc": total}],
            "eligible": total,
            "tenders": [{"kind": "cash", "amount": total}],
            "rewards": [],
        }

    def clone(self) -> Till:
        copied = copy.deepcopy(self)
        copied.tickets += 1000  # what it sells from now on are other tickets
        return copied

    def go_on(self, secret: int) -> None:
        """What a restored or cloned till does: a later epoch, a new key, the same journal."""
        self.past.append({"epoch": self.epoch, "public_key": self.key.public.pem})
        self.epoch += 1
        self.key = SigningKey.from_secret(secret)

    def enrolment(self, code: str, **changes: Any) -> bytes:
        payload: dict[str, Any] = {
            "at": "2026-11-22T18:00:00.000+01:00",
            "code": code,
            "earlier": self.past,
            "epoch": self.epoch,
            "public_key": self.key.public.pem,
            "shop_till": self.shop_till,
            "software": "0.1.0",
            "till": self.till,
        }
        return self.key.sign(canonical.encode(payload | changes), ENROLMENT_TYP).compact

    def token(self, now: datetime, **changes: Any) -> str:
        seconds = int(now.timestamp())
        claims: dict[str, Any] = {
            "aud": ORIGIN,
            "exp": seconds + 60,
            "iat": seconds,
            "iss": self.till,
            "jti": "1",
            "sub": self.till,
        }
        signed = self.key.sign(canonical.encode(claims | changes), TOKEN_TYP)
        return signed.compact.decode()

    def batch(self, first: int = 1, last: int | None = None) -> Uplink:
        """The entries of two numbers, both included."""
        chosen = self.entries[first - 1 : last]
        return Uplink(
            chain=chain_of(self.campaign), entries=[entry.compact.decode() for entry in chosen]
        )


class Contract:
    """What openapi.json promises: which statuses an address may answer, in which media type."""

    def __init__(self) -> None:
        self._paths = [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), operations)
            for path, operations in document(API_VERSION)["paths"].items()
        ]

    def check(self, response: httpx.Response) -> None:
        method, path = response.request.method.lower(), response.request.url.path
        if response.status_code == 405:
            return
        for pattern, operations in self._paths:
            if pattern.fullmatch(path) and method in operations:
                promised = operations[method]["responses"]
                assert str(response.status_code) in promised, (method, path, response.text)
                kind = response.headers.get("content-type", "").split(";")[0]
                if kind:
                    content = promised[str(response.status_code)]["content"]
                    assert kind in content, (method, path, kind)
                return
        assert response.status_code == 404, (method, path)


class Api:
    """A client of an application in this process. Every answer is held against the contract."""

    def __init__(self, app: Starlette, clock: VirtualClock, admin_token: str) -> None:
        self._runner = asyncio.Runner()
        self._contract = Contract()
        self.clock = clock
        self.admin = {"Authorization": f"Bearer {admin_token}"}
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=("192.0.2.1", 50000)), base_url=ORIGIN
        )

    def __enter__(self) -> Api:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runner.run(self.client.aclose())
        self._runner.close()

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        return self.gather([(method, path, how)])[0]

    def gather(self, asked: list[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        """Ask all at the same time."""

        async def all_of_them() -> list[httpx.Response]:
            return await asyncio.gather(
                *(self.client.request(method, path, **how) for method, path, how in asked)
            )

        responses = self._runner.run(all_of_them())
        for response in responses:
            self._contract.check(response)
        return responses

    def order(self, what: str, /, **body: Any) -> dict[str, Any]:
        """An organiser's order that must succeed."""
        response = self.ask("POST", f"/v1/admin/{what}", json=body, headers=self.admin)
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.json()
        return found

    def campaign(self, campaign: str = "noel") -> str:
        """A new campaign with one shop; the shop."""
        self.order("campaigns", id=campaign, name="Noël à Saint-Malo")
        return str(self.order("shops", campaign=campaign, name="Épicerie du Port")["id"])

    def code(self, shop: str) -> str:
        return str(self.order("pairing-codes", shop=shop)["code"])

    def enrol(self, till: Till, shop: str) -> dict[str, Any]:
        response = self.ask("POST", "/v1/enrolments", content=till.enrolment(self.code(shop)))
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.json()
        return found

    def bearer(self, till: Till, **changes: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {till.token(self.clock.now(), **changes)}"}

    def send(self, till: Till, first: int = 1, last: int | None = None) -> httpx.Response:
        return self.send_batch(till, till.batch(first, last))

    def send_batch(self, till: Till, batch: Uplink) -> httpx.Response:
        body = {"chain": batch.chain, "entries": batch.entries}
        path = f"/v1/tills/{till.till}/entries"
        return self.ask("POST", path, json=body, headers=self.bearer(till))

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "/v1/status", headers=self.admin).json()
        return found


def name_of(response: httpx.Response) -> str:
    """The short name of a problem that was answered."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    return str(body["type"]).removeprefix("urn:comptoir:problem:")


def verdicts(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [one["verdict"] for one in response.json()["verdicts"]]
