"""The till's calls over a real socket to a sync process, and over real HTTP to the real server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest

from sync.calls import CallsClient
from sync.calls_socket import CALLERS_MAX, CallsSocket
from sync.contract.calls import CALL_SECONDS_MAX, Reservation
from sync.errors import CallRefused, CallUnanswered, StateError
from sync.frames import FRAME_BYTES_MAX, SOCKET_NAME, Ask, Done, Reply, short_name
from tests.sync.live import City, SyncProcess, live_city, sale
from tests.sync.test_engine import until

# What a machine with two busy cores may add to the promised time.
SLACK_SECONDS = 1.0


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with live_city(tmp_path / "server") as city:
        yield city


@pytest.fixture
def till(tmp_path: Path, city: City) -> Iterator[SyncProcess]:
    """A till whose sync process runs, enrolled in the campaign."""
    process = SyncProcess(tmp_path, city.clock)
    with process.running():
        process.calls.enrol(1, city.origin, city.code(), "01")
        yield process


def reserve(
    calls: CallsClient, voucher: str, number: int = 1, *, campaign: str = "noel", key: str = ""
) -> Reservation:
    return calls.reserve(campaign, voucher, sale(number), 3000, key or f"question-{number}")


def reserve_at_last(calls: CallsClient, voucher: str) -> Reservation:
    """Ask until the line is free again: it may still wait for a server that hung."""
    found: list[Reservation] = []

    def asked() -> bool:
        with suppress(CallUnanswered):
            found.append(reserve(calls, voucher))
        return bool(found)

    until(asked)
    return found[0]


def raw(path: Path, sent: bytes) -> bytes:
    """What the socket answers to bytes of any kind."""
    with socket.socket(socket.AF_UNIX) as connection, short_name(path) as name:
        connection.settimeout(10)
        connection.connect(name)
        connection.sendall(sent)
        with suppress(ConnectionResetError):  # it answered, and did not read all of it
            return b"".join(iter(lambda: connection.recv(4096), b""))
    return b""


class TestAVoucher:
    def test_is_held_for_the_sale_and_let_go_again(self, city: City, till: SyncProcess) -> None:
        token = city.voucher()
        held = reserve(till.calls, token)
        assert (held.value, held.funding) == (1000, "tender")
        assert city.reservations() == [(sale(1), "open")]
        till.calls.release("noel", held.id)
        assert city.reservations() == [(sale(1), "released")]

    def test_asked_again_with_its_key_is_the_same_reservation(
        self, city: City, till: SyncProcess
    ) -> None:
        token = city.voucher()
        assert reserve(till.calls, token) == reserve(till.calls, token)
        assert len(city.reservations()) == 1

    def test_that_another_sale_holds_is_refused_by_name(
        self, city: City, till: SyncProcess
    ) -> None:
        token = city.voucher()
        reserve(till.calls, token, 1)
        with pytest.raises(CallRefused) as refused:
            reserve(till.calls, token, 2)
        assert refused.value.problem == "voucher-reserved"
        assert refused.value.trouble == "voucher-reserved"

    def test_two_callers_at_once_get_one_each(self, city: City, till: SyncProcess) -> None:
        tokens = [city.voucher(1), city.voucher(2)]
        with ThreadPoolExecutor(2) as pool:
            held = list(pool.map(lambda n: reserve(till.calls, tokens[n], n + 1), range(2)))
        assert len({one.id for one in held}) == 2

    def test_two_callers_of_one_voucher_one_holds_it(self, city: City, till: SyncProcess) -> None:
        token = city.voucher()

        def ask(number: int) -> str:
            try:
                return reserve(till.calls, token, number).id
            except CallRefused as refused:
                return refused.problem

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(ask, (1, 2)))
        assert answers[1] == "voucher-reserved"
        assert len(city.reservations()) == 1

    @pytest.mark.parametrize(
        ("campaign", "key", "problem"),
        [
            ("ete", "question-1", "not-enrolled"),
            ("noel", "short", "malformed"),
            ("noel", "a key\r\nX-Till: another", "malformed"),
            ("noel", "question-1", "voucher-unknown"),
        ],
    )
    def test_asked_for_wrongly_is_refused(
        self, city: City, till: SyncProcess, campaign: str, key: str, problem: str
    ) -> None:
        with pytest.raises(CallRefused) as refused:
            reserve(till.calls, "B1NONSENSE", campaign=campaign, key=key)
        assert refused.value.problem == problem
        assert city.reservations() == []

    def test_reservation_that_never_was_cannot_be_let_go(self, till: SyncProcess) -> None:
        with pytest.raises(CallRefused) as refused:
            till.calls.release("noel", "nothing/like it")
        assert refused.value.problem == "not-found"


class TestTheLine:
    def test_a_server_that_hangs_costs_no_more_than_the_promised_time(
        self, city: City, till: SyncProcess
    ) -> None:
        token = city.voucher()
        city.gate.shut = True
        began = monotonic()
        with pytest.raises(CallUnanswered) as unanswered:
            reserve(till.calls, token)
        assert monotonic() - began < CALL_SECONDS_MAX + SLACK_SECONDS
        assert (unanswered.value.why, unanswered.value.perhaps) == ("timed-out", True)
        city.gate.shut = False
        held = reserve_at_last(till.calls, token)  # the same question, whatever became of it
        assert [state for _, state in city.reservations()] == ["open"]
        assert held.value == 1000

    def test_whoever_is_told_that_nothing_was_asked_holds_nothing(
        self, city: City, till: SyncProcess
    ) -> None:
        tokens = [city.voucher(n) for n in (1, 2, 3)]
        city.gate.shut = True

        def ask(number: int) -> CallUnanswered:
            with pytest.raises(CallUnanswered) as unanswered:
                reserve(till.calls, tokens[number - 1], number)
            return unanswered.value

        with ThreadPoolExecutor(3) as pool:
            errors = list(pool.map(ask, (1, 2, 3)))
        city.gate.shut = False
        assert {one.why for one in errors} <= {"timed-out", "not-asked"}
        sure = {sale(n) for n, one in enumerate(errors, 1) if not one.perhaps}
        assert not sure.intersection(number for number, _ in city.reservations())

    def test_a_line_that_is_down_is_told(self, tmp_path: Path) -> None:
        with live_city(tmp_path / "server") as city:
            till = SyncProcess(tmp_path, city.clock)
            with till.running():
                till.calls.enrol(1, city.origin, city.code(), "01")
            token = city.voucher()
        with till.running():
            began = monotonic()
            with pytest.raises(CallUnanswered) as unanswered:
                reserve(till.calls, token)
            assert monotonic() - began < CALL_SECONDS_MAX + SLACK_SECONDS
            assert unanswered.value.why == "unreachable"

    def test_new_entries_are_sent_when_the_till_says_so(
        self, city: City, till: SyncProcess
    ) -> None:
        till.journal.sell(3)
        till.calls.wake()

        def received() -> bool:
            shops = city.market.api.status()["campaigns"][0]["shops"]
            return any(one["turnover"]["sales"] == 3 for one in shops)

        until(received)


class TestTheSocket:
    def test_is_its_owners_alone_and_goes_with_the_process(
        self, city: City, tmp_path: Path
    ) -> None:
        till = SyncProcess(tmp_path, city.clock)
        with till.running():
            assert till.path.stat().st_mode & 0o777 == 0o600
            assert till.path.is_socket()
            assert till.calls.is_there()
        assert not till.path.exists()
        assert not till.calls.is_there()
        with pytest.raises(CallUnanswered) as unanswered:
            till.calls.wake()
        assert (unanswered.value.why, unanswered.value.perhaps) == ("no-sync", False)

    def test_lies_in_folders_with_long_names(self, city: City, tmp_path: Path) -> None:
        folder = tmp_path / ("é" * 60) / ("b" * 90)
        folder.mkdir(parents=True)
        till = SyncProcess(folder, city.clock)
        with till.running():
            till.calls.wake()

    @pytest.mark.parametrize(
        "sent",
        [
            b"\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b'{"call":"reserve"}\n',
            b'{"call":"dance"}\n',
            b"\xff\xfe\x00\n",
            b"[" * 8000 + b"\n",
            b'{"call":"wake"',
        ],
    )
    def test_garbage_is_refused_and_the_next_caller_is_served(
        self, till: SyncProcess, sent: bytes
    ) -> None:
        answer = raw(till.path, sent)
        assert answer == b"" or b'"malformed"' in answer
        till.calls.wake()

    def test_an_endless_question_is_cut(self, till: SyncProcess) -> None:
        with suppress(BrokenPipeError):
            raw(till.path, b"x" * (FRAME_BYTES_MAX * 8))
        with pytest.raises(CallUnanswered):
            reserve(till.calls, "é" * FRAME_BYTES_MAX)
        till.calls.wake()

    def test_of_a_process_that_was_killed_is_taken_over(self, city: City, tmp_path: Path) -> None:
        path = tmp_path / SOCKET_NAME
        with short_name(path) as name, socket.socket(socket.AF_UNIX) as left_behind:
            left_behind.bind(name)
        with pytest.raises(CallUnanswered):
            CallsClient(path).wake()
        till = SyncProcess(tmp_path, city.clock)
        with till.running():
            till.calls.wake()

    def test_a_folder_that_can_hold_none_is_told(self, tmp_path: Path) -> None:
        unusable = CallsSocket(tmp_path / "nowhere" / SOCKET_NAME, lambda _: Done(), monotonic)
        with pytest.raises(StateError, match="cannot listen"):
            unusable.start()
        unusable.stop()


class TestCallers:
    """Against a socket whose answers the test gives."""

    def test_too_many_at_once_are_told_at_once(self, tmp_path: Path) -> None:
        go_on, inside = threading.Event(), threading.Semaphore(0)

        def answer(_: Ask) -> Reply:
            inside.release()
            go_on.wait(30)
            return Done()

        calls, listening = _listening(tmp_path, answer)
        with ThreadPoolExecutor(CALLERS_MAX) as pool:
            waiting = [pool.submit(calls.release, "noel", "r") for _ in range(CALLERS_MAX)]
            for _ in range(CALLERS_MAX):
                assert inside.acquire(timeout=30)
            with pytest.raises(CallUnanswered) as busy:
                calls.release("noel", "r")
            go_on.set()
            for one in waiting:
                one.result(30)
        listening.stop()
        assert (busy.value.why, busy.value.perhaps) == ("busy", False)

    def test_a_defect_is_logged_and_the_next_caller_served(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        answers: list[Exception | Reply] = [ValueError("a defect"), Done()]

        def answer(_: Ask) -> Reply:
            found = answers.pop(0)
            if isinstance(found, Exception):
                raise found
            return found

        calls, listening = _listening(tmp_path, answer)
        with pytest.raises(CallUnanswered, match="log"):
            calls.wake()
        calls.wake()
        listening.stop()
        assert "a defect" in caplog.text

    def test_a_process_that_stood_still_does_nothing_that_nobody_waits_for(
        self, tmp_path: Path
    ) -> None:
        """SIGSTOP is what a machine without memory does to a process."""
        code = (
            "import sys, time\n"
            "from pathlib import Path\n"
            "from sync.calls_socket import CallsSocket\n"
            "from sync.frames import Done\n"
            "log = Path(sys.argv[2])\n"
            "def answer(ask):\n"
            "    log.open('a').write(type(ask).__name__ + ' ')\n"
            "    return Done()\n"
            "CallsSocket(Path(sys.argv[1]), answer, time.monotonic).start()\n"
            "print('ready', flush=True)\n"
            "sys.stdin.read()\n"
        )
        path, log = tmp_path / SOCKET_NAME, tmp_path / "log"
        with subprocess.Popen(
            [sys.executable, "-c", code, path, log],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            calls = CallsClient(path)
            calls.wake()
            os.kill(process.pid, signal.SIGSTOP)
            began = monotonic()
            with pytest.raises(CallUnanswered) as unanswered:
                calls.release("noel", "r")
            assert monotonic() - began < CALL_SECONDS_MAX + SLACK_SECONDS
            assert unanswered.value.perhaps
            os.kill(process.pid, signal.SIGCONT)
            calls.wake()
            process.kill()
        assert log.read_text().split() == ["Wake", "Wake"]

    def test_a_process_that_is_killed_in_the_middle_of_a_call_is_seen_at_once(
        self, tmp_path: Path
    ) -> None:
        code = (
            "import os, sys, time\n"
            "from pathlib import Path\n"
            "from sync.calls_socket import CallsSocket\n"
            "CallsSocket(Path(sys.argv[1]), lambda _: os._exit(9), time.monotonic).start()\n"
            "print('ready', flush=True)\n"
            "sys.stdin.read()\n"
        )
        path = tmp_path / SOCKET_NAME
        with subprocess.Popen(
            [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            with pytest.raises(CallUnanswered) as unanswered:
                CallsClient(path).release("noel", "r")
        assert (unanswered.value.why, unanswered.value.perhaps) == ("no-sync", True)


def _listening(folder: Path, answer: object) -> tuple[CallsClient, CallsSocket]:
    path = folder / SOCKET_NAME
    assert callable(answer)
    listening = CallsSocket(path, answer, monotonic)
    listening.start()
    return CallsClient(path), listening


def test_the_tills_end_loads_no_network_library() -> None:
    code = "import sys, sync.calls; print({'httpx', 'starlette', 'asyncio'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
