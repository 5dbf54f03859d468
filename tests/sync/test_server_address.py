from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.address import is_loopback, origin_of
from sync.errors import BadAddress


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("campagne.example", "https://campagne.example"),
        (" https://Campagne.Example/ ", "https://campagne.example"),
        ("https://campagne.example:443", "https://campagne.example"),
        ("https://campagne.example:8443/", "https://campagne.example:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
    ],
)
def test_an_address_has_one_spelling(typed: str, origin: str) -> None:
    assert origin_of(typed) == origin
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "https://",
        "ftp://campagne.example",
        "http://campagne.example",
        "https://user:secret@campagne.example",
        "https://campagne.example/path",
        "https://campagne.example?x=1",
        "https://campagne.example#x",
        "https://campagne.example:0",
        "https://campagne.example:99999",
        "https://campagne.example:port",
        "https://campagné.example",
        "https://camp agne.example",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://" + "a" * 400,
    ],
)
def test_an_address_that_no_till_should_use_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        origin_of(typed)


@given(st.text(max_size=60))
def test_any_text_is_an_origin_or_refused(typed: str) -> None:
    try:
        origin = origin_of(typed)
    except BadAddress:
        return
    assert origin_of(origin) == origin
    assert origin.isascii()
    assert origin.startswith("https://") or is_loopback(origin)
