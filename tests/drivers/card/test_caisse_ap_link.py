"""Fields inside the frames of the Concert link, and lines on which anything at all is said."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card.caisse_ap import session
from drivers.card.caisse_ap.link import RECORD_BYTES_MAX, CaisseApContents
from drivers.card.caisse_ap.protocol import PROTOCOL
from drivers.card.caisse_ap.settings import CaisseApSettings
from drivers.card.concert import session as link_session
from drivers.card.concert.frame import ACK, ENQ, EOT, FrameReader, encode_frame
from drivers.card.interface import Kind, Outcome, Question, Request
from drivers.card.settings import Profile
from drivers.errors import DriverError, LocalProtocolError, Offline, RemoteProtocolError
from tests.drivers.card.virtual_line import MemoryRecorder
from tests.sampling import examples

LENGTHS = CaisseApContents.lengths
ANSWER = b"CZ0040320CA00201CE003978CD0010CB0041250AE00210CF010T000000042"
REQUEST = Request("T000000042", 1250)
# Everything that a call may take, and a little: a silent line is left after this.
CALL_S_MAX = 400.0

records = st.binary(min_size=1, max_size=RECORD_BYTES_MAX).map(
    lambda data: bytes(0x20 + byte % 0x60 for byte in data)
)


@given(records)
def test_a_record_of_any_length_is_read_back(record: bytes) -> None:
    reader = FrameReader(LENGTHS)
    read = [reader.feed(byte) for byte in encode_frame(record)]
    assert read[:-1] == [None] * (len(read) - 1)
    assert read[-1] == record


@pytest.mark.parametrize("check", [0x02, 0x03, 0x04, 0x05, 0x06, 0x15])
def test_a_check_byte_may_look_like_any_control_character(check: int) -> None:
    ends = (bytes([one, other]) for one in range(0x20, 0x80) for other in range(0x20, 0x80))
    frames = (encode_frame(ANSWER + b"XX002" + end) for end in ends)
    frame = next(frame for frame in frames if frame[-1] == check)
    reader = FrameReader(LENGTHS)
    assert [reader.feed(byte) for byte in frame][-1] == frame[1:-2]


def test_a_frame_without_end_is_cut_short() -> None:
    reader = FrameReader(LENGTHS)
    for byte in b"\x02" + b"1" * (RECORD_BYTES_MAX + 1):
        assert reader.feed(byte) is None
    with pytest.raises(RemoteProtocolError):
        reader.feed(0x31)
    assert not reader.started


def test_a_request_fits_a_frame_or_is_refused_before_it_is_sent() -> None:
    contents = CaisseApContents(CaisseApSettings(on_link=True, append_crlf=True))
    record = contents.encode(replace(REQUEST, kind=Kind.CANCELLATION, receipt="9" * 32))
    assert len(record) <= RECORD_BYTES_MAX
    assert encode_frame(record)
    with pytest.raises(LocalProtocolError):
        encode_frame(record + b"\r\n")


@pytest.fixture(autouse=True, scope="module")
def _long_reads() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "READ_SLICE_S", 60.0)
        patch.setattr(link_session, "READ_SLICE_S", 60.0)
        yield


@dataclass
class Babble:
    """A line on which anything is said, and nothing is heard."""

    pieces: deque[bytes]
    ends: bool
    clock_s: float = 1_000.0
    written: list[bytes] = field(default_factory=list)
    stopping: bool = False

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        if self.pieces:
            piece = self.pieces.popleft()
            if piece[bytes_max:]:
                self.pieces.appendleft(piece[bytes_max:])
            self.clock_s += min(timeout_s, 0.01)
            return piece[:bytes_max]
        if self.ends:
            raise Offline("the babble is over")
        self.clock_s += timeout_s
        return b""

    def write(self, data: bytes, timeout_s: float) -> None:
        self.written.append(data)

    def now_s(self) -> float:
        return self.clock_s

    def wants_cancel(self) -> bool:
        return True


babble = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                *(bytes([control]) for control in (ENQ, ACK, EOT)),
                ANSWER,
                ANSWER.replace(b"AE00210", b"AE00201AF00204"),
                ANSWER[:40],
                b"CZ0040320CA00201CD001IAE00210",
                encode_frame(ANSWER),
                encode_frame(ANSWER)[:-1],
                encode_frame(b"CZ0040320AE00210"),
            ]
        ),
    ),
    max_size=30,
)


@settings(max_examples=examples(200), deadline=None)
@given(pieces=babble, ends=st.booleans(), on_link=st.booleans(), asks=st.booleans())
def test_whatever_is_said_the_call_ends_in_time_and_in_order(
    *, pieces: list[bytes], ends: bool, on_link: bool, asks: bool
) -> None:
    how = CaisseApSettings(on_link=on_link, profile=Profile(repeats_last=True))
    wire, recorder = Babble(deque(pieces), ends), MemoryRecorder()
    dialogue = PROTOCOL.open(wire, how, recorder, deque(maxlen=8))
    began_s = wire.now_s()
    try:
        if asks:
            dialogue.probe(1)
            dialogue.ask_last(Question("T000000042", 1250, Kind.PAYMENT))
            dialogue.listen(10.0)
            return
        conclusion = dialogue.carry_out(REQUEST)
    except DriverError:
        conclusion = dialogue.interrupted()
    assert wire.now_s() - began_s <= CALL_S_MAX
    said = b"".join(wire.written)
    if conclusion.outcome is Outcome.NOT_SENT:
        assert b"CB0041250" not in said
    if conclusion.outcome is Outcome.APPROVED:
        assert conclusion.answer == recorder.answers["T000000042"]
        assert conclusion.answer is not None
        assert conclusion.answer.amount_cents == 1250
    assert said.count(b"CB0041250") <= 3
