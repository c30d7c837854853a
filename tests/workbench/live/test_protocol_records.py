"""The rows and the UUIDs of the replacement behave as those of asyncpg do."""

from __future__ import annotations

import copy
import pickle
import uuid
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import asyncpg
from asyncpg.pgproto.pgproto import UUID

from tests.workbench.live.protocol_peers import Both, Place, _both, _peer  # noqa: F401


class Named(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


_C_ROW, _C_UUID = "asyncpg.protocol.record.Record", "asyncpg.pgproto.pgproto.UUID"


class _One:
    def __index__(self) -> int:
        return 1


def tried(operations: Iterable[Callable[[], Any]]) -> list[str]:
    """Return what each operation returns or raises."""
    seen = []
    for operation in operations:
        try:
            result = operation()
        except Exception as raised:
            # What is written in C is named with its module by the interpreter's own messages.
            text = f"{type(raised).__name__} {raised.args}"
            seen.append(text.replace(_C_ROW, "Record").replace(_C_UUID, "UUID"))
        else:
            seen.append(f"{result!r} {type(result).__name__}")
    return seen


async def rows(place: Place, named: bool) -> list[str]:
    connection = await place.connect(**({"record_class": Named} if named else {}))
    row = await connection.fetchrow("select 1 as a, 'x' as b, null as c, 2 as a")
    same = await connection.fetchrow("select 1 as p, 'x' as q, null as r, 2 as s")
    empty = await connection.fetchrow("select")
    await connection.close()
    assert isinstance(row, Named) is named
    return tried(
        [
            lambda: row,
            lambda: str(row),
            lambda: empty,
            lambda: bool(empty),
            lambda: type(row).__module__,
            asyncpg.Record,
            lambda: (row["a"], row["b"], row[0], row[-1], row[1:3], row[::-1], row[_One()]),
            lambda: row[4],
            lambda: row[-5],
            lambda: row[10**30],
            lambda: row["z"],
            lambda: row[None],
            lambda: row[1.5],
            lambda: row[(1, 2)],
            lambda: row[[]],
            lambda: row[True],
            lambda: (row.get("a"), row.get("z"), row.get("z", 5), row.get(0)),
            row.get,
            lambda: row.get("a", 1, 2),
            lambda: (list(row.keys()), list(row.values()), list(row.items())),
            lambda: (type(row.values()).__name__, type(row.items()).__name__),
            lambda: (iter(row).__length_hint__(), row.items().__length_hint__()),
            lambda: (list(row), tuple(row), dict(row), len(row), list(reversed(row))),
            lambda: ("a" in row, "z" in row, 1 in row, [] in row),
            lambda: (row == same, row == tuple(row), tuple(row) == row, row == list(row)),
            lambda: (row != same, row == empty, row == None),  # noqa: E711
            lambda: (row < (2,), row <= same, row > (0,), row >= (1, "y")),
            lambda: row < [2],
            lambda: hash(row) == hash(tuple(row)),
            lambda: len({row, same, tuple(row)}),
            lambda: pickle.dumps(row),
            lambda: copy.copy(row),
            lambda: copy.deepcopy(row),
            lambda: row + (1,),  # noqa: RUF005
            lambda: [isinstance(row, kind) for kind in (tuple, Mapping, Sequence)],
            lambda: row.b,
            lambda: _match(row),
        ]
    )


def _match(row: Any) -> str:
    match row:
        case [*_]:
            return "sequence"
        case {}:
            return "mapping"
    return "neither"


async def test_a_row_is_a_tuple_with_names(both: Both) -> None:
    seen = await both(rows, False)
    assert seen[0] == "<Record a=1 b='x' c=None a=2> Record"
    assert len(seen) == 37


async def test_a_row_may_have_a_class_of_ones_own(both: Both) -> None:
    seen = await both(rows, True)
    assert seen[0] == "<Named a=1 b='x' c=None a=2> Named"
    assert seen[-2] == "'x' str"


async def untouchable(place: Place) -> list[str]:
    connection = await place.connect()
    row = await connection.fetchrow("select 1 as a, array[1] as list")
    await connection.close()
    kinds = []
    for operation in (
        lambda: setattr(row, "a", 1),
        lambda: row.__setitem__(0, 1),
        lambda: weakref.ref(row),
        lambda: hash(row),
    ):
        try:
            operation()
        except Exception as raised:
            kinds.append(type(raised).__name__)
    row["list"].append(row)
    return [*kinds, repr(row)]


async def test_a_row_cannot_be_changed(both: Both) -> None:
    assert await both(untouchable) == [
        "AttributeError",
        "AttributeError",
        "TypeError",
        "TypeError",
        "<Record a=1 list=[1, <Record ...>]>",
    ]


async def bad_classes(place: Place) -> list[str]:
    class Changed(asyncpg.Record):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

    connection = await place.connect()
    seen = []
    for kind in (Changed, tuple, 5):
        try:
            await connection.fetch("select 1", record_class=kind)
        except asyncpg.InterfaceError as raised:
            seen.append(str(raised).split(", got")[0])
    seen += [type(row).__name__ for row in await connection.fetch("select 1", record_class=Named)]
    await connection.close()
    return seen


async def test_not_every_class_can_be_a_row(both: Both) -> None:
    seen = await both(bad_classes)
    assert seen[0] == "record_class must not redefine __new__ or __init__"
    assert seen[-1] == "Named"


async def uuids(place: Place) -> list[str]:
    connection = await place.connect()
    text = "0f0e0d0c-0b0a-4908-8706-050403020100"
    found = await connection.fetchval("select $1::uuid", text)
    await connection.close()
    standard = uuid.UUID(text)
    zero = UUID(bytes(16))

    def subclass() -> Any:
        return type("Mine", (UUID,), {})

    return tried(
        [
            lambda: found,
            lambda: str(found),
            lambda: type(found).__module__,
            lambda: [kind.__module__ for kind in type(found).__mro__],
            lambda: (found.bytes, found.hex, found.int, found.urn, found.fields, found.version),
            lambda: (found.variant, zero.version, found.is_safe, found.time, found.bytes_le),
            lambda: (found == standard, standard == found, hash(found) == hash(standard)),
            lambda: (zero < found, found <= standard, found > standard, found == text),
            lambda: found < 5,
            lambda: pickle.loads(pickle.dumps(found)),
            lambda: copy.deepcopy(found),
            lambda: f"{found}",
            lambda: UUID(5),  # type: ignore[arg-type]
            lambda: UUID(b"12"),
            lambda: UUID(text.replace("-", "")),
            lambda: UUID("x" * 32),
            lambda: UUID("0" * 31),
            lambda: UUID("0" * 33),
            lambda: UUID("0" * 31 + "-"),
            lambda: UUID("é" * 16),
            lambda: setattr(found, "int", 1),
            lambda: setattr(found, "name", 1),
            subclass,
            lambda: {standard: 1}[found],
        ]
    )


async def test_a_uuid_is_pythons_and_asyncpgs(both: Both) -> None:
    seen = await both(uuids)
    assert seen[0] == "UUID('0f0e0d0c-0b0a-4908-8706-050403020100') UUID"
    assert len(seen) == 24
