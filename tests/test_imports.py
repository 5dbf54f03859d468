"""What importing the domain and the codecs drags in: a till starts fast, and rules stay pure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNLOADED = ("textual", "serial", "httpx", "sqlite3", "sqlite_utils", "asyncio", "socket")
PROBE = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
print(*sorted(set(sys.argv[1].split(",")) & set(sys.modules)))
"""


def modules_of(package: str) -> list[str]:
    folder = ROOT / package.replace(".", "/")
    names = (path.relative_to(ROOT).with_suffix("").parts for path in folder.rglob("*.py"))
    return sorted(".".join(part for part in parts if part != "__init__") for parts in names)


@pytest.mark.parametrize(
    "package", ["pos.domain", "drivers.escpos", "drivers.card", "drivers.scanner"]
)
def test_rules_and_codecs_load_no_screen_no_port_and_no_disk(package: str) -> None:
    modules = modules_of(package)
    assert modules, f"{package} has no module"
    probe = subprocess.run(
        [sys.executable, "-c", PROBE, ",".join(UNLOADED), *modules],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert probe.stdout.split() == []
