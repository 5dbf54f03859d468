"""Downloads: the tables as CSV, the map of shops. Only whoever leads the campaign gets them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import ClassVar, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.exports import tables
from sync.server.exports.cells import read_week, read_weeks, rows_of
from sync.server.exports.errors import TooManyRows
from sync.server.exports.listed import read_listed, write_map
from sync.server.exports.tables import Table
from sync.server.exports.tabular import EXCEL_FR, OPEN_DATA, Row, write
from sync.server.operation import Pages, page
from sync.server.organiser.shell import Led, Shell
from sync.server.services import Services
from sync.server.watch.day_sums import read_days
from sync.server.watch.shop_sums import read_shops

DAYS_MAX: Final = 1_000
# The names of the tables: those that are the organiser's own, and those that may be published.
FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "own": ("days", "shops"),
    "open": ("cells", "listed", "definitions"),
}
_NAME: Final = re.compile(r"(days|shops|cells|listed|definitions)(-excel)?\.csv")
_PATH: Final = "/campaigns/{campaign}/exports"
_Read: TypeAlias = Callable[[str], Awaitable[Table]]


class ExportPages:
    """The files of a campaign."""

    PAGES: ClassVar[Pages] = (
        (
            page(
                *("exportMap", "GET", f"{_PATH}/map.geojson", "The listed shops as a map"),
                answer="application/geo+json",
            ),
            "map",
        ),
        (
            page("export", "GET", f"{_PATH}/{{file}}", "A table as a file", answer="text/csv"),
            "file",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._clock = services.clock
        self._shell = Shell(services)

    async def map(self, request: Request) -> Response:
        """GET .../exports/map.geojson."""
        led = await self._shell.led(request)
        try:
            shops = await self._store.read(lambda db: read_listed(db, led.id))
        except TooManyRows as error:
            raise refuse("too-large", str(error)) from error
        pieces = write_map(led.id, stamp(self._clock.now()), shops)
        headers = _named(led, "map.geojson")
        return StreamingResponse(pieces, 200, headers, "application/geo+json")

    async def file(self, request: Request) -> Response:
        """GET .../exports/{file}: NAME.csv, or NAME-excel.csv."""
        led = await self._shell.led(request)
        name = str(request.path_params["file"])
        wanted = _NAME.fullmatch(name)
        if wanted is None:
            raise refuse("not-found", f"no file {name[:40]}")
        flavour = EXCEL_FR if wanted[2] else OPEN_DATA
        reads: Mapping[str, _Read] = {
            "days": self._days,
            "shops": self._shops,
            "cells": self._cells,
            "listed": self._listed,
            "definitions": self._definitions,
        }
        try:
            table = await reads[wanted[1]](led.id)
            header = table.header(is_excel=flavour.is_excel)
            pieces = write(header, table.kinds, table.rows, flavour)
        except TooManyRows as error:
            raise refuse("too-large", str(error)) from error
        kind = "text/csv; charset=utf-8; header=present"
        return StreamingResponse(pieces, 200, _named(led, name), kind)

    async def _days(self, campaign: str) -> Table:
        return tables.days(await self._store.read(lambda db: read_days(db, campaign, DAYS_MAX)))

    async def _shops(self, campaign: str) -> Table:
        return tables.shops(await self._store.read(lambda db: read_shops(db, campaign)))

    async def _listed(self, campaign: str) -> Table:
        return tables.listed(await self._store.read(lambda db: read_listed(db, campaign)))

    async def _cells(self, campaign: str) -> Table:
        """Week by week, so that tills wait for no more than one of them."""
        rows: list[Row] = []
        for name in await self._store.read(lambda db: read_weeks(db, campaign)):
            week = await self._store.read(partial(read_week, campaign, name))
            rows += await asyncio.to_thread(rows_of, name, week)
        return tables.cells(rows)

    async def _definitions(self, campaign: str) -> Table:
        return tables.definitions(campaign, stamp(self._clock.now()))


def _named(led: Led, name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{led.id}-{name}"'}
