"""Why something is a finding, as a person reads it."""

from __future__ import annotations

from typing import Final

import msgspec

from sync.server import texts
from sync.server.money.reasons import Detail, Reason, name_of
from sync.server.organiser.words.reasons import TEXTS
from sync.server.saying import Sentences
from sync.server.texts import Language

_WORDS: Final = texts.typeset(TEXTS)
_SENTENCES: Final[dict[Language, Sentences]] = {
    "fr": Sentences(_WORDS["fr"], "fr"),
    "en": Sentences(_WORDS["en"], "en"),
}


def say(detail: Detail, language: Language) -> str:
    """A finding's detail; the English sentence of an earlier version stays what it is."""
    return detail if isinstance(detail, str) else _say(detail, language)


def _say(reason: Reason, language: Language) -> str:
    values = msgspec.structs.asdict(reason)
    said = {
        name: _say(value, language) if isinstance(value, Reason) else value
        for name, value in values.items()
    }
    return _SENTENCES[language].say(name_of(reason), said)
