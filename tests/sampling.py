"""How much a test tries: a sample in the daily run, everything when COMPTOIR_TESTS is `whole`.

Only the number of tries differs, never what is asserted of each. `scripts/prove faults` is the
whole run.
"""

from __future__ import annotations

import os
from typing import Final

_WANTED: Final = os.environ.get("COMPTOIR_TESTS", "sample")
if _WANTED not in {"sample", "whole"}:
    raise ValueError(f"COMPTOIR_TESTS is {_WANTED!r}; expected 'sample' or 'whole'")
WHOLE: Final = _WANTED == "whole"
ONE_IN: Final = 3


def examples(whole: int, one_in: int = ONE_IN) -> int:
    """How many examples hypothesis draws, of so many in the whole run."""
    return whole if WHOLE else -(-whole // one_in)


def sample(points: range, turn: int = 0, one_in: int = ONE_IN) -> range:
    """Every one_in-th point, other ones each turn, so that no part of the dialogue is spared."""
    return points if WHOLE else points[turn % one_in :: one_in]
