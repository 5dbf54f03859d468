"""Creating a campaign: its feed starts with the server's key, so that tills know who signs."""

from __future__ import annotations

from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.money.campaigns import begin
from sync.server.services import Services
from sync.server.store.db import Db
from sync.server.tills.feed import News, publish


async def create_campaign(services: Services, campaign: str, name: str) -> None:
    """Create a campaign, as a draft; Refused when there is one of this id."""
    now, key = stamp(services.clock.now()), services.secrets.key
    news = News(campaign, "server-key", {"server_key": key.public.pem})

    def work(db: Db) -> None:
        if db.execute("SELECT 1 FROM campaign WHERE id = ?", (campaign,)).fetchone():
            raise refuse("exists", f"campaign {campaign}")
        db.execute("INSERT INTO campaign VALUES (?, ?, ?)", (campaign, name, now))
        begin(db, campaign, now)
        publish(db, news, key, now)

    await services.store.write(work, campaign)
