"""A till that sells: prints the number of each sale once it is on disk, or that it was refused.

python -m tests.pos.store.selling FOLDER ever | limit | times
"""

from __future__ import annotations

import random
import resource
import signal
import sys
from pathlib import Path

from pos.app.ports import PrintJob, Transaction
from pos.domain.errors import NotRecorded
from pos.domain.sale import Sale
from pos.domain.ticket import to_data
from tests.pos.store.place import BREAD, WINE, Place, ticket

REFUSALS = 60
SALES = 12


def sale(tx: Transaction, name: str) -> int:
    """What a settled sale writes."""
    number = tx.append("ticket", to_data(ticket((BREAD, 2), (WINE, 1)))).payload.number
    tx.append("campaign:alps", {"type": "sale", "ticket": number})
    tx.enqueue(PrintJob(name, name, [{"text": name}]))
    tx.drop_draft(name)
    return number


class Counter:
    """Sells, one sale after the other."""

    def __init__(self, place: Place) -> None:
        self._ledger = place.open().ledger
        self._count = 0
        # What a kill left open is given up first: numbers begin anew, a name may never come again.
        for left in self._ledger.drafts():
            self._give_up(left.id)

    def sell(self) -> bool:
        """One sale; whether it was done."""
        self._count += 1
        name = f"sale-{self._count}"
        draft = Sale(name, "2026-11-22T18:04:05.123+00:00", "ma")
        try:
            self._ledger.run(lambda tx: tx.put_draft(draft), "ma", durable=False).result(10)
            number = self._ledger.run(lambda tx: sale(tx, name), "ma").result(10)
        except NotRecorded as error:
            self._say(f"refused {error.key}")
            return False
        self._say(str(number))
        return True

    def _give_up(self, name: str) -> None:
        self._ledger.run(lambda tx: tx.drop_draft(name), "ma", durable=False).result(10)

    def _say(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def sell_for_ever(counter: Counter) -> None:
    """Sell until somebody ends this process."""
    while True:
        counter.sell()


def sell_some_times(counter: Counter) -> None:
    """Sell a little, whatever happens to the disk."""
    for _ in range(SALES):
        counter.sell()


def sell_on_a_failing_disk(counter: Counter, wal: Path) -> None:
    """Sell while no file may grow beyond a size that comes at any point of a transaction."""
    chance = random.Random(1)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    refusals = 0
    while refusals < REFUSALS:
        limit_files(wal.stat().st_size + chance.randrange(40_000))
        refusals += not counter.sell()
        limit_files(resource.RLIM_INFINITY)
        if refusals % 2:  # the disk works again, and so does the till
            assert counter.sell()


def limit_files(size: int) -> None:
    """Let no file of this process grow beyond a size in bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def main(folder: Path, how: str) -> None:
    """Sell in a folder."""
    place = Place(folder)
    counter = Counter(place)
    if how == "limit":
        sell_on_a_failing_disk(counter, place.folder.till_db.with_name("till.db-wal"))
    elif how == "times":
        sell_some_times(counter)
    else:
        sell_for_ever(counter)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
