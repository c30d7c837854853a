"""Values of every type go to PostgreSQL and come back as they do with asyncpg."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
from typing import Any

import pytest
from asyncpg.pgproto.pgproto import UUID
from asyncpg.types import BitString, Box, Circle, Line, LineSegment, Path, Point, Polygon, Range
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from tests.workbench.live.protocol_peers import Both, Place, _both, _peer  # noqa: F401

type Values = some.SearchStrategy[Any]


async def echo(place: Place, kind: str, values: list[Any]) -> list[str]:
    """Return how each value comes back, and how PostgreSQL writes it, or what it raises."""
    connection = await place.connect()
    seen = []
    for value in values:
        try:
            row = await connection.fetchrow(f"select $1::{kind}, ($1::{kind})::text", value)
        except Exception as raised:
            seen.append(f"{type(raised).__module__}.{type(raised).__name__}: {raised}")
        else:
            seen.append(f"{_shown(row[0])} {type(row[0])} {row[1]!r}")
    await connection.close()
    return seen


def _shown(value: Any) -> str:
    if isinstance(value, Path):
        return f"{value.points} {value.is_closed}"
    return repr(value)


integers = some.one_of(
    some.integers(-10, 10),
    some.integers(-(2**17), 2**17),
    some.integers(-(2**33), 2**33),
    some.integers(-(2**66), 2**66),
)
decimals = some.one_of(
    some.decimals(),
    some.decimals(min_value=-10000, max_value=10000, allow_nan=False),
    some.tuples(some.integers(-(10**12), 10**12), some.integers(-60, 60)).map(
        lambda parts: f"{parts[0]}E{parts[1]:+}"
    ),
    some.sampled_from(["0", "-0", "0.00", "1E+20", "1E-20", "10000.00", "0.0001", "9999.9999"]),
    some.sampled_from(["1e200", "1e20000", "1e-20000", "sNaN", "-Infinity"]),
)
numbers = some.one_of(integers, some.floats(), some.decimals(), some.booleans())
texts = some.one_of(some.text(max_size=20), some.text('aé€😀"\\{}, \t\n', max_size=8))
zones = some.integers(-23 * 60, 23 * 60).map(
    lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes))
)
dates = some.one_of(some.dates(), some.sampled_from([datetime.date.min, datetime.date.max]))
datetimes = some.one_of(
    some.datetimes(),
    some.datetimes(timezones=zones),
    some.sampled_from([datetime.datetime.min, datetime.datetime.max]),
    dates,
)
times = some.one_of(some.times(), some.times(timezones=zones), some.datetimes())
intervals = some.one_of(
    some.timedeltas(),
    some.timedeltas(datetime.timedelta(days=-800), datetime.timedelta(days=800)),
)
uuids = some.one_of(
    some.uuids(),
    some.uuids().map(str),
    some.uuids().map(lambda value: UUID(value.bytes)),
    some.text("0123456789abcdefAF-xé", min_size=30, max_size=38),
)
addresses = some.one_of(
    some.ip_addresses(),
    some.ip_addresses().map(str),
    some.tuples(some.ip_addresses(), some.integers(0, 32)).map(ipaddress.ip_interface),
    some.tuples(some.ip_addresses(), some.integers(0, 33)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
)
networks = some.one_of(
    addresses,
    some.tuples(some.ip_addresses(), some.integers(0, 32)).map(
        lambda pair: ipaddress.ip_interface(pair).network
    ),
)
bits = some.one_of(
    some.text("01 ", max_size=20).map(BitString),  # type: ignore[arg-type]
    some.binary(max_size=3),
    some.binary(max_size=3).map(bytearray),
)
floats = some.floats(allow_nan=False, width=32)
points = some.one_of(some.tuples(floats, floats), some.builds(Point, floats, floats))
pairs = some.one_of(
    some.tuples(points, points),
    some.builds(Box, points, points),
    some.builds(LineSegment, points, points),
)
paths = some.one_of(
    some.lists(points, max_size=4),
    some.lists(points, max_size=4).map(tuple),
    some.lists(points, max_size=4).map(lambda each: Path(*each)),
    some.lists(points, max_size=4).map(lambda each: Path(*each, is_closed=True)),
    some.lists(points, max_size=4).map(lambda each: Polygon(*each)),
)
lines = some.one_of(some.tuples(floats, floats, floats), some.builds(Line, floats, floats, floats))
circles = some.one_of(some.tuples(points, floats), some.builds(Circle, points, floats))
documents = some.recursive(
    some.none() | some.booleans() | some.integers() | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
).map(json.dumps)


def ranges(bounds: Values) -> Values:
    """Every way to write a range: Range objects, tuples, lists."""
    bound = some.none() | bounds
    return some.one_of(
        some.builds(
            Range,
            bound,
            bound,
            lower_inc=some.booleans(),
            upper_inc=some.booleans(),
            empty=some.booleans(),
        ),
        some.lists(bound, max_size=3),
        some.lists(bound, max_size=3).map(tuple),
    )


def ordered(bounds: Values) -> Values:
    """Ranges that are valid."""
    return some.tuples(bounds, bounds).map(lambda pair: Range(*sorted(pair)))


def arrays(elements: Values) -> Values:
    """Arrays with up to three dimensions, some of them ragged, some with NULL."""
    flat = some.lists(some.none() | elements, max_size=3)
    square = some.integers(0, 3).flatmap(
        lambda size: some.lists(some.lists(elements, min_size=size, max_size=size), max_size=3)
    )
    return some.one_of(
        flat,
        flat.map(tuple),
        square,
        square.map(lambda each: [each, each]),
        some.lists(flat, max_size=3),
        some.lists(some.one_of(elements, flat), max_size=3),
    )


# asyncpg loses empty text in arrays of types that it exchanges as text: it gives a null pointer.
elements = some.integers() | some.text(min_size=1, max_size=3)
anything: Values = some.one_of(
    some.none(),
    numbers,
    texts,
    some.binary(max_size=5),
    dates,
    datetimes,
    times,
    intervals,
    some.uuids(),
    addresses,
    points,
    some.lists(elements, max_size=3),
    some.lists(elements, max_size=3).map(tuple),
    some.dictionaries(some.text(max_size=3), some.integers(), max_size=2),
    some.complex_numbers(),
    some.just(...),
)
small = some.integers(-50, 50)
TYPES: dict[str, Values] = {
    "bool": some.booleans() | small,
    "int2": numbers,
    "int4": numbers,
    "int8": numbers,
    "oid": numbers,
    "xid": numbers,
    "xid8": numbers,
    "cid": numbers,
    "pg_lsn": numbers,
    "float4": numbers,
    "float8": numbers,
    "numeric": some.one_of(decimals, numbers),
    "numeric(12, 3)": some.decimals(-(10**8), 10**8, places=5),
    "text": texts,
    "varchar(3)": texts,
    "bpchar": texts,
    "char(4)": texts,
    "name": texts,
    '"char"': some.binary(max_size=2),
    "xml": some.sampled_from(["<a/>", "<a>é</a>", "<a", ""]),
    "json": documents | texts,
    "jsonb": documents | texts,
    "jsonpath": some.sampled_from(["$", "$.a", "$[*] ? (@ > 1)", "$$$", ""]),
    "bytea": some.one_of(some.binary(), some.binary().map(memoryview).map(bytes), bits),
    "date": some.one_of(dates, datetimes),
    "time": times,
    "timetz": times,
    "timestamp": datetimes,
    "timestamptz": datetimes,
    "interval": intervals,
    "uuid": uuids,
    "inet": addresses,
    "cidr": networks,
    "macaddr": some.sampled_from(["08:00:2b:01:02:03", "08002b:010203", "x"]),
    "macaddr8": some.sampled_from(["08:00:2b:01:02:03:04:05", "x"]),
    "bit(5)": bits,
    "varbit": bits,
    "money": some.sampled_from(["1.50", "-3", "x"]),
    "point": points,
    "box": pairs,
    "lseg": pairs,
    "line": lines,
    "circle": circles,
    "path": paths,
    "polygon": paths,
    "tid": some.tuples(integers, integers) | some.lists(small, max_size=3),
    "pg_snapshot": some.tuples(
        some.integers(1, 9), some.integers(9, 20), some.lists(some.integers(9, 12), max_size=2)
    ),
    "regclass": some.sampled_from(["pg_class", "nowhere", "pg_catalog.pg_type"]),
    "regtype": some.sampled_from(["int4", "text[]", "nothing"]),
    "tsvector": texts,
    "tsquery": some.sampled_from(["a & b", "a <-> !b", "&"]),
    "int4range": ranges(small) | ordered(small),
    "int8range": ranges(integers),
    "numrange": ranges(decimals),
    "daterange": ranges(dates) | ordered(some.dates()),
    "tsrange": ranges(some.datetimes()),
    "tstzrange": ranges(some.datetimes(timezones=zones)),
    "int4multirange": some.lists(ranges(small) | ordered(small), max_size=3),
    "nummultirange": some.lists(ranges(small), max_size=2).map(tuple),
    "int4[]": arrays(small),
    "text[]": arrays(texts),
    "oid[]": arrays(some.integers(0, 2**32)),
    "numeric[]": arrays(decimals),
    "timestamptz[]": arrays(some.datetimes(timezones=zones)),
    "uuid[]": arrays(uuids),
    "jsonb[]": arrays(documents),
    "point[]": arrays(points),
    "int4range[]": arrays(ordered(small)),
    "money[]": arrays(some.sampled_from(["1.50", "-3"])),
    "regtype[]": arrays(some.sampled_from(["int4", "text[]", "character varying"])),
    "tsvector[]": arrays(some.sampled_from(["a b", "'x y':1", '"', "\\\\", "null"])),
    "box[]": arrays(pairs),
}
repeatedly = settings(
    max_examples=2,
    deadline=None,
    # An example is a list of values already; making it smaller costs minutes.
    phases=[Phase.generate],
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("kind", TYPES)
@repeatedly
@given(data=some.data())
def test_values_go_and_come_back_as_with_asyncpg(
    both: Both, kind: str, data: some.DataObject
) -> None:
    values = data.draw(some.lists(TYPES[kind], min_size=15, max_size=30))
    asyncio.run(both(echo, kind, values, empty=False))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.filterwarnings("ignore:__int__ returned non-int:DeprecationWarning")
@repeatedly
@given(data=some.data())
def test_what_cannot_be_sent_raises_what_asyncpg_raises(
    both: Both, kind: str, data: some.DataObject
) -> None:
    values = data.draw(some.lists(anything, min_size=15, max_size=30))
    asyncio.run(both(echo, kind, values, empty=False))
