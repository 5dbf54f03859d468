"""The words of refusals that a person meets on a page, by the sentence's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.server import texts
from sync.server.refusals import Say
from sync.server.saying import Sentences
from sync.server.texts import Language

_FR: Final = {
    "no-campaign": "Cette campagne n'existe pas, ou n'est pas la vôtre.",
    "no-shop": "Ce commerce n'existe pas dans cette campagne, ou n'est pas le vôtre.",
    "accounts-full": "La campagne a déjà {most} comptes : c'est le maximum.",
    "account-disabled": "Ce compte est désactivé : réactivez-le d'abord.",
    "no-account": "Il n'y a pas ce compte dans cette campagne.",
    "invitation-over": "Cette invitation a déjà servi, a été remplacée ou n'est plus valable."
    " Demandez-en une autre à qui vous a invité.",
    "state-step": "La campagne est {state:state_} : elle ne peut pas passer à l'état"
    " « {wanted:state_} ». Rien n'a été changé.",
    "no-rules": "Publiez d'abord les règles de la campagne.",
    "funds-changed": "Les financements ont changé depuis l'ouverture de ce formulaire : il a peut-"
    "être été envoyé deux fois. Vérifiez la liste avant de recommencer.",
    "funds-full": "La campagne a déjà {most} financements : c'est le maximum.",
    "sponsors-full": "La campagne a déjà {most} financeurs : c'est le maximum.",
    "no-finding": "Il n'y a rien à décider sous le n° {number}.",
    "finding-decided": "Le n° {number} est déjà décidé : {decision:decision_}. Une décision est"
    " définitive.",
    "finding-unowed": "Aucun commerce n'est en attente d'un paiement pour le n° {number}.",
    "finding-unpayable": "Le budget libre n'est que de {held:euros} : {wanted:euros} ne peuvent"
    " pas être payés. Rien n'a été changé.",
    "nobody-owed": "Il n'y a rien à régler : aucun commerce avec un compte bancaire n'attend"
    " assez.",
    "no-settlement": "Il n'y a pas de remboursement n° {number}.",
    "bank-answered": "Plus aucun virement du remboursement n° {number} n'attend la banque.",
    "line-answered": "Ce virement est déjà noté : {state:line_}. Rien n'a été changé.",
    "line-missing": "Le remboursement n° {number} ne paie rien à ce commerce.",
    "statement-long": "Ce relevé aurait plus de {most} lignes : il ne peut pas être montré.",
    "payer-missing": "Dites d'abord, dans les réglages de la campagne, qui paie et de quel compte.",
    "part-empty": "Plus aucun virement de cette partie n'attend la banque : il n'y a pas de fichier"
    " à faire.",
    "payment-day": "Le jour du virement doit être entre le {first:day} et le {last:day}.",
    "not-ended": "La campagne est {state:state_} : terminez-la d'abord.",
    "still-arrives": "Des ventes peuvent encore arriver jusqu'au {until:moment}.",
    "still-owed": "Réglez d'abord : commerces encore à payer, {owed} ; virements sans réponse de"
    " la banque, {unanswered}.",
    "audit-fails": "L'audit ne tombe pas juste : la campagne n'est pas close. La page de l'audit"
    " dit ce qui ne va pas.",
    "shop-tillless": "Ce commerce n'a pas encore de caisse.",
    "carnet-wish": "Donnez une valeur en euros, par exemple 2,00, jusqu'à {value:euros}, et un"
    " nombre de bons de 1 à {count}.",
    "code-days": "La durée du code doit être de 1 à {most} jours.",
    "sticker-sheets": "Le nombre de feuilles doit être de 1 à {most}.",
    "list-gone": "Cette liste a déjà été confirmée, a été remplacée par une autre ou est trop"
    " ancienne. Envoyez-la de nouveau.",
    "no-wallet": "Ce téléphone n'a pas de porte-monnaie dans cette campagne.",
    "not-sure": "Cochez la case pour confirmer : rien n'a été supprimé.",
    "wallet-short": "Il n'y a pas assez de gains dans ce porte-monnaie : {held:euros} à dépenser,"
    " il en faut {wanted:euros}.",
    "voucher-gone": "Ce bon n'est pas, ou plus, dans ce porte-monnaie.",
    "voucher-held": "Une caisse garde ce bon pour une vente : réessayez quand elle est finie.",
    "voucher-over": "Ce bon est {state:voucher_} : il ne peut pas être remplacé.",
    "voucher-values": "La campagne ne fait pas de bons de {value:euros}.",
    "payment-taken": "Cette demande a déjà été payée, par un autre porte-monnaie ou pour un autre"
    " montant.",
    "payment-returned": "La caisse n'a pas utilisé ce paiement : l'argent est revenu dans votre"
    " porte-monnaie.",
    "till-unknown": "Ce code n'a pas été fait par une de nos caisses.",
    "till-elsewhere": "Cette caisse ne participe pas à une campagne d'ici.",
    "receipt-unknown": "Ce reçu n'a pas été fait par une de nos caisses.",
    "receipt-elsewhere": "La caisse de ce reçu ne participe pas à une campagne d'ici.",
    "receipt-awaited": "Aucun reçu avec ce code n'est encore arrivé. Vérifiez-le, ou réessayez plus"
    " tard : la caisse est peut-être sans réseau.",
    "campaign-unlisted": "Aucune campagne de ce nom n'est ouverte.",
    "shop-unlisted": "Ce commerce n'est pas, ou plus, dans la liste.",
    "state_draft": "en préparation",
    "state_open": "ouverte",
    "state_paused": "en pause",
    "state_ended": "terminée",
    "state_closed": "close",
    "decision_pay": "payé",
    "decision_refuse": "refusé",
    "decision_noted": "vu",
    "line_prepared": "préparé",
    "line_paid": "payé",
    "line_refused": "refusé par la banque",
    "voucher_expired": "périmé",
    "voucher_revoked": "remplacé ou rendu",
    "voucher_suspended": "pas encore valable",
    "voucher_redeemed": "dépensé",
}
_EN: Final = {
    "no-campaign": "There is no such campaign, or it is not yours.",
    "no-shop": "There is no such shop in this campaign, or it is not yours.",
    "accounts-full": "The campaign has {most} accounts already: it can have no more.",
    "account-disabled": "This account is disabled: enable it first.",
    "no-account": "There is no such account in this campaign.",
    "invitation-over": "This invitation was used, was replaced or is over. Ask whoever invited you"
    " for another.",
    "state-step": 'The campaign is {state:state_}: it cannot become "{wanted:state_}". Nothing was'
    " changed.",
    "no-rules": "Publish the campaign's rules first.",
    "funds-changed": "The funds have changed since this form was opened: it may have been sent"
    " twice. Look at the list before you try again.",
    "funds-full": "The campaign has {most} funds already: it can have no more.",
    "sponsors-full": "The campaign has {most} sponsors already: it can have no more.",
    "no-finding": "There is nothing to decide under no. {number}.",
    "finding-decided": "No. {number} was decided already: {decision:decision_}. A decision is"
    " final.",
    "finding-unowed": "No shop waits to be paid for no. {number}.",
    "finding-unpayable": "The free budget is {held:euros} only: {wanted:euros} cannot be paid."
    " Nothing was changed.",
    "nobody-owed": "There is nothing to settle: no shop with a bank account is owed enough.",
    "no-settlement": "There is no settlement no. {number}.",
    "bank-answered": "No transfer of settlement no. {number} waits for the bank any more.",
    "line-answered": "This transfer was noted already: {state:line_}. Nothing was changed.",
    "line-missing": "Settlement no. {number} pays nothing to this shop.",
    "statement-long": "This statement would have more than {most} lines: it cannot be shown.",
    "payer-missing": "First say, in the campaign's settings, who pays and from which account.",
    "part-empty": "No transfer of this part waits for the bank any more: there is no file to make.",
    "payment-day": "The day of the transfer must be between {first:day} and {last:day}.",
    "not-ended": "The campaign is {state:state_}: end it first.",
    "still-arrives": "Until {until:moment} sales may still arrive.",
    "still-owed": "Settle first: shops still to be paid, {owed}; transfers without the bank's"
    " answer, {unanswered}.",
    "audit-fails": "The audit does not hold: the campaign is not closed. The page of the audit says"
    " what is wrong.",
    "shop-tillless": "This shop has no till yet.",
    "carnet-wish": "Give a value in euros, like 2.00, up to {value:euros}, and a number of vouchers"
    " from 1 to {count}.",
    "code-days": "The code must work for 1 to {most} days.",
    "sticker-sheets": "The number of sheets must be from 1 to {most}.",
    "list-gone": "This list was confirmed already, was replaced by another or is too old. Send it"
    " again.",
    "no-wallet": "This phone has no wallet in this campaign.",
    "not-sure": "Tick the box to confirm: nothing was deleted.",
    "wallet-short": "This wallet has {held:euros} to spend: that is not enough for {wanted:euros}.",
    "voucher-gone": "This voucher is not, or no longer, in this wallet.",
    "voucher-held": "A till holds this voucher for a sale: try again when it is over.",
    "voucher-over": "This voucher is {state:voucher_}: it cannot be replaced.",
    "voucher-values": "The campaign makes no vouchers of {value:euros}.",
    "payment-taken": "This was paid already, by another wallet or with another amount.",
    "payment-returned": "The till did not use this payment: the money is back in your wallet.",
    "till-unknown": "This code was not made by one of our tills.",
    "till-elsewhere": "This till takes no part in a campaign here.",
    "receipt-unknown": "This receipt was not made by one of our tills.",
    "receipt-elsewhere": "The till of this receipt takes no part in a campaign here.",
    "receipt-awaited": "No receipt with this code has arrived yet. Check it, or try again later:"
    " the till may be without network.",
    "campaign-unlisted": "No campaign of this name is open.",
    "shop-unlisted": "This shop is not, or no longer, in the list.",
    "state_draft": "being prepared",
    "state_open": "open",
    "state_paused": "paused",
    "state_ended": "ended",
    "state_closed": "closed",
    "decision_pay": "paid",
    "decision_refuse": "refused",
    "decision_noted": "noted",
    "line_prepared": "prepared",
    "line_paid": "paid",
    "line_refused": "refused by the bank",
    "voucher_expired": "expired",
    "voucher_revoked": "replaced or given back",
    "voucher_suspended": "not valid yet",
    "voucher_redeemed": "spent",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {"fr": _FR, "en": _EN}

_WORDS: Final = texts.typeset(TEXTS)
_SENTENCES: Final[dict[Language, Sentences]] = {
    "fr": Sentences(_WORDS["fr"], "fr"),
    "en": Sentences(_WORDS["en"], "en"),
}


def read_out(said: Say, language: Language) -> str:
    """A refusal in the reader's language."""
    return _SENTENCES[language].say(said.sentence, said.values)
