"""Booleans, integers and floating-point numbers."""

from __future__ import annotations

import math
import operator
import struct
from typing import Any

from ..codec import Context, Decode, Encode

_DOUBLE = struct.Struct("!d")
_FLOAT = struct.Struct("!f")


def encode_bool(_: Context, value: Any) -> bytes:
    """Encode True and False, and nothing else."""
    if not isinstance(value, bool):
        raise TypeError(f"a boolean is required (got type {type(value).__name__})")
    return b"\1" if value else b"\0"


def decode_bool(_: Context, data: bytes) -> bool:
    """Decode to bool."""
    return data == b"\1"


def as_integer(value: Any) -> int:
    """Return ``value`` as an int, cutting off what follows the point of a float or Decimal."""
    if type(value) is int:
        return value
    if hasattr(type(value), "__int__"):
        return int(value)
    return operator.index(value)


def as_c_integer(value: Any, bits: int, name: str) -> int:
    """Return ``value`` as an int of at most so many bits, as Cython converts arguments.

    ``name`` is C's name of the type.
    """
    if not hasattr(type(value), "__int__"):
        raise TypeError("an integer is required")
    number = int(value)
    if -(1 << bits) <= number < 1 << bits:
        return number
    if bits < 63:
        raise OverflowError(f"value too large to convert to {name}")
    unsigned = "unsigned " if bits == 64 else ""
    raise OverflowError(f"Python int too large to convert to C {unsigned}{name}")


def integer(code: str) -> tuple[Encode, Decode]:
    """Return the codec of the integers that struct knows by ``code``."""
    layout = struct.Struct("!" + code)
    signed = code.islower()
    name = f"{'int' if signed else 'uint'}{layout.size * 8}"
    pack, unpack = layout.pack, layout.unpack

    def encode(_: Context, value: Any) -> bytes:
        if not (signed or hasattr(type(value), "__int__")):
            raise TypeError("an integer is required")
        try:
            return pack(as_integer(value))
        except (OverflowError, struct.error):
            raise OverflowError(f"value out of {name} range") from None

    def decode(_: Context, data: bytes) -> int:
        number: int = unpack(data)[0]
        return number

    return encode, decode


def as_double(value: Any) -> float:
    """Return ``value`` as a float; raises TypeError with Python's own words for text."""
    return value if type(value) is float else math.copysign(value, value)


def encode_float8(_: Context, value: Any) -> bytes:
    """Encode a number in 64 bits."""
    return _DOUBLE.pack(as_double(value))


def decode_float8(_: Context, data: bytes) -> float:
    """Decode to float."""
    number: float = _DOUBLE.unpack(data)[0]
    return number


def encode_float4(_: Context, value: Any) -> bytes:
    """Encode a number in 32 bits."""
    number = as_double(value)
    try:
        return _FLOAT.pack(number)
    except OverflowError:
        raise ValueError("value out of float32 range") from None


def decode_float4(_: Context, data: bytes) -> float:
    """Decode to float."""
    number: float = _FLOAT.unpack(data)[0]
    return number
