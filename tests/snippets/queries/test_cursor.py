from __future__ import annotations

import base64
import hmac
import json
import math
import string
import struct
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from snippets.queries import cursor
from snippets.queries.cursor import CursorCodec, InvalidCursor, Position

OLD, NEW = b"o" * 32, b"n" * 32
codec = CursorCodec(keys=[NEW])
URL_SAFE = string.ascii_letters + string.digits + "-_"

values = st.lists(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals(allow_nan=False)
    | st.text(st.characters(), max_size=50)
    | st.binary(max_size=50)
    | st.uuids()
    | st.dates(date(1, 1, 2), date(9999, 12, 30))
    | st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))
    | st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.timezones()),
    max_size=4,
).map(tuple)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float):
        return isinstance(other, float) and (
            struct.pack("d", one) == struct.pack("d", other)
            or (math.isnan(one) and math.isnan(other))
        )
    if isinstance(one, datetime) and one.tzinfo is not None:
        one, other = one.astimezone(UTC), other.astimezone(UTC)
    return type(one) is type(other) and one == other


@given(values, st.booleans(), st.text(st.characters(codec="utf-8")))
def test_a_position_comes_back_whole(
    values: tuple[Any, ...], backward: bool, bound_to: str
) -> None:
    roomy = CursorCodec(keys=[NEW], longest=10_000)
    token = roomy.encode(Position(values, backward), bound_to=bound_to)
    position = roomy.decode(token, bound_to=bound_to)
    assert set(token) <= set(URL_SAFE)
    assert position.backward is backward
    assert position.values is not None
    assert len(position.values) == len(values)
    assert all(map(same, values, position.values))


@pytest.mark.parametrize("backward", [False, True])
def test_the_ends_of_a_list_are_positions_too(backward: bool) -> None:
    token = codec.encode(Position(None, backward), bound_to="")
    assert codec.decode(token, bound_to="") == Position(None, backward)


def test_equal_positions_have_equal_tokens() -> None:
    tokens = {codec.encode(Position((1, "a")), bound_to="tasks") for _ in range(3)}
    assert len(tokens) == 1


@given(st.data())
def test_a_token_with_any_other_character_is_refused(data: st.DataObject) -> None:
    token = codec.encode(Position((7, "ab")), bound_to="tasks")
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(sorted(set(URL_SAFE) - {token[place]})))
    with pytest.raises(InvalidCursor):
        codec.decode(token[:place] + other + token[place + 1 :], bound_to="tasks")


@given(st.text() | st.text(URL_SAFE) | st.text(URL_SAFE, min_size=60, max_size=60))
def test_no_other_text_is_a_cursor_and_none_raises_another_error(token: str) -> None:
    with pytest.raises(InvalidCursor):
        codec.decode(token, bound_to="tasks")


def test_every_shortened_or_decorated_token_is_refused() -> None:
    token = codec.encode(Position((7,)), bound_to="tasks")
    decorated = [token + "=", token + "A", " " + token, token + "\n", token[:9] + "\n" + token[9:]]
    for wrong in [token[:length] for length in range(len(token))] + decorated:
        with pytest.raises(InvalidCursor):
            codec.decode(wrong, bound_to="tasks")


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", "altered"),
        ("A", "cut short"),
        ("no-cursor", "cut short"),
        ("é" * 60, "ASCII"),
        ("\ud800", "ASCII"),
        ("A" * 1025, "at most 1024 characters"),
        (b"A" * 60, "ASCII text"),
        (None, "ASCII text"),
        (7, "ASCII text"),
    ],
)
def test_a_token_that_cannot_be_one_is_refused_with_its_reason(token: Any, message: str) -> None:
    with pytest.raises(InvalidCursor, match=message):
        codec.decode(token, bound_to="tasks")


def test_a_cursor_of_another_list_or_key_is_refused() -> None:
    token = codec.encode(Position((7,)), bound_to="tasks of tenant 1")
    with pytest.raises(InvalidCursor, match="another list or key"):
        codec.decode(token, bound_to="tasks of tenant 2")
    with pytest.raises(InvalidCursor, match="another list or key"):
        CursorCodec(keys=[OLD]).decode(token, bound_to="tasks of tenant 1")


def test_a_payload_cannot_move_into_the_name_of_its_list() -> None:
    token = codec.encode(Position(("b",)), bound_to="a")
    payload = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[32:]
    naive = hmac.digest(NEW, b"a" + payload, "sha256")
    forged = base64.urlsafe_b64encode(naive + payload).rstrip(b"=").decode()
    with pytest.raises(InvalidCursor):
        codec.decode(forged, bound_to="a")


def test_a_key_is_replaced_while_old_cursors_live() -> None:
    before, during, after = (CursorCodec(keys=keys) for keys in ([OLD], [NEW, OLD], [NEW]))
    old, new = (one.encode(Position((7,)), bound_to="") for one in (before, during))
    assert during.decode(old, bound_to="") == during.decode(new, bound_to="") == Position((7,))
    assert after.decode(new, bound_to="") == Position((7,))
    with pytest.raises(InvalidCursor):
        after.decode(old, bound_to="")
    with pytest.raises(InvalidCursor):
        before.decode(new, bound_to="")


def test_a_cursor_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    token = codec.encode(Position((7,)), bound_to="")
    monkeypatch.setattr(CursorCodec, "version", 2)
    with pytest.raises(InvalidCursor, match="version 1, not 2"):
        codec.decode(token, bound_to="")


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(one: str, other: str) -> bool:
        compared.append(other)
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(cursor, "compare_digest", compare)
    token = codec.encode(Position((7,)), bound_to="")
    codec.decode(token, bound_to="")
    assert compared == [token]


def test_the_payload_is_readable_so_a_cursor_is_no_secret() -> None:
    token = codec.encode(Position((Decimal("1.50"),)), bound_to="")
    payload = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[32:]
    assert payload == b'[1,false,[["Decimal","1.50"]]]'
    assert json.loads(payload) == [1, False, [["Decimal", "1.50"]]]


@pytest.mark.parametrize(
    "value", [date.max, date.min, datetime.max, datetime.max.replace(tzinfo=UTC)]
)
def test_a_value_that_may_be_infinity_is_refused(value: date) -> None:
    with pytest.raises(ValueError, match="infinity"):
        codec.encode(Position((value,)), bound_to="")


async def test_the_driver_reads_infinity_and_the_last_day_as_one(empty_engine: AsyncEngine) -> None:
    async with empty_engine.connect() as connection:
        days = [
            await connection.scalar(text(f"SELECT date '{day}'"))
            for day in ("infinity", "9999-12-31")
        ]
    assert days == [date.max, date.max]


class Level(StrEnum):
    HIGH = "high"


@pytest.mark.parametrize("value", [timedelta(1), [1], {}, object(), Level.HIGH, 1j])
def test_a_type_that_would_not_come_back_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot hold a value of type"):
        codec.encode(Position((value,)), bound_to="")


def test_a_token_too_long_to_be_accepted_is_not_made() -> None:
    with pytest.raises(ValueError, match="order by shorter values"):
        codec.encode(Position(("x" * 1000,)), bound_to="")


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ([], ValueError),
        ([b"short"], ValueError),
        ([NEW, b""], ValueError),
        (NEW, TypeError),
        ("n" * 32, TypeError),
        (["n" * 32], TypeError),
    ],
)
def test_weak_or_wrong_keys_are_refused(keys: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        CursorCodec(keys=keys)


async def test_the_drivers_own_uuid_is_held_as_a_uuid(empty_engine: AsyncEngine) -> None:
    async with empty_engine.connect() as connection:
        found = (await connection.execute(text("SELECT gen_random_uuid()"))).scalar_one()
    token = codec.encode(Position((found,)), bound_to="")
    position = codec.decode(token, bound_to="")
    assert position.values == (found,)
    assert type(position.values[0]) is uuid.UUID


def test_an_instant_keeps_its_microseconds_and_its_offset() -> None:
    moment = datetime(2026, 3, 29, 2, 30, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    position = codec.decode(codec.encode(Position((moment,)), bound_to=""), bound_to="")
    assert position.values == (moment,)
    assert position.values[0].utcoffset() == timedelta(hours=5, minutes=45)
