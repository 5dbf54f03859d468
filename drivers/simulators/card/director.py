"""What a simulated terminal and its customer do: by default, by amount, from a script, or by hand.

Each protocol has a `Table` of the ways a payment may go there. By amount (when switched on) the two
last digits choose: 12.01 EUR is refused, 12.00 approved. What happens before the amount is known
(busy, silent, collision) can only be the default or come from a script. A script has one scenario a
line, `#` for comments:

    approve x50          fifty approved payments
    late_answer 200      the answer comes 200 seconds after the payment
    busy x3              three calls answered with "busy"
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

REPEATS_MAX: Final = 1_000_000
SCRIPT_BYTES_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way a payment goes. `cents` are the last two digits that choose it.

    `customer_s`: how long the customer takes, None for the terminal's usual. `late_s`: how long
    after the payment the answer comes. `charges`: whether the customer's account is charged.
    """

    name: str
    says: str
    cents: int | None = None
    customer_s: float | None = None
    late_s: float = 0.0
    charges: bool = True


S = TypeVar("S", bound=Scenario)


class ScriptError(ValueError):
    """A script that cannot be followed; the message has the line and what was expected."""


class Table(Mapping[str, S], Generic[S]):
    """The scenarios of one protocol, by name."""

    def __init__(self, scenarios: Iterable[S]) -> None:
        self._by_name = {scenario.name: scenario for scenario in scenarios}
        self.by_cents: dict[int, S] = {
            scenario.cents: scenario
            for scenario in self._by_name.values()
            if scenario.cents is not None
        }

    def __getitem__(self, name: str) -> S:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def named(self, name: str) -> S:
        """Return a scenario; raise ScriptError with the names there are."""
        if name not in self:
            raise ScriptError(f"unknown scenario {name!r}, expected one of {', '.join(self)}")
        return self[name]

    def parse(self, text: str) -> list[S]:
        """Read a script, whole or not at all; raise ScriptError naming the line."""
        scenarios: list[S] = []
        for number, line in enumerate(text.splitlines(), start=1):
            words = line.partition("#")[0].strip()
            if not words:
                continue
            try:
                scenarios += self._parse_line(words)
            except ScriptError as error:
                raise ScriptError(f"line {number}: {error}") from None
            if len(scenarios) > REPEATS_MAX:
                raise ScriptError(f"line {number}: expected at most {REPEATS_MAX} payments in all")
        return scenarios

    def load(self, path: Path) -> list[S]:
        """Read a script file. Raises ScriptError, OSError."""
        with path.open("rb") as file:
            data = file.read(SCRIPT_BYTES_MAX + 1)
        if len(data) > SCRIPT_BYTES_MAX:
            raise ScriptError(f"expected at most {SCRIPT_BYTES_MAX} bytes")
        try:
            return self.parse(data.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ScriptError(f"byte {error.start}: expected UTF-8") from None

    def _parse_line(self, words: str) -> list[S]:
        found = _LINE.fullmatch(words)
        if found is None:
            raise ScriptError(f"expected NAME [SECONDS] [xTIMES], got {words!r}")
        name, seconds, times = found.groups()
        scenario = self.named(name)
        if seconds is not None:
            late, given = scenario.late_s > 0, float(seconds)
            scenario = (
                replace(scenario, late_s=given) if late else replace(scenario, customer_s=given)
            )
        repeats = int(times or "1")
        if not 1 <= repeats <= REPEATS_MAX:
            raise ScriptError(f"expected x1 to x{REPEATS_MAX}, got x{times}")
        return [scenario] * repeats


_LINE: Final = re.compile(r"(\w+)(?:\s+(\d+(?:\.\d+)?))?(?:\s+x(\d+))?")


class Director(Generic[S]):
    """Says which scenario comes next: the script's, then the amount's, then the default.

    The default is the table's "approve".
    """

    def __init__(
        self,
        table: Table[S],
        default: S | None = None,
        *,
        script: Iterable[S] = (),
        by_amount: bool = False,
    ) -> None:
        self.table = table
        self._default = default or table["approve"]
        self._script = deque(script)
        self._by_amount = by_amount

    def next(self, amount_cents: int | None = None) -> S:
        """Return what comes next; the amount is not known before the request."""
        if self._script:
            return self._script[0]
        if self._by_amount and amount_cents is not None:
            return self.table.by_cents.get(amount_cents % 100, self._default)
        return self._default

    def done(self) -> None:
        """Go on to the next line of the script."""
        if self._script:
            self._script.popleft()

    def insert(self, scenario: S) -> None:
        """Let a scenario come next."""
        self._script.appendleft(scenario)
