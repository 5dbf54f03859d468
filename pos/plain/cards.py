"""Cards in lines: ask, answer for a terminal that stands alone, clear up, end its day."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from pos.adapters.paper import as_text
from pos.app import pay_by_card, print_slip, reconcile_cards, resolve_card
from pos.app.desk import CardNews, Desk, News, TotalsNews
from pos.app.unheard_phone import ask_once
from pos.domain.catalogue import fold
from pos.domain.errors import BadCommand
from pos.domain.money import parse_amount
from pos.domain.payment import Attempt, State
from pos.domain.reconcile import Comparison, TerminalTotals, to_data
from pos.domain.tender import CARD
from pos.i18n import Language
from pos.plain.commands import Call
from pos.plain.replies import PAPER_COLUMNS, Reply, sale_reply, settled_reply

TERMINAL_SIGN: Final = "@"
DO_NOT_WAIT: Final = "&"
SURE: Final = "sure"
NEWS_WAITING_MAX: Final = 1_000
_CHARGED: Final = {"charged": True, "debite": True, "not-charged": False, "non-debite": False}
_ANSWERS: Final = {
    "approved": State.APPROVED,
    "accepte": State.APPROVED,
    "declined": State.DECLINED,
    "refuse": State.DECLINED,
    "cancelled": State.CANCELLED,
    "annule": State.CANCELLED,
    "unknown": State.UNKNOWN,
    "inconnu": State.UNKNOWN,
}


class Cards:
    """The commands about cards. `wait_s` limits how long `card` waits for a terminal."""

    def __init__(self, desk: Desk, language: Language, wait_s: float) -> None:
        self._desk = desk
        self._language = language
        self._wait_s = wait_s
        self._news: queue.Queue[News] = queue.Queue(NEWS_WAITING_MAX)
        self.handlers: Mapping[str, Callable[[Call], Reply]] = {
            "card": self._card,
            "answer": self._answer,
            "stop": self._stop,
            "take-back": self._take_back,
            "resolve": self._resolve,
            "ask": self._ask,
            "explain": self._explain,
            "adopt": self._adopt,
            "card-totals": self._totals,
            "slip": self._slip,
        }

    def news(self, news: News) -> None:
        """Take what the device thread recorded; called from that thread."""
        with suppress(queue.Full):  # what it is about is on disk, and read from there
            self._news.put_nowait(news)

    def catch_up(self) -> list[str]:
        """Take the news of the device thread; what has to be said of it besides."""
        raised = []
        while not self._news.empty():
            raised.append(self._told(self._news.get()))
        return raised

    def _told(self, news: News) -> str:
        if isinstance(news, TotalsNews):
            return self._totals_text(news)
        self._desk.catch_up(news)
        if news.orphan:
            amount = self._language.money(news.attempt.amount)
            return self._language.say("plain.raised.orphan", amount=amount)
        return self._reply(news).text

    # --- asking a terminal -----------------------------------------------------------------------

    def _card(self, call: Call) -> Reply:
        return self.pay(call.words)

    def pay(self, words: tuple[str, ...], tender: str = CARD.name) -> Reply:
        """Ask a terminal: `[AMOUNT] [@TERMINAL] [&]`; `&` does not wait for its answer."""
        waits = DO_NOT_WAIT not in words
        words = tuple(word for word in words if word != DO_NOT_WAIT)
        terminal = next((w[1:] for w in words if w.startswith(TERMINAL_SIGN)), "")
        amounts = [word for word in words if not word.startswith(TERMINAL_SIGN)]
        if len(amounts) > 1:
            raise BadCommand(text=" ".join(words))
        amount = parse_amount(amounts[0]) if amounts else None
        ask_once(self._desk, amount)
        begun = pay_by_card.begin(self._desk, amount, terminal=terminal, tender=tender).wait()
        return self._follow(begun, waits=waits)

    def _follow(self, begun: CardNews, *, waits: bool) -> Reply:
        if begun.settled is not None:
            return settled_reply(begun.settled, self._language)
        if begun.attempt.reference not in {x.reference for x in self._desk.attempts}:
            # In training no terminal is asked: a part is taken at once.
            return sale_reply(self._desk, self._language, self._language.say("plain.taken"))
        attempt = begun.attempt
        if self._desk.ports.terminals[attempt.terminal].abilities.by_hand:
            return self._waiting("plain.card.by_hand", attempt)
        if not waits:
            return self._waiting("plain.card.waiting", attempt)
        while True:
            try:
                news = self._news.get(timeout=self._wait_s)
            except queue.Empty:
                return self._waiting("plain.card.waiting", attempt)
            if isinstance(news, CardNews) and news.attempt.reference == attempt.reference:
                self._desk.catch_up(news)
                return self._reply(news)
            self._told(news)

    def _waiting(self, key: str, attempt: Attempt) -> Reply:
        text = self._language.say(
            key,
            attempt=attempt.reference,
            amount=self._language.money(attempt.amount),
            terminal=attempt.terminal,
        )
        return Reply(text, {"attempt": attempt.reference, "state": "waiting"}, ok=False)

    def _stop(self, call: Call) -> Reply:
        pay_by_card.stop(self._desk, call.words[0].upper())
        return Reply(self._language.say("plain.card.stopping"))

    def _take_back(self, call: Call) -> Reply:
        begun = pay_by_card.take_back(self._desk, call.words[0].upper()).wait()
        return self._follow(begun, waits=DO_NOT_WAIT not in call.words)

    def _reply(self, news: CardNews) -> Reply:
        attempt = news.attempt
        told: dict[str, object] = {"attempt": attempt.reference, "state": str(attempt.state)}
        key = f"plain.card.{attempt.state}"
        if attempt.proposal is not None:
            key, told["proposal"] = f"plain.proposal.{attempt.proposal}", str(attempt.proposal)
        text = self._language.say(
            key, attempt=attempt.reference, amount=self._language.money(attempt.charged)
        )
        if news.settled:
            done = settled_reply(news.settled, self._language)
            return Reply(f"{text}\n{done.text}", {**told, **done.data})
        ok = attempt.state in {State.APPROVED, State.EXPLAINED}
        if self._desk.sale is None:
            return Reply(text, told, ok=ok)
        rest = sale_reply(self._desk, self._language, text)
        return Reply(rest.text, {**told, **rest.data}, ok=ok)

    # --- what a person says ----------------------------------------------------------------------

    def _answer(self, call: Call) -> Reply:
        reference, answer, *paper = call.words
        state = _ANSWERS.get(fold(answer))
        if state is None:
            raise BadCommand(text="answer ATTEMPT approved [NUMBER] | declined | unknown")
        return self._reply(
            pay_by_card.answer_by_hand(
                self._desk,
                reference,
                state,
                authorisation=paper[0] if paper else "",
                amount=parse_amount(paper[1]) if len(paper) > 1 else None,
            ).wait()
        )

    def _resolve(self, call: Call) -> Reply:
        reference, answer, *paper = call.words
        charged, sure = _CHARGED.get(fold(answer)), SURE in {fold(word) for word in paper}
        if charged is None or (charged and not paper):
            raise BadCommand(text="resolve ATTEMPT charged NUMBER [AMOUNT] | not-charged [sure]")
        return self._reply(
            resolve_card.resolve(
                self._desk,
                reference,
                charged=charged,
                authorisation=paper[0] if paper else "",
                amount=parse_amount(paper[1]) if len(paper) > 1 else None,
                sure=sure,
            ).wait()
        )

    def _ask(self, call: Call) -> Reply:
        resolve_card.ask_terminal(self._desk, call.words[0])
        return Reply(self._language.say("plain.card.asked"))

    def _explain(self, call: Call) -> Reply:
        reference, *words = call.words
        return self._reply(resolve_card.explain(self._desk, reference, " ".join(words)).wait())

    def _adopt(self, call: Call) -> Reply:
        return self._reply(resolve_card.adopt(self._desk, call.words[0]).wait())

    # --- the terminal's day, and its paper -------------------------------------------------------

    def _totals(self, call: Call) -> Reply:
        """Type a terminal's totals, or let one that adds up do it."""
        terminal = next((w[1:] for w in call.words if w.startswith(TERMINAL_SIGN)), "")
        terminal = pay_by_card.pick(self._desk, terminal).name
        typed = [word for word in call.words if not word.startswith(TERMINAL_SIGN)]
        if not typed:
            reconcile_cards.end_of_day(self._desk, terminal)
            return self._wait_for_totals()
        count = int(typed[1]) if len(typed) > 1 and typed[1].isdecimal() else None
        totals = TerminalTotals(_signed_amount(typed[0]), count)
        comparison = reconcile_cards.reconcile(self._desk, terminal, totals).wait()
        return self._comparison(comparison)

    def _wait_for_totals(self) -> Reply:
        while True:
            try:
                news = self._news.get(timeout=self._wait_s)
            except queue.Empty:
                return Reply(self._language.say("plain.totals.waiting"), ok=False)
            if isinstance(news, TotalsNews):
                if news.comparison is None:
                    return Reply(self._totals_text(news), ok=False)
                return self._comparison(news.comparison)
            self._told(news)

    def _comparison(self, comparison: Comparison) -> Reply:
        text = comparison_text(comparison, self._language)
        return Reply(text, {"totals": to_data(comparison)}, ok=comparison.agrees)

    def _totals_text(self, news: TotalsNews) -> str:
        if news.comparison is None:
            return self._language.say("plain.totals.failed", terminal=news.terminal)
        return comparison_text(news.comparison, self._language)

    def _slip(self, _: Call) -> Reply:
        printed = print_slip.print_slip(self._desk).wait()
        text = as_text(printed.document, PAPER_COLUMNS)
        if printed.on_paper:
            text += "\n" + self._language.say("plain.printing")
        return Reply(text, {"on_paper": printed.on_paper, "paper": text})


def comparison_text(comparison: Comparison, language: Language) -> str:
    """A terminal's totals beside ours, and each attempt that may be the difference."""
    say, money = language.say, language.money
    lines = [
        say(
            "plain.totals.sums",
            terminal=comparison.terminal,
            theirs=money(comparison.theirs.total),
            ours=money(comparison.ours),
            count=comparison.count,
        )
    ]
    if not comparison.theirs.complete:
        lines.append(say("plain.totals.incomplete"))
    if comparison.agrees:
        return "\n".join([*lines, say("plain.totals.agrees")])
    lines.append(say("plain.totals.differs", amount=money(comparison.difference)))
    for suspect in comparison.explained or comparison.suspects:
        attempt = suspect.tried.attempt
        lines.append(
            say(
                f"plain.doubt.{suspect.doubt}",
                attempt=attempt.reference,
                amount=money(attempt.charged),
                time=language.time(suspect.tried.at),
            )
        )
    return "\n".join(lines)


def _signed_amount(text: str) -> int:
    """An amount that may be below nothing: a day of refunds only."""
    return -parse_amount(text[1:]) if text.startswith("-") else parse_amount(text)
