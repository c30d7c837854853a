"""Bars are as long as their values, and the figures stand at their ends."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.lesson import bar_chart
from workbench.lesson.figure import WIDTH, number, width

SVG = "{http://www.w3.org/2000/svg}"


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8))
def test_lengths_are_in_proportion_and_values_fit_beside_them(values: list[int]) -> None:
    root = ElementTree.fromstring(
        bar_chart("Bytes", {f"index {n}": value for n, value in enumerate(values)}).svg()
    )
    lengths = [float(str(bar.get("width"))) for bar in root.iter(f"{SVG}rect")]
    longest, most = max(lengths), max(values)
    for length, value in zip(lengths, values, strict=True):
        assert length == pytest.approx(longest * value / (most or 1), abs=1)
        assert length + 5 + width(number(value)) <= WIDTH + 1
    shown = [text.text for text in root.iter(f"{SVG}text")]
    assert shown[2::2] == [number(value) for value in values]


@pytest.mark.parametrize("values", [{}, {"a": -1}])
def test_what_has_no_length_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        bar_chart("Bytes", values)
