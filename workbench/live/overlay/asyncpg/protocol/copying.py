"""The data of COPY, in and out."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator
from typing import Any

from asyncpg import exceptions

from . import requests
from .codec import NULL, Codec, Format, prefixed
from .deadline import Deadline
from .settings import ConnectionSettings
from .statement import PreparedStatementState

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_PART = 65536


def parts(copied: list[bytes]) -> Iterator[bytearray]:
    """Join what COPY wrote into parts of a useful size."""
    part = bytearray()
    for piece in copied:
        part += piece
        if len(part) >= _PART:
            yield part
            part = bytearray()
    if part:
        yield part


async def chunks(source: Any, deadline: Deadline) -> bytes:
    """Return the messages that send the chunks of an asynchronous iterable."""
    if not hasattr(source, "__aiter__"):
        raise TypeError("reader is not an asynchronous iterable")
    steps = source.__aiter__()
    sent: list[bytes] = []
    while True:
        try:
            chunk = await deadline.wait(steps.__anext__())
        except StopAsyncIteration:
            return b"".join(sent)
        sent.append(requests.copy_data(memoryview(chunk)))


async def rows(
    statement: PreparedStatementState, records: Any, settings: ConnectionSettings
) -> bytes:
    """Return the messages that send rows in binary format, as the statement's columns."""
    codecs = statement.row_codecs()
    for codec in codecs:
        if codec.encode is None or codec.format != Format.BINARY:
            raise exceptions.InternalClientError(
                f"no binary format encoder for type {codec.name} (OID {codec.oid})"
            )
    sent = [requests.copy_data(_SIGNATURE)]
    if isinstance(records, AsyncIterable):
        async for record in records:
            sent.append(requests.copy_data(_row(codecs, record, settings)))  # noqa: PERF401
    else:
        sent += [requests.copy_data(_row(codecs, record, settings)) for record in records]
    return b"".join([*sent, requests.copy_data(_END)])


def _row(codecs: tuple[Codec, ...], record: Any, settings: ConnectionSettings) -> bytes:
    fields = [len(codecs).to_bytes(2, "big")]
    for at, codec in enumerate(codecs):
        value = record[at]
        assert codec.encode is not None
        fields.append(NULL if value is None else prefixed(codec.encode(settings, value)))
    return b"".join(fields)
