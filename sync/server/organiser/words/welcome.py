"""The words of the page for strangers, to which a letter's QR leads a phone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.server.texts import Language

_FR: Final = {
    "welcome": "Bienvenue",
    "letter_title": "Vous avez scanné une lettre ?",
    "letter_what": "La lettre relie la caisse de votre commerce à une campagne : les achats de vos"
    " clients leur rapportent alors des euros. Son code est pour la caisse, pas pour ce téléphone."
    " Il n'a pas été envoyé et sert toujours.",
    "letter_leave": "Vérifiez que la caisse est reliée à Internet, puis quittez l'écran de vente.",
    "letter_type": "Tapez la commande imprimée sur la lettre. Avec un lecteur : tapez « comptoir"
    " sync enrol --code », une espace, et scannez l'image de la lettre.",
    "letter_digits": "La caisse affiche six chiffres : lisez-les à l'organisateur, dont la lettre"
    " porte les coordonnées. Il doit voir les mêmes.",
    "letter_keep": "Ne donnez le code à personne. Si la lettre s'est perdue, demandez-en une autre"
    " à l'organisateur.",
    "account_title": "Vous avez un compte ?",
    "account_what": "Pour les organisateurs, et les commerces qu'ils ont invités.",
    "shopper_title": "Vous êtes client ?",
    "shopper_shops": "Les commerces participants",
    "shopper_code": "Le code d'un ticket",
    "shopper_wallet": "Mon portefeuille",
}
_EN: Final = {
    "welcome": "Welcome",
    "letter_title": "Did you scan a letter?",
    "letter_what": "The letter links your shop's till to a campaign: your customers' purchases then"
    " earn them euros. Its code is for the till, not for this phone. It was not sent, and still"
    " works.",
    "letter_leave": "See that the till is connected to the Internet, then leave the sales screen.",
    "letter_type": "Type the command that is printed on the letter. With a scanner: type “comptoir"
    " sync enrol --code”, a space, and scan the letter's picture.",
    "letter_digits": "The till shows six digits: read them to the organiser, whom the letter says"
    " how to reach. The organiser must see the same.",
    "letter_keep": "Give the code to nobody. If the letter was lost, ask the organiser for"
    " another.",
    "account_title": "Do you have an account?",
    "account_what": "For organisers, and shops that they have invited.",
    "shopper_title": "Are you a customer?",
    "shopper_shops": "The shops that take part",
    "shopper_code": "A receipt's code",
    "shopper_wallet": "My wallet",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {"fr": _FR, "en": _EN}
