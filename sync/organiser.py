"""A campaign server, as its organiser calls it: campaigns, shops, pairing codes, the overview."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from sync.answers import read_answer, read_status_list
from sync.contract.funds import NewFund
from sync.contract.messages import (
    Message,
    Named,
    NewCampaign,
    NewPairingCode,
    NewShop,
    PairingCode,
    Shop,
    UplinkAnswer,
)
from sync.contract.organising import (
    Audit,
    CampaignStanding,
    Figures,
    NewState,
    PledgedFund,
    PublishedRules,
    Settlement,
    ShopFacts,
)
from sync.contract.overview import Status
from sync.contract.rewards.rules import RulePack
from sync.contract.status_list import list_path
from sync.contract.stick import StickAnswer, StickEntries, StickQuestion
from sync.ports import Clock, Request, Transport

ADDRESS_FILE: Final = "address"
TOKEN_FILE: Final = "admin-token"  # noqa: S105 - the name of a file
ANSWER_SECONDS: Final = 20.0
T = TypeVar("T", bound=Message)


def utc_now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


class OrganiserClient:
    """The organiser's endpoints of one server. Methods raise SyncError."""

    def __init__(self, transport: Transport, token: str, clock: Clock = utc_now) -> None:
        self._transport = transport
        self._token = token
        self._clock = clock

    def create_campaign(self, campaign: str, name: str) -> Named:
        """Make a campaign; Rejected when its id is taken."""
        return self._post("/v1/admin/campaigns", NewCampaign(id=campaign, name=name), Named)

    def create_shop(self, campaign: str, name: str) -> Shop:
        """Enrol a shop in a campaign."""
        return self._post("/v1/admin/shops", NewShop(campaign=campaign, name=name), Shop)

    def pairing_code(self, shop: str) -> PairingCode:
        """A code that one till of this shop may use once."""
        return self._post("/v1/admin/pairing-codes", NewPairingCode(shop=shop), PairingCode)

    def publish_rules(self, pack: RulePack) -> PublishedRules:
        """Put rules in force; Rejected with all that is wrong with them."""
        return self._post(_of(pack.campaign, "rules"), pack, PublishedRules)

    def pledge(self, campaign: str, fund: NewFund) -> PledgedFund:
        """Book what a sponsor promises."""
        return self._post(_of(campaign, "funds"), fund, PledgedFund)

    def set_state(self, campaign: str, new: NewState) -> CampaignStanding:
        """Open, pause or end a campaign."""
        return self._post(_of(campaign, "state"), new, CampaignStanding, 200)

    def write_shop(self, campaign: str, shop: str, facts: ShopFacts) -> ShopFacts:
        """Keep what is known of a shop beside its name."""
        body = msgspec.json.encode(facts)
        return self._ask("PUT", _of(campaign, f"shops/{shop}"), body, 200, ShopFacts)

    def audit(self, campaign: str) -> Audit:
        """The invariants of a campaign's money, worked out anew."""
        return self._ask("GET", _of(campaign, "audit"), b"", 200, Audit)

    def figures(self, campaign: str) -> Figures:
        """What a campaign came to so far."""
        return self._ask("GET", _of(campaign, "figures"), b"", 200, Figures)

    def settle(self, campaign: str) -> Settlement:
        """Prepare what its shops are paid; Rejected when no shop is owed anything."""
        return self._ask("POST", _of(campaign, "settlements"), b"{}", 201, Settlement)

    def bring(self, stick: str, entries: list[str]) -> UplinkAnswer:
        """Book a piece of a till's file, under its head; Rejected as for the till itself."""
        piece = StickEntries(stick=stick, entries=entries)
        return self._post("/v1/admin/sticks/entries", piece, UplinkAnswer, 200)

    def stick_answer(self, stick: str) -> StickAnswer:
        """What a till's file is answered, but for the status lists."""
        question = StickQuestion(stick=stick)
        return self._post("/v1/admin/sticks/answer", question, StickAnswer, 200)

    def status_list(self, campaign: str, batch: int) -> tuple[str, str]:
        """The status list of a batch, signed, and its version."""
        answer = self._transport.request(Request("GET", list_path(campaign, batch), ANSWER_SECONDS))
        return read_status_list(answer, self._clock())

    def status(self) -> Status:
        """Shops, tills, last entries, turnover by day."""
        return self._ask("GET", "/v1/status", b"", 200, Status)

    def _post(self, target: str, message: Message, kind: type[T], status: int = 201) -> T:
        return self._ask("POST", target, msgspec.json.encode(message), status, kind)

    def _ask(self, method: str, target: str, body: bytes, status: int, kind: type[T]) -> T:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = Request(method, target, ANSWER_SECONDS, headers, body)
        return read_answer(self._transport.request(request), status, kind, self._clock())


def _of(campaign: str, what: str) -> str:
    return f"/v1/admin/campaigns/{campaign}/{what}"


@contextmanager
def organiser_at(folder: Path) -> Iterator[OrganiserClient]:
    """The client of the server that works in a folder; OSError when none ever did, SyncError."""
    from sync.http import HttpTransport

    origin = (folder / ADDRESS_FILE).read_text(encoding="ascii").strip()
    token = (folder / TOKEN_FILE).read_text(encoding="ascii").strip()
    transport = HttpTransport(origin)
    try:
        yield OrganiserClient(transport, token)
    finally:
        transport.close()
