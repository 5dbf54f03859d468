"""`python -m pos` is the same as `comptoir`."""

from __future__ import annotations

from pos.cli import main

main()
