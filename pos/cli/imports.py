"""Import many modules at once, without the collector walking over them again and again.

What modules define stays for the life of the process; looking through it for garbage while they
load takes a tenth of the till's start.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection in this block."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
