"""What the replacement of asyncpg's protocol raises, tells and refuses is what asyncpg does."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.workbench.live.protocol_peers import Both, Place, _both, _peer  # noqa: F401

# PostgreSQL's own source lines move from build to build.
_OF_THE_BUILD = {"server_source_line", "server_source_filename"}


async def error_fields(place: Place, setup: str, sql: str) -> dict[str, Any]:
    connection = await place.connect()
    await connection.execute(setup)
    with pytest.raises(asyncpg.PostgresError) as raised:
        await connection.fetch(sql)
    found = raised.value
    fields = {name: text for name, text in found.as_dict().items() if name not in _OF_THE_BUILD}
    bases = [base.__name__ for base in type(found).__mro__]
    await connection.close()
    return {"text": str(found), "bases": bases, "query": found.query, "fields": fields}


@pytest.mark.parametrize(
    ("setup", "sql", "error", "fields"),
    [
        (
            "create table book (id int primary key, title text not null)",
            "insert into book values (1, null)",
            "NotNullViolationError",
            {"column_name": "title", "table_name": "book", "schema_name": "public"},
        ),
        (
            "create table book (id int primary key); insert into book values (1)",
            "insert into book values (1)",
            "UniqueViolationError",
            {"constraint_name": "book_pkey", "detail": "Key (id)=(1) already exists."},
        ),
        ("select 1", "select * from nowhere", "UndefinedTableError", {"position": "15"}),
        ("select 1", "select 1 / 0", "DivisionByZeroError", {"sqlstate": "22012"}),
        (
            "create domain small as int check (value < 10)",
            "select 11::small",
            "CheckViolationError",
            {"data_type_name": "small"},
        ),
        (
            "create function f() returns int language plpgsql as $$begin return 1/0; end$$",
            "select f()",
            "DivisionByZeroError",
            {"server_source_function": "int4div"},
        ),
        (
            "create function f() returns int language plpgsql as "
            "$$begin execute 'selec'; return 1; end$$",
            "select f()",
            "PostgresSyntaxError",
            {"internal_query": "selec", "internal_position": "1"},
        ),
        (
            "select 1",
            "do $$begin raise exception 'no' using detail = 'd', hint = 'h', "
            "errcode = 'P7654'; end$$",
            "UnknownPostgresError",
            {"message": "no", "detail": "d", "hint": "h", "sqlstate": "P7654"},
        ),
    ],
)
async def test_an_error_has_its_class_and_every_field(
    both: Both, setup: str, sql: str, error: str, fields: dict[str, str]
) -> None:
    seen = await both(error_fields, setup, sql)
    assert seen["bases"][0] == error
    assert seen["query"] == sql
    assert fields.items() <= seen["fields"].items()


async def error_of_each_way_to_ask(place: Place) -> list[str]:
    connection = await place.connect()
    await connection.execute("create table number (n int check (n <> 3))")
    prepared = await connection.prepare("insert into number values ($1)")
    seen = []
    for operation in (
        lambda: connection.execute("insert into number values (3); select 1"),
        lambda: connection.execute("insert into number values ($1)", 3),
        lambda: connection.executemany("insert into number values ($1)", [(1,), (3,)]),
        lambda: prepared.fetch(3),
        lambda: prepared.executemany([(3,)]),
        lambda: connection.copy_records_to_table("number", records=[(3,)]),
        lambda: connection.copy_from_query("select 1 / 0", output=bytearray().extend),
        lambda: connection.copy_from_query("select 1 / 0", output=_swallow),
        lambda: connection.prepare("selec"),
    ):
        try:
            await operation()
        except Exception as raised:
            seen.append(f"{type(raised).__name__}: {raised} {getattr(raised, 'query', '')}")
    seen.append(await connection.fetchval("select count(*) from number"))
    await connection.close()
    return seen


async def _swallow(data: bytes) -> None:
    del data


async def test_every_way_to_ask_raises_the_error_and_leaves_the_connection_usable(
    both: Both,
) -> None:
    seen = await both(error_of_each_way_to_ask)
    assert len(seen) == 10
    assert seen[-1] == 0


async def wrong_arguments(place: Place, sql: str, arguments: tuple[Any, ...]) -> str:
    connection = await place.connect()
    try:
        await connection.fetch(sql, *arguments)
    except Exception as raised:
        return f"{type(raised).__name__}: {raised}"
    finally:
        await connection.close()
    return "no error"


@pytest.mark.parametrize(
    ("sql", "arguments", "message"),
    [
        (
            "select $1::int",
            ("x",),
            "DataError: invalid input for query argument $1: 'x' "
            "('str' object cannot be interpreted as an integer)",
        ),
        (
            "select $1::int, $2::text",
            (1, 5),
            "DataError: invalid input for query argument $2: 5 (expected str, got int)",
        ),
        (
            "select $1::int",
            (),
            "InterfaceError: the server expects 1 argument for",
        ),
        ("select 1", (1,), "InterfaceError: the server expects 0 arguments for this query, 1 was"),
        ("select $1::int, $2::int", (1,), "InterfaceError: the server expects 2 arguments"),
        ("select $1::text", ("\0",), "CharacterNotInRepertoireError: invalid byte sequence"),
        (
            "select $1::text",
            (["a long list"] * 20,),
            "DataError: invalid input for query argument $1: ['a long list', 'a long list', "
            "'a long l... (expected str, got list)",
        ),
        (
            "select $1::record",
            ((1,),),
            "UnsupportedClientFeatureError: query argument $1: input",
        ),
        ("select $1::int[]", (1,), "DataError: invalid input for query argument $1: 1 (a sized"),
        (
            "select $1::int[]",
            ([1, "a"],),
            "DataError: invalid input for query argument $1: [1, 'a']",
        ),
    ],
)
async def test_a_wrong_argument_is_named_with_its_value_and_the_reason(
    both: Both, sql: str, arguments: tuple[Any, ...], message: str
) -> None:
    assert (await both(wrong_arguments, sql, arguments)).startswith(message)


async def wrong_arguments_of_many(place: Place) -> list[str]:
    connection = await place.connect()
    seen = []
    for sets in ([(1,), ("a",)], [(1,), 5], [(1,), {"a": 1}], [(1,), (1, 2)], [()], [{1}], [None]):
        try:
            await connection.executemany("select $1::int", sets)
        except Exception as raised:
            seen.append(f"{type(raised).__name__}: {raised}")
    await connection.close()
    return seen


async def test_a_wrong_argument_of_executemany_is_named_with_its_element(both: Both) -> None:
    seen = await both(wrong_arguments_of_many)
    assert seen[0] == (
        "DataError: invalid input for query argument $1 in element #1 of executemany() sequence: "
        "'a' ('str' object cannot be interpreted as an integer)"
    )
    assert len(seen) == 7


async def notices(place: Place) -> list[Any]:
    connection = await place.connect()
    seen = []
    heard = asyncio.Event()

    def listen(_: Any, message: asyncpg.PostgresLogMessage) -> None:
        fields = message.as_dict()
        seen.append(
            [
                type(message).__name__,
                str(message),
                message.query,
                {name: text for name, text in fields.items() if name not in _OF_THE_BUILD},
            ]
        )
        heard.set()

    connection.add_log_listener(listen)
    raising = "do $$begin raise notice 'one' using hint = 'h'; raise warning 'two'; end$$"
    await connection.execute(raising)
    await connection.fetch("create table if not exists book (id int)")
    await connection.fetch("create table if not exists book (id int)")
    await asyncio.sleep(0.01)
    connection.remove_log_listener(listen)
    await connection.execute(raising)
    await asyncio.sleep(0.01)
    await connection.close()
    return seen


async def test_listeners_hear_notices_and_warnings(both: Both) -> None:
    seen = await both(notices)
    assert [name for name, *_ in seen] == [
        "PostgresLogMessage",
        "PostgresWarning",
        "DuplicateTableError",
    ]
    assert seen[0][3]["hint"] == "h"


async def two_operations_at_once(place: Place) -> list[str]:
    connection = await place.connect()
    await connection.execute("create table t (n int)")
    prepared = await connection.prepare("select 1")
    seen = []
    for second in (
        lambda: connection.fetch("select 2"),
        lambda: connection.execute("select 2"),
        lambda: connection.executemany("select $1::int", [(1,)]),
        prepared.fetch,
        lambda: connection.copy_records_to_table("t", records=[(1,)]),
    ):
        results = await asyncio.gather(
            connection.execute("select 1"), second(), return_exceptions=True
        )
        seen += [repr(result) for result in results]
    seen.append(await connection.fetchval("select 'and it goes on'"))
    await connection.close()
    return seen


async def test_a_second_operation_at_the_same_time_is_an_error(both: Both) -> None:
    seen = await both(two_operations_at_once)
    assert seen[:2] == [
        "'SELECT 1'",
        "InterfaceError('cannot perform operation: another operation is in progress')",
    ]
    assert seen[-1] == "and it goes on"


async def after_closing(place: Place) -> list[str]:
    connection = await place.connect()
    prepared = await connection.prepare("select 1")
    terminated = await place.connect()
    await connection.close()
    await connection.close()
    terminated.terminate()
    seen = [str(connection.is_closed()), str(terminated.is_closed())]
    for operation in (
        lambda: connection.fetch("select 1"),
        lambda: connection.execute("select 1"),
        prepared.fetch,
        lambda: terminated.fetch("select 1"),
        lambda: terminated.transaction().start(),
        connection.reset,
    ):
        try:
            await operation()
        except Exception as raised:
            seen.append(f"{type(raised).__name__}: {raised}")
    return seen


async def test_a_closed_connection_says_so(both: Both) -> None:
    seen = await both(after_closing)
    assert seen[:3] == ["True", "True", "InterfaceError: connection is closed"]
    assert len(seen) == 8


async def closing_meanwhile(place: Place) -> list[str]:
    seen = []
    for close in ("close", "terminate"):
        connection = await place.connect()
        running = asyncio.ensure_future(connection.execute("select pg_sleep(0.3)"))
        await asyncio.sleep(0)
        closing = getattr(connection, close)()
        if closing is not None:
            await closing
        try:
            await running
        except Exception as raised:
            seen.append(f"{type(raised).__name__}: {raised}")
    return seen


def test_closing_ends_what_is_running(both: Both) -> None:
    # On a server it is a matter of luck whether the cancellation comes before the result.
    assert both.in_the_tab(closing_meanwhile) == repr(
        [
            "QueryCanceledError: canceling statement due to user request",
            "ConnectionDoesNotExistError: connection was closed in the middle of operation",
        ]
    )


async def bad_start(place: Place, settings: dict[str, str]) -> str:
    try:
        await place.connect(server_settings=settings)
    except asyncpg.PostgresError as raised:
        return f"{type(raised).__name__}: {raised}"
    return "connected"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"nonsense": "1"}, "UndefinedObjectError: unrecognized configuration parameter"),
        ({"work_mem": "many"}, "InvalidParameterValueError: invalid value for parameter"),
        ({"application_name": "book"}, "connected"),
    ],
)
async def test_a_parameter_that_the_server_does_not_take_fails_the_connection(
    both: Both, settings: dict[str, str], message: str
) -> None:
    assert (await both(bad_start, settings)).startswith(message)


async def row_that_cannot_be_decoded(place: Place) -> list[str]:
    connection = await place.connect()
    seen = []
    for sql in (
        "select '4713-01-01 BC'::date",
        "select '294276-01-01'::timestamp",
    ):
        try:
            await connection.fetch(sql)
        except Exception as raised:
            seen.append(f"{type(raised).__name__}: {raised}")
    seen.append(await connection.fetchval("select 'and it goes on'"))
    await connection.close()
    return seen


async def test_a_value_that_python_cannot_hold_is_an_error_of_that_statement(both: Both) -> None:
    seen = await both(row_that_cannot_be_decoded)
    assert len(seen) == 3
    assert seen[-1] == "and it goes on"
