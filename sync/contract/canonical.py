"""The one byte string of a JSON value (RFC 8785, restricted so that no two readers can differ).

Keys are ASCII, integers stay within 2^53, and floats do not exist. Within these limits sorting by
code point equals RFC 8785's sorting by UTF-16 units, and no number format is left to argue about.
"""

from __future__ import annotations

from typing import TypeAlias, Union

import msgspec

from sync.contract.errors import Malformed, NotCanonical

Json: TypeAlias = Union[dict[str, "Json"], list["Json"], str, int, bool, None]  # noqa: UP007 - forward reference

INTEGER_MAX = 2**53
DEPTH_MAX = 32
_encoder = msgspec.json.Encoder(order="deterministic")


def encode(value: Json) -> bytes:
    """The canonical bytes of a value.

    Raises NotCanonical, naming the path, for anything that the form cannot carry.
    """
    if not _fits(value, 0):
        _explain(value, "$", 0)
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError as error:
        raise NotCanonical(f"text with a lone surrogate: {error.reason}") from error


def decode(raw: bytes) -> Json:
    """The value of canonical bytes.

    Raises Malformed when they are not JSON, NotCanonical when they are JSON in another spelling.
    """
    try:
        value: Json = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"expected canonical JSON: {error}") from error
    if encode(value) != raw:
        raise NotCanonical("the same value has another canonical spelling")
    return value


def _fits(value: object, depth: int) -> bool:
    """Whether a value has a canonical form: fast, as every entry passes here; _explain says why."""
    if depth > DEPTH_MAX:
        return False
    if isinstance(value, str) or value is None:
        return True
    if isinstance(value, int):
        return -INTEGER_MAX <= value <= INTEGER_MAX
    if isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii() and _fits(item, depth + 1)):
                return False
        return True
    if isinstance(value, (list, tuple)):
        return all(_fits(item, depth + 1) for item in value)
    return False


def _explain(value: object, path: str, depth: int) -> None:
    """Raise NotCanonical at the first place that has no canonical form."""
    if depth > DEPTH_MAX:
        raise NotCanonical(f"{path}: nested deeper than {DEPTH_MAX}")
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise NotCanonical(f"{path}: {value} is outside ±2^53")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonical(f"{path}: key {key!r} is not an ASCII string")
            _explain(item, f"{path}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _explain(item, f"{path}[{index}]", depth + 1)
    else:
        raise NotCanonical(f"{path}: {type(value).__name__} has no canonical form")
