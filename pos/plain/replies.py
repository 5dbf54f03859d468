"""What the plain front answers: a sentence and the same as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from pos.app.desk import Desk, Settled
from pos.app.reward_words import earned_text, offer_text
from pos.app.views import DeskView, LineView, SaleView, StatusView, show
from pos.domain.catalogue import Product
from pos.domain.payment import State
from pos.domain.receipt import tender_label
from pos.domain.tender import TenderKind
from pos.domain.ticket import printed_number
from pos.i18n import Language

PAPER_COLUMNS: Final = 42


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `text` for people, `data` (canonical JSON values) for scripts."""

    text: str
    data: dict[str, Any] = field(default_factory=dict)
    ok: bool = True
    last: bool = False


def refused(language: Language, key: str, text: str, params: dict[str, object]) -> Reply:
    """An error: nothing was changed."""
    plain = {
        name: value if isinstance(value, int | str) else str(value)
        for name, value in params.items()
    }
    return Reply(
        language.say("plain.refused", reason=text), {"error": key, "params": plain}, ok=False
    )


def with_raised(reply: Reply, raised: list[str]) -> Reply:
    """A reply, and before it what happened meanwhile that a person must hear of."""
    if not raised:
        return reply
    text = "\n".join((*raised, reply.text))
    return replace(reply, text=text, data={**reply.data, "raised": raised})


def as_json(reply: Reply) -> dict[str, Any]:
    """The one JSON object of a reply."""
    return {"ok": reply.ok, "text": reply.text, **reply.data}


def sale_reply(desk: Desk, language: Language, head: str = "") -> Reply:
    """The sale as it stands after a change: the last line, the total, what is due."""
    view = show(desk)
    lines = [head] if head else []
    if view.sale.lines and not head:
        lines.append(line_text(view.sale.lines[-1], language))
    lines.append(total_text(view.sale, language))
    lines += [offer_text(offer, language) for offer in view.offers]
    data: dict[str, Any] = {"sale": sale_data(view.sale)}
    if view.offers:
        data["offers"] = [asdict(offer) for offer in view.offers]
    return Reply("\n".join(lines), data)


def settled_reply(settled: Settled, language: Language) -> Reply:
    """A sale that is done."""
    ticket = settled.ticket
    number = printed_number(ticket.shop.till, settled.entry.payload.epoch, settled.number)
    key = "plain.settled_training" if ticket.training else "plain.settled"
    text = language.say(key, number=number, total=language.money(ticket.total.ttc))
    if ticket.change:
        text += "\n" + language.say("plain.change", amount=language.money(ticket.change))
    back = sum(t.amount for t in ticket.tenders if t.kind is TenderKind.CASH)
    if back < 0:
        text += "\n" + language.say("plain.hand_back", amount=language.money(-back))
    for line in ticket.rewards:
        text += "\n" + earned_text(line, language)
    if any(line.to_claim or line.on_paper for line in ticket.rewards):
        text += "\n" + language.say("plain.claim_hint")
    return Reply(
        text,
        {
            "ticket": {
                "number": settled.number,
                "printed": number,
                "type": str(ticket.type),
                "total": ticket.total.ttc,
                "change": ticket.change,
                "training": ticket.training,
                "digest": settled.entry.digest,
                "rewards": [asdict(line) for line in ticket.rewards],
            }
        },
    )


def show_reply(desk: Desk, language: Language) -> Reply:
    """Everything: lines, tenders, totals, card attempts, state of the till."""
    view = show(desk)
    return Reply("\n".join(_show_lines(view, language)), desk_data(view))


def _show_lines(view: DeskView, language: Language) -> Iterator[str]:
    for line in view.sale.lines:
        yield line_text(line, language)
    for tender in view.sale.tenders:
        yield f"   {tender_label(tender.name, language)} {language.money(tender.amount)}"
    if view.sale.lines:
        yield total_text(view.sale, language)
        if view.sale.asked:
            yield language.say("reward.asked", amount=language.money(view.sale.asked))
        for offer in view.offers:
            yield offer_text(offer, language)
    else:
        yield language.say("plain.no_sale")
    yield from _attempt_lines(view, language)
    status = view.status
    yield language.say(
        "plain.status",
        operator=status.operator or "-",
        session=status.session or "-",
        printer=_device(status.printer.state, status.printer.reason, language),
        jobs=status.jobs_waiting + status.jobs_in_doubt,
        terminal=_terminals(status, language),
        waiting=status.link.waiting,
        parked=status.parked,
    )
    if status.link.trouble:
        trouble = language.device(status.link.trouble)
        yield language.say("plain.campaign_trouble", trouble=trouble)


def attempt_lines(desk: Desk, language: Language) -> list[str]:
    """The card attempts with an open question, and what to do about each."""
    return list(_attempt_lines(show(desk), language))


def _attempt_lines(view: DeskView, language: Language) -> Iterator[str]:
    for attempt in view.attempts:
        key = f"plain.attempt.{attempt.state}"
        if attempt.by_hand and attempt.state is State.SENDING:
            key = "plain.card.by_hand"
        if attempt.proposal is not None:
            key = f"plain.proposal.{attempt.proposal}"
        yield language.say(
            key,
            attempt=attempt.reference,
            amount=language.money(attempt.amount),
            terminal=attempt.terminal,
        )


def _terminals(status: StatusView, language: Language) -> str:
    """Each terminal by name where there are several."""
    told = {
        name: _device(health.state, health.reason, language)
        for name, health in status.terminals.items()
    }
    if not told:
        return language.say("plain.device.missing")
    return ", ".join(f"{name} {said}" if len(told) > 1 else said for name, said in told.items())


def _device(state: str, reason: str, language: Language) -> str:
    return language.device(reason) if reason else language.say(f"plain.device.{state}")


def line_text(line: LineView, language: Language) -> str:
    """One line of the sale."""
    text = (
        f"{line.number:>3}  {language.quantity(line.quantity)} {language.say(f'unit.{line.unit}')}"
        f" x {language.number(line.unit_price)}  {line.label}  {language.money(line.amount)}"
    )
    if line.reduction:
        text += f"  ({language.say('receipt.discount')} {language.number(-line.reduction)})"
    return text


def total_text(sale: SaleView, language: Language) -> str:
    """Total, and what is due when that is another amount."""
    text = language.say("plain.total", amount=language.money(sale.total))
    if sale.due != sale.total:
        text += "  " + language.say("plain.due", amount=language.money(sale.due))
    return text


def products_reply(products: tuple[Product, ...], language: Language) -> Reply:
    """What a search found."""
    lines = [f"{p.code}  {p.label}  {language.money(p.price)}" for p in products]
    data = [
        {"code": p.code, "label": p.label, "price": p.price, "rate": p.rate, "unit": str(p.unit)}
        for p in products
    ]
    return Reply("\n".join(lines) or language.say("plain.nothing_found"), {"products": data})


def sale_data(sale: SaleView) -> dict[str, Any]:
    """The sale as JSON values, amounts in cents."""
    return {
        "lines": [
            {
                "n": line.number,
                "label": line.label,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "amount": line.amount,
                "reduction": line.reduction,
                "kind": str(line.kind),
            }
            for line in sale.lines
        ],
        "tenders": [
            {"name": t.name, "amount": t.amount, "given": t.given, "change": t.change}
            for t in sale.tenders
        ],
        "total": sale.total,
        "due": sale.due,
        **({"asked": sale.asked} if sale.asked else {}),
    }


def desk_data(view: DeskView) -> dict[str, Any]:
    """The whole counter as JSON values."""
    status = view.status
    return {
        "sale": sale_data(view.sale),
        "attempts": [
            {
                "reference": a.reference,
                "amount": a.amount,
                "state": str(a.state),
                "terminal": a.terminal,
                "direction": str(a.direction),
                "proposal": str(a.proposal) if a.proposal else None,
            }
            for a in view.attempts
        ],
        "status": {
            "operator": status.operator,
            "role": status.role,
            "session": status.session,
            "training": status.training,
            "printer": str(status.printer.state),
            "jobs_waiting": status.jobs_waiting,
            "jobs_in_doubt": status.jobs_in_doubt,
            "terminals": {name: str(health.state) for name, health in status.terminals.items()},
            "campaigns": list(status.link.campaigns),
            "campaign_entries_waiting": status.link.waiting,
            "oldest_unsent_at": status.link.oldest_at,
            "campaign_trouble": status.link.trouble,
            "parked": status.parked,
        },
    }
