"""Codes of the technical journal (chain `event`).

Codes up to 330 are those of NF525's event journal as certified vendors publish them; codes from 900
are our own. A code that is not understood is not used.
"""

from __future__ import annotations

from enum import IntEnum


class EventCode(IntEnum):
    """What happened."""

    SIGN_OFF = 40
    PERIOD_CLOSED = 50
    SIGN_ON = 80
    INTEGRITY_DEFECT = 90
    EXPORT = 110
    APPROVAL = 130
    NEW_VERSION = 250
    SETTINGS_CHANGED = 270
    CLOSING_STARTED = 330
    INSTALLED = 901
    KEY_RENEWED = 902
    CLOCK_WENT_BACK = 907
    LINE_VOIDED = 910
    SALE_PARKED = 911
    PRICE_OVERRIDDEN = 912
    DISCOUNTED = 913
    PRINT_FAILED = 915
    CARD_TROUBLE = 916
    CATALOGUE_CHANGED = 930
    SALE_RECALLED = 961
    SALE_CANCELLED = 962
    STAFF_CHANGED = 963
    STARTED = 964


def event(code: EventCode, /, **details: object) -> dict[str, object]:
    """The `data` of an event entry; details are canonical JSON values."""
    return {"code": int(code), "name": code.name.lower(), "details": details}
