"""`comptoir catalogue`: load what the shop sells."""

from __future__ import annotations

from pathlib import Path

import click

from pos.bootstrap import now, open_for_writing
from pos.cli.common import Context, note, refuse, report, say, with_folder
from pos.store.catalogue_problems import CatalogueRefused, Problem
from pos.store.catalogue_table import FILE_BYTES_MAX
from pos.store.loading import load_catalogue

PROBLEMS_SHOWN_MAX = 50


@click.group(help=say("cli.help.catalogue"))
def catalogue() -> None:
    """What the shop sells."""


@catalogue.command("import", help=say("cli.help.catalogue_import"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def import_file(context: Context, file: Path, as_json: bool) -> None:
    """Take a file whole, or refuse it whole."""
    with file.open("rb") as opened:
        raw = opened.read(FILE_BYTES_MAX + 1)  # one byte more than may be: the import refuses it
    with open_for_writing(context.folder) as store:
        try:
            loaded, applied = load_catalogue(store, raw, now)
        except CatalogueRefused as error:
            _refuse(error, as_json=as_json)
    for warning in loaded.warnings[:PROBLEMS_SHOWN_MAX]:
        note(_told(warning))
    report(
        {
            "products": applied.products,
            "added": applied.added,
            "repriced": applied.repriced,
            "changed": applied.changed,
            "withdrawn": applied.withdrawn,
            "sha256": applied.file,
            "warnings": [warning.to_data() for warning in loaded.warnings],
        },
        say(
            "cli.catalogue.done",
            products=applied.products,
            added=applied.added,
            repriced=applied.repriced,
            warnings=len(loaded.warnings),
        ),
        as_json=as_json,
    )


def _refuse(error: CatalogueRefused, *, as_json: bool) -> None:
    if as_json:
        report({"problems": [p.to_data() for p in error.problems]}, "", as_json=True)
    for problem in error.problems[:PROBLEMS_SHOWN_MAX]:
        note(_told(problem))
    refuse(say("cli.catalogue.refused", problems=len(error.problems) + error.omitted))


def _told(problem: Problem) -> str:
    """A mistake or a notice, where it stands and what was expected."""
    place = "column" if problem.column else "line" if problem.line else "file"
    return say(
        f"cli.place.{place}",
        line=problem.line,
        column=problem.column,
        text=say(f"cli.problem.{problem.reason}", value=problem.value, number=problem.number),
    )
