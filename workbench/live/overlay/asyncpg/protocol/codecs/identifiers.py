"""UUIDs, places of rows, snapshots of transactions."""

from __future__ import annotations

import struct
from typing import Any

from asyncpg.pgproto.pgproto import UUID, uuid_bytes, uuid_from

from ..codec import Context
from .numbers import as_c_integer
from .octets import encode_bytea

_TID = struct.Struct("!IH")
_SNAPSHOT = struct.Struct("!iQQ")


def encode_uuid(context: Context, value: Any) -> bytes:
    """Encode a UUID, of asyncpg or Python, or its text."""
    if type(value) is UUID:
        return value.bytes
    if isinstance(value, str):
        return uuid_bytes(value)
    return encode_bytea(context, value.bytes)


def decode_uuid(_: Context, data: bytes) -> UUID:
    """Decode to asyncpg's UUID."""
    if len(data) != 16:
        raise TypeError(f"cannot decode UUID, expected 16 bytes, got {len(data)}")
    return uuid_from(data)


def encode_tid(_: Context, value: Any) -> bytes:
    """Encode a page number and a position in the page."""
    _check_pair(value)
    if len(value) != 2:
        raise ValueError("invalid number of elements in tid tuple, expecting 2")
    block = _whole(value[0])
    if not 0 <= block < 2**32:
        raise OverflowError("tuple id block value out of uint32 range")
    offset = _whole(value[1])
    if not 0 <= offset < 2**16:
        raise OverflowError("tuple id offset value out of uint16 range")
    return _TID.pack(block, offset)


def decode_tid(_: Context, data: bytes) -> tuple[int, int]:
    """Decode to a page number and a position in the page."""
    place: tuple[int, int] = _TID.unpack(data)
    return place


def encode_snapshot(_: Context, value: Any) -> bytes:
    """Encode (xmin, xmax, transactions in progress)."""
    _check_pair(value)
    if len(value) != 3:
        raise ValueError("invalid number of elements in txid_snapshot tuple, expecting 4")
    count = len(value[2])
    oldest, newest = _bound(value[0]), _bound(value[1])
    running = [_whole(value[2][at]).to_bytes(8, "big") for at in range(count)]
    return _SNAPSHOT.pack(count, oldest, newest) + b"".join(running)


def decode_snapshot(_: Context, data: bytes) -> tuple[int, int, tuple[int, ...]]:
    """Decode to (xmin, xmax, transactions in progress)."""
    count, oldest, newest = _SNAPSHOT.unpack_from(data)
    return oldest, newest, struct.unpack_from(f"!{count}Q", data, _SNAPSHOT.size)


def _check_pair(value: Any) -> None:
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"list or tuple expected (got type {type(value)})")


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError("an integer is required")
    return value


def _bound(value: Any) -> int:
    number = as_c_integer(value, 64, "long")
    if number < 0:
        raise OverflowError("can't convert negative value to uint64_t")
    return number
