"""The figures of a campaign, read from its books' daily sums. Amounts are integer cents.

What each means is said in docs/figures.md and beside it on the dashboard (watch.definitions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sync.contract.organising import Figures
from sync.contract.rewards.rules import Percent, RulePack
from sync.contract.watching import Count, Estimate, Forecast
from sync.server.auth import stamp
from sync.server.money.accounts import Account
from sync.server.money.campaigns import standing
from sync.server.money.findings import Kind
from sync.server.money.funding import pledged
from sync.server.store.db import Db
from sync.server.watch import flows as ledger
from sync.server.watch.breakdowns import breakdowns, top_share
from sync.server.watch.day_sums import read_days
from sync.server.watch.flows import Flow, read_flows, spent_by_day
from sync.server.watch.forecast import Pot, forecast
from sync.server.watch.panel import read_estimate
from sync.server.watch.shop_sums import ShopSums, read_shops

DAYS_MAX: Final = 120
ACTIVE_WITHIN: Final = timedelta(days=7)
SILENT_AFTER: Final = timedelta(hours=24)
# Modes in which the till asked nobody before it took a reward.
OFFLINE: Final = frozenset(("locked", "courier", "bearer"))
_WHOLE: Final = 10_000


def figures(db: Db, campaign: str, now: datetime) -> Figures:
    """What a campaign came to until now."""
    shops, moved = read_shops(db, campaign), read_flows(db, campaign)
    pack = standing(db, campaign).pack
    by = breakdowns(db, campaign, shops, moved)
    eligible, earned = sum(shop.eligible for shop in shops), ledger.earned(moved)
    sales, turnover = (sum(getattr(one, name) for one in shops) for name in ("sales", "turnover"))
    use, people = _use_of_shops(shops, now.date()), _visits(db, campaign)
    return Figures(
        as_of=stamp(now),
        turnover=turnover,
        sales=sales,
        refunds=sum(shop.refunds for shop in shops),
        mean_basket=turnover // sales if sales else None,
        rewarded=sum(shop.rewarded for shop in shops),
        eligible=eligible,
        earned=earned,
        given=ledger.given(moved),
        **_held(moved),
        redeemed=ledger.redeemed(moved),
        redemptions=sum(shop.redemptions for shop in shops),
        offline_share=_offline_share(by.modes),
        clawed_back=ledger.clawed_back(moved),
        doubled=ledger.doubled(moved),
        violations=_violations(db, campaign),
        pledged=pledged(db, campaign),
        shops=len(shops),
        active_shops=sum(bool(shop.last_day) for shop in shops),
        recent_shops=use.recent,
        resting_shops=use.resting,
        unused_shops=use.unused,
        silent_tills=_silent_tills(db, campaign, now),
        visits=sum(people.values()),
        shoppers=people.get("first", 0),
        returning=people.get("second", 0),
        top_share=top_share(shops),
        leverage=eligible * 100 // earned if earned else None,
        floor=floor(pack),
        days=_days(db, campaign),
        by=by,
        forecast=_forecast(db, campaign, pack, now),
        estimate=_estimate(db, campaign, pack, now),
    )


def floor(pack: RulePack | None) -> int | None:
    """The eligible turnover that a euro of reward forces, in hundredths, by percentages alone.

    Rules that add up force less than the highest of them; of a `sole` pack the highest counts.
    """
    rates = [rule.rate for rule in pack.rules if isinstance(rule, Percent)] if pack else []
    if pack is None or not sum(rates) or len(rates) != len(pack.rules):
        return None
    return 1_000_000 // (max(rates) if pack.sole else sum(rates))


def window(pack: RulePack) -> tuple[date, date]:
    """The first and the last day on which rewards are earned, by the rules' own offset."""
    ends = datetime.fromisoformat(pack.ends_at) - timedelta(microseconds=1)
    return datetime.fromisoformat(pack.starts_at).date(), ends.date()


@dataclass(frozen=True, slots=True)
class _Use:
    recent: int
    resting: int
    unused: int


def _use_of_shops(shops: Sequence[ShopSums], today: date) -> _Use:
    since = (today - ACTIVE_WITHIN).isoformat()
    unused = sum(not shop.last_day for shop in shops)
    recent = sum(shop.last_day > since for shop in shops)
    return _Use(recent, len(shops) - unused - recent, unused)


def _held(moved: Sequence[Flow]) -> dict[str, int]:
    held = {account: ledger.held(moved, account) for account in Account}
    return {
        "unclaimed": held[Account.UNCLAIMED],
        "pending": held[Account.PENDING],
        "available": held[Account.AVAILABLE],
        "vouchers": held[Account.VOUCHER],
        "expired": held[Account.EXPIRED],
        "free": held[Account.BUDGET],
        "leased": held[Account.LEASED],
        "reserved": held[Account.RISK] + held[Account.RESERVE],
        "payable": held[Account.PAYABLE],
        "paid": held[Account.PAID],
    }


def _offline_share(modes: Sequence[Count]) -> int | None:
    whole = sum(one.times for one in modes)
    offline = sum(one.times for one in modes if one.key in OFFLINE)
    return offline * _WHOLE // whole if whole else None


def _violations(db: Db, campaign: str) -> int:
    (count,) = db.execute(
        "SELECT count(*) FROM finding WHERE campaign = ? AND kind = ?", (campaign, Kind.POLICY)
    ).fetchone()
    return int(count)


def _visits(db: Db, campaign: str) -> dict[str, int]:
    rows = db.execute(
        "SELECT cell, sum(times) FROM tally WHERE campaign = ? AND what = 'visit' GROUP BY cell",
        (campaign,),
    )
    return {cell: int(times) for cell, times in rows.fetchall()}


def _silent_tills(db: Db, campaign: str, now: datetime) -> int:
    """Tills of which nothing came for a day, by their last epoch; replaced ones do not count."""
    (count,) = db.execute(
        "SELECT count(*) FROM enrolment JOIN (SELECT till AS of, max(epoch) AS last"
        " FROM identity GROUP BY till) AS latest ON of = till AND last = epoch"
        " WHERE campaign = ? AND coalesce(last_received_at, enrolled_at) < ?",
        (campaign, stamp(now - SILENT_AFTER)),
    ).fetchone()
    return int(count)


def _days(db: Db, campaign: str) -> list[dict[str, Any]]:
    return [
        {
            "day": one.day,
            "turnover": one.turnover,
            "sales": one.sales,
            "refunds": one.refunds,
            "eligible": one.eligible,
            "earned": one.earned,
            "redeemed": one.redeemed,
            "spent": one.spent,
        }
        for one in read_days(db, campaign, DAYS_MAX)
    ]


def _forecast(db: Db, campaign: str, pack: RulePack | None, now: datetime) -> Forecast | None:
    if pack is None:
        return None
    pot = Pot(pledged(db, campaign), spent_by_day(db, campaign), *window(pack))
    return forecast(pot, now.date())


def _estimate(db: Db, campaign: str, pack: RulePack | None, now: datetime) -> Estimate:
    """Over the campaign's whole days: those before today, and none after its end."""
    if pack is None:
        return Estimate(lacking="rules")
    opens, ends = window(pack)
    return read_estimate(db, campaign, opens, min(ends, now.date() - timedelta(days=1)))
