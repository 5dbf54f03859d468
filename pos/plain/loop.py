"""Read lines, answer lines, until `quit` or the end of the input."""

from __future__ import annotations

import json
from typing import Final, TextIO

from pos.plain.commands import LINE_LENGTH_MAX
from pos.plain.front import PlainFront
from pos.plain.replies import as_json

READ_CHARS_MAX: Final = 4 * LINE_LENGTH_MAX


def run(front: PlainFront, lines: TextIO, out: TextIO, *, json_lines: bool = False) -> None:
    """Answer each line on `out`; with `json_lines` each answer is one JSON object on one line."""
    while line := _next_line(lines):
        reply = front.do(line)
        if reply is None:
            continue
        shown = json.dumps(as_json(reply), ensure_ascii=False) if json_lines else reply.text
        print(shown, file=out, flush=True)
        if reply.last:
            return


def _next_line(lines: TextIO) -> str:
    """The next line, cut where it is too long to be one: its rest is never read as another."""
    line = rest = lines.readline(READ_CHARS_MAX)
    while len(rest) == READ_CHARS_MAX and not rest.endswith("\n"):
        rest = lines.readline(READ_CHARS_MAX)
    return line
