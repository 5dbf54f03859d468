"""How a ZVT terminal is spoken to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from drivers.card.interface import is_digits
from drivers.card.settings import Settings
from drivers.card.zvt.slips import Charset
from drivers.errors import LocalProtocolError

PASSWORD_DIGITS: Final = 6
# Bits of the registration's configuration: the till wants the intermediate status; it prints the
# papers of payments and of the terminal's own jobs, from print commands; both start on the till.
TILL_GETS_NEWS: Final = 0x08
TILL_PRINTS: Final = 0xBE


@dataclass(frozen=True, slots=True, kw_only=True)
class ZvtSettings(Settings):
    """The settings of a ZVT terminal; the defaults suit one on the network, port 20007.

    `password` is the cashier's, six digits. `receipts`: the till is given the papers; without it
    the terminal prints them. `config_byte` is the registration's configuration where neither way
    suits. `charset` is what the terminal writes its texts in. `abort`: the till may end a running
    payment (06 B0), which some do not support. `mirrors_id`: tell the terminal the last receipt
    number known (TLV 1F1F), on which one that supports it takes back what the till never heard of.
    `on_serial`: in DLE frames on a serial line. `t3_s`: how long a command may go unanswered,
    `ack_timeout_s` the same for a frame; `close_timeout_s`: how long a result may wait for the
    dialogue's end. `busy_budget_s`: how long a terminal that says "wait" is asked again.
    Raises LocalProtocolError for a value that would lose answers.
    """

    password: str = field(default="000000", repr=False)
    receipts: bool = False
    config_byte: int | None = None
    charset: Charset = Charset.CP437
    abort: bool = True
    mirrors_id: bool = False
    on_serial: bool = False
    t3_s: float = 5.0
    ack_timeout_s: float = 5.0
    close_timeout_s: float = 30.0
    busy_budget_s: float = 20.0

    def __post_init__(self) -> None:
        """Refuse what no terminal could be sent."""
        Settings.__post_init__(self)
        if not is_digits(self.password, PASSWORD_DIGITS):
            raise LocalProtocolError(f"password: expected {PASSWORD_DIGITS} digits")
        if self.config_byte is not None and not 0 <= self.config_byte <= 0xFF:
            raise LocalProtocolError("config_byte: expected one byte")
        if min(self.t3_s, self.ack_timeout_s, self.close_timeout_s) <= 0:
            raise LocalProtocolError("t3_s, ack_timeout_s, close_timeout_s: expected more than 0")

    @property
    def configuration(self) -> int:
        """The configuration byte of the registration."""
        if self.config_byte is not None:
            return self.config_byte
        return TILL_PRINTS if self.receipts else TILL_GETS_NEWS

    @property
    def tells_last(self) -> bool:
        """Whether the terminal is asked for its last operation: usual in this protocol."""
        return self.profile.repeats_last is not False
