"""Vouchers, reservations, redemptions."""

from __future__ import annotations

from typing import Final

TABLES: Final = """
"""

APPEND_ONLY: Final[tuple[str, ...]] = ()
