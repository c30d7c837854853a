"""A state lasts until the moment at which it is another one."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from workbench.lesson import timeline
from workbench.lesson.figure import WIDTH, width

SVG = "{http://www.w3.org/2000/svg}"
QUEUE = {
    "report reads": {"report": "holds"},
    "migration starts": {"report": "holds", "migration": "waits"},
    "report ends": {"migration": "holds"},
    "migration ends": {},
}


def bars(moments: dict[str, dict[str, str]]) -> list[tuple[str, float, float, float]]:
    """Return text, left, right and top of each bar."""
    root = ElementTree.fromstring(timeline("Locks", moments).svg())
    found = []
    for group in root.iter(f"{SVG}g"):
        bar, text = group.find(f"{SVG}rect"), group.findtext(f"{SVG}text")
        assert bar is not None
        assert text is not None
        x, wide, y = (float(str(bar.get(name))) for name in ("x", "width", "y"))
        found.append((text, x, x + wide, y))
    return found


def test_equal_states_in_a_row_are_one_bar() -> None:
    report, waits, holds = bars(QUEUE)
    assert (report[0], waits[0], holds[0]) == ("holds", "waits", "holds")
    assert report[2] - report[1] == pytest.approx(2 * (waits[2] - waits[1]), abs=4)
    assert report[2] == pytest.approx(waits[2], abs=1)
    assert waits[2] < holds[1] < holds[2] < WIDTH
    assert report[3] < waits[3] == holds[3]


def test_the_description_goes_through_the_moments() -> None:
    assert timeline("Locks", QUEUE).description == (
        "report reads: report holds; migration starts: report holds, migration waits; "
        "report ends: migration holds; migration ends: nothing."
    )


def test_the_words_of_a_moment_end_inside_the_picture() -> None:
    moments = {f"the moment with number {n}": {"lane": "open"} for n in range(5)}
    root = ElementTree.fromstring(timeline("Session", moments).svg())
    shown = {text.text: text for text in root.iter(f"{SVG}text")}
    for moment in moments:
        text = shown[moment]
        x = float(str(text.get("x")))
        assert x >= 0
        assert x + width(moment) <= WIDTH + 1


def test_a_state_has_its_colour_everywhere() -> None:
    svg = timeline("Locks", QUEUE).svg()
    assert [svg.count(f"<g class='s{colour}'>") for colour in (1, 0)] == [2, 1]


def test_four_states_have_four_colours() -> None:
    svg = timeline("Locks", {"all": dict(zip("abcd", "wxyz", strict=True))}).svg()
    assert all(svg.count(f"<g class='s{colour}'>") == 1 for colour in range(4))
    dashes = dict(re.findall(r"\.s(\d) rect{stroke-dasharray:([\d ]+)", svg))
    assert sorted(dashes) == ["0", "2", "3"]
    assert len(set(dashes.values())) == 3


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="moments"):
        timeline("Locks", {"nothing": {}})
    with pytest.raises(ValueError, match="4"):
        timeline("Locks", {"all": dict(zip("abcde", "vwxyz", strict=True))})
