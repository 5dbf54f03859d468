"""The endpoints of a campaign's money: rules, funds, state, shops' facts, figures, settlement."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from sync.contract.funds import NewFund
from sync.contract.messages import SMALL_BODY_BYTES_MAX, Message
from sync.contract.organising import (
    Audit,
    AuditCheck,
    BankAnswer,
    CampaignStanding,
    Decision,
    Findings,
    FindingStatus,
    IssuedCarnets,
    NewCarnets,
    NewState,
    PledgedFund,
    PublishedRules,
    Settlement,
    SettlementLine,
    ShopFacts,
)
from sync.contract.rewards.rules import RulePack
from sync.server.access import Access, Who, require_shop
from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.means import RealMeans
from sync.server.money import campaigns, closing, findings
from sync.server.money.audit import audit
from sync.server.money.campaigns import standing
from sync.server.money.findings import Finding
from sync.server.money.funding import pledge
from sync.server.money.ledger import Ledger
from sync.server.money.reasons import name_of, values_of
from sync.server.money.settings import Settings
from sync.server.money.vouchers import issue_carnets
from sync.server.organiser.figures import figures
from sync.server.organiser.numbers import number_of
from sync.server.organiser.payment_file import payment_file, read_wish
from sync.server.organiser.reason_words import say
from sync.server.organiser.settings import checked
from sync.server.organiser.shops import check_facts, write_facts
from sync.server.services import Services, answer, read_json
from sync.server.settlement import runs
from sync.server.settlement.runs import Run
from sync.server.shops.territory import require_in_territory
from sync.server.store.db import Db

T = TypeVar("T")
RULES_BYTES_MAX = 64 * 1024


class MoneyApi:
    """Endpoints under /v1/admin/campaigns/{campaign}. All of them are the organiser's."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._access = Access(services)
        self._key = services.secrets.key

    async def publish_rules(self, request: Request) -> Response:
        """POST .../rules. A version is never changed; the next takes its place."""
        who, campaign = await self._organiser(request)
        pack = await read_json(request, RulePack, RULES_BYTES_MAX)
        if pack.campaign != campaign:
            raise refuse("malformed", f"the rules are those of {pack.campaign}")
        now = self._now()

        def work(db: Db) -> PublishedRules:
            made = campaigns.publish_rules(db, pack, self._key, who.by, now)
            return PublishedRules(number=made.rules.number, digest=made.digest)

        return answer(await self._write(campaign, work), 201)

    async def set_state(self, request: Request) -> Response:
        """POST .../state."""
        who, campaign = await self._organiser(request)
        new = await read_json(request, NewState, SMALL_BODY_BYTES_MAX)
        now = self._now()

        def work(db: Db) -> CampaignStanding:
            moved = campaigns.move(db, campaign, new.state, self._key, who.by, now)
            return CampaignStanding(campaign=campaign, state=moved.state)

        return answer(await self._write(campaign, work))

    async def pledge(self, request: Request) -> Response:
        """POST .../funds."""
        who, campaign = await self._organiser(request)
        new = await read_json(request, NewFund, SMALL_BODY_BYTES_MAX)
        now = self._now()

        def work(db: Db) -> PledgedFund:
            fund = pledge(db, campaign, new, who.by, now)
            return PledgedFund(id=fund.id, sponsor=fund.sponsor, name=fund.name, cents=fund.cents)

        return answer(await self._write(campaign, work), 201)

    async def carnets(self, request: Request) -> Response:
        """POST .../carnets: vouchers of a shop alone, for its tills to hand out on request."""
        who, campaign = await self._organiser(request)
        new = await read_json(request, NewCarnets, SMALL_BODY_BYTES_MAX)
        means, now = RealMeans(self._key), self._now()

        def work(db: Db) -> IssuedCarnets:
            pack = standing(db, campaign).pack
            if pack is None:
                raise refuse("malformed", f"{campaign} has no rules yet: publish them first")
            require_shop(db, campaign, new.shop)
            wish = (new.shop, new.value, new.count)
            made = issue_carnets(Ledger(db, campaign, now), *wish, pack, who.by, means)
            return IssuedCarnets(vouchers=made)

        return answer(await self._write(campaign, work), 201)

    async def shop_facts(self, request: Request) -> Response:
        """PUT .../shops/{shop}."""
        _, campaign = await self._organiser(request)
        facts = await read_json(request, ShopFacts, SMALL_BODY_BYTES_MAX)
        check_facts(facts)
        shop = request.path_params["shop"]

        def work(db: Db) -> None:
            require_in_territory(db, campaign, facts)
            write_facts(db, campaign, shop, facts)

        await self._write(campaign, work)
        return answer(facts)

    async def figures(self, request: Request) -> Response:
        """GET .../figures."""
        now = self._services.clock.now()
        return await self._look(request, lambda db, campaign: figures(db, campaign, now))

    async def audit(self, request: Request) -> Response:
        """GET .../audit."""
        return await self._look(request, _audit)

    async def findings(self, request: Request) -> Response:
        """GET .../findings."""
        return await self._look(request, _findings)

    async def decide(self, request: Request) -> Response:
        """POST .../findings/{finding}. The answer has what is still open."""
        who, campaign = await self._organiser(request)
        said = await read_json(request, Decision, SMALL_BODY_BYTES_MAX)
        number, now = number_of(request, "finding"), self._now()

        def work(db: Db) -> Findings:
            findings.decide(db, campaign, number, said.decision, who.by, now)
            return _findings(db, campaign)

        return answer(await self._write(campaign, work))

    async def settle(self, request: Request) -> Response:
        """POST .../settlements."""
        who, campaign = await self._organiser(request)
        now = self._now()

        def work(db: Db) -> Settlement:
            return _settlement(runs.prepare(Ledger(db, campaign, now), who.by))

        return answer(await self._write(campaign, work), 201)

    async def settlement(self, request: Request) -> Response:
        """GET .../settlements/{settlement}."""

        def look(db: Db, campaign: str) -> Settlement:
            return _settlement(runs.find_run(db, campaign, number_of(request, "settlement")))

        return await self._look(request, look)

    async def payment_file(self, request: Request) -> Response:
        """GET .../settlements/{settlement}/pain001."""
        _, campaign = await self._organiser(request)
        number, wish = number_of(request, "settlement"), read_wish(request.query_params)
        return await payment_file(self._services, campaign, number, wish)

    async def bank(self, request: Request) -> Response:
        """POST .../settlements/{settlement}/lines."""
        who, campaign = await self._organiser(request)
        said = await read_json(request, BankAnswer, SMALL_BODY_BYTES_MAX)
        number, now = number_of(request, "settlement"), self._now()

        def work(db: Db) -> Settlement:
            runs.confirm(Ledger(db, campaign, now), number, said.shop, said.state, who.by)
            return _settlement(runs.find_run(db, campaign, number))

        return answer(await self._write(campaign, work))

    async def close(self, request: Request) -> Response:
        """POST .../close. The answer is what the campaign came to, signed."""
        who, campaign = await self._organiser(request)
        now = self._now()

        def work(db: Db) -> bytes:
            return closing.close(Ledger(db, campaign, now), self._key, who.by).compact

        compact = await self._write(campaign, work)
        return Response(compact, media_type="application/jose")

    async def closing(self, request: Request) -> Response:
        """GET .../close."""
        _, campaign = await self._organiser(request)
        compact = await self._store.read(lambda db: closing.closing_of(db, campaign))
        if compact is None:
            raise refuse("not-found", f"{campaign} is not closed")
        return Response(compact, media_type="application/jose")

    async def settings(self, request: Request) -> Response:
        """GET .../settings."""
        return await self._look(request, lambda db, campaign: standing(db, campaign).settings)

    async def write_settings(self, request: Request) -> Response:
        """PUT .../settings."""
        who, campaign = await self._organiser(request)
        wanted = checked(await read_json(request, Settings, SMALL_BODY_BYTES_MAX))
        now = self._now()
        await self._write(
            campaign, lambda db: campaigns.change_settings(db, campaign, wanted, who.by, now)
        )
        return answer(wanted)

    async def _organiser(self, request: Request) -> tuple[Who, str]:
        """Who leads the campaign of an address, and which it is; Refused for anybody else."""
        campaign = str(request.path_params["campaign"])
        return await self._access.organiser(request, campaign), campaign

    async def _write(self, campaign: str, work: Callable[[Db], T]) -> T:
        done = await self._store.write(work, campaign)
        self._services.hub.ring(campaign)
        return done

    async def _look(self, request: Request, look: Callable[[Db, str], Message]) -> Response:
        _, campaign = await self._organiser(request)
        return answer(await self._store.read(lambda db: look(db, campaign)))

    def _now(self) -> str:
        return stamp(self._services.clock.now())


def _audit(db: Db, campaign: str) -> Audit:
    checks = [
        AuditCheck(name=one.name, holds=one.holds, figures=one.figures)
        for one in audit(db, campaign)
    ]
    return Audit(campaign=campaign, holds=all(one.holds for one in checks), checks=checks)


def _findings(db: Db, campaign: str) -> Findings:
    return Findings(findings=[_finding(one) for one in findings.listed(db, campaign)])


def _finding(one: Finding) -> FindingStatus:
    return FindingStatus(
        id=one.id,
        kind=one.kind,
        source=one.source.id,
        shop=one.shop,
        cents=one.cents,
        detail=say(one.detail, "en"),
        at=one.at,
        decision=one.decision,
        reason="" if isinstance(one.detail, str) else name_of(one.detail),
        values={} if isinstance(one.detail, str) else values_of(one.detail),
    )


def _settlement(run: Run) -> Settlement:
    lines = [
        SettlementLine(shop=one.shop, name=one.name, cents=one.cents, state=one.state)
        for one in run.lines
    ]
    return Settlement(id=run.id, cutoff=run.cutoff, cents=run.cents, lines=lines)
