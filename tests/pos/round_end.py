"""How the round ends: every till comes to rest, all is delivered, settled and closed."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from pos.app import cancel_sale, park, take_payment
from pos.domain.errors import NoSession, PosError
from pos.domain.sale import price
from tests.pos.round_checks import check_books, check_journal
from tests.pos.round_till import RoundTill, fetch_lists, listen
from tests.pos.round_town import Town
from tests.sync.server.market import CAMPAIGN

# Where money may be when a campaign is closed; the last two only as a debt.
AT_LAST = frozenset(("sponsor", "paid", "returned", "payable", "available"))


def bring_to_rest(town: Town) -> None:
    """Clocks are right, one till of each name is left, open sales are paid, all is delivered."""
    for till in town.one_of_each():
        till.skew, till.line = timedelta(0), "up"
        town.make_known(till)
        _finish_sales(till)
        with suppress(NoSession):
            till.close_day()
        town.deliver(till)
        if till.written(till.notes.acknowledged, 1):  # its twin was let in, or it forked
            town.renew(till)
        listen(till)
        fetch_lists(till)
        town.deliver(till)
        assert not till.written(till.notes.acknowledged, 1), town.refusals[-1]
        check_journal(till)
        till.audit_it()
    town.market.ledger(town.judge.check)
    for till in town.tills:
        if till.name not in town.judge.copied:
            town.market.ledger(lambda one, till=till: check_books(one, till, town.judge))


def end_it(town: Town) -> None:
    """The campaign ends, shops are paid, what is left goes back, and nothing is anywhere else."""
    town.admin("POST", "state", json={"state": "ended"})
    town.clock.advance(days=120)
    for till in town.tills:
        listen(till)
        till.ring("SAC")
        take_payment.take_tender(till.desk, "cash").wait()
        till.close_day()
        town.deliver(till)
    town.settle("paid")
    found = town.admin("POST", "close")
    assert found.is_success, found.text
    town.market.whole()
    rows = town.market.ledger(
        lambda one: one.db.execute(
            "SELECT account, owner, sum(cents) FROM balance WHERE campaign = ?"
            " GROUP BY account, owner HAVING sum(cents) <> 0",
            (CAMPAIGN,),
        ).fetchall()
    )
    for account, owner, cents in rows:
        assert account in AT_LAST, f"{cents} cents stay in {account} {owner}"
        assert account not in ("payable", "available") or cents < 0, (account, owner, cents)


def _finish_sales(till: RoundTill) -> None:
    _pay(till)
    while waiting := park.parked(till.desk):
        park.recall(till.desk, str(waiting[0].parked_as)).wait()
        _pay(till)


def _pay(till: RoundTill) -> None:
    desk = till.desk
    if desk.sale is None or not desk.sale.lines:
        return
    try:
        if price(take_payment.whole(desk, desk.sale)).due:
            take_payment.take_tender(desk, "cash").wait()
        else:
            take_payment.settle_even(desk).wait()
    except PosError:  # goods that another sale gave back meanwhile
        cancel_sale.cancel_sale(desk).wait()
