"""The contract of what runs until it is stopped: `comptoir till` and `simulate`."""

from __future__ import annotations

import io
import json
import signal
import socket
from pathlib import Path

import pytest

from pos.i18n import language
from pos.store.folder import DataFolder
from tests.pos.shell import ENDS_WITHIN_S, ROOT, TRACE, Shell

DAY = "login ma 1234\n3000000000014\ncash 5\nnonsense\nz 3,45\nquit\n"


def test_a_plain_till_sells_and_says_what_is_missing_on_stderr(
    shell: Shell, catalogue: Path
) -> None:
    shell.hire()
    shell.done("catalogue", "import", catalogue)
    result = shell.run("till", "--plain", typed=DAY)
    assert result.exit_code == 0
    assert "Ticket 01-1-0000001 : 3,45 €" in result.stdout
    assert language("fr").say("cli.missing.printer") in result.stderr
    assert language("fr").say("cli.missing.terminal") in result.stderr
    assert "Imprimante" not in result.stdout.splitlines()[0]


def test_each_reply_of_a_json_till_is_one_object(shell: Shell, catalogue: Path) -> None:
    shell.hire()
    shell.done("catalogue", "import", catalogue)
    replies = [
        json.loads(line)
        for line in shell.run("till", "--plain", "--json", typed=DAY).stdout.splitlines()
    ]
    assert [reply["ok"] for reply in replies] == [True, True, True, False, True, True]


def test_a_real_till_is_never_given_a_simulated_approval(shell: Shell, catalogue: Path) -> None:
    shell.hire()
    shell.done("catalogue", "import", catalogue)
    typed = "login ma 1234\n3000000000014\ncard\nshow\n"
    result = shell.run("till", "--plain", "--json", "--config", ROOT / "config.toml", typed=typed)
    assert language("fr").say("cli.missing.terminal_simulated") in result.stderr
    replies = [json.loads(line) for line in result.stdout.splitlines()]
    assert replies[2]["error"] == "card_missing"
    assert replies[3]["status"]["terminals"] == {}


def test_a_port_that_cannot_be_is_refused(shell: Shell) -> None:
    wrong = shell.home / "wrong.toml"
    wrong.write_text('[printer]\nport = "nonsense://x"\n', encoding="utf-8")
    shell.refused("till", "--plain", "--config", wrong)


def test_a_second_till_in_the_same_folder_is_refused(shell: Shell) -> None:
    shell.hire()
    lock = DataFolder(shell.data).lock()
    try:
        assert "Une caisse travaille déjà" in shell.refused("till", "--plain")
    finally:
        lock.release()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_till_ends_cleanly_on_a_signal_and_keeps_its_sale(
    shell: Shell, catalogue: Path, end: signal.Signals
) -> None:
    shell.hire()
    shell.done("catalogue", "import", catalogue)
    with shell.start("till", "--plain", "--data", shell.data) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write("login ma 1234\n3000000000014\n")
        process.stdin.flush()
        assert "Bonjour" in process.stdout.readline()
        assert "Pain" in process.stdout.readline()
        process.send_signal(end)
        assert process.wait(ENDS_WITHIN_S) == 0
        assert not TRACE.search(process.stderr.read())
    shown = json.loads(shell.run("till", "--plain", "--json", typed="show\n").stdout)
    assert shown["sale"]["total"] == 345


@pytest.mark.parametrize(
    ("device", "line", "end"),
    [
        ("printer", "--pty", signal.SIGTERM),
        ("terminal", "--pty", signal.SIGINT),
        ("printer", "--tcp", signal.SIGINT),
        ("terminal", "--tcp", signal.SIGTERM),
    ],
)
def test_a_simulated_device_says_where_it_is_and_ends_cleanly(
    shell: Shell, device: str, line: str, end: signal.Signals
) -> None:
    where = () if line == "--pty" else ("127.0.0.1:0",)
    with shell.start("simulate", device, line, *where) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = process.stdout.readline().split()
        assert ready[0] == "ready"
        if line == "--pty":
            assert Path(ready[1]).is_char_device()
        else:
            host, _, port = ready[1].rpartition(":")
            socket.create_connection((host, int(port)), timeout=ENDS_WITHIN_S).close()
        process.send_signal(end)
        assert process.wait(ENDS_WITHIN_S) == 0
        assert not TRACE.search(process.stderr.read())


def test_a_port_that_is_taken_is_refused(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for device in ("printer", "terminal"):
            shell.refused("simulate", device, "--tcp", address)


def test_a_script_of_scenarios_that_is_wrong_is_refused(shell: Shell) -> None:
    script = shell.home / "script"
    script.write_text("approve\nexplode\n", encoding="utf-8")
    assert "2" in shell.refused("simulate", "terminal", "--pty", "--script", script)
    shell.refused("simulate", "terminal", "--pty", "--script", shell.home / "none")


def test_a_reader_that_leaves_is_no_accident(shell: Shell) -> None:
    """`comptoir journal export --jws | head -1`"""
    shell.hire()
    with shell.start("journal", "export", "--jws", "--data", shell.data) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdout = io.StringIO()
        process.wait(ENDS_WITHIN_S)
        assert not TRACE.search(process.stderr.read())
