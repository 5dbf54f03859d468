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
from tests.sampling import WHOLE
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


# What moves money or stores entries runs on both databases in every check; pages, limits and log-in
# ask the same questions of both, and do so when all is asked for (docs/proofs.md).
ON_BOTH_DAILY = frozenset(
    (
        *("test_campaign_money", "test_settlement_files", "test_server_store"),
        *("test_figures", "test_exports"),
        *("test_server_uplink", "test_server_feed", "test_server_enrolment"),
        "test_server_sticks",
    )
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """On which databases a test of the server runs."""
    chosen = (one.args[0] for one in metafunc.definition.iter_markers("parametrize"))
    if "database" in metafunc.fixturenames and "database" not in chosen:
        both = WHOLE or metafunc.module.__name__ in ON_BOTH_DAILY
        names = ["sqlite", "postgres"] if both else ["sqlite"]
        metafunc.parametrize("database", names, indirect=True)


@pytest.fixture
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
