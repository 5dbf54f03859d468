"""`comptoir journal`: verify the signed journal, hand it over, rebuild what derives from it."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from pos.bootstrap import machine, now, open_for_writing
from pos.cli.common import Context, note, refuse, report, say, with_folder
from pos.store.audit import audit
from pos.store.audit_report import Beginning, Report
from pos.store.database import Reader, sqlite_is_safe
from pos.store.export import compact_lines, write_lines
from pos.store.folder import DataFolder
from pos.store.head import HeadFile
from pos.store.keys import public_keys, till_of
from pos.store.opening import open_store

Progress = Callable[[int, int], None]


@click.group(help=say("cli.help.journal"))
def journal() -> None:
    """The signed journal."""


@journal.command(help=say("cli.help.journal_verify"))
@click.option("--full", is_flag=True, help=say("cli.option.full"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def verify(context: Context, full: bool, as_json: bool) -> None:
    """Read everything, name what is wrong; status 1 when something is."""
    with _reading(context.folder) as reader, progress_bar() as progress:
        till = _till(reader)
        witness = HeadFile(machine().head_file(till)).read() if till else None
        result = audit(reader, witness, full=full, progress=progress)
    for finding in result.findings:
        where = f"{finding.chain} {finding.number}" if finding.chain else "-"
        reason = say(f"cli.journal.reason.{finding.reason}")
        note(f"{finding.seq}  {where}  {reason}: {finding.detail}")
    if not as_json:
        for beginning in result.beginnings:
            note(_why(beginning))
        if not sqlite_is_safe():
            note(say("cli.journal.sqlite", version=sqlite3.sqlite_version))
    if not result.ok:
        report(_data(result), _broken(result), as_json=as_json)
        raise SystemExit(1)
    text = say(
        "cli.journal.clean",
        entries=result.entries,
        head=f"{result.last_seq} {result.last_digest[:16]}",
    )
    report(_data(result), text, as_json=as_json)


def _why(beginning: Beginning) -> str:
    """Why an epoch began, in words."""
    if beginning.seen is None:
        return say("cli.journal.renewed", epoch=beginning.epoch, entry=beginning.seq)
    return say(
        "cli.journal.put_back", epoch=beginning.epoch, entry=beginning.seq, seen=beginning.seen
    )


def _broken(result: Report) -> str:
    found = len(result.findings) + result.findings_left_out
    return say("cli.journal.broken", findings=found, entries=result.entries)


def _data(result: Report) -> dict[str, Any]:
    return {
        "ok": result.ok,
        "entries": result.entries,
        "last_seq": result.last_seq,
        "last_hash": result.last_digest,
        "signatures_checked": result.signatures,
        "keys": [{"epoch": k.epoch, "kid": k.kid, "entries": k.entries} for k in result.keys],
        "findings": [
            {
                "seq": f.seq,
                "chain": f.chain,
                "number": f.number,
                "reason": str(f.reason),
                "detail": f.detail,
            }
            for f in result.findings
        ],
        "findings_left_out": result.findings_left_out,
        "beginnings": [
            {"epoch": one.epoch, "seq": one.seq, "seen": one.seen} for one in result.beginnings
        ],
    }


@journal.command("export", help=say("cli.help.journal_export"))
@click.option("--jws", is_flag=True, help=say("cli.option.jws"))
@click.option("--chain", help=say("cli.option.chain"))
@click.option("--output", type=click.Path(path_type=Path), help=say("cli.option.output"))
@with_folder
def export_entries(context: Context, jws: bool, chain: str | None, output: Path | None) -> None:
    """Give the entries, one compact JWS a line: so far the only format, named or not."""
    del jws
    with _reading(context.folder) as reader:
        lines = compact_lines(reader, chain=chain)
        if output is None:
            write_lines(lines, sys.stdout.buffer)
            return
        with output.open("wb") as file:
            write_lines(lines, file)


@journal.command("key", help=say("cli.help.journal_key"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def key(context: Context, as_json: bool) -> None:
    """Give the public keys, the newest last."""
    with _reading(context.folder) as reader, reader.snapshot() as connection:
        stored = [(k.epoch, k.kid, k.verify_key().pem) for k in public_keys(connection)]
    data = [{"epoch": epoch, "kid": kid, "pem": pem} for epoch, kid, pem in stored]
    report({"keys": data}, "".join(pem for _, _, pem in stored).rstrip(), as_json=as_json)


@journal.command(help=say("cli.help.journal_rebuild"))
@with_folder
def rebuild(context: Context) -> None:
    """Make the books again from the first entry."""
    with open_for_writing(context.folder) as store, progress_bar() as progress:
        entries = store.rebuild_books(progress)
    click.echo(say("cli.journal.rebuilt", entries=entries))


@contextmanager
def _reading(folder: DataFolder) -> Iterator[Reader]:
    if not folder.exists:
        refuse(say("cli.journal.empty", folder=folder.path))
    reader = Reader(folder.till_db, "till")
    try:
        yield reader
    finally:
        reader.close()


def _till(reader: Reader) -> str | None:
    with reader.snapshot() as connection:
        return till_of(connection)


@contextmanager
def progress_bar(label: str = "") -> Iterator[Progress]:
    """A bar on stderr that moves with (done, total)."""
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield progress


@journal.command("renew-key", help=say("cli.help.journal_renew"))
@with_folder
def renew_key(context: Context) -> None:
    """Go on under a new key and the next epoch, on the machine where the folder now is."""
    store = open_store(context.folder, machine(), now, renew_key=True)
    try:
        click.echo(say("cli.journal.epoch", epoch=store.identity.epoch, kid=store.identity.key.kid))
    finally:
        store.close()
