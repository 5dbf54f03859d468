"""`comptoir demo` as processes: what it starts, what it says, and that nothing of it stays."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pos.demo.processes import NotReady, Process
from sync.organiser import ADDRESS_FILE
from tests.pos.adapters.printer_bench import eventually
from tests.pos.commands import Home, Running, children_of, is_running

BREAD, WINE = "2000000000015", "2000000000039"


@contextmanager
def plain_demo(home: Home) -> Iterator[Running]:
    """A demonstration in lines, that has answered its first line."""
    with home.running("demo", "--plain", "--data", home.path / "shop") as demo:
        demo.type("login 1 1111")
        demo.line()
        yield demo


def all_gone(pids: list[int]) -> None:
    """Wait until none of the processes is left."""
    assert pids
    eventually(lambda: not any(is_running(pid) for pid in pids))


def test_a_day_in_lines_ends_with_a_clean_journal_and_every_sale_at_the_server(home: Home) -> None:
    folder = home.path / "shop"
    with home.running("demo", "--plain", "--json", "--data", folder) as demo:
        replies = []
        for line in (
            "login 1 1111", "float 150,00", BREAD, f"2*{WINE}", "cash 20,00", "receipt", BREAD,
            "card", "void 7", "x", "z 150,00", "show",
        ):  # fmt: skip
            demo.type(line)
            replies.append(json.loads(demo.line()))
        demo.type("quit")
        assert json.loads(demo.line())["ok"]
        assert demo.wait() == 0
        assert "Traceback" not in demo.err
        assert str(folder / "paper") in demo.err
        assert "http://127.0.0.1:" in demo.err
    assert [one["ok"] for one in replies].count(False) == 1  # there was no line 7
    assert replies[10]["ok"]
    assert home.run("journal", "verify", "--data", folder).status == 0
    paper = "".join(one.read_text() for one in (folder / "paper").glob("*.txt"))
    assert "Baguette tradition" in paper
    said = home.run("sync", "status", "--data", folder, "--json").data["campaigns"][0]
    assert said["entries"] == 3  # two sales and the closing


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_demo_with_all_that_it_started(
    home: Home, number: signal.Signals
) -> None:
    with plain_demo(home) as demo:
        children = children_of(demo.pid)
        assert len(children) == 2  # server and sync
        assert demo.end(number) == 0
        assert "Traceback" not in demo.err
        assert not any(is_running(child) for child in children)
    assert home.run("journal", "verify", "--data", home.path / "shop").status == 0


def test_a_demo_that_is_killed_leaves_no_process_behind_and_opens_again(home: Home) -> None:
    with plain_demo(home) as demo:
        children = children_of(demo.pid)
        assert len(children) == 2
        demo.type(BREAD)
        demo.line()
        os.kill(demo.pid, signal.SIGKILL)
        all_gone(children)
    with plain_demo(home) as again:
        again.type("cash")
        assert "1,25" in again.line()  # the bread was still on the counter
        assert again.end() == 0


def test_a_replay_that_is_stopped_midway_ends_cleanly(home: Home) -> None:
    folder = home.path / "shop"
    with home.running("demo", "--replay", "--json", "--data", folder) as demo:
        eventually(lambda: (folder / "till.db").exists() and len(children_of(demo.pid)) == 2)
        children = children_of(demo.pid)
        assert demo.end() == 0
        assert "Traceback" not in demo.err
        assert not any(is_running(child) for child in children)
    assert home.run("journal", "verify", "--data", folder).status == 0


def test_a_demo_whose_server_cannot_have_its_port_again_says_so(home: Home) -> None:
    with plain_demo(home) as demo:
        assert demo.end() == 0
    address = (home.path / "shop" / "server" / ADDRESS_FILE).read_text()
    port = urlsplit(address).port
    assert port
    with closing(socket.create_server(("127.0.0.1", port))):
        said = home.run("demo", "--plain", "--data", home.path / "shop")
    assert (said.status, said.out) == (1, "")
    assert "server" in said.err
    assert "Traceback" not in said.err


def test_a_demo_refuses_a_folder_with_anything_else_in_it(home: Home) -> None:
    folder = home.path / "documents"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    said = home.run("demo", "--plain", "--data", folder)
    assert (said.status, said.out) == (1, "")
    assert "not a demo folder" in said.err
    assert [one.name for one in folder.iterdir()] == ["letter.txt"]


# --- the processes themselves ------------------------------------------------------------------


def test_a_process_that_does_not_come_up_is_named_with_its_log(home: Home, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    said = pytest.raises(NotReady, match=r"server did not start; see .*server\.log")
    with Process("server", ["server", "--host", "0.0.0.0"], logs) as process, said:
        process.ready()
    assert "origin" in (logs / "server.log").read_text()


def test_a_process_that_does_not_listen_is_killed(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pos.demo.processes.STOP_TIMEOUT_S", 0.2)
    arguments = ["server", "--port", "0", "--data", str(tmp_path / "server")]
    process = Process("server", arguments, tmp_path / "logs")
    process.ready()
    os.kill(process.pid, signal.SIGSTOP)
    process.stop()
    assert not is_running(process.pid)
