"""Geometric types, all made of 64-bit floating-point numbers."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from asyncpg.pgproto.types import Box, Circle, Line, LineSegment, Path, Point, Polygon

from ..codec import Context
from .numbers import as_double

_TWO, _THREE, _FOUR = struct.Struct("!2d"), struct.Struct("!3d"), struct.Struct("!4d")


def encode_point(_: Context, value: Any) -> bytes:
    """Encode a pair of numbers."""
    return _TWO.pack(as_double(value[0]), as_double(value[1]))


def decode_point(_: Context, data: bytes) -> Point:
    """Decode to Point."""
    return Point(*_TWO.unpack(data))


def encode_pair(context: Context, value: Any) -> bytes:
    """Encode two points: a box or a line segment."""
    return _encode_points(context, (value[0], value[1]))


def decode_box(_: Context, data: bytes) -> Box:
    """Decode to Box."""
    numbers = _FOUR.unpack(data)
    return Box(Point(*numbers[:2]), Point(*numbers[2:]))


def decode_segment(_: Context, data: bytes) -> LineSegment:
    """Decode to LineSegment."""
    numbers = _FOUR.unpack(data)
    return LineSegment(numbers[:2], numbers[2:])


def encode_line(_: Context, value: Any) -> bytes:
    """Encode the three coefficients of a line."""
    return _THREE.pack(as_double(value[0]), as_double(value[1]), as_double(value[2]))


def decode_line(_: Context, data: bytes) -> Line:
    """Decode to Line."""
    return Line(*_THREE.unpack(data))


def encode_circle(_: Context, value: Any) -> bytes:
    """Encode a centre and a radius."""
    return _THREE.pack(as_double(value[0][0]), as_double(value[0][1]), as_double(value[1]))


def decode_circle(_: Context, data: bytes) -> Circle:
    """Decode to Circle, whose centre is a plain tuple as asyncpg makes it."""
    x, y, radius = _THREE.unpack(data)
    return Circle((x, y), radius)


def encode_path(context: Context, value: Any) -> bytes:
    """Encode points; a tuple of them is a closed path, a list an open one."""
    closed = isinstance(value, tuple)
    if isinstance(value, Path):
        closed = value.is_closed
    head = struct.pack("!?i", closed, len(value))
    return head + _encode_points(context, value)


def decode_path(_: Context, data: bytes) -> Path:
    """Decode to Path."""
    return Path(*_decode_points(data[1:]), is_closed=data[0] == 1)


def encode_polygon(context: Context, value: Any) -> bytes:
    """Encode points."""
    return struct.pack("!i", len(value)) + _encode_points(context, value)


def decode_polygon(_: Context, data: bytes) -> Polygon:
    """Decode to Polygon."""
    return Polygon(*_decode_points(data))


def _encode_points(context: Context, points: Iterable[Any]) -> bytes:
    return b"".join([encode_point(context, point) for point in points])


def _decode_points(data: bytes) -> list[Point]:
    return [Point(*pair) for pair in _TWO.iter_unpack(data[4:])]
