"""A prepared statement: how its arguments are sent and its rows are read."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from asyncpg import exceptions
from asyncpg.pgproto.pgproto import BufferError as ValueSizeError
from asyncpg.types import Attribute, Type

from .codec import NULL, Codec, Format, prefixed
from .record import Record, RecordDescriptor

if TYPE_CHECKING:
    from .settings import ConnectionSettings

_MOST_ARGUMENTS = 32767
_LENGTH = struct.Struct("!i")
_FIELD = struct.Struct("!IhIhih")
_ALL_BINARY = b"\0\1\0\1"


class PreparedStatementState:
    """One statement that the server has prepared under a name, or under none."""

    def __init__(
        self,
        name: str,
        query: str,
        settings: ConnectionSettings,
        record_class: type[Record],
        ignore_custom_codec: bool,
    ) -> None:
        self.name = name
        self.query = query
        self.record_class = record_class
        self.ignore_custom_codec = ignore_custom_codec
        self.closed = False
        self.prepared = True
        self.refs = 0
        self._settings = settings
        self._parameters: tuple[int, ...] = ()
        self._columns: tuple[tuple[bytes, int], ...] = ()
        self._argument_codecs: tuple[Codec, ...] | None = None
        self._column_codecs: tuple[Codec, ...] | None = None
        self._descriptor = RecordDescriptor({}, ())

    def describe(self, parameters: bytes | None, columns: bytes | None) -> None:
        """Note what the server said of the arguments and the columns."""
        if parameters is not None:
            count = int.from_bytes(parameters[:2], "big")
            self._parameters = struct.unpack_from(f"!{count}I", parameters, 2)
        if columns is not None:
            self._columns = tuple(_columns(columns))

    def attach(self) -> None:
        """Count one more user of the statement."""
        self.refs += 1

    def detach(self) -> None:
        """Count one user less."""
        self.refs -= 1

    def mark_closed(self) -> None:
        """Let nobody use it any longer."""
        self.closed = True

    def mark_unprepared(self) -> None:
        """Have it parsed again each time."""
        if self.name:
            raise exceptions.InternalClientError(
                "named prepared statements cannot be marked unprepared"
            )
        self.prepared = False

    def _get_parameters(self) -> tuple[Type, ...]:
        return tuple(self._type(oid) for oid in self._parameters)

    def _get_attributes(self) -> tuple[Attribute, ...]:
        return tuple(
            Attribute(self._settings.decode_text(name), self._type(oid))
            for name, oid in self._columns
        )

    def _type(self, oid: int) -> Type:
        codec = self._settings.get_data_codec(oid)
        if codec is None:
            raise exceptions.InternalClientError(f"missing codec information for OID {oid}")
        return Type(oid, codec.name, codec.kind, codec.schema)

    def _init_types(self) -> set[int]:
        """Return the types that have to be introspected first."""
        find = self._settings.get_data_codec
        missing = {
            oid for oid in self._parameters if (codec := find(oid)) is None or codec.encode is None
        }
        return missing | {
            oid for _, oid in self._columns if (codec := find(oid)) is None or codec.decode is None
        }

    def _init_codecs(self) -> None:
        """Find the codecs, once all types are known."""
        if self._argument_codecs is None:
            self._argument_codecs = tuple(self._encoding(oid) for oid in self._parameters)
        self.row_codecs()

    def row_codecs(self) -> tuple[Codec, ...]:
        """Return the codec of each column."""
        if self._column_codecs is None:
            names = tuple(self._settings.decode_text(name) for name, _ in self._columns)
            self._descriptor = RecordDescriptor({name: at for at, name in enumerate(names)}, names)
            self._column_codecs = tuple(self._decoding(oid) for _, oid in self._columns)
        return self._column_codecs

    def _encoding(self, oid: int) -> Codec:
        codec = self._find(oid)
        if codec is None or codec.encode is None:
            raise exceptions.InternalClientError(f"no encoder for OID {oid}")
        return codec

    def _decoding(self, oid: int) -> Codec:
        codec = self._find(oid)
        if codec is None or codec.decode is None:
            raise exceptions.InternalClientError(f"no decoder for OID {oid}")
        return codec

    def _find(self, oid: int) -> Codec | None:
        return self._settings.get_data_codec(oid, Format.ANY, self.ignore_custom_codec)

    def encode(self, arguments: Any, element: int | None = None) -> bytes:
        """Return formats and values of one set of arguments, and the formats of the columns.

        ``element`` is the position of the set for executemany(). Raises InterfaceError, DataError.
        """
        self._check(arguments, element)
        codecs = self._argument_codecs or ()
        parts = [_formats(codecs), len(codecs).to_bytes(2, "big")]
        for at, codec in enumerate(codecs):
            value = arguments[at]
            parts.append(NULL if value is None else self._value(codec, value, at, element))
        columns = self._column_codecs or ()
        if all(codec.format == Format.BINARY for codec in columns):
            parts.append(_ALL_BINARY)
        else:
            parts.append(_formats(columns))
        return b"".join(parts)

    def _check(self, arguments: Any, element: int | None) -> None:
        if isinstance(arguments, dict) or not hasattr(type(arguments), "__getitem__"):
            kind = type(arguments).__name__
            if element is None:
                raise exceptions.InternalClientError(f"Bind: expected a sequence, got {kind}")
            raise exceptions.DataError(
                f"invalid input in executemany() argument sequence element #{element}: "
                f"expected a sequence, got {kind}"
            )
        given, expected = len(arguments), len(self._parameters)
        if given > _MOST_ARGUMENTS:
            raise exceptions.InterfaceError("the number of query arguments cannot exceed 32767")
        if given != expected:
            raise exceptions.InterfaceError(
                f"the server expects {expected} argument{'' if expected == 1 else 's'} "
                f"for this query, {given} {'was' if given == 1 else 'were'} passed",
                hint=_CHECK_ARGUMENTS if expected else _CHECK_ARGUMENTS + _NO_PARAMETERS,
            )

    def _value(self, codec: Codec, value: Any, at: int, element: int | None) -> bytes:
        assert codec.encode is not None
        try:
            return prefixed(codec.encode(self._settings, value))
        except (AssertionError, exceptions.InternalClientError):
            raise
        except exceptions.InterfaceError as raised:
            place = _place(at, element)
            raise raised.with_msg(f"query argument {place}: {raised.args[0]}") from None
        except Exception as raised:
            shown = repr(value)
            if len(shown) > 40:
                shown = shown[:40] + "..."
            raise exceptions.DataError(
                f"invalid input for query argument {_place(at, element)}: {shown} ({raised})"
            ) from raised

    def row_reader(self) -> Any:
        """Return what turns the body of a DataRow into a row."""
        settings, record_class, make = (
            self._settings,
            self.record_class,
            self._descriptor.make_record,
        )
        decoders = tuple(codec.decode for codec in self._column_codecs or ())
        length = _LENGTH.unpack_from

        def read(body: bytes) -> Record:
            if int.from_bytes(body[:2], "big") != len(decoders):
                raise exceptions.ProtocolError(
                    f"the number of columns in the result row ({int.from_bytes(body[:2], 'big')}) "
                    f"is different from what was described ({len(decoders)})"
                )
            values: list[Any] = []
            at = 2
            for decode in decoders:
                size = length(body, at)[0]
                at += 4
                if size < 0:
                    values.append(None)
                    continue
                end = at + size
                try:
                    values.append(decode(settings, body[at:end]))  # type: ignore[misc]
                except struct.error:
                    self._refuse_size(len(values), size)
                    raise
                at = end
            return make(record_class, tuple(values))

        return read

    def _refuse_size(self, column: int, size: int) -> None:
        """Raise what asyncpg does where a value is not as long as its codec wants it."""
        assert self._column_codecs is not None
        expected = self._column_codecs[column].size
        if expected is not None and size > expected:
            raise ValueSizeError(f"unexpected trailing {size - expected} bytes in buffer")
        if expected is not None:
            raise AssertionError(
                f"insufficient data in buffer: requested {expected} remaining {size}"
            )


_CHECK_ARGUMENTS = "Check the query against the passed list of arguments."
_NO_PARAMETERS = (
    "  Note that parameters are supported only in SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES "
    "statements, and will *not* work in statements  like CREATE VIEW or DECLARE CURSOR."
)


def _place(at: int, element: int | None) -> str:
    return f"${at + 1}" + (
        "" if element is None else f" in element #{element} of executemany() sequence"
    )


def _formats(codecs: Sequence[Codec]) -> bytes:
    return struct.pack(f"!{len(codecs) + 1}H", len(codecs), *(codec.format for codec in codecs))


def _columns(body: bytes) -> Any:
    at = 2
    for _ in range(int.from_bytes(body[:2], "big")):
        end = body.index(b"\0", at)
        fields = _FIELD.unpack_from(body, end + 1)
        yield body[at:end], fields[2]
        at = end + 1 + _FIELD.size
