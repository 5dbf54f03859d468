"""The areas that have pages: each names its addresses, and the methods that answer them.

A new area is one line in AREAS; the contract and the application are made from it.
"""

from __future__ import annotations

from typing import ClassVar, Final, Protocol

from sync.server.exports.pages import ExportPages
from sync.server.keeper.pages import KeeperPages
from sync.server.operation import Pages
from sync.server.organiser.account_pages import AccountPages
from sync.server.organiser.audit_pages import AuditPages
from sync.server.organiser.campaign_pages import CampaignPages
from sync.server.organiser.finding_pages import FindingPages
from sync.server.organiser.pages import HomePages
from sync.server.organiser.rules_pages import RulesPages
from sync.server.organiser.settlement_pages import SettlementPages
from sync.server.services import Services
from sync.server.shops.carnet_pages import CarnetPages
from sync.server.shops.letter_pages import LetterPages
from sync.server.shops.list_pages import ListPages
from sync.server.shops.shop_pages import ShopPages
from sync.server.tills.stick_pages import StickPages
from sync.server.watch.pages import DashboardPages


class Area(Protocol):
    """A class of pages. A method's name stands beside the operation that it answers."""

    PAGES: ClassVar[Pages]

    def __init__(self, services: Services) -> None:
        """Over one server's services."""


AREAS: Final[tuple[type[Area], ...]] = (
    HomePages,
    AccountPages,
    ShopPages,
    CarnetPages,
    ListPages,
    LetterPages,
    StickPages,
    CampaignPages,
    RulesPages,
    FindingPages,
    SettlementPages,
    AuditPages,
    DashboardPages,
    ExportPages,
    KeeperPages,
)
