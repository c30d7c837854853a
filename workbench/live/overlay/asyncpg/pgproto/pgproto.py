"""asyncpg's own class of UUIDs."""

from __future__ import annotations

import uuid
from typing import NoReturn


class BufferError(Exception):  # noqa: A001 - asyncpg's name
    """A message or a value was longer or shorter than expected."""


class UUID(uuid.UUID):
    """A UUID made of 16 bytes or of their hexadecimal digits."""

    __slots__ = ()

    def __init__(self, inp: bytes | str) -> None:
        if isinstance(inp, bytes):
            if len(inp) != 16:
                raise ValueError(f"16 bytes were expected, got {len(inp)}")
            octets = inp
        elif isinstance(inp, str):
            octets = uuid_bytes(inp)
        else:
            raise TypeError(f"a bytes or str object expected, got {inp!r}")
        object.__setattr__(self, "int", int.from_bytes(octets, "big"))
        object.__setattr__(self, "is_safe", uuid.SafeUUID.unknown)

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("type 'asyncpg.pgproto.pgproto.UUID' is not an acceptable base type")

    def __setattr__(self, name: object, value: object) -> NoReturn:
        kind = "asyncpg.pgproto.pgproto.UUID"
        if hasattr(type(self), str(name)):
            raise AttributeError(f"attribute {name!r} of {kind!r} objects is not writable")
        raise AttributeError(
            f"{kind!r} object has no attribute {name!r} and no __dict__ for setting new attributes"
        )

    def __reduce__(self) -> tuple[type[UUID], tuple[bytes]]:
        return type(self), (self.bytes,)


def uuid_from(octets: bytes) -> UUID:
    """Return the UUID of 16 bytes that PostgreSQL sent."""
    made = UUID.__new__(UUID)
    _set(made, "int", int.from_bytes(octets, "big"))
    _set(made, "is_safe", uuid.SafeUUID.unknown)
    return made


_set = object.__setattr__


def uuid_bytes(text: str) -> bytes:
    """Return the 16 bytes that ``text`` writes in hexadecimal, hyphens anywhere.

    Raises ValueError with asyncpg's words where it does not.
    """
    size = len(text.encode())
    if not 32 <= size <= 36:
        raise ValueError(
            f"invalid UUID {text!r}: length must be between 32..36 characters, got {size}"
        )
    digits = []
    for character in text:
        if character == "-":
            continue
        if character not in "0123456789abcdefABCDEF":
            raise ValueError(_unexpected(text, character))
        digits.append(character)
        if len(digits) > 32:
            raise ValueError(f"invalid UUID {text!r}: decodes to more than 16 bytes")
    if len(digits) < 32:
        raise ValueError(f"invalid UUID {text!r}: decodes to less than 16 bytes")
    return bytes.fromhex("".join(digits))


def _unexpected(text: str, character: str) -> str:
    if " " <= character <= "~":
        return f"invalid UUID {text!r}: unexpected character {character!r}"
    # asyncpg does not fill in this one.
    return "invalid UUID {u!r}: unexpected character"
