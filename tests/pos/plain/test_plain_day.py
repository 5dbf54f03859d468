"""A whole day as it reads, in both languages. COMPTOIR_GOLDEN=write writes the transcripts anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pos.domain.payment import State
from tests.pos.fakes import BAG, BANANA, BREAD, WINE
from tests.pos.plain.talk import Talk

GOLDEN = Path(__file__).parent / "golden"
# A till's key is its own, and so is what comes from a signature; how many events the journal has
# by then is no matter of this test.
_SIGNED = re.compile(
    r"(?P<proof>Journal) \d+ - signature \S+"
    r"|(?P<head>Tête du journal|Head of the journal) \d+ \S+"
)
DAY = (
    "login 1 1111",
    "float 150,00",
    "find co",
    BREAD,
    f"3*{BAG}",
    f"0,350*{BANANA}",
    "show",
    "void 1",
    "discount 10%",
    "cash 20",
    "receipt",
    "receipt 1",
    f"{WINE}@8,50",
    "tender Titre-restaurant 5",
    "card",
    BREAD,
    "park Mme Petit",
    WINE,
    "cash 3",
    "cancel",
    "recall",
    "CARD=declined",
    "card",
    "CARD=unknown",
    "card",
    "cash",
    "show",
    "resolve REF0000003 charged 987654",
    "refund 2",
    "CARD=approved",
    "card",
    f"return {BAG}",
    "cash",
    "nonsense !",
    "paid-in 20 monnaie",
    "paid-out 3,50 achat d'eau",
    "pickup 100",
    "no-sale monnaie",
    "jobs",
    "job id-2 perdu",
    "x",
    "lock",
    "login 3 3333",
    BREAD,
    "cash",
    "login 2 2222",
    "z 60",
    "help z",
    "quit",
)


@pytest.mark.parametrize("words", ["fr", "en"])
def test_a_day_reads_as_it_did_when_somebody_last_looked(tmp_path: Path, words: str) -> None:
    talk = Talk(tmp_path, words)
    try:
        lines: list[str] = []
        for line in DAY:
            if line.startswith("CARD="):
                talk.card = State(line.removeprefix("CARD="))
                continue
            reply = talk(line)
            lines += [f"> {line}", *reply.text.splitlines(), ""]
        talk.counter.audit()
    finally:
        talk.close()
    read = _SIGNED.sub(lambda found: f"{found['proof'] or found['head']} ****", "\n".join(lines))
    file = GOLDEN / f"day-{words}.txt"
    if os.environ.get("COMPTOIR_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(read, encoding="utf-8")
    assert read == file.read_text(encoding="utf-8"), f"the day reads differently in {words}"
