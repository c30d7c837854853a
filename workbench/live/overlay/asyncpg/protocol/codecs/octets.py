"""Bytes, and strings of bits."""

from __future__ import annotations

from typing import Any

from asyncpg.pgproto.types import BitString

from ..codec import Context


def encode_bytea(_: Context, value: Any) -> bytes:
    """Encode anything that has the buffer interface."""
    if isinstance(value, bytes):
        return value
    try:
        view = memoryview(value)
    except TypeError as raised:
        raise TypeError(str(raised).removeprefix("memoryview: ")) from None
    if not view.c_contiguous:
        raise BufferError("memoryview: underlying buffer is not C-contiguous")
    return view.tobytes()


def decode_bytea(_: Context, data: bytes) -> bytes:
    """Decode to bytes."""
    return data


def encode_bits(context: Context, value: Any) -> bytes:
    """Encode a BitString, or bytes with eight bits each."""
    if isinstance(value, BitString):
        octets: bytes = value.bytes
        return len(value).to_bytes(4, "big") + octets
    octets = encode_bytea(context, value)
    return (len(octets) * 8).to_bytes(4, "big") + octets


def decode_bits(_: Context, data: bytes) -> BitString:
    """Decode to a BitString."""
    return BitString.frombytes(data[4:], int.from_bytes(data[:4], "big"))


def encode_void(_: Context, value: Any) -> bytes:
    """Encode anything as nothing."""
    return b""


def decode_void(_: Context, data: bytes) -> None:
    """Decode to None what a function without a result gives."""
