"""A till that is spoken to in lines, with a terminal that answers at once."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from pos.domain.payment import Attempt, State
from pos.i18n import language
from pos.plain.front import PlainFront
from pos.plain.loop import run
from pos.plain.replies import Reply
from tests.pos.fakes import Counter


class Talk:
    """The front over a counter; `card` says how the terminal ends each attempt, None: not yet."""

    def __init__(self, path: Path, words: str = "fr", **settings: Any) -> None:
        self.counter = Counter(path, words, **settings)
        self.words = words
        self.card: State | None = State.APPROVED
        self.counter.terminal.on_begin = self.answer
        self.front = self._front()

    def __call__(self, line: str) -> Reply:
        """What the till answers to a line."""
        reply = self.front.do(line)
        assert reply is not None, line
        return reply

    def all(self, *lines: str) -> Reply:
        """Say several lines, none of which may be refused; the last reply."""
        for line in lines:
            reply = self(line)
            assert reply.ok, f"{line}: {reply.text}"
        return reply

    def restart(self) -> None:
        """Stop the till and start it anew."""
        self.counter.restart()
        self.front = self._front()

    def read(self, text: str, *, as_json: bool = False) -> list[str]:
        """What the loop writes for a whole input, line by line."""
        out = io.StringIO()
        run(self.front, io.StringIO(text), out, json_lines=as_json)
        return out.getvalue().split("\n")[:-1]

    def read_json(self, text: str) -> list[dict[str, Any]]:
        """The JSON objects that the loop writes for a whole input."""
        return [json.loads(line) for line in self.read(text, as_json=True)]

    def close(self) -> None:
        """Close the store."""
        self.counter.close()

    def _front(self) -> PlainFront:
        return PlainFront(self.counter.desk, language(self.words), card_wait_s=0.01)

    def answer(self, attempt: Attempt) -> None:
        """Do the terminal's part, as `card` says."""
        if self.card is None:
            return
        recorder = self.counter.recorder
        recorder.sending(attempt.reference)
        if self.card not in {State.UNKNOWN, State.NOT_SENT}:
            recorder.answered(attempt.reference, {"authorisation": "123456", "last4": "4242"})
        recorder.concluded(attempt.reference, self.card, {})
        while self.counter.news:
            self.front.news(self.counter.news.pop(0))
