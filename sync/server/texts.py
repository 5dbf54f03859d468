"""The words of the pages, and how they write money and time, in French and in English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

Language: TypeAlias = Literal["fr", "en"]
Words: TypeAlias = Mapping[Language, Mapping[str, str]]
PARIS: Final = ZoneInfo("Europe/Paris")
DEFAULT: Final[Language] = "fr"
SILENT_AFTER: Final = timedelta(hours=24)

_FR: Final = {
    "title": "Serveur de campagnes",
    "as_of": "État au",
    "log_in": "Se connecter",
    "log_out": "Se déconnecter",
    "password_kept": "Mot de passe enregistré. Connectez-vous avec lui.",
    "token": "Jeton d'administration",
    "token_help": "Il se trouve dans le fichier admin-token du dossier de données.",
    "wrong_token": "Ce jeton n'est pas le bon.",
    "too_many": "Trop d'essais. Réessayez dans une minute.",
    "no_campaign": "Aucune campagne pour l'instant.",
    "no_shop": "Aucun commerce sur cette page.",
    "no_till": "Aucune caisse appairée.",
    "no_turnover": "Rien n'a encore été reçu.",
    "turnover": "Chiffre d'affaires",
    "by_day": "Chiffre d'affaires par jour",
    "day": "Jour",
    "sales": "Ventes",
    "refunds": "Retours",
    "total": "Total TTC",
    "shops": "Commerces",
    "shop": "Commerce",
    "tills": "Caisses",
    "till": "Caisse",
    "state": "État",
    "active": "✓ active",
    "silent": "… muette depuis plus de 24 h",
    "quarantined": "⚠ en quarantaine",
    "closed": "○ remplacée",
    "epoch": "Époque",
    "fingerprint": "Empreinte",
    "software": "Logiciel",
    "last_entry": "Dernière écriture",
    "received": "Reçue le",
    "rejected": "Écritures rejetées",
    "since": "Depuis le",
    "why": "Deux contenus différents ont été signés sous un même numéro : carte clonée ou copie"
    " restaurée. Donnez un nouveau code au commerçant : sur la caisse, « comptoir sync status » dit"
    " la suite. Ses ventes sont gardées.",
    "closing": "Dernière clôture",
    "agrees": "✓ conforme",
    "differs": "⚠ la caisse annonce {till}, le serveur a reçu {server}",
    "tickets": "tickets",
    "none": "aucune",
    "pages": "Pages",
    "previous": "Page précédente",
    "next": "Page suivante",
    "page_of": "Page {page} sur {pages}",
}
_EN: Final = {
    "title": "Campaign server",
    "as_of": "As of",
    "log_in": "Log in",
    "log_out": "Log out",
    "password_kept": "Password kept. Log in with it.",
    "token": "Admin token",
    "token_help": "It is in the file admin-token of the data folder.",
    "wrong_token": "This is not the token.",
    "too_many": "Too many attempts. Try again in a minute.",
    "no_campaign": "No campaign yet.",
    "no_shop": "No shop on this page.",
    "no_till": "No till enrolled.",
    "no_turnover": "Nothing has been received yet.",
    "turnover": "Turnover",
    "by_day": "Turnover by day",
    "day": "Day",
    "sales": "Sales",
    "refunds": "Refunds",
    "total": "Total incl. VAT",
    "shops": "Shops",
    "shop": "Shop",
    "tills": "Tills",
    "till": "Till",
    "state": "State",
    "active": "✓ active",
    "silent": "… silent for more than 24 h",
    "quarantined": "⚠ quarantined",
    "closed": "○ replaced",
    "epoch": "Epoch",
    "fingerprint": "Fingerprint",
    "software": "Software",
    "last_entry": "Last entry",
    "received": "Received",
    "rejected": "Rejected entries",
    "since": "Since",
    "why": "Two different contents were signed under one number: a cloned card, or a restored copy."
    ' Give the shop a new code: on the till, "comptoir sync status" says what comes next. Its sales'
    " are kept.",
    "closing": "Last closing",
    "agrees": "✓ agrees",
    "differs": "⚠ the till says {till}, the server has received {server}",
    "tickets": "tickets",
    "none": "none",
    "pages": "Pages",
    "previous": "Previous page",
    "next": "Next page",
    "page_of": "Page {page} of {pages}",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {"fr": _FR, "en": _EN}

_TIED: Final = re.compile(r" (?=[:;?!%€»])|(?<=«) |(?<=\d) (?=\d{3}\b)")
_CHOICE = re.compile(
    r"\s*([a-zA-Z]{1,8})(?:-[a-zA-Z0-9-]{1,40})?\s*(?:;\s*q=([01](?:\.\d{1,3})?))?\s*"
)


def choose(accept_language: str) -> Language:
    """The language of a page, from an Accept-Language header (RFC 9110 12.5.4); French if none."""
    best, weight = DEFAULT, 0.0
    for part in accept_language[:200].split(","):
        found = _CHOICE.fullmatch(part)
        if found is None:
            continue
        quality = float(found[2] or 1)
        name = found[1].lower()
        if quality > weight and name in TEXTS:
            best, weight = "en" if name == "en" else "fr", quality
    return best


def typeset(words: Words) -> Words:
    """Texts as they are shown: no line begins with a French sign, nor breaks inside a number."""
    tied = {key: _TIED.sub("\N{NO-BREAK SPACE}", word) for key, word in words["fr"].items()}
    return {**words, "fr": tied}


def euros(cents: int, language: Language) -> str:
    """An amount in euros: 1 234,56 € or €1,234.56."""
    sign, units, rest = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100
    if language == "en":
        return f"{sign}€{units:,}.{rest:02}"
    grouped = f"{units:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{sign}{grouped},{rest:02}\N{NO-BREAK SPACE}€"


def day(text: str, language: Language) -> str:
    """The day of a text that starts with YYYY-MM-DD."""
    return text[:10] if language == "en" else f"{text[8:10]}/{text[5:7]}/{text[:4]}"


def moment(text: str, language: Language) -> str:
    """A time to the minute: a till's as its own clock showed it, the server's by that of Paris."""
    when = datetime.fromisoformat(text)
    if not when.utcoffset():
        when = when.astimezone(PARIS)
    return f"{day(when.date().isoformat(), language)} {when:%H:%M}"


def is_silent(last: str, now: str) -> bool:
    """Whether a till that was heard at one time has been silent for long at another."""
    return datetime.fromisoformat(now) - datetime.fromisoformat(last) > SILENT_AFTER
