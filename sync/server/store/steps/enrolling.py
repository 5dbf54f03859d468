"""Lists of shops that somebody sent and has not confirmed yet: the last one of each person.

`content` is the file as it came, up to 5 MB; it is deleted when it is confirmed, or after a day.
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
CREATE INDEX pairing_code_by_shop ON pairing_code (campaign, shop, expires_at);
"""

APPEND_ONLY: Final[tuple[str, ...]] = ()
