"""Ranges and multiranges."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from asyncpg import exceptions
from asyncpg.types import Range

from ..codec import Codec, Context, Decode, Encode, Format, prefixed

_EMPTY, _LOWER_INC, _UPPER_INC, _LOWER_INF, _UPPER_INF = 1, 2, 4, 8, 16
_LENGTH = struct.Struct("!i")


def range_codec(oid: int, name: str, schema: str, element: Codec) -> Codec:
    """Return the codec of ranges of ``element``."""
    _check_binary(name, schema, element)
    encode = element.encode and _encoder(element.encode)
    decode = element.decode and _decoder(element.decode)
    return Codec(oid, name, schema, "range", Format.BINARY, encode, decode)


def multirange_codec(oid: int, name: str, schema: str, element: Codec) -> Codec:
    """Return the codec of multiranges of ``element``."""
    _check_binary(name, schema, element)
    encode = element.encode and _many_encoder(_encoder(element.encode))
    decode = element.decode and _many_decoder(_decoder(element.decode))
    return Codec(oid, name, schema, "multirange", Format.BINARY, encode, decode)


def _check_binary(name: str, schema: str, element: Codec) -> None:
    if element.format != Format.BINARY:
        raise exceptions.UnsupportedClientFeatureError(
            f'cannot decode type "{schema}"."{name}": text encoding of range types is not supported'
        )


def _encoder(encode: Encode) -> Encode:
    def encode_range(context: Context, value: Any) -> bytes:
        flags, lower, upper = _bounds(value)
        parts = [bytes((flags,))]
        if not flags & (_EMPTY | _LOWER_INF):
            parts.append(prefixed(encode(context, lower)))
        if not flags & (_EMPTY | _UPPER_INF):
            parts.append(prefixed(encode(context, upper)))
        return b"".join(parts)

    return encode_range


def _bounds(value: Any) -> tuple[int, Any, Any]:
    if isinstance(value, Range):
        if value.isempty:
            return _EMPTY, None, None
        flags = _flag(value.lower, value.lower_inc, _LOWER_INC, _LOWER_INF)
        flags |= _flag(value.upper, value.upper_inc, _UPPER_INC, _UPPER_INF)
        return flags, value.lower, value.upper
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"list, tuple or Range object expected (got type {type(value)})")
    if len(value) > 2:
        raise ValueError(f"expected 0, 1 or 2 elements in range (got {len(value)})")
    if not value:
        return _EMPTY, None, None
    if len(value) == 1:
        return _LOWER_INC | _UPPER_INF, value[0], None
    lower, upper = value
    flags = _LOWER_INC | _UPPER_INC
    flags |= 0 if lower is not None else _LOWER_INF
    flags |= 0 if upper is not None else _UPPER_INF
    return flags, lower, upper


def _flag(bound: Any, inclusive: bool, inc: int, infinite: int) -> int:
    if inclusive:
        return inc
    return infinite if bound is None else 0


def _decoder(decode: Decode) -> Decode:
    def decode_range(context: Context, data: bytes) -> Range[Any]:
        flags, at = data[0], 1
        lower = upper = None
        if not flags & (_EMPTY | _LOWER_INF):
            lower, at = _bound(context, data, at)
        if not flags & (_EMPTY | _UPPER_INF):
            upper, at = _bound(context, data, at)
        return Range(
            lower=lower,
            upper=upper,
            lower_inc=flags & _LOWER_INC != 0,
            upper_inc=flags & _UPPER_INC != 0,
            empty=flags & _EMPTY != 0,
        )

    def _bound(context: Context, data: bytes, at: int) -> tuple[Any, int]:
        size = _LENGTH.unpack_from(data, at)[0]
        start = at + 4
        if size < 0:
            return None, start
        return decode(context, data[start : start + size]), start + size

    return decode_range


def _many_encoder(encode: Encode) -> Encode:
    def encode_multirange(context: Context, value: Any) -> bytes:
        if not isinstance(value, Sequence):
            raise TypeError(f"expected a sequence (got type {type(value).__name__!r})")
        parts = [prefixed(encode(context, item)) for item in value]
        return b"".join([len(value).to_bytes(4, "big"), *parts])

    return encode_multirange


def _many_decoder(decode: Decode) -> Decode:
    def decode_multirange(context: Context, data: bytes) -> list[Range[Any]]:
        ranges, at = [], 4
        for _ in range(_LENGTH.unpack_from(data)[0]):
            size = _LENGTH.unpack_from(data, at)[0]
            at += 4
            ranges.append(decode(context, data[at : at + size]))
            at += size
        return ranges

    return decode_multirange
