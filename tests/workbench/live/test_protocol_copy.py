"""COPY on the replacement reads and writes what it does with asyncpg."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.workbench.live.protocol_peers import Both, Place, _both, _peer  # noqa: F401

TABLE = "create table book (id int primary key, title text, price numeric(8, 2), tags text[])"
BOOKS = [
    (1, "A, b", Decimal("1.50"), ["x", "y z"]),
    (2, 'quoted "é"', None, []),
    (3, None, Decimal("NaN"), None),
]


async def copied_out(place: Place, format: str) -> list[Any]:  # noqa: A002
    connection = await place.connect()
    await connection.execute(TABLE)
    await connection.copy_records_to_table("book", records=BOOKS)
    seen: list[Any] = []

    async def keep(data: bytes) -> None:
        seen.append(bytes(data))

    file = io.BytesIO()
    seen.append(await connection.copy_from_table("book", output=file, format=format))
    seen.append(file.getvalue())
    seen.append(
        await connection.copy_from_query(
            "select id, $1::text from book where id > $2", "it's", 1, output=keep, format=format
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "copied"
        await connection.copy_from_table("book", columns=["id"], output=target, format=format)
        seen.append(target.read_bytes())
    await connection.close()
    return seen


@pytest.mark.parametrize("format", ["text", "csv", "binary"])
async def test_copy_out_writes_to_files_and_functions(both: Both, format: str) -> None:  # noqa: A002
    seen = await both(copied_out, format)
    assert seen[0] == "COPY 3"
    assert len(seen) == 5


async def large_out(place: Place) -> list[Any]:
    connection = await place.connect()
    seen = []
    written = bytearray()

    async def keep(data: bytes) -> None:
        await asyncio.sleep(0)
        written.extend(data)

    sql = "select n, repeat('x', 100) from generate_series(1, 20000) n"
    seen.append(await connection.copy_from_query(sql, output=keep))
    seen.append(len(written))
    await connection.close()
    return seen


async def test_copy_out_gives_large_results_in_parts(both: Both) -> None:
    assert await both(large_out) == ["COPY 20000", 2_128_894]


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


async def copied_in(place: Place) -> list[Any]:
    connection = await place.connect()
    await connection.execute(TABLE)
    seen: list[Any] = []
    csv = b'id,title\n1,"a, b"\n2,\n'
    copy = connection.copy_to_table
    options = {"columns": ["id", "title"], "format": "csv", "header": True}
    seen.append(await copy("book", source=io.BytesIO(csv), **options))
    await connection.execute("update book set id = id + 10")
    seen.append(await copy("book", source=_chunks(csv[:12], csv[12:20], csv[20:]), **options))
    seen.append(await copy("book", source=bytearray(b"7\tseven\t\\N\t{a}\n")))
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"8|eight||{}")
        file.flush()
        seen.append(await copy("book", source=file.name, delimiter="|", null=""))
    seen.append(await copy("book", source=memoryview(b"")))
    file_like = io.BytesIO()
    await connection.copy_from_table("book", output=file_like, format="binary")
    await connection.execute("truncate book")
    seen.append(await copy("book", source=io.BytesIO(file_like.getvalue()), format="binary"))
    seen.append([tuple(row) for row in await connection.fetch("select * from book order by id")])
    await connection.close()
    return seen


async def test_copy_in_reads_files_iterables_and_bytes(both: Both) -> None:
    seen = await both(copied_in)
    assert seen[:6] == ["COPY 2", "COPY 2", "COPY 1", "COPY 1", "COPY 0", "COPY 6"]


async def records(place: Place) -> list[Any]:
    connection = await place.connect()
    await connection.execute(TABLE)

    async def produced() -> AsyncIterator[tuple[Any, ...]]:
        for book in BOOKS:
            await asyncio.sleep(0)
            yield (book[0] + 10, *book[1:])

    copy = connection.copy_records_to_table
    seen: list[Any] = [await copy("book", records=BOOKS)]
    seen.append(await copy("book", records=produced(), schema_name="public"))
    seen.append(await copy("book", records=((n,) for n in (20, 21)), columns=["id"]))
    seen.append(await copy("book", records=[(30,), (31,)], columns=["id"], where="id > 30"))
    many = [(n, "x" * 200, None, None) for n in range(100, 5100)]
    seen.append(await copy("book", records=many))
    seen.append([tuple(row) for row in await connection.fetch("select * from book where id < 99")])
    await connection.close()
    return seen


async def test_copy_takes_records(both: Both) -> None:
    seen = await both(records)
    assert seen[:5] == ["COPY 3", "COPY 3", "COPY 2", "COPY 1", "COPY 5000"]
    assert len(seen[5]) == 9


_LARGE = "select repeat('x', 99) from generate_series(1, 40000)"


async def failures(place: Place) -> list[Any]:
    connection = await place.connect()
    await connection.execute(f"{TABLE}; create domain money_text as money")
    await connection.execute("create table dear (price money)")
    seen: list[Any] = []

    async def failing() -> AsyncIterator[bytes]:
        yield b"1\ta\t\\N\t\\N\n"
        raise KeyError("gone")

    async def slow() -> AsyncIterator[bytes]:
        yield b"1\ta\t\\N\t\\N\n"
        await asyncio.sleep(1)
        yield b""

    async def refusing(data: bytes) -> None:
        raise KeyError(type(data))

    copy, copy_records = connection.copy_to_table, connection.copy_records_to_table
    for operation in (
        lambda: copy("book", source=failing()),
        lambda: copy("book", source=slow(), timeout=0.1),
        lambda: copy("book", source=5),
        lambda: copy("book", source=bytearray(b"x\ty\n")),
        lambda: copy("nowhere", source=bytearray(b"1\n")),
        lambda: copy_records("book", records=[(1, 2, 3, 4)]),
        lambda: copy_records("book", records=[(1,)]),
        lambda: copy_records("book", records=[("a", "b", None, None)]),
        lambda: copy_records("book", records=5),
        lambda: copy_records("nowhere", records=[]),
        lambda: copy_records("dear", records=[("1",)]),
        lambda: copy_records("book", records=[(1, None, None, None)] * 2),
        # Large: asyncpg waits for ever where all has arrived before its sink fails.
        lambda: connection.copy_from_query(_LARGE, output=refusing),
        lambda: connection.copy_from_table("nowhere", output=refusing),
        lambda: connection.copy_from_table("book", output=5),
    ):
        try:
            seen.append(await operation())
        except Exception as raised:
            seen.append(f"{type(raised).__name__}: {raised}"[:90])
        seen.append(await connection.fetchval("select count(*) from book"))
    transaction = connection.transaction()
    await transaction.start()
    with pytest.raises(KeyError):
        await copy("book", source=failing())
    try:
        await connection.fetch("select 1")
    except Exception as raised:
        seen.append(type(raised).__name__)
    await transaction.rollback()
    await connection.close()
    return seen


async def test_a_copy_that_fails_leaves_nothing_and_the_connection_usable(both: Both) -> None:
    seen = await both(failures)
    assert seen[0] == "KeyError: 'gone'"
    assert seen[2] == "TimeoutError: "
    assert set(seen[1:-1:2]) == {0}
    assert seen[-1] == "InFailedSQLTransactionError"


async def without_source(place: Place) -> list[Any]:
    connection = await place.connect()
    await connection.execute(TABLE)
    seen = []
    for operation in (connection.execute, connection.fetch):
        try:
            await operation("copy book from stdin")
        except Exception as raised:
            seen.append(f"{type(raised).__name__}: {raised}")
    seen.append(await connection.fetchval("select 'and it goes on'"))
    await connection.close()
    return seen


def test_a_copy_that_nothing_could_feed_fails_where_asyncpg_waits_for_ever(both: Both) -> None:
    seen = both.in_the_tab(without_source)
    assert seen.count("QueryCanceledError: COPY from stdin failed: no data was given") == 2
    assert "and it goes on" in seen
