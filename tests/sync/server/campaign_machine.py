"""A campaign at random: tills offline, cloned and wrong about the time, shoppers, organiser, bank.

A hypothesis state machine over the real server, on the database that it is given. After each step
the server's own audit must hold, and so must what the model knows without asking the server's code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Final, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import httpx
import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from sync.contract import claims
from sync.contract.feed import FEED_TYP, FeedItem, Lease
from sync.contract.messages import open_signed
from sync.contract.rewards.rules import RulePack
from sync.contract.token import campaign_tag
from sync.server.app import make_app
from sync.server.config import ServerConfig
from sync.server.errors import Refused
from sync.server.money import courier, reasons, settings, vouchers, wallets
from sync.server.money.ledger import Ledger
from sync.server.money.vouchers import Issued
from sync.server.run import open_services
from sync.server.services import Clock
from tests.sync.server.kit import ORIGIN, Api, Till, VirtualClock
from tests.sync.server.market import CAMPAIGN, RULES, Market, secret

Databases: TypeAlias = Callable[[], AbstractContextManager[str | None]]
T = TypeVar("T")

SHOPS: Final = ("Port", "Quai")
SHOPPERS: Final = ("anna", "bert")
PLEDGES_CENTS: Final = (300_000, 30_000, 1_500)
BASKETS_CENTS: Final = (500, 2_500, 6_000)
DUE_CENTS: Final = 3_000
COURIER_CENTS: Final = (300, 700)
TIMES: Final = (
    *(timedelta(minutes=5),) * 4,
    *(timedelta(hours=2),) * 4,
    timedelta(hours=30),
    timedelta(days=12),
    timedelta(days=45),
)
SKEWS: Final = (*(timedelta(0),) * 4, timedelta(hours=-5), timedelta(hours=5), timedelta(days=-40))
PARIS: Final = ZoneInfo("Europe/Paris")
VALUE: Final = st.sampled_from((500, 1_000))
ANY: Final = st.integers(0, 1_000_000)  # which of a list: the list's length is the divisor
WALLET_FLOOR: Final = settings.Settings().wallet_floor

done: Counter[str] = Counter()  # what the machines of this process did


@dataclass
class Receipt:
    """A reward that a till promised on paper. `claimant` is whose wallet the server gave it to."""

    token: str
    cents: int
    claimant: str = ""


@dataclass(frozen=True)
class Held:
    """A voucher that a till asked the server to hold."""

    shop: str
    number: str
    issued: Issued


@dataclass(frozen=True)
class Ticket:
    """A ticket that earned or that vouchers paid: goods of it may come back."""

    shop: str
    number: int
    earned: int
    paid: int


class CampaignMachine(RuleBasedStateMachine):
    """One campaign, whatever happens to it. `databases` gives each machine an empty one."""

    databases: ClassVar[Databases] = staticmethod(nullcontext)

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.secrets, self.questions, self.keys = count(1), count(1), count(5_000)
        self.receipts: list[Receipt] = []
        self.issued: list[Issued] = []
        self.held: list[Held] = []
        self.asked: list[tuple[str, int, bytes]] = []  # courier challenges: shop, cents, nonce
        self.tickets: list[Ticket] = []
        self.clones: dict[str, Till] = {}
        self.skews = dict.fromkeys(SHOPS, timedelta(0))
        self.epochs = dict.fromkeys(SHOPS, 1)
        self.accepted: set[str] = set()
        self.runs: list[tuple[int, str]] = []
        self.pledged = 0

    @initialize(pledged=st.sampled_from(PLEDGES_CENTS), pending_days=st.sampled_from((0, 0, 3)))
    def open_the_campaign(self, pledged: int, pending_days: int) -> None:
        """Two shops with a till each."""
        folder = self.stack.enter_context(TemporaryDirectory())
        database = self.stack.enter_context(type(self).databases())
        self.clock = clock = VirtualClock()
        config = ServerConfig(Path(folder), database=database)
        watch = Clock(clock.now, clock.monotonic, self._uuid)
        services = self.stack.enter_context(open_services(config, frozenset((ORIGIN,)), watch))
        api = Api(make_app(services), clock, services.secrets.admin_token)
        self.api = self.stack.enter_context(api)
        rules = _rules(pending_days)
        self.market = Market(self.api, services, rules, pledged=pledged)
        self.market.open(*SHOPS)
        self.pledged = pledged
        for shop, who in zip(SHOPS * 2, SHOPPERS * 2, strict=True):
            self.fill_a_wallet(shop, who, 500, 1)
        done["machines"] += 1

    def teardown(self) -> None:
        """The database and the folder are gone."""
        self.stack.close()

    # --- tills -----------------------------------------------------------------------------------

    @rule(
        shop=st.sampled_from(SHOPS),
        base=st.sampled_from(BASKETS_CENTS),
        lease=st.sampled_from(("own", "own", "none", "foreign")),
        greedy=st.sampled_from((0, 0, 0, 150)),
    )
    def sell(self, shop: str, base: int, lease: str, greedy: int) -> None:
        """A sale that earns: within the till's lease, without one, on another's, or too much."""
        amount = min(base, 5_000) // 5 + greedy
        whose = next(one for one in SHOPS if one != shop) if lease == "foreign" else shop
        draws = [] if lease == "none" else self._draws(whose, "earn", amount)
        word = secret(next(self.secrets))
        earn = {
            "type": "earn",
            "pack": 1,
            "pack_hash": self.market.pack_hash,
            "base": base,
            "amount": amount,
            "parts": [{"rule": "back", "amount": amount}],
            "leases": draws,
            "claim": claims.claim_hash(word),
        }
        number = self._ticket(shop, "sale", base, [earn])
        self.tickets.append(Ticket(shop, number, amount, 0))
        self._print_receipt(shop, amount, word)
        done["sales that earn"] += 1

    @precondition(lambda self: self.issued)
    @rule(
        shop=st.sampled_from(SHOPS),
        which=ANY,
        mode=st.sampled_from(("bearer", "bearer", "locked", "online")),
        covered=st.booleans(),
        less=st.sampled_from((0, 0, 120)),
    )
    def take_a_voucher(self, shop: str, which: int, mode: str, covered: bool, less: int) -> None:
        """Any voucher there ever was, as the till pleases."""
        issued = _one(self.issued, which)
        amount = issued.value - less
        draws = self._draws(shop, "risk", amount) if covered and mode == "bearer" else []
        self._redeem(shop, issued, mode, amount, leases=draws, pack=1, list_at=self._at(shop))

    @rule(shop=st.sampled_from(SHOPS), cents=st.sampled_from((100, 4_000)))
    def sell_without_rewards(self, shop: str, cents: int) -> None:
        """The till's chain goes on: what it did not use by now is free again."""
        self._ticket(shop, "sale", cents, [])

    @precondition(lambda self: self.tickets)
    @rule(which=ANY, left=st.sampled_from((0, 40)), early=st.booleans())
    def take_goods_back(self, which: int, left: int, early: bool) -> None:
        """A refund: what the sale earned is worth less, what rewards paid comes back as one."""
        ticket = _one(self.tickets, which)
        rewards: list[dict[str, Any]] = []
        if ticket.earned:
            left = min(left, ticket.earned)
            rewards.append(
                {"type": "adjust", "ticket": ticket.number, "before": ticket.earned, "after": left}
            )
        word = secret(next(self.secrets))
        if ticket.paid:
            back = {"type": "reissue", "ticket": ticket.number, "amount": ticket.paid}
            rewards.append(back | {"claim": claims.claim_hash(word)})
        self._ticket(ticket.shop, "refund", -DUE_CENTS, rewards)
        if ticket.paid:
            self._print_receipt(ticket.shop, ticket.paid, word)
            if early:
                self.claim(len(self.receipts) - 1, SHOPPERS[0])
        done["refunds"] += 1

    @rule(shop=st.sampled_from(SHOPS), who=st.sampled_from(SHOPPERS), value=VALUE, sent=ANY)
    def fill_a_wallet(self, shop: str, who: str, value: int, sent: int) -> None:
        """The usual way, in one step: earned, delivered, claimed, made a voucher of."""
        self.sell(shop, BASKETS_CENTS[-1], "own", 0)
        if sent % 4:
            self.deliver(shop, 200, again=False)
        self.claim(len(self.receipts) - 1, who)
        self.make_a_voucher(who, value)

    @precondition(lambda self: self.issued)
    @rule(shop=st.sampled_from(SHOPS), online=st.booleans())
    def spend_the_newest_voucher(self, shop: str, online: bool) -> None:
        """The usual way, in one step: taken with or without asking, and delivered."""
        newest = len(self.issued) - 1
        if online:
            self.hold_a_voucher(shop, newest, code=True, sale=1)
            if self.held:
                self.end_a_reservation(len(self.held) - 1, "sale")
        else:
            self.take_a_voucher(shop, newest, "bearer", covered=True, less=0)
        self.deliver(shop, 200, again=False)

    @rule(shop=st.sampled_from(SHOPS), drawn=st.sampled_from((0, 0, 50_000)))
    def close_the_leases(self, shop: str, drawn: int) -> None:
        """The till draws no more on what it has, and says what it drew, right or wrong."""
        leases = self._leases(shop, "earn") + self._leases(shop, "risk")
        if leases:
            said = [{"lease": one.id, "drawn": drawn} for one in leases]
            day = self._day(shop)
            self._till(shop).add(
                {"type": "lease-closed", "day": day, "leases": said}, self._at(shop)
            )
            done["leases closed"] += 1

    @rule(shop=st.sampled_from(SHOPS), size=st.sampled_from((1, 3, 200)), again=st.booleans())
    def deliver(self, shop: str, size: int, again: bool) -> None:
        """The queue goes to the server, in batches of any size, from its head or its start."""
        till = self._till(shop)
        first = 1 if again else self._head(shop) + 1
        while first <= len(till.entries):
            found = self._ask_till(
                "POST", shop, "entries", json=_body(till, first, first + size - 1)
            )
            if found.status_code != 200:
                done[f"deliveries refused: {_problem(found)}"] += 1
                first = self._where_to_go_on(found)
                continue
            self._acknowledge(till, found)
            first += size
        done["deliveries"] += 1

    @rule(shop=st.sampled_from(SHOPS), which=ANY, code=st.booleans(), sale=st.integers(1, 2))
    def hold_a_voucher(self, shop: str, which: int, code: bool, sale: int) -> None:
        """Ask the server to hold a voucher for a sale."""
        if not self.issued:
            return
        issued = _one(self.issued, which)
        body = {
            "campaign": CAMPAIGN,
            "voucher": issued.code if code else issued.token,
            "sale": f"7d1f6d2e-5a0e-4a57-9d0c-{sale:012d}",
            "due": DUE_CENTS,
        }
        key = {"Idempotency-Key": f"question-{next(self.questions)}"}
        found = self._ask_till("POST", shop, "reservations", json=body, headers=key)
        if found.status_code == 201:
            self.held.append(Held(shop, found.json()["id"], issued))
            again = self._ask_till("POST", shop, "reservations", json=body, headers=key)
            assert again.json() == found.json()
        done[f"reservations: {found.status_code}"] += 1

    @precondition(lambda self: self.held)
    @rule(which=ANY, use=st.sampled_from(("sale", "sale", "release", "chain")))
    def end_a_reservation(self, which: int, use: str) -> None:
        """The sale is closed with it, or cancelled: by the server's address or by the chain."""
        held = _one(self.held, which)
        if use == "sale":
            self._redeem(held.shop, held.issued, "online", reservation=held.number)
        elif use == "release":
            self._ask_till("DELETE", held.shop, f"reservations/{CAMPAIGN}/{held.number}")
        else:
            said = {"type": "released", "day": self._day(held.shop), "reservations": [held.number]}
            self._till(held.shop).add(said, self._at(held.shop))

    @precondition(lambda self: self.asked)
    @rule(which=ANY)
    def take_a_phones_payment(self, which: int) -> None:
        """The till believes the digits, once or (it was cloned) twice."""
        shop, cents, nonce = _one(self.asked, which)
        redeem = {"type": "redeem", "value": cents, "amount": cents, "mode": "courier"}
        number = self._ticket(shop, "sale", DUE_CENTS, [redeem | {"challenge": nonce.hex()}])
        self.tickets.append(Ticket(shop, number, 0, cents))
        done["courier payments taken"] += 1

    # --- clones and clocks -----------------------------------------------------------------------

    @rule(shop=st.sampled_from(SHOPS))
    def clone(self, shop: str) -> None:
        """Its card is copied: two tills sign as one from now on."""
        self.clones[shop] = self._till(shop).clone()

    @precondition(lambda self: self.clones)
    @rule(which=ANY)
    def use_the_other_card(self, which: int) -> None:
        """What happens in this shop happens on the other copy."""
        shop = _one(sorted(self.clones), which)
        self.market.tills[shop], self.clones[shop] = self.clones[shop], self.market.tills[shop]

    @rule(shop=st.sampled_from(SHOPS))
    def go_on_under_a_new_epoch(self, shop: str) -> None:
        """Restored or cloned, it is let in once more; what the other copy does is refused."""
        till = self._till(shop)
        self.clock.advance(minutes=1)  # enrolments are limited to so many a minute
        till.epoch = self.epochs[shop]
        self.epochs[shop] += 1
        till.go_on(next(self.keys))
        self.api.enrol(till, self.market.shops[shop])
        done["new epochs"] += 1

    @rule(much=st.sampled_from(TIMES))
    def wait(self, much: timedelta) -> None:
        """Time passes."""
        self.clock.at += much

    @rule(shop=st.sampled_from(SHOPS), skew=st.sampled_from(SKEWS))
    def set_a_tills_clock(self, shop: str, skew: timedelta) -> None:
        """To whatever it believes."""
        self.skews[shop] = skew

    # --- shoppers --------------------------------------------------------------------------------

    @precondition(lambda self: self.receipts)
    @rule(which=ANY, who=st.sampled_from(SHOPPERS))
    def claim(self, which: int, who: str) -> None:
        """Before or after the till's entry; once for ever."""
        receipt = _one(self.receipts, which)
        with self._refusals("claims"):
            claimed = self.market.claim(receipt.token, who)
            if claimed.outcome in ("claimed", "checking"):
                assert not receipt.claimant, "claimed twice"
                receipt.claimant = self.market.member(who).id
            assert claimed.outcome != "taken" or receipt.claimant != self.market.member(who).id

    @rule(who=st.sampled_from(SHOPPERS), value=VALUE)
    def make_a_voucher(self, who: str, value: int) -> None:
        """Out of the wallet, when there is enough."""
        with self._refusals("vouchers issued"):
            self.issued.append(self.market.voucher(who, value))

    @precondition(lambda self: self.issued)
    @rule(who=st.sampled_from(SHOPPERS), which=ANY)
    def give_a_voucher_back(self, who: str, which: int) -> None:
        """Into the wallet it came from."""
        issued, member = _one(self.issued, which), self.market.member(who)
        with self._refusals("vouchers given back"):
            self._ledger(lambda one: vouchers.give_back(one, member, issued.batch, issued.index))

    @precondition(lambda self: self.issued)
    @rule(which=ANY)
    def replace_a_voucher(self, which: int) -> None:
        """It was lost: another one in its place."""
        old = _one(self.issued, which)
        with self._refusals("vouchers replaced"):
            self.issued.append(
                self._ledger(
                    lambda one: vouchers.reissue(
                        one, old.batch, old.index, "admin", self.market.chance
                    )
                )
            )

    @rule(
        shop=st.sampled_from(SHOPS),
        who=st.sampled_from(SHOPPERS),
        cents=st.sampled_from(COURIER_CENTS),
        again=st.booleans(),
    )
    def pay_by_phone(self, shop: str, who: str, cents: int, again: bool) -> None:
        """A till without network asks, the phone pays; or an old challenge is shown once more."""
        nonce = next(self.secrets).to_bytes(8, "big")
        if again and self.asked:
            shop, cents, nonce = self.asked[-1]
        member, key = self.market.member(who), self.market.services.secrets.key
        text = self.market.challenge(shop, cents, nonce)
        with self._refusals("courier payments"):
            self.market.wallet(who)
            self._ledger(lambda one: courier.pay(one, courier.look(one.db, text), member, key))
            self.asked.append((shop, cents, nonce))

    @rule()
    def let_rewards_ripen(self) -> None:
        """What looking into each wallet does."""
        for who in SHOPPERS:
            self._ledger(partial(wallets.mature, member=self.market.member(who)))

    # --- the organiser and the bank --------------------------------------------------------------

    @rule()
    def settle(self) -> None:
        """Shops are paid what they are owed."""
        found = self._admin("POST", "settlements")
        if found.status_code == 201:
            run = found.json()
            self.runs += [(run["id"], line["shop"]) for line in run["lines"]]
            done["settlements"] += 1

    @precondition(lambda self: self.runs)
    @rule(which=ANY, state=st.sampled_from(("paid", "refused")))
    def hear_from_the_bank(self, which: int, state: str) -> None:
        """It paid a line or refused it, and may say so twice or contradict itself."""
        number, shop = _one(self.runs, which)
        body = {"shop": shop, "state": state}
        done[f"lines {state}"] += self._admin(
            "POST", f"settlements/{number}/lines", json=body
        ).is_success

    @rule(decision=st.sampled_from(("pay", "refuse", "noted")))
    def decide(self, decision: str) -> None:
        """What to do about the oldest finding."""
        findings = self._admin("GET", "findings").json()["findings"]
        if findings:
            path, body = f"findings/{findings[-1]['id']}", {"decision": decision}
            done[f"decided: {decision}"] += self._admin("POST", path, json=body).is_success

    @rule(state=st.sampled_from((*("open",) * 6, "paused", "ended")))
    def move_the_campaign(self, state: str) -> None:
        """Open, paused, ended: as far as the state allows it."""
        self._admin("POST", "state", json={"state": state})

    @rule(really=st.sampled_from((*(False,) * 7, True)))
    def close(self, really: bool) -> None:
        """Try to close it for good: refused before it ended, was paid, and nothing may arrive."""
        if really:
            self._admin("POST", "state", json={"state": "ended"})
            self.clock.advance(days=100)
            self.settle()
            for number, shop in self.runs:
                body = {"shop": shop, "state": "paid"}
                self._admin("POST", f"settlements/{number}/lines", json=body)
        done["closed"] += self._admin("POST", "close").is_success

    # --- what must be ----------------------------------------------------------------------------

    @invariant()
    def the_money_is_whole(self) -> None:
        """At any moment."""
        if not self.pledged:
            return
        done["steps"] += 1
        self.clock.advance(seconds=1)
        self.market.whole()
        self._ledger(self._check)

    def _check(self, ledger: Ledger) -> None:
        check_funds(ledger)
        check_vouchers(ledger)
        check_wallets(ledger)
        promised: Counter[str] = Counter()
        for receipt in self.receipts:
            promised[receipt.claimant] += receipt.cents
        for member, cents in _rows(
            ledger,
            "SELECT credit_owner, sum(cents) FROM transfer WHERE campaign = ?"
            " AND credit = 'pending' GROUP BY credit_owner",
        ):
            assert cents <= promised[member], f"{cents} for receipts of {promised[member]}"

    # --- how it is done --------------------------------------------------------------------------

    def _uuid(self) -> str:
        return f"00000000-0000-4000-8000-{next(self.questions):012d}"

    def _till(self, shop: str) -> Till:
        return self.market.tills[shop]

    def _ledger(self, work: Callable[[Ledger], T]) -> T:
        found: T = self.market.ledger(work)
        return found

    def _at(self, shop: str) -> str:
        moment = self.clock.now() + self.skews[shop]
        return moment.astimezone(PARIS).isoformat(timespec="milliseconds")

    def _day(self, shop: str) -> str:
        return self._at(shop)[:10]

    def _ticket(self, shop: str, kind: str, total: int, rewards: list[dict[str, Any]]) -> int:
        """A ticket in the till's chain; its number."""
        till = self._till(shop)
        paid = sum(one["amount"] for one in rewards if one["type"] == "redeem")
        tenders = [{"kind": "card", "amount": total - paid}]
        if paid:
            tenders.append({"kind": "campaign", "amount": paid})
        data = till.ticket(kind, total, self._day(shop))
        till.add(data | {"tenders": tenders, "rewards": rewards}, self._at(shop))
        return till.tickets

    def _redeem(
        self, shop: str, issued: Issued, mode: str, amount: int = 0, **changes: Any
    ) -> None:
        amount = amount or issued.value
        voucher = {"batch": issued.batch, "index": issued.index}
        redeem = {"type": "redeem", "value": issued.value, "amount": amount, "mode": mode}
        said = redeem | {"voucher": voucher} | changes
        number = self._ticket(shop, "sale", DUE_CENTS, [said])
        self.tickets.append(Ticket(shop, number, 0, amount))
        done[f"vouchers taken: {mode}"] += 1

    def _print_receipt(self, shop: str, cents: int, word: bytes) -> None:
        till = self._till(shop)
        day = date.fromisoformat(self._day(shop))
        claim = claims.Claim(
            *(till.till, till.epoch, campaign_tag(CAMPAIGN), len(till.entries), cents, day, word)
        )
        self.receipts.append(Receipt(claims.write(claim, till.key), cents))

    def _leases(self, shop: str, kind: str) -> list[Lease]:
        """What the till heard of; nothing when the server does not speak to it any more."""
        found = self._ask_till("GET", shop, "feed?wait=0")
        if found.status_code != 200:
            return []
        items = [open_signed(item, FEED_TYP, FeedItem)[0] for item in found.json()["items"]]
        heard = [one.lease for one in items if one.lease and one.epoch == self._till(shop).epoch]
        return [lease for lease in heard if lease.kind == kind]

    def _draws(self, shop: str, kind: str, cents: int) -> list[dict[str, int]]:
        leases = self._leases(shop, kind)
        return [{"lease": leases[-1].id, "amount": cents}] if leases else []

    def _head(self, shop: str) -> int:
        found = self._ask_till("GET", shop, f"chains/campaign:{CAMPAIGN}")
        return int(found.json()["acknowledged"]) if found.status_code == 200 else 0

    def _where_to_go_on(self, found: httpx.Response) -> int:
        """Behind the end, unless the server names a number."""
        return int(found.json()["expected"]) if _problem(found) == "gap" else 1_000_000

    def _acknowledge(self, till: Till, found: httpx.Response) -> None:
        """Each entry is accepted once for ever, whoever delivers it, and under whatever epoch."""
        for verdict in found.json()["verdicts"]:
            digest = till.entries[verdict["number"] - 1].digest
            assert verdict["verdict"] in ("accepted", "duplicate"), verdict
            assert (verdict["verdict"] == "duplicate") == (digest in self.accepted)
            self.accepted.add(digest)
            done[f"entries: {verdict['verdict']}"] += 1

    def _ask_till(self, method: str, shop: str, path: str, **how: Any) -> httpx.Response:
        till = self._till(shop)
        headers = self.api.bearer(till) | how.pop("headers", {})
        found = self.api.ask(method, f"/v1/tills/{till.till}/{path}", headers=headers, **how)
        assert found.status_code < 500, found.text
        return found

    def _admin(self, method: str, path: str, **how: Any) -> httpx.Response:
        url = f"/v1/admin/campaigns/{CAMPAIGN}/{path}"
        found = self.api.ask(method, url, headers=self.api.admin, **how)
        assert found.status_code < 500, found.text
        return found

    @contextmanager
    def _refusals(self, what: str) -> Iterator[None]:
        """Something that the server may refuse, for a reason that it names."""
        with suppress(Refused):
            yield
            done[what] += 1
            return
        done[f"{what}, refused"] += 1


def check_funds(ledger: Ledger) -> None:
    """Of no fund more goes to shops than its sponsor pledged, what they owe back deducted."""
    for fund, cents, pledged in _rows(
        ledger,
        "SELECT fund, sum(balance.cents), max(fund.cents) FROM balance JOIN fund"
        " ON fund.campaign = balance.campaign AND fund.id = fund WHERE balance.campaign = ?"
        " AND account IN ('payable', 'paid') GROUP BY fund",
    ):
        assert cents <= pledged, f"fund {fund}: {cents} of {pledged} cents went to shops"


def check_vouchers(ledger: Ledger) -> None:
    """A voucher's money reaches one shop, once; whoever else was paid for it has a finding."""
    paid: Counter[str] = Counter()
    for owner, number in _rows(
        ledger,
        "SELECT debit_owner, count(DISTINCT source) FROM transfer WHERE campaign = ?"
        " AND debit IN ('voucher', 'courier') AND credit = 'payable' GROUP BY debit_owner",
    ):
        assert number == 1, f"{owner} was paid by {number} entries"
    for batch, index, number in _rows(
        ledger,
        "SELECT batch, idx, count(*) FROM redemption WHERE campaign = ? AND payable > 0"
        " AND batch IS NOT NULL GROUP BY batch, idx",
    ):
        paid[f"voucher {batch}:{index}"] = number
    for (detail,) in _rows(
        ledger,
        "SELECT detail FROM finding WHERE campaign = ? AND kind IN ('doubled', 'policy')",
    ):
        said = reasons.read(detail)
        if isinstance(said, reasons.NotFree):
            paid[f"voucher {said.voucher}"] -= 1
    assert all(number <= 1 for number in paid.values()), paid


def check_wallets(ledger: Ledger) -> None:
    """No wallet owes more than the floor; a claim and its entry are one reward."""
    for member, cents in _rows(
        ledger,
        "SELECT owner, sum(cents) FROM balance WHERE campaign = ? AND account = 'available'"
        " GROUP BY owner",
    ):
        assert cents >= -WALLET_FLOOR, f"wallet {member} owes {-cents} cents"
    apart = _rows(
        ledger,
        "SELECT hash FROM claim JOIN earn ON earn.campaign = claim.campaign AND claim = hash"
        " JOIN balance ON balance.campaign = claim.campaign AND account = 'unclaimed'"
        " AND owner = hash AND balance.cents > 0 WHERE claim.campaign = ?",
    )
    assert not apart, f"claimed, and still waiting to be claimed: {apart}"


def _rows(ledger: Ledger, sql: str) -> list[tuple[Any, ...]]:
    return ledger.db.execute(sql, (CAMPAIGN,)).fetchall()


def _rules(pending_days: int) -> RulePack:
    return msgspec.structs.replace(RULES, pending_days=pending_days)


def _one(among: list[T], which: int) -> T:
    return among[which % len(among)]


def _body(till: Till, first: int, last: int) -> dict[str, Any]:
    batch = till.batch(first, last)
    return {"chain": batch.chain, "entries": batch.entries}


def _problem(found: httpx.Response) -> str:
    return str(found.json()["type"]).removeprefix("urn:comptoir:problem:")
