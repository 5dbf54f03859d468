"""IBAN: an account, with check digits (ISO 13616), reachable by a SEPA transfer."""

from __future__ import annotations

from typing import Final

from stdnum import iban as _iban

from sync.server.reference.errors import BadIban

# The countries of the SEPA scheme (EPC409-09).
SEPA: Final = frozenset(
    (
        *("AD", "AL", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR"),
        *("GB", "GI", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MD"),
        *("ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE", "SI", "SK", "SM", "VA"),
    )
)


def tidy(typed: str) -> str:
    """An IBAN as machines write it."""
    return "".join(typed.split()).upper()


def check(typed: str) -> str:
    """The tidied IBAN; BadIban when it is none, or out of SEPA's reach."""
    plain = tidy(typed)
    if not _iban.is_valid(plain):
        raise BadIban(f"IBAN: expected an account with right check digits, got {masked(plain)}")
    if plain[:2] not in SEPA:
        raise BadIban(f"IBAN: {plain[:2]} is not a country of SEPA")
    return plain


def grouped(plain: str) -> str:
    """An IBAN in groups of four, as people read it."""
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def masked(plain: str) -> str:
    """An IBAN of which only the ends are shown."""
    return f"{plain[:4]} … {plain[-4:]}" if len(plain) > 8 else "…"
