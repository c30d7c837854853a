"""Dates and times: microseconds or days since the year 2000."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from ..codec import Context, Decode, Encode
from .numbers import as_c_integer

_DAYS = struct.Struct("!i")
_TIME = struct.Struct("!q")
_TIME_ZONED = struct.Struct("!qi")
_INTERVAL = struct.Struct("!qii")

_EPOCH = datetime(2000, 1, 1)
_EPOCH_UTC = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_SECOND = 1_000_000

_FOREVER, _NEVER = 2**63 - 1, -(2**63)
_FOREVER_DAYS, _NEVER_DAYS = 2**31 - 1, -(2**31)
_FIRST, _LAST = datetime.min, datetime.max
# Seconds are compared as if they counted from 2000, for times and intervals too.
_LAST_MICROSECONDS = 252455615999999999
_FIRST_MICROSECONDS = -63082281600000000


def encode_date(_: Context, value: Any) -> bytes:
    """Encode a date; the last and the first one stand for infinity."""
    ordinal = value.toordinal()
    if ordinal == date.max.toordinal():
        return _DAYS.pack(_FOREVER_DAYS)
    if ordinal == date.min.toordinal():
        return _DAYS.pack(_NEVER_DAYS)
    return _DAYS.pack(ordinal - _EPOCH_ORDINAL)


def decode_date(_: Context, data: bytes) -> date:
    """Decode to date."""
    days = _DAYS.unpack(data)[0]
    if days == _FOREVER_DAYS:
        return date.max
    if days == _NEVER_DAYS:
        return date.min
    return date.fromordinal(days + _EPOCH_ORDINAL)


def _microseconds(seconds: int, microseconds: int) -> int:
    total = seconds * _SECOND + microseconds
    if total == _LAST_MICROSECONDS:
        return _FOREVER
    return _NEVER if total == _FIRST_MICROSECONDS else total


def _since(delta: timedelta) -> int:
    return _microseconds(delta.days * 86400 + delta.seconds, delta.microseconds)


def _not_a_date(value: Any) -> TypeError:
    return TypeError(
        f"expected a datetime.date or datetime.datetime instance, got {type(value).__name__!r}"
    )


def encode_timestamp(_: Context, value: Any) -> bytes:
    """Encode a datetime without a time zone, or the start of a date."""
    if not isinstance(value, datetime):
        if not isinstance(value, date):
            raise _not_a_date(value)
        value = datetime(value.year, value.month, value.day)
    return _TIME.pack(_since(value - _EPOCH))


def encode_timestamptz(_: Context, value: Any) -> bytes:
    """Encode a datetime; one without a time zone is local time."""
    if not isinstance(value, datetime):
        if not isinstance(value, date):
            raise _not_a_date(value)
        value = datetime(value.year, value.month, value.day, tzinfo=_local_timezone())
    if value == _LAST:
        return _TIME.pack(_FOREVER)
    if value == _FIRST:
        return _TIME.pack(_NEVER)
    return _TIME.pack(_since(value.astimezone(UTC) - _EPOCH_UTC))


def _local_timezone() -> timezone:
    offset = datetime.now(UTC).astimezone().utcoffset()
    assert offset is not None
    return timezone(offset)


def _decoder_since(epoch: datetime) -> Decode:
    def decode(_: Context, data: bytes) -> datetime:
        microseconds = _TIME.unpack(data)[0]
        if microseconds == _FOREVER:
            return _LAST
        if microseconds == _NEVER:
            return _FIRST
        return epoch + timedelta(0, microseconds // _SECOND, microseconds % _SECOND)

    return decode


decode_timestamp = _decoder_since(_EPOCH)
decode_timestamptz = _decoder_since(_EPOCH_UTC)


def _time_of_day(value: Any) -> int:
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return _microseconds(seconds, value.microsecond)


def _time(microseconds: int) -> time:
    minutes, rest = divmod(microseconds, 60 * _SECOND)
    return time(minutes // 60, minutes % 60, rest // _SECOND, rest % _SECOND)


def encode_time(_: Context, value: Any) -> bytes:
    """Encode a time."""
    return _TIME.pack(_time_of_day(value))


def decode_time(_: Context, data: bytes) -> time:
    """Decode to time."""
    return _time(_TIME.unpack(data)[0])


def encode_timetz(_: Context, value: Any) -> bytes:
    """Encode a time with its offset from UTC, which PostgreSQL counts to the west."""
    offset = value.tzinfo.utcoffset(None)
    west = -(offset.days * 86400 + offset.seconds)
    return _TIME_ZONED.pack(_time_of_day(value), west)


def decode_timetz(_: Context, data: bytes) -> time:
    """Decode to a time with an offset in minutes."""
    microseconds, west = _TIME_ZONED.unpack(data)
    offset = timezone(timedelta(minutes=-int(west / 60)))
    return _time(microseconds).replace(tzinfo=offset)


def encode_interval(_: Context, value: Any) -> bytes:
    """Encode a timedelta as days and microseconds."""
    days = value.days
    return _INTERVAL.pack(_microseconds(value.seconds, value.microseconds), days, 0)


def decode_interval(_: Context, data: bytes) -> timedelta:
    """Decode to timedelta; a month has 30 days and a year 365."""
    microseconds, days, months = _INTERVAL.unpack(data)
    if microseconds in {_FOREVER, _NEVER}:
        microseconds = 0
    years, rest = divmod(abs(months), 12)
    if months < 0:
        years, rest = -years, -rest
    return timedelta(
        days=days + rest * 30 + years * 365,
        seconds=microseconds // _SECOND,
        microseconds=microseconds % _SECOND,
    )


def _tuples(
    layout: struct.Struct, name: str, expected: str, order: Callable[[Any], Any] = tuple
) -> tuple[Encode, Decode]:
    """Return the codec of the integers as they are sent, for a reader's own codec on tuples."""
    codes = layout.format[1:]
    size = len(codes)

    def encode(_: Context, value: Any) -> bytes:
        if name == "interval" and not isinstance(value, tuple):
            raise TypeError(f"Expected tuple, got {type(value).__name__}")
        if len(value) != size:
            raise ValueError(
                f"{name} tuple encoder: expecting {expected} in tuple, got {len(value)}"
            )
        numbers = [_integer(code, number) for code, number in zip(order(codes), value, strict=True)]
        return layout.pack(*order(numbers))

    def decode(_: Context, data: bytes) -> tuple[int, ...]:
        numbers: tuple[int, ...] = order(layout.unpack(data))
        return numbers

    return encode, decode


def _integer(code: str, value: Any) -> int:
    return as_c_integer(value, 63, "long") if code == "q" else as_c_integer(value, 31, "int32_t")


def _reversed(numbers: Any) -> Any:
    return numbers[::-1]


DATE_TUPLE = _tuples(_DAYS, "date", "1 element")
TIME_TUPLE = _tuples(_TIME, "time", "1 element")
TIMETZ_TUPLE = _tuples(_TIME_ZONED, "time", "2 elements2")
TIMESTAMP_TUPLE = _tuples(_TIME, "timestamp", "1 element")
# Tuples have months first, messages have them last.
INTERVAL_TUPLE = _tuples(_INTERVAL, "interval", "3 elements", _reversed)
