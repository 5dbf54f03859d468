"""A person at a terminal: runs the program's commands and hears what they say."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner, Result

from pos.cli import main_group
from pos.store.folder import DataFolder

ROOT: Final = Path(__file__).parents[2]
ENDS_WITHIN_S: Final = 60
TRACE: Final = re.compile(r"Traceback|  File \"")
CATALOGUE: Final = (
    "ean13;libelle;prix_ttc;tva\n3000000000014;Pain;3,45;5,5\n3000000000021;Vin;8,99;20\n"
)


class Shell:
    """A person at a terminal, with a home of their own."""

    def __init__(self, home: Path) -> None:
        self.home, self.data = home, home / "data"
        self.environment: dict[str, str | None] = {
            "HOME": str(home),
            "COMPTOIR_LANGUAGE": "fr",
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_DATA_HOME": str(home / "share"),
        }

    def run(self, *arguments: object, typed: str = "", data: bool = True) -> Result:
        """Run a command inside this process; nothing it does may end in a traceback."""
        place = ("--data", self.data) if data else ()
        words = [str(word) for word in (*arguments, *place)]
        result = CliRunner().invoke(main_group, words, input=typed, env=self.environment)
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert not TRACE.search(result.output)
        return result

    def done(self, *arguments: object, typed: str = "") -> str:
        """Run a command that does its work; what it gives on standard output."""
        result = self.run(*arguments, typed=typed)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, *arguments: object, typed: str = "", status: int = 1) -> str:
        """Run a command that is refused; what it says on standard error, and nothing elsewhere."""
        result = self.run(*arguments, typed=typed)
        assert result.exit_code == status, result.output
        assert result.stdout == ""
        assert result.stderr.strip()
        return result.stderr

    def hire(self, code: str = "ma", *, name: str = "Marie", pin: str = "1234") -> str:
        """Add somebody."""
        return self.done("staff", "add", code, "--name", name, "--pin-stdin", typed=f"{pin}\n")

    def events(self) -> list[Mapping[str, Any]]:
        """The technical events of the journal."""
        with closing(sqlite3.connect(DataFolder(self.data).till_db)) as connection:
            rows = connection.execute(
                "SELECT payload FROM journal WHERE chain = 'event' ORDER BY seq"
            ).fetchall()
        return [json.loads(row[0])["data"] for row in rows]

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start the program as a process of its own."""
        environment = {key: value for key, value in self.environment.items() if value is not None}
        return subprocess.Popen(
            [sys.executable, "-m", "pos", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
