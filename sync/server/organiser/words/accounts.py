"""The words of accounts and invitations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.server.texts import Language

_FR: Final = {
    "accounts": "Comptes",
    "accounts_help": "Un compte d'organisateur voit et mène toute cette campagne. Un compte de"
    " commerce ne voit que son commerce. Personne ne choisit le mot de passe d'un autre : une"
    " invitation est un lien qui sert une fois, pendant sept jours.",
    "no_account": "Aucun compte pour l'instant.",
    "role": "Rôle",
    "role_organiser": "organisateur",
    "role_shop": "commerce",
    "created": "Créé le",
    "account_state": "État",
    "account_active": "✓ actif",
    "account_disabled": "○ désactivé",
    "account_invited": "… invité jusqu'au {until}",
    "account_lapsed": "⚠ invitation périmée",
    "has_token": "jeton d'API",
    "invite_again": "Nouveau lien",
    "disable": "Désactiver",
    "enable": "Réactiver",
    "invite": "Inviter",
    "invite_title": "Inviter quelqu'un",
    "name_help": "Adresse électronique ou nom court : il servira à se connecter.",
    "shop_number": "Commerce (pour un compte de commerce)",
    "shop_number_help": "Son numéro dans la campagne.",
    "shown_invite": "Lien d'invitation pour {name}",
    "shown_invite_help": "Transmettez-le à cette personne seule. Il sert une fois, pendant sept"
    " jours, et n'est affiché que maintenant.",
    "shown_token": "Jeton d'API de {name}",
    "shown_token_help": "Un programme l'envoie en en-tête : Authorization: Bearer JETON. Il agit en"
    " votre nom dans cette campagne, remplace le précédent, et n'est affiché que maintenant.",
    "own_token": "Votre jeton d'API",
    "own_token_help": "Pour qu'un programme lise ou mène cette campagne en votre nom.",
    "new_token": "Créer un jeton",
    "taken": "Ce nom est déjà pris.",
    "bad_name": "Le nom doit avoir de 1 à 80 caractères imprimables.",
    "no_such_shop": "Aucun commerce de cette campagne n'a ce numéro.",
    "choose_password": "Choisir un mot de passe",
    "for_account": "Pour le compte",
    "password_again": "Le même, encore une fois",
    "password_help": "{chars} caractères au moins. Une phrase convient très bien.",
    "differ": "Les deux mots de passe diffèrent.",
    "too_short": "Ce mot de passe est trop court, ou trop long.",
}
_EN: Final = {
    "accounts": "Accounts",
    "accounts_help": "An organiser's account sees and leads this whole campaign. A shop's account"
    " sees its shop only. Nobody chooses another's password: an invitation is a link that works"
    " once, for seven days.",
    "no_account": "No account yet.",
    "role": "Role",
    "role_organiser": "organiser",
    "role_shop": "shop",
    "created": "Created",
    "account_state": "State",
    "account_active": "✓ active",
    "account_disabled": "○ disabled",
    "account_invited": "… invited until {until}",
    "account_lapsed": "⚠ invitation over",
    "has_token": "API token",
    "invite_again": "New link",
    "disable": "Disable",
    "enable": "Enable",
    "invite": "Invite",
    "invite_title": "Invite somebody",
    "name_help": "An e-mail address or a short name: it is what they log in with.",
    "shop_number": "Shop (for a shop's account)",
    "shop_number_help": "Its number in the campaign.",
    "shown_invite": "Invitation link for {name}",
    "shown_invite_help": "Give it to this person alone. It works once, for seven days, and is shown"
    " only now.",
    "shown_token": "API token of {name}",
    "shown_token_help": "A program sends it in a header: Authorization: Bearer TOKEN. It acts in"
    " your name in this campaign, replaces the one before, and is shown only now.",
    "own_token": "Your API token",
    "own_token_help": "For a program that reads or leads this campaign in your name.",
    "new_token": "Make a token",
    "taken": "This name is taken.",
    "bad_name": "The name must have 1 to 80 printable characters.",
    "no_such_shop": "No shop of this campaign has this number.",
    "choose_password": "Choose a password",
    "for_account": "For the account",
    "password_again": "The same once more",
    "password_help": "At least {chars} characters. A phrase does very well.",
    "differ": "The two passwords differ.",
    "too_short": "This password is too short, or too long.",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {"fr": _FR, "en": _EN}
