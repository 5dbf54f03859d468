"""Documents become pages for the printer, or lines of text."""

from __future__ import annotations

from typing import Literal, cast

from drivers.escpos import page as pages
from drivers.escpos.layout import plain
from pos.domain.document import Block, Columns, Cut, Document, Feed, Qr, Rule, Text


def to_page(document: Document) -> pages.Page:
    """The printer's page of a document."""
    return tuple(_element(block) for block in document)


def as_text(document: Document, columns: int) -> str:
    """The document as it would come out on paper of this width, in lines of text."""
    return plain(to_page(document), columns).rstrip("\n")


def _element(block: Block) -> pages.Element:
    match block:
        case Text(text, align, bold, double):
            side = cast("Literal['left', 'center', 'right']", align)
            return pages.Text(text, bold=bold, double=double, align=side)
        case Columns(left, right, bold, double):
            return pages.Columns(left, right, bold=bold, double=double)
        case Rule():
            return pages.Rule()
        case Qr(data):
            return pages.Qr(data)
        case Feed(lines):
            return pages.Feed(lines)
        case Cut():
            return pages.Cut()
