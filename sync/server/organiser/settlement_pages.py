"""Paying the shops: preparing a run, the bank's file, what the bank did, each shop's statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, ClassVar, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from sync.server import texts
from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.exports.tabular import EXCEL_FR, OPEN_DATA, Kind, write
from sync.server.html import read_form
from sync.server.money.campaigns import standing
from sync.server.money.ledger import Ledger
from sync.server.money.settings import Settings
from sync.server.operation import FORM, Pages, page
from sync.server.organiser.asking import SURE, YES, ask
from sync.server.organiser.numbers import number_of
from sync.server.organiser.overview import read_page
from sync.server.organiser.payment_file import payment_file, read_wish
from sync.server.organiser.shell import Led, Shell
from sync.server.organiser.words import settlements as words
from sync.server.reference.iban import masked
from sync.server.services import Services
from sync.server.settlement import pain001, runs
from sync.server.settlement.runs import LineState, Outlook, Run, RunSum
from sync.server.settlement.statement import Statement, read_statement
from sync.server.store.db import Db

LINES_PER_PAGE: Final = 100
_LIST: Final = "/campaigns/{campaign}/settlements"
_ONE: Final = f"{_LIST}/{{settlement}}"
_SHOP: Final = f"{_ONE}/shops/{{shop}}"
_ANSWERS: Final[Mapping[str, LineState]] = {"paid": "paid", "refused": "refused"}
_ALL: Final = "all-paid"
_COLUMNS: Final = (Kind.TEXT, Kind.TEXT, Kind.TEXT, Kind.TEXT, Kind.TEXT, Kind.CENTS)


class SettlementPages:
    """The settlements of a campaign."""

    PAGES: ClassVar[Pages] = (
        (page("settlements", "GET", _LIST, "The runs, and what is owed now"), "listing"),
        (page("prepareRun", "POST", _LIST, "Prepare a run", body=FORM), "prepare"),
        (page("settlement", "GET", _ONE, "A run's lines", parameters=("page",)), "show"),
        (page("bankSaid", "POST", f"{_ONE}/lines", "What the bank did", body=FORM), "bank"),
        (
            page(
                *("orderPayment", "POST", f"{_ONE}/file", "The file for the bank"),
                body=FORM,
                answer="application/xml",
            ),
            "file",
        ),
        (page("statement", "GET", _SHOP, "A shop's statement", parameters=("page",)), "statement"),
        (
            page(
                *("statementFile", "GET", f"{_SHOP}/statement.csv", "It as a file"),
                answer="text/csv",
            ),
            "statement_file",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._shell = Shell(services, words.TEXTS)

    async def listing(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/settlements."""
        led = await self._shell.led(request)

        def work(db: Db) -> tuple[Outlook, list[RunSum], Settings]:
            kept = standing(db, led.id).settings
            return runs.outlook(db, led.id), runs.listed(db, led.id), kept

        outlook, found, kept = await self._store.read(work)
        values = {"outlook": outlook, "runs": found, "settings": kept}
        return self._shell.render(request, "settlements", led, **values)

    async def prepare(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/settlements. Without a yes it asks."""
        led = await self._shell.led(request)
        form = await read_form(request)
        if form.get(SURE) != YES:
            outlook = await self._store.read(lambda db: runs.outlook(db, led.id))
            if outlook.shops:
                return ask(self._shell, request, led, "ask_run", (), outlook=outlook)
        run = await self._write(led, lambda ledger: runs.prepare(ledger, led.who.by))
        return RedirectResponse(f"{led.path}/settlements/{run.id}", 303)

    async def show(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/settlements/{settlement}."""
        led = await self._shell.led(request)
        number, shown = number_of(request, "settlement"), _page(request)

        def work(db: Db) -> tuple[Run, Settings]:
            return runs.find_run(db, led.id, number), standing(db, led.id).settings

        run, kept = await self._store.read(work)
        states = [line.state for line in run.lines]
        today = self._services.clock.now().date()
        values = {
            "run": run,
            "settings": kept,
            "masked": masked,
            "counts": {one: states.count(one) for one in ("prepared", "paid", "refused")},
            "parts": range(1, -(-len(run.lines) // pain001.PAYMENTS_MAX) + 1),
            "execution_day": _next_working_day(today).isoformat(),
            "first_day": today.isoformat(),
            **_slice(run.lines, shown),
        }
        return self._shell.render(request, "settlement", led, **values)

    async def bank(self, request: Request) -> Response:
        """POST .../settlements/{settlement}/lines: one shop's line, or all that still wait.

        Without a yes it asks, where something waits for it.
        """
        led = await self._shell.led(request)
        number, form = number_of(request, "settlement"), await read_form(request)
        shop, said = form.get("shop", ""), form.get("state", "")
        if form.get(SURE) != YES and said in (*_ANSWERS, _ALL):
            run = await self._store.read(lambda db: runs.find_run(db, led.id, number))
            waiting = [one for one in run.lines if one.state == "prepared"]
            lines = [one for one in waiting if said == _ALL or one.shop == shop]
            if lines:
                values = {"said": said, "lines": lines, "number": number, "masked": masked}
                return ask(self._shell, request, led, "ask_bank", form.items(), **values)

        def work(ledger: Ledger) -> None:
            if said == _ALL:
                runs.confirm_rest(ledger, number, led.who.by)
            elif said in _ANSWERS:
                runs.confirm(ledger, number, shop, _ANSWERS[said], led.who.by)
            else:
                raise refuse("malformed", "state: expected paid, refused or all-paid")

        await self._write(led, work)
        return RedirectResponse(f"{led.path}/settlements/{number}", 303)

    async def file(self, request: Request) -> Response:
        """POST .../settlements/{settlement}/file."""
        led = await self._shell.led(request)
        wish = read_wish(await read_form(request))
        return await payment_file(self._services, led.id, number_of(request, "settlement"), wish)

    async def statement(self, request: Request) -> Response:
        """GET .../settlements/{settlement}/shops/{shop}."""
        led, shown = await self._shell.led(request), _page(request)
        found = await self._statement(request, led)
        values = {"statement": found, "masked": masked, **_slice(found.items, shown)}
        return self._shell.render(request, "statement", led, **values)

    async def statement_file(self, request: Request) -> Response:
        """GET .../shops/{shop}/statement.csv, as the reader's language wants it."""
        led = await self._shell.led(request)
        found = await self._statement(request, led)
        language = texts.choose(request.headers.get("accept-language", ""))
        said = words.TEXTS[language]
        header = [said[name] for name in ("day", "till", "ticket", "kind", "voucher", "amount")]
        rows = [
            (one.day, one.till, one.ticket, said[f"item_{one.kind}"], one.name, one.cents)
            for one in found.items
        ]
        pieces = write(header, _COLUMNS, rows, EXCEL_FR if language == "fr" else OPEN_DATA)
        name = f"statement-{led.id}-{found.run}-{found.line.shop}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(pieces, 200, headers, "text/csv")

    async def _statement(self, request: Request, led: Led) -> Statement:
        number, shop = number_of(request, "settlement"), str(request.path_params["shop"])
        return await self._store.read(lambda db: read_statement(db, led.id, number, shop))

    async def _write(self, led: Led, work: Callable[[Ledger], Any]) -> Any:
        now = stamp(self._services.clock.now())
        return await self._store.write(lambda db: work(Ledger(db, led.id, now)), led.id)


def _page(request: Request) -> int:
    return read_page(request.query_params.get("page", "1"))


def _slice(rows: tuple[Any, ...], number: int) -> dict[str, Any]:
    """One page of rows."""
    first = (number - 1) * LINES_PER_PAGE
    pages = max(1, -(-len(rows) // LINES_PER_PAGE))
    return {"rows": rows[first : first + LINES_PER_PAGE], "page": number, "pages": pages}


def _next_working_day(today: date) -> date:
    """The day after, and not at the week's end, when banks rest."""
    found = today + timedelta(days=1)
    while found.isoweekday() > 5:
        found += timedelta(days=1)
    return found
