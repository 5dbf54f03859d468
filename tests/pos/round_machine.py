"""The round at random: real tills and the real server, whatever happens between them.

A hypothesis state machine over three tills with their journals on disk and the server on the
database that it is given. Tills are offline, copied, put back and wrong about the time; deliveries
are cut, doubled, late and out of order. What the tills say is what the server books, to the cent;
when all is over, everything is delivered, settled and closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final, TypeVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pos.app import (
    cancel_sale,
    change_sale,
    claim_reward,
    park,
    pay_by_card,
    pay_by_phone,
    refund,
    take_payment,
    take_voucher,
)
from pos.app.refund import Wanted
from pos.domain.errors import NotRecorded, PosError
from pos.domain.payment import State
from pos.domain.sale import price
from sync.contract.rewards.rules import OfflinePolicy, ReturnVisit, RulePack
from sync.server.errors import Refused
from sync.server.money import claiming, courier, vouchers
from sync.server.money.ledger import Ledger
from sync.server.money.vouchers import Issued
from tests.pos.fakes import BAG, BREAD, WINE
from tests.pos.round_end import bring_to_rest, end_it
from tests.pos.round_till import Line, Notes, RoundTill, fetch_lists, listen
from tests.pos.round_town import Town
from tests.sync.server.campaign_machine import Databases
from tests.sync.server.market import RULES

T = TypeVar("T")
SHOPPERS: Final = ("anna", "bert")
PLEDGES_CENTS: Final = (300_000, 300_000, 30_000, 6_000)
BASKETS: Final = ((BREAD,) * 8, (BREAD,) * 8, (BREAD, WINE), (BREAD,) * 20, (BAG,))
HOW: Final = ("cash", "cash", "card", "declined", "meal", "mixed")
TIMES: Final = (
    *(timedelta(minutes=5),) * 3,
    *(timedelta(minutes=70),) * 3,
    *(timedelta(hours=13),) * 2,
    timedelta(hours=26),
    timedelta(days=9),
)
SLIGHT: Final = (timedelta(0), timedelta(seconds=90), timedelta(seconds=-90))
WRONG: Final = (*(timedelta(hours=h) for h in (-30, -3, 3, 30)), timedelta(days=-40))
MISCHIEF: Final = ((), (), ("clocks",), ("copies",), ("clocks", "copies"))
VALUE: Final = st.sampled_from((500, 1_000))
ORGANISER: Final = (
    *("carnet", "carnet", "rules", "settle", "decide"),
    *("open", "open", "open", "paused", "ended"),
)
TILLS_MAX: Final = 5
ANY: Final = st.integers(0, 1_000_000)  # which of a list: the list's length is the divisor
LINES: Final = st.sampled_from(("up", "up", "down", "down", "deaf"))

done: Counter[str] = Counter()  # what the machines of this process did


@dataclass(frozen=True)
class Receipt:
    """What a shopper holds of a ticket: an address or a code, never both used here."""

    text: str
    code: str


@dataclass(frozen=True)
class Backup:
    """A till's folder as it was."""

    till: RoundTill
    path: Path
    notes: Notes


class RoundMachine(RuleBasedStateMachine):
    """One town, whatever happens to it. `databases` gives each machine an empty one."""

    databases: ClassVar[Databases] = staticmethod(nullcontext)

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.receipts: list[Receipt] = []
        self.issued: list[Issued] = []
        self.paper: list[str] = []  # vouchers of carnets that tills handed out
        self.asked: list[tuple[RoundTill, str]] = []
        self.backups: list[Backup] = []
        self.sound = False

    @initialize(
        pledged=st.sampled_from(PLEDGES_CENTS),
        pending_days=st.sampled_from((0, 0, 0, 3)),
        till_max=st.sampled_from((10_000, 10_000, 1_200)),
        bonus=st.booleans(),
        mischief=st.sampled_from(MISCHIEF),
    )
    def open_the_town(
        self,
        pledged: int,
        pending_days: int,
        till_max: int,
        mischief: tuple[str, ...],
        *,
        bonus: bool,
    ) -> None:
        """Two shops, three tills, a campaign."""
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        database = self.stack.enter_context(type(self).databases())
        rules = _rules(pending_days, till_max, bonus=bonus)
        self.mischief = mischief
        self.town = Town(self.stack, folder, database, rules, pledged)
        self.market = self.town.market
        self.organise(0, 500, "carnet")
        for which, who in enumerate(SHOPPERS * 2):
            self.fill_a_wallet(which, who, 500, sent=True)
        self.sound = True
        done["machines"] += 1

    def teardown(self) -> None:
        """It comes to rest, is settled and closed, and then it is gone."""
        try:
            if self.sound:
                bring_to_rest(self.town)
                self.check_it()
                end_it(self.town)
                done["campaigns closed"] += 1
                for kind, times in self.town.judge.kinds.items():
                    done[f"findings: {kind}"] += times
        finally:
            self.stack.close()

    # --- the counter -----------------------------------------------------------------------------

    @rule(
        which=ANY,
        basket=st.sampled_from(BASKETS),
        how=st.sampled_from((*HOW, "later")),
        paper=st.sampled_from((False, False, True)),
    )
    def sell(self, which: int, basket: tuple[str, ...], how: str, *, paper: bool) -> None:
        """A sale, or more on the one that is open, paid in one way or another."""
        till = self._till(which)
        with self.living("sales"):
            till.ring(*basket)
            if paper:
                change_sale.wish_paper(till.desk, on_paper=True).wait()
            if how != "later":
                self._pay(till, how)

    @precondition(lambda self: self._selling())
    @rule(which=ANY, how=st.sampled_from(HOW))
    def pay(self, which: int, how: str) -> None:
        """What is due on the open sale, or what has to be given back."""
        with self.living("payments"):
            self._pay(_one(self._selling(), which), how)

    @precondition(lambda self: self.issued or self.paper)
    @rule(which=ANY, voucher=ANY, line=LINES, code=st.sampled_from((False, False, True)))
    def scan_a_voucher(self, which: int, voucher: int, line: Line, *, code: bool) -> None:
        """Any voucher there ever was; the server answers, or does not, or is not heard."""
        till = self._till(which)
        with self.living(f"vouchers scanned, line {line}"):
            if till.desk.sale is None:
                till.ring(*BASKETS[0])
            self._scan(till, self._voucher(voucher, code=code), line)

    @precondition(lambda self: self.issued or self.paper)
    @rule(which=ANY, other=ANY, voucher=ANY, lines=st.tuples(LINES, LINES), late=st.booleans())
    def spend_it_twice(
        self, which: int, other: int, voucher: int, lines: tuple[Line, Line], *, late: bool
    ) -> None:
        """One voucher at two tills, each paid to the end; delivered at once or later."""
        text = self._voucher(voucher, code=False)
        for number, line in zip((which, other), lines, strict=True):
            till = self._till(number)
            with self.living("vouchers spent again"):
                fetch_lists(till)
                till.ring(*BASKETS[0])
                self._scan(till, text, line)
                self._pay(till, "cash")
            if not late:
                self.deliver(number, 200, batches=1_000, line="up", again=False)

    @rule(which=ANY, cents=st.sampled_from((None, None, 400)))
    def ask_a_phone(self, which: int, cents: int | None) -> None:
        """The till has no network: it shows a challenge."""
        till = self._till(which)
        with self.living("phones asked"):
            if till.desk.sale is None:
                till.ring(BREAD, BREAD)
            asked = pay_by_phone.ask(till.desk, cents).wait()
            self.asked.append((till, asked.address.rsplit("/", 1)[1]))

    @precondition(lambda self: self.asked)
    @rule(which=ANY, who=st.sampled_from(SHOPPERS), wait=st.sampled_from((0, 0, 2)))
    def pay_by_phone(self, which: int, who: str, wait: int) -> None:
        """The phone pays, and its digits are typed at once, or not at all (wait: hours)."""
        till, text = _one(self.asked, which)
        with self.living("phones that paid"), suppress(Refused):
            key, member = self.market.services.secrets.key, self.market.member(who)
            self.market.wallet(who)
            digits = self._ledger(
                lambda one: courier.pay(one, courier.look(one.db, text), member, key)
            )
            if wait:
                self.town.clock.advance(hours=wait)
            if till in self.town.tills:
                pay_by_phone.answer(till.desk, digits).wait()
                done["digits taken"] += 1

    @rule(
        which=ANY,
        ticket=ANY,
        lines=st.sampled_from((0, 0, 1, 3)),
        exchange=st.booleans(),
        how=st.sampled_from(("later", "cash", "cash", "card")),
    )
    def take_goods_back(
        self, which: int, ticket: int, lines: int, how: str, *, exchange: bool
    ) -> None:
        """A whole ticket or some lines of it, against other goods or money."""
        till = self._till(which)
        last = till.store.ledger.last("ticket")
        if last is None:
            return
        with self.living("goods taken back"):
            number = 1 + ticket % last.payload.number
            refund.refund(till.desk, number, tuple(Wanted(n + 1) for n in range(lines))).wait()
            if exchange:
                till.ring(WINE, BREAD)
            if how != "later":
                self._pay(till, how)

    @rule(which=ANY, what=st.sampled_from(("park", "park", "recall", "recall", "cancel")))
    def set_aside(self, which: int, what: str) -> None:
        """Park the sale, take the oldest up again, or give it up; vouchers in it come along."""
        desk = self._till(which).desk
        with self.living(f"sales: {what}"):
            if what == "park":
                park.park(desk).wait()
            elif what == "cancel":
                cancel_sale.cancel_sale(desk).wait()
            elif waiting := park.parked(desk):
                park.recall(desk, str(waiting[0].parked_as)).wait()

    @rule(which=ANY, what=st.sampled_from(("closings", "restarts")))
    def end_or_restart(self, which: int, what: str) -> None:
        """The Z, which gives back the leases that are over; or the till stops and starts."""
        with self.living(what):
            if what == "closings":
                self._till(which).close_day()
            else:
                self._till(which).restart()

    # --- the line --------------------------------------------------------------------------------

    @rule(
        which=ANY,
        size=st.sampled_from((1, 3, 200, 200)),
        batches=st.sampled_from((1, 1_000, 1_000)),
        line=st.sampled_from(("up", "up", "up", "deaf")),
        again=st.sampled_from((False, False, True)),
    )
    def deliver(self, which: int, size: int, batches: int, line: Line, *, again: bool) -> None:
        """The queue goes to the server: cut, doubled, or without hearing that it arrived."""
        till = self._till(which)
        with self.living("deliveries"), _on(till, line):
            done["entries delivered"] += self.town.deliver(till, size, batches=batches, again=again)

    @rule(which=ANY, lists=st.booleans())
    def hear(self, which: int, *, lists: bool) -> None:
        """The till reads the feed, and fetches the status lists or not."""
        with self.living("feeds read"):
            listen(self._till(which))
            if lists:
                fetch_lists(self._till(which))

    @rule(much=st.sampled_from(TIMES))
    def wait(self, much: timedelta) -> None:
        """Time passes."""
        with self.living("waits"):
            self.town.clock.at += much

    @rule(which=ANY, wrong=st.sampled_from((*SLIGHT, *WRONG)))
    def set_a_clock(self, which: int, wrong: timedelta) -> None:
        """A till's clock is a little off, or (mischief) plainly wrong, or right again."""
        till = self._till(which)
        with self.living("clocks set"):
            if wrong in SLIGHT or "clocks" in self.mischief:
                till.skew = wrong
            if wrong not in SLIGHT and "clocks" in self.mischief:
                self.town.judge.wound.add(till.name)

    # --- copies ----------------------------------------------------------------------------------

    @precondition(lambda self: "copies" in self.mischief)
    @rule(which=ANY, what=st.sampled_from(("copy", "renew", "go on", "back up", "put back")))
    def copy_and_put_back(self, which: int, what: str) -> None:
        """A card is copied and both go on; a backup is put back; a till takes a new key."""
        till = self._till(which)
        with self.living(f"mischief: {what}"):
            self.town.judge.copied.add(till.name)
            if what == "copy" and len(self.town.tills) < TILLS_MAX:
                self.town.copy(till)
            elif what == "renew":
                self.town.renew(till)
            elif what == "go on":
                till.renew()
            elif what == "back up":
                path = self.town.new_folder()
                self.backups.append(Backup(till, path, till.back_up(path)))
            elif self.backups:
                self._put_back(_one(self.backups, which))

    def _put_back(self, backup: Backup) -> None:
        """The till goes on under a new epoch by itself, and is let in later or never."""
        if backup.till in self.town.tills:
            self.town.judge.copied.add(backup.till.name)
            backup.till.put_back(backup.path, backup.notes)

    # --- shoppers --------------------------------------------------------------------------------

    @rule(
        which=ANY,
        ticket=st.sampled_from((0, 0, 1, 2, None)),
        who=st.sampled_from(SHOPPERS),
        typed=st.sampled_from((False, False, True)),
    )
    def claim(self, which: int, ticket: int | None, who: str, *, typed: bool) -> None:
        """One of a till's last tickets, or (None) a receipt that somebody has already.

        By its QR before or after its entry arrived, or by its code; once for ever.
        """
        with self.living("receipts asked for"):
            if ticket is not None:
                self._ask_for_the_receipt(self._till(which), ticket)
                which = -1
        if not self.receipts:
            return
        with self.living("claims"), suppress(Refused):
            claimed = self._claim(_one(self.receipts, which), who, typed=typed)
            self.issued += claimed.vouchers
            done[f"claims: {claimed.outcome}"] += 1

    def _ask_for_the_receipt(self, till: RoundTill, back: int) -> None:
        last = till.store.ledger.last("ticket")
        number = max(1, last.payload.number - back) if last else None
        for one in claim_reward.claimable(till.desk, number):
            if one.voucher:
                self.paper += [one.voucher] * (one.voucher not in self.paper)
            else:
                self.receipts.append(Receipt(one.address.rpartition("/")[2], one.code))

    def _claim(self, receipt: Receipt, who: str, *, typed: bool) -> claiming.Claimed:
        member = self.market.member(who)

        def work(ledger: Ledger) -> claiming.Claimed:
            by_code = typed or not receipt.text
            look = claiming.look_up_code if by_code else claiming.look
            found = look(ledger.db, receipt.code if by_code else receipt.text)
            return claiming.take(ledger, found, member, self.market.chance)

        return self._ledger(work)

    @rule(which=ANY, who=st.sampled_from(SHOPPERS), value=VALUE, sent=st.booleans())
    def fill_a_wallet(self, which: int, who: str, value: int, *, sent: bool) -> None:
        """The usual way, in one step: earned, delivered or not, claimed, made a voucher of."""
        self.sell(which, BASKETS[3], "cash", paper=False)
        if sent:
            self.deliver(which, 200, batches=1_000, line="up", again=False)
        self.claim(which, 0, who, typed=False)
        self.make_a_voucher(who, value)

    @rule(who=st.sampled_from(SHOPPERS), value=VALUE)
    def make_a_voucher(self, who: str, value: int) -> None:
        """Out of the wallet, when there is enough."""
        with self.living("vouchers made"), suppress(Refused):
            self.issued.append(self.market.voucher(who, value))

    @precondition(lambda self: self.issued)
    @rule(which=ANY, who=st.sampled_from(SHOPPERS), lost=st.booleans())
    def undo_a_voucher(self, which: int, who: str, *, lost: bool) -> None:
        """Given back into its wallet, or replaced by another one."""
        old, member = _one(self.issued, which), self.market.member(who)
        with self.living("vouchers undone"), suppress(Refused):
            if lost:
                make = partial(vouchers.reissue, batch=old.batch, index=old.index, who="admin")
                self.issued.append(self._ledger(lambda one: make(one, means=self.market.chance)))
            else:
                self._ledger(lambda one: vouchers.give_back(one, member, old.batch, old.index))

    # --- the organiser and the bank --------------------------------------------------------------

    @rule(which=ANY, value=VALUE, what=st.sampled_from(ORGANISER))
    def organise(self, which: int, value: int, what: str) -> None:
        """A carnet, other rules, a settlement, a decision, another state: as far as it may."""
        with self.living(f"organiser: {what}"):
            if what == "carnet":
                body = {"shop": self.town.shops[self._till(which).shop], "value": value, "count": 2}
                self.town.admin("POST", "carnets", json=body)
            elif what == "rules":
                self.town.change_rate((1_000, 2_000, 3_000)[which % 3])
            elif what == "settle":
                self.town.settle("refused" if which % 3 == 0 else "paid")
            elif what == "decide":
                self.town.decide(("pay", "refuse", "noted")[which % 3])
            else:
                self.town.admin("POST", "state", json={"state": what})

    # --- what must be ----------------------------------------------------------------------------

    @invariant()
    def all_is_well(self) -> None:
        """At any moment."""
        if not hasattr(self, "town"):
            return
        done["steps"] += 1
        self.check_it()
        self.sound = True

    def check_it(self) -> None:
        """The server's audit, and what the tills know."""
        self.town.clock.advance(seconds=1)
        self.market.whole()
        self._ledger(self.town.judge.check)

    # --- how it is done --------------------------------------------------------------------------

    def _till(self, which: int) -> RoundTill:
        return _one(self.town.tills, which)

    def _selling(self) -> list[RoundTill]:
        return [till for till in self.town.tills if till.desk.sale]

    def _ledger(self, work: Callable[[Ledger], T]) -> T:
        found: T = self.market.ledger(work)
        return found

    def _voucher(self, which: int, *, code: bool) -> str:
        texts = [one.code if code else one.token for one in self.issued]
        return _one(texts + self.paper, which)

    def _scan(self, till: RoundTill, text: str, line: Line) -> None:
        with _on(till, line):
            wish = take_voucher.read(till.desk, text)
            answer = take_voucher.ask(till.desk, wish)
        take_voucher.take(till.desk, wish, answer).wait()
        done[f"vouchers taken, line {line}"] += 1

    def _pay(self, till: RoundTill, how: str) -> None:
        desk = till.desk
        sale = take_payment.whole(desk, desk.require_sale())
        due = price(sale).due
        if due == 0:
            take_payment.settle_even(desk).wait()
            return
        if how in ("meal", "mixed") and due > 1:
            take_payment.take_tender(desk, "Titre-restaurant", due // 2).wait()
        if how in ("card", "declined", "mixed"):
            pay_by_card.begin(desk).wait()
            till.answers(State.DECLINED if how == "declined" else State.APPROVED)
        if desk.sale:
            take_payment.take_tender(desk, "cash").wait()

    @contextmanager
    def living(self, what: str) -> Iterator[None]:
        """Something that the till may refuse, for a reason that it names."""
        self.sound = False
        try:
            yield
        except NotRecorded:
            raise
        except PosError as refused:
            done[f"refused: {refused.key} {refused.params.get('cause', '')}".strip()] += 1
        else:
            done[what] += 1


@contextmanager
def _on(till: RoundTill, line: Line) -> Iterator[None]:
    till.line = line
    try:
        yield
    finally:
        till.line = "up"


def _rules(pending_days: int, till_max: int, *, bonus: bool) -> RulePack:
    back = ReturnVisit(id="again", reward=500, within_days=30)
    made: RulePack = msgspec.structs.replace(
        RULES,
        rules=(*RULES.rules, *((back,) if bonus else ())),
        pending_days=pending_days,
        policy=OfflinePolicy(till_max=till_max),
    )
    return made


def _one(among: list[T], which: int) -> T:
    return among[which % len(among)]
