"""What can be wrong with facts of the outside world, said in the words of who must mend them.

ReferenceProblem
├── BadSiret
├── BadIban
├── BadNaf
└── BadHours
"""

from __future__ import annotations


class ReferenceProblem(ValueError):
    """A number or text that cannot be right; the message says what was expected."""


class BadSiret(ReferenceProblem):
    """No SIRET: 14 digits, of which the last is a check digit."""


class BadIban(ReferenceProblem):
    """No account that SEPA transfers reach."""


class BadNaf(ReferenceProblem):
    """No code of the nomenclature that was asked for."""


class BadHours(ReferenceProblem):
    """No opening hours in OpenStreetMap's syntax."""
