"""Numbers that stand in addresses."""

from __future__ import annotations

from starlette.requests import Request

from sync.server.errors import refuse


def number_of(request: Request, name: str) -> int:
    """A number out of an address; Refused (not-found) for what is none."""
    text = str(request.path_params[name])
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise refuse("not-found", f"expected the number of a {name}")
    return int(text)
