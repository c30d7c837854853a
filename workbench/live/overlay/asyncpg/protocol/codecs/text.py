"""Text, and the types that asyncpg exchanges as text."""

from __future__ import annotations

from typing import Any

from ..codec import Context


def encode_text(context: Context, value: Any) -> bytes:
    """Encode a str."""
    if not isinstance(value, str):
        raise TypeError(f"expected str, got {type(value).__name__}")
    return context.encode_text(value)


def decode_text(context: Context, data: bytes) -> str:
    """Decode to str."""
    return context.decode_text(data)


def encode_versioned(context: Context, value: Any) -> bytes:
    """Encode a str of jsonb or jsonpath, whose binary format starts with its version."""
    return b"\1" + encode_text(context, value)


def decode_jsonb(context: Context, data: bytes) -> str:
    """Decode jsonb to its text."""
    return _unversioned(context, data, "JSONB")


def decode_jsonpath(context: Context, data: bytes) -> str:
    """Decode jsonpath to its text."""
    return _unversioned(context, data, "jsonpath")


def _unversioned(context: Context, data: bytes, name: str) -> str:
    if data[0] != 1:
        raise ValueError(f"unexpected {name} format: {data[0]}")
    return context.decode_text(data[1:])
