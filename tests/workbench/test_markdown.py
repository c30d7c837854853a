"""Nothing that a database returns can leave its block or its table cell."""

import markdown
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from workbench.lesson.table import tabulate
from workbench.markdown import fenced, table_cell

HOSTILE = [
    "```\n<script>alert(1)</script>",
    "````",
    "data->>'a'",
    "</code></pre><b>out</b>",
    "a | b",
    "**bold** _it_ [x](y) ![x](y) <img src=x>",
    "&lt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_fence_holds_any_text(text: str) -> None:
    html = markdown.markdown(fenced(text, language="text"), extensions=["fenced_code"])
    soup = BeautifulSoup(html, "html.parser")
    assert [code.get_text() for code in soup.find_all("code")] == [text + "\n"]
    assert soup.find(["script", "b", "img"]) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_cell_holds_any_text(text: str) -> None:
    html = markdown.markdown(
        tabulate("a", "b", rows=[(text, "kept")])._repr_mimebundle_()[0]["text/markdown"],
        extensions=["tables"],
    )
    soup = BeautifulSoup(html, "html.parser")
    assert [cell.get_text() for cell in soup.find_all("td")] == [" ".join(text.split()), "kept"]
    assert soup.find(["script", "b", "img", "strong", "em", "a"]) is None


@given(st.text(alphabet="`a\n", max_size=60))
def test_a_fence_is_longer_than_any_run_of_backticks_inside(text: str) -> None:
    fence = fenced(text, language="").splitlines()[0]
    assert fence not in text


def test_code_in_a_cell_stays_code() -> None:
    assert table_cell("`a_b`") == "`a_b`"


def test_a_row_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 headings but 1 cells"):
        tabulate("a", "b", rows=[("only one",)])


def test_numbers_are_set_to_the_right_with_separators() -> None:
    lines = tabulate("n", rows=[(1000,), (20,)])._repr_mimebundle_()[0]["text/markdown"]
    assert lines.splitlines() == ["| n |", "| --: |", "| 1,000 |", "| 20 |"]
