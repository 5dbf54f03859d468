"""The colours, by what they mean: one palette for full colour, one for a console with sixteen.

Nothing is told by colour alone: whatever is coloured also has its word or sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme


@dataclass(frozen=True, slots=True)
class Palette:
    """The styles of text, each named after what it is for."""

    text: Style
    dim: Style
    strong: Style
    brand: Style
    header: Style
    training: Style
    due: Style
    good: Style
    warn: Style
    bad: Style
    chosen: Style
    key: Style
    key_label: Style
    pay_label: Style
    note_label: Style
    error: Style
    notice: Style
    hint: Style
    cursor: Style
    qr: Style
    bar: Style
    bar_good: Style
    bar_warn: Style
    bar_bad: Style
    bar_strong: Style


def _palette(**styles: str) -> Palette:
    return Palette(**{f.name: Style.parse(styles[f.name]) for f in fields(Palette)})


FULL: Final = _palette(
    text="#d8d4ca",
    dim="#7f8a8a",
    strong="bold #f5f1e6",
    brand="bold #fdf6e3 on #17705a",
    header="#dff0e8 on #0f4d3f",
    training="bold #1b1400 on #f0b429",
    due="bold #ffc94d",
    good="bold #7fd48f",
    warn="bold #f0b429",
    bad="bold #ff7b72",
    chosen="bold #10151a on #8fd6c2",
    key="bold #ffc94d on #1d2b2d",
    key_label="#e8e4d8 on #1d2b2d",
    pay_label="bold #f2fff9 on #17705a",
    note_label="bold #fff8e1 on #6b4f12",
    error="bold #fff4f2 on #9e2a2b",
    notice="bold #7fd48f",
    hint="#9db3ae",
    cursor="reverse",
    qr="#000000 on #ffffff",
    bar="#b9c6c2 on #16211f",
    bar_good="#7fd48f on #16211f",
    bar_warn="bold #f0b429 on #16211f",
    bar_bad="bold #ff7b72 on #16211f",
    bar_strong="bold #ffc94d on #16211f",
)

# Eight background colours, and bright ones only where the font leaves room: bold does the rest.
SIXTEEN: Final = _palette(
    text="default",
    dim="cyan",
    strong="bold white",
    brand="bold white on blue",
    header="white on blue",
    training="bold black on yellow",
    due="bold yellow",
    good="bold green",
    warn="bold yellow",
    bad="bold red",
    chosen="black on cyan",
    key="bold yellow on blue",
    key_label="white on blue",
    pay_label="bold white on green",
    note_label="black on yellow",
    error="bold white on red",
    notice="bold green",
    hint="cyan",
    cursor="reverse",
    qr="black on white",
    bar="white on blue",
    bar_good="bold white on blue",
    bar_warn="bold yellow on blue",
    bar_bad="bold white on red",
    bar_strong="bold yellow on blue",
)

COMPTOIR: Final = Theme(
    name="comptoir",
    primary="#2f9e83",
    secondary="#17705a",
    accent="#ffc94d",
    foreground="#d8d4ca",
    background="#0d1314",
    surface="#121b1b",
    panel="#16211f",
    success="#7fd48f",
    warning="#f0b429",
    error="#ff7b72",
    variables={"frame": "#35504a", "frame-strong": "#2f9e83"},
)
CONSOLE: Final = Theme(
    name="comptoir-console",
    ansi=True,
    primary="ansi_green",
    secondary="ansi_cyan",
    accent="ansi_yellow",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "frame": "ansi_cyan",
        "frame-strong": "ansi_green",
    },
)


def choose(environment: Mapping[str, str]) -> tuple[Theme, Palette]:
    """The colours for this terminal: the Linux console, or a wish for it, gets the sixteen."""
    plain = environment.get("TERM", "") in {"linux", "vt220", "vt100", "ansi", "screen.linux"}
    wished = environment.get("TEXTUAL_THEME", "").startswith("ansi")
    return (CONSOLE, SIXTEEN) if plain or wished else (COMPTOIR, FULL)
