"""A campaign with money: sponsors, shops and tills, driven through the server's real addresses."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from sync.contract import claims, courier, voucher
from sync.contract.feed import FEED_TYP, FeedItem, Lease
from sync.contract.jws import SigningKey
from sync.contract.messages import open_signed
from sync.contract.rewards.rules import Percent, RulePack
from sync.contract.token import campaign_tag
from sync.server.money import claiming, members, vouchers, wallets
from sync.server.money.campaigns import standing
from sync.server.money.ledger import Ledger
from sync.server.money.members import Member
from sync.server.services import Services
from tests.sync.server.kit import Api, Till

CAMPAIGN = "noel"
IBAN = "FR7630006000011234567890189"
RULES = RulePack(
    campaign=CAMPAIGN,
    number=1,
    name="Noël",
    starts_at="2026-11-01T00:00:00+01:00",
    ends_at="2026-12-25T00:00:00+01:00",
    spend_until_at="2027-01-31T00:00:00+01:00",
    rules=(Percent(id="back", rate=2000, base_max=5000),),
    pending_days=0,
)


@dataclass
class Chance:
    """What claiming and issuing need of the world, the same each time."""

    key: SigningKey
    count: int = 0
    lucky: int = 9_999

    def random(self, size: int) -> bytes:
        self.count += 1
        return hashlib.sha256(str(self.count).encode()).digest()[:size]

    def below(self, _: int) -> int:
        return self.lucky


@dataclass
class Market:
    """The campaign as an organiser and shoppers meet it."""

    api: Api
    services: Services
    rules: RulePack = RULES
    pledged: int = 300_000
    tills: dict[str, Till] = field(default_factory=dict)
    shops: dict[str, str] = field(default_factory=dict)
    pack_hash: str = ""

    def __post_init__(self) -> None:
        self.chance = Chance(self.services.secrets.key)

    def open(self, *shops: str) -> None:
        self.api.order("campaigns", id=CAMPAIGN, name="Noël")
        self.ask("funds", sponsor="Ville", kind="city", name="2026", cents=self.pledged * 2 // 3)
        rest = self.pledged - self.pledged * 2 // 3
        self.ask("funds", sponsor="Région", kind="region", name="2026", cents=rest)
        self.pack_hash = self.ask("rules", **msgspec.to_builtins(self.rules))["digest"]
        self.ask("state", state="open")
        for name in shops:
            self.add_shop(name)

    def add_shop(self, name: str) -> None:
        shop = str(self.api.order("shops", campaign=CAMPAIGN, name=name)["id"])
        facts = {"iban": IBAN, "town": "Saint-Malo", "district": "port"}
        self.ask(f"shops/{shop}", "PUT", status=200, **facts)
        till = Till(SigningKey.from_secret(1000 + len(self.tills)), str(UUID(int=len(self.tills))))
        self.api.enrol(till, shop)
        self.shops[name], self.tills[name] = shop, till

    def ask(self, path: str, method: str = "POST", /, status: int = 0, **body: Any) -> Any:
        """What the organiser's address answers."""
        how: dict[str, Any] = {"headers": self.api.admin}
        if method != "GET":
            how["json"] = body
        found = self.api.ask(method, f"/v1/admin/campaigns/{CAMPAIGN}/{path}", **how)
        assert found.status_code in ((status,) if status else (200, 201)), found.text
        return found.json() if "json" in found.headers["content-type"] else found.text

    def figures(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.ask("figures", "GET")
        return found

    def findings(self) -> list[str]:
        return [one["kind"] for one in self.ask("findings", "GET")["findings"]]

    def whole(self) -> None:
        """Every invariant of the money holds."""
        audit = self.ask("audit", "GET")
        assert audit["holds"], [one for one in audit["checks"] if not one["holds"]]

    # --- tills ---

    def leases(self, shop: str, kind: str = "earn") -> list[Lease]:
        till = self.tills[shop]
        found = self.api.ask(
            "GET", f"/v1/tills/{till.till}/feed?wait=0", headers=self.api.bearer(till)
        )
        items = [open_signed(item, FEED_TYP, FeedItem)[0] for item in found.json()["items"]]
        leases = [one.lease for one in items if one.lease and one.epoch == till.epoch]
        return [lease for lease in leases if lease.kind == kind]

    def sell(self, shop: str, total: int, /, *rewards: Any, **changes: Any) -> None:
        """A sale in the till's chain; `send` takes it to the server."""
        till = self.tills[shop]
        paid = sum(one["amount"] for one in rewards if one["type"] == "redeem")
        tenders = [{"kind": "card", "amount": total - paid}]
        if paid:
            tenders.append({"kind": "campaign", "amount": paid})
        data = till.ticket("sale", total, "2026-11-22") | {
            "tenders": tenders,
            "rewards": list(rewards),
        }
        till.add(data | changes)

    def earn(self, shop: str, base: int, secret: bytes, amount: int | None = None) -> Any:
        """What the till promises for a basket, out of its first lease."""
        amount = min(base, 5000) // 5 if amount is None else amount
        leases = self.leases(shop)
        draws = [{"lease": leases[0].id, "amount": amount}] if leases else []
        return {
            "type": "earn",
            "pack": 1,
            "pack_hash": self.pack_hash,
            "base": base,
            "amount": amount,
            "parts": [{"rule": "back", "amount": amount}],
            "leases": draws,
            "claim": claims.claim_hash(secret),
        }

    def redeem(self, token: str, mode: str = "bearer", **changes: Any) -> Any:
        said = voucher.read(token).voucher
        return {
            "type": "redeem",
            "value": said.value,
            "amount": said.value,
            "mode": mode,
            "voucher": {"batch": said.batch, "index": said.index},
            "pack": 1,
            "list_at": "2026-11-22T17:00:00.000+01:00",
        } | changes

    def send(self, shop: str) -> Any:
        found = self.api.send(self.tills[shop])
        assert found.status_code == 200, found.text
        return found.json()["verdicts"]

    def receipt(self, shop: str, amount: int, secret: bytes, number: int = 0) -> str:
        """The claim that a till prints: of its last entry, or the one of this number."""
        till = self.tills[shop]
        tag, number = campaign_tag(CAMPAIGN), number or len(till.entries)
        claim = claims.Claim(
            *(till.till, till.epoch, tag, number, amount, date(2026, 11, 22), secret)
        )
        return claims.write(claim, till.key)

    def challenge(self, shop: str, amount: int, nonce: bytes) -> str:
        till = self.tills[shop]
        tag = campaign_tag(CAMPAIGN)
        return courier.write(courier.Challenge(till.till, till.epoch, tag, amount, nonce), till.key)

    # --- shoppers ---

    @property
    def now(self) -> str:
        return self.api.clock.now().isoformat(timespec="milliseconds")

    def ledger(self, work: Any) -> Any:
        """Work on the campaign's ledger, in one transaction."""
        return self.services.store.write_now(
            lambda db: work(Ledger(db, CAMPAIGN, self.now)), CAMPAIGN
        )

    def member(self, secret: str) -> Member:
        def work(ledger: Ledger) -> Member:
            return members.ensure_member(ledger.db, CAMPAIGN, secret, self.chance.random, self.now)

        found: Member = self.ledger(work)
        return found

    def claim(self, token: str, who: str) -> claiming.Claimed:
        member = self.member(who)

        def work(ledger: Ledger) -> claiming.Claimed:
            return claiming.take(ledger, claiming.look(ledger.db, token), member, self.chance)

        found: claiming.Claimed = self.ledger(work)
        return found

    def wallet(self, who: str) -> tuple[int, int]:
        """What can be spent, and what waits."""
        member = self.member(who)

        def work(ledger: Ledger) -> wallets.Wallet:
            wallets.mature(ledger, member)
            return wallets.read(ledger.db, member)

        found: wallets.Wallet = self.ledger(work)
        return found.available, found.pending

    def voucher(self, who: str, value: int = 500) -> vouchers.Issued:
        member = self.member(who)
        self.wallet(who)

        def work(ledger: Ledger) -> vouchers.Issued:
            pack = standing(ledger.db, CAMPAIGN).pack
            assert pack is not None
            return vouchers.issue_from_wallet(ledger, member, value, pack, self.chance)

        found: vouchers.Issued = self.ledger(work)
        return found


def secret(number: int) -> bytes:
    """A claim's secret."""
    return base64.b32encode(hashlib.sha256(str(number).encode()).digest())[:10]
