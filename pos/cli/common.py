"""What all commands share: where the data is, in what language, how a refusal is told."""

from __future__ import annotations

import functools
import json
import locale
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

from drivers.errors import DriverError
from pos.config import Config, ConfigError, load
from pos.domain.errors import PosError
from pos.i18n import LANGUAGES, Language, language
from pos.store.errors import KeyUnusable, StoreError
from pos.store.folder import DataFolder
from sync.errors import CallError, InUse, SyncError

F = TypeVar("F", bound=Callable[..., Any])
CONFIG_NAME: Final = "config.toml"
DEMO_NAME: Final = "comptoir-demo"


def environment_language() -> Language:
    """The language of the person at the terminal: French unless the locale is another one."""
    for name in ("COMPTOIR_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        code = os.environ.get(name, "").split("_")[0].lower()
        if code in LANGUAGES:
            return language(code)
        if code and code not in {"c", "posix", "c.utf-8", "c.utf8"}:
            return language("en")
    return language("fr")


def say(key: str, **params: object) -> str:
    """A sentence in the language of the person at the terminal."""
    return environment_language().say(key, **params)


@dataclass(frozen=True, slots=True)
class Context:
    """The folder and configuration that a command works with."""

    folder: DataFolder
    config: Config
    config_file: Path | None
    folder_given: bool = True

    def in_demo_folder(self) -> Context:
        """The same with a folder for demonstrations, unless one was named: never the shop's own."""
        if self.folder_given:
            return self
        return replace(self, folder=DataFolder(self.folder.path.with_name(DEMO_NAME)))


def default_data_dir() -> Path:
    """Where a till's data is by habit (XDG base directories)."""
    root = os.environ.get("XDG_DATA_HOME", "")
    base = Path(root) if Path(root).is_absolute() else Path.home() / ".local" / "share"
    return base / "comptoir"


def with_folder(command: F) -> F:
    """Give a command --config and --data, and its function a Context as first argument."""

    @click.option(
        "--config", "config_file", type=click.Path(path_type=Path), help=say("cli.option.config")
    )
    @click.option("--data", "data", type=click.Path(path_type=Path), help=say("cli.option.data"))
    @functools.wraps(command)
    def run(config_file: Path | None, data: Path | None, **options: Any) -> Any:
        return guarded(lambda: command(_context(config_file, data), **options))

    return run  # type: ignore[return-value] # the wrapper takes click's options in its place


def _context(config_file: Path | None, data: Path | None) -> Context:
    folder = DataFolder((data or default_data_dir()).absolute())
    beside = folder.path / CONFIG_NAME
    if config_file is None and beside.is_file():
        config_file = beside
    config = load(config_file) if config_file else Config()
    return Context(folder, config, config_file, folder_given=data is not None)


def guarded(work: Callable[[], Any]) -> Any:
    """Do a command's work; whatever a user can cause becomes a sentence and exit status 1."""
    try:
        return work()
    except PosError as error:
        refuse(environment_language().error(error))
    except KeyUnusable as error:
        refuse(say("cli.store.key_unusable", reason=error))
    except InUse:
        refuse(say("cli.sync.busy"))
    except CallError as error:
        refuse(f"{environment_language().device(error.trouble)} ({error})")
    except (StoreError, ConfigError, DriverError, SyncError) as error:
        refuse(str(error))
    except BrokenPipeError:
        # The reader of our output left: nothing more to say, and nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        refuse(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))


def refuse(message: str) -> NoReturn:
    """Say why not, on stderr, and leave with status 1."""
    click.echo(message, err=True)
    sys.exit(1)


def on_stick(place: Path, suffix: str) -> list[Path]:
    """The files of a kind in a folder, oldest first; or the one file that was named."""
    if not place.is_dir():
        return [place]
    found = [one for one in place.iterdir() if one.suffix == suffix and one.name[0] != "."]
    return sorted(found, key=lambda one: (one.stat().st_mtime, one.name))


def require_terminal() -> None:
    """A screen needs a terminal; refuse anything else and name the other front."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        refuse(say("cli.no_terminal"))


def note(message: str) -> None:
    """Tell something on stderr."""
    click.echo(message, err=True)


def report(data: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Give the result of a command, as one JSON object or as text."""
    click.echo(json.dumps(data, ensure_ascii=False) if as_json else text)


def use_utf8() -> None:
    """Read and write UTF-8 whatever the locale; a byte that is none becomes a visible sign."""
    with suppress(locale.Error):  # a locale that this machine does not have
        locale.setlocale(locale.LC_CTYPE, "")
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
