"""The words of the shop's page, in French and in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.server.texts import Language

_FR: Final = {
    "own_shop": "Mon commerce",
    "owed": "Ce qui vous est dû",
    "owed_now": "À vous virer",
    "owed_below": "Le virement part dès {amount}.",
    "owed_negative": "Des articles ont été rendus après le virement : cette somme sera retenue sur"
    " le prochain.",
    "account": "Votre compte :",
    "no_account": "Nous n'avons pas votre IBAN : rien ne peut vous être viré. Donnez-le à"
    " l'organisateur de la campagne.",
    "account_change": "Pour changer d'IBAN, adressez-vous à l'organisateur : il vérifie votre"
    " demande. On ne vous le demandera jamais par téléphone ni par courriel.",
    "items": "Depuis le dernier virement",
    "items_shown": "Les {shown} plus récents sur {count}.",
    "ticket": "Ticket",
    "what": "Quoi",
    "amount": "Montant",
    "item_voucher": "bon {name}",
    "item_phone": "payé par téléphone",
    "item_returned": "retour de marchandise",
    "item_decided": "décision sur l'anomalie n° {name}",
    "item_refused": "virement refusé, remboursement n° {name}",
    "payments": "Virements",
    "no_payment": "Aucun virement pour l'instant.",
    "settlement": "Remboursement",
    "cutoff": "Arrêté le",
    "statement": "Relevé du remboursement n° {number}",
    "paid_prepared": "en préparation",
    "paid_paid": "✓ viré",
    "paid_refused": "⚠ refusé par la banque, reste dû",
    "figures": "Vos chiffres",
    "figures_caption": "Vos derniers jours",
    "eligible": "Compté pour la campagne",
    "rewards": "Récompenses données",
    "taken": "Bons encaissés",
    "average": "Les autres commerces du quartier {name}",
    "average_of": "Moyenne de {shops} commerces, hors le vôtre, sur {days} jours.",
    "no_average": "Aucune moyenne de quartier : il faut assez de commerces pour qu'elle ne dise"
    " rien d'un seul.",
    "concerns": "À savoir",
    "no_concern": "Rien à signaler.",
    "open": "à décider par l'organisateur",
    "decision_pay": "décidé : payé",
    "decision_refuse": "décidé : non payé",
    "decision_noted": "vu, rien à faire",
    "found_earn-differs": "La caisse a promis plus que la règle ne donne ; l'écart n'est pas"
    " financé. Vérifiez que la caisse est à jour.",
    "found_not-covered": "La caisse a promis une récompense sans budget réservé, et il n'en"
    " restait plus.",
    "found_lease": "La caisse s'est servie d'un budget réservé qui n'était plus le sien.",
    "found_unknown-pack": "La caisse a appliqué des règles que le serveur ne connaît pas.",
    "found_claim-differs": "Le ticket imprimé et la vente reçue ne disent pas le même montant.",
    "found_clawback-short": "Un article a été rendu après que sa récompense a été dépensée.",
    "found_reissue": "Un retour a rendu en récompense plus que ce qu'elle avait payé.",
    "found_doubled": "Un bon avait déjà été dépensé ailleurs ; vous êtes payé, la campagne porte"
    " la perte.",
    "found_policy": "Un bon déjà dépensé a été pris hors des règles hors ligne : il n'est pas"
    " payé, sauf décision contraire.",
    "found_unknown-voucher": "Un bon que personne n'a émis a été pris : il n'est pas payé.",
    "found_late": "La vente est arrivée après la fin de la campagne et son délai.",
    "found_closed": "La vente est arrivée après la clôture de la campagne.",
    "found_broken": "La vente n'a pas pu être comptée : l'organisateur regarde pourquoi.",
    "last_seen": "Vue pour la dernière fois",
    "never": "jamais",
    "received_to": "Reçu jusqu'à",
    "to_do": "Que faire",
    "do_active": "Rien : tout est reçu.",
    "do_silent": "Vérifiez qu'elle est allumée et reliée au réseau. Elle garde tout ce qu'elle n'a"
    " pas envoyé : rien n'est perdu.",
    "do_waiting": "Sa clôture du {day} annonce {till}, nous avons reçu {server} : le reste attend"
    " dans la caisse. Laissez-la allumée et reliée au réseau.",
    "do_rejected": "{count} écritures n'ont pas pu être comptées : parlez-en à l'organisateur.",
    "do_quarantined": "Arrêtez de vendre avec elle pour la campagne. Demandez un nouveau code à"
    " l'organisateur et réappairez-la.",
    "do_closed": "Rien : elle a été réappairée, son ancienne identité est close.",
    "listing": "Ce que voient les clients",
    "listing_page": "Voir ma page publique",
    "listed": "Montrer mon commerce aux clients",
    "hours": "Horaires",
    "hours_help": "En anglais abrégé, comme sur OpenStreetMap : Mo-Sa 09:00-12:30,14:00-19:00; PH"
    " off. Mo, Tu, We, Th, Fr, Sa, Su sont les jours, PH les jours fériés, off fermé.",
    "hours_wrong": "Ces horaires ne se lisent pas : vérifiez la forme, rien n'a été changé.",
    "week": "Vos sept prochains jours",
    "saved": "C'est enregistré.",
    "ask_organiser": "Le nom, l'adresse et l'activité sont tenus par l'organisateur.",
}
_EN: Final = {
    "own_shop": "My shop",
    "owed": "What you are owed",
    "owed_now": "To be transferred",
    "owed_below": "It is transferred from {amount} on.",
    "owed_negative": "Goods came back after the transfer: this amount is taken off the next one.",
    "account": "Your account:",
    "no_account": "We do not have your IBAN: nothing can be transferred to you. Give it to the"
    " campaign's organiser.",
    "account_change": "To change your IBAN, ask the organiser, who checks your request. Nobody will"
    " ever ask you for it by telephone or e-mail.",
    "items": "Since the last transfer",
    "items_shown": "The latest {shown} of {count}.",
    "ticket": "Receipt",
    "what": "What",
    "amount": "Amount",
    "item_voucher": "voucher {name}",
    "item_phone": "paid by phone",
    "item_returned": "goods returned",
    "item_decided": "decision on finding {name}",
    "item_refused": "transfer refused, settlement {name}",
    "payments": "Transfers",
    "no_payment": "No transfer yet.",
    "settlement": "Settlement",
    "cutoff": "As of",
    "statement": "Statement of settlement {number}",
    "paid_prepared": "being prepared",
    "paid_paid": "✓ transferred",
    "paid_refused": "⚠ refused by the bank, still owed",
    "figures": "Your figures",
    "figures_caption": "Your last days",
    "eligible": "Counted for the campaign",
    "rewards": "Rewards given",
    "taken": "Vouchers taken",
    "average": "The other shops of the district {name}",
    "average_of": "Mean of {shops} shops, without yours, over {days} days.",
    "no_average": "No mean of the district: it takes enough shops for it to tell nothing of a"
    " single one.",
    "concerns": "Worth knowing",
    "no_concern": "Nothing to report.",
    "open": "for the organiser to decide",
    "decision_pay": "decided: paid",
    "decision_refuse": "decided: not paid",
    "decision_noted": "seen, nothing to do",
    "found_earn-differs": "The till promised more than the rules give; the difference is not"
    " funded. Check that the till is up to date.",
    "found_not-covered": "The till promised a reward without a reserved budget, and none was left.",
    "found_lease": "The till used a reserved budget that was not its own any more.",
    "found_unknown-pack": "The till applied rules that the server does not know.",
    "found_claim-differs": "The printed receipt and the sale received say different amounts.",
    "found_clawback-short": "Goods came back after their reward was spent.",
    "found_reissue": "A refund gave back more as a reward than rewards had paid.",
    "found_doubled": "A voucher had been spent elsewhere already; you are paid, the campaign bears"
    " the loss.",
    "found_policy": "A voucher that was spent already was taken against the offline rules: it is"
    " not paid, unless decided otherwise.",
    "found_unknown-voucher": "A voucher that nobody issued was taken: it is not paid.",
    "found_late": "The sale arrived after the campaign's end and its grace.",
    "found_closed": "The sale arrived after the campaign was closed.",
    "found_broken": "The sale could not be counted: the organiser is looking into it.",
    "last_seen": "Last seen",
    "never": "never",
    "received_to": "Received up to",
    "to_do": "What to do",
    "do_active": "Nothing: all of it is here.",
    "do_silent": "Check that it is switched on and connected. It keeps all that it has not sent:"
    " nothing is lost.",
    "do_waiting": "Its closing of {day} says {till}, we have received {server}: the rest waits in"
    " the till. Leave it switched on and connected.",
    "do_rejected": "{count} entries could not be counted: tell the organiser.",
    "do_quarantined": "Stop selling with it for the campaign. Ask the organiser for a new code and"
    " enrol it again.",
    "do_closed": "Nothing: it was enrolled again, its former identity is closed.",
    "listing": "What shoppers see",
    "listing_page": "See my public page",
    "listed": "Show my shop to shoppers",
    "hours": "Opening hours",
    "hours_help": "As OpenStreetMap writes them: Mo-Sa 09:00-12:30,14:00-19:00; PH off. PH are"
    " public holidays, off is closed.",
    "hours_wrong": "These hours cannot be read: check their form, nothing was changed.",
    "week": "Your next seven days",
    "saved": "Saved.",
    "ask_organiser": "Name, address and trade are kept by the organiser.",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {"fr": _FR, "en": _EN}
