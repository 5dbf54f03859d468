"""The words of the plain front: one table, French and English, and how a line is read by it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Final

from pos.domain.catalogue import fold
from pos.domain.errors import BadCommand
from pos.domain.money import Cents, Thousandths, parse_amount, parse_quantity

LINE_LENGTH_MAX: Final = 500
KEY_DIGITS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, its other words, and what follows it (`least` to `most` words)."""

    name: str
    words: tuple[str, ...]
    usage: str
    least: int = 0
    most: int = 0


MANY: Final = 50
COMMANDS: Final = (
    Command("login", ("connexion",), "CODE PIN", 2, 2),
    Command("lock", ("verrouiller",), ""),
    Command("approve", ("accord",), "CODE PIN", 2, 2),
    Command("find", ("chercher",), "TEXT", 1, MANY),
    Command("float", ("fond",), "AMOUNT", 1, 1),
    Command("void", ("annuler-ligne",), "LINE", 1, 1),
    Command("discount", ("remise",), "N% | AMOUNT [LINE]", 1, 2),
    Command("cash", ("especes",), "[AMOUNT]", 0, 1),
    Command("card", ("carte", "cb"), "[AMOUNT] [@TERMINAL] [&]", 0, 3),
    Command("tender", ("reglement",), "NAME [AMOUNT]", 1, MANY),
    Command("settle", ("solder",), ""),
    Command("park", ("attente",), "[NAME]", 0, MANY),
    Command("recall", ("reprendre",), "[NAME]", 0, MANY),
    Command("cancel", ("abandonner",), ""),
    Command("refund", ("rembourser",), "TICKET [LINE[:QTY]]...", 1, MANY),
    Command("return", ("retour",), "CODE | N*CODE", 1, 1),
    Command("paid-in", ("entree",), "AMOUNT REASON", 2, MANY),
    Command("paid-out", ("sortie",), "AMOUNT REASON", 2, MANY),
    Command("pickup", ("prelevement",), "AMOUNT [REASON]", 1, MANY),
    Command("no-sale", ("tiroir",), "REASON", 1, MANY),
    Command("answer", ("repondre",), "ATTEMPT approved [NUMBER [AMOUNT]] | declined", 2, 4),
    Command("stop", ("arreter",), "ATTEMPT", 1, 1),
    Command("take-back", ("annuler-carte",), "ATTEMPT [&]", 1, 2),
    Command("resolve", ("eclaircir",), "ATTEMPT charged NUMBER [AMOUNT] | not-charged", 2, 4),
    Command("ask", ("redemander",), "ATTEMPT", 1, 1),
    Command("explain", ("expliquer",), "ATTEMPT WORDS", 2, MANY),
    Command("adopt", ("adopter",), "ATTEMPT", 1, 1),
    Command("card-totals", ("totaux-carte",), "[TOTAL [COUNT]] [@TERMINAL]", 0, 3),
    Command("slip", ("ticket-carte",), ""),
    Command("voucher", ("bon",), "VOUCHER | CODE", 1, 3),
    Command("phone", ("telephone",), "[AMOUNT]", 0, 1),
    Command("phone-code", ("code-telephone",), "DIGITS", 1, 2),
    Command("paper-reward", ("gain-papier",), "yes | no", 1, 1),
    Command("claim", ("gain",), "[TICKET] [paper]", 0, 2),
    Command("receipt", ("ticket",), "[TICKET]", 0, 1),
    Command("jobs", ("impressions",), ""),
    Command("job", ("impression",), "JOB printed | lost", 2, 2),
    Command("x", (), ""),
    Command("z", ("cloture",), "[COUNTED]", 0, 1),
    Command("show", ("voir",), ""),
    Command("help", ("aide",), "[COMMAND]", 0, 1),
    Command("quit", ("quitter",), ""),
)
_BY_WORD: Final = {word: command for command in COMMANDS for word in (command.name, *command.words)}
_ENTRY = re.compile(
    r"(?:(?P<quantity>\d+(?:[.,]\d+)?)\s*\*\s*)?(?P<code>[^\s*@]+)(?:@(?P<price>\S+))?\Z"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A product line: `CODE`, `N*CODE`, `CODE@PRICE`; `.3` is the third quick key."""

    code: str
    quantity: Thousandths | None
    unit_price: Cents | None

    @property
    def position(self) -> int | None:
        """The quick key that the code names."""
        digits = self.code.removeprefix(".")
        is_key = self.code.startswith(".") and digits.isascii() and digits.isdigit()
        return int(digits) if is_key and len(digits) <= KEY_DIGITS_MAX else None


@dataclass(frozen=True, slots=True)
class Call:
    """A command with the words that followed it."""

    command: Command
    words: tuple[str, ...]

    @property
    def rest(self) -> str:
        """All words as one text."""
        return " ".join(self.words)


def find_command(word: str) -> Command | None:
    """The command that a word names, accents and case ignored."""
    return _BY_WORD.get(fold(word))


def read_line(line: str) -> Call | Entry | None:
    """Understand a line; None for an empty one, or a remark that begins with `#`.

    Raises BadCommand, BadQuantity or BadAmount.
    """
    if len(line) > LINE_LENGTH_MAX:
        raise BadCommand(text=line[:20] + "...")
    try:
        words = _words(line)
    except ValueError as error:
        raise BadCommand(text=line.strip()) from error
    if not words or words[0].startswith("#"):
        return None
    command = find_command(words[0])
    if command is None:
        return read_entry(" ".join(words))
    if not command.least <= len(words) - 1 <= command.most:
        raise BadCommand(text=f"{command.name} {command.usage}".strip())
    return Call(command, tuple(words[1:]))


def _words(line: str) -> list[str]:
    """The words of a line: double quotes keep spaces, an apostrophe is a letter like any other."""
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.quotes, lexer.escape, lexer.commenters = '"', "", ""
    return list(lexer)


def read_entry(text: str) -> Entry:
    """Understand `CODE`, `N*CODE` or `CODE@PRICE`."""
    match = _ENTRY.match(text)
    if match is None:
        raise BadCommand(text=text)
    quantity, price = match["quantity"], match["price"]
    return Entry(
        match["code"],
        parse_quantity(quantity) if quantity else None,
        parse_amount(price) if price else None,
    )
