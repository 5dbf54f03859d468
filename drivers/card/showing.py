"""Telling the screen where an attempt is: the one thing that may fail without any consequence."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drivers.card.interface import Progress, Recorder

logger = logging.getLogger(__name__)


def show(recorder: Recorder, reference: str, progress: Progress, text: str = "") -> None:
    """Show where an attempt is; a screen that fails must not touch a payment."""
    try:
        recorder.progress(reference, progress, text)
    except Exception:
        logger.exception("progress of %s could not be shown", reference)
