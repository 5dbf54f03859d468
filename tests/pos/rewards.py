"""A campaign as a till was told of it: its rules, leases and vouchers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from pos.app import take_voucher
from pos.app.campaign_ports import ListedAt
from pos.app.desk import Settled
from pos.app.take_payment import take_tender
from sync.contract import voucher as tokens
from sync.contract.calls import Reservation
from sync.contract.feed import Carnet, Lease, Place
from sync.contract.grants import Grants, Rules, Told
from sync.contract.jws import SigningKey
from sync.contract.operations import VoucherRef
from sync.contract.rewards.rules import Percent, RulePack
from sync.contract.status_list import INVALID, VALID, StatusList, pack
from sync.contract.voucher import USUAL, Audience, Voucher
from tests.pos.fakes import EVENING, Counter

SERVER = SigningKey.from_secret(77)
CAMPAIGN = "noel"
ORIGIN = "https://noel.example"
DIGEST = "ab" * 32
RULES = RulePack(
    campaign=CAMPAIGN,
    number=3,
    name="Noël",
    starts_at="2026-11-01T00:00:00+01:00",
    ends_at="2026-12-25T00:00:00+01:00",
    spend_until_at="2027-01-31T00:00:00+01:00",
    rules=(Percent(id="back", rate=2000, base_max=5000),),
)
SHOP = 12
AT = EVENING.isoformat(timespec="milliseconds")


def lease(number: int = 1, amount: int = 2_000, kind: Any = "earn", **changes: Any) -> Lease:
    """A lease of the day."""
    terms = {"from_at": "2026-11-22T08:00:00+01:00", "until_at": "2026-11-23T08:00:00+01:00"}
    return Lease(id=number, kind=kind, amount=amount, **{**terms, **changes})


def granted(
    *leases: Lease, rules: RulePack = RULES, carnets: tuple[Carnet, ...] = (), **changes: Any
) -> Grants:
    """What the campaign granted; changes are those of Told or of Grants."""
    told = Told(
        state="open",
        rules=Rules(rules, DIGEST),
        versions={rules.number: rules},
        place=Place(till=5, shop=SHOP, district="port"),
        leases=leases,
        carnets=carnets,
        at="2026-11-22T17:00:00.000+00:00",
    )
    told = replace(told, **{x: changes.pop(x) for x in tuple(changes) if hasattr(told, x)})
    grants = Grants(
        rules.campaign, rules.name, ORIGIN, told, (SERVER.public,), contact_at=AT, offset_ms=40
    )
    return replace(grants, **changes)


def join(counter: Counter, *grants: Grants) -> None:
    """The till takes part in these campaigns."""
    counter.campaigns.ids = tuple(one.campaign for one in grants)
    counter.campaigns.granted = grants


def voucher(index: int = 0, value: int = 500, **changes: Any) -> str:
    """A voucher's text."""
    terms: dict[str, Any] = {
        "first_day": date(2026, 11, 1),
        "last_day": date(2026, 12, 31),
        "audience": Audience.ANY,
        "flags": USUAL,
    }
    return tokens.write(Voucher(7, index, value, **{**terms, **changes}), SERVER)


def list_vouchers(counter: Counter, *spent: int, at: str = AT) -> None:
    """The till has the status list of batch 7, with these vouchers spent."""
    statuses = [INVALID if index in spent else VALID for index in range(100)]
    counter.campaigns.lists[(CAMPAIGN, 7)] = ListedAt(StatusList(2, pack(statuses)), at)


def pay(counter: Counter, tender: str = "cash", given: int | None = None) -> Settled | None:
    """Take a tender."""
    return take_tender(counter.desk, tender, given).wait()


def scan(counter: Counter, text: str) -> Settled | None:
    """What a front does with a scanned voucher."""
    wish = take_voucher.read(counter.desk, text)
    return take_voucher.take(counter.desk, wish, take_voucher.ask(counter.desk, wish)).wait()


def held(index: int = 0, value: int = 500, **changes: Any) -> Reservation:
    """What a server answers that holds a voucher of batch 7."""
    terms = {"id": f"hold-{index}", "funding": "tender", "expires_at": "2026-11-22T18:19:05+01:00"}
    return Reservation(voucher=VoucherRef(7, index), value=value, **{**terms, **changes})


def said(counter: Counter, campaign: str = CAMPAIGN) -> list[Any]:
    """The rewards of each ticket in the campaign's chain."""
    entries = counter.chain(f"campaign:{campaign}")
    return [entry["rewards"] for entry in entries if "rewards" in entry]
