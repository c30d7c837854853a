"""A lesson becomes Markdown; these need no MkDocs."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from markdown import markdown as markdown_to_html

from tests.site.sample_lessons import code, error, printed, prose
from workbench.site import page_html
from workbench.site.lesson_markdown import (
    SnippetLinks,
    UnreadableOutput,
    fenced,
    lesson_markdown,
    lesson_title,
)

LINKS = SnippetLinks(repository="https://example.org/blob/main", download="../..")


def markdown(*cells: dict[str, object]) -> str:
    return lesson_markdown({"cells": list(cells)}, links=LINKS)


def test_a_fence_is_longer_than_any_inside() -> None:
    assert fenced("a\n`````\nb", language="text") == "``````text\na\n`````\nb\n``````"


def test_pieces_that_a_cell_printed_are_one_block() -> None:
    text = markdown(code("cell", "x", printed("a"), printed("b\n")))
    assert text.count("```text\nab\n```") == 1


def test_a_cell_that_may_be_in_several_lines_is_joined() -> None:
    assert "```python\na\nb\n```" in markdown(code("cell", ["a\n", "b"]))  # type: ignore[arg-type]


def test_an_output_that_cannot_be_shown_names_its_cell() -> None:
    unknown = {"output_type": "display_data", "data": {"text/html": "<b>"}, "metadata": {}}
    with pytest.raises(UnreadableOutput, match=r"cell widget: .*text/html"):
        markdown(code("widget", "x", unknown))


def test_an_error_that_a_lesson_stored_is_shown_without_its_traceback() -> None:
    stored = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["deep"]}
    text = markdown(code("cell", "x", stored))
    assert "ValueError: no" in text
    assert "deep" not in text


def test_a_listing_in_prose_has_its_caption_above_the_code() -> None:
    cell = prose("shown", "See:\n\n```python\nx = 1\n```")
    cell["metadata"] = {"listing": "snippets/a/b.py::x"}
    text = markdown(prose("claim", "# Title"), cell)
    assert text.index("See:") < text.index("[snippets/a/b.py]") < text.index("```python")


def test_neighbours_with_one_tag_share_a_fold() -> None:
    cells = [code(name, "x", tags=["setup"]) for name in ("one", "two")]
    assert markdown(*cells).count("details | Setup") == 1
    assert markdown(cells[0], prose("between", "Text"), cells[1]).count("details | Setup") == 2


def test_each_hint_is_folded_into_the_one_before_it_and_all_before_the_solution() -> None:
    cells = [
        prose("exercise", "## Exercise\n\nDo it."),
        code("one", "x", tags=["solution"]),
        prose("between", "Text"),
        code("two", "x", tags=["solution"]),
    ]
    text = lesson_markdown({"cells": cells}, links=LINKS, hints=["Look at `a`.", "**b**", "c"])
    blocks = ["pymdownx.blocks.details", "pymdownx.blocks.html"]
    page = BeautifulSoup(markdown_to_html(text, extensions=blocks), "html.parser")
    first, second, third, *solutions = page.select("details")
    assert (second.parent, third.parent) == (first, second)
    assert first.get_text(" ", strip=True) == "Hint 1 Look at a . Hint 2 b Hint 3 c"
    assert [str(hint.find("p")) for hint in (first, second)] == [
        "<p>Look at <code>a</code>.</p>",
        "<p><strong>b</strong></p>",
    ]
    assert [fold["class"] for fold in (first, third, *solutions)] == [
        *[["hint"]] * 2,
        *[["solution"]] * 2,
    ]
    assert "//" not in page.get_text()
    assert text.index("Do it.") < text.index("Hint 1") < text.index("details | Solution")
    assert "Hint" not in lesson_markdown({"cells": cells}, links=LINKS)


def test_a_kind_that_is_unknown_is_set_plainly() -> None:
    output = error("no")
    output["metadata"] = {"text/markdown": {"kind": 'x" onclick="y'}}
    assert "/// html | div.output\n" in markdown(code("cell", "x", output))


def test_the_title_is_the_first_heading() -> None:
    assert lesson_title({"cells": [prose("claim", "# The *title*\n\nText\n\n## Next")]}) == (
        "The *title*"
    )
    assert lesson_title({"cells": [prose("claim", "No heading")]}) is None


def test_a_summary_is_short_and_can_stand_in_an_attribute() -> None:
    assert page_html.summary("<p></p><p>A <b>\n&quot;b&quot;</b> &lt;c&gt;</p><p>d</p>") == (
        "A &quot;b&quot; &lt;c&gt;"
    )
    assert page_html.summary("<h1>Only a title</h1>") is None
    long = page_html.summary(f"<p>{'word ' * 60}</p>")
    assert long is not None
    assert len(long) <= page_html.LONGEST_SUMMARY
    assert long.endswith("word…")


def test_evidence_without_lines_leaves_the_next_block_alone() -> None:
    page = (
        '<div class="output output-sql"><p>No statements</p></div>'
        "<pre><span></span><code>x = 1\n</code></pre>"
    )
    assert page_html.with_hanging_lines(page) == page


def test_indentation_goes_except_where_it_is_shown() -> None:
    page = "<div>\n    <p>a\n  b</p>\n<pre><code>if x:\n    y\n\n    z</code></pre>\n\n  <b>"
    shown = "<div>\n<p>a\nb</p>\n<pre><code>if x:\n    y\n\n    z</code></pre>\n<b>"
    assert page_html.without_indentation(page) == shown
    for kept in ("textarea", "script", "style"):
        assert (
            page_html.without_indentation(f"<{kept}>a\n  b</{kept}>") == f"<{kept}>a\n  b</{kept}>"
        )


def test_what_the_theme_sends_becomes_valid_and_named() -> None:
    page = (
        '<input data-md-toggle="drawer" type="checkbox" id="__drawer" autocomplete="off">'
        '<div class="md-search" data-md-component="search" role="dialog"></div>'
        '<table><tr><th align="right"></th></tr><tr><td align="center">1</td></tr></table>'
        '<a href="x" rel="edit">e</a><script src="bundle.js"></script>'
    )
    assert page_html.with_valid_markup(page) == (
        '<input data-md-toggle="drawer" type="checkbox" id="__drawer" aria-label="Menu">'
        '<div class="md-search" data-md-component="search" role="dialog" aria-label="Search"></div>'
        '<table><tr><td class="right"></td></tr><tr><td class="center">1</td></tr></table>'
        '<a href="x">e</a><script defer src="bundle.js"></script>'
    )


def test_options_are_whole_in_code_and_left_alone_elsewhere() -> None:
    page = '<p>--into</p><code>add <b title="a --b">x</b> --into app -- a--b -1</code>'
    assert page_html.with_whole_options(page) == (
        '<p>--into</p><code>add <b title="a --b">x</b> <span class="option">--into</span>'
        " app -- a--b -1</code>"
    )
