"""Arrays in PostgreSQL's binary format."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sized
from typing import Any

from asyncpg import exceptions

from ..codec import NULL, Codec, Context, Decode, Encode, Format, prefixed

_MOST_DIMENSIONS = 6
_HEAD = struct.Struct("!iii")
_LENGTH = struct.Struct("!i")


def array_codec(oid: int, name: str, schema: str, element: Codec) -> Codec:
    """Return the codec of arrays of ``element``, whose format is binary."""
    encode = element.encode and array_encoder(element.oid, element.encode)
    decode = element.decode and array_decoder(element.decode)
    return Codec(oid, name, schema, "array", Format.BINARY, encode, decode)


def array_encoder(element_oid: int, encode: Encode) -> Encode:
    """Return what encodes nested sized iterables of values."""

    def encode_array(context: Context, value: Any) -> bytes:
        sizes = shape(value)
        parts = [_HEAD.pack(len(sizes), 0, element_oid - ((element_oid >> 31) << 32))]
        parts += [struct.pack("!ii", size, 1) for size in sizes]
        for index, item in leaves(value, len(sizes)):
            if item is None:
                parts.append(NULL)
                continue
            with_index = f" at index {index}" if len(sizes) == 1 else ""
            parts.append(prefixed(encode_element(encode, context, item, with_index)))
        return b"".join(parts)

    return encode_array


def encode_element(encode: Encode, context: Context, item: Any, where: str) -> bytes:
    """Encode one value; a wrong type is an error of the array that holds it."""
    try:
        return encode(context, item)
    except TypeError as raised:
        raise ValueError(f"invalid array element{where}: {raised.args[0]}") from None


def array_decoder(decode: Decode) -> Decode:
    """Return what decodes to nested lists."""

    def decode_array(context: Context, data: bytes) -> list[Any]:
        dimensions = _LENGTH.unpack_from(data)[0]
        if dimensions > _MOST_DIMENSIONS:
            raise exceptions.ProtocolError(too_many_dimensions(dimensions))
        if dimensions < 0:
            raise exceptions.ProtocolError(f"unexpected array dimensions value: {dimensions}")
        sizes = [_LENGTH.unpack_from(data, 12 + 8 * at)[0] for at in range(dimensions)]
        count = 1 if dimensions else 0
        for size in sizes:
            if size < 0:
                raise exceptions.ProtocolError(f"unexpected array dimension size: {size}")
            count *= size
        items: list[Any] = []
        at = 12 + 8 * dimensions
        for _ in range(count):
            size = _LENGTH.unpack_from(data, at)[0]
            at += 4
            if size < 0:
                items.append(None)
            else:
                items.append(decode(context, data[at : at + size]))
                at += size
        for size in reversed(sizes[1:]):
            items = [items[at : at + size] for at in range(0, len(items), size)] if size else []
        return items

    return decode_array


def shape(value: Any) -> list[int]:
    """Return the size of each dimension of nested iterables.

    Only the first of nested ones is looked into, as asyncpg does; the server counts the rest.
    """
    if not _is_array(value):
        raise TypeError(f"a sized iterable container expected (got type {type(value).__name__!r})")
    sizes: list[int] = []
    _measure(value, sizes.append, lambda: len(sizes))
    return sizes


def _measure(value: Any, note: Callable[[int], None], depth: Callable[[], int]) -> None:
    if depth() >= _MOST_DIMENSIONS:
        raise ValueError(too_many_dimensions(depth() + 1))
    note(len(value))
    inner: int | None = None
    for item in value:
        size = len(item) if _is_array(item) and not isinstance(item, tuple) else -1
        if inner is None:
            inner = size
            if size >= 0:
                _measure(item, note, depth)
        elif size != inner:
            raise ValueError("non-homogeneous array")


def _is_array(value: Any) -> bool:
    return (
        isinstance(value, Iterable)
        and isinstance(value, Sized)
        and not isinstance(value, (str, bytes, bytearray, memoryview, Mapping))
    )


def leaves(value: Any, dimensions: int) -> Iterable[tuple[int, Any]]:
    """Iterate over the values of nested iterables, with their index in the innermost."""
    if dimensions > 1:
        for item in value:
            yield from leaves(item, dimensions - 1)
    else:
        yield from enumerate(value)


def too_many_dimensions(dimensions: int) -> str:
    """Return what asyncpg says of an array of so many dimensions."""
    return (
        f"number of array dimensions ({dimensions}) exceed the maximum expected "
        f"({_MOST_DIMENSIONS})"
    )
