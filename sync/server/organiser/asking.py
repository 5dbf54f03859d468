"""Asking once more before what cannot be undone.

A form that comes without a yes is answered by a page that says what it would do; its fields are
carried on to the button that says yes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from sync.server.organiser.shell import Led, Shell

SURE: Final = "sure"
YES: Final = "yes"
BACK: Final = "back"  # to the form, with what was typed


def ask(
    shell: Shell,
    request: Request,
    led: Led,
    template: str,
    fields: Iterable[tuple[str, str]],
    **values: Any,
) -> Response:
    """The page that asks: a template that fills in organiser/ask.html."""
    carried = [(name, value) for name, value in fields if name != SURE]
    return shell.render(request, template, led, fields=carried, **values)
