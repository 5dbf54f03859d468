"""What a form says of a field that cannot be read; shared by all pages with forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.server.texts import Language

_FR: Final = {
    "form_problems": "À corriger",
    "expected_euros": "un montant en euros était attendu, par exemple 12 ou 1 234,50",
    "expected_percent": "un pourcentage de 0 à 100 était attendu, par exemple 20 ou 12,5",
    "expected_whole": "un nombre entier était attendu",
    "expected_day": "une date était attendue",
    "expected_time": "une date et une heure étaient attendues",
    "expected_zone": "un fuseau horaire de la liste était attendu",
    "expected_choice": "un choix de la liste était attendu",
    "expected_name": "un nom était attendu, pas trop long",
    "expected_list": "100 éléments de 40 caractères au plus, séparés par des points-virgules",
    "expected_account": "un IBAN avec sa clé exacte était attendu",
    "expected_id": "de 1 à 63 lettres minuscules sans accent, chiffres ou tirets",
}
_EN: Final = {
    "form_problems": "To put right",
    "expected_euros": "expected an amount in euros, like 12 or 1,234.50",
    "expected_percent": "expected a percentage from 0 to 100, like 20 or 12.5",
    "expected_whole": "expected a whole number",
    "expected_day": "expected a date",
    "expected_time": "expected a date and a time",
    "expected_zone": "expected a time zone of the list",
    "expected_choice": "expected a choice of the list",
    "expected_name": "expected a name, not too long",
    "expected_list": "100 items of 40 characters at most, with semicolons between them",
    "expected_account": "expected an IBAN with the right check digits",
    "expected_id": "1 to 63 small letters without accents, digits or dashes",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {"fr": _FR, "en": _EN}
