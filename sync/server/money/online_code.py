"""The short code beside a voucher, for a till that has the network: random, kept as its hash."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from sync.contract.calls import ONLINE_CODE_LENGTH
from sync.contract.messages import PAIRING_ALPHABET

_EVEN: Final = 256 - 256 % len(PAIRING_ALPHABET)  # bytes above it would favour the first letters


def new_code(random: Callable[[int], bytes]) -> str:
    """A new code of ten letters and digits that nobody mistakes for one another."""
    code = ""
    while len(code) < ONLINE_CODE_LENGTH:
        code += "".join(
            PAIRING_ALPHABET[byte % len(PAIRING_ALPHABET)]
            for byte in random(ONLINE_CODE_LENGTH)
            if byte < _EVEN
        )
    return code[:ONLINE_CODE_LENGTH]


def shown(code: str) -> str:
    """A code as it is read aloud."""
    return f"{code[:5]} {code[5:]}"


def tidy(typed: str) -> str:
    """A code as it was made."""
    return "".join(c for c in typed.upper() if c.isalnum())


def code_digest(campaign: str, typed: str) -> bytes:
    """What is kept of a code: each campaign has codes of its own."""
    return sha256(f"{campaign} {tidy(typed)}".encode()).digest()
