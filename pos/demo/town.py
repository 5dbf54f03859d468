"""The demonstration's town: who pays for its campaign, by which rules, and where its shops are."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from pos.demo.shop import CAMPAIGN_ID, CAMPAIGN_NAME, SECOND_SHOP, SHOP_NAME
from sync.contract.funds import NewFund
from sync.contract.organising import ShopFacts
from sync.contract.rewards.rules import Limit, Percent, RulePack

DAYS_BEFORE: Final = 60  # the baskets of past days earn too
DAYS_AFTER: Final = 30
# A bank's published example account, and no shop's.
_IBAN: Final = "FR7630006000011234567890189"
FUNDS: Final = (
    NewFund(sponsor="Ville", kind="city", name="Commerce de proximité", cents=3_000_000),
    NewFund(sponsor="Région", kind="region", name="Relance", cents=2_000_000),
    NewFund(sponsor="Chambre de commerce", kind="cci", name="Animation", cents=500_000),
)
FACTS: Final = {
    SHOP_NAME: ShopFacts(
        naf="4711B",
        address="12 rue de la Loge",
        postcode="34000",
        town="Montpellier",
        district="Écusson",
        iban=_IBAN,
        hours="Mo-Sa 08:00-20:00; Su 09:00-13:00",
    ),
    SECOND_SHOP: ShopFacts(
        naf="4761Z",
        address="3 place de la Comédie",
        postcode="34000",
        town="Montpellier",
        district="Comédie",
        iban=_IBAN,
        hours="Tu-Sa 10:00-19:00",
    ),
}


def rules(today: date) -> RulePack:
    """20 % of the first 50 euros, 30 euros a person and day, spendable at once."""

    def midnight(days: int) -> str:
        return f"{(today + timedelta(days=days)).isoformat()}T00:00:00.000+01:00"

    return RulePack(
        campaign=CAMPAIGN_ID,
        number=1,
        name=CAMPAIGN_NAME,
        starts_at=midnight(-DAYS_BEFORE),
        ends_at=midnight(DAYS_AFTER),
        spend_until_at=midnight(2 * DAYS_AFTER),
        rules=(Percent(id="vingt-pour-cent", rate=2000, base_max=5000),),
        limits=(Limit(action="earn", scope="person", period="day", most=3000),),
        pending_days=0,
    )
