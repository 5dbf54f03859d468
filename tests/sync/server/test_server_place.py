"""Where batches stand: a till, its copies and a server, against a model that knows the truth."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from sync.server.tills.ingest import NO_DIGEST, Received
from sync.server.tills.place import Fits, Fork, Gap, Held, Standing, place


def received(number: int, before: bytes, content: str) -> Received:
    compact = f"{number} {before.hex()} {content}".encode()
    digest = hashlib.sha256(compact).digest()
    return Received(number, 1, before, digest, compact, "", None, "")


def grow(chain: list[Received], content: str, count: int) -> list[Received]:
    grown = list(chain)
    for _ in range(count):
        before = grown[-1].digest if grown else NO_DIGEST
        grown.append(received(len(grown) + 1, before, content))
    return grown


@dataclass
class Server:
    """What a server stores: entries of any epoch, and the head of the epoch that speaks."""

    stored: dict[int, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    number: int = 0
    digest: bytes = NO_DIGEST

    def take(self, batch: list[Received]) -> Standing:
        known = {number: frozenset(digests) for number, digests in self.stored.items()}
        top = max((number for number, held in known.items() if held), default=0)
        standing = place(batch, Held(self.number, self.digest, known, top))
        if isinstance(standing, Fits):
            for entry in standing.new:
                assert entry.digest not in self.stored[entry.number]
                self.stored[entry.number].add(entry.digest)
            if batch[-1].number > self.number:
                self.number, self.digest = batch[-1].number, batch[-1].digest
        return standing

    def next_epoch(self) -> None:
        self.number, self.digest = 0, NO_DIGEST


@given(st.randoms(use_true_random=False), st.integers(1, 30))
def test_any_order_of_batches_of_one_chain_ends_complete_and_never_forks(
    chance: random.Random, length: int
) -> None:
    chain, server = grow([], "a", length), Server()
    for _ in range(200):
        first = chance.randint(0, length - 1)
        batch = chain[first : first + chance.randint(1, 8)]
        standing = server.take(batch)
        if isinstance(standing, Gap):
            assert standing.expected == server.number + 1
            batch = chain[standing.expected - 1 : standing.expected + 4]
            assert isinstance(server.take(batch), Fits)
        assert not isinstance(standing, Fork)
    while server.number < length:
        assert isinstance(server.take(chain[server.number : server.number + 8]), Fits)
    assert [server.stored[n] for n in range(1, length + 1)] == [{e.digest} for e in chain]


@given(st.integers(1, 10), st.integers(1, 10), st.integers(1, 10), st.integers(0, 19))
def test_a_copy_in_the_same_epoch_is_noticed_wherever_it_starts_to_send(
    shared: int, ours: int, theirs: int, start: int
) -> None:
    common = grow([], "a", shared)
    mine, copy = grow(common, "mine", ours), grow(common, "copy", theirs)
    server = Server()
    server.take(mine)
    batch = copy[min(start, len(copy) - 1) :]
    standing = server.take(batch)
    if batch[0].number > len(mine) + 1:
        assert standing == Gap(len(mine) + 1)
    else:
        assert isinstance(standing, Fork)


@given(
    st.integers(0, 300),
    st.integers(0, 300),
    st.integers(0, 300),
    st.integers(0, 300),
    st.integers(),
)
def test_a_copy_under_a_new_epoch_is_taken_in_whole_wherever_it_left_the_trunk(
    shared: int, stored: int, ours: int, theirs: int, seed: int
) -> None:
    common = grow([], "a", shared)
    mine, copy = grow(common, "mine", ours), grow(common, "copy", theirs + 1)
    server, chance = Server(), random.Random(seed)
    for first in range(0, min(stored, len(mine)), 50):
        assert isinstance(server.take(mine[first : first + 50]), Fits)
    server.next_epoch()
    first, tries = chance.randint(1, len(copy)), 0
    while first <= len(copy):
        standing = server.take(copy[first - 1 : first + 199])
        assert not isinstance(standing, Fork)
        first = standing.expected if isinstance(standing, Gap) else server.number + 1
        tries += 1
        assert tries < 20
    assert all(entry.digest in server.stored[entry.number] for entry in copy)
