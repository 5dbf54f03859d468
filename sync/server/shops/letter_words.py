"""The words of pairing letters and window stickers, in French and in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.server.texts import Language

_FR: Final = {
    "subject": "Votre caisse et la campagne « {campaign} »",
    "greeting": "Madame, Monsieur,",
    "what": "{shop} participe à la campagne « {campaign} »{sponsors}. Les achats de vos clients"
    " leur rapportent des euros, qu'ils dépensent ensuite dans les commerces participants. Ce"
    " qu'ils paient chez vous avec un bon de la campagne est viré sur votre compte bancaire.",
    "sponsors": " (financement : {names})",
    "and": " et ",
    "code": "Code d'appairage de votre caisse",
    "until": "Il sert une seule fois, pour une seule caisse, jusqu'au {moment} (heure de Paris).",
    "steps": "Pour relier votre caisse",
    "step_online": "Vérifiez que la caisse est reliée à Internet, puis quittez l'écran de vente.",
    "step_type": "Avec un lecteur : tapez « comptoir sync enrol --code », une espace, et scannez le"
    " code ci-dessus. Sinon, tapez cette commande :",
    "step_digits": "La caisse affiche six chiffres. Appelez l'organisateur et lisez-les-lui : il"
    " voit les siens, et ce doivent être les mêmes.",
    "step_sticker": "Lancez « comptoir sync » à côté de la caisse s'il ne tourne pas déjà, rouvrez"
    " la caisse, et collez la vignette sur votre vitrine. C'est prêt.",
    "why_title": "À quoi servent les six chiffres ?",
    "why": "Ils sont calculés à partir de la clé de votre caisse et de celle du serveur. S'ils sont"
    " différents, quelqu'un s'est glissé entre les deux : ne prenez aucun bon et prévenez"
    " l'organisateur.",
    "keep": "Ne donnez ce code à personne et détruisez cette lettre quand la caisse est reliée. Si"
    " elle s'est perdue, demandez-en une autre : elle annule le code de celle-ci.",
    "sticker": "Ici, vos achats vous rapportent",
    "sticker_scan": "Scannez pour voir les commerces participants",
}
_EN: Final = {
    "subject": "Your till and the campaign “{campaign}”",
    "greeting": "Dear shopkeeper,",
    "what": "{shop} takes part in the campaign “{campaign}”{sponsors}. Your customers' purchases"
    " earn them euros, which they then spend in the shops that take part. What they pay you with a"
    " voucher of the campaign is transferred to your bank account.",
    "sponsors": " (funded by {names})",
    "and": " and ",
    "code": "Pairing code of your till",
    "until": "It works once, for one till, until {moment} (Paris time).",
    "steps": "To connect your till",
    "step_online": "See that the till is connected to the Internet, then leave the sales screen.",
    "step_type": "With a scanner: type “comptoir sync enrol --code”, a space, and scan the code"
    " above. Without one, type this command:",
    "step_digits": "The till shows six digits. Call the organiser and read them out: the organiser"
    " sees six digits too, and they must be the same.",
    "step_sticker": "Start “comptoir sync” beside the till unless it runs already, open the till"
    " again, and put the sticker on your window. You are ready.",
    "why_title": "What are the six digits for?",
    "why": "They are worked out from your till's key and the server's. If they differ, somebody"
    " stands in between: take no voucher and tell the organiser.",
    "keep": "Give this code to nobody, and destroy this letter once the till is connected. If it"
    " was lost, ask for another: that one cancels the code of this one.",
    "sticker": "Your purchases pay you back here",
    "sticker_scan": "Scan to see the shops that take part",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {"fr": _FR, "en": _EN}
