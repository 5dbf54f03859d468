"""The link to the campaign: the server killed, the sync killed, the line broken in every way.

All the while the till sells, and must not notice. In the end the server has each entry once and the
same totals as the journal.
"""

from __future__ import annotations

import random
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from prove.campaign import Campaign
from prove.child import Child
from prove.kills import Story, shop_with_devices, working_folder
from prove.proxy import Line, Proxy
from prove.tally import Tally

BREAKS: Final = 120
SAY_EVERY: Final = 20
SERVER_KILL_SHARE: Final = 0.34
SYNC_KILL_SHARE: Final = 0.12
MOVING_WAIT_S: Final = 3.0
REVIVED_WAIT_S: Final = 20.0
BROKEN: Final = tuple(line for line in Line if line is not Line.PASS)


def prove_link(tally: Tally, seed: int, count: int | None = None, keep: Path | None = None) -> None:
    """Break the link `count` times (BREAKS) while a till sells, then compare."""
    count = count or BREAKS
    draw = random.Random(seed)  # noqa: S311 - chance, not secrecy
    with (
        working_folder(tally, keep) as folder,
        closing(Proxy()) as proxy,
        shop_with_devices(folder, proxy) as (place, campaign),
    ):
        story = Story(place, draw)
        till = story.begin()
        for number in range(1, count + 1):
            tally.case(f"break {number}", _break_once(tally, draw, proxy, campaign, story, till))
            if number % SAY_EVERY == 0:
                tally.say(f"{number} of {count} breaks, {len(story.acked)} acknowledged")
        tally.case("the till", story.end(till))
        campaign.kill_sync()  # it would otherwise be waiting for up to five minutes
        tally.case("the server after the last break", story.compare(campaign))
        story.add_to(tally)


def _break_once(
    tally: Tally, draw: random.Random, proxy: Proxy, campaign: Campaign, story: Story, till: Child
) -> list[str]:
    """One breakage of a link that works, and its mending, with the till selling meanwhile."""
    if not campaign.moves(MOVING_WAIT_S):
        tally.count("sync restarted, to wait no longer")
        campaign.kill_sync()
        if not campaign.moves(REVIVED_WAIT_S):
            return ["the sync does not send, although the line is well"]
    chance = draw.random()
    sold = len(story.acked)
    if chance < SERVER_KILL_SHARE:
        tally.count("server killed")
        campaign.kill_server(draw.uniform(0.0, 0.5))
    elif chance < SERVER_KILL_SHARE + SYNC_KILL_SHARE:
        tally.count("sync killed")
        campaign.kill_sync()
    else:
        line = draw.choice(BROKEN)
        tally.count(f"line: {line}")
        proxy.set(line)
        found = story.hear_until(till, time.monotonic() + draw.uniform(0.2, 1.5))
        proxy.set(Line.PASS)
        if found:
            return found
    found = story.hear_until(till, time.monotonic() + draw.uniform(0.1, 1.0))
    tally.count("sales while it was broken", len(story.acked) - sold)
    return found
