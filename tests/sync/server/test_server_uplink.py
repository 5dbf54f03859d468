from __future__ import annotations

import gzip
import json

import pytest

from sync.contract.entry import ENTRY_TYP
from sync.contract.jws import SigningKey
from sync.contract.messages import ENTRIES_PER_BATCH_MAX, Uplink
from sync.server.tills.books import TICKET_TWICE
from tests.sync.server.kit import OTHER_TILL, Api, Till, name_of, verdicts


def flip(text: str, index: int) -> str:
    """Another letter in one place of a base64url text."""
    return text[:index] + ("A" if text[index] != "A" else "B") + text[index + 1 :]


def test_entries_are_accepted_and_acknowledged(api: Api, till: Till) -> None:
    for _ in range(3):
        till.sell()
    response = api.send(till)
    assert verdicts(response) == ["accepted"] * 3
    assert response.json()["acknowledged"] == 3


def test_a_repeated_batch_is_all_duplicates_and_counts_once(api: Api, till: Till) -> None:
    till.sell(1000)
    till.refund(-250)
    api.send(till)
    again = api.send(till)
    assert verdicts(again) == ["duplicate", "duplicate"]
    assert again.json()["acknowledged"] == 2
    assert api.status()["campaigns"][0]["turnover"] == {
        "sales": 1,
        "refunds": 1,
        "total_cents": 750,
    }


def test_an_overlapping_batch_adds_only_what_is_new(api: Api, till: Till) -> None:
    for _ in range(5):
        till.sell()
    api.send(till, 1, 3)
    response = api.send(till, 2, 5)
    assert verdicts(response) == ["duplicate", "duplicate", "accepted", "accepted"]
    assert response.json()["acknowledged"] == 5


def test_the_same_batch_sent_many_times_at_once_is_stored_once(api: Api, till: Till) -> None:
    for _ in range(20):
        till.sell(100)
    body = {"chain": "campaign:noel", "entries": till.batch().entries}
    how = {"json": body, "headers": api.bearer(till)}
    responses = api.gather([("POST", f"/v1/tills/{till.till}/entries", how)] * 8)
    accepted = sum(verdicts(response).count("accepted") for response in responses)
    assert accepted == 20
    assert api.status()["campaigns"][0]["turnover"]["total_cents"] == 2000


def test_a_gap_names_the_number_that_is_wanted(api: Api, till: Till) -> None:
    for _ in range(5):
        till.sell()
    api.send(till, 1, 2)
    response = api.send(till, 4, 5)
    assert (response.status_code, name_of(response)) == (409, "gap")
    assert response.json()["expected"] == 3
    assert verdicts(api.send(till, 3, 5)) == ["accepted"] * 3


def test_a_first_batch_that_does_not_start_the_chain_is_a_gap(api: Api, till: Till) -> None:
    till.sell()
    till.sell()
    assert api.send(till, 2, 2).json()["expected"] == 1


@pytest.mark.parametrize("victim", [1, 3, 5])
def test_a_changed_byte_names_its_entry_and_stores_nothing(
    api: Api, till: Till, victim: int
) -> None:
    for _ in range(5):
        till.sell()
    batch = till.batch()
    header, payload, signature = batch.entries[victim - 1].split(".")
    entries = list(batch.entries)
    entries[victim - 1] = f"{header}.{payload}.{flip(signature, 5)}"
    response = api.send_batch(till, Uplink(chain=batch.chain, entries=entries))
    assert (name_of(response), response.json()["number"]) == ("bad-signature", victim)
    assert verdicts(api.send(till)) == ["accepted"] * 5


def test_every_changed_letter_of_a_batch_is_noticed_and_placed(api: Api, till: Till) -> None:
    for _ in range(3):
        till.sell()
    batch = till.batch()
    for index in range(0, len(batch.entries[1]), 17):
        entries = [batch.entries[0], flip(batch.entries[1], index), batch.entries[2]]
        response = api.send_batch(till, Uplink(chain=batch.chain, entries=entries))
        assert response.status_code == 422, index
        assert response.json()["number"] == 2, (index, response.text)


def test_a_removed_entry_inside_a_batch_is_named(api: Api, till: Till) -> None:
    for _ in range(5):
        till.sell()
    entries = till.batch().entries
    del entries[2]
    response = api.send_batch(till, Uplink(chain="campaign:noel", entries=entries))
    assert name_of(response) == "broken-link"
    assert "expected number 3" in response.json()["detail"]


def test_two_swapped_entries_are_refused(api: Api, till: Till) -> None:
    for _ in range(3):
        till.sell()
    one, two, three = till.batch().entries
    response = api.send_batch(till, Uplink(chain="campaign:noel", entries=[one, three, two]))
    assert name_of(response) == "broken-link"


def test_an_entry_of_another_till_chain_or_key_is_out_of_place(api: Api, till: Till) -> None:
    others = [
        Till(till.key, till=OTHER_TILL),
        Till(till.key, campaign="ete"),
        Till(till.key, epoch=2),
        Till(SigningKey.from_secret(77)),
    ]
    for other in others:
        other.sell()
        entries = other.batch().entries
        response = api.send_batch(till, Uplink(chain="campaign:noel", entries=entries))
        assert (name_of(response), response.json()["number"]) == ("wrong-place", 1)


def test_unusable_content_is_rejected_with_a_reason_and_the_queue_goes_on(
    api: Api, till: Till
) -> None:
    till.add({"type": "lottery"})
    till.add(till.ticket("sale", 500, "2026-11-22") | {"total": 501})
    till.add(till.ticket("sale", 500, "2026-02-30"))
    till.add(till.ticket("sale", 500, "2026-11-22"), at="yesterday")
    till.sell(700)
    response = api.send(till)
    assert verdicts(response) == ["rejected"] * 4 + ["accepted"]
    reasons = [one.get("reason", "") for one in response.json()["verdicts"]]
    assert "lottery" in reasons[0]
    assert "501" in reasons[1]
    assert "2026-02-30" in reasons[2]
    assert "time" in reasons[3]
    assert response.json()["acknowledged"] == 5
    assert verdicts(api.send(till)) == ["duplicate"] * 5
    assert api.status()["campaigns"][0]["turnover"]["total_cents"] == 700


def test_a_ticket_is_booked_once_whatever_entry_carries_it(api: Api, till: Till) -> None:
    data = till.ticket("sale", 500, "2026-11-22")
    till.add(data)
    till.add(data)
    inside = api.send(till)
    assert verdicts(inside) == ["accepted", "rejected"]
    till.add(data)
    later = api.send(till, 3)
    assert later.json()["verdicts"][0]["reason"] == TICKET_TWICE
    assert api.status()["campaigns"][0]["turnover"]["total_cents"] == 500


def test_a_fork_is_refused_and_quarantines_until_the_next_epoch(
    api: Api, till: Till, shop: str
) -> None:
    till.sell()
    clone = till.clone()
    till.sell(100)
    clone.sell(200)
    api.send(till)
    fork = api.send(clone, 2)
    assert (fork.status_code, name_of(fork), fork.json()["number"]) == (409, "fork", 2)
    till.sell()
    blocked = api.send(till, 3)
    assert (blocked.status_code, name_of(blocked)) == (423, "quarantined")
    seen = api.status()["campaigns"][0]["shops"][0]["tills"][0]
    assert seen["state"] == "quarantined"
    assert "number 2" in seen["quarantine"]

    clone.go_on(0xBEEF)
    clone.sell(300)
    assert api.enrol(clone, shop)["acknowledged"] == 0
    assert name_of(api.send(till, 3)) == "epoch-closed"
    assert verdicts(api.send(clone)) == ["duplicate", "accepted", "accepted"]
    assert api.status()["campaigns"][0]["turnover"]["total_cents"] == 1234 + 100 + 200 + 300


def test_a_link_to_another_past_is_a_fork_too(api: Api, till: Till) -> None:
    till.sell()
    clone = till.clone()
    till.sell(100)
    api.send(till)
    clone.sell(200)
    clone.sell(300)
    assert name_of(api.send(clone, 3)) == "fork"


def test_a_bad_signature_never_quarantines(api: Api, till: Till) -> None:
    till.sell(100)
    api.send(till)
    other = Till(till.key)
    other.sell(999)
    forged = flip(other.batch().entries[0], len(other.batch().entries[0]) - 20)
    response = api.send_batch(till, Uplink(chain="campaign:noel", entries=[forged]))
    assert name_of(response) == "bad-signature"
    till.sell()
    assert verdicts(api.send(till, 2)) == ["accepted"]


def test_a_till_restored_from_an_old_copy_goes_on_from_there(
    api: Api, till: Till, shop: str
) -> None:
    till.sell(100)
    old = till.clone()
    till.sell(200)
    till.sell(400)
    api.send(till)
    old.go_on(0xBEEF)
    old.sell(800)
    api.enrol(old, shop)
    assert verdicts(api.send(old, 2)) == ["accepted"]
    chain = api.ask("GET", f"/v1/tills/{old.till}/chains/campaign:noel", headers=api.bearer(old))
    assert chain.json() == {"acknowledged": 2, "head": old.entries[1].digest}
    assert api.status()["campaigns"][0]["turnover"]["total_cents"] == 1500


def test_a_new_epoch_hands_over_what_the_old_one_had_not_sent(
    api: Api, till: Till, shop: str
) -> None:
    for _ in range(5):
        till.sell(100)
    api.send(till, 1, 3)
    till.go_on(0xBEEF)
    till.sell(100)
    api.enrol(till, shop)
    gap = api.send(till, 6, 6)
    assert gap.json()["expected"] == 4
    assert verdicts(api.send(till, 4)) == ["accepted"] * 3


def test_what_was_signed_under_an_epoch_never_let_in_arrives_all_the_same(
    api: Api, till: Till, shop: str
) -> None:
    till.sell(100)
    api.send(till)
    for secret in (0xBEEF, 0xFEED):
        till.go_on(secret)
        till.sell(200)
    till.go_on(0xDEED)
    till.sell(400)
    api.enrol(till, shop)
    assert verdicts(api.send(till)) == ["duplicate", "accepted", "accepted", "accepted"]
    assert api.status()["campaigns"][0]["turnover"]["total_cents"] == 100 + 200 + 200 + 400


def test_two_copies_may_both_have_signed_under_one_epoch(api: Api, till: Till, shop: str) -> None:
    till.sell(100)
    twin = till.clone()
    till.go_on(0xBEEF)
    twin.go_on(0xFEED)
    till.sell(200)
    twin.sell(400)
    api.enrol(till, shop)
    assert verdicts(api.send(till)) == ["accepted", "accepted"]
    twin.go_on(0xDEED)
    twin.sell(800)
    api.enrol(twin, shop)
    assert verdicts(api.send(twin)) == ["duplicate", "accepted", "accepted"]
    assert name_of(api.send(till)) == "epoch-closed"
    assert api.status()["campaigns"][0]["turnover"]["total_cents"] == 100 + 200 + 400 + 800


def test_a_key_that_nobody_handed_over_holds_the_chain_up(api: Api, till: Till, shop: str) -> None:
    till.go_on(0xBEEF)
    till.sell()
    till.go_on(0xDEED)
    till.sell()
    till.past = []
    api.enrol(till, shop)
    refused = api.send(till)
    assert (name_of(refused), refused.json()["number"]) == ("wrong-place", 1)


def test_a_long_branch_is_found_by_stepping_back(api: Api, till: Till, shop: str) -> None:
    till.sell(1)
    clone = till.clone()
    for _ in range(ENTRIES_PER_BATCH_MAX + 50):
        till.sell(1)
        clone.sell(1)
    api.send(till, 1, 200)
    api.send(till, 201)
    clone.go_on(0xBEEF)
    clone.sell(1)
    api.enrol(clone, shop)
    first = len(clone.entries)
    tries = 0
    while (response := api.send(clone, first, first + 199)).status_code == 409:
        assert name_of(response) == "gap"
        first, tries = response.json()["expected"], tries + 1
        assert tries < 5
    while first <= len(clone.entries):
        first = api.send(clone, first, first + 199).json()["acknowledged"] + 1
    assert first == len(clone.entries) + 1
    turnover = api.status()["campaigns"][0]["turnover"]
    assert turnover["sales"] == turnover["total_cents"] == 1 + 250 + 251


def test_two_tills_do_not_see_each_other(api: Api, till: Till, shop: str) -> None:
    other = Till(SigningKey.from_secret(99), till=OTHER_TILL, shop_till="02")
    api.enrol(other, shop)
    till.sell(100)
    other.sell(250)
    assert verdicts(api.send(till)) == ["accepted"]
    assert verdicts(api.send(other)) == ["accepted"]
    crossed = api.ask(
        "POST",
        f"/v1/tills/{other.till}/entries",
        json={"chain": "campaign:noel", "entries": other.batch().entries},
        headers=api.bearer(till),
    )
    assert crossed.status_code == 401
    shops = api.status()["campaigns"][0]["shops"]
    assert [one["last_number"] for one in shops[0]["tills"]] == [1, 1]
    assert shops[0]["turnover"]["total_cents"] == 350


def test_gzip_is_undone_and_bounded(api: Api, till: Till) -> None:
    till.sell()
    body = json.dumps({"chain": "campaign:noel", "entries": till.batch().entries}).encode()
    path = f"/v1/tills/{till.till}/entries"

    def send(content: bytes, encoding: str = "gzip") -> int:
        headers = api.bearer(till) | {"Content-Encoding": encoding}
        return api.ask("POST", path, content=content, headers=headers).status_code

    assert send(gzip.compress(bytes(50_000_000))) == 413
    assert send(gzip.compress(body)[:-4]) == 400
    assert send(gzip.compress(body) * 2) == 400
    assert send(b"not gzip") == 400
    assert send(body, "br") == 415
    assert send(gzip.compress(body)) == 200


def test_what_is_too_large_is_refused_before_it_is_read(api: Api, till: Till) -> None:
    path = f"/v1/tills/{till.till}/entries"
    response = api.ask("POST", path, content=b" " * (1024 * 1024 + 1), headers=api.bearer(till))
    assert name_of(response) == "too-large"


def test_too_many_entries_are_refused(api: Api, till: Till) -> None:
    for _ in range(ENTRIES_PER_BATCH_MAX + 1):
        till.sell()
    assert name_of(api.send(till)) == "malformed"
    assert verdicts(api.send(till, 1, ENTRIES_PER_BATCH_MAX)).count("accepted") == 200


def test_the_other_spelling_of_a_payload_is_rejected_not_blocking(api: Api, till: Till) -> None:
    entry = till.sell()
    spaced = till.key.sign(entry.signed.payload.replace(b'"v":1', b'"v": 1'), ENTRY_TYP)
    batch = Uplink(chain="campaign:noel", entries=[spaced.compact.decode()])
    response = api.send_batch(till, batch)
    assert response.json()["verdicts"][0]["reason"] == "the payload is not canonical JSON"
