"""Read lines, answer lines, until `quit` or the end of the input."""

from __future__ import annotations

import json
from typing import TextIO

from pos.plain.commands import LINE_LENGTH_MAX
from pos.plain.front import PlainFront
from pos.plain.replies import as_json


def run(front: PlainFront, lines: TextIO, out: TextIO, *, json_lines: bool = False) -> None:
    """Answer each line on `out`; with `json_lines` each answer is one JSON object on one line."""
    while line := lines.readline(4 * LINE_LENGTH_MAX):
        reply = front.do(line)
        if reply is None:
            continue
        shown = json.dumps(as_json(reply), ensure_ascii=False) if json_lines else reply.text
        print(shown, file=out, flush=True)
        if reply.last:
            return
