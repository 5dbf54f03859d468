"""The settings of a shop, read from config.toml.

The structs are the whole truth of what can be set; the file at the root of the project shows every
setting with a comment. A file that is wrong is refused whole: unknown keys with the nearest known
one, values with what was expected, and the line where it stands.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Final, Literal, get_args, get_type_hints

import msgspec

from pos.domain.catalogue import fold
from pos.domain.gtin import Template
from pos.domain.tender import CARD, CASH, REWARD, Overpay, TenderKind, TenderType

FILE_BYTES_MAX: Final = 256 * 1024
NOTE_EUROS_MAX: Final = 500
EUROS_MAX: Final = 999_999
TERMINAL_NAME_LENGTH_MAX: Final = 40
SIMULATED: Final = "sim:"
STANDALONE: Final = "standalone"
ACTS: Final = (
    "void",
    "discount",
    "override",
    "return",
    "refund",
    "cancel",
    "float",
    "paid_in",
    "paid_out",
    "pickup",
    "no_sale",
    "resolve",
    "z",
)


class ConfigError(Exception):
    """A configuration file that cannot be used; the message says where and what was expected."""


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: unknown keys are refused."""


class ShopConfig(_Section, frozen=True):
    """Who sells. `till` is the shop's own number of this till, printed on tickets."""

    name: str = "Comptoir"
    address: str = ""
    siret: str = ""
    naf: str = ""
    vat_id: str = ""
    till: str = "01"
    language: Literal["fr", "en"] = "fr"
    day_starts_at_hour: int = 5
    receipt_footer: tuple[str, ...] = ()


class TenderConfig(_Section, frozen=True):
    """A means of payment beside cash and card; `by_terminal`: the card terminal reads it."""

    name: str
    kind: Literal["cheque", "voucher", "other"] = "other"
    overpay: Literal["change", "keep", "refuse"] = "refuse"
    refundable: bool = False
    opens_drawer: bool = False
    by_terminal: bool = False


class DrawerConfig(_Section, frozen=True):
    """The note keys, in whole euros."""

    notes: tuple[int, ...] = (5, 10, 20, 50)


class CodesConfig(_Section, frozen=True):
    """Layouts of the shop's own codes with a weight or price inside."""

    templates: tuple[str, ...] = ()


class ScannerConfig(_Section, frozen=True):
    """How a scan is told from typing; `prefix` is what the scanner was set up to send first."""

    prefix: str = ""
    gap_max_ms: int = 50
    length_min: int = 6


class PrinterConfig(_Section, frozen=True):
    """The receipt printer; an empty port means there is none."""

    port: str = ""
    profile: str = "epson"
    drawer_pin: Literal[2, 5] = 2


class TerminalConfig(_Section, frozen=True):
    """A card terminal; one that stands alone has no port. Times in seconds.

    `echoes_reference` to `repeats_last` are what this terminal is known to do, the safe assumption
    by default; "usual" is what its protocol makes usual.
    """

    name: str = "terminal"
    port: str = ""
    protocol: Literal["concert", "caisse-ap", "zvt", "standalone"] = "concert"
    pos_number: str = "01"
    answer_timeout_s: int = 180
    echoes_reference: bool = False
    keeps_answers: bool = False
    reverses: bool = False
    repeats_last: Literal["usual", "yes", "no"] = "usual"
    tips: bool = False
    slips: bool = False
    force_online: bool = False
    variant: Literal["E", "E+"] = "E+"
    eot_may_be_missing: bool = False
    card_digits: bool = False
    version: Literal["0300", "0301", "0310", "0320"] = "0320"
    append_crlf: bool = False
    register_id: str = "012345678901"
    charset: Literal["cp437", "latin1"] = "cp437"
    stops: bool = True
    mirrors_id: bool = False
    password: str = "000000"  # noqa: S105 - what terminals ship with; it protects nothing


class StaffConfig(_Section, frozen=True):
    """Acts that only a manager may do or approve; `resolve_alone_max` in whole euros, 0 is never.

    Above it a card payment whose end is unknown is settled by a manager.
    """

    manager_acts: tuple[str, ...] = ()
    resolve_alone_max: int = 100


class CampaignsConfig(_Section, frozen=True):
    """Which of the shop's own product families are those that reward campaigns exclude."""

    alcohol: tuple[str, ...] = ()
    tobacco: tuple[str, ...] = ()
    gift_card: tuple[str, ...] = ()


class Config(_Section, frozen=True):
    """All settings."""

    shop: ShopConfig = ShopConfig()
    tender: tuple[TenderConfig, ...] = ()
    drawer: DrawerConfig = DrawerConfig()
    codes: CodesConfig = CodesConfig()
    scanner: ScannerConfig = ScannerConfig()
    printer: PrinterConfig = PrinterConfig()
    terminal: tuple[TerminalConfig, ...] = ()
    staff: StaffConfig = StaffConfig()
    campaigns: CampaignsConfig = CampaignsConfig()
    keys: dict[str, str] = {}

    def tenders(self) -> dict[str, TenderType]:
        """The tenders by name: cash and card first."""
        named = {
            t.name: TenderType(
                t.name,
                TenderKind(t.kind),
                Overpay(t.overpay),
                t.refundable,
                t.opens_drawer,
                t.by_terminal,
            )
            for t in self.tender
        }
        return {CASH.name: CASH, CARD.name: CARD, **named}

    def templates(self) -> tuple[Template, ...]:
        """The layouts of in-store codes."""
        return tuple(Template.parse(text) for text in self.codes.templates)

    def reward_families(self) -> dict[str, str]:
        """The family of a campaign by the shop's own, folded (rewards.rules.FAMILIES)."""
        excluded = self.campaigns
        by_family = {
            "alcohol": excluded.alcohol,
            "tobacco": excluded.tobacco,
            "gift-card": excluded.gift_card,
        }
        return {fold(own): family for family, names in by_family.items() for own in names}


ARRAYS: Final[dict[str, type[msgspec.Struct]]] = {
    "tender": TenderConfig,
    "terminal": TerminalConfig,
}


def load(path: Path) -> Config:
    """Read a configuration file; ConfigError says line, key, value and what was expected."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if len(raw) > FILE_BYTES_MAX:
        raise ConfigError(f"{path}: longer than {FILE_BYTES_MAX} bytes")
    try:
        text = raw.decode("utf-8")
        tree = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: expected TOML in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: expected TOML: {error}") from error
    try:
        config = msgspec.convert(tree, Config)
        _check(config)
    except (msgspec.ValidationError, _Wrong) as error:
        raise ConfigError(_explain(path, text, str(error))) from error
    return config


class _Wrong(Exception):
    """A value of the right type that makes no sense; worded as msgspec words its own."""


def _check(config: Config) -> None:
    names = [name.casefold() for name in (CASH.name, CARD.name, REWARD.name)]
    for index, tender in enumerate(config.tender):
        if not tender.name.strip() or tender.name.casefold() in names:
            raise _Wrong(f"Expected a name that no other tender has - at `$.tender[{index}].name`")
        if tender.by_terminal and tender.kind != "cheque":
            raise _Wrong(
                f"Expected false for what is no cheque - at `$.tender[{index}].by_terminal`"
            )
        names.append(tender.name.casefold())
    for text in config.codes.templates:
        try:
            Template.parse(text)
        except ValueError as error:
            raise _Wrong(f"{error} - at `$.codes.templates`") from error
    for act in config.staff.manager_acts:
        if act not in ACTS:
            raise _Wrong(f"{act!r}: {_nearest(act, ACTS)} - at `$.staff.manager_acts`")
    _check_terminals(config)
    _check_ranges(config)


def _check_terminals(config: Config) -> None:
    names: list[str] = []
    for index, terminal in enumerate(config.terminal):
        where = f"$.terminal[{index}]"
        name = terminal.name.strip().casefold()
        if not 1 <= len(name) <= TERMINAL_NAME_LENGTH_MAX or name in names:
            expected = f"a name that no other terminal has, of 1 to {TERMINAL_NAME_LENGTH_MAX}"
            raise _Wrong(f"Expected {expected} characters - at `{where}.name`")
        names.append(name)
        if bool(terminal.port) is (terminal.protocol == STANDALONE):
            alone = terminal.protocol == STANDALONE
            expected = "no port for a terminal that stands alone" if alone else "a port"
            raise _Wrong(f"Expected {expected} - at `{where}.port`")
        for key, value, low, high in (("answer_timeout_s", terminal.answer_timeout_s, 30, 600),):
            if not low <= value <= high:
                raise _Wrong(f"Expected {low} to {high}, got {value} - at `{where}.{key}`")
        for key, text, pattern, example in (
            ("pos_number", terminal.pos_number, r"(?!00)\d{2}", "01 to 99"),
            ("password", terminal.password, r"\d{6}", "6 digits"),
            ("register_id", terminal.register_id, r"\d{12}", "12 digits"),
        ):
            if not re.fullmatch(pattern, text, re.ASCII):
                raise _Wrong(f"Expected {example}, got {text!r} - at `{where}.{key}`")


def _check_ranges(config: Config) -> None:
    for path, value, low, high in (
        ("shop.day_starts_at_hour", config.shop.day_starts_at_hour, 0, 12),
        ("scanner.gap_max_ms", config.scanner.gap_max_ms, 10, 200),
        ("scanner.length_min", config.scanner.length_min, 3, 40),
        ("staff.resolve_alone_max", config.staff.resolve_alone_max, 0, EUROS_MAX),
        *(("drawer.notes", note, 1, NOTE_EUROS_MAX) for note in config.drawer.notes),
    ):
        if not low <= value <= high:
            raise _Wrong(f"Expected {low} to {high}, got {value} - at `$.{path}`")
    for path, text, pattern, example in (
        ("shop.till", config.shop.till, r"\d{1,4}", "1 to 4 digits such as 01"),
        ("shop.siret", config.shop.siret, r"(\d{14})?", "14 digits"),
    ):
        if not re.fullmatch(pattern, text, re.ASCII):
            raise _Wrong(f"Expected {example}, got {text!r} - at `$.{path}`")


def _explain(path: Path, text: str, message: str) -> str:
    unknown = re.search(
        r"unknown field `(?P<key>[^`]+)`(?: - at `\$\.?(?P<where>[^`]*)`)?", message
    )
    if unknown:
        key, where = unknown["key"], unknown["where"] or ""
        line = _line_of(text, f"{where}.{key}".removeprefix("."))
        known = tuple(_section(where).__struct_fields__)
        return f"{path}:{line}: unknown setting {key!r}; {_nearest(key, known)}"
    place = re.search(r"`\$\.?([^`]*)`", message)
    where = place[1] if place else ""
    wrong = message.split(" - at", maxsplit=1)[0]
    if wrong == "Expected `array`, got `object`" and where in ARRAYS:
        wrong += f": write [[{where}]] above each"
    if wrong.startswith("Invalid enum value"):
        wrong += f", expected one of {_choices(where)}"
    return f"{path}:{_line_of(text, where)}: {where}: {wrong}"


def _section(where: str) -> type[msgspec.Struct]:
    """The struct of a table of the file, by the path that msgspec gives."""
    if "[" in where:
        return ARRAYS[where.partition("[")[0]]
    kind: type[msgspec.Struct] = type(getattr(Config(), where)) if where else Config
    return kind


def _choices(where: str) -> str:
    """What a setting of a few values may be."""
    section, _, key = where.rpartition(".")
    allowed = get_args(get_type_hints(_section(section))[key])
    return ", ".join(str(value) for value in allowed)


def _nearest(key: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(known)}"


def _line_of(text: str, where: str) -> int:
    """The line of a setting such as `tender[1].kind`: that of its table where it has none."""
    lines, found = text.splitlines(), 0
    for name, index in re.findall(r"([^.\[\]]+)(?:\[(\d+)\])?", where):
        pattern = re.compile(rf"\s*(\[+\s*)?\"?{re.escape(name)}\"?\s*[\]=.]")
        places = [n for n, line in enumerate(lines[found:], found) if pattern.match(line)]
        # An array of tables has a line for each of its elements, any other array one for all.
        nth = int(index or 0) if len(places) > int(index or 0) else 0
        found = places[nth] if places else found
    return found + 1
