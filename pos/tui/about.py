"""Questions about card attempts: one each at a time, closed when its attempt has moved on.

A question that stays open after the terminal has answered would let the cashier decide about
something that is no longer so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from textual.screen import ModalScreen

if TYPE_CHECKING:
    from pos.tui.app import TillApp

T = TypeVar("T")


class About:
    """The open questions, by the reference of their attempt."""

    def __init__(self, till: TillApp) -> None:
        self._till = till
        self._open: dict[str, ModalScreen[Any]] = {}

    def is_asking(self, reference: str) -> bool:
        """Whether the cashier is being asked about this attempt."""
        return reference in self._open

    async def ask(self, reference: str, question: ModalScreen[T | None]) -> T | None:
        """The answer; None when it was left, or closed because the attempt moved on."""
        self._open[reference] = question
        try:
            return await self._till.ask(question)
        finally:
            self._open.pop(reference, None)

    async def close(self, reference: str) -> None:
        """Take the question about an attempt off the screen."""
        question = self._open.get(reference)
        if question is not None and self._till.screen is question:
            await question.dismiss(None)
