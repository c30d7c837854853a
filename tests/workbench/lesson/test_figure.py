"""A picture is well-formed for any text, and says in words what it shows."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.lesson import bar_chart, line_chart, timeline
from workbench.lesson.figure import WIDTH, Figure, number

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = """</text></title><script>alert(1)</script> & "x" 'y' ]]> <!-- \n b"""
FIGURES = [
    lambda name: line_chart(name, {name: [(1, 2)]}, x=name),
    lambda name: bar_chart(name, {name: 1}),
    lambda name: timeline(name, {name: {name: name}}),
]
COLOURED = line_chart("Rows", {name: [(1, 1)] for name in "abcd"}, x="n")


def parsed(figure: Figure) -> ElementTree.Element:
    """Return the picture as a browser would read it."""
    return ElementTree.fromstring(figure.svg())


def contrast(colour: str, ground: str) -> float:
    """Return the contrast of two colours such as ``#fff``, as WCAG defines it."""

    def light(text: str) -> float:
        digits = text[1:] if len(text) == 7 else "".join(2 * digit for digit in text[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, bright = sorted((light(colour), light(ground)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("figure", FIGURES)
def test_no_text_becomes_an_element(figure) -> None:  # type: ignore[no-untyped-def]
    root = parsed(figure(HOSTILE))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "style",
        "text",
        "g",
        "path",
        "rect",
    }
    title, description = root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")
    assert title == " ".join(HOSTILE.split())
    assert description is not None
    assert title in description


@pytest.mark.parametrize("figure", FIGURES)
def test_it_is_an_image_with_a_title_and_a_description_before_its_marks(figure) -> None:  # type: ignore[no-untyped-def]
    root = parsed(figure("Rows"))
    assert root.get("role") == "img"
    assert [child.tag for child in root][:3] == [f"{SVG}title", f"{SVG}desc", f"{SVG}style"]


def test_its_plain_form_is_its_text_alternative() -> None:
    data, _ = bar_chart("Bytes", {"a": 1_000})._repr_mimebundle_()
    assert data["text/plain"] == "Bytes. a: 1,000."
    assert data["image/svg+xml"].startswith("<svg ")


def test_its_styles_reach_nothing_outside_of_it() -> None:
    style = parsed(COLOURED).findtext(f"{SVG}style")
    assert style is not None
    selectors = re.findall(r"([^{}]+)\{", style.replace("@media screen and ", ""))
    for selector in ",".join(selectors).split(","):
        assert selector.startswith((".figure", ".s0", ".s1", ".s2", ".s3", "(prefers")), selector


@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_of_text_is_legible_on_the_ground(dark: bool) -> None:
    style = parsed(COLOURED).findtext(f"{SVG}style") or ""
    light_rules, _, dark_rules = style.partition("@media")
    rules = dark_rules if dark else light_rules
    grounds = re.findall(r"background:(#\w+)", rules)
    colours = re.findall(r"[{;]color:(#\w+)", rules)
    assert (len(grounds), len(colours)) == (1, 5)
    assert min(contrast(colour, grounds[0]) for colour in colours) >= 4.5


def test_it_brings_the_colours_that_it_uses() -> None:
    style = parsed(bar_chart("Bytes", {"a": 1})).findtext(f"{SVG}style") or ""
    assert set(re.findall(r"\.s\d", style)) == {".s1"}


def test_a_unit_is_a_pixel_on_a_phone_and_texts_are_twelve() -> None:
    root = parsed(bar_chart("Bytes", {"a": 1}))
    assert float((root.get("viewBox") or "").split()[2]) <= 360 - 2 * 16
    assert WIDTH < 360
    assert "font:12px" in (root.findtext(f"{SVG}style") or "")


@given(st.integers(0, 10**12))
def test_whole_numbers_are_whole(value: int) -> None:
    assert number(value) == f"{value:,}"


def test_fractions_have_two_decimals_at_most() -> None:
    assert [number(value) for value in (0.5, 2.25, 1 / 3, 1_200.0)] == [
        "0.5",
        "2.25",
        "0.33",
        "1,200",
    ]
