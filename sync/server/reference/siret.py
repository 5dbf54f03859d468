"""SIRET: a business's establishment, 14 digits with a check digit (INSEE)."""

from __future__ import annotations

from typing import Final

from stdnum.fr import siret as _siret

from sync.server.reference.errors import BadSiret

# La Poste has more establishments than check digits allow: theirs sum to a multiple of five.
_LA_POSTE: Final = "356000000"


def tidy(typed: str) -> str:
    """A SIRET without the blanks that people write in it."""
    return "".join(typed.split())


def check(typed: str) -> str:
    """The tidied SIRET; BadSiret when it is none."""
    digits = tidy(typed)
    if len(digits) != 14 or not digits.isascii() or not digits.isdecimal():
        raise BadSiret(f"SIRET: expected 14 digits, got {typed[:30]!r}")
    if digits.startswith(_LA_POSTE):
        if sum(map(int, digits)) % 5 and not _siret.is_valid(digits):
            raise BadSiret("SIRET: the digits of La Poste's add up to a multiple of 5")
    elif not _siret.is_valid(digits):
        raise BadSiret(f"SIRET: the check digit of {digits} is wrong")
    return digits
