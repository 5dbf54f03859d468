"""The order of shops in lists: as a French reader expects it, É beside E, on both databases.

Bytes, because a database may sort text in the order of its own language. A shop of an earlier
version has no key before the server has started once (shops.order).
"""

from __future__ import annotations

from typing import Final

TABLES: Final = """
ALTER TABLE shop ADD COLUMN sort_key BLOB;
DROP INDEX shop_in_order;
CREATE INDEX shop_in_order ON shop (campaign, sort_key, id);
"""

APPEND_ONLY: Final[tuple[str, ...]] = ()
