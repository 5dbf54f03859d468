"""Who this till is: its UUID, its epoch, and the P-256 key that signs for that epoch.

The private key lies in `keys/`, mode 0600, sealed with AES-256-GCM under a key that the machine
holds (pos.store.machine). File format 1, frozen: JSON with the fields of `_KeyFile`; binary fields
are base64; the additional data of the seal is the canonical JSON of `epoch`, `kid`, `till`, `v`.
Public keys stay in till.db for ever.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pos.store.errors import KeyUnusable
from pos.store.folder import DataFolder, sync_names
from pos.store.machine import Machine, write_private
from sync.contract import canonical
from sync.contract.errors import ContractError
from sync.contract.jws import Signed, SigningKey, VerifyKey

_FORMAT: Final = 1
_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Identity:
    """The till under its present epoch."""

    till: str
    epoch: int
    key: SigningKey
    past: tuple[PublicKey, ...] = ()

    @property
    def public(self) -> VerifyKey:
        """The key that others verify with."""
        return self.key.public

    @property
    def earlier(self) -> Sequence[tuple[int, VerifyKey]]:
        """The epochs before it and their keys, the oldest first.

        One that is damaged is left out: it may not keep the till from its campaigns, and the
        journal's audit names it.
        """
        found: list[tuple[int, VerifyKey]] = []
        for one in self.past:
            with suppress(ContractError):
                found.append((one.epoch, one.verify_key()))
        return found

    def sign(self, payload: bytes, typ: str) -> Signed:
        """Sign something other than an entry: it says so by its type."""
        return self.key.sign(payload, typ)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signed here once, or still does."""

    epoch: int
    kid: str
    spki: bytes

    def verify_key(self) -> VerifyKey:
        """The key itself; Malformed when the stored bytes are none."""
        return VerifyKey.from_spki(self.spki)


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    v: int
    till: str
    epoch: int
    kid: str
    machine_id: bool  # whether the system's id took part in the wrapping key
    nonce: bytes
    sealed: bytes


def till_of(connection: sqlite3.Connection) -> str | None:
    """The till's UUID; None before its first start."""
    row = connection.execute("SELECT till FROM identity").fetchone()
    return row[0] if row else None


def load(
    connection: sqlite3.Connection, folder: DataFolder, machine: Machine, till: str
) -> Identity:
    """The identity of a till that was started before; KeyUnusable."""
    *earlier, newest = public_keys(connection)
    key = _unseal(_key_path(folder, newest.epoch), till, newest, machine)
    return Identity(till, newest.epoch, key, tuple(earlier))


def create(
    connection: sqlite3.Connection,
    folder: DataFolder,
    machine: Machine,
    till: str,
    new_key: Callable[[], SigningKey] = SigningKey.generate,
) -> Identity:
    """Give a new till its UUID and first key, inside the caller's transaction."""
    connection.execute("INSERT INTO identity (id, till) VALUES (1, ?)", (till,))
    return _open_epoch(connection, folder, machine, Identity(till, 1, new_key()))


def renew(
    connection: sqlite3.Connection,
    folder: DataFolder,
    machine: Machine,
    till: str,
    seen_epoch: int = 0,
    new_key: Callable[[], SigningKey] = SigningKey.generate,
) -> Identity:
    """Go on under a new key and a later epoch, inside the caller's transaction.

    `seen_epoch` is the highest epoch that a witness has seen of this till: two copies that both
    renew must not meet in one epoch. The old private key stays until `forget_old` is called after
    the commit.
    """
    earlier = public_keys(connection)
    epoch = max(earlier[-1].epoch, seen_epoch) + 1
    identity = Identity(till, epoch, new_key(), tuple(earlier))
    return _open_epoch(connection, folder, machine, identity)


def forget_old(folder: DataFolder, identity: Identity) -> None:
    """Delete the private keys of earlier epochs: nothing may be signed with them again."""
    current = _key_path(folder, identity.epoch)
    for path in folder.keys.glob("epoch-*.key"):
        if path.name < current.name:
            path.unlink(missing_ok=True)


def public_keys(connection: sqlite3.Connection) -> list[PublicKey]:
    """Every key that ever signed here, by epoch."""
    rows = connection.execute("SELECT epoch, kid, spki FROM signing_key ORDER BY epoch")
    return [PublicKey(*row) for row in rows.fetchall()]


def _open_epoch(
    connection: sqlite3.Connection,
    folder: DataFolder,
    machine: Machine,
    identity: Identity,
) -> Identity:
    # What wraps the key first, then the file: a public key without either would end the till.
    sync_names(machine.secret_file)
    sync_names(folder.keys)
    _seal(_key_path(folder, identity.epoch), identity, machine)
    connection.execute(
        "INSERT INTO signing_key (epoch, kid, spki) VALUES (?, ?, ?)",
        (identity.epoch, identity.key.kid, identity.public.spki),
    )
    return identity


def _key_path(folder: DataFolder, epoch: int) -> Path:
    return folder.keys / f"epoch-{epoch:010}.key"


def _seal(path: Path, identity: Identity, machine: Machine) -> None:
    machine_id = machine.id
    nonce = secrets.token_bytes(_NONCE_BYTES)
    bound = _bound(identity.till, identity.epoch, identity.key.kid)
    cipher = AESGCM(machine.wrapping_key(machine_id))
    file = _KeyFile(
        v=_FORMAT,
        till=identity.till,
        epoch=identity.epoch,
        kid=identity.key.kid,
        machine_id=bool(machine_id),
        nonce=nonce,
        sealed=cipher.encrypt(nonce, identity.key.pem(), bound),
    )
    write_private(path, msgspec.json.encode(file))


def _unseal(path: Path, till: str, public: PublicKey, machine: Machine) -> SigningKey:
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise KeyUnusable(f"{path}: expected a key file: {error}") from error
    if file.v != _FORMAT or (file.till, file.epoch, file.kid) != (till, public.epoch, public.kid):
        raise KeyUnusable(f"{path}: not the key of till {till}, epoch {public.epoch}")
    cipher = AESGCM(machine.wrapping_key(machine.id if file.machine_id else ""))
    try:
        key = SigningKey.from_pem(
            cipher.decrypt(file.nonce, file.sealed, _bound(till, file.epoch, file.kid))
        )
    except (InvalidTag, ValueError, ContractError) as error:
        raise KeyUnusable(f"{path}: was sealed on another machine, or is damaged") from error
    if key.kid != public.kid:
        raise KeyUnusable(f"{path}: holds another key than {public.kid}")
    return key


def _bound(till: str, epoch: int, kid: str) -> bytes:
    return canonical.encode({"v": _FORMAT, "till": till, "epoch": epoch, "kid": kid})
