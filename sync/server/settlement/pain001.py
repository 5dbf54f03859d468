"""The bank's file of a settlement run: SEPA credit transfers as pain.001.001.09 (ISO 20022).

Beyond the schema it keeps to the EPC's guidelines (EPC132-08): ids of 35 characters, a debtor's
bank that is not named is said to be NOTPROVIDED, texts in the Latin characters that every bank of
SEPA must take. The same order gives the same bytes.

TransferProblem
├── NothingToPay    there is no payment
├── TooMany         more payments than a file may have
├── BadAmount       an amount that SEPA does not transfer
├── BadAccount      an IBAN or a BIC that cannot be right
├── BadName         a name of which no character can be written
├── BadId           an id that banks would refuse
├── DoubledId       two payments under one end-to-end id
└── BadDay          a day of execution in the past, or too far away
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any, Final

import msgspec
from stdnum import bic as _bic

from sync.server.reference import iban
from sync.server.reference.errors import BadIban
from sync.server.settlement.runs import Line, Run

SCHEMA: Final = "pain.001.001.09"
PAYMENTS_MAX: Final = 2_000
CENTS_MAX: Final = 99_999_999_999  # 999 999 999.99 euros, the scheme's highest amount
ID_CHARS_MAX: Final = 35
NAME_CHARS_MAX: Final = 70
TEXT_CHARS_MAX: Final = 140
DAYS_AHEAD_MAX: Final = 365
_TITLE_CHARS_MAX: Final = 100

_TRANSFER: Final[Any] = import_module("sepaxml").SepaTransfer  # it ships no types
_SPELLED: Final = str.maketrans("ŁłØø&_–—’‘`;[]{}", "LlOo+---''',()()") | str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "€": "EUR"}
)
_NOT_SEPA = re.compile(r"[^A-Za-z0-9/?:().,'+ -]+")
_ID = re.compile(rf"(?!/)(?!.*//)[A-Za-z0-9/?:().,'+-]{{1,{ID_CHARS_MAX}}}(?<!/)")
_BY_CHANCE = re.compile(rb"<(MsgId|CreDtTm|PmtInfId)>[^<]*<")
_NO_BANK: Final = b"<FinInstnId />"
_BANK_NOT_PROVIDED: Final = b"<FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId>"


class TransferProblem(Exception):
    """These transfers cannot be ordered; the message says what was expected."""


class NothingToPay(TransferProblem):
    """There is no payment."""


class TooMany(TransferProblem):
    """More payments than a file may have."""


class BadAmount(TransferProblem):
    """An amount that SEPA does not transfer."""


class BadAccount(TransferProblem):
    """An IBAN or a BIC that cannot be right."""


class BadName(TransferProblem):
    """A name of which no character can be written."""


class BadId(TransferProblem):
    """An id that banks would refuse."""


class DoubledId(TransferProblem):
    """Two payments under one end-to-end id."""


class BadDay(TransferProblem):
    """A day of execution in the past, or too far away: before `first`, or after `last`."""

    def __init__(self, got: date, first: date, last: date) -> None:
        super().__init__(f"expected a day from {first} to {last}, got {got}")
        self.first, self.last = first, last


@dataclass(frozen=True, slots=True)
class Debtor:
    """Who pays, from which account. A BIC is needed by few banks only."""

    name: str
    iban: str
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """One transfer. `id` comes back on the bank's reports; `text` is what the creditor reads."""

    id: str
    cents: int
    name: str
    iban: str
    text: str


@dataclass(frozen=True, slots=True)
class Order:
    """One file. Banks refuse a second one under the same `message_id`."""

    message_id: str
    created: datetime
    day: date
    debtor: Debtor
    payments: tuple[Payment, ...]


def order_run(run: Run, part: int, title: str, debtor: Debtor, day: date, now: datetime) -> Order:
    """The order for the lines of a run that are still prepared, in parts of PAYMENTS_MAX lines.

    Parts count from 1 and keep their lines whatever the bank answers meanwhile. `title` is the
    campaign's name. The message's id follows from what is paid, so that a bank sees a file that it
    is given twice.
    """
    lines = run.lines[(part - 1) * PAYMENTS_MAX : part * PAYMENTS_MAX]
    said = f"{latin(title, _TITLE_CHARS_MAX)}, reglement {run.id}"
    payments = tuple(_of_line(run.id, line, said) for line in lines if line.state == "prepared")
    paid = msgspec.json.encode((title, run.cutoff, day, debtor, payments))
    message_id = f"S{run.id}-{hashlib.sha256(paid).hexdigest()[:16]}"
    return Order(message_id, now, day, debtor, payments)


def write(order: Order) -> bytes:
    """The file, as UTF-8. Raises TransferProblem."""
    _check(order)
    debtor = order.debtor
    transfer = _TRANSFER(_config(debtor), schema=SCHEMA, clean=False)
    for payment in order.payments:
        transfer.add_payment(_payment(payment, order.day))
    return _fixed(transfer.export(validate=False), order)


def latin(text: str, chars_max: int) -> str:
    """A text in SEPA's characters (EPC217-08): accents go, what cannot be written is a space."""
    spelled = unicodedata.normalize("NFKD", text.translate(_SPELLED))
    bare = "".join(char for char in spelled if not unicodedata.combining(char))
    return " ".join(_NOT_SEPA.sub(" ", bare).split())[:chars_max].strip()


def _of_line(number: int, line: Line, said: str) -> Payment:
    name = latin(line.name, NAME_CHARS_MAX) or line.shop  # no file should fail for a shop's sign
    reference = f"S{number}-{line.shop.replace('-', '')}"[:ID_CHARS_MAX]
    return Payment(reference, line.cents, name, line.iban, said)


def _check(order: Order) -> None:
    if not order.payments:
        raise NothingToPay("expected at least one payment")
    if len(order.payments) > PAYMENTS_MAX:
        raise TooMany(f"{len(order.payments)} payments: a file has {PAYMENTS_MAX} at most")
    first, last = order.created.date(), order.created.date() + timedelta(days=DAYS_AHEAD_MAX)
    if not first <= order.day <= last:
        raise BadDay(order.day, first, last)
    _check_id(order.message_id)
    for payment in order.payments:
        _check_id(payment.id)
        if not 0 < payment.cents <= CENTS_MAX:
            raise BadAmount(f"{payment.id}: expected 1 to {CENTS_MAX} cents, got {payment.cents}")
    found, times = Counter(payment.id for payment in order.payments).most_common(1)[0]
    if times > 1:
        raise DoubledId(f"{times} payments are called {found}")


def _check_id(found: str) -> None:
    if not _ID.fullmatch(found):
        raise BadId(f"expected 1 to {ID_CHARS_MAX} of SEPA's characters, got {found[:99]!r}")


def _config(debtor: Debtor) -> dict[str, Any]:
    config = {
        "name": _name(debtor.name),
        "IBAN": _account(debtor.iban),
        "batch": True,
        "currency": "EUR",
    }
    if debtor.bic and not _bic.is_valid(debtor.bic):
        raise BadAccount(f"BIC: expected 8 or 11 letters and digits, got {debtor.bic[:20]!r}")
    return config | ({"BIC": _bic.compact(debtor.bic)} if debtor.bic else {})


def _payment(payment: Payment, day: date) -> dict[str, Any]:
    return {
        "name": _name(payment.name),
        "IBAN": _account(payment.iban),
        "amount": payment.cents,
        "execution_date": day,
        "description": latin(payment.text, TEXT_CHARS_MAX) or payment.id,
        "endtoend_id": payment.id,
    }


def _name(text: str) -> str:
    name = latin(text, NAME_CHARS_MAX)
    if not name:
        raise BadName(f"expected a name in Latin letters, got {text[:99]!r}")
    return name


def _account(typed: str) -> str:
    try:
        return iban.check(typed)
    except BadIban as error:
        raise BadAccount(str(error)) from error


def _fixed(xml: bytes, order: Order) -> bytes:
    """The file with the order's own ids and time, where sepaxml asked the clock and chance."""
    own = {
        b"MsgId": order.message_id,
        b"CreDtTm": order.created.isoformat(timespec="seconds"),
        b"PmtInfId": order.message_id,
    }
    fixed = _BY_CHANCE.sub(lambda found: b"<%s>%s<" % (found[1], own[found[1]].encode()), xml)
    return fixed.replace(_NO_BANK, _BANK_NOT_PROVIDED)
