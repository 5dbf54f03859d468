"""Give the customer what a ticket earned, when she asks for it: nothing is printed by itself.

Since August 2023 French shops print no voucher unless it is asked for (AGEC law, Code de
l'environnement L541-15-10). What is shown is worth one claim, once, wherever it is typed first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pos.app.campaign_ports import KeptClaim
from pos.app.desk import Desk, Pending
from pos.app.ports import DeviceState, PrintJob, Transaction
from pos.app.ticket_number import ticket_entry
from pos.domain.document import Block, Cut, Document, Feed, Qr, Rule, Text, to_data
from pos.domain.errors import NothingEarned
from pos.domain.money import Cents
from pos.domain.receipt import shop_header
from sync.contract import claims
from sync.contract import voucher as vouchers
from sync.contract.claims import Claim
from sync.contract.entry import CAMPAIGN_PREFIX
from sync.contract.grants import Grants
from sync.contract.token import campaign_tag


@dataclass(frozen=True, slots=True)
class Shown:
    """What can be claimed with a ticket: `address` opens it on a phone, `code` is typed instead.

    `until` is the last day for it (YYYY-MM-DD). A voucher that was handed out has neither address
    nor code: `voucher` is its text.
    """

    campaign: str
    amount: Cents
    address: str = ""
    code: str = ""
    page: str = ""
    until: str = ""
    voucher: str = ""


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What a claim is worth by now, and what leases cover of it, in cents."""

    kept: KeptClaim
    worth: Cents
    covered: Cents = 0


def claimable(desk: Desk, number: int | None = None) -> tuple[Shown, ...]:
    """What the holder of a ticket (nothing named: the last one) can claim.

    Raises UnknownTicket, or NothingEarned.
    """
    entry = ticket_entry(desk, number)
    is_ticket = entry.payload.chain == "ticket"
    kept = desk.ports.ledger.rewards.claims(entry.payload.number) if is_ticket else ()
    found = [weighed for one in kept if (weighed := _weigh(desk, one)).worth]
    if not found:
        raise NothingEarned(ticket=entry.payload.number)
    known = {grants.campaign: grants for grants in desk.ports.campaigns.grants()}
    return tuple(_shown(desk, one, known.get(one.kept.campaign)) for one in found)


def print_claims(desk: Desk, number: int | None = None) -> Pending[Document]:
    """Put it on paper, or give the paper to show where there is no printer; as `claimable`."""
    desk.require_operator()
    shown = claimable(desk, number)
    document = claims_document(desk, shown)
    on_paper = desk.ports.printer.health().state is not DeviceState.MISSING
    job = PrintJob(desk.ports.new_id(), desk.settings.words.say("reward.title"), to_data(document))

    def work(tx: Transaction) -> Document:
        if on_paper:
            tx.enqueue(job)
        return document

    return desk.record(work, lambda _: desk.ports.printer.wake())


def claims_document(desk: Desk, shown: tuple[Shown, ...]) -> Document:
    """The paper of what can be claimed."""
    blocks: list[Block] = []
    for one in shown:
        blocks += _voucher(desk, one) if one.voucher else _claim(desk, one)
    return (*shop_header(desk.settings.shop), *blocks, Cut())


def _claim(desk: Desk, one: Shown) -> Iterator[Block]:
    words = desk.settings.words
    yield Rule()
    yield Text(one.campaign, "center", bold=True)
    yield Text(words.money(one.amount), "center", bold=True, double=True)
    yield Text(words.say("reward.claim"), "center")
    if one.address:
        yield Feed()
        yield Qr(one.address)
        yield Feed()
    yield Text(words.say("reward.or_code", page=one.page), "center")
    yield Text(one.code, "center", bold=True)
    if one.until:
        yield Text(words.say("reward.until", day=words.date(one.until)), "center")
    yield Text(words.say("reward.once"), "center")


def _voucher(desk: Desk, one: Shown) -> Iterator[Block]:
    words = desk.settings.words
    yield Rule()
    yield Text(one.campaign, "center", bold=True)
    yield Text(words.money(one.amount), "center", bold=True, double=True)
    yield Text(words.say("reward.voucher_here"), "center")
    yield Feed()
    yield Qr(one.voucher)
    yield Feed()
    yield Text(words.say("reward.voucher_until", day=words.date(one.until)), "center")
    yield Text(words.say("reward.voucher_rules"), "center")


def _weigh(desk: Desk, kept: KeptClaim) -> _Weighed:
    """Goods that came back took from a claim, never from a voucher that was handed out."""
    chain = CAMPAIGN_PREFIX + kept.campaign
    entry = None if kept.voucher else desk.ports.ledger.entry(chain, kept.number)
    if entry is None:
        return _Weighed(kept, kept.amount)
    rewards = entry.data["rewards"]
    # What comes back with goods is covered by no lease: it waits for its entry.
    covered = sum(draw["amount"] for draw in rewards[kept.part].get("leases", ()))
    return _Weighed(kept, _worth(desk, kept, rewards), covered)


def _worth(desk: Desk, kept: KeptClaim, rewards: list[dict[str, Any]]) -> Cents:
    book = desk.ports.ledger.rewards.ticket(kept.campaign, kept.ticket)
    if book is None or rewards[kept.part]["type"] != "earn":
        return kept.amount
    on_paper = sum(int(one["amount"]) for one in rewards if "handed" in one)
    return min(kept.amount, max(book.earned - on_paper, 0))


def _shown(desk: Desk, one: _Weighed, grants: Grants | None) -> Shown:
    kept = one.kept
    name = grants.name if grants else kept.campaign
    if kept.voucher:
        last = vouchers.read(kept.voucher).voucher.last_day
        return Shown(name, one.worth, until=last.isoformat(), voucher=kept.voucher)
    code = claims.code(bytes.fromhex(kept.secret))
    page = f"{grants.origin}/c" if grants else ""
    address, until = _address(desk, one, grants), _until(kept, grants)
    return Shown(name, one.worth, address, code, page, until)


def _until(kept: KeptClaim, grants: Grants | None) -> str:
    """The last day for a claim, by the rules in force."""
    rules = grants.told.rules if grants else None
    if rules is None:
        return ""
    return (date.fromisoformat(kept.day) + timedelta(days=rules.pack.claim_days)).isoformat()


def _address(desk: Desk, one: _Weighed, grants: Grants | None) -> str:
    """The address of a claim, signed by this till; none for one of an earlier epoch's key."""
    kept, identity = one.kept, desk.ports.identity
    if grants is None or kept.epoch != identity.epoch:
        return ""
    claim = Claim(
        *(identity.till, kept.epoch, campaign_tag(grants.campaign), kept.number, kept.amount),
        *(date.fromisoformat(kept.day), bytes.fromhex(kept.secret), one.covered),
    )
    return claims.address(grants.origin, claims.write(claim, identity.key))
