"""Arrays in PostgreSQL's text format, for elements that have no binary one."""

from __future__ import annotations

from typing import Any

from asyncpg import exceptions

from ..codec import Codec, Context, Decode, Encode, Format
from .arrays import encode_element, shape

_SPACE = " \t\n\r\v\f"


def text_array_codec(oid: int, name: str, schema: str, element: Codec, delimiter: str) -> Codec:
    """Return the codec of arrays of ``element``, whose format is text."""
    encode = element.encode and _encoder(element.encode, delimiter)
    decode = element.decode and _decoder(element.decode, delimiter)
    return Codec(oid, name, schema, "array", Format.TEXT, encode, decode)


def _encoder(encode: Encode, delimiter: str) -> Encode:
    special = frozenset('{}"\\' + delimiter + _SPACE)

    def written(context: Context, item: Any) -> str:
        if item is None:
            return "NULL"
        text = context.decode_text(encode_element(encode, context, item, ""))
        if text and text.upper() != "NULL" and special.isdisjoint(text):
            return text
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def braced(context: Context, value: Any, dimensions: int) -> str:
        if dimensions > 1:
            items = [braced(context, item, dimensions - 1) for item in value]
        else:
            items = [written(context, item) for item in value]
        return "{" + f"{delimiter} ".join(items) + "}"

    def encode_array(context: Context, value: Any) -> bytes:
        return context.encode_text(braced(context, value, len(shape(value))))

    return encode_array


def _decoder(decode: Decode, delimiter: str) -> Decode:
    def decode_array(context: Context, data: bytes) -> list[Any]:
        text = context.decode_text(data)

        def element(written: str) -> Any:
            return decode(context, context.encode_text(written))

        try:
            return _Literal(text, delimiter, element).read()
        except (ValueError, IndexError) as raised:
            raise exceptions.ProtocolError(
                f"malformed array literal {text!r}: {raised.args[0]}"
            ) from raised

    return decode_array


class _Literal:
    """Reads ``{1,NULL,"a b"}``, nested, perhaps with the bounds before it: ``[0:1]={…}``."""

    def __init__(self, text: str, delimiter: str, element: Any) -> None:
        self._text, self._delimiter, self._element = text, delimiter, element
        self._at = text.index("=") + 1 if text.startswith("[") else 0

    def read(self) -> list[Any]:
        """Return the nested lists; all empty ones are one empty list."""
        found = self._braces()
        if self._at != len(self._text):
            raise ValueError(f"unexpected character at position {self._at + 1}")
        return found

    def _braces(self) -> list[Any]:
        if self._text[self._at] != "{":
            raise ValueError(f"unexpected character at position {self._at + 1}")
        self._at += 1
        items: list[Any] = []
        while self._text[self._at] != "}":
            items.append(self._braces() if self._text[self._at] == "{" else self._item())
            if self._text[self._at] == self._delimiter:
                self._at += 1
        self._at += 1
        return items

    def _item(self) -> Any:
        start, end = self._at, self._at
        if self._text[start] == '"':
            return self._element(self._quoted())
        while self._text[end] not in (self._delimiter, "}"):
            end += 1
        self._at = end
        written = self._text[start:end]
        return None if written.upper() == "NULL" else self._element(written)

    def _quoted(self) -> str:
        self._at += 1
        characters = []
        while (character := self._text[self._at]) != '"':
            if character == "\\":
                self._at += 1
                character = self._text[self._at]
            characters.append(character)
            self._at += 1
        self._at += 1
        return "".join(characters)
