"""Search the catalogue by a few letters."""

from __future__ import annotations

from typing import Final

from pos.app.desk import Desk
from pos.domain.catalogue import Product

FOUND_MAX: Final = 50
TEXT_LENGTH_MAX: Final = 60


def find(desk: Desk, text: str, limit: int = FOUND_MAX) -> tuple[Product, ...]:
    """Products whose label has all these words, most popular first."""
    wanted = text.strip()[:TEXT_LENGTH_MAX]
    return desk.ports.catalogue.search(wanted, min(limit, FOUND_MAX)) if wanted else ()
