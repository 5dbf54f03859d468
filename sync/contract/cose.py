"""COSE_Sign1 with ES256 (RFC 9052 4.2, RFC 9053 2.1): a signature in as few bytes as a QR needs.

Tagged (18), with the algorithm and a short key id protected and nothing unprotected. What is signed
outside of the message (external_aad) says what kind of token it is, so that none passes for
another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cbor2

from sync.contract.errors import Malformed
from sync.contract.jws import SigningKey, VerifyKey

_ALG: Final = 1
_KID: Final = 4
_ES256: Final = -7
_TAG: Final = 18
_SIGNATURE_BYTES: Final = 64
KID_BYTES: Final = 2
MESSAGE_BYTES_MAX: Final = 512


@dataclass(frozen=True, slots=True)
class Sign1:
    """A signed message, taken apart. Nothing is verified until `check` has returned."""

    kid: bytes
    payload: bytes
    protected: bytes
    signature: bytes

    def check(self, key: VerifyKey, aad: bytes) -> None:
        """Raise BadSignature unless this key signed the payload as this kind of token."""
        key.check(_to_sign(self.protected, aad, self.payload), self.signature)


def short_kid(key: VerifyKey) -> bytes:
    """The first bytes of a key's name (VerifyKey.kid): enough to choose among a campaign's keys."""
    return bytes.fromhex(key.kid)[:KID_BYTES]


def sign(key: SigningKey, payload: bytes, aad: bytes) -> bytes:
    """The signed message of a payload."""
    protected = _dumps({_ALG: _ES256, _KID: short_kid(key.public)})
    signature = key.sign_bytes(_to_sign(protected, aad, payload))
    return _dumps(cbor2.CBORTag(_TAG, [protected, {}, payload, signature]))


def read(raw: bytes) -> Sign1:
    """Take a signed message apart; Malformed when it is anything but what `sign` writes."""
    if len(raw) > MESSAGE_BYTES_MAX:
        raise Malformed(f"expected a token of at most {MESSAGE_BYTES_MAX} bytes")
    match decode(raw):
        case cbor2.CBORTag(
            tag=18, value=[bytes(protected), {**unprotected}, bytes(payload), bytes(signature)]
        ) if not unprotected and len(signature) == _SIGNATURE_BYTES:
            return Sign1(_kid(protected), payload, protected, signature)
    raise Malformed("expected COSE_Sign1 (tag 18): protected header, {}, payload, signature")


def encode(value: Any) -> bytes:
    """The one byte string of a value (RFC 8949 4.2.1)."""
    return _dumps(value)


def decode(raw: bytes) -> Any:
    """The value of a byte string; Malformed when it is not CBOR, or CBOR with something behind."""
    try:
        value = cbor2.loads(raw)
        again = _dumps(value)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Malformed(f"expected CBOR: {error}"[:200]) from error
    if again != raw:
        raise Malformed("the same value has another CBOR spelling")
    return value


def _kid(protected: bytes) -> bytes:
    match decode(protected):
        case {1: int(algorithm), 4: bytes(kid), **more} if algorithm == _ES256 and not more:
            return kid
    raise Malformed("expected a protected header of ES256 (-7) and a key id")


def _to_sign(protected: bytes, aad: bytes, payload: bytes) -> bytes:
    return _dumps(["Signature1", protected, aad, payload])


def _dumps(value: Any) -> bytes:
    return cbor2.dumps(value, canonical=True)
