"""hstore, for those who ask for it with set_builtin_type_codec()."""

from __future__ import annotations

from typing import Any

from ..codec import NULL, Context, prefixed
from .text import encode_text


def encode_hstore(context: Context, value: Any) -> bytes:
    """Encode a mapping of str to str or None, or pairs of them."""
    parts = [len(value).to_bytes(4, "big")]
    for key, held in value.items() if hasattr(value, "items") else value:
        if key is None:
            raise ValueError("null value not allowed in hstore key")
        parts.append(prefixed(encode_text(context, key)))
        parts.append(NULL if held is None else prefixed(encode_text(context, held)))
    return b"".join(parts)


def decode_hstore(context: Context, data: bytes) -> dict[str, str | None]:
    """Decode to dict."""
    found: dict[str, str | None] = {}
    at = 4
    for _ in range(int.from_bytes(data[:4], "big")):
        key, at = _text(context, data, at)
        if key is None:
            raise ValueError("null value not allowed in hstore key")
        found[key], at = _text(context, data, at)
    return found


def _text(context: Context, data: bytes, at: int) -> tuple[str | None, int]:
    size = int.from_bytes(data[at : at + 4], "big", signed=True)
    start = at + 4
    if size < 0:
        return None, start
    return context.decode_text(data[start : start + size]), start + size
