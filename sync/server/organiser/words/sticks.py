"""The words of the page for USB sticks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.server.texts import Language

_FR: Final = {
    "sticks": "Clé USB",
    "sticks_help": "Pour une caisse sans réseau : ses ventes viennent par clé USB, et les nouvelles"
    " de la campagne y retournent.",
    "sticks_step_export": "À la caisse, « comptoir sync export » a écrit un fichier sur la clé"
    " (son nom finit par {suffix}).",
    "sticks_step_send": "Choisissez-le ici et envoyez-le : ses ventes sont vérifiées, puis"
    " comptées. Envoyé deux fois, il ne compte qu'une fois.",
    "sticks_step_back": "Mettez la réponse sur la clé ; à la caisse, « comptoir sync import » la"
    " lit.",
    "stick_file": "Fichier de la caisse",
    "stick_send": "Envoyer",
    "stick_taken": "Fichier de la caisse pris",
    "stick_from": "{shop}, caisse {till}",
    "stick_range": "Écritures dans le fichier",
    "stick_range_of": "{first} à {last}",
    "stick_range_none": "aucune",
    "stick_accepted": "Nouvelles, comptées",
    "stick_duplicate": "Déjà connues",
    "stick_rejected": "Gardées, non comptées",
    "stick_rejected_help": "Le serveur a gardé ces écritures mais n'a pas pu les lire : la réponse"
    " le dit à la caisse. Mettez-la à jour.",
    "stick_stop_gap": "Il manque des écritures avant celles-ci. Rapportez la réponse à la caisse,"
    " puis refaites l'échange : elle enverra ce qui manque.",
    "stick_stop_fork": "Deux contenus différents ont été signés sous un même numéro (carte clonée,"
    " ou copie restaurée) : la caisse est en quarantaine. Rapportez-lui la réponse et donnez un"
    " nouveau code au commerçant.",
    "stick_stop_quarantined": "Cette caisse est en quarantaine. Rapportez-lui la réponse et donnez"
    " un nouveau code au commerçant.",
    "stick_answer": "La réponse pour la caisse",
    "stick_answer_help": "Mettez ce fichier sur la clé. À la caisse, « comptoir sync import » le"
    " lit : ce qui est arrivé, les règles, et les listes de bons.",
    "stick_download": "Télécharger la réponse",
    "stick_another": "Envoyer un autre fichier",
    "stick_wrong": "Rien n'a été pris de ce fichier. {why}",
    "stick_no_export": "Ce n'est pas l'envoi d'une caisse. Le bon fichier est sur la clé, et son"
    " nom finit par {suffix}.",
    "stick_is_answer": "C'est une réponse du serveur : elle se lit à la caisse. Envoyez ici le"
    " fichier dont le nom finit par {suffix}.",
    "stick_not_whole": "Il n'est pas entier, ou il est abîmé : recopiez-le depuis la clé, ou"
    " refaites « comptoir sync export ».",
    "stick_too_large": "Il est trop grand pour l'envoi d'une caisse (64 Mio).",
    "stick_elsewhere": "Il est d'une autre campagne : {detail}.",
    "stick_not_enrolled": "Cette caisse n'est pas inscrite à cette campagne : donnez un code au"
    " commerçant, avec lequel elle s'inscrit.",
    "stick_unknown_till": "Aucune caisse n'est connue sous cette clé : elle s'est réinscrite depuis"
    " cet envoi, ou ne s'est jamais inscrite ici. Refaites « comptoir sync export ».",
    "stick_earlier_epoch": "La caisse s'est réinscrite depuis : refaites « comptoir sync export »,"
    " le nouveau fichier contient aussi ces ventes.",
    "stick_changed_title": "Le fichier a été modifié.",
    "stick_changed": "L'écriture n° {detail} ne se vérifie pas. Ce qui est avant elle a pu être"
    " compté. Refaites « comptoir sync export » et envoyez le nouveau fichier.",
    "stick_later_title": "Le serveur est occupé.",
    "stick_later": "Renvoyez le même fichier dans une minute : rien ne comptera deux fois.",
}
_EN: Final = {
    "sticks": "USB stick",
    "sticks_help": "For a till without network: its sales come by USB stick, and the campaign's"
    " news go back on it.",
    "sticks_step_export": "At the till, “comptoir sync export” wrote a file onto the stick (its"
    " name ends in {suffix}).",
    "sticks_step_send": "Choose it here and send it: its sales are verified, then counted. Sent"
    " twice, it counts once.",
    "sticks_step_back": "Put the answer onto the stick; at the till, “comptoir sync import” reads"
    " it.",
    "stick_file": "The till's file",
    "stick_send": "Send",
    "stick_taken": "The till's file was taken",
    "stick_from": "{shop}, till {till}",
    "stick_range": "Entries in the file",
    "stick_range_of": "{first} to {last}",
    "stick_range_none": "none",
    "stick_accepted": "New, counted",
    "stick_duplicate": "Known already",
    "stick_rejected": "Kept, not counted",
    "stick_rejected_help": "The server has kept these entries but could not read them: the answer"
    " tells the till. Update it.",
    "stick_stop_gap": "Entries are missing before these. Take the answer back to the till, then"
    " make the trip again: it will send what is missing.",
    "stick_stop_fork": "Two different contents were signed under one number (a cloned card, or a"
    " restored copy): the till is quarantined. Take the answer back to it, and give the shop a new"
    " code.",
    "stick_stop_quarantined": "This till is quarantined. Take the answer back to it, and give the"
    " shop a new code.",
    "stick_answer": "The answer for the till",
    "stick_answer_help": "Put this file onto the stick. At the till, “comptoir sync import” reads"
    " it: what has arrived, the rules, and the lists of vouchers.",
    "stick_download": "Download the answer",
    "stick_another": "Send another file",
    "stick_wrong": "Nothing was taken of this file. {why}",
    "stick_no_export": "It is not what a till sends. The right file is on the stick, and its name"
    " ends in {suffix}.",
    "stick_is_answer": "It is the server's answer, which is read at the till. Send the file whose"
    " name ends in {suffix}.",
    "stick_not_whole": "It is not whole, or damaged: copy it from the stick again, or repeat"
    " “comptoir sync export”.",
    "stick_too_large": "It is too large for what a till sends (64 MiB).",
    "stick_elsewhere": "It is of another campaign: {detail}.",
    "stick_not_enrolled": "This till is not enrolled in this campaign: give the shop a code, with"
    " which it enrols.",
    "stick_unknown_till": "No till is known by this key: it has enrolled anew since, or never did"
    " here. Repeat “comptoir sync export”.",
    "stick_earlier_epoch": "The till has enrolled anew since: repeat “comptoir sync export”, the"
    " new file has these sales too.",
    "stick_changed_title": "The file was changed.",
    "stick_changed": "Entry {detail} does not verify. What is before it may have been counted;"
    " repeat “comptoir sync export” and send the new file.",
    "stick_later_title": "The server is busy.",
    "stick_later": "Send the same file again in a minute: nothing will count twice.",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {"fr": _FR, "en": _EN}
