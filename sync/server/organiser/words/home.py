"""The words of a campaign's overview: what it still needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.server.texts import Language

_FR: Final = {
    "steps_title": "Ce qu'il reste à faire",
    "steps_help": "Dans cet ordre ; chaque étape faite est cochée.",
    "step_done": "fait",
    "step_todo": "à faire",
    "step_fund": "Inscrire ce que donnent les financeurs",
    "step_rules": "Publier les règles",
    "step_shops": "Inscrire les commerces",
    "step_letters": "Envoyer les lettres aux commerces",
    "step_open": "Ouvrir la campagne",
}
_EN: Final = {
    "steps_title": "What is left to do",
    "steps_help": "In this order; each step that is done is ticked.",
    "step_done": "done",
    "step_todo": "to do",
    "step_fund": "Book what sponsors give",
    "step_rules": "Publish the rules",
    "step_shops": "Enrol the shops",
    "step_letters": "Send the letters to the shops",
    "step_open": "Open the campaign",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {"fr": _FR, "en": _EN}
