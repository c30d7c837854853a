"""numeric: decimal numbers in groups of four digits.

PostgreSQL keeps how many digits follow the point (the scale) and drops zeros at both ends of the
groups, so the digits of the Decimal are put together from groups, weight and scale as text.
"""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any

from ..codec import Context

_HEAD = struct.Struct("!HhHH")
_NEGATIVE, _NAN, _INFINITY, _NEGATIVE_INFINITY = 0x4000, 0xC000, 0xD000, 0xF000
_SPECIAL = {_NAN: "NaN", _INFINITY: "Infinity", _NEGATIVE_INFINITY: "-Infinity"}
_MOST_SCALE = 0x3FFF
_MOST_GROUPS = 0xFFFF
_CANNOT = "cannot encode Decimal value into numeric: "


def encode_numeric(_: Context, value: Any) -> bytes:
    """Encode a Decimal, or whatever a Decimal can be made of."""
    sign, digits, exponent = (value if isinstance(value, Decimal) else Decimal(value)).as_tuple()
    if isinstance(exponent, str):
        if exponent in {"n", "N"}:
            return _HEAD.pack(0, 0, _NAN, 0)
        return _HEAD.pack(0, 0, _NEGATIVE_INFINITY if sign else _INFINITY, 0)
    if -exponent > _MOST_SCALE:
        raise ValueError(_CANNOT + "exponent is too small")
    first = len(digits) + exponent - 1
    weight = first // 4
    if weight > _MOST_GROUPS:
        raise ValueError(_CANNOT + "exponent is too large")
    before = 3 - first % 4
    count = (len(digits) + before + 3) // 4
    if count > _MOST_GROUPS:
        raise ValueError(_CANNOT + "number of digits is too large")
    text = ("0" * before + "".join(map(str, digits))).ljust(count * 4, "0")
    groups = [int(text[at : at + 4]) for at in range(0, len(text), 4)]
    # A weight beyond 16 bits wraps round, and the server refuses what comes of it.
    weight = (weight + 0x8000) % 0x10000 - 0x8000
    head = _HEAD.pack(count, weight, _NEGATIVE if sign else 0, max(-exponent, 0))
    return head + struct.pack(f"!{count}H", *groups)


def decode_numeric(_: Context, data: bytes) -> Decimal:
    """Decode to the Decimal with the value's scale."""
    count, weight, sign, scale = _HEAD.unpack_from(data)
    if sign in _SPECIAL:
        return Decimal(_SPECIAL[sign])
    if count == 0:
        return Decimal(f"0e-{scale}")
    groups = struct.unpack_from(f"!{count}H", data, 8)
    first = f"{groups[0]}" if weight >= 0 else f"{groups[0]:04}"
    digits = first + "".join([f"{group:04}" for group in groups[1:]])
    if scale:
        missing = scale - (count - weight - 1) * 4
        digits = digits + "0" * missing if missing >= 0 else digits[:missing]
    exponent = (weight + 1) * 4 - (4 - len(first))
    return Decimal(f"{'-' if sign == _NEGATIVE else ''}0.{digits}E{exponent:+}")


def encode_numeric_text(context: Context, value: Any) -> bytes:
    """Encode a number as the text that it prints."""
    return context.encode_text(str(value))


def decode_numeric_text(context: Context, data: bytes) -> Decimal:
    """Decode to Decimal."""
    return Decimal(context.decode_text(data))
