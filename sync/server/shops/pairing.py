"""Pairing codes for shops, one or many at a time, and who made them.

A code that is mailed works for up to thirty days. A letter takes the place of the one before: what
was sent earlier and not used stops working in the same transaction, so that a letter which was lost
on its way opens nothing (a reissue that left the old one valid cost Vienna 4,000 vouchers).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

from sync.contract.messages import PAIRING_CODE_DAYS_MAX, PairingCode
from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.money.acts import record
from sync.server.refusals import say
from sync.server.shops.letters import LETTERS_MAX, SENDER_CHARS_MAX, SENDER_LINES_MAX, Letter
from sync.server.store.db import Db
from sync.server.tills.enrolment import make_code

# Which shops get a letter: those named; those without a till and without a code that still works;
# all without a till.
Which: TypeAlias = Literal["named", "waiting", "tillless"]
DAYS_DEFAULT: Final = 21


def read_days(typed: str) -> int:
    """How long a code shall work; Refused for other than 1 to 30."""
    days = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 3 else 0
    if not 1 <= days <= PAIRING_CODE_DAYS_MAX:
        wanted = say("code-days", most=PAIRING_CODE_DAYS_MAX)
        raise refuse("malformed", f"days: expected 1 to {PAIRING_CODE_DAYS_MAX}", say=wanted)
    return days


def make_code_for(
    db: Db, campaign: str, shop: str, code: str, days: int, who: str, now: datetime
) -> PairingCode:
    """A code beside those that a shop has already, and the act that says who made it."""
    record(db, campaign, "pairing-code", who, stamp(now), {"shop": shop, "days": days})
    return make_code(db, shop, code, now, days)


def withdraw_codes(db: Db, campaign: str, shop: str, now: datetime) -> int:
    """Let a shop's open codes work no more; how many there were."""
    done = db.execute(
        "UPDATE pairing_code SET expires_at = ? WHERE campaign = ? AND shop = ?"
        " AND expires_at > ? AND enrolment IS NULL",
        (stamp(now), campaign, shop, stamp(now)),
    )
    return done.rowcount


def shops_for_letters(
    db: Db, campaign: str, which: Which, numbers: Sequence[int], now: datetime
) -> list[Letter]:
    """To whom letters go, in the order of the shops' numbers: LETTERS_MAX at most, no codes yet."""
    conditions, parameters = _conditions(which, numbers, now)
    rows = db.execute(
        "SELECT shop.id, name, coalesce(address, ''), coalesce(postcode, ''), coalesce(town, '')"  # noqa: S608 - constants
        " FROM shop LEFT JOIN shop_facts ON shop_facts.campaign = shop.campaign AND"
        f" shop_facts.shop = shop.id WHERE shop.campaign = ? AND {conditions}"
        " ORDER BY number LIMIT ?",
        (campaign, *parameters, LETTERS_MAX),
    )
    return [
        Letter(shop, name, address, postcode, town, code="", expires_at="")
        for shop, name, address, postcode, town in rows.fetchall()
    ]


def _conditions(which: Which, numbers: Sequence[int], now: datetime) -> tuple[str, list[object]]:
    if which == "named":
        chosen = list(dict.fromkeys(numbers))[:LETTERS_MAX]
        return f"number IN ({', '.join('?' * len(chosen)) or 'NULL'})", [*chosen]
    no_till = (
        "NOT EXISTS (SELECT 1 FROM enrolment WHERE enrolment.campaign = shop.campaign"
        " AND enrolment.shop = shop.id)"
    )
    if which == "tillless":
        return no_till, []
    no_code = (
        "NOT EXISTS (SELECT 1 FROM pairing_code WHERE pairing_code.campaign = shop.campaign"
        " AND pairing_code.shop = shop.id AND expires_at > ? AND enrolment IS NULL)"
    )
    return f"{no_till} AND {no_code}", [stamp(now)]


def count_waiting(db: Db, campaign: str, now: datetime) -> int:
    """How many shops have neither a till nor a code that still works."""
    conditions, parameters = _conditions("waiting", (), now)
    (count,) = db.execute(
        f"SELECT count(*) FROM shop WHERE campaign = ? AND {conditions}",  # noqa: S608 - constants
        (campaign, *parameters),
    ).fetchone()
    return int(count)


def issue_letters(
    db: Db,
    campaign: str,
    to: Sequence[Letter],
    new_code: Callable[[], str],
    days: int,
    who: str,
    now: datetime,
) -> list[Letter]:
    """The letters with a new code each; older codes of their shops stop working."""
    written: list[Letter] = []
    if not to:
        return written
    for letter in to:
        withdraw_codes(db, campaign, letter.id, now)
        made = make_code(db, letter.id, new_code(), now, days)
        written.append(letter.with_code(made.code, made.expires_at))
    detail = {"shops": [letter.id for letter in to], "days": days}
    record(db, campaign, "letters", who, stamp(now), detail)
    return written


def sender_lines(typed: str) -> list[str] | None:
    """The lines of a sender; None when they are more than a letter has room for."""
    lines = [" ".join(line.split()) for line in typed.splitlines() if line.strip()]
    fits = len(lines) <= SENDER_LINES_MAX and all(len(one) <= SENDER_CHARS_MAX for one in lines)
    return lines if fits else None


def keep_sender(db: Db, campaign: str, lines: Sequence[str]) -> None:
    """Remember the sender for the next letters."""
    db.execute(
        "INSERT INTO letterhead (campaign, sender) VALUES (?, ?)"
        " ON CONFLICT (campaign) DO UPDATE SET sender = excluded.sender",
        (campaign, "\n".join(lines)),
    )


def kept_sender(db: Db, campaign: str) -> str:
    """The sender of the last letters; empty before the first."""
    row = db.execute("SELECT sender FROM letterhead WHERE campaign = ?", (campaign,)).fetchone()
    return str(row[0]) if row else ""
