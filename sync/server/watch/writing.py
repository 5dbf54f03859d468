"""How the dashboard writes shares, ratios and counts, in French and in English."""

from __future__ import annotations

from sync.server.texts import Language, euros

THIN = "\N{NARROW NO-BREAK SPACE}"


def count(number: int, language: Language) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}".replace(",", THIN) if language == "fr" else f"{number:,}"


def percent(basis_points: int, language: Language) -> str:
    """A share to one decimal: 8512 is 85,1 % or 85.1%."""
    tenths = basis_points // 10
    whole, rest = count(tenths // 10, language), tenths % 10
    return f"{whole},{rest}{THIN}%" if language == "fr" else f"{whole}.{rest}%"


def ratio(hundredths: int, language: Language) -> str:
    """A ratio to one decimal, cut and not rounded: 944 is 9,4 or 9.4."""
    whole, rest = hundredths // 100, hundredths % 100 // 10
    return f"{whole},{rest}" if language == "fr" else f"{whole}.{rest}"


def short_euros(cents: int, language: Language) -> str:
    """An amount as an axis has room for: 250 €, 12 k€, 1,5 M€ (€250, €12k, €1.5M)."""
    units = cents // 100
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if units >= 10 * size or (units >= size and not units % (size // 10)):
            whole, rest = units // size, units % size * 10 // size
            point = "," if language == "fr" else "."
            number = f"{whole}{point}{rest}" if rest else f"{whole}"
            return f"{number}{THIN}{letter}€" if language == "fr" else f"€{number}{letter}"
    if cents % 100:
        return euros(cents, language)
    return f"{count(units, language)}{THIN}€" if language == "fr" else f"€{count(units, language)}"
