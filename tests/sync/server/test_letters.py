from __future__ import annotations

import dataclasses
import html
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from sync.contract.messages import tidy_code
from sync.server.shops.letter_words import TEXTS
from sync.server.shops.letters import (
    LETTERS_MAX,
    SEEN_ALWAYS,
    SEEN_PERHAPS,
    Letter,
    Occasion,
    address_lines,
    make_letters,
)
from sync.server.shops.paper import POINT_MM, printable
from sync.server.shops.stickers import make_stickers

NOW = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
OCCASION = Occasion(
    campaign="Noël à Saint-Malo : 10 € pour l'œuvre",
    sponsors=("Ville de Saint-Malo", "Région Bretagne", "CCI"),
    origin="https://campagne.example",
    sender=("Ville de Saint-Malo", "Service commerce", "35400 SAINT-MALO"),
    language="fr",
)
LETTER = Letter(
    id="1",
    shop="Épicerie du Port",
    address="1, quai de l'Été, bâtiment des Œuvres, au fond de la cour",
    postcode="35400",
    town="Saint-Malo",
    code="K7PM29TX",
    expires_at="2026-12-29T13:00:00.000+00:00",
)
OTHER = dataclasses.replace(LETTER, shop="Boulangerie", code="ABCDEFGH", address="", town="Dinan")
BIGGEST = Letter("2", "W" * 120, "W " * 127, "99999", "W" * 255, "WWWWWWWW", LETTER.expires_at)


@dataclasses.dataclass(frozen=True)
class Word:
    """A word on a page; its edges in millimetres."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclasses.dataclass(frozen=True)
class Printed:
    """A PDF as poppler reads it: an implementation that is not ours."""

    path: Path

    @classmethod
    def of(cls, pdf: bytes, folder: Path) -> Printed:
        if not shutil.which("pdftotext"):
            pytest.skip("poppler-utils is not installed")
        path = folder / "printed.pdf"
        path.write_bytes(pdf)
        return cls(path)

    def text(self, page: int = 1) -> str:
        command = ["pdftotext", "-f", str(page), "-l", str(page), "-raw", str(self.path), "-"]
        return " ".join(
            subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        )

    def words(self) -> list[Word]:
        command = ["pdftotext", "-bbox", str(self.path), "-"]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        pattern = r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>'
        return [
            Word(html.unescape(text), *(float(edge) * POINT_MM for edge in edges))
            for *edges, text in re.findall(pattern, found)
        ]

    def pages(self) -> list[Image.Image]:
        stem = self.path.with_suffix("")
        subprocess.run(["pdftoppm", "-r", "150", "-png", self.path, stem], check=True)
        return [
            Image.open(one).convert("L") for one in sorted(self.path.parent.glob("printed-*.png"))
        ]

    def codes(self) -> list[list[str]]:
        return [[code.text for code in zxingcpp.read_barcodes(page)] for page in self.pages()]


def printed(tmp_path: Path, letters: Sequence[Letter], occasion: Occasion = OCCASION) -> Printed:
    return Printed.of(make_letters(letters, occasion, NOW), tmp_path)


def test_each_shop_has_a_page_with_its_code_to_type_and_to_scan(tmp_path: Path) -> None:
    pages = printed(tmp_path, [LETTER, OTHER])
    assert pages.codes() == [
        ["https://campagne.example/#K7PM29TX"],
        ["https://campagne.example/#ABCDEFGH"],
    ]
    first, second = pages.text(1), pages.text(2)
    typed = "comptoir sync enrol --server https://campagne.example --code K7PM-29TX"
    assert typed in first
    assert tidy_code("K7PM-29TX") == LETTER.code
    assert "ABCD" not in first
    assert "K7PM" not in second


def test_a_letter_says_what_it_is_about_with_accents_and_the_euro(tmp_path: Path) -> None:
    text = printed(tmp_path, [LETTER]).text()
    assert "« Noël à Saint-Malo : 10 € pour l'œuvre »" in text
    assert "(financement : Ville de Saint-Malo, Région Bretagne et CCI)" in text
    assert "jusqu'au 29/12/2026 14:00 (heure de Paris)" in text
    assert "six chiffres" in text
    assert "35400 SAINT-MALO" in text


def test_a_letter_in_english(tmp_path: Path) -> None:
    text = printed(tmp_path, [LETTER], dataclasses.replace(OCCASION, language="en")).text()
    assert "until 2026-12-29 14:00 (Paris time)" in text
    assert "funded by Ville de Saint-Malo, Région Bretagne and CCI" in text


def test_without_sponsors_nothing_is_said_of_them(tmp_path: Path) -> None:
    text = printed(tmp_path, [LETTER], dataclasses.replace(OCCASION, sponsors=())).text()
    assert "financement" not in text


@pytest.mark.parametrize("letter", [LETTER, OTHER, BIGGEST])
def test_the_window_shows_the_whole_address_and_nothing_else(
    tmp_path: Path, letter: Letter
) -> None:
    words = printed(tmp_path, [letter]).words()
    left, top, right, bottom = SEEN_PERHAPS
    shown = [
        word
        for word in words
        if word.right > left and word.left < right and word.bottom > top and word.top < bottom
    ]
    lines = address_lines(letter)
    assert len({round(word.top) for word in shown}) == len(lines)
    for word in shown:
        assert SEEN_ALWAYS[0] <= word.left < word.right <= SEEN_ALWAYS[2]
        assert SEEN_ALWAYS[1] <= word.top < word.bottom <= SEEN_ALWAYS[3] + 0.5
    if letter is not BIGGEST:
        assert " ".join(word.text for word in shown) == " ".join(lines)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_longest_texts_stay_on_the_page(tmp_path: Path, language: str) -> None:
    occasion = Occasion(
        campaign="W" * 120,
        sponsors=["W" * 60] * 4,
        origin="https://" + "w" * 60 + ".example",
        sender=["W" * 60] * 9,
        language="en" if language == "en" else "fr",
    )
    pages = printed(tmp_path, [BIGGEST], occasion)
    assert len(pages.pages()) == 1
    for word in pages.words():
        assert 10 < word.left < word.right < 200, word
        assert 10 < word.top < word.bottom < 290, word
    assert pages.codes() == [[f"{occasion.origin}/#WWWWWWWW"]]


def test_a_file_has_a_bounded_number_of_letters(tmp_path: Path) -> None:
    pdf = make_letters([LETTER] * (LETTERS_MAX + 5), OCCASION, NOW)
    assert pdf.count(b"/Type /Page\n") == LETTERS_MAX


def test_the_same_letters_are_the_same_bytes() -> None:
    assert make_letters([LETTER], OCCASION, NOW) == make_letters([LETTER], OCCASION, NOW)


def test_four_stickers_a_sheet_lead_to_the_shops(tmp_path: Path) -> None:
    address = "https://campagne.example/commerces/noel"
    sheets = Printed.of(make_stickers("Noël à Saint-Malo", address, 2, NOW), tmp_path)
    assert sheets.codes() == [[address] * 4] * 2
    text = sheets.text(2)
    for words in ("Noël à Saint-Malo", TEXTS["fr"]["sticker"], TEXTS["en"]["sticker"], address[8:]):
        assert text.count(words) == 4


def test_letters_that_the_paper_lacks_are_replaced() -> None:
    assert printable("Œuvre à 10 € – Ștefan 日本\x07") == "Œuvre à 10 € – Stefan ?? "


def test_both_languages_have_all_the_words() -> None:
    assert set(TEXTS["fr"]) == set(TEXTS["en"])
