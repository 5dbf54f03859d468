"""The command line: one module a command, loaded when it is called."""

from __future__ import annotations

import importlib
from typing import Any, Final

import click

from pos.cli.common import say
from pos.cli.imports import uncollected

# name of the command -> (module, attribute): nothing heavy is imported before it is needed.
COMMANDS: Final = {
    "till": ("pos.cli.till", "till"),
    "demo": ("pos.cli.demo", "demo"),
    "replay": ("pos.cli.replay", "replay"),
    "simulate": ("pos.cli.simulate", "simulate"),
    "catalogue": ("pos.cli.catalogue", "catalogue"),
    "staff": ("pos.cli.staff", "staff"),
    "journal": ("pos.cli.journal", "journal"),
    "sync": ("pos.cli.sync", "sync"),
    "server": ("pos.cli.server", "server"),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of a shop's first day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a name."""
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        with uncollected():
            command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, help=say("cli.help.comptoir"))
@click.version_option(package_name="comptoir", prog_name="comptoir")
def main_group() -> None:
    """Comptoir."""


def main(arguments: list[str] | None = None, **extra: Any) -> None:
    """Run the command line; exit status 0 done, 1 refused, 2 wrong usage."""
    main_group(arguments, prog_name="comptoir", **extra)
