"""What can be wrong with the till's files before it can sell: read by whoever installs or repairs.

StoreError
├── FolderUnusable      the data folder cannot be made, read or written
├── NotEmpty            only an empty folder can be marked as a demo
├── NotOurs             a file is not a database of this program, or is damaged
├── NewerSchema         a newer version of this program wrote the file
├── UnfitDatabase       this machine's SQLite cannot keep the till's promises
├── KeyUnusable         the signing key is missing, or was wrapped on another machine
├── CatalogueRefused    a catalogue file has mistakes: nothing of it was taken
└── StaffRefused        a person who cannot be added or changed like this

What a cashier can meet while selling (DiskFull, DiskFailed, StoreBusy) is in pos.domain.errors.
"""

from __future__ import annotations


class StoreError(Exception):
    """The till's files cannot be used; the message says what to do about it."""


class FolderUnusable(StoreError):
    """The data folder or the machine's folder cannot be made, read or written."""


class NotEmpty(StoreError):
    """A folder with something in it never becomes a demo."""


class NotOurs(StoreError):
    """Not a database of this program, or one that is damaged."""


class NewerSchema(StoreError):
    """A newer version of the program wrote this file: an older one must not touch it."""


class UnfitDatabase(StoreError):
    """SQLite refused a setting that durability depends on."""


class KeyUnusable(StoreError):
    """The signing key is missing or belongs to another machine: renew it, under a new epoch."""


class StaffRefused(StoreError):
    """A code, name or PIN that nobody can have; the message says what was expected."""
