"""What a till loads before it sells: nothing of campaigns while it takes part in none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OPEN = """
import sys
from pathlib import Path
from pos.bootstrap import open_till
from pos.config import Config
from pos.plain.front import PlainFront
from pos.store.folder import DataFolder
with open_till(DataFolder(Path(sys.argv[1])), Config()) as till:
    PlainFront(till.desk, till.language, 1.0)
    print(*sorted(name for name in sys.modules if name.startswith(("sync", "cbor2", "httpx"))))
"""
WHAT_ANY_TILL_NEEDS = {
    *("sync", "sync.contract", "sync.contract.canonical", "sync.contract.entry"),
    *("sync.contract.errors", "sync.contract.jws", "sync.contract.messages", "sync.errors"),
}


def test_a_till_in_no_campaign_pays_for_none(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", OPEN, str(tmp_path / "data")],
        env={"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert set(said.stdout.split()) <= WHAT_ANY_TILL_NEEDS
