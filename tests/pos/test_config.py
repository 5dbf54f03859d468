"""config.toml: every setting is shown with a comment, and every mistake is named."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pos.config import (
    ARRAYS,
    FILE_BYTES_MAX,
    Config,
    ConfigError,
    TenderConfig,
    TerminalConfig,
    load,
)
from pos.domain.payment import draw
from pos.domain.tender import CARD, CASH, Overpay, TenderKind

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config.toml"
DEFAULTS = {"tender": TenderConfig(name="x"), "terminal": TerminalConfig()}


def refusal(folder: Path, text: str | bytes) -> str:
    """What is said of a file that is wrong, after its own name."""
    file = folder / "config.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as refused:
        load(file)
    said = str(refused.value)
    assert said.startswith(f"{file}:")
    return said.removeprefix(f"{file}:")


def said_of(file: Path) -> str:
    """What is said of a file; its name alone when nothing is wrong with it."""
    try:
        load(file)
    except ConfigError as error:
        return str(error)
    return str(file)


def test_the_shipped_file_loads_as_it_stands() -> None:
    config = load(SHIPPED)
    assert config.printer.port == config.terminal[0].port == "sim:"
    assert list(config.tenders()) == ["cash", "card", "Titre-restaurant", "Chèque"]
    assert config.tenders()["Titre-restaurant"].overpay is Overpay.KEEP
    assert config.tenders()["Chèque"].kind is TenderKind.CHEQUE
    assert [template.prefix for template in config.templates()] == ["21", "22"]


def sections() -> list[tuple[str, str]]:
    """Every setting of the structs: its table and its name."""
    found = []
    for field in msgspec.structs.fields(Config):
        kind = field.type
        kind = ARRAYS.get(field.name, kind)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            found += [(field.name, inner.name) for inner in msgspec.structs.fields(kind)]
        else:
            found.append((field.name, ""))
    return found


@pytest.mark.parametrize(("table", "name"), sections())
def test_every_setting_is_in_the_shipped_file_with_a_comment(table: str, name: str) -> None:
    parts = re.split(r"^\[+([a-z]+)\]+", SHIPPED.read_text(encoding="utf-8"), flags=re.MULTILINE)
    body = "".join(
        # A comment above a table speaks of its settings.
        parts[n - 1][parts[n - 1].rfind("\n\n") :] + parts[n + 1]
        for n in range(1, len(parts), 2)
        if parts[n] == table
    )
    if name:
        assert re.search(rf"^{name} = ", body, re.MULTILINE), f"[{table}] {name} is not shown"
    commented = re.search(rf"^{name} = [^\n]*#", body, re.MULTILINE) if name else "#" in body
    above = re.search(rf"#[^\n]*\n(?:#[^\n]*\n)*{name} = ", body)
    introduced = any(name in line for line in body.splitlines() if line.startswith("#"))
    first = body.lstrip("\n").startswith("#")
    assert commented or above or introduced or first, f"[{table}] {name} has no comment"


def test_a_default_that_a_comment_names_is_the_structs() -> None:
    parts = re.split(r"^\[+([a-z]+)\]+", SHIPPED.read_text(encoding="utf-8"), flags=re.MULTILINE)
    checked = 0
    for table, body in zip(parts[1::2], parts[2::2], strict=True):
        made = DEFAULTS.get(table) or getattr(Config(), table)
        for name, written in re.findall(r"^(\w+) = .*default ([\w.\"+]+)", body, re.MULTILINE):
            if written.strip('"') in {"nothing", "none", "the"} or not hasattr(made, name):
                continue
            assert str(getattr(made, name)).lower() == written.strip('"').lower(), name
            checked += 1
    assert checked > 20


def test_an_empty_file_is_a_till_without_devices(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("", encoding="utf-8")
    assert load(file) == Config()
    assert Config().tenders() == {"cash": CASH, "card": CARD}
    assert Config().printer.port == ""
    assert Config().templates() == ()


PLUGGED = '[[terminal]]\nport = "/dev/ttyACM0"\n'
MISTAKES = [
    ("x = 1", ("1:", "'x'", "expected one of shop, tender")),
    ('\n[shop]\nnam = "a"', ("3:", "'nam'", "did you mean 'name'?")),
    ("[shop]\nname = 3", ("2:", "shop.name", "Expected `str`")),
    ('[shop]\nlanguage = "de"', ("2:", "shop.language", "'de'", "expected one of fr, en")),
    ('[shop]\nsiret = "12"', ("2:", "shop.siret", "Expected 14 digits", "'12'")),
    ('[shop]\ntill = "caisse"', ("2:", "shop.till", "1 to 4 digits", "'caisse'")),
    ('[shop]\ntill = "٣"', ("2:", "shop.till")),
    ("[shop]\nday_starts_at_hour = 13", ("2:", "shop.day_starts_at_hour", "0 to 12", "13")),
    ("[shop]\nday_starts_at_hour = 1.5", ("2:", "shop.day_starts_at_hour", "`int`")),
    ('[shop]\nreceipt_footer = "x"', ("2:", "shop.receipt_footer", "`array`")),
    ("[shop]\nreceipt_footer = [1]", ("2:", "shop.receipt_footer", "`str`")),
    ("shop = 3", ("1:", "shop", "`object`")),
    ('[[tender]]\nname = "a"\n\n[[tender]]\nname = "b"\nkind = "gold"', ("6:", "tender[1].kind")),
    ('[[tender]]\nname = "a"\n\n[[tender]]\nname = "A"', ("5:", "tender[1].name", "no other")),
    ('[[tender]]\nname = "Cash"', ("2:", "tender[0].name", "no other tender has")),
    ('[[tender]]\nname = " "', ("2:", "tender[0].name")),
    ('[[tender]]\nkind = "other"', ("1:", "tender[0]", "`name`")),
    ('[[tender]]\nname = "a"\nkinds = "x"', ("3:", "'kinds'", "did you mean 'kind'?")),
    ('[tender]\nname = "a"', ("1:", "tender", "`array`")),
    ("[drawer]\nnotes = [5, 0]", ("2:", "drawer.notes", "1 to 500", "0")),
    ('[drawer]\nnotes = [5, "x"]', ("2:", "drawer.notes", "`int`")),
    ('[codes]\ntemplates = ["21X"]', ("2:", "codes.templates", "21IIIIIWWWWWC")),
    ("[scanner]\ngap_max_ms = 5", ("2:", "scanner.gap_max_ms", "10 to 200", "5")),
    ("[scanner]\nlength_min = 41", ("2:", "scanner.length_min", "3 to 40", "41")),
    ("[printer]\ndrawer_pin = 3", ("2:", "printer.drawer_pin", "3", "2, 5")),
    ('[printer]\nport = ""\n[[terminal]]\nport = 3', ("4:", "terminal[0].port", "`str`")),
    ('[terminal]\nport = "sim:"', ("1:", "terminal", "write [[terminal]]")),
    (f'{PLUGGED}protocol = "opi"', ("3:", "terminal[0].protocol", "zvt, standalone")),
    (f'{PLUGGED}protocol = "standalone"', ("2:", "terminal[0].port", "no port")),
    ('[[terminal]]\nname = "a"', ("1:", "terminal[0].port", "a port")),
    (f"{PLUGGED}\n{PLUGGED}", ("4:", "terminal[1].name", "no other terminal has")),
    (f'{PLUGGED}name = " "', ("3:", "terminal[0].name", "1 to 40")),
    (f'{PLUGGED}variant = "F"', ("3:", "terminal[0].variant", "E, E+")),
    (f'{PLUGGED}version = "0400"', ("3:", "terminal[0].version", "0300", "0320")),
    (f'{PLUGGED}password = "12345"', ("3:", "terminal[0].password", "6 digits")),
    (f'{PLUGGED}register_id = "1"', ("3:", "terminal[0].register_id", "12 digits")),
    (f'{PLUGGED}charset = "utf8"', ("3:", "terminal[0].charset", "cp437, latin1")),
    (f'{PLUGGED}pos_number = "00"', ("3:", "terminal[0].pos_number", "01 to 99")),
    (f"{PLUGGED}answer_timeout_s = 29", ("3:", "terminal[0].answer_timeout_s", "30 to 600")),
    (f"{PLUGGED}answer_timeout_s = true", ("3:", "terminal[0].answer_timeout_s", "`int`")),
    (f'{PLUGGED}echoes_reference = "yes"', ("3:", "terminal[0].echoes_reference", "`bool`")),
    (f'{PLUGGED}repeats_last = "maybe"', ("3:", "terminal[0].repeats_last", "usual, yes, no")),
    (f"{PLUGGED}speed = 3", ("3:", "'speed'", "expected one of name, port")),
    ('[[tender]]\nname = "a"\nby_terminal = true', ("3:", "tender[0].by_terminal", "no cheque")),
    ("[staff]\nresolve_alone_max = -1", ("2:", "staff.resolve_alone_max", "0 to 999999")),
    ('[staff]\nmanager_acts = ["voids"]', ("2:", "staff.manager_acts", "did you mean 'void'?")),
    ("[keys]\ncash = 2", ("1:", "keys", "`str`")),
    ("\n[shop\n", ("line 2", "expected TOML")),
    ('[shop]\nname = "a"\nname = "b"\ntill = "01"', ("expected TOML", "overwrite")),
    (b'\n\n[shop]\nname = "\xe9"', ("4:", "UTF-8")),
    ("#" * (FILE_BYTES_MAX + 1), (f"longer than {FILE_BYTES_MAX} bytes",)),
]


@pytest.mark.parametrize(("text", "told"), MISTAKES, ids=[str(said[1:2]) for _, said in MISTAKES])
def test_a_mistake_is_named_by_line_and_key_with_what_was_expected(
    tmp_path: Path, text: str | bytes, told: tuple[str, ...]
) -> None:
    said = refusal(tmp_path, text)
    for part in told:
        assert part in said
    if told[0].endswith(":"):
        assert said.startswith(told[0])


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="directory"):
        load(tmp_path)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_whatsoever_breaks_the_reader(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(raw)
    assert said_of(file).startswith(str(file))


_VALUES = st.sampled_from(['"a"', "3", "-1", "[]", '["a"]', "[1]", "true", "1.5", "{}", '""'])


@given(
    table=st.sampled_from(
        ["[shop]", "[[tender]]", "[drawer]", "[scanner]", "[[terminal]]", "[keys]"]
    ),
    name=st.sampled_from([name for _, name in sections() if name] + ["nothing"]),
    value=_VALUES,
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_wrong_setting_always_names_its_line(
    tmp_path: Path, table: str, name: str, value: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"# first\n{table}\n{name} = {value}\n", encoding="utf-8")
    assert re.match(rf"{re.escape(str(file))}(:[123]: |\Z)", said_of(file))


def test_the_page_of_the_card_states_is_drawn_from_the_table() -> None:
    page = (ROOT / "docs" / "card-payment.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{draw()}\n```" in page
