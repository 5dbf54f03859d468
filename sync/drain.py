"""Sending all that waits, once, without threads: for `comptoir sync --once`, replays and tests."""

from __future__ import annotations

import time
from collections.abc import Callable

from sync.client import Client
from sync.pace import HALTED, Pause, Tools
from sync.ports import Connect, Identity, Source
from sync.records import Enrolment
from sync.state import State
from sync.uplink import Uplink


def drain(
    state: State,
    source: Source,
    identity: Identity,
    connect: Connect,
    tools: Tools,
    *,
    patience_seconds: float = 0.0,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Send what each campaign of this epoch waits for; how many entries are left.

    A campaign in trouble is tried again while the waits between its attempts sum to no more than
    `patience_seconds`; without patience its first trouble ends it. What went wrong is in `state`
    and was told. Raises StateError when campaign.db cannot be read.
    """
    for enrolment in state.enrolments(identity.epoch):
        client = Client(enrolment.origin, connect(enrolment.origin), identity, tools.clock)
        client.offset_ms = state.offset_ms(enrolment.origin)
        try:
            job = Uplink(enrolment, state, source, client, tools)
            _drain_one(job.step, patience_seconds, sleep)
        finally:
            client.close()
    return sum(_left(source, one) for one in state.enrolments(identity.epoch))


def _drain_one(
    step: Callable[[], Pause], patience_seconds: float, sleep: Callable[[float], None]
) -> None:
    left = patience_seconds
    while not (pause := step()).wakeable:
        if pause == HALTED or pause.seconds > left:
            return
        if pause.seconds > 0:
            left -= pause.seconds
            sleep(pause.seconds)


def _left(source: Source, enrolment: Enrolment) -> int:
    head = source.head(enrolment.chain)
    return max(0, head[0] - enrolment.acknowledged) if head else 0
