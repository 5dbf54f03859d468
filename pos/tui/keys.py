"""The keys: each action with its name, its key and its place. The names are those of config.toml.

`[keys]` of config.toml gives an action another key; the key bar, the help and the hints follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from textual.binding import Binding

from pos.i18n import Language


class Group(StrEnum):
    """What an action is about; its keys look alike."""

    PAY = "pay"
    NOTE = "note"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key does. Its sentences are `tui.key.<name>` and `tui.help.<name>`.

    Note keys share `tui.key.note` and `tui.help.note`: the shop chooses its notes.
    """

    name: str
    key: str
    group: Group
    on_bar: bool = True


ACTIONS: Final = (
    Action("help", "f1", Group.JOB),
    Action("cash", "f2", Group.PAY),
    Action("card", "f3", Group.PAY),
    Action("tender", "f4", Group.PAY),
    Action("note_1", "f5", Group.NOTE),
    Action("note_2", "f6", Group.NOTE),
    Action("note_3", "f7", Group.NOTE),
    Action("note_4", "f8", Group.NOTE),
    Action("park", "f9", Group.JOB),
    Action("menu", "f10", Group.JOB),
    Action("receipt", "f11", Group.JOB),
    Action("lock", "f12", Group.JOB),
    Action("void", "delete", Group.JOB, on_bar=False),
    Action("previous", "up", Group.JOB, on_bar=False),
    Action("next", "down", Group.JOB, on_bar=False),
    Action("page_up", "pageup", Group.JOB, on_bar=False),
    Action("page_down", "pagedown", Group.JOB, on_bar=False),
    Action("clear", "escape", Group.JOB, on_bar=False),
)
BAR: Final = tuple(action for action in ACTIONS if action.on_bar)


def bindings(actions: Iterable[Action] = ACTIONS) -> list[Binding]:
    """Textual's bindings; their ids are the actions' names, so that a key map can move them."""
    return [
        Binding(action.key, action.name, action.name, show=False, id=action.name)
        for action in actions
    ]


def key_of(name: str, keymap: Mapping[str, str], language: Language) -> str:
    """The key that an action has now, as it is written on the screen: `F2`."""
    known = next((action.key for action in ACTIONS if action.name == name), "")
    key = keymap.get(name, known).split(",")[0].strip()
    spelled = f"tui.keyname.{key}"
    return language.say(spelled) if spelled in language.keys else key.upper()


def unknown_names(keymap: Mapping[str, str]) -> tuple[str, ...]:
    """The names of a key map that no action has."""
    known = {action.name for action in ACTIONS}
    return tuple(name for name in keymap if name not in known)
