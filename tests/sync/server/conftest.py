from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.contract.jws import SigningKey
from sync.server.app import make_app
from sync.server.config import ServerConfig
from sync.server.run import open_services
from sync.server.services import Clock, Services
from tests.sync.server.kit import ORIGIN, Api, Till, VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def services(tmp_path: Path, clock: VirtualClock) -> Iterator[Services]:
    config = ServerConfig(tmp_path / "data")
    with open_services(config, frozenset((ORIGIN,)), Clock(clock.now, clock.monotonic)) as services:
        yield services


@pytest.fixture
def api(services: Services, clock: VirtualClock) -> Iterator[Api]:
    with Api(make_app(services), clock, services.secrets.admin_token) as api:
        yield api


@pytest.fixture
def shop(api: Api) -> str:
    return api.campaign()


@pytest.fixture
def till(api: Api, shop: str) -> Till:
    """A till that is enrolled."""
    till = Till(SigningKey.from_secret(0xC0FFEE))
    api.enrol(till, shop)
    return till
