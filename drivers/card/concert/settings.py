"""How a Concert V2 terminal is spoken to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.card.concert.record import Form, Variant
from drivers.card.settings import Settings
from drivers.errors import LocalProtocolError

ENQ_TRIES_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcertSettings(Settings):
    """The settings of a Concert V2 terminal; the defaults suit one on USB in E+.

    `eot_may_be_missing`: the terminal ends a session without EOT; a probe then has to confirm that
    it is done. Raises LocalProtocolError for a value that would lose answers.
    """

    variant: Variant = Variant.E_PLUS
    ask_card_number: bool = False
    force_online: bool = False
    eot_may_be_missing: bool = False
    enq_tries: int = 3
    enq_pause_s: float = 1.0
    session_timeout_s: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what would lose answers."""
        Settings.__post_init__(self)
        if not 1 <= self.enq_tries <= ENQ_TRIES_MAX:
            raise LocalProtocolError(f"enq_tries: expected 1 to {ENQ_TRIES_MAX}")

    @property
    def form(self) -> Form:
        """How this terminal's requests are written."""
        return Form(self.variant, self.ask_card_number, self.force_online)
