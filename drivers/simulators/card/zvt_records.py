"""What a simulated ZVT terminal reads in commands and writes in its messages.

Written apart from the driver's codec on purpose: what one gets wrong the other shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from drivers.simulators.card.zvt_line import Message

# Pass the Luhn check and belong to nobody: the till must never keep them.
WHOLE_NUMBER: Final = "4970101234567893"
MASKED_NUMBER: Final = "497010eeeeee7893"
TERMINAL_ID: Final = "29001006"
CARD_NAME: Final = "CB Visa"
CARD_TYPE: Final = 10
BRANDS: Final = 7
VISA: Final = 4  # its place among the brands of an end of day
TEXT_BLOCKS: Final = bytes.fromhex("0a0206d3")
_FIXED: Final = {0x01: 1, 0x02: 1, 0x03: 1, 0x04: 6, 0x05: 1, 0x0E: 2, 0x19: 1, 0x49: 2, 0x87: 2}
_KINDS: Final = {"0601": "payment", "0631": "refund", "0630": "cancellation"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the terminal understood it; ZVT carries no reference of the till's."""

    kind: str
    amount_cents: int
    currency: str = "978"
    receipt: str = ""
    reference: str = ""
    pos: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """What the till said of itself when it registered."""

    prints: bool
    wants_news: bool
    blocks: bool


def understand(message: Message) -> Asked | None:
    """Read a request that moves money; None for one that makes no sense."""
    data = message.data if message.name == "0601" else message.data[3:]
    fields: dict[int, bytes] = {}
    while data:
        size = _FIXED.get(data[0])
        if size is None or len(data) <= size:
            if data[0] == 0x06:
                break
            return None
        fields[data[0]] = data[1 : 1 + size]
        data = data[1 + size :]
    amount, currency = fields.get(0x04, b"").hex(), fields.get(0x49, b"\x09\x78").hex()
    if not amount.isdigit():
        return None
    receipt = fields.get(0x87, b"").hex()
    return Asked(_KINDS[message.name], int(amount), currency[1:], receipt)


def understand_registration(data: bytes) -> Registered | None:
    """Read a registration; None for one that is too short."""
    if len(data) < 4:
        return None
    bits = data[3]
    return Registered(
        prints=bool(bits & 0x02 and bits & 0x80),
        wants_news=bool(bits & 0x08),
        blocks=TEXT_BLOCKS in data[4:],
    )


@dataclass(frozen=True, slots=True)
class Writing:
    """How a status information is written, where a scenario wants it otherwise."""

    whole_number: bool = False
    unknown_field: bool = False
    unknown_tag: bool = False
    dle: bool = False
    currency: str = "978"


def status(result: int, cents: int, receipt: int, trace: int, writing: Writing) -> bytes:
    """Write the status information of an operation."""
    fields = [
        f"27{result:02x}",
        f"04{cents:012d}",
        f"0b{trace:06d}",
        "0c181005",
        "0d1122",
    ]
    if result == 0:
        number = WHOLE_NUMBER if writing.whole_number else MASKED_NUMBER
        fields += [
            "0e2812",
            "170001",
            "1970",
            "22" + _counted(bytes.fromhex(number), 2),
            "3b" + f"{trace:06d}".encode().ljust(8, b"\0").hex(),
            f"8a{CARD_TYPE:02x}",
            "8b" + _counted(CARD_NAME.encode() + b"\0", 2),
        ]
    fields += [
        "29" + TERMINAL_ID,
        "2a" + b"100000000001234".hex(),
        "490" + writing.currency,
        f"87{receipt:04d}",
        f"88{receipt:06d}",
    ]
    if writing.whole_number:
        fields += [
            "23" + _counted(bytes.fromhex(WHOLE_NUMBER + "d28122010000000f"), 2),
            "3c" + _counted(f"CARD {WHOLE_NUMBER}".encode(), 3),
        ]
    objects = bytes.fromhex("1f1201021f10010060094307a0000000031010")
    if writing.unknown_tag:
        objects += bytes.fromhex("df7f8103010203ff0f820001aa")
    if writing.dle:
        objects += bytes.fromhex("1f2b0410101003")
    fields.append("06" + _measured(objects).hex())
    if writing.unknown_field:
        fields.append("f7beef")
    return bytes.fromhex("".join(fields))


def _counted(data: bytes, digits: int) -> str:
    return "".join("f" + digit for digit in f"{len(data):0{digits}d}") + data.hex()


def _measured(data: bytes) -> bytes:
    size = len(data)
    if size < 0x80:
        return bytes([size]) + data
    return bytes([0x82, size >> 8, size & 0xFF]) + data


def news(code: int, text: str = "") -> bytes:
    """Write an intermediate status, with a text if there is one."""
    if not text:
        return bytes([code])
    line = bytes([0x07]) + _measured(text.encode("cp437"))
    shown = bytes([0x24]) + _measured(line)
    return bytes([code, 0x02, 0x06]) + _measured(shown)


def print_line(text: str, *, last: bool = False) -> bytes:
    """Write a line for the till to print."""
    return bytes([0x81 if last else 0x00]) + text.encode("cp437")


def text_block(lines: list[str], *, for_customer: bool) -> bytes:
    """Write a whole paper for the till to print."""
    texts = b"".join(bytes([0x07]) + _measured(line.encode("cp437")) for line in lines)
    texts += bytes([0x09, 0x01, 0x01])
    kind = bytes([0x1F, 0x07, 0x01, 0x02 if for_customer else 0x01])
    return bytes([0x06]) + _measured(kind + bytes([0x25]) + _measured(texts))


def papers(asked: Asked, cents: int, receipt: int, *, whole_number: bool) -> list[list[str]]:
    """Return the merchant's and the customer's paper of an operation."""
    number = WHOLE_NUMBER if whole_number else "############7893"
    body = [
        f"Terminal {TERMINAL_ID}",
        f"Beleg {receipt:04d}  {asked.kind}",
        f"{number} 12/28" if whole_number else number,
        f"EUR {cents // 100},{cents % 100:02d}",
    ]
    return [["HÄNDLERBELEG", *body], ["KUNDENBELEG", *body]]


def totals(amounts: list[int], receipts: tuple[int, int]) -> bytes:
    """Write the status information of an end of day: all is of one brand."""
    sums = [(0, 0)] * BRANDS
    sums[VISA] = (len(amounts), sum(amounts))
    body = f"{receipts[0]:04d}{receipts[1]:04d}"
    body += "".join(f"{count:02x}{max(0, cents):012d}" for count, cents in sums)
    total = max(0, sum(amounts))
    return bytes.fromhex(f"270004{total:012d}0c2200000d112260" + _counted(bytes.fromhex(body), 3))
