"""Campaigns in lines: take a voucher, let a phone pay, give what was earned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pos.adapters.paper import as_text
from pos.app.desk import Desk, Settled
from pos.app.ticket_number import ticket_number
from pos.app.unheard_phone import ask_once
from pos.domain.catalogue import fold
from pos.domain.errors import BadCommand
from pos.domain.money import parse_amount
from pos.i18n import Language
from pos.plain.commands import Call
from pos.plain.replies import PAPER_COLUMNS, Reply, sale_reply, settled_reply

TOKEN_CHARS_MIN: Final = 40  # longer than any article's code
ON_PAPER: Final = frozenset({"paper", "papier"})
_PAPER_WISH: Final = {"yes": True, "oui": True, "no": False, "non": False}


class Rewards:
    """The commands about campaigns. What they need of the contract is loaded when they are used."""

    def __init__(self, desk: Desk, language: Language) -> None:
        self._desk = desk
        self._language = language
        self.handlers: Mapping[str, Callable[[Call], Reply]] = {
            "voucher": self._voucher,
            "phone": self._phone,
            "phone-code": self._phone_code,
            "claim": self._claim,
            "paper-reward": self._paper_reward,
        }

    def scanned(self, line: str) -> bool:
        """Whether a line is something of a campaign and nothing to understand by words."""
        text = line.strip()
        if len(text) < TOKEN_CHARS_MIN or " " in text:
            return False
        from pos.app.scanned_token import is_token

        return is_token(text)

    def take(self, text: str) -> Reply:
        """Take a voucher."""
        from pos.app import take_voucher

        wish = take_voucher.read(self._desk, text)
        ask_once(self._desk, wish.value)
        answer = take_voucher.ask(self._desk, wish)
        return self._paid(take_voucher.take(self._desk, wish, answer).wait())

    def _voucher(self, call: Call) -> Reply:
        return self.take("".join(call.words))

    def _phone(self, call: Call) -> Reply:
        from pos.app import pay_by_phone

        amount = parse_amount(call.words[0]) if call.words else None
        asked = pay_by_phone.ask(self._desk, amount).wait()
        paper = as_text(asked.document, PAPER_COLUMNS)
        request = asked.request
        data = {"amount": request.amount, "address": asked.address, "challenge": request.nonce}
        return Reply(f"{paper}\n{asked.address}", {"phone": data})

    def _phone_code(self, call: Call) -> Reply:
        from pos.app import pay_by_phone

        return self._paid(pay_by_phone.answer(self._desk, "".join(call.words)).wait())

    def _claim(self, call: Call) -> Reply:
        from pos.app import claim_reward

        words = [word for word in call.words if fold(word) not in ON_PAPER]
        if len(words) > 1:
            raise BadCommand(text="claim [TICKET] [paper]")
        number = ticket_number(self._desk, words[0]) if words else None
        shown = claim_reward.claimable(self._desk, number)
        document = claim_reward.claims_document(self._desk, shown)
        if len(words) < len(call.words):
            document = claim_reward.print_claims(self._desk, number).wait()
        lines = [as_text(document, PAPER_COLUMNS), *(one.address or one.voucher for one in shown)]
        data = [
            {
                "campaign": one.campaign,
                "amount": one.amount,
                "address": one.address,
                "code": one.code,
                "voucher": one.voucher,
            }
            for one in shown
        ]
        return Reply("\n".join(line for line in lines if line), {"claims": data})

    def _paper_reward(self, call: Call) -> Reply:
        from pos.app.change_sale import wish_paper

        wish = _PAPER_WISH.get(fold(call.words[0]))
        if wish is None:
            raise BadCommand(text="paper-reward yes | no")
        wish_paper(self._desk, on_paper=wish).wait()
        key = "plain.on_paper" if wish else "plain.not_on_paper"
        return sale_reply(self._desk, self._language, self._language.say(key))

    def _paid(self, settled: Settled | None) -> Reply:
        if settled is None:
            return sale_reply(self._desk, self._language, self._language.say("plain.taken"))
        return settled_reply(settled, self._language)
