"""What was earned, by whom: earns, claims, members."""

from __future__ import annotations

from typing import Final

TABLES: Final = """
"""

APPEND_ONLY: Final[tuple[str, ...]] = ()
