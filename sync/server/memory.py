"""How rarely a process that takes in batches looks for cycles of objects.

A batch is thousands of objects that live for some milliseconds and are freed by their counts; the
cycle collector, left alone, goes through them, and now and then through all modules, several times
a batch: a quarter of the time of reading one.
"""

from __future__ import annotations

import gc
from typing import Final

OBJECTS_BETWEEN_LOOKS: Final = 50_000  # a dozen batches


def collect_rarely() -> None:
    """Keep what was loaded so far out of every look, and look once for so many new objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS, *gc.get_threshold()[1:])
