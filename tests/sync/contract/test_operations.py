from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.errors import Malformed
from sync.contract.operations import Closing, Refund, Sale, read_operation

SALE: dict[str, Any] = {
    "type": "sale",
    "ticket": {"number": 311, "hash": "ab" * 32},
    "shop_till": "01",
    "day": "2026-11-22",
    "total": 1234,
    "vat": [{"rate": 550, "ttc": 1000}, {"rate": 2000, "ttc": 234}],
    "eligible": 1234,
    "tenders": [{"kind": "cash", "amount": 234}, {"kind": "card", "amount": 1000}],
    "rewards": [],
}
REFUND = SALE | {
    "type": "refund",
    "total": -500,
    "vat": [{"rate": 550, "ttc": -500}],
    "eligible": -500,
    "tenders": [{"kind": "cash", "amount": -500}],
    "origins": [{"number": 300, "ttc": -500}],
}
CLOSING = {"type": "closing", "day": "2026-11-22", "number": 7, "total": 734, "tickets": 2}


def read(data: object) -> object:
    return read_operation(msgspec.json.encode(data))


def test_a_sale_a_refund_and_a_closing_are_read() -> None:
    sale, refund, closing = read(SALE), read(REFUND), read(CLOSING)
    assert isinstance(sale, Sale)
    assert isinstance(refund, Refund)
    assert isinstance(closing, Closing)
    assert (sale.total, refund.total, closing.total) == (1234, -500, 734)


def test_a_refund_may_not_know_its_first_ticket() -> None:
    refund = read(REFUND | {"origins": []})
    assert isinstance(refund, Refund)
    assert refund.origins == []


def test_a_ticket_of_nothing_is_a_sale() -> None:
    assert isinstance(read(SALE | {"total": 0, "vat": [], "tenders": [], "eligible": 0}), Sale)


def test_a_member_that_a_later_version_adds_is_ignored() -> None:
    assert isinstance(read(SALE | {"loyalty": [1, 2]}), Sale)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "lottery"}, "lottery"),
        ({"total": 1235}, "VAT parts sum to 1234 cents, the total is 1235"),
        ({"tenders": []}, "tenders sum to 0 cents"),
        ({"total": 12.34}, "int"),
        ({"day": "2026-02-30"}, "no day"),
        ({"day": "22/11/2026"}, "day"),
        ({"ticket": {"number": 0, "hash": "ab" * 32}}, "number"),
        ({"ticket": {"number": 1, "hash": "AB" * 32}}, "hash"),
        ({"total": 10**11}, "total"),
        ({"shop_till": ""}, "shop_till"),
    ],
)
def test_a_wrong_sale_says_what_is_wrong(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        read(SALE | change)


def test_the_sign_of_a_total_follows_its_kind() -> None:
    with pytest.raises(Malformed, match="0 or more"):
        read(REFUND | {"type": "sale"})
    with pytest.raises(Malformed, match="0 or less"):
        read(SALE | {"type": "refund"})


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read_operation(raw)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=8))
def test_arbitrary_values_in_a_sale_are_refused_or_summed(value: object) -> None:
    for name in SALE:
        try:
            operation = read(SALE | {name: value})
        except Malformed:
            continue
        assert isinstance(operation, Sale)
        assert operation.total == sum(part.ttc for part in operation.vat)
