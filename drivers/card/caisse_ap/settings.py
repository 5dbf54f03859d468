"""How a Caisse-AP terminal is spoken to."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from drivers.card.concert.settings import ConcertSettings
from drivers.card.interface import is_digits
from drivers.card.settings import Settings
from drivers.errors import LocalProtocolError

# The association gives each maker of tills its own; terminals take this one of its documents.
REGISTER_ID: Final = "012345678901"
REGISTER_ID_DIGITS: Final = 12


class Version(StrEnum):
    """The versions of the protocol that a till may announce."""

    V3_00 = "0300"
    V3_01 = "0301"
    V3_10 = "0310"
    V3_20 = "0320"


class Ticket(StrEnum):
    """Whose ticket the terminal is asked to tell as text, as CK codes it."""

    NONE = ""
    CUSTOMER = "0"
    MERCHANT = "1"
    BOTH = "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How requests are written for one terminal.

    `append_crlf`: a terminal that rejects everything may want a line end after each request.
    """

    version: Version = Version.V3_20
    register_id: str = REGISTER_ID
    ticket: Ticket = Ticket.NONE
    force_online: bool = False
    append_crlf: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaisseApSettings(Settings):
    """The settings of a Caisse-AP terminal; the defaults suit one on the network, port 8888.

    `on_link`: it hangs on a serial line or USB, where the fields travel inside the Concert link;
    `eot_may_be_missing` and `probe_before` matter only there. `register_id` is the till maker's
    number (CJ). Raises LocalProtocolError for a value that would lose answers.
    """

    version: Version = Version.V3_20
    register_id: str = REGISTER_ID
    ticket: Ticket = Ticket.NONE
    force_online: bool = False
    append_crlf: bool = False
    on_link: bool = False
    eot_may_be_missing: bool = False

    def __post_init__(self) -> None:
        """Refuse what no terminal could be sent."""
        Settings.__post_init__(self)
        if not is_digits(self.register_id, REGISTER_ID_DIGITS):
            raise LocalProtocolError(f"register_id: expected {REGISTER_ID_DIGITS} digits")

    @property
    def form(self) -> Form:
        """How this terminal's requests are written."""
        return Form(
            version=self.version,
            register_id=self.register_id,
            ticket=self.ticket,
            force_online=self.force_online,
            append_crlf=self.append_crlf and not self.on_link,
        )

    @property
    def repeats_last(self) -> bool:
        """Whether the terminal tells its last operation: only where it is known to."""
        return self.profile.repeats_last is True

    @property
    def link(self) -> ConcertSettings:
        """The same for the Concert link."""
        shared = {field.name: getattr(self, field.name) for field in fields(Settings)}
        return ConcertSettings(**shared, eot_may_be_missing=self.eot_may_be_missing)
