"""Choosing sentences by number and by kind of ticket, and shortening those of devices."""

from __future__ import annotations

import re

from pos.domain.money import Cents
from pos.i18n import Language

# Of what a device has to say, the first part tells what is, the rest what to do.
_END_OF_STATE = re.compile(r"\s*:\s|\.\s|\.\Z")


def counted(language: Language, key: str, count: int) -> str:
    """The sentence of `key.one` or `key.many`: French counts nothing as one, English as many."""
    one = count < 2 if language.code == "fr" else count == 1
    return language.say(f"{key}.{'one' if one else 'many'}", count=count)


def kind_of(total: Cents, *, training: bool) -> str:
    """What a ticket is, as the keys of its sentences name it."""
    if total < 0:
        return "training_return" if training else "return"
    return "training" if training else "sale"


def state_of(sentence: str) -> str:
    """What is, of a device's sentence: `Cover open` of `Cover open: close it`."""
    return _END_OF_STATE.split(sentence, maxsplit=1)[0]
