"""Run the screen on this terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pos.adapters.scanner import WedgeScanner
from pos.app.desk import Desk
from pos.app.desk import News as DeviceNews
from pos.config import Config
from pos.i18n import Language
from pos.tui.app import TillApp
from pos.tui.keys import unknown_names


class News(Protocol):
    """Where the device thread's news go (pos.bootstrap.NewsDesk)."""

    target: Callable[[DeviceNews], None]


def make(desk: Desk, language: Language, config: Config, notice: str = "") -> TillApp:
    """The application for a desk, with the shop's keys and scanner."""
    scanner = config.scanner
    unknown = unknown_names(config.keys)
    if unknown and not notice:
        notice = language.say("tui.unknown_keys", names=", ".join(unknown))
    return TillApp(
        desk,
        language,
        config.keys,
        scanner=WedgeScanner(scanner.prefix, scanner.gap_max_ms, scanner.length_min),
        notice=notice,
    )


def run(desk: Desk, language: Language, config: Config, news: News, notice: str = "") -> None:
    """Draw the desk until the cashier leaves the till."""
    app = make(desk, language, config, notice)
    news.target = app.news
    try:
        app.run()
    finally:
        news.target = lambda _: None
