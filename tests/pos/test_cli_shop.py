"""The contract of `comptoir staff`, `catalogue` and `journal`."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pos.store.folder import DataFolder
from tests.pos.shell import CATALOGUE, Shell


def test_somebody_is_added_with_a_pin_from_standard_input(shell: Shell) -> None:
    assert "ma" in shell.hire("MA")
    listed = json.loads(shell.done("staff", "list", "--json"))
    assert listed == {"staff": [{"code": "ma", "name": "Marie", "role": "cashier", "active": True}]}
    told = shell.run("till", "--plain", "--json", typed="login ma 1234\n").stdout
    assert json.loads(told)["operator"] == "ma"


def test_the_pin_is_shown_nowhere(shell: Shell) -> None:
    result = shell.run("staff", "add", "ma", "--name", "M", "--pin-stdin", typed="87654321\n")
    assert "87654321" not in result.output
    assert all(b"87654321" not in x.read_bytes() for x in shell.data.rglob("*") if x.is_file())


@pytest.mark.parametrize("typed", ["", "\n", "12\n", "abcd\n", "123456789\n", "1" * 1000])
def test_a_pin_that_is_none_is_refused(shell: Shell, typed: str) -> None:
    said = shell.refused("staff", "add", "ma", "--name", "Marie", "--pin-stdin", typed=typed)
    assert "4 à 8 chiffres" in said
    assert not shell.data.exists()


@pytest.mark.parametrize(
    ("code", "name"), [("m a", "Marie"), ("é", "Marie"), ("ma", ""), ("", "M")]
)
def test_a_code_or_name_that_nobody_can_have_is_refused(shell: Shell, code: str, name: str) -> None:
    shell.refused("staff", "add", code, "--name", name, "--pin-stdin", typed="1234\n")
    assert [event["code"] for event in shell.events()] == [901]


def test_every_change_of_staff_is_in_the_journal_by_code_and_never_by_name(shell: Shell) -> None:
    shell.hire("MA", name="Marie Curie")
    shell.done("staff", "pin", "ma", "--pin-stdin", typed="4321\n")
    shell.done("staff", "disable", " Ma ")
    changes = [event["details"] for event in shell.events() if event["name"] == "staff_changed"]
    assert changes == [
        {"staff": "ma", "change": "added", "role": "cashier"},
        {"staff": "ma", "change": "pin"},
        {"staff": "ma", "change": "disabled"},
    ]
    assert "Curie" not in str(shell.events())
    assert "(accès fermé)" in shell.done("staff", "list")


def test_a_change_that_is_refused_leaves_no_trace(shell: Shell) -> None:
    shell.hire()
    before = shell.events()
    shell.refused("staff", "add", "ma", "--name", "Other", "--pin-stdin", typed="1234\n")
    shell.refused("staff", "pin", "zz", "--pin-stdin", typed="1234\n")
    shell.refused("staff", "disable", "zz")
    assert shell.events() == before


def test_nobody_is_listed_where_no_till_has_been_and_none_is_made(shell: Shell) -> None:
    assert json.loads(shell.done("staff", "list", "--json")) == {"staff": []}
    assert not DataFolder(shell.data).exists


def test_an_old_sqlite_is_told_to_who_verifies_and_to_nobody_who_sells(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("pos.bootstrap", "pos.cli.journal"):
        monkeypatch.setattr(f"{place}.sqlite_is_safe", lambda: False)
    sold = shell.run("till", "--plain", typed="quit\n")
    assert sold.exit_code == 0
    assert "SQLite" not in sold.output
    assert "SQLite" in (shell.data / "logs" / "till.log").read_text()
    assert "SQLite" in shell.run("journal", "verify").stderr
    assert "SQLite" not in shell.run("journal", "verify", "--json").output


def test_while_a_till_works_here_changes_are_refused_and_reading_is_not(shell: Shell) -> None:
    shell.hire()
    lock = DataFolder(shell.data).lock()
    try:
        said = shell.refused("staff", "disable", "ma")
        assert str(shell.data) in said
        assert "ma" in shell.done("staff", "list")
        assert "Journal intact" in shell.done("journal", "verify")
    finally:
        lock.release()


def test_a_catalogue_is_taken_whole(shell: Shell, catalogue: Path) -> None:
    told = json.loads(shell.done("catalogue", "import", catalogue, "--json"))
    assert {name: told[name] for name in ("products", "added", "repriced", "warnings")} == {
        "products": 2,
        "added": 2,
        "repriced": 0,
        "warnings": [],
    }
    catalogue.write_text(CATALOGUE.replace("3,45", "3,50"), encoding="utf-8")
    assert "1 changent de prix" in shell.done("catalogue", "import", catalogue)


WRONG = "ean13;libelle;prix_ttc;tva\n3000000000014;Pain;cher;5,5\n3000000000015;;1;7\n"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "fr",
            [
                "ligne 2, colonne prix_ttc : « cher » : attendu un prix en euros, par exemple 1,99",
                "ligne 3, colonne ean13 : « 3000000000015 » : le dernier chiffre {checks}",
                "ligne 3, colonne libelle : attendu un libellé",
                "ligne 3, colonne tva : « 7 » : {rate}",
                "Catalogue refusé, rien n'a été changé : 4 erreurs.",
            ],
        ),
        (
            "en",
            [
                'line 2, column prix_ttc: "cher": expected a price in euros, such as 1,99',
                'line 3, column ean13: "3000000000015": the last digit does not check the others',
                "line 3, column libelle: expected a name",
                'line 3, column tva: "7": expected a VAT rate in force, such as 20, 10, 5,5 or 2,1',
                "Catalogue refused, nothing was changed: 4 mistakes.",
            ],
        ),
    ],
)
def test_every_mistake_is_named_by_its_place_in_the_persons_language(
    shell: Shell, catalogue: Path, code: str, told: list[str]
) -> None:
    shell.environment["COMPTOIR_LANGUAGE"] = code
    catalogue.write_text(WRONG, encoding="utf-8")
    rate = "attendu un taux de TVA en vigueur, par exemple 20, 10, 5,5 ou 2,1"
    expected = [line.format(checks="ne vérifie pas les autres", rate=rate) for line in told]
    assert shell.refused("catalogue", "import", catalogue).splitlines() == expected


def test_mistakes_as_json_are_the_same_in_every_language(shell: Shell, catalogue: Path) -> None:
    catalogue.write_text(WRONG, encoding="utf-8")
    seen = []
    for code in ("fr", "en"):
        shell.environment["COMPTOIR_LANGUAGE"] = code
        result = shell.run("catalogue", "import", catalogue, "--json")
        assert result.exit_code == 1
        seen.append(json.loads(result.stdout))
    assert seen[0] == seen[1]
    assert seen[0]["problems"][0] == {
        "line": 2,
        "column": "prix_ttc",
        "value": "cher",
        "reason": "price",
        "expected": "a price in euros such as 1,99",
    }


def test_a_notice_is_told_and_the_file_is_taken(shell: Shell, catalogue: Path) -> None:
    catalogue.write_text(CATALOGUE.replace("tva", "tva;couleur").replace("5,5", "5,5;x"), "utf-8")
    catalogue.write_text(
        "ean13;libelle;prix_ttc;tva;couleur\n3000000000014;Pa\x01in;3,45;5,5;x\n", encoding="utf-8"
    )
    result = shell.run("catalogue", "import", catalogue)
    assert result.exit_code == 0
    assert "« couleur » : colonne inconnue, ignorée" in result.stderr
    assert "caractères de contrôle retirés" in result.stderr


def test_a_file_that_is_not_there_or_has_no_end_is_refused(shell: Shell) -> None:
    assert "none.csv" in shell.refused("catalogue", "import", shell.home / "none.csv")
    assert "trop gros" in shell.refused("catalogue", "import", "/dev/zero")
    shell.refused("catalogue", "import", shell.home)


@pytest.mark.parametrize("command", ["verify", "key", "export --jws"])
def test_a_folder_without_a_journal_is_refused(shell: Shell, command: str) -> None:
    assert str(shell.data) in shell.refused("journal", *command.split())
    assert not shell.data.exists()


def test_a_whole_journal_verifies(shell: Shell) -> None:
    shell.hire()
    result = shell.run("journal", "verify", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["ok"], told["entries"], told["findings"]) == (True, 2, [])
    assert "Journal intact : 2" in shell.done("journal", "verify", "--full")


def test_an_altered_journal_is_one_and_each_fault_is_named(shell: Shell) -> None:
    shell.hire()
    with closing(sqlite3.connect(DataFolder(shell.data).till_db)) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(
            "UPDATE journal SET payload = CAST(replace(CAST(payload AS TEXT), 'added', 'adder')"
            " AS BLOB) WHERE seq = 2"
        )
        connection.commit()
    result = shell.run("journal", "verify", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert not told["ok"]
    assert {finding["seq"] for finding in told["findings"]} == {2}
    assert "ALTÉRÉ" in shell.run("journal", "verify").output


def test_a_journal_says_in_words_that_it_was_put_back(shell: Shell) -> None:
    shell.hire()
    backup = shell.home / "backup"
    shutil.copytree(shell.data, backup)
    shell.hire("2")
    shutil.rmtree(shell.data)
    shutil.copytree(backup, shell.data)
    shell.hire("3")
    told = shell.run("journal", "verify")
    assert (
        "L'époque 2 commence à l'écriture 3 : le journal avait été remis en arrière, l'écriture 3"
        " avait été vue." in told.stderr
    )
    (beginning,) = json.loads(shell.run("journal", "verify", "--json").stdout)["beginnings"]
    assert beginning == {"epoch": 2, "seq": 3, "seen": 3}


def test_entries_and_keys_are_handed_over(shell: Shell) -> None:
    shell.hire()
    lines = shell.done("journal", "export", "--jws").splitlines()
    assert len(lines) == 2
    assert all(len(line.split(".")) == 3 for line in lines)
    file = shell.home / "entries.jws"
    assert shell.done("journal", "export", "--jws", "--chain", "ticket", "--output", file) == ""
    assert file.read_bytes() == b""
    (key,) = json.loads(shell.done("journal", "key", "--json"))["keys"]
    assert key["pem"].startswith("-----BEGIN PUBLIC KEY-----")
    assert shell.done("journal", "key") == key["pem"]


def test_the_books_are_made_again(shell: Shell) -> None:
    shell.hire()
    assert "2 écritures" in shell.done("journal", "rebuild")
