"""What belongs to this machine and not to the data folder: a secret, and the journal's head.

The secret wraps the till's signing key, so that a copied data folder cannot sign elsewhere. Whoever
is root here, or is the till's own user, can read it: it protects a copy, not this machine. The head
is the witness against a data folder that was put back to an earlier state.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pos.store.errors import FolderUnusable, KeyUnusable
from pos.store.folder import make_private, sync_folder

_SECRET_BYTES: Final = 32
_PURPOSE: Final = b"comptoir key wrap v1"


@dataclass(frozen=True, slots=True)
class Machine:
    """The folder of this machine's secret and heads; `id_file` binds the secret to its system."""

    folder: Path
    id_file: Path = Path("/etc/machine-id")

    @property
    def secret_file(self) -> Path:
        """32 random bytes in hexadecimal, for their owner only."""
        return self.folder / "machine.secret"

    def head_file(self, till: str) -> Path:
        """Where the head of a till's journal is kept."""
        return self.folder / "heads" / f"{till}.head"

    @property
    def id(self) -> str:
        """The system's own id, empty where there is none."""
        try:
            return self.id_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def make(self) -> None:
        """Make the folder, and the secret if there is none; FolderUnusable."""
        make_private(self.folder)
        make_private(self.folder / "heads")
        if not self.secret_file.exists():
            _write_once(self.secret_file, secrets.token_hex(_SECRET_BYTES).encode("ascii"))

    def wrapping_key(self, machine_id: str) -> bytes:
        """The 32-byte key that wraps signing keys here; KeyUnusable without a good secret."""
        try:
            secret = bytes.fromhex(self.secret_file.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise KeyUnusable(f"{self.secret_file}: cannot be read: {error}") from error
        if len(secret) != _SECRET_BYTES:
            raise KeyUnusable(f"{self.secret_file}: expected {_SECRET_BYTES} bytes in hexadecimal")
        kdf = HKDF(SHA256(), length=32, salt=machine_id.encode("utf-8"), info=_PURPOSE)
        return kdf.derive(secret)


def default_machine_folder(environment: Mapping[str, str], home: Path) -> Path:
    """Where a machine's folder is by habit: XDG_STATE_HOME, or ~/.local/state (XDG base dirs)."""
    state = environment.get("XDG_STATE_HOME", "")
    root = Path(state) if Path(state).is_absolute() else home / ".local" / "state"
    return root / "comptoir"


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 whole or not at all, on disk when this returns."""
    beside = path.with_name(path.name + ".new")
    try:
        beside.unlink(missing_ok=True)
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise FolderUnusable(f"{path}: {error.strerror}") from error


def _write_once(path: Path, content: bytes) -> None:
    """Make a private file unless another process was faster: then its content stands."""
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    write_private(mine, content)
    with suppress(FileExistsError):
        path.hardlink_to(mine)
    mine.unlink(missing_ok=True)
    sync_folder(path.parent)
