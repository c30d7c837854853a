"""The codecs of one connection: PostgreSQL's own types, what it introspected, what readers set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from asyncpg import exceptions

from .codec import Codec, Context, Decode, Encode, Exchange, Format
from .codecs.array_text import text_array_codec
from .codecs.arrays import array_codec
from .codecs.composites import composite_codec
from .codecs.octets import decode_bytea, encode_bytea
from .codecs.ranges import multirange_codec, range_codec
from .codecs.text import decode_text, encode_text
from .core_codecs import CORE, EXTENSIONS, TUPLES
from .type_names import BUILTIN_TYPE_NAME_MAP, MAX_BUILTIN_OID

type _Ways = tuple[Encode | None, Decode | None]

_EITHER = (Format.BINARY, Format.TEXT)
_TEXT = BUILTIN_TYPE_NAME_MAP["text"]


class DataCodecConfig:
    """Finds the codec of a type by its number."""

    def __init__(self) -> None:
        self._derived: dict[tuple[int, Format], Codec] = {}
        self._custom: dict[tuple[int, Format], Codec] = {}

    def get_codec(self, oid: int, format: Format, ignore_custom: bool = False) -> Codec | None:  # noqa: A002
        """Return the codec of a type, or None where none is known."""
        if format == Format.ANY:
            return self.get_codec(oid, Format.BINARY, ignore_custom) or self.get_codec(
                oid, Format.TEXT, ignore_custom
            )
        if not ignore_custom:
            custom = self._custom.get((oid, Format.BINARY)) or self._custom.get((oid, Format.TEXT))
            if custom is not None:
                # What was set for a type hides the type's other format.
                return custom if custom.format == format else None
        return CORE.get((oid, format)) or self._derived.get((oid, format))

    def add_types(self, types: Iterable[Any]) -> None:
        """Make codecs for the types that introspection found, which come after their parts."""
        for found in types:
            oid = found["oid"]
            if self.get_codec(oid, Format.ANY) is None:
                codec = self._derive(found)
                if codec is not None:
                    self._derived[oid, codec.format] = codec

    def _derive(self, found: Any) -> Codec | None:
        oid, name, schema = found["oid"], found["name"], found["ns"]
        if found["elemtype"]:
            return self._array(found)
        match found["kind"]:
            case b"c":
                return self._composite(found)
            case b"d":
                return self._part(found, "basetype", f"base type for domain {oid}")
            case b"r":
                part = self._part(found, "range_subtype", f"base type for range {oid}")
                return range_codec(oid, name, schema, part)
            case b"m":
                part = self._part(found, "range_subtype", f"base type for multirange {oid}")
                return multirange_codec(oid, name, schema, part)
            case b"e":
                self._alias(oid, name, schema, "scalar", _TEXT, Format.ANY)
            case _:
                self.declare_fallback_codec(oid, name, schema)
        return None

    def _array(self, found: Any) -> Codec:
        element = self._known(found["elemtype"], found["elemtype_name"], found["ns"])
        name = found["name"].removeprefix("_") + "[]"
        oid, schema = found["oid"], found["ns"]
        if element.format == Format.TEXT:
            return text_array_codec(oid, name, schema, element, found["elemdelim"][:1].decode())
        return array_codec(oid, name, schema, element)

    def _composite(self, found: Any) -> Codec:
        oid = found["oid"]
        if not found["attrtypoids"]:
            raise exceptions.InternalClientError(
                f"type record missing field types for composite {oid}"
            )
        elements = []
        for part in found["attrtypoids"]:
            codec = self.get_codec(part, Format.ANY)
            if codec is None:
                raise exceptions.InternalClientError(
                    f"no codec for composite attribute type {part}"
                )
            elements.append((part, codec))
        return composite_codec(oid, found["name"], found["ns"], found["attrnames"], elements)

    def _part(self, found: Any, field: str, meaning: str) -> Codec:
        if not found[field]:
            raise exceptions.InternalClientError(f"type record missing {meaning}")
        return self._known(found[field], found[f"{field}_name"], found["ns"])

    def _known(self, oid: int, name: str, schema: str) -> Codec:
        codec = self.get_codec(oid, Format.ANY)
        return self.declare_fallback_codec(oid, name, schema) if codec is None else codec

    def declare_fallback_codec(self, oid: int, name: str, schema: str) -> Codec:
        """Exchange a type that nothing is known of as text.

        Raises UnsupportedClientFeatureError for a type of PostgreSQL's own.
        """
        if oid <= MAX_BUILTIN_OID:
            raise exceptions.UnsupportedClientFeatureError(
                f"unhandled standard data type {name!r} (OID {oid})"
            )
        self._alias(oid, name, schema, "scalar", _TEXT, Format.TEXT)
        return self._custom[oid, Format.TEXT]

    def add_python_codec(
        self,
        typeoid: int,
        typename: str,
        typeschema: str,
        typekind: str,
        typeinfos: Iterable[Any],
        encoder: Callable[[Any], Any],
        decoder: Callable[[Any], Any],
        format: Format,  # noqa: A002 - asyncpg's name
        exchange: Exchange,
    ) -> None:
        """Use a reader's own functions for one type."""
        self.remove_python_codec(typeoid, typename, typeschema)
        self.add_types(typeinfos or ())
        found = False
        for each in _EITHER if format == Format.ANY else (format,):
            below: _Ways = _OBJECTS[each]
            if exchange == Exchange.TUPLE:
                codec = self._below(typeoid, typekind, each)
                if codec is None:
                    continue
                below = (codec.encode, codec.decode)
            self._custom[typeoid, each] = Codec(
                typeoid, typename, typeschema, typekind, each, *_through(encoder, decoder, *below)
            )
            found = True
        if not found:
            raise exceptions.InterfaceError(
                f"{typename} type does not support the 'tuple' exchange format"
            )

    def _below(self, oid: int, kind: str, format: Format) -> Codec | None:  # noqa: A002
        if kind == "composite":
            return self.get_codec(oid, format)
        return TUPLES.get(oid) if format == Format.BINARY else None

    def remove_python_codec(self, typeoid: int, typename: str, typeschema: str) -> None:
        """Forget what was set for one type, and what was derived from it."""
        for each in _EITHER:
            self._custom.pop((typeoid, each), None)
        self.clear_type_cache()

    def set_builtin_type_codec(
        self,
        typeoid: int,
        typename: str,
        typeschema: str,
        typekind: str,
        alias_to: str | int,
        format: Format = Format.ANY,  # noqa: A002 - asyncpg's name
    ) -> None:
        """Treat one type like another, which is named or numbered."""
        self._alias(typeoid, typename, typeschema, typekind, alias_to, format)
        self.clear_type_cache()

    def _alias(
        self,
        oid: int,
        name: str,
        schema: str,
        kind: str,
        to: str | int,
        format: Format,  # noqa: A002
    ) -> None:
        formats = _EITHER if format == Format.ANY else (format,)
        known = to if isinstance(to, int) else BUILTIN_TYPE_NAME_MAP.get(to, 0)
        found = False
        for each in formats:
            codec = self.get_codec(known, each) if known else EXTENSIONS.get((str(to), each))
            if codec is not None:
                self._custom[oid, each] = codec.named(oid, name, schema, kind)
                found = True
        if not found:
            raise exceptions.InterfaceError(
                f"cannot alias {name} to {to}: there is no "
                f"{formats[-1].name.lower()} codec for {to}"
            )

    def clear_type_cache(self) -> None:
        """Forget what introspection found."""
        self._derived.clear()


_OBJECTS: dict[Format, _Ways] = {
    Format.BINARY: (encode_bytea, decode_bytea),
    Format.TEXT: (encode_text, decode_text),
}


def _through(
    encoder: Callable[[Any], Any],
    decoder: Callable[[Any], Any],
    encode: Encode | None,
    decode: Decode | None,
) -> tuple[Encode, Decode]:
    """Return codecs that call a reader's functions before and after asyncpg's own."""
    assert encode is not None
    assert decode is not None

    def encode_custom(context: Context, value: Any) -> bytes:
        return encode(context, encoder(value))

    def decode_custom(context: Context, data: bytes) -> Any:
        return decoder(decode(context, data))

    return encode_custom, decode_custom
