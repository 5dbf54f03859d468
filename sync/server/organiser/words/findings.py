"""The words of findings: what happened, and what a decision does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.server.texts import Language

_FR: Final = {
    "findings": "À décider",
    "findings_help": "Ce que le serveur a reçu et n'a pas voulu trancher seul. Payer prend la somme"
    " dans le budget et la doit au commerce ; refuser laisse la perte où elle est ; vu ne change"
    " rien. Une décision est définitive.",
    "no_finding": "Rien n'attend de décision.",
    "show_all": "Montrer aussi ce qui est décidé",
    "show_open": "Montrer seulement ce qui est ouvert",
    "at_most": "Les {most} plus récentes sont montrées.",
    "pay": "Payer {amount}",
    "refuse": "Refuser",
    "noted": "Vu",
    "ask_pay": "Payer ce commerce ?",
    "ask_pay_help": "La somme est prise dans le budget et due au commerce dès maintenant. Une"
    " décision est définitive.",
    "ask_refuse": "Refuser ce paiement ?",
    "ask_refuse_help": "Le commerce garde la perte. Une décision est définitive.",
    "decided": "Décision",
    "decided_pay": "✓ payé",
    "decided_refuse": "○ refusé",
    "decided_noted": "○ vu",
    "at_stake": "En jeu",
    "source": "Écriture ou acte",
    "detail": "Détail",
    "what_earn-differs": "Une caisse a promis plus que les règles",
    "help_earn-differs": "Ce que donnent les règles est payé ; la différence est en jeu.",
    "what_not-covered": "Récompense promise sans avance, budget épuisé",
    "help_not-covered": "La caisse était sans réseau ou sans avance, et le budget n'avait plus la"
    " somme quand la vente est arrivée.",
    "what_lease": "Avance d'une caisse dépassée ou qui n'était pas la sienne",
    "help_lease": "La caisse a puisé dans une avance qui ne le permettait pas.",
    "what_unknown-pack": "Vente récompensée selon des règles inconnues",
    "help_unknown-pack": "La caisse nomme une version des règles que ce serveur n'a pas publiée.",
    "what_claim-differs": "Le reçu réclamé par téléphone diffère de la vente",
    "help_claim-differs": "Le client a été crédité selon son reçu ; la vente dit une autre somme.",
    "what_clawback-short": "Marchandise rendue après dépense de la récompense",
    "help_clawback-short": "La récompense n'a pas pu être reprise en entier.",
    "what_reissue": "Plus rendu en récompense que ce qu'elle avait payé",
    "help_reissue": "Un retour rend au client plus de récompense que la vente n'en avait utilisé.",
    "what_doubled": "Un bon dépensé deux fois, dans les règles du hors-réseau",
    "help_doubled": "Le commerce est payé : la perte est prise sur la réserve prévue.",
    "what_policy": "Un bon accepté contre les règles du hors-réseau",
    "help_policy": "Le commerce n'est pas payé tant que vous n'avez pas décidé.",
    "what_unknown-voucher": "Un bon inconnu a été accepté",
    "help_unknown-voucher": "Sa signature ou sa place n'est pas de ce serveur.",
    "what_late": "Arrivé après la fin et son délai",
    "help_late": "La vente ou le bon est arrivé trop tard pour compter.",
    "what_closed": "Arrivé après la clôture",
    "help_closed": "La campagne était close : rien n'a bougé.",
    "what_broken": "Une écriture n'a pas pu être comptée",
    "help_broken": "Le détail dit pourquoi ; l'écriture est gardée telle qu'elle a été reçue.",
}
_EN: Final = {
    "findings": "To decide",
    "findings_help": "What the server received and would not decide by itself. Paying takes the"
    " amount out of the budget and owes it to the shop; refusing leaves the loss where it is; noted"
    " changes nothing. A decision is final.",
    "no_finding": "Nothing waits for a decision.",
    "show_all": "Show what was decided, too",
    "show_open": "Show only what is open",
    "at_most": "The latest {most} are shown.",
    "pay": "Pay {amount}",
    "refuse": "Refuse",
    "noted": "Noted",
    "ask_pay": "Pay this shop?",
    "ask_pay_help": "The amount is taken out of the budget and owed to the shop from now on. A"
    " decision is final.",
    "ask_refuse": "Refuse this payment?",
    "ask_refuse_help": "The shop bears the loss. A decision is final.",
    "decided": "Decision",
    "decided_pay": "✓ paid",
    "decided_refuse": "○ refused",
    "decided_noted": "○ noted",
    "at_stake": "At stake",
    "source": "Entry or act",
    "detail": "Detail",
    "what_earn-differs": "A till promised more than the rules give",
    "help_earn-differs": "What the rules give is paid; the difference is at stake.",
    "what_not-covered": "Reward promised without an advance, budget used up",
    "help_not-covered": "The till had no network or no advance, and the budget no longer had the"
    " amount when the sale arrived.",
    "what_lease": "A till's advance exceeded, or not its own",
    "help_lease": "The till drew on an advance that did not allow it.",
    "what_unknown-pack": "Sale rewarded by unknown rules",
    "help_unknown-pack": "The till names a version of the rules that this server did not publish.",
    "what_claim-differs": "The receipt claimed by phone differs from the sale",
    "help_claim-differs": "The shopper was credited by the receipt; the sale says another amount.",
    "what_clawback-short": "Goods came back after their reward was spent",
    "help_clawback-short": "The reward could not be taken back in full.",
    "what_reissue": "More given back as a reward than rewards had paid",
    "help_reissue": "A refund gives the shopper more reward than the sale had used.",
    "what_doubled": "A voucher spent twice, within the offline policy",
    "help_doubled": "The shop is paid: the loss comes out of what was set aside for it.",
    "what_policy": "A voucher taken against the offline policy",
    "help_policy": "The shop is not paid until you decide.",
    "what_unknown-voucher": "An unknown voucher was taken",
    "help_unknown-voucher": "Its signature or its place is not of this server.",
    "what_late": "Arrived after the end and its grace",
    "help_late": "The sale or the voucher came too late to count.",
    "what_closed": "Arrived after the closing",
    "help_closed": "The campaign was closed: nothing moved.",
    "what_broken": "An entry could not be booked",
    "help_broken": "The detail says why; the entry is kept as it was received.",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {"fr": _FR, "en": _EN}
