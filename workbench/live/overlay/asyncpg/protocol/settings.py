"""What a connection knows of its server: parameters, character set, codecs."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from asyncpg import exceptions

from .codec import Codec, Exchange, Format
from .codec_config import DataCodecConfig
from .encodings import python_encoding

_EXCHANGES = {
    "binary": (Format.BINARY, Exchange.OBJECT),
    "text": (Format.TEXT, Exchange.OBJECT),
    "tuple": (Format.ANY, Exchange.TUPLE),
}
_FORMATS = {None: Format.ANY, "binary": Format.BINARY, "text": Format.TEXT}


class ConnectionSettings:
    """The parameters that the server reported, as attributes, and the codecs in use."""

    def __init__(self, conn_key: object = None) -> None:
        self._encoding = "utf-8"
        self._settings: dict[str, str] = {}
        self._codec = codecs.lookup("utf-8")
        self._data_codecs = DataCodecConfig()

    def add_setting(self, name: str, value: str) -> None:
        """Note a parameter that the server reported."""
        self._settings[name] = value
        if name == "client_encoding":
            self._codec = codecs.lookup(python_encoding(value))
            self._encoding = self._codec.name

    def get_text_codec(self) -> codecs.CodecInfo:
        """Return the codec of the connection's character set."""
        return self._codec

    def encode_text(self, text: str) -> bytes:
        """Return ``text`` in the connection's character set."""
        if self._encoding == "utf-8":
            return text.encode()
        return self._codec.encode(text)[0]

    def decode_text(self, data: bytes) -> str:
        """Return the text that ``data`` is in the connection's character set."""
        if self._encoding == "utf-8":
            return data.decode()
        return self._codec.decode(data)[0]

    def register_data_types(self, types: Iterable[Any]) -> None:
        """Make codecs for the types that introspection found."""
        self._data_codecs.add_types(types)

    def add_python_codec(
        self,
        typeoid: int,
        typename: str,
        typeschema: str,
        typeinfos: Iterable[Any],
        typekind: str,
        encoder: Callable[[Any], Any],
        decoder: Callable[[Any], Any],
        format: str,  # noqa: A002 - asyncpg's name
    ) -> None:
        """Use a reader's own functions for one type."""
        if format not in _EXCHANGES:
            raise exceptions.InterfaceError(
                f"invalid `format` argument, expected 'text', 'binary' or 'tuple', got {format!r}"
            )
        self._data_codecs.add_python_codec(
            typeoid,
            typename,
            typeschema,
            typekind,
            typeinfos,
            encoder,
            decoder,
            *_EXCHANGES[format],
        )

    def remove_python_codec(self, typeoid: int, typename: str, typeschema: str) -> None:
        """Forget what was set for one type."""
        self._data_codecs.remove_python_codec(typeoid, typename, typeschema)

    def clear_type_cache(self) -> None:
        """Forget what introspection found."""
        self._data_codecs.clear_type_cache()

    def set_builtin_type_codec(
        self,
        typeoid: int,
        typename: str,
        typeschema: str,
        typekind: str,
        alias_to: str,
        format: str | None = None,  # noqa: A002 - asyncpg's name
    ) -> None:
        """Treat one type like another."""
        if format not in _FORMATS:
            raise exceptions.InterfaceError(
                f"invalid `format` argument, expected 'text' or 'binary', got {format!r}"
            )
        self._data_codecs.set_builtin_type_codec(
            typeoid, typename, typeschema, typekind, alias_to, _FORMATS[format]
        )

    def get_data_codec(
        self,
        oid: int,
        format: Format = Format.ANY,  # noqa: A002 - asyncpg's name
        ignore_custom_codec: bool = False,
    ) -> Codec | None:
        """Return the codec of a type, or None where nothing is known of it."""
        return self._data_codecs.get_codec(oid, format, ignore_custom_codec)

    def __getattr__(self, name: str) -> str:
        if not name.startswith("_"):
            try:
                return self._settings[name]
            except KeyError:
                pass
        raise AttributeError(name)

    def __repr__(self) -> str:
        return f"<ConnectionSettings {self._settings!r}>"
