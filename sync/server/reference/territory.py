"""Where a campaign's shops may be: postcodes, or how they begin."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

Territory: TypeAlias = Collection[str]


def lies_in(postcode: str, territory: Territory) -> bool:
    """Whether a shop may take part: anywhere without a territory, or with an unknown postcode."""
    return not territory or not postcode or postcode.startswith(tuple(territory))
