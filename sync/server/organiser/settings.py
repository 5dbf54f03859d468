"""Whether settings of a campaign can be what somebody meant, before they are kept."""

from __future__ import annotations

import msgspec

from sync.server.errors import refuse
from sync.server.money.settings import Settings
from sync.server.reference import iban
from sync.server.reference.errors import BadIban
from sync.server.settlement.pain001 import NAME_CHARS_MAX, latin


def checked(settings: Settings) -> Settings:
    """Settings with a payer that banks can read; Refused, with what was expected."""
    if settings.debtor_name and not latin(settings.debtor_name, NAME_CHARS_MAX):
        raise refuse("malformed", "debtor_name: expected a name in Latin letters")
    if not settings.debtor_iban:
        return settings
    try:
        account = iban.check(settings.debtor_iban)
    except BadIban as error:
        raise refuse("malformed", f"debtor_iban: {error}") from error
    return msgspec.structs.replace(settings, debtor_iban=account)
