"""The codecs of the types that come with PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

from .codec import Codec, Decode, Encode, Format
from .codecs import (
    arrays,
    composites,
    dates,
    geometry,
    hstore,
    identifiers,
    network,
    numbers,
    numeric,
    octets,
    text,
)
from .type_names import BUILTIN_TYPE_OID_MAP

type _Ways = tuple[Encode | None, Decode | None]

_TEXT: _Ways = (text.encode_text, text.decode_text)
_BYTEA: _Ways = (octets.encode_bytea, octets.decode_bytea)
_NONE: _Ways = (None, None)
_INT4, _INT8 = numbers.integer("i"), numbers.integer("q")
_UINT4, _UINT8 = numbers.integer("I"), numbers.integer("Q")
_SNAPSHOT: _Ways = (identifiers.encode_snapshot, identifiers.decode_snapshot)

# By the names of pg_type; the size is that of each value, where all have the same.
_BINARY: dict[str, tuple[_Ways, int | None]] = {
    "bool": ((numbers.encode_bool, numbers.decode_bool), None),
    "bytea": (_BYTEA, None),
    "char": (_BYTEA, None),
    "int8": (_INT8, 8),
    "int2": (numbers.integer("h"), 2),
    "int4": (_INT4, 4),
    "oid": (_UINT4, 4),
    "xid": (_UINT4, 4),
    "cid": (_UINT4, 4),
    "xid8": (_UINT8, 8),
    "oid8": (_UINT8, 8),
    "pg_lsn": (_INT8, 8),
    "float4": ((numbers.encode_float4, numbers.decode_float4), 4),
    "float8": ((numbers.encode_float8, numbers.decode_float8), 8),
    "numeric": ((numeric.encode_numeric, numeric.decode_numeric), None),
    "name": (_TEXT, None),
    "bpchar": (_TEXT, None),
    "varchar": (_TEXT, None),
    "text": (_TEXT, None),
    "xml": (_TEXT, None),
    "cstring": (_TEXT, None),
    "json": (_TEXT, None),
    "jsonb": ((text.encode_versioned, text.decode_jsonb), None),
    "jsonpath": ((text.encode_versioned, text.decode_jsonpath), None),
    "date": ((dates.encode_date, dates.decode_date), 4),
    "time": ((dates.encode_time, dates.decode_time), 8),
    "timetz": ((dates.encode_timetz, dates.decode_timetz), 12),
    "timestamp": ((dates.encode_timestamp, dates.decode_timestamp), 8),
    "timestamptz": ((dates.encode_timestamptz, dates.decode_timestamptz), 8),
    "interval": ((dates.encode_interval, dates.decode_interval), 16),
    "bit": ((octets.encode_bits, octets.decode_bits), None),
    "varbit": ((octets.encode_bits, octets.decode_bits), None),
    "uuid": ((identifiers.encode_uuid, identifiers.decode_uuid), None),
    "tid": ((identifiers.encode_tid, identifiers.decode_tid), 6),
    "txid_snapshot": (_SNAPSHOT, None),
    "pg_snapshot": (_SNAPSHOT, None),
    "cidr": ((network.encode_cidr, network.decode_cidr), None),
    "inet": ((network.encode_inet, network.decode_inet), None),
    "point": ((geometry.encode_point, geometry.decode_point), 16),
    "box": ((geometry.encode_pair, geometry.decode_box), 32),
    "lseg": ((geometry.encode_pair, geometry.decode_segment), 32),
    "line": ((geometry.encode_line, geometry.decode_line), 24),
    "circle": ((geometry.encode_circle, geometry.decode_circle), 24),
    "path": ((geometry.encode_path, geometry.decode_path), None),
    "polygon": ((geometry.encode_polygon, geometry.decode_polygon), None),
    "void": ((octets.encode_void, octets.decode_void), None),
    "record": ((composites.encode_anonymous, composites.decode_anonymous), None),
    "pg_mcv_list": (_BYTEA, None),
    "pg_brin_bloom_summary": ((None, octets.decode_bytea), None),
    "pg_brin_minmax_multi_summary": ((None, octets.decode_bytea), None),
    # What introspection asks with, before any other array is known.
    "text[]": (
        (
            arrays.array_encoder(25, text.encode_text),
            arrays.array_decoder(text.decode_text),
        ),
        None,
    ),
    "oid[]": ((arrays.array_encoder(26, _UINT4[0]), arrays.array_decoder(_UINT4[1])), None),
}
_AS_TEXT = """
    name bpchar varchar text xml unknown money macaddr macaddr8 tsquery tsvector aclitem smgr
    abstime reltime tinterval pg_dependencies pg_ndistinct refcursor regproc regprocedure regoper
    regoperator regclass regtype regconfig regdictionary regnamespace regrole regcollation
    regdatabase
"""
_FROM_TEXT_ONLY = "anyenum gtsvector pg_node_tree"
# No value of these is ever sent.
_WITHOUT_VALUES = """
    any trigger event_trigger language_handler fdw_handler tsm_handler internal opaque anyelement
    anynonarray anycompatible anycompatiblearray anycompatiblenonarray anycompatiblerange
    anycompatiblemultirange anyrange anymultirange anyarray pg_ddl_command index_am_handler
    table_am_handler
"""
_TUPLES = {
    "date": dates.DATE_TUPLE,
    "time": dates.TIME_TUPLE,
    "timetz": dates.TIMETZ_TUPLE,
    "timestamp": dates.TIMESTAMP_TUPLE,
    "timestamptz": dates.TIMESTAMP_TUPLE,
    "interval": dates.INTERVAL_TUPLE,
}

_oids = {name: oid for oid, name in BUILTIN_TYPE_OID_MAP.items()}


def _codec(name: str, ways: _Ways, format: Format, size: int | None = None) -> Codec:  # noqa: A002
    kind = "array" if name.endswith("[]") else "scalar"
    return Codec(_oids[name], name, "pg_catalog", kind, format, *ways, size)


def _all() -> Iterator[Codec]:
    for name, (ways, size) in _BINARY.items():
        yield _codec(name, ways, Format.BINARY, size)
    for name in _WITHOUT_VALUES.split():
        yield _codec(name, _NONE, Format.BINARY)
    for name in _AS_TEXT.split():
        yield _codec(name, _TEXT, Format.TEXT)
    for name in _FROM_TEXT_ONLY.split():
        yield _codec(name, (None, text.decode_text), Format.TEXT)
    in_text: _Ways = (numeric.encode_numeric_text, numeric.decode_numeric_text)
    yield _codec("numeric", in_text, Format.TEXT)


CORE = {(codec.oid, codec.format): codec for codec in _all()}
"""By number of type and format."""

TUPLES = {_oids[name]: _codec(name, ways, Format.BINARY) for name, ways in _TUPLES.items()}
"""By number of type: the codecs below a reader's own ones in the format "tuple"."""

_hstore: _Ways = (hstore.encode_hstore, hstore.decode_hstore)
EXTENSIONS = {
    ("pg_contrib.hstore", Format.BINARY): Codec(
        0, "pg_contrib.hstore", None, "scalar", Format.BINARY, *_hstore
    )
}
"""By name and format: types of extensions, whose numbers differ from database to database."""
