"""The shops that shoppers may find, as a map of them (GeoJSON, RFC 7946) has them.

Opening hours and means of payment have OpenStreetMap's keys, so that other maps can take them over.
Nothing here comes from OpenStreetMap: whoever adds its data (ODbL) keeps them in a file apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import msgspec

from sync.server.exports.errors import TooManyRows
from sync.server.store.db import Db

SHOPS_MAX: Final = 50_000
LICENCE: Final = "Licence Ouverte 2.0"
_COLUMNS: Final = (
    *("siret", "naf", "naf_2025", "address", "postcode", "town", "district", "hours"),
    *("latitude", "longitude"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A shop as it may be found; what is not known is empty. Coordinates are decimal degrees."""

    name: str
    siret: str
    naf: str
    naf_2025: str
    address: str
    postcode: str
    town: str
    district: str
    hours: str
    latitude: str
    longitude: str


def read_listed(db: Db, campaign: str) -> list[Listed]:
    """The listed shops of a campaign, in the order in which they joined. Raises TooManyRows."""
    rows = db.execute(
        f"SELECT name, {', '.join(_COLUMNS)} FROM shop JOIN shop_facts"  # noqa: S608 - constants
        " ON shop_facts.campaign = shop.campaign AND shop_facts.shop = shop.id"
        " WHERE shop.campaign = ? AND listed = 1 ORDER BY number LIMIT ?",
        (campaign, SHOPS_MAX + 1),
    ).fetchall()
    if len(rows) > SHOPS_MAX:
        raise TooManyRows(SHOPS_MAX)
    return [Listed(*row) for row in rows]


def write_map(campaign: str, as_of: str, shops: Sequence[Listed]) -> Iterator[bytes]:
    """A FeatureCollection in pieces; a shop whose place is not known has no geometry."""
    about = {"campaign": campaign, "as_of": as_of, "licence": LICENCE}
    yield b'{"type":"FeatureCollection","about":' + msgspec.json.encode(about) + b',"features":['
    for number, shop in enumerate(shops):
        yield (b",\n" if number else b"\n") + msgspec.json.encode(_feature(campaign, shop))
    yield b"\n]}\n"


def _feature(campaign: str, shop: Listed) -> dict[str, object]:
    properties = {
        "name": shop.name,
        "ref:FR:SIRET": shop.siret,
        "ref:FR:NAF": shop.naf,
        "addr:full": shop.address,
        "addr:postcode": shop.postcode,
        "addr:city": shop.town,
        "addr:suburb": shop.district,
        "opening_hours": shop.hours,
        f"payment:{campaign}": "yes",
    }
    known = {key: value for key, value in properties.items() if value}
    return {"type": "Feature", "geometry": _point(shop), "properties": known}


def _point(shop: Listed) -> dict[str, object] | None:
    """Longitude before latitude, the digits as they were given."""
    if not shop.latitude or not shop.longitude:
        return None
    longitude, latitude = Decimal(shop.longitude), Decimal(shop.latitude)
    if abs(longitude) > 180 or abs(latitude) > 90:
        return None
    degrees = [msgspec.Raw(f"{one:f}".encode()) for one in (longitude, latitude)]
    return {"type": "Point", "coordinates": degrees}
