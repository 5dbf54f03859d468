from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.contract.jws import SigningKey
from sync.server.app import make_app
from sync.server.config import ServerConfig
from sync.server.run import open_services
from sync.server.services import Clock, Services
from tests.postgres import Cluster, binaries, cluster
from tests.sync.server.kit import ORIGIN, Api, Till, VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A real PostgreSQL, once a run."""
    found = binaries()
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    with cluster(found) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Where the server keeps its data: None is SQLite in the data folder."""
    if request.param == "sqlite":
        yield None
        return
    running: Cluster = request.getfixturevalue("postgres")
    url = running.new_database()
    yield url
    running.drop(url)


@pytest.fixture
def services(tmp_path: Path, clock: VirtualClock, database: str | None) -> Iterator[Services]:
    config = ServerConfig(tmp_path / "data", database=database)
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
