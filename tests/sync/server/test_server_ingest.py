"""Batches that were tampered with: the entry is named, and nothing is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.entry import ENTRY_TYP
from sync.contract.jws import SigningKey, b64, unb64
from sync.contract.messages import problem_name
from sync.server.auth import Signer
from sync.server.errors import Refused
from sync.server.tills.ingest import Sender, read_batch
from tests.sync.server.kit import Till

KEY = SigningKey.from_secret(0xC0FFEE)
LENGTH = 6


def sold(count: int = LENGTH) -> Till:
    till = Till(KEY)
    for _ in range(count):
        till.sell()
    return till


TILL = sold()
BATCH = TILL.batch(3).entries
SENDER = Sender(TILL.till, 1, {KEY.kid: Signer(1, KEY.public)}, "campaign:noel")


def refusal(entries: list[str], sender: Sender = SENDER) -> tuple[str, int | None]:
    with pytest.raises(Refused) as caught:
        read_batch(entries, sender)
    return problem_name(caught.value.problem), caught.value.problem.number


def test_an_honest_batch_is_read_whole() -> None:
    read = read_batch(BATCH, SENDER)
    assert [entry.number for entry in read] == [3, 4, 5, 6]
    assert [entry.digest.hex() for entry in read] == [e.digest for e in TILL.entries[2:]]
    assert all(entry.rejection is None for entry in read)


@given(st.integers(0, len(BATCH) - 1), st.integers(0, 5000), st.integers(1, 127))
def test_one_changed_byte_anywhere_names_its_entry(victim: int, place: int, flip: int) -> None:
    raw = bytearray(BATCH[victim].encode())
    raw[place % len(raw)] ^= flip
    entries = list(BATCH)
    entries[victim] = raw.decode("latin-1")
    name, number = refusal(entries)
    assert name in {"malformed", "bad-signature", "wrong-place"}
    assert number == victim + 3


@given(st.integers(0, len(BATCH) - 1), st.data())
def test_one_changed_byte_of_a_payload_names_its_entry(victim: int, data: st.DataObject) -> None:
    header, payload, signature = BATCH[victim].encode().split(b".")
    raw = bytearray(unb64(payload))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.sampled_from([1, 2, 3, 4, 8, 16, 32]))
    entries = list(BATCH)
    entries[victim] = b".".join((header, b64(bytes(raw)), signature)).decode()
    assert refusal(entries)[1] == victim + 3


@given(st.permutations(range(len(BATCH))))
def test_any_other_order_is_refused(order: list[int]) -> None:
    if order != sorted(order):
        assert refusal([BATCH[index] for index in order])[0] == "broken-link"


def test_a_signature_by_another_key_names_its_entry() -> None:
    entries = list(BATCH)
    forged = SigningKey.from_secret(9).sign(TILL.entries[3].signed.payload, ENTRY_TYP)
    entries[1] = forged.compact.decode()
    assert refusal(entries) == ("wrong-place", 4)


def test_a_first_entry_links_to_nothing() -> None:
    till = Till(KEY)
    till.prev = "1" * 64
    first = till.sell()
    payload = first.signed.payload.replace(
        b'"chain_prev":"' + b"0" * 64, b'"chain_prev":"' + b"1" * 64
    )
    entry = KEY.sign(payload, ENTRY_TYP).compact.decode()
    assert refusal([entry]) == ("broken-link", 1)


def test_an_epoch_never_goes_back_inside_a_batch() -> None:
    till = sold(2)
    till.go_on(0xBEEF)
    till.sell()
    till.key, till.epoch = KEY, 1
    till.sell()
    later = SigningKey.from_secret(0xBEEF)
    keys = {KEY.kid: Signer(1, KEY.public), later.kid: Signer(2, later.public)}
    sender = Sender(till.till, 2, keys, "campaign:noel")
    assert refusal(till.batch().entries, sender) == ("broken-link", 4)
    assert len(read_batch(till.batch(1, 3).entries, sender)) == 3


def test_a_batch_of_nothing_readable_names_no_number() -> None:
    assert refusal(["x", "y"]) == ("malformed", None)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_arbitrary_text_is_refused(entries: list[str]) -> None:
    assert refusal(entries)[0] == "malformed"
