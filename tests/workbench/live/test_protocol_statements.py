"""Prepared statements, their cache, types and codecs on the replacement are those of asyncpg."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any

import asyncpg

from tests.missing import skip_unless_on_ci
from tests.workbench.live.protocol_peers import Both, Place, _both, _peer  # noqa: F401


async def attempts(*operations: Any) -> list[Any]:
    """Return what each operation returns or raises."""
    seen: list[Any] = []
    for operation in operations:
        try:
            seen.append(await operation())
        except Exception as raised:
            seen.append(f"{type(raised).__name__}: {raised}")
    return seen


async def prepared(place: Place) -> list[Any]:
    connection = await place.connect()
    await connection.execute("create table book (id int, title text); create type mood as enum ()")
    statement = await connection.prepare("select id, title from book where id = any($1)")
    named = await connection.prepare("insert into book values ($1, $2)", name="add")
    seen: list[Any] = [statement.get_parameters(), statement.get_attributes(), named.get_name()]
    seen += [named.get_attributes(), named.get_statusmsg(), statement.get_query()]
    seen += await attempts(
        lambda: named.fetch(1, "one"),
        lambda: named.fetchval(2, "two"),
        lambda: statement.fetch([1, 2, 3]),
        lambda: statement.fetchrow([2]),
        lambda: statement.fetchval([2], column=1),
        lambda: statement.fetchmany([([1],), ([2],)]),
        lambda: named.executemany([(3, "three"), (4, "four")]),
        lambda: statement.explain([1], analyze=False),
        lambda: connection.fetchval("select 1 where $1", True),
        lambda: connection.prepare("select 1", name="add"),
        lambda: connection.prepare("drop table book"),
    )
    del seen[-1], seen[-3]
    seen += [named.get_statusmsg(), (await connection.prepare("select")).get_attributes()]
    await connection.close()
    return seen


async def test_a_prepared_statement_knows_its_types_and_runs(both: Both) -> None:
    seen = await both(prepared)
    assert seen[0][0].name == "int4[]"
    assert [attribute.name for attribute in seen[1]] == ["id", "title"]
    assert seen[8] == [(1, "one"), (2, "two")]


async def statuses(place: Place) -> list[Any]:
    connection = await place.connect()
    seen = await attempts(
        lambda: connection.execute("create table t (n int)"),
        lambda: connection.execute("insert into t select generate_series(1, 5)"),
        lambda: connection.execute("update t set n = $1 where n > 3", 9),
        lambda: connection.execute("select 1; delete from t where n = 9"),
        lambda: connection.execute("begin; rollback"),
        lambda: connection.execute(""),
        lambda: connection.execute("-- nothing"),
        lambda: connection.fetch(""),
        lambda: connection.fetch("set work_mem = '5MB'"),
        lambda: connection.execute("copy t to stdout"),
        lambda: connection.execute("select 'copy t from stdin'"),
        lambda: connection.fetchrow("select n from t order by n"),
        lambda: connection.fetchrow("select n from t where false"),
        lambda: connection.fetchval("select n, 2 from t order by n", column=1),
        lambda: connection.fetchval("select n from t where n = $1", 99),
        lambda: connection.fetch("select * from t where n = $1", None),
    )
    await connection.close()
    return seen


async def test_statements_return_their_status(both: Both) -> None:
    seen = await both(statuses)
    assert seen[:5] == ["CREATE TABLE", "INSERT 0 5", "UPDATE 2", "DELETE 2", "ROLLBACK"]


async def cached(place: Place) -> list[Any]:
    return [
        await cached_with(place, size, longest)
        for size, longest in ((100, 15360), (0, 15360), (2, 15360), (100, 20))
    ]


async def cached_with(place: Place, size: int, longest: int) -> list[Any]:
    """Run statements again and again, with such a cache."""
    seen: list[Any] = []
    connection = await place.connect(
        statement_cache_size=size, max_cacheable_statement_size=longest
    )
    await connection.execute(
        "drop table if exists t; create table t (a int); insert into t values (1)"
    )
    for _ in range(3):
        for column in ("a", "a, a as b", "a, a as b, a as c"):
            seen.append(await connection.fetch(f"select {column} from t"))  # noqa: PERF401
    names = "select count(*) from pg_prepared_statements where name <> ''"
    seen.append(await connection.fetchval(names))
    # A plan whose rows have other columns than before is prepared again, outside of a
    # transaction.
    await connection.fetch("select * from t")
    await connection.execute("alter table t add b int default 2")
    seen += await attempts(lambda: connection.fetch("select * from t"))
    await connection.execute("alter table t drop a")
    transaction = connection.transaction()
    await transaction.start()
    seen += await attempts(lambda: connection.fetch("select * from t"))
    await transaction.rollback()
    seen += await attempts(lambda: connection.fetch("select * from t"))
    await connection.close()
    return seen


async def test_the_cache_of_statements_is_asyncpgs(both: Both) -> None:
    seen = await both(cached)
    assert seen[0][10] == [(1, 2)]
    assert seen[0][11].startswith("InvalidCachedStatementError: cached statement plan is invalid")
    assert seen[0][12] == [(2,)]
    assert [each[9] for each in seen] == [4, 0, 2, 1]


INTROSPECTED = """
create type mood as enum ('sad', 'ok', 'it''s "fine"');
create domain small as int check (value < 100);
create domain smaller as small;
create type pair as (x int, y text);
create type nested as (one pair, many pair[], mood mood, at timestamptz);
create type span as range (subtype = float8);
create table moods (id small, mood mood, pair pair, spans span[], many mood[]);
"""


async def introspected(place: Place) -> list[Any]:
    connection = await place.connect()
    await connection.execute(INTROSPECTED)
    at = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)
    fetch = connection.fetchval
    seen = await attempts(
        lambda: fetch("select $1::mood", "ok"),
        lambda: fetch("select $1::mood", "angry"),
        lambda: fetch("select $1::mood[]", ["ok", None, 'it\'s "fine"']),
        lambda: fetch("select $1::small", 5),
        lambda: fetch("select $1::small", 500),
        lambda: fetch("select $1::smaller", 5),
        lambda: fetch("select $1::small[]", [5]),
        lambda: fetch("select $1::pair", (1, "a")),
        lambda: fetch("select $1::pair", [1, None]),
        lambda: fetch("select $1::pair", {"y": "a"}),
        lambda: fetch("select $1::pair", {"z": "a"}),
        lambda: fetch("select $1::pair", (1,)),
        lambda: fetch("select $1::pair", (1, "a", 2)),
        lambda: fetch("select $1::pair", ("a", 1)),
        lambda: fetch("select $1::pair", 5),
        lambda: fetch("select $1::pair[]", [(1, "a"), None, {"x": 2}]),
        lambda: fetch("select $1::nested", ((1, "a"), [(2, "b")], "sad", at)),
        lambda: fetch("select $1::span", (1.5, 2)),
        lambda: fetch("select $1::span[]", [(1.5, 2), None]),
        lambda: fetch("select $1::spanmultirange", [(1.5, 2)]),
        lambda: fetch("select row(1, 'a', null, array[1], row(2), 'ok'::mood)"),
        lambda: fetch("select array[row(1, 'a'), row(2, 'b')]"),
        lambda: connection.fetchrow("select m, m.* from (values (1, 'ok'::mood)) m(a, b)"),
        lambda: connection.fetch(
            "insert into moods values ($1, $2, $3, $4, $5) returning *, moods",
            *(1, "ok", (1, "a"), [(0.5, 1)], ["sad"]),
        ),
        lambda: fetch("select '[2:3][1:2]={{1,2},{3,4}}'::int[]"),
        lambda: fetch("""select '{{"a b",NULL},{"\\"","{}"}}'::text[]::xml[]"""),
        lambda: fetch("select '{int4,\"double precision\"}'::regtype[]"),
        lambda: fetch("select '[0:1]={$1.50,\"$2,000.00\"}'::money[]"),
        lambda: fetch("select '{}'::money[]"),
        lambda: fetch("select relacl from pg_class where relname = 'pg_class'"),
        lambda: fetch("select pg_sleep(0)"),
        lambda: fetch("select txid_current_snapshot() is null"),
        lambda: fetch("select '(1,2)'::tid"),
    )
    statement = await connection.prepare("select $1::small, $2::mood[], $3::pair, $4::span")
    seen += [
        [(kind.name, kind.kind, kind.schema) for kind in statement.get_parameters()],
        [
            (found.name, found.type.name, found.type.kind, found.type.schema)
            for found in statement.get_attributes()
        ],
    ]
    await connection.close()
    return seen


async def test_types_of_ones_own_are_introspected(both: Both) -> None:
    seen = await both(introspected)
    assert seen[0] == "ok"
    assert seen[7] == (1, "a")
    assert len(seen) == 35


async def changed_type(place: Place) -> list[Any]:
    connection = await place.connect()
    await connection.execute("create type pair as (x int, y text)")
    other = await place.connect()
    fetch = "select row(1, 'a')::pair"
    seen: list[Any] = [await connection.fetchval(fetch)]
    await other.execute("alter type pair add attribute z int")
    changed = "select row(1, 'a', 2)::pair"
    seen += await attempts(lambda: connection.fetchval(changed))
    seen += await attempts(lambda: connection.fetchval(changed))
    await other.execute("alter type pair rename attribute z to last")
    seen += await attempts(lambda: connection.fetchval(changed))
    # From here on `changed` would read its number as a text, at any place of the memory.
    await other.execute("alter type pair alter attribute last type text")
    await connection.reload_schema_state()
    seen += await attempts(lambda: connection.fetchval("select row(1, 'a', 'b')::pair"))
    await connection.close()
    await other.close()
    return seen


async def test_a_type_that_changed_is_introspected_again(both: Both) -> None:
    seen = await both(changed_type)
    assert seen[1].startswith("OutdatedSchemaCacheError: unexpected number of attributes")
    assert seen[2] == (1, "a", 2)
    assert list(seen[4].items()) == [("x", 1), ("y", "a"), ("last", "b")]


async def custom(place: Place) -> list[Any]:
    connection = await place.connect()
    await connection.execute("create type pair as (x int, y text); create type mood as enum ('a')")
    fetch, use, forget = (
        connection.fetchval,
        connection.set_type_codec,
        connection.reset_type_codec,
    )
    system = {"schema": "pg_catalog"}
    tuples = {**system, "format": "tuple"}
    seen = await attempts(
        lambda: use("jsonb", encoder=json.dumps, decoder=json.loads, **system),
        lambda: use("json", encoder=json.dumps, decoder=json.loads, **system),
        lambda: fetch("select $1::jsonb", {"a": [1, None]}),
        lambda: fetch("select $1::jsonb[]", [{"a": 1}, None, "x"]),
        lambda: fetch("select $1::json", "text"),
        lambda: fetch("select row('{\"a\": 1}'::jsonb)"),
        lambda: fetch("select $1::jsonb", object),
        lambda: forget("jsonb", **system),
        lambda: fetch("select $1::jsonb", '{"a": 1}'),
        lambda: use(
            "int4", encoder=lambda n: n.to_bytes(4, "big"), decoder=bytes, format="binary", **system
        ),
        lambda: fetch("select $1::int", 5),
        lambda: fetch("select $1::int[]", [5, 6]),
        lambda: forget("int4", **system),
        lambda: use(
            "interval", encoder=lambda n: (n, 0, 0), decoder=list, format="tuple", **system
        ),
        lambda: fetch("select $1::interval", 3),
        lambda: use("timestamptz", encoder=lambda n: (n,), decoder=list, **tuples),
        lambda: fetch("select $1::timestamptz", 5),
        lambda: use("date", encoder=lambda n: (n,), decoder=list, **tuples),
        lambda: fetch("select $1::date", 5),
        lambda: use("time", encoder=lambda n: (n,), decoder=list, **tuples),
        lambda: fetch("select $1::time", 5),
        lambda: use("timetz", encoder=lambda n: (n, 60), decoder=list, **tuples),
        lambda: fetch("select $1::timetz", 5),
        lambda: fetch("select $1::date", "x"),
        lambda: use("pair", encoder=lambda n: (n, "y"), decoder=dict, format="tuple"),
        lambda: fetch("select $1::pair", 5),
        lambda: use("int8", encoder=int, decoder=int, **tuples),
        lambda: use("int8", encoder=int, decoder=int, format="other", **system),
        lambda: use("pair", encoder=int, decoder=int),
        lambda: use("nowhere", encoder=int, decoder=int),
        lambda: use("numeric", encoder=str, decoder=float, **system),
        lambda: fetch("select $1::numeric", Decimal("1.50")),
        lambda: use("mood", encoder=str.lower, decoder=str.upper),
        lambda: fetch("select $1::mood", "A"),
        lambda: fetch("select $1::mood[]", ["A"]),
    )
    failing = connection.fetch("select '{}'::json from generate_series(1, 3)")
    await use("json", encoder=str, decoder=lambda text: text[9], **system)
    seen += await attempts(lambda: failing)
    seen += await attempts(lambda: fetch("select 'and it goes on'"))
    await connection.close()
    return seen


async def test_types_can_have_codecs_of_ones_own(both: Both) -> None:
    seen = await both(custom)
    assert seen[2:5] == [{"a": [1, None]}, [{"a": 1}, None, "x"], "text"]
    assert seen[-2] == "IndexError: string index out of range"
    assert seen[-1] == "and it goes on"


async def built_in(place: Place) -> list[Any]:
    connection = await place.connect()
    try:
        await connection.execute("create extension hstore")
    except asyncpg.PostgresError:
        return []
    await connection.execute("create extension citext")
    fetch, alias = connection.fetchval, connection.set_builtin_type_codec
    seen = await attempts(
        lambda: fetch("select 'a=>1, b=>null'::hstore"),
        lambda: alias("hstore", codec_name="pg_contrib.hstore"),
        lambda: fetch("select 'a=>1, b=>null'::hstore"),
        lambda: fetch("select $1::hstore", {"é": "1", "b": None}),
        lambda: fetch("select $1::hstore", [("a", "1")]),
        lambda: fetch("select $1::hstore", {"a": 1}),
        lambda: fetch("select $1::hstore", {None: "1"}),
        lambda: fetch("select $1::hstore[]", [{"a": "1"}]),
        lambda: fetch("select ''::hstore"),
        lambda: alias("hstore", codec_name="pg_contrib.hstore", format="text"),
        lambda: alias("hstore", codec_name="nonsense"),
        lambda: alias("hstore", codec_name="int", format="other"),
        lambda: fetch("select $1::citext", "Text"),
        lambda: alias("citext", codec_name="int4"),
        lambda: fetch("select 'four'::citext"),
        lambda: fetch("select 'three and more'::citext"),
        lambda: fetch("select 'abc'::citext"),
        lambda: fetch("select 'and it goes on'::text"),
    )
    await connection.execute("drop extension hstore, citext")
    await connection.close()
    return seen


async def test_types_of_extensions_can_be_treated_as_known_ones(both: Both) -> None:
    seen = await both(built_in)
    if not seen:
        skip_unless_on_ci("this server has no hstore: install PostgreSQL's contributed modules")
    assert seen[2] == {"a": "1", "b": None}
    assert seen[-1] == "and it goes on"
