"""A campaign's funds and settings out of the fields of forms, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sync.contract.funds import NewFund, Purpose, SponsorKind
from sync.contract.rewards.split import Mode
from sync.server.errors import Refused
from sync.server.money.settings import Settings
from sync.server.organiser.fields import (
    BadField,
    Form,
    basis_points,
    cents,
    day,
    euros,
    listed,
    one_of,
    percent,
    whole,
)
from sync.server.organiser.settings import checked
from sync.server.reference import iban
from sync.server.reference.errors import BadIban

_NONE: Final[tuple[str, ...]] = ()
_AMOUNTS: Final = ("lease_min", "lease_max", "wallet_floor", "settle_min")
_SHARES: Final = ("leased_share", "risk_share")


def read_fund(form: Form) -> NewFund | None:
    """The fund that a form says; None, with form.problems, when it cannot be read."""
    said = {
        "sponsor": form.name("sponsor"),
        "kind": form.need("kind", one_of(SponsorKind), ""),
        "name": form.name("fund_name"),
        "cents": form.need("cents", cents, 0),
        "purpose": form.need("purpose", one_of(Purpose), ""),
        "restriction": {
            "districts": form.read("districts", listed, _NONE),
            "nafs": form.read("nafs", _nafs, _NONE),
            "from_day": form.read("from_day", day, "") or None,
            "until_day": form.read("until_day", day, "") or None,
        },
    }
    fund: NewFund | None = _converted(said, NewFund, form)
    return fund


def read_settings(form: Form) -> Settings | None:
    """The settings that a form says; None, with form.problems, when they cannot be."""
    said: dict[str, Any] = {
        "share_mode": form.need("share_mode", one_of(Mode), ""),
        **{name: form.need(name, cents, 0) for name in _AMOUNTS},
        **{name: form.need(name, basis_points, 0) for name in _SHARES},
        "pacing": form.need("pacing", whole, 0),
        "territory": form.read("territory", _postcodes, _NONE),
        "debtor_name": form.text("debtor_name"),
        "debtor_iban": form.read("debtor_iban", _account, ""),
    }
    found: Settings | None = _converted(said, Settings, form)
    if found is None:
        return None
    if found.lease_min > found.lease_max:
        form.problems["lease_min"] = "above_lease_max"
        return None
    try:
        return checked(found)
    except Refused:
        form.problems["debtor_name"] = "expected_latin"
        return None


def settings_fields(settings: Settings) -> dict[str, list[str]]:
    """The fields that say these settings."""
    said = {
        "share_mode": settings.share_mode,
        **{name: euros(getattr(settings, name)) for name in _AMOUNTS},
        **{name: percent(getattr(settings, name)) for name in _SHARES},
        "pacing": str(settings.pacing),
        "territory": ", ".join(settings.territory),
        "debtor_name": settings.debtor_name,
        "debtor_iban": iban.grouped(settings.debtor_iban),
    }
    return {name: [value] for name, value in said.items()}


def _converted(said: Mapping[str, Any], kind: Any, form: Form) -> Any:
    """Checks every bound that the contract has."""
    if form.problems:
        return None
    try:
        return msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        form.problems[""] = str(error)
        return None


def _nafs(typed: str) -> tuple[str, ...]:
    """Beginnings of codes, as they are kept: without the point that people write."""
    found = tuple(one.replace(".", "").upper() for one in listed(typed))
    if not all(one.isalnum() and one.isascii() and len(one) <= 5 for one in found):
        raise BadField("expected_naf")
    return found


def _postcodes(typed: str) -> tuple[str, ...]:
    """Postcodes, or how they begin."""
    found = listed(typed)
    if not all(one.isdecimal() and one.isascii() and 2 <= len(one) <= 5 for one in found):
        raise BadField("expected_postcodes")
    return tuple(found)


def _account(typed: str) -> str:
    try:
        return iban.check(typed)
    except BadIban:
        raise BadField("expected_account") from None
