"""A machine of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pos.commands import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Commands of this process and of others find it by the environment."""
    found = Home(tmp_path)
    for name, value in found.variables.items():
        monkeypatch.setenv(name, value)
    return found
