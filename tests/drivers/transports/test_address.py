from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import BadAddress
from drivers.transports import opener
from drivers.transports.address import Address, LineSettings, Scheme, parse


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("/dev/ttyACM0", Address(Scheme.SERIAL, path="/dev/ttyACM0")),
        (
            "serial:///dev/serial/by-id/usb-X?baud=19200&bits=7&parity=E&stop=2&flow=xonxoff",
            Address(
                Scheme.SERIAL,
                path="/dev/serial/by-id/usb-X",
                line=LineSettings(19200, 7, "E", 2, "xonxoff"),
            ),
        ),
        (
            "socket://10.0.0.7:8000?bits=7&parity=E",
            Address(Scheme.SOCKET, host="10.0.0.7", port=8000, line=LineSettings(9600, 7, "E")),
        ),
        ("tcp://imprimante:9100", Address(Scheme.TCP, host="imprimante", port=9100)),
        ("tcp://[::1]:9100", Address(Scheme.TCP, host="::1", port=9100)),
        ("file:///dev/usb/lp0", Address(Scheme.FILE, path="/dev/usb/lp0")),
    ],
)
def test_every_kind_of_address_is_understood(url: str, address: Address) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "/dev/"),
        ("ttyUSB0", "/dev/"),
        ("http://host:80", "serial://"),
        ("serial://dev/ttyS0", "three slashes"),
        ("serial:///dev/ttyS0?baud=9601", "baud to be one of"),
        ("serial:///dev/ttyS0?speed=9600", "one of baud"),
        ("serial:///dev/ttyS0?flow=dsrdtr", "rtscts"),
        ("tcp://host", "tcp://host:port"),
        ("tcp://host:0", "tcp://host:port"),
        ("tcp://host:99999", "between 1 and 65535"),
        ("tcp://host:9100?baud=9600", "no settings"),
        ("file:///dev/usb/lp0?baud=9600", "no settings"),
    ],
)
def test_a_wrong_address_is_refused_at_once_with_what_was_expected(url: str, expected: str) -> None:
    with pytest.raises(BadAddress, match=expected):
        opener(url)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_refused(url: str) -> None:
    with contextlib.suppress(BadAddress):
        assert isinstance(parse(url), Address)
