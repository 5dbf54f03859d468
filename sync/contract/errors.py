"""What can be wrong with something signed.

ContractError
├── NotCanonical        a value that the canonical form cannot carry
├── Malformed           not a compact JWS, or not the payload that was expected
├── WrongKey            signed by another key than the one named
└── BadSignature        the signature does not fit the bytes
"""

from __future__ import annotations


class ContractError(Exception):
    """Till and server disagree about bytes; the message says what was expected."""


class NotCanonical(ContractError):
    """A value outside the canonical form: a float, a large integer, a key that is not ASCII."""


class Malformed(ContractError):
    """Not the structure that was announced."""


class WrongKey(ContractError):
    """The header names another key, algorithm or type."""


class BadSignature(ContractError):
    """The signature does not verify, or is not the one low-S form that exists."""
