"""Where a benchmark works: a folder on a real disk, an isolated machine, and a till in it."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from pos.adapters.simulated import Pace
from pos.app.campaign_ports import CampaignLink
from pos.app.session import declare_float
from pos.app.sign_on import sign_on
from pos.bootstrap import Till, now, open_for_writing, open_till
from pos.config import Config
from pos.demo.shop import PEOPLE, stock
from pos.store.catalogue_rows import parse
from pos.store.folder import DataFolder
from prove.virtual.till import Nobody

ROOT: Final = Path(__file__).resolve().parents[1]
REAL_CATALOGUE: Final = ROOT.parent / "shared" / "data" / "catalogue-fr.csv"
PRODUCTS: Final = 100_000
OPENING_FLOAT: Final = 15_000
# Not /tmp, which is often in memory: a sync there costs nothing and proves nothing.
_DISK: Final = os.environ.get("COMPTOIR_BENCH_DIR", "/var/tmp")
_SYLLABLES: Final = (
    *("ba", "bou", "cha", "co", "cre", "dou", "é", "fi", "fro", "gé", "gla", "ju", "la", "le"),
    *("ma", "mou", "noi", "ou", "pa", "pê", "pi", "ra", "ri", "sa", "ta", "té", "to", "vi"),
)


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder for one run; this process and its children keep their machine's secrets in it."""
    with tempfile.TemporaryDirectory(prefix="comptoir-bench-", dir=_DISK) as name:
        path = Path(name)
        os.environ["XDG_STATE_HOME"] = str(path / "state")
        # Some machines of developers set it; on a till it would triple the start.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        yield path


def catalogue() -> bytes:
    """100,000 products as a catalogue file: real ones where the data is there, else made up."""
    return REAL_CATALOGUE.read_bytes() if REAL_CATALOGUE.exists() else _made_up()


@cache
def labels() -> tuple[tuple[str, str], ...]:
    """Code and label of each product of the catalogue."""
    return tuple((row.code, row.label) for row in parse(catalogue()).rows)


@contextmanager
def open_shop(
    path: Path,
    products: bytes | None = None,
    config: Config | None = None,
    pace: Pace | None = None,
) -> Iterator[Till]:
    """A till in a folder, stocked on first use, its cashier signed on and its session open."""
    folder = DataFolder(path / "data")
    with open_for_writing(folder) as store:
        stock(store, now, products)
    with open_till(folder, config or Config(), pace=pace) as till:
        person = PEOPLE[0]
        sign_on(till.desk, person.code, person.pin).wait()
        if till.desk.session is None:
            declare_float(till.desk, OPENING_FLOAT).wait()
        yield till


class OneCampaign(Nobody):
    """A till that is enrolled in one campaign, without a sync process."""

    def __init__(self, campaign: str) -> None:
        self._campaign = campaign

    def active(self) -> tuple[str, ...]:
        """The one."""
        return (self._campaign,)

    def link(self) -> CampaignLink:
        """Nothing is sent."""
        return CampaignLink(self.active())


def enrol_in(till: Till, campaign: str) -> None:
    """Let each sale write this campaign's chain too."""
    till.desk.ports = replace(till.desk.ports, campaigns=OneCampaign(campaign))


def _made_up() -> bytes:
    draw = random.Random(1)
    lines = ["ean13;libelle;prix_ttc;tva"]
    for number in range(PRODUCTS):
        words = ("".join(draw.choices(_SYLLABLES, k=draw.randint(1, 4))) for _ in range(3))
        price = draw.randint(50, 5000)
        lines.append(f"{_ean(number)};{' '.join(words)};{price // 100},{price % 100:02};5,5")
    return "\r\n".join(lines).encode()


def _ean(number: int) -> str:
    digits = f"300{number:09}"
    odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
    return f"{digits}{-(odd + 3 * even) % 10}"
