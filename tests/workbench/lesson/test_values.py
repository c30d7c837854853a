"""Values come out the same in every run."""

import datetime as dt
import uuid

import pytest

from workbench.lesson.values import ValueNames


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (None, "NULL"),
        (True, "true"),
        (3, "3"),
        ("it's", "'it''s'"),
        (b"\x01\xff", "'\\x01ff'"),
        (["a", 1], "{'a', 1}"),
        (dt.date(2020, 1, 2), "'2020-01-02'"),
        (dt.datetime(2020, 1, 2, 3, tzinfo=dt.UTC), "'2020-01-02 03:00:00+00:00'"),
    ],
)
def test_values_are_shown_in_the_notation_of_sql(value: object, literal: str) -> None:
    assert ValueNames().literal(value) == literal


def test_the_clock_is_not_shown() -> None:
    assert ValueNames().literal(dt.datetime.now(dt.UTC)) == "<now>"
    assert ValueNames().literal(dt.datetime.now()) == "<now>"


def test_uuids_are_numbered_by_first_appearance() -> None:
    names, first, second = ValueNames(), uuid.uuid4(), uuid.uuid4()
    assert [names.literal(value) for value in (first, second, first)] == [
        "<uuid 1>",
        "<uuid 2>",
        "<uuid 1>",
    ]
    assert names.text(f"Key (id)=({second})") == "Key (id)=(<uuid 2>)"


def test_long_values_are_cut() -> None:
    assert len(ValueNames().literal("x" * 1000)) == 60


def test_the_clock_is_not_shown_inside_text_either() -> None:
    now = dt.datetime.now(dt.UTC)
    assert ValueNames().text(f"Failing row contains ({now}, x).") == (
        "Failing row contains (<now>, x)."
    )
    assert ValueNames().text("on 2020-01-02 03:04:05+00") == "on 2020-01-02 03:04:05+00"
