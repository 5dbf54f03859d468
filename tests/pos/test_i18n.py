"""Both languages have the same sentences, and every sentence that the code asks for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from inspect import getmembers, isclass
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import errors as driver_errors
from drivers.card.interface import Progress, Reason
from drivers.errors import DriverError
from pos.adapters.campaigns import NOT_ENROLLED, STOPPED, UNREADABLE
from pos.app.ports import DeviceState, JobState, Role
from pos.app.print_jobs import UnknownJob
from pos.domain import errors
from pos.domain.catalogue import Unit
from pos.domain.errors import PosError
from pos.domain.payment import OPEN, STEPS, Direction, State
from pos.domain.reconcile import Doubt
from pos.domain.rewards import Refusal
from pos.domain.ticket import TicketType
from pos.i18n import LANGUAGES, language
from pos.plain.commands import COMMANDS
from pos.store.catalogue_problems import Reason as CatalogueReason
from pos.store.head import PUT_BACK
from sync import errors as sync_errors
from sync.contract.messages import PROBLEMS
from sync.errors import SyncError

ROOT = Path(__file__).parents[2]
SOURCES = tuple(sorted((ROOT / "pos").rglob("*.py")))
# What a driver says about itself; simulators are other programs, with their own users.
DRIVERS = tuple(
    path for path in sorted((ROOT / "drivers").rglob("*.py")) if "simulators" not in path.parts
)
_REASON = re.compile(r"(printer|card|device|driver|drawer|terminal|line)\.[a-z_]+\Z")


OF_EACH_DIRECTION = (
    "card.head",
    "card.type_in",
    "hand.intro",
    "hand.title",
    "instead.done",
    "instead.twice",
    "resolve.charged",
    "resolve.not_again",
    "resolve.not_charged",
    "resolve.story",
)


def placeholders(sentence: str) -> set[str]:
    """The names that a sentence wants filled in."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@cache
def tree(path: Path) -> ast.Module:
    """A source file, understood."""
    return ast.parse(path.read_text(encoding="utf-8"))


def texts(path: Path) -> Iterator[str]:
    """The literal texts of a source file that stand for themselves, docstrings left out."""
    documented = {id(node.value) for node in ast.walk(tree(path)) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree(path)):
        if id(node) in documented or not isinstance(node, ast.Constant):
            continue
        if isinstance(node.value, str):
            yield node.value


def said(path: Path) -> Iterator[tuple[str, set[str] | None]]:
    """The literal keys of calls of `say`, with the names they fill in (None: not known here)."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        key = node.args[0]
        if (
            name.strip("_") == "say"
            and isinstance(key, ast.Constant)
            and isinstance(key.value, str)
        ):
            names = {word.arg for word in node.keywords}
            yield key.value, None if None in names else {str(name) for name in names}


def in_both(key: str) -> bool:
    """Whether both languages have this sentence."""
    return all(key in language(code).keys for code in LANGUAGES)


def leaves(module: object, base: type[Exception]) -> list[type[Exception]]:
    """The errors of a module's tree."""
    return [kind for _, kind in getmembers(module, isclass) if issubclass(kind, base)]


def test_both_languages_have_the_same_keys() -> None:
    french, english = (language(code).keys for code in LANGUAGES)
    assert french == english


def test_both_languages_fill_in_the_same_names() -> None:
    for key in language("fr").keys:
        french, english = (language(code).sentence(key) for code in LANGUAGES)
        assert french.strip(), key
        assert english.strip(), key
        assert placeholders(french) == placeholders(english), key


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_sentence_that_is_asked_for_exists_and_gets_its_names(path: Path) -> None:
    for key, filled in said(path):
        assert in_both(key), key
        wanted = placeholders(language("fr").sentence(key))
        assert filled is None or wanted <= filled, f"{key} wants {wanted}, gets {filled}"


def test_every_text_that_looks_like_a_key_is_one() -> None:
    """Keys that travel in tables or variables before somebody says them."""
    first = {key.split(".")[0] for key in language("fr").keys} - {"device"}
    shape = re.compile(rf"(?:{'|'.join(sorted(first))})(?:\.[a-z_-]+)+\Z")
    groups = {key.rpartition(".")[0] for key in language("fr").keys}
    missing = {
        (path.name, text)
        for path in SOURCES
        for text in texts(path)
        if shape.match(text) and not text.endswith((".db", ".toml"))
        if not in_both(text) and text not in groups
    }
    assert not missing


def enums() -> Iterator[str]:
    """The keys that are made of a table's or an enumeration's values."""
    ends = [state for state in State if not STEPS[state]] + [State.APPROVED, State.UNKNOWN]
    ends = [state for state in ends if state not in {State.REVERSED, State.EXPLAINED}]
    open_now = [state for state in State if state in OPEN]
    said = [State.APPROVED, State.DECLINED, State.CANCELLED, State.UNKNOWN]
    made: dict[str, Sequence[StrEnum]] = {
        "plain.attempt": open_now,
        "plain.card": list(ends),
        "plain.device": list(DeviceState),
        "plain.job": list(JobState),
        "receipt.type": list(TicketType),
        "unit": list(Unit),
        "tui.role": list(Role),
        "tui.jobs": list(JobState),
        "tui.device.printer": list(DeviceState),
        "tui.device.terminal": list(DeviceState),
        "tui.card.end": [State.ORPHAN, State.EXPLAINED],
        "tui.card.state": open_now,
        "tui.card.short": [State.UNKNOWN, State.ORPHAN],
        "tui.card.step": list(Progress),
        "tui.doubt": list(Doubt),
        "tui.hand": said,
        "tui.said": said,
        "tui.proposal.yes": [State.APPROVED, State.NOT_CHARGED],
        "cli.problem": list(CatalogueReason),
        **{f"tui.card.end.{direction}": list(ends) for direction in Direction},
        **{f"tui.{sentence}": list(Direction) for sentence in OF_EACH_DIRECTION},
    }
    for prefix, values in made.items():
        for value in values:
            yield f"{prefix}.{value}"
    for command in COMMANDS:
        yield f"plain.help.{command.name}"
    for state in PUT_BACK:
        yield f"cli.warning.head_{state}"
    for device in ("printer", "terminal", "printer_simulated", "terminal_simulated"):
        yield f"cli.missing.{device}"


@pytest.mark.parametrize("key", sorted(set(enums())))
def test_every_value_that_is_shown_has_its_sentence(key: str) -> None:
    assert in_both(key)


@pytest.mark.parametrize(
    "kind", [*leaves(errors, PosError), UnknownJob], ids=lambda kind: str(kind.__name__)
)
def test_every_error_has_its_sentence_and_its_documented_names(kind: type[PosError]) -> None:
    key = f"error.{kind.key}"
    assert in_both(key)
    documented = re.findall(r"Parameters: ([a-z, ]+)\.", kind.__doc__ or "")
    names = set(documented[0].split(", ")) if documented else set()
    assert placeholders(language("fr").sentence(key)) <= names


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """Each place where an error of the till is made by name: file, class, names given."""
    kinds = {kind.__name__: kind for kind in [*leaves(errors, PosError), UnknownJob]}
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in kinds:
                name = str(getattr(node.func, "id", ""))
                yield path.name, name, {str(word.arg) for word in node.keywords}
            if isinstance(node, ast.Raise) and getattr(node.exc, "id", "") in kinds:
                yield path.name, str(getattr(node.exc, "id", "")), set()


def test_every_error_is_raised_with_what_its_sentence_says() -> None:
    for file, name, filled in raised():
        kind = UnknownJob if name == "UnknownJob" else getattr(errors, name)
        wanted = placeholders(language("fr").sentence(f"error.{kind.key}"))
        assert wanted <= filled, f"{file}: {name} lacks {wanted - filled}"


def reasons() -> set[str]:
    """All reasons that a driver, an adapter or the sync can give."""
    found = {str(reason) for reason in Reason}
    found |= {kind.default_key for kind in leaves(driver_errors, DriverError)}  # type: ignore[attr-defined] # a DriverError has one
    for path in (*DRIVERS, *(ROOT / "pos" / "adapters").glob("*.py")):
        found |= {text for text in texts(path) if _REASON.match(text)}
    found |= {kind.name for kind in leaves(sync_errors, SyncError)}  # type: ignore[attr-defined] # a SyncError has one
    found |= {str(refusal) for refusal in Refusal}
    return found | set(PROBLEMS) | {UNREADABLE, NOT_ENROLLED, STOPPED, "restart"}


@pytest.mark.parametrize("reason", sorted(reasons()))
def test_every_reason_of_a_device_is_a_sentence_that_says_what_to_do(reason: str) -> None:
    assert in_both(f"device.{reason}")
    for code in LANGUAGES:
        told = language(code).device(reason)
        assert told != reason
        assert told.endswith(".")
        assert not placeholders(told)


def test_no_sentence_about_a_device_is_left_over() -> None:
    assert {
        key.removeprefix("device.") for key in language("fr").keys if key.startswith("device.")
    } == reasons()


def test_a_reason_that_nobody_knows_is_shown_as_it_is() -> None:
    assert language("fr").device("printer.on_fire") == "printer.on_fire"
    assert language("fr").device("") == ""


def test_an_error_without_a_sentence_of_its_own_borrows_its_parents() -> None:
    class Odd(errors.NotFound):
        key = "odd"

    assert language("en").error(Odd()) == "Not found."


def test_amounts_in_errors_are_money() -> None:
    assert language("fr").error(errors.TenderTooMuch(due=123456)) == (
        "Ce moyen de paiement ne peut dépasser 1 234,56 €."
    )


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        language("de")


@pytest.mark.parametrize(
    ("code", "number", "money", "quantity", "percent", "time"),
    [
        ("fr", "-1 234,05", "-1 234,05 €", "0,350", "5,5 %", "22/11/2026 18:04"),
        ("en", "-1,234.05", "-€1,234.05", "0.350", "5.5 %", "22/11/2026 18:04"),
    ],
)
def test_each_language_writes_numbers_in_its_own_way(
    code: str, number: str, money: str, quantity: str, percent: str, time: str
) -> None:
    words = language(code)
    assert words.number(-123405) == number
    assert words.money(-123405) == money
    assert (words.quantity(350), words.quantity(-3000)) == (quantity, "-3")
    assert (words.percent(550), words.percent(2000)) == (percent, "20 %")
    assert words.time("2026-11-22T18:04:05.123+01:00") == time


@given(st.integers(-(10**10), 10**10))
def test_no_cent_is_lost_in_writing(cents: int) -> None:
    written = language("fr").number(cents)
    assert int(re.sub(r"[^\d-]", "", written)) == cents
    assert written[-3] == ","
