"""The dashboard's page."""

from __future__ import annotations

from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from sync.server import texts
from sync.server.exports.pages import FILES
from sync.server.operation import Pages, page
from sync.server.organiser.shell import Shell, joined
from sync.server.organiser.words import dashboard as words
from sync.server.organiser.words import figures as figure_words
from sync.server.services import Services
from sync.server.watch import view
from sync.server.watch.reading import Dashboard, read_dashboard


class DashboardPages:
    """What a campaign came to, drawn and in tables."""

    PAGES: ClassVar[Pages] = (
        (
            page("dashboard", "GET", "/campaigns/{campaign}/dashboard", "Figures and charts"),
            "dashboard",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._clock = services.clock
        self._shell = Shell(services, figure_words.TEXTS, words.TEXTS)
        self._words = joined(figure_words.TEXTS, words.TEXTS)

    async def dashboard(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/dashboard."""
        led = await self._shell.led(request)
        now = self._clock.now()
        found = await self._store.read(lambda db: read_dashboard(db, led.id, now))
        language = texts.choose(request.headers.get("accept-language", ""))
        pen = view.Pen(language, self._words[language])
        return self._shell.render(
            *(request, "dashboard", led),
            found=found.figures,
            pen=pen,
            groups=view.groups(found.figures, pen),
            budget=view.budget(found.figures, pen),
            spent=view.cumulated_days(found.spent),
            charts=_charts(found, pen),
            files=FILES,
        )


def _charts(found: Dashboard, pen: view.Pen) -> dict[str, view.Chart]:
    """The charts that there is something to draw for."""
    charts: dict[str, view.Chart] = {}
    if found.days:
        charts["turnover"] = view.turnover_chart(found.days, found.districts, pen)
        charts["earned"] = view.earned_chart(found.days, found.figures, pen)
    if found.figures.by.hours:
        charts["hours"] = view.hours_chart(found.figures, pen)
    if found.figures.forecast is not None and found.opens is not None and found.spent:
        charts["budget"] = view.budget_chart(
            found.figures.forecast, found.spent, found.opens, found.today, pen
        )
    return charts
