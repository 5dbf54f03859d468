"""The demonstration's campaign: its server, the till's enrolment, and what was received."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pos.bootstrap import Till, machine, now
from pos.config import ShopConfig
from pos.demo.processes import Process
from pos.demo.shop import CAMPAIGN_ID, CAMPAIGN_NAME, SHOP_NAME
from pos.demo.town import FACTS, FUNDS, rules
from pos.store.folder import DataFolder
from sync.contract.entry import CAMPAIGN_PREFIX
from sync.contract.organising import NewState
from sync.organiser import ADDRESS_FILE, organiser_at

if TYPE_CHECKING:
    from pos.demo.box import Box
    from sync.contract.overview import CampaignStatus
    from sync.organiser import OrganiserClient

LOOK_EVERY_S: Final = 0.2


def server_process(folder: Path, logs: Path) -> Process:
    """The campaign server on its own folder, on the port that it had before."""
    address = folder / ADDRESS_FILE
    port = address.read_text(encoding="ascii").rpartition(":")[2] if address.exists() else "0"
    arguments = ["server", "--port", port, "--open-pages", "--data", str(folder)]
    return Process("server", arguments, logs)


def sync_process(folder: DataFolder, logs: Path) -> Process:
    """The sync of this till."""
    return Process("sync", ["sync", "--data", str(folder.path)], logs)


def enrol_till(folder: DataFolder, url: str, server_folder: Path, shop: ShopConfig) -> None:
    """Enrol the till in the demonstration's campaign, unless it is already."""
    from pos.campaign_link import open_link

    with open_link(folder, machine(), now) as link:
        if any(one.campaign == CAMPAIGN_ID for one in link.state.enrolments(link.identity.epoch)):
            return
        link.enrol(url, _new_code(server_folder, shop.name), shop.till)


def _new_code(server_folder: Path, shop: str) -> str:
    with organiser_at(server_folder) as client:
        if not any(c.id == CAMPAIGN_ID for c in client.status().campaigns):
            _open_campaign(client)
        made = client.create_shop(CAMPAIGN_ID, shop)
        client.write_shop(CAMPAIGN_ID, made.id, FACTS.get(shop, FACTS[SHOP_NAME]))
        return client.pairing_code(made.id).code


def _open_campaign(client: OrganiserClient) -> None:
    """A campaign with money and rules, so that every sale earns."""
    client.create_campaign(CAMPAIGN_ID, CAMPAIGN_NAME)
    for fund in FUNDS:
        client.pledge(CAMPAIGN_ID, fund)
    client.publish_rules(rules(now().date()))
    client.set_state(CAMPAIGN_ID, NewState(state="open"))


def server_status(server_folder: Path) -> CampaignStatus | None:
    """What the server shows of the campaign."""
    with organiser_at(server_folder) as client:
        found = [c for c in client.status().campaigns if c.id == CAMPAIGN_ID]
    return found[0] if found else None


def server_total(server_folder: Path) -> int:
    """The turnover that the server booked, in cents."""
    status = server_status(server_folder)
    return status.turnover.total_cents if status else 0


def wait_for_grants(till: Till, wait_s: float) -> bool:
    """Wait until the till knows the rules and has something to promise; whether it does."""
    until = time.monotonic() + wait_s
    while not any(one.told.rules and one.told.leases for one in till.desk.ports.campaigns.grants()):
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def wait_for_sync(till: Till, wait_s: float) -> bool:
    """Wait until nothing of a till waits to be sent; whether that came."""
    until = time.monotonic() + wait_s
    while till.desk.ports.campaigns.link().waiting:
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def wait_for_server(box: Box, server_folder: Path, wait_s: float) -> int:
    """Wait until the server has acknowledged the whole chain; the number it acknowledged."""
    last = box.till.desk.ports.ledger.last(CAMPAIGN_PREFIX + CAMPAIGN_ID)
    wanted, until = last.payload.number if last else 0, time.monotonic() + wait_s
    while True:
        acknowledged = _acknowledged(server_folder)
        if acknowledged >= wanted or time.monotonic() > until:
            return acknowledged
        time.sleep(LOOK_EVERY_S)


def _acknowledged(server_folder: Path) -> int:
    status = server_status(server_folder)
    tills = [till for shop in status.shops for till in shop.tills] if status else []
    return max((till.last_number for till in tills if till.state == "active"), default=0)
