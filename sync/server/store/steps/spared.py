"""An index that nobody asks any more: a lease is sized by `reward_day`, not by a shop's earns."""

from __future__ import annotations

from typing import Final

TABLES: Final = """
DROP INDEX earn_by_shop;
"""

APPEND_ONLY: Final[tuple[str, ...]] = ()
