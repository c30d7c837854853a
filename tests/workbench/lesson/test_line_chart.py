"""Lines stand where their values are, and no figure is lost or covered."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.lesson import line_chart
from workbench.lesson.figure import WIDTH, Figure, number, width
from workbench.lesson.line_chart import y_ticks

SVG = "{http://www.w3.org/2000/svg}"
POINTS = st.lists(
    st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), min_size=1, max_size=12
).map(sorted)
SERIES = st.dictionaries(
    st.sampled_from(["OFFSET", "keyset", "cursor", "page"]), POINTS, min_size=1
)


def lines(figure: Figure) -> list[list[tuple[float, float]]]:
    """Return the places that each line goes through."""
    root = ElementTree.fromstring(figure.svg())
    paths = [group.find(f"{SVG}path") for group in root.iter(f"{SVG}g")]
    return [
        [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", str(path.get("d")))]
        for path in paths
        if path is not None
    ]


def texts(figure: Figure) -> list[tuple[str, float, float]]:
    """Return each text of a series, with its left edge and its baseline."""
    root = ElementTree.fromstring(figure.svg())
    return [
        (str(text.text), float(str(text.get("x"))), float(str(text.get("y"))))
        for group in root.iter(f"{SVG}g")
        for text in group.iter(f"{SVG}text")
    ]


@given(SERIES, st.booleans())
def test_the_same_data_are_the_same_bytes_with_every_figure_in_words(
    series: dict[str, list[tuple[int, int]]], log: bool
) -> None:
    figure = line_chart("Buffers", series, x="rows", log=log)
    assert figure.svg() == line_chart("Buffers", series, x="rows", log=log).svg()
    for name, points in series.items():
        for at, value in points:
            assert f"{number(value)} at {number(at)}" in figure.description
        assert f"{name}: {number(points[-1][1])}" in [text for text, _, _ in texts(figure)]


@given(SERIES, st.booleans())
def test_marks_keep_their_order_and_stay_inside(
    series: dict[str, list[tuple[int, int]]], log: bool
) -> None:
    figure = line_chart("Buffers", series, x="rows", log=log)
    for drawn, points in zip(lines(figure), series.values(), strict=True):
        assert len(drawn) == len(points)
        for (place, point), (after, later) in itertools.pairwise(zip(drawn, points, strict=True)):
            assert place[0] <= after[0]
            assert (point[1] - later[1]) * (place[1] - after[1]) <= 0
        assert all(0 <= x <= WIDTH and 0 <= y <= figure.height for x, y in drawn)


@given(SERIES)
def test_no_value_covers_another(series: dict[str, list[tuple[int, int]]]) -> None:
    shown = texts(line_chart("Buffers", series, x="rows"))
    values = [(text, x, y) for text, x, y in shown if ":" not in text]
    for (text, x, y), (other, other_x, other_y) in itertools.combinations(values, 2):
        apart = abs(y - other_y) >= 13 or x + width(text) <= other_x or other_x + width(other) <= x
        assert apart, (text, other)
    assert all(x >= 0 and x + width(text) <= WIDTH + 1 for text, x, _ in shown)


def test_a_straight_line_is_straight() -> None:
    (drawn,) = lines(line_chart("Rows", {"all": [(0, 0), (50, 500), (100, 1_000)]}, x="batches"))
    assert drawn[1][0] == pytest.approx((drawn[0][0] + drawn[2][0]) / 2, abs=0.1)
    assert drawn[1][1] == pytest.approx((drawn[0][1] + drawn[2][1]) / 2, abs=0.1)


def test_equal_factors_are_equal_distances_on_a_logarithmic_axis() -> None:
    (drawn,) = lines(line_chart("Rows", {"all": [(1, 1), (10, 10), (100, 100)]}, x="n", log=True))
    assert drawn[1][0] - drawn[0][0] == pytest.approx(drawn[2][0] - drawn[1][0], abs=0.2)
    assert drawn[0][1] - drawn[1][1] == pytest.approx(drawn[1][1] - drawn[2][1], abs=0.2)


@given(st.floats(0.01, 10**9))
def test_ticks_are_even_and_reach_over_the_largest_value(largest: float) -> None:
    ticks = y_ticks(largest, log=False)
    assert ticks[0] == 0
    assert ticks[-2] < largest <= ticks[-1] * (1 + 1e-9)
    assert 2 <= len(ticks) <= 6
    assert {round((b - a) / ticks[1], 6) for a, b in itertools.pairwise(ticks)} == {1}


@given(st.integers(1, 10**12))
def test_logarithmic_ticks_are_powers_of_ten(largest: int) -> None:
    ticks = y_ticks(largest, log=True)
    assert ticks[0] == 1
    assert largest <= ticks[-1]
    assert 2 <= len(ticks) <= 6
    assert all(str(tick).strip("0") == "1" for tick in ticks)


def test_four_series_differ_in_dash_and_mark_and_not_in_colour_alone() -> None:
    svg = line_chart("Rows", {name: [(1, 1), (2, 2)] for name in "abcd"}, x="n").svg()
    marks = re.findall(r"class='mark' d='M[\d.]+ [\d.]+(m[^M']*)", svg)
    assert len(set(marks)) == 4
    dashes = re.findall(r"(\.s\d) path[^{]*{stroke-dasharray:([\d ]+)", svg)
    assert [name for name, _ in dashes] == [".s1", ".s2", ".s3"]
    assert len({dash for _, dash in dashes}) == 3


def test_four_series_get_more_height_than_three() -> None:
    three, four = (
        line_chart("Rows", {name: [(1, 1)] for name in names}, x="n") for names in ("abc", "abcd")
    )
    assert four.height - three.height == 100


def test_one_value_stands_for_two_marks_at_one_place() -> None:
    same = [(1, 3), (2, 3), (3, 3)]
    shown = texts(line_chart("Rows", {"a": same, "b": same}, x="n"))
    assert [text for text, _, _ in shown if ":" not in text] == ["3", "3"]


def test_whole_numbers_have_no_fraction_on_their_axis() -> None:
    whole = line_chart("Rows", {"a": [(1, 1), (2, 10)]}, x="n").svg()
    part = line_chart("Rows", {"a": [(1, 0.5), (2, 10)]}, x="n").svg()
    assert (">2.5<" in whole, ">2.5<" in part) == (False, True)


@given(st.integers(1, 10**9))
def test_whole_ticks_are_even_and_reach_over_the_largest_value(largest: int) -> None:
    ticks = y_ticks(largest, log=False, whole=True)
    assert ticks[-2] < largest <= ticks[-1]
    assert 2 <= len(ticks) <= 6
    assert all(tick == int(tick) for tick in ticks)


@pytest.mark.parametrize(
    ("series", "log"),
    [
        ({}, False),
        ({"a": []}, False),
        ({name: [(1, 1)] for name in "abcde"}, False),
        ({"a": [(1, -1)]}, False),
        ({"a": [(0, 1)]}, True),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    series: dict[str, list[tuple[float, float]]], log: bool
) -> None:
    with pytest.raises(ValueError, match=r"series|more"):
        line_chart("Rows", series, x="n", log=log)


def test_nothing_but_zeros_is_drawn_on_the_ground() -> None:
    (drawn,) = lines(line_chart("Rows", {"none": [(1, 0), (2, 0)]}, x="batches"))
    assert drawn[0][1] == drawn[1][1] == 172
