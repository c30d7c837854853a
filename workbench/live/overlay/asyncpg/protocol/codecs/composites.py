"""Rows as values: composite types, and anonymous records."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from asyncpg import exceptions

from ..codec import NULL, Codec, Context, Decode, Encode, Format, prefixed
from ..record import Record, RecordDescriptor
from ..type_names import BUILTIN_TYPE_OID_MAP

_COUNT = struct.Struct("!I")
_FIELD = struct.Struct("!Ii")


def composite_codec(
    oid: int, name: str, schema: str, fields: Sequence[str], elements: Sequence[tuple[int, Codec]]
) -> Codec:
    """Return the codec of a composite type with these fields, each with its type's number."""
    # One field that has no binary format makes text of the whole, which asyncpg does not read.
    if any(codec.format == Format.TEXT for _, codec in elements):
        raise exceptions.UnsupportedClientFeatureError(
            f'cannot decode type "{schema}"."{name}": text encoding of composite types '
            "is not supported"
        )
    encodes = all(codec.encode for _, codec in elements)
    decodes = all(codec.decode for _, codec in elements)
    return Codec(
        oid,
        name,
        schema,
        "composite",
        Format.BINARY,
        _encoder(name, fields, elements) if encodes else None,
        _decoder(name, schema, fields, elements) if decodes else None,
    )


def _encoder(name: str, fields: Sequence[str], elements: Sequence[tuple[int, Codec]]) -> Encode:
    positions = {field: at for at, field in enumerate(fields)}
    types = tuple(oid for oid, _ in elements)

    def encode_composite(context: Context, value: Any) -> bytes:
        if isinstance(value, Mapping):
            value = _in_order(value, positions, name)
        parts = [_COUNT.pack(len(value))]
        for at, item in enumerate(value):
            parts.append(_COUNT.pack(types[at]))
            encode = elements[at][1].encode
            assert encode is not None
            parts.append(NULL if item is None else prefixed(encode(context, item)))
        return b"".join(parts)

    return encode_composite


def _in_order(value: Mapping[Any, Any], positions: Mapping[str, int], name: str) -> list[Any]:
    ordered: list[Any] = [None] * len(positions)
    for field in value:
        if field not in positions:
            raise ValueError(f"{field!r} is not a valid element of composite type {name}")
        ordered[positions[field]] = value[field]
    return ordered


def _decoder(
    name: str, schema: str, fields: Sequence[str], elements: Sequence[tuple[int, Codec]]
) -> Decode:
    columns = RecordDescriptor({field: at for at, field in enumerate(fields)}, tuple(fields))

    def decode_composite(context: Context, data: bytes) -> Record:
        count = _COUNT.unpack_from(data)[0]
        if count != len(elements):
            raise exceptions.OutdatedSchemaCacheError(
                f"unexpected number of attributes of composite type: {count}, "
                f"expected {len(elements)}",
                schema=schema,
                data_type=name,
            )
        values: list[Any] = []
        at = 4
        for position, (expected, codec) in enumerate(elements):
            oid, size = _FIELD.unpack_from(data, at)
            at += 8
            if oid != expected:
                raise exceptions.OutdatedSchemaCacheError(
                    f"unexpected data type of composite type attribute {position}: "
                    f"{_type_name(oid)!r}, expected {_type_name(expected)!r}",
                    schema=schema,
                    data_type=name,
                    position=position,
                )
            if size < 0:
                values.append(None)
                continue
            assert codec.decode is not None
            values.append(codec.decode(context, data[at : at + size]))
            at += size
        return columns.make_record(Record, tuple(values))

    return decode_composite


def _type_name(oid: int) -> str | int:
    return BUILTIN_TYPE_OID_MAP.get(oid, oid)


def encode_anonymous(_: Context, value: Any) -> NoReturn:
    """Raise UnsupportedClientFeatureError."""
    raise exceptions.UnsupportedClientFeatureError(
        "input of anonymous composite types is not supported",
        hint=("Consider declaring an explicit composite type and using it to cast the argument."),
        detail="PostgreSQL does not implement anonymous composite type input.",
    )


def decode_anonymous(context: Context, data: bytes) -> tuple[Any, ...]:
    """Decode a row whose type has no name to a tuple."""
    values: list[Any] = []
    at = 4
    for position in range(_COUNT.unpack_from(data)[0]):
        oid, size = _FIELD.unpack_from(data, at)
        at += 8
        if size < 0:
            values.append(None)
            continue
        codec = context.get_data_codec(oid)
        if codec is None or codec.decode is None:
            raise exceptions.InternalClientError(
                f"no decoder for composite type element in position {position} of type OID {oid}"
            )
        values.append(codec.decode(context, data[at : at + size]))
        at += size
    return tuple(values)
