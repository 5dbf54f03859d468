"""How a card terminal is spoken to: what this one is known to do, and the limit of every wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.errors import LocalProtocolError

ANSWER_TIMEOUT_S_MIN: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one terminal is known to do; the defaults are the safe ones.

    `echoes_reference`: it gives our reference back untouched, so that an answer with another
    reference is not ours. `keeps_answers`: it offers an answer again that was not acknowledged, so
    that a line just opened is listened to for longer. `reverses`: it takes back by itself a payment
    whose result was not acknowledged. `repeats_last`: it tells its last operation when asked; None
    stands for what its protocol makes usual. `tips`: the customer may add to the amount there.
    """

    echoes_reference: bool = False
    keeps_answers: bool = False
    reverses: bool = False
    repeats_last: bool | None = None
    tips: bool = False


SAFE: Final = Profile()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What all protocols share.

    `answer_timeout_s`: how long a customer may take. `start_timeout_s`: how long an attempt may
    wait for the line. `listen_first_s`: how long a line just opened is left to a terminal that has
    something to say, `listen_kept_s` the same for one that keeps its answers. `ask_again_s`: the
    pause between two questions about an attempt whose end is unknown.
    Raises LocalProtocolError for a value that would lose answers.
    """

    profile: Profile = SAFE
    answer_timeout_s: float = 180.0
    start_timeout_s: float = 10.0
    listen_first_s: float = 2.0
    listen_kept_s: float = 5.0
    ask_again_s: float = 15.0
    probe_before: bool = True
    probe_tries: int = 3
    write_timeout_s: float = 3.0

    def __post_init__(self) -> None:
        """Refuse what would lose answers."""
        if self.answer_timeout_s < ANSWER_TIMEOUT_S_MIN:
            raise LocalProtocolError(f"answer_timeout_s: expected {ANSWER_TIMEOUT_S_MIN} or more")

    @property
    def greeting_s(self) -> float:
        """How long a line just opened belongs to the terminal."""
        return self.listen_kept_s if self.profile.keeps_answers else self.listen_first_s
