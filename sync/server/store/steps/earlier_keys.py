"""Keys of epochs under which a till signed without ever being let in; handed over when it was.

Like `identity` the table belongs to no campaign and is small. A till may have two keys of one
epoch here: it was copied, and both copies went on.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE earlier_key (
    till TEXT NOT NULL,
    kid TEXT NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch > 0),
    spki BLOB NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (till, kid)
) STRICT, WITHOUT ROWID;
"""

APPEND_ONLY: Final[tuple[str, ...]] = ()
