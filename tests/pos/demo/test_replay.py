"""Baskets rung up through the use cases, the simulated devices, the sync and the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from pos.bootstrap import now, open_for_writing
from pos.demo.shop import stock
from pos.store.folder import DataFolder
from tests.pos.commands import Home
from tests.pos.demo.shop_in_a_box import SHIPPED, baskets_of, open_day, shipped_baskets

REAL = Path(__file__).parents[4] / "shared" / "data"
BASKETS, CATALOGUE = SHIPPED / "baskets.csv", SHIPPED / "catalogue.csv"
REAL_BASKETS, SHIPPED_BASKETS, PER_DAY = 150, 48, 16


def test_all_roads_to_the_turnover_of_three_days_lead_to_the_same_sum(home: Home) -> None:
    with open_day(home.path / "shop", days=3) as day:
        day.ring_up(shipped_baskets(SHIPPED_BASKETS), PER_DAY)
        data = day.agrees()
    assert data["z_reports"] == 3
    assert data["sales"] + day.cashier.tally.cancelled == SHIPPED_BASKETS
    assert set(data["tenders"]) > {"cash", "card"}


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared data are not here")
def test_real_baskets_of_a_real_grocer_agree_on_all_roads(home: Home) -> None:
    catalogue = (REAL / "groceries-catalogue.csv").read_bytes()
    baskets = baskets_of(REAL / "groceries.csv", catalogue, REAL_BASKETS)
    with open_day(home.path / "shop", catalogue=catalogue, days=2) as day:
        day.ring_up(baskets, REAL_BASKETS // 2)
        data = day.agrees()
    assert data["sales"] + day.cashier.tally.cancelled == REAL_BASKETS


# --- the command -------------------------------------------------------------------------------


def replay(home: Home, folder: Path, *more: object) -> dict[str, object]:
    """Replay some shipped baskets; the summary."""
    said = home.run(
        "replay", BASKETS, "--catalogue", CATALOGUE, "--limit", 24, "--per-day", 12,
        "--data", folder, "--json", *more,
    )  # fmt: skip
    assert said.status == 0, said
    assert "Traceback" not in said.err
    return said.data


def test_the_summary_of_a_replay_is_one_json_object_that_agrees(home: Home) -> None:
    folder = home.path / "shop"
    data = replay(home, folder)
    assert data["agrees"] is True
    assert data["total"] == data["total_by_line"] == data["z_total"] == data["server_total"]
    assert data["acknowledged"] == data["campaign_entries"]
    assert data["receipts_printed"] == data["receipts_asked"]
    assert (data["z_reports"], data["prints_waiting"]) == (2, 0)
    assert len(list((folder / "paper").glob("*.txt"))) == data["receipts_printed"]
    assert home.run("journal", "verify", "--data", folder).status == 0


def test_a_second_replay_in_the_same_folder_goes_on_with_the_first(home: Home) -> None:
    folder = home.path / "shop"
    first = replay(home, folder)
    second = replay(home, folder, "--seed", 2)
    assert second["agrees"] is True
    for name in ("sales", "entries", "campaign_entries", "z_reports"):
        assert int(str(second[name])) > int(str(first[name])), name
    assert second["acknowledged"] == second["campaign_entries"]
    assert home.run("journal", "verify", "--data", folder).status == 0


def test_a_replay_without_a_server_says_so_in_words(home: Home) -> None:
    said = home.run(
        "replay", BASKETS, "--catalogue", CATALOGUE, "--limit", 8, "--per-day", 4, "--no-sync",
        "--data", home.path / "shop",
    )  # fmt: skip
    assert said.status == 0
    assert "= serveur -" in said.out
    assert not (home.path / "shop" / "server").exists()


def test_what_was_shown_as_done_is_written_down_when_a_script_asks_for_it(home: Home) -> None:
    told = home.path / "acknowledged"
    data = replay(home, home.path / "shop", "--no-sync", "--acknowledged", told)
    sums = [int(line.split()[2]) for line in told.read_text().splitlines()]
    assert sum(sums) == data["total"]
    assert len(sums) == int(str(data["sales"])) + int(str(data["refunds"]))


def test_a_replay_never_touches_the_folder_of_a_real_till(home: Home) -> None:
    folder = DataFolder(home.path / "till")
    with open_for_writing(folder) as store:
        stock(store, now)
        before = store.ledger.last("event")
    said = home.run("replay", BASKETS, "--catalogue", CATALOGUE, "--data", folder.path)
    assert (said.status, said.out) == (1, "")
    assert "not a demo folder" in said.err
    with open_for_writing(folder) as store:
        assert not folder.is_demo
        tickets = [one for one in store.ledger.since(0) if one.payload.chain == "ticket"]
        assert tickets == []
        assert before is not None
        assert store.ledger.entry("event", before.payload.number) == before


@pytest.mark.parametrize(
    ("baskets", "said_of"),
    [
        ("Baguette tradition\nBaguette tradition,Licorne\n", (":2:", "Licorne")),
        ("Baguette tradition," * 401 + "Baguette tradition", (":1:", "at most 400")),
        ("x" * 20_001, (":1:", "20000 characters")),
    ],
)
def test_a_basket_that_cannot_be_rung_up_is_named_by_its_line_before_anything_is_made(
    home: Home, baskets: str, said_of: tuple[str, ...]
) -> None:
    path, folder = home.path / "baskets.csv", home.path / "shop"
    path.write_text(baskets)
    said = home.run("replay", path, "--catalogue", CATALOGUE, "--data", folder)
    assert (said.status, said.out) == (1, "")
    for words in said_of:
        assert words in said.err
    assert not folder.exists()


def test_files_that_cannot_be_read_are_refused_and_wrong_usage_is_told_apart(home: Home) -> None:
    nothing, latin = home.path / "nothing.csv", home.path / "latin.csv"
    latin.write_bytes("Crème\n".encode("latin-1"))
    bad = home.path / "bad.csv"
    bad.write_text("no,catalogue\n1,2\n")
    for baskets, catalogue in (
        (nothing, CATALOGUE), (BASKETS, nothing), (latin, CATALOGUE), (BASKETS, bad),
        (home.path, CATALOGUE),
    ):  # fmt: skip
        said = home.run("replay", baskets, "--catalogue", catalogue, "--data", home.path / "shop")
        assert (said.status, said.out) == (1, ""), said
        assert said.err.strip()
    assert home.run("replay", BASKETS).status == 2
    assert home.run("replay", BASKETS, "--catalogue", CATALOGUE, "--limit", 0).status == 2
    assert not (home.path / "shop").exists()
