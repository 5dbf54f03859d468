"""Settlement runs: what each shop is owed up to a moment, paid by one transfer each.

A run is prepared, its file goes to the bank, and each line ends as paid or refused. The money
leaves the shop's account in the ledger when the run is prepared and comes back when a bank refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sync.contract.entry import ENTRY_TYP
from sync.contract.errors import ContractError
from sync.contract.jws import parse
from sync.server.auth import Signer, signers
from sync.server.directory.words import sort_key
from sync.server.errors import refuse
from sync.server.money.accounts import Account, Place
from sync.server.money.acts import record
from sync.server.money.campaigns import standing
from sync.server.money.ledger import Ledger, of_act
from sync.server.refusals import say
from sync.server.store.db import Db, next_number

RUNS_LISTED_MAX: Final = 200
WAITING_LISTED_MAX: Final = 50
LineState: TypeAlias = Literal["prepared", "paid", "refused"]


@dataclass(frozen=True, slots=True)
class Line:
    """What one shop is paid in a run, in cents, to which account."""

    shop: str
    cents: int
    name: str
    iban: str
    state: LineState


@dataclass(frozen=True, slots=True)
class Run:
    """A settlement run. `cutoff` is the server's time when it was prepared."""

    id: int
    cutoff: str
    lines: tuple[Line, ...]

    @property
    def cents(self) -> int:
        """What it pays in all."""
        return sum(line.cents for line in self.lines)


def prepare(ledger: Ledger, who: str) -> Run:
    """Pay every shop that is owed enough and has an account; Refused when there is none.

    First every signature of the entries that are paid for is checked, each by itself.
    """
    db, campaign = ledger.db, ledger.campaign
    verify_entries(db, campaign)
    lines = _owed(db, campaign, standing(db, campaign).settings.settle_min)
    if not lines:
        raise refuse(
            "not-found", "no shop with an account is owed anything", say=say("nobody-owed")
        )
    number = next_number(db, "settlement", campaign)
    act = record(db, campaign, "settle", who, ledger.at, {"settlement": number})
    db.execute(
        "INSERT INTO settlement (campaign, id, cutoff, act) VALUES (?, ?, ?, ?)",
        (campaign, number, ledger.at, act),
    )
    for line in lines:
        _book_line(ledger, number, act, line)
    ledger.flush()
    return find_run(db, campaign, number)


def find_run(db: Db, campaign: str, number: int) -> Run:
    """A run with its lines; Refused when there is none."""
    row = db.execute(
        "SELECT cutoff FROM settlement WHERE campaign = ? AND id = ?", (campaign, number)
    ).fetchone()
    if row is None:
        raise refuse(
            "not-found", f"no settlement {number}", say=say("no-settlement", number=number)
        )
    lines = db.execute(
        "SELECT shop, cents, name, iban, state FROM settlement_line"
        " WHERE campaign = ? AND settlement = ?",
        (campaign, number),
    )
    found = [Line(*line) for line in lines.fetchall()]
    return Run(number, row[0], tuple(sorted(found, key=_in_order)))


def _in_order(line: Line) -> tuple[str, str]:
    """Where a line stands in its run: by the name that the shop had then."""
    return sort_key(line.name), line.shop


@dataclass(frozen=True, slots=True)
class RunSum:
    """A run as a list shows it: its lines and cents, and how many lines are in each state."""

    id: int
    cutoff: str
    lines: int
    cents: int
    prepared: int
    refused: int


def listed(db: Db, campaign: str) -> list[RunSum]:
    """The latest runs of a campaign, newest first."""
    rows = db.execute(
        "SELECT id, cutoff, count(*), sum(cents),"
        " sum(CASE WHEN state = 'prepared' THEN 1 ELSE 0 END),"
        " sum(CASE WHEN state = 'refused' THEN 1 ELSE 0 END)"
        " FROM (SELECT * FROM settlement WHERE campaign = ? ORDER BY id DESC LIMIT ?) AS latest"
        " JOIN settlement_line ON settlement_line.campaign = latest.campaign AND settlement = id"
        " GROUP BY id, cutoff ORDER BY id DESC",
        (campaign, RUNS_LISTED_MAX),
    )
    return [RunSum(row[0], row[1], *map(int, row[2:])) for row in rows.fetchall()]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a run would pay if it were prepared now, in cents, and who would wait for an account.

    `waiting` are the shops that are owed enough but have no account: name and cents, the largest
    first, no more than WAITING_LISTED_MAX.
    """

    shops: int
    cents: int
    waiting: tuple[tuple[str, int], ...]


def outlook(db: Db, campaign: str) -> Outlook:
    """What a run would pay now."""
    least = standing(db, campaign).settings.settle_min
    ready = _owed(db, campaign, least)
    rows = db.execute(
        "SELECT name, sum(cents) FROM balance JOIN shop ON shop.campaign = balance.campaign"
        " AND shop.id = owner LEFT JOIN shop_facts ON shop_facts.campaign = balance.campaign"
        " AND shop_facts.shop = owner WHERE balance.campaign = ? AND account = 'payable'"
        " AND coalesce(iban, '') = '' GROUP BY owner, name HAVING sum(cents) >= ?"
        " ORDER BY sum(cents) DESC, name LIMIT ?",
        (campaign, least, WAITING_LISTED_MAX),
    )
    waiting = tuple((name, int(cents)) for name, cents in rows.fetchall())
    return Outlook(len(ready), sum(line.cents for line in ready), waiting)


def confirm_rest(ledger: Ledger, number: int, who: str) -> int:
    """Say that the bank made every transfer of which nothing was said yet; how many these were."""
    run = find_run(ledger.db, ledger.campaign, number)
    left = sum(line.state == "prepared" for line in run.lines)
    if not left:
        answered = say("bank-answered", number=number)
        raise refuse("exists", f"nothing in settlement {number} waits for the bank", say=answered)
    detail = {"settlement": number, "state": "paid", "lines": left}
    record(ledger.db, ledger.campaign, "bank", who, ledger.at, detail)
    ledger.db.execute(
        "UPDATE settlement_line SET state = 'paid'"
        " WHERE campaign = ? AND settlement = ? AND state = 'prepared'",
        (ledger.campaign, number),
    )
    return left


def confirm(ledger: Ledger, number: int, shop: str, state: LineState, who: str) -> None:
    """Say what the bank did with a line: `paid`, or `refused`, which the shop is owed again.

    Repeated, it changes nothing; Refused for the opposite of what was said before.
    """
    run = find_run(ledger.db, ledger.campaign, number)
    line = next((one for one in run.lines if one.shop == shop), None)
    if line is None:
        missing = say("line-missing", number=number)
        raise refuse("not-found", f"settlement {number} pays nothing to this shop", say=missing)
    if line.state == state:
        return
    if line.state != "prepared" or state == "prepared":
        raise refuse(
            "exists", f"this line is {line.state}", say=say("line-answered", state=line.state)
        )
    detail = {"settlement": number, "shop": shop, "state": state}
    act = record(ledger.db, ledger.campaign, "bank", who, ledger.at, detail)
    if state == "refused":
        paid, owed = Place(Account.PAID, shop), Place(Account.PAYABLE, shop)
        ledger.move("refused", of_act(act), paid, owed, ledger.share(paid, line.cents))
        ledger.flush()
    ledger.db.execute(
        "UPDATE settlement_line SET state = ? WHERE campaign = ? AND settlement = ? AND shop = ?",
        (state, ledger.campaign, number, shop),
    )


def verify_entries(db: Db, campaign: str) -> int:
    """Check the signature of every entry that redeemed something; how many there were.

    Raises Refused, naming the first whose signature does not hold.
    """
    keys: dict[str, Mapping[str, Signer]] = {}
    rows = db.execute(
        "SELECT DISTINCT entry.enrolment, entry.number, till, compact FROM redemption"
        " JOIN entry ON entry.campaign = redemption.campaign"
        " AND entry.enrolment = redemption.enrolment AND entry.number = redemption.number"
        " WHERE redemption.campaign = ? AND payable > 0",
        (campaign,),
    )
    count = 0
    for enrolment, number, till, compact in rows.fetchall():
        if till not in keys:
            keys[till] = signers(db, till)
        try:
            signed = parse(bytes(compact), ENTRY_TYP)
            signed.check(keys[till][signed.kid].key)
        except (ContractError, KeyError) as error:
            raise refuse("bad-signature", f"entry {enrolment}:{number}: {error}") from error
        count += 1
    return count


def _owed(db: Db, campaign: str, least: int) -> list[Line]:
    rows = db.execute(
        "SELECT owner, sum(cents), name, iban FROM balance JOIN shop"
        " ON shop.campaign = balance.campaign AND shop.id = owner JOIN shop_facts"
        " ON shop_facts.campaign = balance.campaign AND shop_facts.shop = owner"
        " WHERE balance.campaign = ? AND account = 'payable' AND iban <> ''"
        " GROUP BY owner, name, iban HAVING sum(cents) >= ?",
        (campaign, least),
    )
    found = [Line(shop, int(cents), name, iban, "prepared") for shop, cents, name, iban in rows]
    return sorted(found, key=_in_order)


def _book_line(ledger: Ledger, number: int, act: int, line: Line) -> None:
    owed = Place(Account.PAYABLE, line.shop)
    # A fund may be owed something by a shop that others owe more: the sum is what is paid.
    parts = _net(ledger.funds(owed), line.cents)
    ledger.move("settle", of_act(act), owed, Place(Account.PAID, line.shop), parts)
    ledger.db.execute(
        "INSERT INTO settlement_line (campaign, settlement, shop, cents, name, iban, state)"
        " VALUES (?, ?, ?, ?, ?, ?, 'prepared')",
        (ledger.campaign, number, line.shop, line.cents, line.name, line.iban),
    )


def _net(held: Mapping[int, int], cents: int) -> dict[int, int]:
    """The amount out of the funds that owe, the largest first."""
    parts: dict[int, int] = {}
    for fund, much in sorted(held.items(), key=lambda one: (-one[1], one[0])):
        part = min(cents - sum(parts.values()), max(much, 0))
        if part > 0:
            parts[fund] = part
    return parts
