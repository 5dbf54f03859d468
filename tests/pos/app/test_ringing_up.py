from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from pos.app import find, ring_up, take_payment
from pos.app.views import show
from pos.domain.catalogue import Unit
from pos.domain.errors import BadCode, BadQuantity, LimitReached, UnknownProduct
from pos.domain.events import EventCode
from pos.domain.gtin import check_digit
from pos.domain.sale import LINES_MAX, EntryMethod, LineKind, add_item
from sync.contract.entry import read
from tests.pos.fakes import BAG, BANANA, BREAD, CHEESE, WINE, Counter


def in_store(prefix: str, item: str, value: int) -> str:
    """A code as the shop's scale prints it."""
    digits = f"{prefix}{item}{value:05}"
    return digits + str(check_digit(digits))


def misread(code: str) -> str:
    """A code whose last digit was read wrong."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def lines(counter: Counter) -> list[tuple[int, int, int]]:
    """(quantity, unit price, amount) of each line."""
    return [(x.quantity, x.unit_price, x.amount) for x in show(counter.desk).sale.lines]


def test_a_code_is_a_line_at_once_and_on_disk_without_an_entry(counter: Counter) -> None:
    seq = counter.last.payload.seq
    counter.ring(BREAD)
    assert lines(counter) == [(1000, 345, 345)]
    assert counter.store.ledger.drafts() == (counter.desk.sale,)
    assert counter.last.payload.seq == seq


def test_the_line_is_shown_before_it_is_on_disk(counter: Counter) -> None:
    pending = ring_up.by_code(counter.desk, BREAD)
    assert lines(counter) == [(1000, 345, 345)]
    pending.wait()


def test_every_scan_is_a_line_of_its_own(counter: Counter) -> None:
    counter.ring(BREAD, BREAD, WINE)
    assert lines(counter) == [(1000, 345, 345), (1000, 345, 345), (1000, 899, 899)]
    assert show(counter.desk).sale.total == 1589


def test_a_quantity_multiplies_pieces_and_weighs_kilograms(counter: Counter) -> None:
    ring_up.by_code(counter.desk, BREAD, 3000).wait()
    ring_up.by_code(counter.desk, BANANA, 350).wait()
    assert lines(counter) == [(3000, 345, 1035), (350, 199, 70)]


def test_half_a_loaf_is_refused_and_changes_nothing(counter: Counter) -> None:
    counter.ring(BREAD)
    before = counter.on_disk
    with pytest.raises(BadQuantity):
        ring_up.by_code(counter.desk, BREAD, 500)
    assert counter.on_disk == before
    assert len(lines(counter)) == 1


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("3000000000090", UnknownProduct),
        (misread("3000000000014"), BadCode),
        ("NOTHING", UnknownProduct),
        ("", BadCode),
        ("x" * 41, BadCode),
        (misread(in_store("21", BANANA, 350)), BadCode),
        (in_store("21", "99999", 350), UnknownProduct),
        (in_store("22", BANANA, 0), BadCode),
    ],
)
def test_a_code_that_is_none_is_refused_and_no_sale_begins(
    counter: Counter, code: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        ring_up.by_code(counter.desk, code)
    assert counter.desk.sale is None
    assert counter.store.ledger.drafts() == ()


def test_a_code_with_a_weight_inside_is_weighed(counter: Counter) -> None:
    counter.ring(in_store("21", BANANA, 350))
    assert lines(counter) == [(350, 199, 70)]


def test_a_code_with_a_price_inside_costs_what_the_label_says(counter: Counter) -> None:
    counter.ring(in_store("22", CHEESE, 1234))
    assert lines(counter) == [(495, 2490, 1234)]


def test_a_typed_quantity_multiplies_a_price_on_a_label_and_replaces_a_weight(
    counter: Counter,
) -> None:
    ring_up.by_code(counter.desk, in_store("22", CHEESE, 1234), 2000).wait()
    ring_up.by_code(counter.desk, in_store("21", BANANA, 350), 500).wait()
    assert [(q, amount) for q, _, amount in lines(counter)] == [(990, 2468), (500, 100)]


def test_a_plain_code_that_begins_like_an_in_store_one_is_sold_as_itself(counter: Counter) -> None:
    counter.desk.settings = type(counter.desk.settings)(
        counter.desk.settings.shop, counter.desk.settings.words
    )
    with pytest.raises(UnknownProduct):
        counter.ring(in_store("21", BANANA, 350))


def test_another_price_leaves_its_trace(counter: Counter) -> None:
    ring_up.by_code(counter.desk, BREAD, unit_price=300).wait()
    assert lines(counter) == [(1000, 300, 300)]
    assert show(counter.desk).sale.lines[0].overridden
    assert counter.desk.sale is not None
    assert counter.events(EventCode.PRICE_OVERRIDDEN) == [
        {
            "sale": counter.desk.sale.id,
            "line": 1,
            "code": BREAD,
            "catalogue_price": 345,
            "price": 300,
            "training": False,
        }
    ]


def test_the_catalogues_own_price_typed_again_is_no_override(counter: Counter) -> None:
    ring_up.by_code(counter.desk, BREAD, unit_price=345).wait()
    assert counter.events(EventCode.PRICE_OVERRIDDEN) == []


def test_another_price_replaces_the_one_on_the_label(counter: Counter) -> None:
    ring_up.by_code(counter.desk, in_store("22", CHEESE, 1234), unit_price=1000).wait()
    assert lines(counter) == [(495, 1000, 495)]


def test_goods_come_back_at_todays_price(counter: Counter) -> None:
    ring_up.return_item(counter.desk, BREAD).wait()
    view = show(counter.desk).sale
    assert (view.total, view.lines[0].kind, view.lines[0].quantity) == (
        -345,
        LineKind.RETURN,
        -1000,
    )


def test_how_a_line_came_in_is_kept(counter: Counter) -> None:
    for entry in EntryMethod:
        ring_up.by_code(counter.desk, BAG, entry=entry).wait()
    assert counter.desk.sale is not None
    assert [line.entry for line in counter.desk.sale.lines] == list(EntryMethod)


def test_a_sale_has_a_limit_of_lines_and_the_till_goes_on(counter: Counter) -> None:
    counter.ring(BAG)
    sale = counter.desk.sale
    assert sale is not None
    counter.desk.keep(replace(sale, lines=sale.lines * (LINES_MAX - 1))).wait()
    counter.ring(BAG)
    with pytest.raises(LimitReached):
        ring_up.by_code(counter.desk, BAG)
    assert counter.desk.sale is not None
    assert len(counter.desk.sale.lines) == LINES_MAX


def test_an_amount_no_terminal_could_carry_is_refused(counter: Counter) -> None:
    with pytest.raises(LimitReached):
        ring_up.by_code(counter.desk, WINE, 99_999_000, unit_price=99_999_999)
    assert counter.desk.sale is None


def test_letters_find_products_and_nothing_finds_nothing(counter: Counter) -> None:
    assert [p.label for p in find.find(counter.desk, "COTES rh")] == ["Côtes du Rhône"]
    assert find.find(counter.desk, "  ") == ()
    assert find.find(counter.desk, "xyzzy") == ()
    assert len(find.find(counter.desk, "co", limit=1)) == 1


def test_the_line_knows_the_products_unit(counter: Counter) -> None:
    counter.ring(BANANA, BREAD)
    assert [x.unit for x in show(counter.desk).sale.lines] == [Unit.KILOGRAM, Unit.PIECE]


def test_the_sale_under_way_survives_a_restart(counter: Counter) -> None:
    counter.ring(BREAD, WINE)
    kept = counter.desk.sale
    counter.restart()
    assert counter.desk.sale == kept


def test_a_sale_ends_its_lines_before_its_ticket_outgrows_a_journal_entry(counter: Counter) -> None:
    product = counter.desk.ports.catalogue.find(BREAD)
    assert product is not None
    long = replace(product, label="é" * 200, family='"' * 80)
    sale = counter.desk.open_sale()
    with suppress(LimitReached):
        for _ in range(LINES_MAX):
            sale = add_item(sale, long)
    assert len(sale.lines) < LINES_MAX
    counter.desk.keep(sale).wait()
    settled = take_payment.take_tender(counter.desk, "cash").wait()
    assert settled is not None
    assert read(settled.entry.compact) == settled.entry
