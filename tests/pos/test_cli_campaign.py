"""The contract of `comptoir server` and `comptoir sync` with people and scripts."""

from __future__ import annotations

import random
import re
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from pos import campaign_acts
from pos.bootstrap import now, open_for_writing, open_till
from pos.config import Config
from pos.demo.cashier import Cashier, Mix
from pos.demo.shop import PEOPLE, stock
from pos.store.folder import DataFolder
from sync.calls import CallsClient
from sync.errors import NoSync
from sync.frames import SOCKET_NAME
from sync.organiser import ADDRESS_FILE, TOKEN_FILE, organiser_at
from sync.server.config import ADMIN_TOKEN_FILE
from sync.state import State
from tests.pos.adapters.printer_bench import eventually
from tests.pos.commands import Home, Said

BREAD = "2000000000015"
PLAIN = Mix(card=0, split=0, other_tender=0, void=0, discount=0, park=0, cancel=0, refund=0)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Path, str]]:
    """A server that runs: its machine, its folder, its address."""
    home = Home(tmp_path_factory.mktemp("town"))
    folder = home.path / "server"
    with home.running("server", "--port", "0", "--data", folder) as server:
        yield home, folder, f"http://{server.ready()}"
        assert server.end() == 0


@pytest.fixture
def till(home: Home, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """A till's folder with people and a catalogue."""
    for name, value in home.variables.items():
        monkeypatch.setenv(name, value)
    folder = DataFolder(home.path / "till")
    with open_for_writing(folder) as store:
        stock(store, now)
    return folder


def sell(folder: DataFolder, count: int) -> int:
    """Open the till, sell bread for cash; what it comes to in cents."""
    with open_till(folder, Config()) as till:
        cashier = Cashier(till.desk, random.Random(1), mix=PLAIN)
        cashier.arrive(PEOPLE[0].code, PEOPLE[0].pin)
        for _ in range(count):
            cashier.serve((BREAD,))
        return cashier.tally.total


def code_of(town: tuple[Home, Path, str], campaign: str) -> str:
    """A pairing code for a new campaign's shop, by the commands that give it."""
    home, folder, _ = town
    assert home.run("server", "campaign", campaign, "--name", "Noël", "--data", folder).status == 0
    made = home.run(
        "server", "shop", "Épicerie", "--campaign", campaign, "--json", "--data", folder
    )
    given = home.run("server", "code", made.data["id"], "--json", "--data", folder)
    return str(given.data["code"])


def refused(said: Said, *words: str) -> None:
    """A refusal: status 1, its reason on standard error, nothing else."""
    assert said.status == 1, said
    assert said.out == ""
    for word in words:
        assert word in said.err


# --- the server as a process -------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_says_where_it_listens_first_and_ends_cleanly(
    home: Home, number: signal.Signals
) -> None:
    folder = home.path / "server"
    with home.running("server", "--port", "0", "--data", folder) as server:
        host, _, port = server.ready().rpartition(":")
        assert host == "127.0.0.1"
        with socket.create_connection((host, int(port)), 10):
            pass
        assert (folder / ADDRESS_FILE).read_text() == f"http://{host}:{port}"
        assert server.end(number) == 0
        (told,) = server.errors
        assert f"http://{host}:{port}/" in told
        assert str(folder / ADMIN_TOKEN_FILE) in told


def test_the_organisers_token_is_where_the_server_puts_it() -> None:
    assert TOKEN_FILE == ADMIN_TOKEN_FILE


def test_a_server_that_cannot_listen_says_why(town: tuple[Home, Path, str], home: Home) -> None:
    port = town[2].rpartition(":")[2]
    refused(home.run("server", "--port", port, "--data", home.path / "other"), port)
    refused(
        home.run("server", "--host", "0.0.0.0", "--port", "0", "--data", home.path / "open"),
        "origin",
    )
    refused(home.run("server", "--port", "0", "--data", town[1]), "another server")
    assert home.run("server", "--port", "65536").status == 2


def test_a_server_whose_folder_is_damaged_says_what_is_wrong(home: Home) -> None:
    a_file = home.path / "file"
    a_file.write_text("x")
    refused(home.run("server", "--port", "0", "--data", a_file), str(a_file))
    folder = home.path / "server"
    folder.mkdir()
    (folder / "admin-token").write_text("short")
    (folder / "admin-token").chmod(0o600)
    refused(home.run("server", "--port", "0", "--data", folder), "admin-token", "expected")
    (folder / "admin-token").chmod(0o644)
    refused(home.run("server", "--port", "0", "--data", folder), "chmod 600")


# --- the organiser's commands ------------------------------------------------------------------


def test_an_organiser_makes_a_campaign_a_shop_and_a_code(town: tuple[Home, Path, str]) -> None:
    home, folder, _ = town
    made = home.run("server", "campaign", "alpes", "--name", "Les Alpes", "--data", folder)
    assert (made.status, made.err) == (0, "")
    assert "alpes" in made.out
    shop = home.run("server", "shop", "Épicerie", "--campaign", "alpes", "--data", folder, "--json")
    assert shop.data["campaign"] == "alpes"
    code = home.run("server", "code", shop.data["id"], "--data", folder, "--json")
    assert len(code.data["code"]) == 8
    in_words = home.run("server", "code", shop.data["id"], "--data", folder)
    assert re.search(r" \d\d:\d\d\.$", in_words.out.strip())  # as people write it, not as ISO 8601
    assert in_words.status == 0
    assert in_words.out.startswith("Code ")


def test_what_the_server_refuses_an_organiser_is_told(town: tuple[Home, Path, str]) -> None:
    home, folder, _ = town
    assert home.run("server", "campaign", "jura", "--name", "Jura", "--data", folder).status == 0
    refused(home.run("server", "campaign", "jura", "--name", "Jura", "--data", folder), "jura")
    refused(home.run("server", "campaign", "No Id!", "--name", "X", "--data", folder))
    refused(home.run("server", "shop", "X", "--campaign", "nowhere", "--data", folder), "nowhere")
    refused(home.run("server", "code", "no-such-shop", "--data", folder))
    assert home.run("server", "campaign", "x", "--data", folder).status == 2


def test_an_organiser_without_a_server_is_told_where_none_runs(home: Home) -> None:
    folder = home.path / "server"
    for command in (
        ("campaign", "alpes", "--name", "Les Alpes"),
        ("shop", "Épicerie", "--campaign", "alpes"),
        ("code", "shop"),
    ):
        refused(home.run("server", *command, "--data", folder), "No server has run", str(folder))
    folder.mkdir()
    (folder / ADDRESS_FILE).write_text("http://127.0.0.1:1")
    (folder / TOKEN_FILE).write_text("x" * 40)
    refused(home.run("server", "code", "shop", "--data", folder), "does not answer")
    (folder / ADDRESS_FILE).write_text("nonsense")
    refused(home.run("server", "code", "shop", "--data", folder))


# --- enrolling ---------------------------------------------------------------------------------


def test_a_till_is_enrolled_by_its_code_and_shows_six_digits(
    town: tuple[Home, Path, str], home: Home, till: DataFolder
) -> None:
    arguments = ("sync", "enrol", "--server", town[2], "--code", code_of(town, "vosges"))
    made = home.run(*arguments, "--data", till.path, "--json")
    assert made.status == 0
    assert made.data["campaign"] == "vosges"
    assert len(made.data["fingerprint"]) == 6
    again = home.run(*arguments, "--data", till.path)  # the same code, till and key
    assert again.status == 0
    assert made.data["fingerprint"] in again.out


def test_an_enrolment_that_is_refused_says_why(
    town: tuple[Home, Path, str], home: Home, till: DataFolder
) -> None:
    def enrol(server: str, code: str, folder: Path) -> Said:
        return home.run("sync", "enrol", "--server", server, "--code", code, "--data", folder)

    refused(enrol(town[2], "ABCDEFG2", till.path), "code")
    refused(enrol(town[2], "ABC", till.path), "expected 8 characters")
    refused(enrol("http://127.0.0.1:1", "ABCDEFG2", till.path))
    refused(enrol("gopher://here", "ABCDEFG2", till.path))
    refused(enrol(town[2], "ABCDEFG2", home.path / "nothing"), "nothing")
    assert home.run("sync", "enrol", "--code", "ABCDEFG2").status == 2
    assert home.run("sync", "status", "--data", till.path, "--json").data["campaigns"] == []


# --- status ------------------------------------------------------------------------------------


def test_a_till_in_no_campaign_says_so(home: Home, till: DataFolder) -> None:
    said = home.run("sync", "status", "--data", till.path)
    assert (said.status, said.out.strip()) == (0, "The till is enrolled in no campaign.")
    nowhere = home.run("sync", "status", "--data", home.path / "nothing")
    assert nowhere.status == 0
    assert not (home.path / "nothing").exists()


def test_a_damaged_campaign_db_is_told_by_status_enrol_and_run(
    town: tuple[Home, Path, str], home: Home, till: DataFolder
) -> None:
    till.campaign_db.write_text("not a database" * 100)
    refused(home.run("sync", "status", "--data", till.path), "campaign.db")
    arguments = ("--server", town[2], "--code", "ABCDEFG2", "--data", till.path)
    refused(home.run("sync", "enrol", *arguments), "campaign.db")
    refused(home.run("sync", "--data", till.path), "campaign.db")
    assert sell(till, 1) > 0  # and the till sells


# --- sending -----------------------------------------------------------------------------------


def acknowledged(home: Home, till: DataFolder) -> tuple[int, int]:
    """How far the one campaign of a till is: acknowledged, entries."""
    (one,) = home.run("sync", "status", "--data", till.path, "--json").data["campaigns"]
    return one["acknowledged"], one["entries"]


def test_the_sync_sends_what_is_sold_before_and_while_it_runs(
    town: tuple[Home, Path, str], home: Home, till: DataFolder
) -> None:
    code = code_of(town, "jardin")
    enrolled = home.run("sync", "enrol", "--server", town[2], "--code", code, "--data", till.path)
    assert enrolled.status == 0
    sell(till, 3)
    assert acknowledged(home, till) == (0, 3)
    with home.running("sync", "--data", till.path) as running:
        eventually(lambda: acknowledged(home, till) == (3, 3))
        sell(till, 2)
        eventually(lambda: acknowledged(home, till) == (5, 5))
        assert "not running" not in home.run("sync", "status", "--data", till.path).out
        again = home.run("sync", "enrol", "--server", town[2], "--code", code, "--data", till.path)
        assert again.status == 0  # through the process that runs
        refused(home.run("sync", "--data", till.path), "comptoir sync is running")
        assert running.end() == 0
    assert running.err.splitlines() == [
        f"Sales are sent to: Noël ({town[2]}). Ctrl+C stops it.",
        f"{town[2]}: connected.",
    ]
    line, stopped = home.run("sync", "status", "--data", till.path).out.strip().splitlines()
    assert line.endswith("5 of 5 received, 0 waiting.")
    assert stopped.startswith("comptoir sync is not running:")


def test_a_restored_till_is_led_back_into_its_campaign_while_the_sync_runs(
    town: tuple[Home, Path, str], home: Home, till: DataFolder
) -> None:
    shop_code = code_of(town, "marais")
    enrol = ("sync", "enrol", "--server", town[2], "--data", till.path, "--code")
    assert home.run(*enrol, shop_code).status == 0
    sell(till, 1)
    shutil.copytree(till.path, home.path / "backup")
    sell(till, 2)
    assert home.run("sync", "--once", "--data", till.path).status == 0
    shutil.rmtree(till.path)
    shutil.copytree(home.path / "backup", till.path)
    with home.running("sync", "--data", till.path) as running:
        sell(till, 1)  # the till sees what happened, and goes on under a new key
        told = home.run("sync", "status", "--data", till.path)
        assert "To do: this till goes on under a new key." in told.out
        assert f"comptoir sync enrol --server {town[2]}" in told.out
        joined = home.run(*enrol, _new_code(town, "marais"), "--json")
        assert (joined.status, joined.err) == (0, "")
        sell(till, 2)
        eventually(lambda: _waiting(home, till) == 0)
        assert "To do" not in home.run("sync", "status", "--data", till.path).out
        assert running.end() == 0


def _new_code(town: tuple[Home, Path, str], campaign: str) -> str:
    """Another code for the one shop of a campaign."""
    with organiser_at(town[1]) as organiser:
        (found,) = [one for one in organiser.status().campaigns if one.id == campaign]
        return organiser.pairing_code(found.shops[0].id).code


def test_a_sync_that_was_killed_leaves_a_socket_that_the_next_one_takes_over(
    town: tuple[Home, Path, str], home: Home, till: DataFolder
) -> None:
    calls = CallsClient(till.path / SOCKET_NAME)
    with home.running("sync", "--data", till.path) as running:
        eventually(calls.path.is_socket)
        calls.wake()
        running.process.kill()
        running.wait()
    assert calls.path.is_socket()
    with pytest.raises(NoSync):
        calls.wake()
    with home.running("sync", "--data", till.path) as running:
        eventually(lambda: _answers(calls))
        wrong = ("--server", town[2], "--code", "ABCDEFG2", "--data", till.path)
        refused(home.run("sync", "enrol", *wrong), "Unknown pairing code")
        assert running.end() == 0
    assert not calls.path.exists()


def _answers(calls: CallsClient) -> bool:
    try:
        calls.wake()
    except NoSync:
        return False
    return True


def test_a_command_beside_another_one_that_holds_the_file_is_refused(
    town: tuple[Home, Path, str], home: Home, till: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_acts, "LOOK_EVERY_S", 0.01)
    answer = home.path / "a.comptoir-answer"
    answer.write_text("x\n")
    with closing(State(till.campaign_db)):  # as `comptoir sync --once` does, without a socket
        wrong = ("--server", town[2], "--code", "ABCDEFG2", "--data", till.path)
        refused(home.run("sync", "enrol", *wrong), "comptoir sync is running")
        refused(home.run("sync", "import", answer, "--data", till.path), "comptoir sync is running")


def test_a_till_without_network_sends_by_usb_stick(
    town: tuple[Home, Path, str], home: Home, till: DataFolder
) -> None:
    stick = home.path / "stick"
    stick.mkdir()
    nowhere = home.run("sync", "export", stick, "--data", till.path)
    refused(nowhere, "enrolled in no campaign")
    enrol = ("sync", "enrol", "--server", town[2], "--data", till.path, "--code")
    assert home.run(*enrol, code_of(town, "oleron")).status == 0
    sell(till, 3)
    out = home.run("sync", "export", stick, "--data", till.path)
    assert (out.status, out.err) == (0, "")
    assert "3 entries" in out.out
    assert "comptoir sync import" in out.out
    refused(home.run("sync", "import", stick, "--data", till.path), "No answer for this till")
    (file,) = stick.iterdir()
    (stick / "other.comptoir-export").write_text("nothing of ours\n")
    brought = home.run("server", "import", stick, "--data", town[1])
    assert brought.status == 1  # one of the two
    assert "3 new entries, 0 known already, 0 rejected" in brought.out
    assert "other.comptoir-export: File not whole, or damaged" in brought.out
    again = home.run("server", "import", file, "--json", "--data", town[1])
    assert (again.status, again.data["files"][0]["duplicate"]) == (0, 3)
    assert acknowledged(home, till) == (0, 3)
    back = home.run("sync", "import", stick, "--json", "--data", till.path)
    assert (back.status, back.data["answers"][0]["acknowledged"]) == (0, 3)
    assert acknowledged(home, till) == (3, 3)
    assert "received up to number 3" in home.run("sync", "import", stick, "--data", till.path).out


def test_a_stick_is_sent_on_the_organisers_page_and_its_answer_read_at_the_till(
    town: tuple[Home, Path, str], home: Home, till: DataFolder
) -> None:
    stick = home.path / "stick"
    stick.mkdir()
    enrol = ("sync", "enrol", "--server", town[2], "--data", till.path, "--code")
    assert home.run(*enrol, code_of(town, "groix")).status == 0
    sell(till, 3)
    assert home.run("sync", "export", stick, "--data", till.path).status == 0
    (file,) = stick.iterdir()
    token = (town[1] / ADMIN_TOKEN_FILE).read_text().strip()
    address = "/campaigns/groix/sticks"
    with httpx.Client(base_url=town[2], headers={"Authorization": f"Bearer {token}"}) as browser:
        shown = browser.post(address, files={"file": (file.name, file.read_bytes())})
        assert shown.status_code == 200
        (head,) = re.findall(r'name="stick" value="([^"]+)"', shown.text)
        answer = browser.post(f"{address}/answer", data={"stick": head})
    (name,) = re.findall(r'filename="([^"]+)"', answer.headers["content-disposition"])
    assert name == file.stem + ".comptoir-answer"
    (stick / name).write_bytes(answer.content)
    back = home.run("sync", "import", stick, "--json", "--data", till.path)
    assert (back.status, back.data["answers"][0]["acknowledged"]) == (0, 3)
    assert acknowledged(home, till) == (3, 3)


def test_a_stick_is_read_and_written_while_the_sync_runs(
    town: tuple[Home, Path, str], home: Home, till: DataFolder
) -> None:
    enrol = ("sync", "enrol", "--server", town[2], "--data", till.path, "--code")
    assert home.run(*enrol, code_of(town, "yeu")).status == 0
    sell(till, 1)
    stick = home.path / "stick"
    stick.mkdir()
    with home.running("sync", "--data", till.path) as running:
        eventually(lambda: acknowledged(home, till) == (1, 1))
        assert home.run("sync", "export", stick, "--data", till.path).status == 0
        assert home.run("server", "import", stick, "--data", town[1]).status == 0
        said = home.run("sync", "import", stick, "--data", till.path)
        assert (said.status, said.err) == (0, "")
        assert running.end() == 0


def test_answers_for_other_tills_are_passed_over_and_named(home: Home, till: DataFolder) -> None:
    stick = home.path / "stick"
    stick.mkdir()
    (stick / "a.comptoir-answer").write_text("nothing of ours\n")
    said = home.run("sync", "import", stick, "--data", till.path)
    refused(said, "a.comptoir-answer: File not whole, or damaged", "No answer for this till")
    refused(home.run("sync", "import", stick, "--data", home.path / "none"), "No till")
    refused(home.run("sync", "export", stick, "--data", home.path / "none"), "No till")
    empty = home.path / "empty"
    empty.mkdir()
    refused(home.run("server", "import", empty, "--data", home.path / "none"), "No till's export")


def _waiting(home: Home, till: DataFolder) -> int:
    (one,) = home.run("sync", "status", "--data", till.path, "--json").data["campaigns"]
    assert one["epoch"] == 2
    return int(one["waiting"])


def test_a_server_that_is_gone_is_a_sentence_in_the_status_and_the_sync_goes_on(
    home: Home, till: DataFolder
) -> None:
    folder = home.path / "server"
    with home.running("server", "--port", "0", "--data", folder) as server:
        origin = f"http://{server.ready()}"
        code = code_of((home, folder, origin), "brume")
        arguments = ("--server", origin, "--code", code, "--data", till.path)
        assert home.run("sync", "enrol", *arguments).status == 0
        assert server.end() == 0
    sell(till, 1)
    with home.running("sync", "--data", till.path) as running:
        eventually(lambda: bool(_trouble(home, till)))
        assert running.process.poll() is None
        assert running.end(signal.SIGINT) == 0
    assert _trouble(home, till) == "unreachable"
    shown = home.run("sync", "status", "--data", till.path).out
    assert "unreachable" not in shown
    assert "1 waiting. " in shown
    at_the_till = home.run("till", "--plain", "--data", till.path, typed="show\nquit\n").out
    assert "Campagnes : Serveur injoignable." in at_the_till


def _trouble(home: Home, till: DataFolder) -> str:
    (one,) = home.run("sync", "status", "--data", till.path, "--json").data["campaigns"]
    return str(one["trouble"])


def test_the_sync_of_a_folder_without_a_till_is_refused_and_makes_nothing(home: Home) -> None:
    folder = home.path / "nothing"
    refused(home.run("sync", "--data", folder), "No till", str(folder))
    assert not folder.exists()


def test_a_key_that_another_machine_sealed_is_told(home: Home, till: DataFolder) -> None:
    (home.path / "state" / "comptoir").rename(home.path / "elsewhere")
    refused(home.run("sync", "--data", till.path), "renew-key")


def test_a_locale_that_the_machine_does_not_have_is_no_traceback(
    home: Home, till: DataFolder
) -> None:
    with home.running("till", "--plain", "--data", till.path, LC_ALL="xx_YY.nonsense") as running:
        running.type("quit")
        assert running.wait() == 0
        assert "Traceback" not in running.err
