from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contract import canonical
from sync.contract.errors import Malformed, NotCanonical

ascii_keys = st.text(st.characters(min_codepoint=0, max_codepoint=127), max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-canonical.INTEGER_MAX, canonical.INTEGER_MAX)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ascii_keys, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_a_value_has_one_spelling_and_comes_back(value: canonical.Json) -> None:
    raw = canonical.encode(value)
    assert canonical.decode(raw) == value
    assert raw == json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode("utf-8")


@pytest.mark.parametrize("value", [1.5, {"a": 2.0}, [2**53 + 1], {"é": 1}, {1: 1}, b"x", "\ud800"])
def test_what_has_no_canonical_form_is_refused(value: canonical.Json) -> None:
    with pytest.raises(NotCanonical):
        canonical.encode(value)


def test_nesting_is_limited() -> None:
    value: canonical.Json = []
    for _ in range(canonical.DEPTH_MAX + 1):
        value = [value]
    with pytest.raises(NotCanonical, match="deeper"):
        canonical.encode(value)


@pytest.mark.parametrize(
    "raw", [b'{"b":1,"a":2}', b'{ "a":1}', b'{"a":"\\u0041"}', b'{"a":1,"a":1}']
)
def test_another_spelling_of_a_value_is_refused(raw: bytes) -> None:
    with pytest.raises(NotCanonical):
        canonical.decode(raw)


@given(st.binary(max_size=64))
def test_arbitrary_bytes_are_refused_or_canonical(raw: bytes) -> None:
    try:
        value = canonical.decode(raw)
    except (Malformed, NotCanonical):
        return
    assert canonical.encode(value) == raw


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, {"b": 1.5}]}, r"\$\.a\[1\]\.b: float has no"),
        ([0, -(2**53) - 1], r"\$\[1\]: -9007199254740993 is outside"),
        ({"a": {"é": 1}}, r"\$\.a: key 'é' is not"),
    ],
)
def test_a_refusal_names_the_place(value: canonical.Json, path: str) -> None:
    with pytest.raises(NotCanonical, match=path):
        canonical.encode(value)


def test_the_deepest_value_that_is_allowed_passes() -> None:
    value: canonical.Json = 0
    for _ in range(canonical.DEPTH_MAX):
        value = [value]
    assert canonical.encode(value) == b"[" * canonical.DEPTH_MAX + b"0" + b"]" * canonical.DEPTH_MAX
    with pytest.raises(NotCanonical, match="deeper"):
        canonical.encode([value])
