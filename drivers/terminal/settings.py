"""How one card terminal is spoken to, and the limits of every wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.card.concert import Form, Variant
from drivers.errors import LocalProtocolError

ANSWER_TIMEOUT_S_MIN: Final = 10.0
ENQ_TRIES_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a Concert V2 terminal; the defaults suit one on USB in E+.

    `echoes_reference`: the private data come back untouched, so an answer that bears
    another reference is not ours. `eot_may_be_missing`: the terminal ends a session
    without EOT; a probe then has to confirm that it is done. `listen_first_s`: how
    long a line just opened is left to a terminal that has something to say.
    Raises LocalProtocolError for a value that would lose answers.
    """

    variant: Variant = Variant.E_PLUS
    ask_card_number: bool = False
    force_online: bool = False
    echoes_reference: bool = False
    eot_may_be_missing: bool = False
    probe_before: bool = True
    answer_timeout_s: float = 180.0
    enq_tries: int = 3
    enq_pause_s: float = 1.0
    listen_first_s: float = 2.0
    start_timeout_s: float = 10.0
    session_timeout_s: float = 30.0
    write_timeout_s: float = 3.0

    def __post_init__(self) -> None:
        """Refuse what would lose answers."""
        if self.answer_timeout_s < ANSWER_TIMEOUT_S_MIN:
            raise LocalProtocolError(f"answer_timeout_s: expected {ANSWER_TIMEOUT_S_MIN} or more")
        if not 1 <= self.enq_tries <= ENQ_TRIES_MAX:
            raise LocalProtocolError(f"enq_tries: expected 1 to {ENQ_TRIES_MAX}")

    @property
    def form(self) -> Form:
        """How this terminal's requests are written."""
        return Form(self.variant, self.ask_card_number, self.force_online)
