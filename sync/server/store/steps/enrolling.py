"""What enrolling shops needs: lists that were sent and not confirmed yet, the head of letters.

`shop_list` has the last list of each person; `content` is the file as it came, up to 5 MB, deleted
when it is confirmed or after a day. `letterhead` has the lines of the sender, as last used.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE shop_list (
    campaign TEXT NOT NULL,
    who TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    at TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (campaign, who)
) STRICT, WITHOUT ROWID;

CREATE TABLE letterhead (
    campaign TEXT PRIMARY KEY REFERENCES campaign,
    sender TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX pairing_code_by_shop ON pairing_code (campaign, shop, expires_at);
"""

APPEND_ONLY: Final[tuple[str, ...]] = ()
