from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pos.domain import draft
from pos.domain.sale import Sale
from sync.contract import canonical
from tests.pos.domain.baskets import baskets, paid


@given(baskets | paid(), st.booleans(), st.none() | st.just("Mme Petit"))
def test_a_sale_under_way_survives_as_json(
    sale: Sale, training: bool, parked_as: str | None
) -> None:
    sale = replace(sale, training=training, parked_as=parked_as)
    written = draft.to_data(sale)
    assert draft.from_data(written) == sale
    assert draft.from_data(json.loads(canonical.encode(written))) == sale
