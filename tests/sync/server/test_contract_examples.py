"""Every operation of the OpenAPI document, asked a few questions by everybody; the long form is
`scripts/prove contract`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from prove.contract import asked, violations
from sync.server.operations import OPERATIONS
from tests.sampling import examples

EXAMPLES = examples(6)
SEED = 1


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


def test_no_answer_is_a_failure_or_undocumented(tmp_path: Path) -> None:
    asked.clear()
    found = list(violations(tmp_path, EXAMPLES, SEED))
    assert [one for one in found if one[1]] == []
    assert len(found) == len(OPERATIONS)
    # The questions reached what is behind the addresses, and not only their guards.
    assert {"200", "201", "303", "400", "401", "404", "409", "422"} <= set(asked)
