"""Who may log in: organisers of a campaign, and its shops.

An account is found by what its holder brings: a name, an API token, an invitation. So, like
`identity` and `session`, the table is the server's own; it is small. `password` is empty until its
holder has chosen one. Of tokens and invitations only the SHA-256 is kept.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    campaign TEXT NOT NULL REFERENCES campaign,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('organiser', 'shop')),
    shop TEXT NOT NULL,
    password TEXT NOT NULL DEFAULT '',
    invitation BLOB,
    invitation_ends_at TEXT NOT NULL DEFAULT '',
    token BLOB,
    created_at TEXT NOT NULL,
    disabled_at TEXT,
    CHECK ((role = 'shop') = (shop <> ''))
) STRICT, WITHOUT ROWID;
CREATE INDEX account_by_campaign ON account (campaign, name);
CREATE INDEX account_by_token ON account (token);
CREATE INDEX account_by_invitation ON account (invitation);
"""

APPEND_ONLY: Final[tuple[str, ...]] = ()
