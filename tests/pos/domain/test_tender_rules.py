from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pos.domain.errors import NothingToPay, PosError, TenderTooMuch, TenderWrongWay
from pos.domain.sale import Sale, price
from pos.domain.tender import CARD, CASH, Overpay, TenderKind, TenderType, take
from tests.pos.domain.baskets import CHEQUE, MEAL, STAMPS, TENDERS, paid

types = st.builds(
    TenderType,
    name=st.sampled_from(["a", "b"]),
    kind=st.sampled_from(TenderKind),
    overpay=st.sampled_from(Overpay),
    refundable=st.booleans(),
)
dues = st.integers(-100_000, 100_000)
amounts = st.none() | st.integers(0, 200_000)


@given(types, dues, amounts)
def test_what_is_handed_over_is_counted_given_back_or_kept(
    tender: TenderType, due: int, given: int | None
) -> None:
    try:
        taken = take(tender, due, given)
    except PosError:
        return
    assert taken.given == taken.amount + taken.change + taken.kept
    assert taken.change >= 0
    assert taken.kept >= 0
    assert 0 < abs(taken.amount) <= abs(due)
    assert (taken.amount > 0) == (due > 0)
    if given is not None:
        assert abs(taken.given) == given
    if taken.change or taken.kept:
        assert taken.amount == due > 0


@given(types, dues, amounts)
def test_a_tender_is_refused_only_by_its_rules(
    tender: TenderType, due: int, given: int | None
) -> None:
    try:
        take(tender, due, given)
    except NothingToPay:
        assert due == 0 or given == 0
    except TenderWrongWay:
        assert due < 0
        assert not tender.refundable
    except TenderTooMuch:
        assert given is not None
        assert abs(due) < given
        assert due < 0 or tender.overpay is Overpay.REFUSE


@pytest.mark.parametrize(
    ("tender", "counted", "change", "kept"),
    [(CASH, 1234, 766, 0), (CHEQUE, 1234, 766, 0), (MEAL, 1234, 0, 766)],
)
def test_too_much_is_given_back_or_kept(
    tender: TenderType, counted: int, change: int, kept: int
) -> None:
    taken = take(tender, 1234, 2000)
    assert (taken.amount, taken.given, taken.change, taken.kept) == (counted, 2000, change, kept)


@pytest.mark.parametrize("tender", [CARD, STAMPS])
def test_a_card_takes_no_more_than_is_due(tender: TenderType) -> None:
    with pytest.raises(TenderTooMuch) as refusal:
        take(tender, 1234, 1235)
    assert refusal.value.params == {"due": 1234}
    assert take(tender, 1234, 1234) == take(tender, 1234)


@pytest.mark.parametrize("tender", TENDERS)
def test_a_part_is_taken_as_it_is(tender: TenderType) -> None:
    taken = take(tender, 1234, 234)
    assert (taken.amount, taken.given, taken.change, taken.kept) == (234, 234, 0, 0)


def test_money_goes_back_by_tenders_that_allow_it_and_never_more_than_is_due() -> None:
    assert take(CASH, -500).amount == take(CASH, -500, 500).given == -500
    assert take(CARD, -500, 200).amount == -200
    with pytest.raises(TenderTooMuch):
        take(CASH, -500, 501)
    with pytest.raises(TenderWrongWay):
        take(MEAL, -500)


@given(types, dues, st.integers(-1000, -1))
def test_an_amount_below_zero_is_no_tender(tender: TenderType, due: int, given: int) -> None:
    with pytest.raises(NothingToPay):
        take(tender, due, given)


@given(paid())
def test_a_paid_sale_is_covered_to_the_cent(sale: Sale) -> None:
    assume(sale.tenders)
    assert price(sale).due == 0
    assert sale.paid == price(sale).total.ttc
    assert sum(t.given - t.change - t.kept for t in sale.tenders) == price(sale).total.ttc
