"""The rules of a campaign: a form with presets, an expert's box, a preview, the versions before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.errors import ContractError
from sync.contract.rewards.check import check
from sync.contract.rewards.rules import FAMILIES, OWN_MONEY, RulePack
from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.html import read_fields
from sync.server.money.campaigns import Version, find_pack, publish_rules, standing, versions
from sync.server.operation import FORM, Pages, page
from sync.server.organiser.fields import ZONES, Form
from sync.server.organiser.rules_fields import to_fields
from sync.server.organiser.rules_form import LIMITS, TIERS, from_fields, read_pack
from sync.server.organiser.rules_presets import PRESETS, first_fields, with_preset
from sync.server.organiser.rules_preview import preview
from sync.server.organiser.shell import Led, Shell
from sync.server.organiser.words import fields as field_words
from sync.server.organiser.words import rules as words
from sync.server.services import Services
from sync.server.store.db import Db

FIELDS_MAX: Final = 150
BYTES_MAX: Final = 64 * 1024
_PATH: Final = "/campaigns/{campaign}/rules"
_CHOICES: Final = {
    "families": FAMILIES,
    "own_money": OWN_MONEY,
    "zones": ZONES,
    "tiers": range(TIERS),
    "limits": range(LIMITS),
    "presets": tuple(PRESETS),
}


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the campaign has: the pack to start from, and the versions that were published."""

    pack: RulePack | None
    versions: list[Version]


class RulesPages:
    """The editor of the rules."""

    PAGES: ClassVar[Pages] = (
        (
            page("rules", "GET", _PATH, "The editor", parameters=("preset", "version")),
            "editor",
        ),
        (
            page("editRules", "POST", _PATH, "Preview rules, or put them in force", body=FORM),
            "edit",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._shell = Shell(services, field_words.TEXTS, words.TEXTS)

    async def editor(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/rules. `version` starts from an earlier one."""
        led = await self._shell.led(request)
        kept = await self._store.read(lambda db: _kept(db, led.id, request.query_params))
        fields = first_fields(led.name) if kept.pack is None else to_fields(kept.pack)
        preset = request.query_params.get("preset", "")
        if preset and preset not in PRESETS:
            raise refuse("not-found", f"preset: expected one of {', '.join(PRESETS)}")
        if preset:
            fields = with_preset(fields or first_fields(led.name), preset)
        text = "" if kept.pack is None else _written(kept.pack)
        form = None if fields is None else Form(fields)
        return self._editor(request, led, kept, form, text=text)

    async def edit(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/rules. `act`: preview, publish; `pack`: an expert's JSON."""
        led = await self._shell.led(request)
        said = await read_fields(request, FIELDS_MAX, BYTES_MAX)
        form, act = Form(said), (said.get("act") or [""])[-1]
        expert = "pack" in said
        pack = _read(led.id, form.text("pack"), form) if expert else from_fields(led.id, form)
        if pack is not None and _makes_sense(pack, form) and act == "publish":
            return await self._publish(led, pack)
        kept = await self._store.read(lambda db: _kept(db, led.id, {}))
        shown: dict[str, Any] = {"problems": form.problems, "is_expert": expert}
        if pack is not None and not form.problems:
            shown["preview"] = preview(pack, stamp(self._services.clock.now()))
        text = form.text("pack") if expert else _written(pack) if pack else ""
        fields = (to_fields(pack) if pack and not form.problems else None) if expert else said
        status = 422 if form.problems else 200
        again = None if fields is None else Form(fields)
        return self._editor(request, led, kept, again, status, text=text, **shown)

    async def _publish(self, led: Led, pack: RulePack) -> Response:
        key, now = self._services.secrets.key, stamp(self._services.clock.now())
        await self._store.write(lambda db: publish_rules(db, pack, key, led.who.by, now), led.id)
        self._services.hub.ring(led.id)
        return RedirectResponse(f"{led.path}/rules", 303)

    def _editor(
        self,
        request: Request,
        led: Led,
        kept: _Kept,
        form: Form | None,
        status: int = 200,
        /,
        **values: Any,
    ) -> Response:
        shown: dict[str, Any] = {"problems": {}, "is_expert": False, "preview": None}
        shown |= {"form": form, "kept": kept, **_CHOICES}
        return self._shell.render(request, "rules", led, status, **(shown | values))


def _kept(db: Db, campaign: str, query: Mapping[str, str]) -> _Kept:
    now_is, found = standing(db, campaign), versions(db, campaign)
    typed = query.get("version", "")
    if not typed:
        return _Kept(now_is.pack, found)
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0
    version = find_pack(db, campaign, number)
    if version is None:
        raise refuse("not-found", "version: expected the number of a version of these rules")
    return _Kept(version.rules, found)


def _read(campaign: str, typed: str, form: Form) -> RulePack | None:
    """The pack that the expert's box says."""
    if "\\u0000" in typed:
        form.problems[""] = "a text holds a NUL character"
        return None
    try:
        said = msgspec.json.decode(typed.encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        form.problems[""] = str(error)
        return None
    if isinstance(said, dict):
        said = {"campaign": campaign, "number": 1, **said}
    pack = read_pack(said, form.problems)
    if pack is not None and pack.campaign != campaign:
        form.problems[""] = f"campaign: expected {campaign}"
        return None
    return pack


def _makes_sense(pack: RulePack, form: Form) -> bool:
    try:
        check(pack)
    except ContractError as error:
        form.problems[""] = str(error)
    return not form.problems


def _written(pack: RulePack) -> str:
    """A pack as the expert's box shows it: without what is given by itself."""
    said = msgspec.to_builtins(pack)
    said.pop("number", None)
    said.pop("campaign", None)
    return msgspec.json.format(msgspec.json.encode(said), indent=2).decode("utf-8")
