"""The ticket of a terminal as text: base64 of Latin-1 or of HTML inside ZT, masked."""

from __future__ import annotations

import base64
import binascii
import html
import re
from typing import Final

from drivers.card.caisse_ap.fields import decode_inner
from drivers.card.interface import SLIP_CHARS_MAX, Slip
from drivers.card.masking import mask
from drivers.errors import RemoteProtocolError

_TAGS: Final = frozenset({"CK", "AK"})
_HANDLING: Final = re.compile(r"1[012][01]")
_CUSTOMER, _HTML = "0", "1"

_UNSEEN: Final = re.compile(
    r"<(script|style|title)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL | re.IGNORECASE
)
_LINE_BREAK: Final = re.compile(r"<br\b[^>]*>|</(?:p|div|tr|li|h\d|pre|table)\s*>", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<[^>]*>?")


def read_ticket(value: str) -> tuple[Slip, ...]:
    """Read a ZT; a ticket that cannot be read is none, and spoils no payment."""
    try:
        inner = decode_inner(value, _TAGS)
        raw = base64.b64decode(inner.get("AK", ""), validate=True)
    except (RemoteProtocolError, binascii.Error, ValueError):
        return ()
    handling = inner.get("CK", "")
    if not raw or not _HANDLING.fullmatch(handling):
        return ()
    text = raw.decode("latin-1")
    if handling[2] == _HTML:
        text = _plain(text)
    text = mask(_printable(text)).strip()
    # Both papers in one text are the merchant's: he keeps them, the customer gets his own only.
    return (Slip(text, for_customer=handling[1] == _CUSTOMER),) if text else ()


def _plain(text: str) -> str:
    """Turn HTML into lines; what is between the marks stays, so that nothing hides from `mask`."""
    text = _LINE_BREAK.sub("\n", _UNSEEN.sub("", text))
    return html.unescape(_MARKUP.sub("", text))


def _printable(text: str) -> str:
    lines = re.split(r"\r\n|\r|\n|\f", text[: 2 * SLIP_CHARS_MAX])
    return "\n".join(
        "".join(sign for sign in line if sign.isprintable() or sign == "\u00a0").rstrip()
        for line in lines
    )
