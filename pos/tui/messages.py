"""What reaches the application from outside its own thread."""

from __future__ import annotations

from textual.message import Message

from pos.adapters.scanner import Misread, Scanned
from pos.app.desk import CardNews


class CardArrived(Message):
    """The device thread recorded the state of a card attempt."""

    def __init__(self, news: CardNews) -> None:
        super().__init__()
        self.news = news


class ScanArrived(Message):
    """A scan, told from typing, on its way through the widgets like the keys before it."""

    def __init__(self, scan: Scanned | Misread) -> None:
        super().__init__()
        self.scan = scan
