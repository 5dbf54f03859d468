"""Count the syncs of a child process: by a library put before libc, or by strace.

The child marks the beginning of each part of its work with a sync of no file, which fails and
stands in the log like any other.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_SOURCE: Final = Path(__file__).with_suffix(".c")
_LINE = re.compile(r"f(?:data)?sync\((\d+)(?:<([^>]*)>)?\)")
_NO_FILE: Final = 999_999  # more than a process may have open


def mark() -> None:
    """In the child: a new part begins."""
    with suppress(OSError):
        os.fsync(_NO_FILE)


def count(module: str, arguments: list[str], folder: Path) -> list[list[str]] | None:
    """The names of the files synced in each part of a module's work; None without the tools."""
    log = folder / "syncs.log"
    command = [sys.executable, "-m", module, *arguments]
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler:
        library = folder / "sync_log.so"
        build = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"]
        subprocess.run(build, check=True)
        environment = {**os.environ, "LD_PRELOAD": str(library), "COMPTOIR_SYNC_LOG": str(log)}
        subprocess.run(command, env=environment, check=True)
    elif shutil.which("strace"):
        traced = ["strace", "-f", "-y", "-o", str(log), "-e", "trace=fsync,fdatasync", *command]
        subprocess.run(traced, check=True)
    else:
        return None
    return _parts(log.read_text(encoding="utf-8"))


def _parts(log: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for fd, path in _LINE.findall(log):
        if int(fd) == _NO_FILE:
            parts.append([])
        else:
            parts[-1].append(Path(path).name)
    return parts
