"""The words of settlements and statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.server.texts import Language

_FR: Final = {
    "settlements": "Remboursements",
    "settlement": "Remboursement n° {number}",
    "settlements_help": "Ce que la campagne doit aux commerces pour les bons qu'ils ont pris."
    " Préparer un remboursement vérifie chaque signature des bons payés, puis arrête ce qui est dû"
    " à chaque commerce. Le fichier va à votre banque ; sa réponse se note ensuite, ligne par ligne"
    " ou d'un coup.",
    "owed_now": "Prêt à payer",
    "owed_shops": "Commerces à payer",
    "prepare": "Préparer un remboursement",
    "ask_run": "Préparer ce remboursement ?",
    "ask_run_help": "Ce qui est dû à ce moment-là est arrêté, commerce par commerce, et attend la"
    " banque. Un remboursement préparé ne s'annule pas ; une ligne que la banque refuse redevient"
    " due.",
    "prepare_yes": "Préparer",
    "run": "Remboursement n°",
    "ask_paid": "La banque a payé cette ligne ?",
    "ask_paid_help": "La ligne est close : le commerce voit ce montant comme payé. Cela ne se"
    " reprend pas.",
    "ask_all-paid": "La banque a payé toutes ces lignes ?",
    "ask_all-paid_help": "Les lignes sont closes : les commerces voient ces montants comme payés."
    " Cela ne se reprend pas. Notez d'abord, une par une, celles que la banque a refusées.",
    "ask_refused": "La banque a refusé cette ligne ?",
    "ask_refused_help": "Le montant redevient dû au commerce et entre dans le prochain"
    " remboursement. Cela ne se reprend pas.",
    "nothing_owed": "Rien n'est à payer pour l'instant.",
    "no_account": "Dus, mais sans compte bancaire connu",
    "no_run": "Aucun remboursement n'a encore été préparé.",
    "runs": "Remboursements préparés",
    "number": "Numéro",
    "cutoff": "Arrêté le",
    "lines": "Lignes",
    "amount": "Montant",
    "waiting": "Sans réponse",
    "line_prepared": "… préparé",
    "line_paid": "✓ payé",
    "line_refused": "⚠ refusé",
    "account": "Compte",
    "statement": "Relevé",
    "bank_answer": "La banque a",
    "mark_paid": "payé",
    "mark_refused": "refusé",
    "refused_help": "Une ligne refusée redevient due au commerce et entre dans le prochain"
    " remboursement.",
    "all_paid": "Noter payé tout ce qui est sans réponse ({count})",
    "bank_file": "Fichier pour la banque",
    "bank_file_help": "Virements SEPA (pain.001.001.09) des lignes sans réponse, débités du compte"
    " de {name} ({iban}).",
    "bank_file_missing": "Dites d'abord qui paie et de quel compte, dans les réglages de la"
    " campagne.",
    "day_wanted": "Jour d'exécution",
    "part": "Partie",
    "download": "Télécharger",
    "statement_title": "Relevé du remboursement n° {number}, {shop}",
    "no_item": "Aucune ligne.",
    "day": "Jour",
    "till": "Caisse",
    "ticket": "Ticket",
    "kind": "Nature",
    "voucher": "Bon ou numéro",
    "item_voucher": "bon",
    "item_phone": "paiement par téléphone",
    "item_returned": "retour de marchandise",
    "item_decided": "décision de l'organisateur",
    "item_refused": "virement refusé, dû à nouveau",
    "as_csv": "Télécharger en CSV",
}
_EN: Final = {
    "settlements": "Settlements",
    "settlement": "Settlement {number}",
    "settlements_help": "What the campaign owes shops for the vouchers that they took. Preparing a"
    " settlement checks every signature of the vouchers it pays for, then fixes what each shop is"
    " owed. The file goes to your bank; its answer is noted afterwards, line by line or all at"
    " once.",
    "owed_now": "Ready to be paid",
    "owed_shops": "Shops to pay",
    "prepare": "Prepare a settlement",
    "ask_run": "Prepare this settlement?",
    "ask_run_help": "What is owed at that moment is fixed, shop by shop, and waits for the bank. A"
    " settlement that is prepared cannot be undone; a line that the bank refuses is owed again.",
    "prepare_yes": "Prepare",
    "run": "Settlement",
    "ask_paid": "Has the bank paid this line?",
    "ask_paid_help": "The line is final: the shop sees this amount as paid. It cannot be taken"
    " back.",
    "ask_all-paid": "Has the bank paid all these lines?",
    "ask_all-paid_help": "The lines are final: the shops see these amounts as paid. It cannot be"
    " taken back. First note, one by one, those that the bank refused.",
    "ask_refused": "Has the bank refused this line?",
    "ask_refused_help": "The amount is owed to the shop again, and goes into the next"
    " settlement. It cannot be taken back.",
    "nothing_owed": "Nothing is to be paid at present.",
    "no_account": "Owed, but no bank account is known",
    "no_run": "No settlement has been prepared yet.",
    "runs": "Prepared settlements",
    "number": "Number",
    "cutoff": "As of",
    "lines": "Lines",
    "amount": "Amount",
    "waiting": "Unanswered",
    "line_prepared": "… prepared",
    "line_paid": "✓ paid",
    "line_refused": "⚠ refused",
    "account": "Account",
    "statement": "Statement",
    "bank_answer": "The bank has",
    "mark_paid": "paid",
    "mark_refused": "refused",
    "refused_help": "A refused line is owed to the shop again, and goes into the next settlement.",
    "all_paid": "Note all that is unanswered as paid ({count})",
    "bank_file": "File for the bank",
    "bank_file_help": "SEPA transfers (pain.001.001.09) of the unanswered lines, debited from the"
    " account of {name} ({iban}).",
    "bank_file_missing": "First say who pays and from which account, in the campaign's settings.",
    "day_wanted": "Day of execution",
    "part": "Part",
    "download": "Download",
    "statement_title": "Statement of settlement {number}, {shop}",
    "no_item": "No line.",
    "day": "Day",
    "till": "Till",
    "ticket": "Receipt",
    "kind": "Kind",
    "voucher": "Voucher or number",
    "item_voucher": "voucher",
    "item_phone": "paid by phone",
    "item_returned": "goods returned",
    "item_decided": "the organiser's decision",
    "item_refused": "transfer refused, owed again",
    "as_csv": "Download as CSV",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {"fr": _FR, "en": _EN}
