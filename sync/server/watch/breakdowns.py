"""Figures by cell: districts, trades, independents and chains, sponsors, tenders, hours, modes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from sync.contract.watching import OTHERS, Breakdowns, CellFigures, Count, SponsorFigures
from sync.server.money.accounts import Account
from sync.server.money.funding import funds
from sync.server.store.db import Db
from sync.server.watch import flows as ledger
from sync.server.watch.flows import Flow
from sync.server.watch.shop_sums import ShopSums

CELLS_MAX: Final = 60
TOP: Final = 10
_WHOLE: Final = 10_000


def breakdowns(
    db: Db, campaign: str, shops: Sequence[ShopSums], moved: Sequence[Flow]
) -> Breakdowns:
    """All breakdowns of a campaign's shops and flows."""
    return Breakdowns(
        districts=by_cell(shops, lambda shop: shop.district),
        divisions=by_cell(shops, lambda shop: shop.division),
        independence=by_cell(shops, lambda shop: "chain" if shop.chain else "independent"),
        sponsors=_sponsors(db, campaign, moved),
        tenders=_by_size(_tally(db, campaign, "tender")),
        hours=sorted(_tally(db, campaign, "hour"), key=lambda one: one.key),
        modes=_by_size(_tally(db, campaign, "mode")),
    )


def by_cell(shops: Iterable[ShopSums], cell_of: Callable[[ShopSums], str]) -> list[CellFigures]:
    """Shops added up by cell, the largest turnover first; what is over CELLS_MAX as one."""
    groups: dict[str, list[ShopSums]] = {}
    for shop in shops:
        groups.setdefault(cell_of(shop), []).append(shop)
    cells = [_cell(key, members) for key, members in groups.items()]
    cells.sort(key=lambda one: (-one.turnover, one.key))
    if len(cells) <= CELLS_MAX:
        return cells
    shown = cells[: CELLS_MAX - 1]
    rest = {one.key for one in cells[CELLS_MAX - 1 :]}
    return [*shown, _cell(OTHERS, [one for key in rest for one in groups[key]])]


def top_share(shops: Iterable[ShopSums]) -> int | None:
    """What the ten largest shops have of the eligible turnover, in basis points."""
    amounts = sorted((shop.eligible for shop in shops), reverse=True)
    whole = sum(amounts)
    return sum(amounts[:TOP]) * _WHOLE // whole if whole > 0 else None


def _cell(key: str, shops: Sequence[ShopSums]) -> CellFigures:
    return CellFigures(
        key=key,
        shops=len(shops),
        active=sum(bool(shop.last_day) for shop in shops),
        sales=sum(shop.sales for shop in shops),
        turnover=sum(shop.turnover for shop in shops),
        eligible=sum(shop.eligible for shop in shops),
        earned=sum(shop.earned for shop in shops),
        redeemed=sum(shop.redeemed for shop in shops),
    )


def _sponsors(db: Db, campaign: str, moved: Sequence[Flow]) -> list[SponsorFigures]:
    sponsors: dict[int, tuple[str, str, int, set[int]]] = {}
    for fund in funds(db, campaign):
        if fund.purpose == "rewards":
            name, kind, cents, numbers = sponsors.setdefault(
                fund.sponsor, (fund.sponsor_name, fund.kind, 0, set())
            )
            sponsors[fund.sponsor] = (name, kind, cents + fund.cents, {*numbers, fund.id})
    return [
        _sponsor(name, kind, cents, [one for one in moved if one.fund in numbers])
        for name, kind, cents, numbers in sponsors.values()
    ]


def _sponsor(name: str, kind: str, cents: int, moved: Sequence[Flow]) -> SponsorFigures:
    return SponsorFigures(
        name=name,
        kind=kind,
        pledged=cents,
        spent=ledger.spent(moved),
        redeemed=ledger.redeemed(moved),
        expired=ledger.held(moved, Account.EXPIRED),
        returned=ledger.held(moved, Account.RETURNED),
        left=sum(ledger.held(moved, account) for account in ledger.POOL),
    )


def _tally(db: Db, campaign: str, what: str) -> list[Count]:
    rows = db.execute(
        "SELECT cell, sum(times), sum(cents) FROM tally WHERE campaign = ? AND what = ?"
        " GROUP BY cell",
        (campaign, what),
    )
    return [Count(key=cell, times=int(n), cents=int(cents)) for cell, n, cents in rows.fetchall()]


def _by_size(counts: list[Count]) -> list[Count]:
    return sorted(counts, key=lambda one: (-one.cents, one.key))
