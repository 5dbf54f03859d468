"""Accounts: organisers of one campaign, and shops of one. Invitations, passwords, API tokens.

Nobody sets another's password: an invitation is a link that works once, within seven days, and
whoever opens it chooses. A new one to somebody who has forgotten theirs is the same thing.
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from sync.server.auth import digest, stamp
from sync.server.errors import refuse
from sync.server.money.acts import record
from sync.server.refusals import say
from sync.server.sessions import ACCOUNT_PREFIX
from sync.server.store.db import Db, Row

NAME_CHARS_MAX: Final = 80
ACCOUNTS_MAX: Final = 20_000
PER_PAGE: Final = 50
INVITATION_LIFETIME: Final = timedelta(days=7)
SECRET_BYTES: Final = 32
Role: TypeAlias = Literal["organiser", "shop"]

_COLUMNS: Final = (
    "SELECT id, campaign, name, role, shop, password, invitation_ends_at, token IS NOT NULL,"
    " created_at, disabled_at FROM account"
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account; `shop` is empty for an organiser's, `password` what is kept of it."""

    id: str
    campaign: str
    name: str
    role: Role
    shop: str
    password: str
    invitation_ends_at: str
    has_token: bool
    created_at: str
    disabled_at: str | None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Whom to invite. The id is made by the caller."""

    id: str
    campaign: str
    name: str
    role: Role
    shop: str = ""


def tidy_name(typed: str) -> str:
    """A name as it is kept; Refused for what is none. Case does not tell two names apart."""
    name = unicodedata.normalize("NFKC", typed).strip().casefold()
    if not 0 < len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise refuse("malformed", f"name: expected 1 to {NAME_CHARS_MAX} printable characters")
    return name


def new_secret() -> str:
    """A secret for an invitation or a token, to be shown once."""
    return secrets.token_urlsafe(SECRET_BYTES)


def invite(db: Db, new: NewAccount, secret: str, who: str, now: datetime) -> Account:
    """Make an account that waits for its password; Refused for a name that is taken.

    Names are unique on the server, as they are what people log in with.
    """
    _require_room(db, new.campaign)
    made = db.execute(
        "INSERT INTO account (id, campaign, name, role, shop, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (new.id, new.campaign, tidy_name(new.name), new.role, new.shop, stamp(now)),
    )
    if made.rowcount != 1:
        raise refuse("exists", "this name is taken")
    return invite_again(db, new.id, secret, who, now)


def invite_again(db: Db, account: str, secret: str, who: str, now: datetime) -> Account:
    """A new invitation; the one before it ends. The password stays until another is chosen."""
    db.execute(
        "UPDATE account SET invitation = ?, invitation_ends_at = ? WHERE id = ?",
        (digest(secret), stamp(now + INVITATION_LIFETIME), account),
    )
    return _recorded(db, account, "invite", who, now)


def invited(db: Db, secret: str, now: datetime) -> Account:
    """The account that an invitation is for; Refused for one that is unknown, used or over."""
    row = db.execute(
        f"{_COLUMNS} WHERE invitation = ? AND invitation_ends_at > ? AND disabled_at IS NULL",
        (digest(secret), stamp(now)),
    ).fetchone()
    if row is None:
        raise refuse(
            "not-found",
            "this invitation is unknown, was used, or is over",
            say=say("invitation-over"),
        )
    return _account(row)


def accept(db: Db, secret: str, password: str, now: datetime) -> Account:
    """Use an invitation: keep the password (as sync.server.passwords wrote it), end sessions."""
    account = invited(db, secret, now)
    db.execute(
        "UPDATE account SET password = ?, invitation = NULL, invitation_ends_at = '' WHERE id = ?",
        (password, account.id),
    )
    _end_sessions(db, account.id)
    return _recorded(db, account.id, "accept", ACCOUNT_PREFIX + account.id, now)


def new_token(db: Db, account: str, token: str, who: str, now: datetime) -> Account:
    """Give an account an API token; the one before it ends."""
    db.execute("UPDATE account SET token = ? WHERE id = ?", (digest(token), account))
    return _recorded(db, account, "token", who, now)


def disable(db: Db, account: str, who: str, now: datetime) -> Account:
    """Shut an account out: its sessions, its token and its invitation end now."""
    db.execute(
        "UPDATE account SET disabled_at = ?, token = NULL, invitation = NULL,"
        " invitation_ends_at = '' WHERE id = ?",
        (stamp(now), account),
    )
    _end_sessions(db, account)
    return _recorded(db, account, "disable", who, now)


def enable(db: Db, account: str, who: str, now: datetime) -> Account:
    """Let an account in again, with the password it had."""
    db.execute("UPDATE account SET disabled_at = NULL WHERE id = ?", (account,))
    return _recorded(db, account, "enable", who, now)


def by_name(db: Db, typed: str) -> Account | None:
    """The account that logs in with a name, unless it is disabled."""
    row = db.execute(
        f"{_COLUMNS} WHERE name = ? AND disabled_at IS NULL", (tidy_name(typed),)
    ).fetchone()
    return _account(row) if row else None


def by_token(db: Db, token: str) -> Account | None:
    """The account of an API token, unless it is disabled."""
    row = db.execute(
        f"{_COLUMNS} WHERE token = ? AND disabled_at IS NULL", (digest(token),)
    ).fetchone()
    return _account(row) if row else None


def by_id(db: Db, account: str) -> Account | None:
    """An account, unless it is disabled."""
    row = db.execute(f"{_COLUMNS} WHERE id = ? AND disabled_at IS NULL", (account,)).fetchone()
    return _account(row) if row else None


def require_account(db: Db, campaign: str, account: str) -> Account:
    """An account of a campaign, disabled or not; Refused when there is none."""
    row = db.execute(f"{_COLUMNS} WHERE id = ? AND campaign = ?", (account, campaign)).fetchone()
    if row is None:
        raise refuse("not-found", f"no account {account}", say=say("no-account"))
    return _account(row)


def listed(db: Db, campaign: str, page: int) -> tuple[list[Account], int]:
    """One page of a campaign's accounts by name, from 1 on; and how many pages there are."""
    rows = db.execute(
        f"{_COLUMNS} WHERE campaign = ? ORDER BY name LIMIT ? OFFSET ?",
        (campaign, PER_PAGE, (page - 1) * PER_PAGE),
    )
    return [_account(row) for row in rows.fetchall()], max(1, -(-_count(db, campaign) // PER_PAGE))


def _count(db: Db, campaign: str) -> int:
    (count,) = db.execute("SELECT count(*) FROM account WHERE campaign = ?", (campaign,)).fetchone()
    return int(count)


def _require_room(db: Db, campaign: str) -> None:
    if _count(db, campaign) >= ACCOUNTS_MAX:
        full = say("accounts-full", most=ACCOUNTS_MAX)
        raise refuse("too-large", f"at most {ACCOUNTS_MAX} accounts in a campaign", say=full)


def _recorded(db: Db, account: str, kind: str, who: str, now: datetime) -> Account:
    """Write the act, in the campaign whose account it is."""
    found = _account(db.execute(f"{_COLUMNS} WHERE id = ?", (account,)).fetchone())
    record(db, found.campaign, f"account-{kind}", who, stamp(now), {"account": account})
    return found


def _end_sessions(db: Db, account: str) -> None:
    db.execute("DELETE FROM session WHERE who = ?", (ACCOUNT_PREFIX + account,))


def _account(row: Row) -> Account:
    return Account(*(*row[:7], bool(row[7]), *row[8:]))
