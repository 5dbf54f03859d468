from __future__ import annotations

import json

from pos.domain.payment import State
from tests.pos.fakes import BREAD, WINE
from tests.pos.plain.talk import Talk

DAY = f"""login 1 1111
float 100

{BREAD}
# a remark
nonsense
find pain
void 9
cash 5
receipt
{WINE}
card
x
show
jobs
help
z 100
lock
quit
show
"""


def test_each_reply_is_one_object_on_one_line_until_quit(talk: Talk) -> None:
    replies = talk.read_json(DAY)
    assert len(replies) == 17
    for reply in replies:
        assert isinstance(reply["ok"], bool)
        assert reply["text"]
        assert ("error" in reply) == (not reply["ok"])
    assert [n for n, reply in enumerate(replies) if not reply["ok"]] == [3, 5]
    assert len(talk.counter.chain("closing")) == 1


def test_amounts_are_cents_and_nothing_is_a_float(talk: Talk) -> None:
    def no_float(text: str) -> float:
        raise AssertionError(f"{text} is a float")

    for line in talk.read(DAY, as_json=True):
        json.loads(line, parse_float=no_float)


def test_an_error_has_its_key_and_what_it_speaks_of(talk: Talk) -> None:
    talk.all("login 1 1111", BREAD)
    (reply,) = talk.read_json("tender Chèque 9")
    assert (reply["error"], reply["params"]) == ("tender_too_much", {"due": 345})


def test_a_settled_sale_is_told_whole(talk: Talk) -> None:
    talk.all("login 1 1111", BREAD)
    (reply,) = talk.read_json("cash 5")
    ticket = talk.counter.store.ledger.entry("ticket", 1)
    assert ticket is not None
    assert reply["ticket"] == {
        "number": 1,
        "printed": "01-1-0000001",
        "type": "sale",
        "total": 345,
        "change": 155,
        "training": False,
        "digest": ticket.digest,
        "rewards": [],
    }


def test_a_card_payment_tells_its_attempt_and_state(talk: Talk) -> None:
    talk.all("login 1 1111", WINE)
    talk.card = State.DECLINED
    (reply,) = talk.read_json("card")
    assert (reply["ok"], reply["state"], reply["attempt"]) == (False, "declined", "REF0000001")
    assert "error" not in reply
    assert reply["sale"]["due"] == 899


def test_show_tells_the_whole_counter(talk: Talk) -> None:
    talk.card = State.UNKNOWN
    talk.all("login 1 1111", WINE)
    talk("card 5")
    (reply,) = talk.read_json("show")
    assert reply["attempts"] == [
        {
            "reference": "REF0000001",
            "amount": 500,
            "state": "unknown",
            "terminal": "tpe",
            "direction": "payment",
            "proposal": None,
        }
    ]
    assert reply["status"]["terminals"] == {"tpe": "online"}
    assert set(reply["status"]) == {
        "operator",
        "role",
        "session",
        "training",
        "printer",
        "jobs_waiting",
        "jobs_in_doubt",
        "terminals",
        "campaigns",
        "campaign_entries_waiting",
        "oldest_unsent_at",
        "campaign_trouble",
        "parked",
    }
