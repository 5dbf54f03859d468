"""A short signed text: two characters that say what it is, then base32 of COSE_Sign1.

Each kind of token has its prefix and its external_aad; its payload is a small CBOR array whose
first member is the version. Nothing in it names a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sync.contract import base32, cose
from sync.contract.cose import Sign1
from sync.contract.errors import Malformed
from sync.contract.jws import SigningKey, VerifyKey

VERSION = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of token: its two characters, what its signature covers besides, its members."""

    prefix: str
    aad: bytes
    what: str
    members: int
    chars_max: int = 400
    more: int = 0  # members that may follow

    def write(self, key: SigningKey, *members: Any) -> str:
        """The token of these members."""
        payload = cose.encode([VERSION, *members])
        return self.prefix + base32.encode(cose.sign(key, payload, self.aad))

    def read(self, text: str) -> tuple[Token, list[Any]]:
        """The token of a text, tidied, and its members; Malformed says what was expected."""
        if len(text) > self.chars_max:
            raise Malformed(f"expected {self.what} of at most {self.chars_max} characters")
        plain = self.tidy(text)
        if not plain.startswith(self.prefix):
            raise Malformed(f"expected {self.what}: it begins with {self.prefix}")
        signed = cose.read(base32.decode(plain[len(self.prefix) :]))
        members = cose.decode(signed.payload)
        if not isinstance(members, list) or not members or members[0] != VERSION:
            raise Malformed(f"expected {self.what} of version {VERSION}")
        if not 0 <= len(members) - self.members - 1 <= self.more:
            raise Malformed(f"expected {self.what}: {self.members} members")
        return Token(self, plain, signed), members[1:]

    def looks_like(self, text: str) -> bool:
        """Whether a scanned text wants to be of this kind, garbled by a French keyboard or not."""
        return self.tidy(text[: self.chars_max + 1]).startswith(self.prefix) and len(text) > 40

    def tidy(self, text: str) -> str:
        """The text as it was made."""
        return base32.tidy(text, self.prefix)


@dataclass(frozen=True, slots=True)
class Token:
    """A token's text and signature, not verified yet."""

    kind: Kind
    text: str
    signed: Sign1

    @property
    def kid(self) -> bytes:
        """The first bytes of the name of the key that should have signed it."""
        return self.signed.kid

    def check(self, key: VerifyKey) -> None:
        """Raise BadSignature unless this key signed it."""
        self.signed.check(key, self.kind.aad)


def whole(value: Any, most: int, what: str, least: int = 0) -> int:
    """A member that is a whole number within bounds; Malformed."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Malformed(f"expected {what} from {least} to {most}")
    return value


def octets(value: Any, count: int, what: str) -> bytes:
    """A member that is so many bytes; Malformed."""
    if not isinstance(value, bytes) or len(value) != count:
        raise Malformed(f"expected {what}: {count} bytes")
    return value
