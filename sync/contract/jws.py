"""ES256 signatures in compact JWS form (RFC 7515, RFC 7518 3.4), one signature per message.

Signing is deterministic (RFC 6979) and keeps the low of the two possible S values; verifying
refuses the high one. The same key and bytes therefore have exactly one signature, which tests can
pin and nobody can replace by another valid one.
"""

from __future__ import annotations

import binascii
import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from sync.contract.errors import BadSignature, Malformed, WrongKey

# Order of the P-256 group (FIPS 186-4, D.1.2.3).
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SIGNATURE_BYTES: Final = 64
_SIGN: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
_VERIFY: Final = ec.ECDSA(hashes.SHA256())
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")
COMPACT_BYTES_MAX: Final = 256 * 1024


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A protected header: exactly these three members, in this order."""

    alg: str
    kid: str
    typ: str


@dataclass(frozen=True)
class VerifyKey:
    """A public P-256 key and its name."""

    key: ec.EllipticCurvePublicKey

    @classmethod
    def from_pem(cls, pem: bytes) -> VerifyKey:
        """Read a PEM public key (SubjectPublicKeyInfo); Malformed when it is anything else."""
        try:
            key = serialization.load_pem_public_key(pem)
        except ValueError as error:
            raise Malformed("expected a PEM public key") from error
        return cls(_p256(key))

    @classmethod
    def from_spki(cls, der: bytes) -> VerifyKey:
        """Read a DER public key (SubjectPublicKeyInfo); Malformed when it is anything else."""
        try:
            key = serialization.load_der_public_key(der)
        except ValueError as error:
            raise Malformed("expected a DER public key") from error
        return cls(_p256(key))

    @cached_property
    def spki(self) -> bytes:
        """The key as SubjectPublicKeyInfo, DER."""
        return self.key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @cached_property
    def pem(self) -> str:
        """The key as SubjectPublicKeyInfo, PEM."""
        return self.key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode("ascii")

    @cached_property
    def kid(self) -> str:
        """First 16 hexadecimal digits of SHA-256 over the DER form."""
        return hashlib.sha256(self.spki).hexdigest()[:16]

    def check(self, signing_input: bytes, signature: bytes) -> None:
        """Raise BadSignature unless the 64 bytes sign the input with a low S."""
        if len(signature) != _SIGNATURE_BYTES:
            raise BadSignature(f"expected {_SIGNATURE_BYTES} bytes, got {len(signature)}")
        r = int.from_bytes(signature[:32], "big")
        s = int.from_bytes(signature[32:], "big")
        if s > _ORDER // 2:
            raise BadSignature("the high of the two S values")
        try:
            self.key.verify(encode_dss_signature(r, s), signing_input, _VERIFY)
        except InvalidSignature as error:
            raise BadSignature("the signature does not fit these bytes") from error


@dataclass(frozen=True)
class SigningKey:
    """A private P-256 key."""

    key: ec.EllipticCurvePrivateKey

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's randomness."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_secret(cls, secret: int) -> SigningKey:
        """The key of a known secret number: for fixed vectors in tests."""
        return cls(ec.derive_private_key(secret, ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> SigningKey:
        """Read an unencrypted PKCS#8 PEM key; Malformed when it is anything else."""
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise Malformed("expected an unencrypted PEM private key") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise Malformed("expected a P-256 key")
        return cls(key)

    @cached_property
    def public(self) -> VerifyKey:
        """Its public half."""
        return VerifyKey(self.key.public_key())

    @property
    def kid(self) -> str:
        """The name of the key (VerifyKey.kid)."""
        return self.public.kid

    def pem(self) -> bytes:
        """The key as unencrypted PKCS#8 PEM: wrap it before it touches a disk."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def sign(self, payload: bytes, typ: str) -> Signed:
        """Sign payload bytes as a message of this type."""
        prefix = header_b64(self.kid, typ)
        return Signed(self.kid, typ, payload, self.sign_bytes(prefix + b"." + b64(payload)))

    def sign_bytes(self, message: bytes) -> bytes:
        """The 64 bytes r and s, with the low s, over a message of any form."""
        r, s = decode_dss_signature(self.key.sign(message, _SIGN))
        return r.to_bytes(32, "big") + min(s, _ORDER - s).to_bytes(32, "big")

    def shared_with(self, other: VerifyKey) -> bytes:
        """The 32 bytes that only the owners of these two keys can compute (ECDH, SEC 1 3.3.1)."""
        return self.key.exchange(ec.ECDH(), other.key)


@dataclass(frozen=True)
class Signed:
    """A signed message, taken apart. Nothing is verified until `check` has returned."""

    kid: str
    typ: str
    payload: bytes
    signature: bytes

    @property
    def signing_input(self) -> bytes:
        """The bytes that the signature covers."""
        return header_b64(self.kid, self.typ) + b"." + b64(self.payload)

    @cached_property
    def compact(self) -> bytes:
        """The compact serialization: what travels, is archived and is hashed."""
        return self.signing_input + b"." + b64(self.signature)

    @property
    def digest(self) -> str:
        """SHA-256 of the compact form, in hexadecimal."""
        return hashlib.sha256(self.compact).hexdigest()

    def check(self, key: VerifyKey) -> None:
        """Raise WrongKey or BadSignature unless this key signed it."""
        if key.kid != self.kid:
            raise WrongKey(f"signed by {self.kid}, checked with {key.kid}")
        key.check(self.signing_input, self.signature)


def parse(compact: bytes | str, typ: str) -> Signed:
    """Take a compact JWS apart, without verifying it.

    Raises Malformed when it is not one, or is spelled in another way than ours;
    WrongKey when the header announces another algorithm or type.
    """
    raw = compact.encode("ascii", "replace") if isinstance(compact, str) else compact
    if len(raw) > COMPACT_BYTES_MAX:
        raise Malformed(f"longer than {COMPACT_BYTES_MAX} bytes")
    parts = raw.split(b".")
    if len(parts) != 3:
        raise Malformed("expected header.payload.signature")
    header = _header(parts[0])
    if header.alg != "ES256" or header.typ != typ:
        raise WrongKey(f"expected ES256 {typ}, got {header.alg} {header.typ}")
    signed = Signed(header.kid, header.typ, unb64(parts[1]), unb64(parts[2]))
    if signed.compact != raw:
        raise Malformed("the header or the base64url is spelled in another way")
    return signed


@lru_cache(maxsize=64)
def _header(part: bytes) -> Header:
    try:
        return msgspec.json.decode(unb64(part), type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed(f"expected a header of alg, kid and typ: {error}") from error


@lru_cache(maxsize=64)
def header_b64(kid: str, typ: str) -> bytes:
    """The encoded protected header of a key and type."""
    return b64(msgspec.json.encode(Header("ES256", kid, typ)))


def b64(raw: bytes) -> bytes:
    """Base64url without padding (RFC 7515, 2)."""
    text = binascii.b2a_base64(raw, newline=False).rstrip(b"=")
    # Nearly all payloads are ASCII, and ASCII hardly ever needs these two signs.
    return text.translate(_TO_URL) if b"+" in text or b"/" in text else text


def unb64(text: bytes) -> bytes:
    """The bytes of unpadded base64url; Malformed when it is anything else."""
    if b"=" in text or len(text) % 4 == 1:
        raise Malformed("expected base64url without padding")
    if b"-" in text or b"_" in text:
        text = text.translate(_FROM_URL)
    try:
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)
    except binascii.Error as error:
        raise Malformed("expected base64url") from error


def _p256(key: object) -> ec.EllipticCurvePublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise Malformed("expected a P-256 key")
    return key
