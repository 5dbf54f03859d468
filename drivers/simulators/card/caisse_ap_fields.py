"""Caisse-AP fields as a terminal reads and writes them.

Written apart from the driver's codec on purpose: what one gets wrong the other shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REQUEST_BYTES_MAX: Final = 2_000
KINDS: Final = {"0": "payment", "1": "refund", "2": "cancellation"}
LINE_FEED: Final = 0x0A


class BadFormatError(ValueError):
    """What a terminal answers with AF 09."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the terminal understood it; `ticket` is its CK, or ""."""

    action: str
    amount_cents: int
    reference: str
    pos: str
    currency: str
    register_id: str
    version: str
    application: str = ""
    ticket: str = ""
    partial: bool = False

    @property
    def kind(self) -> str:
        """What is asked, in the ledger's words."""
        return KINDS.get(self.action, "question")


def split(text: bytes) -> dict[str, str] | None:
    """Read fields; None while the last one is not all there. Raises BadFormatError."""
    fields: dict[str, str] = {}
    at = 0
    while at < len(text):
        tag, length = text[at : at + 2], text[at + 2 : at + 5]
        if not tag.isalpha() or not tag.isupper() or (length and not length.isdigit()):
            raise BadFormatError
        if len(length) < 3 or at + 5 + int(length) > len(text):
            return None
        name = tag.decode("latin-1")
        if name in fields or int(length) == 0 or (not fields and name != "CZ"):
            raise BadFormatError
        fields[name] = text[at + 5 : at + 5 + int(length)].decode("latin-1")
        at += 5 + int(length)
    return fields


def join(fields: dict[str, str]) -> bytes:
    """Write fields, leaving out those without a value."""
    parts = (f"{tag}{len(value):03d}{value}" for tag, value in fields.items() if value)
    return "".join(parts).encode("latin-1")


def understand(fields: dict[str, str]) -> Asked:
    """Read a request. Raises BadFormatError."""
    action, amount = fields.get("CD", ""), fields.get("CB", "")
    pays = action in KINDS
    if not action or (pays and not (amount.isdigit() and 2 <= len(amount) <= 12)):
        raise BadFormatError
    if "CA" not in fields or (pays and "CE" not in fields):
        raise BadFormatError
    return Asked(
        action=action,
        amount_cents=int(amount) if pays else 0,
        reference=fields.get("CF", ""),
        pos=fields["CA"],
        currency=fields.get("CE", ""),
        register_id=fields.get("CJ", ""),
        version=fields["CZ"],
        application=fields.get("CC", ""),
        ticket=fields.get("CK", ""),
        partial="BF" in fields,
    )
