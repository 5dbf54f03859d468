"""What reaches the application from outside its own thread."""

from __future__ import annotations

from textual.message import Message

from pos.adapters.scanner import Misread, Scanned
from pos.app.desk import News


class NewsArrived(Message):
    """A device thread recorded the state of a card attempt, or a terminal's totals."""

    def __init__(self, news: News) -> None:
        super().__init__()
        self.news = news


class ScanArrived(Message):
    """A scan, told from typing, on its way through the widgets like the keys before it."""

    def __init__(self, scan: Scanned | Misread) -> None:
        super().__init__()
        self.scan = scan
