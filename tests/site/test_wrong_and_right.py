"""The wrong way stands beside the right one, with figures that are read in stored outputs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from markdown import markdown as to_html
from playwright.async_api import Browser, Page

from tests.site.conftest import BuiltSite
from tests.site.sample_lessons import HOSTILE, code, error, prose, shown, sql
from workbench.execution.lessons import Lesson, all_lessons
from workbench.execution.notebook import code_cells, read_notebook
from workbench.lesson.plan import Plan
from workbench.lesson.table import tabulate
from workbench.site import stored_output
from workbench.site.stored_output import NotShown, Sent, Statements, StoredPlan, StoredTable
from workbench.site.wrong_and_right import (
    BrokenComparison,
    Comparison,
    Side,
    comparison_beside,
    comparison_markdown,
)

COMPARED = [(lesson, pair) for lesson in all_lessons() if (pair := comparison_beside(lesson.path))]
N_PLUS_ONE = "lessons/queries/n_plus_one/"


def notebook(*outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cells": [prose("claim", "# T"), code("run", "", *outputs)]}


def table(*headings: str, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    return shown(tabulate(*headings, rows=rows)._repr_mimebundle_())


def plan(*lines: str) -> dict[str, Any]:
    return shown(Plan(lines)._repr_mimebundle_())


def figures(*outputs: dict[str, Any]) -> list[str]:
    parts = stored_output.shown(notebook(*outputs), "run")
    return [f"{each.heading}{each.value} {each.unit}" for part in parts for each in part.figures]


def panel(site: BuiltSite, lesson: Lesson) -> Tag:
    page = BeautifulSoup(site.html(f"lessons/{lesson.name}/"), "html.parser")
    found = page.select(".comparison")
    assert len(found) == 1
    return found[0]


def text_of(element: Tag | None) -> str:
    assert element is not None
    return " ".join(element.get_text().split())


@pytest.mark.parametrize(("lesson", "pair"), COMPARED, ids=lambda each: getattr(each, "name", ""))
def test_a_comparison_names_two_code_cells_that_show_something(
    lesson: Lesson, pair: Comparison
) -> None:
    cells = {cell["id"]: cell for cell in code_cells(read_notebook(lesson.path))}
    for side in (pair.wrong, pair.right):
        assert "solution" not in cells[side.cell]["metadata"].get("tags", [])
        assert stored_output.shown(read_notebook(lesson.path), side.cell)
    assert comparison_markdown(read_notebook(lesson.path), pair)


def test_most_lessons_compare() -> None:
    assert len(COMPARED) > 0.7 * len(all_lessons())


def test_statements_are_counted_as_the_lesson_counts_them() -> None:
    text = (
        "BEGIN;\nSELECT task.id,\n    task.title\nFROM task\nWHERE task.id = $1::UUID;\n"
        "-- ×3: $1 = <uuid 1> | <uuid 2> | …\n--   | <uuid 3>\n"
        "-- ERROR: not ×9\nUPDATE task SET title=$1;\n-- $1 = 'a;'\n"
        "INSERT INTO task (id, title) VALUES ($1, now()), … 9 more rows RETURNING task.id;\nCOMMIT;"
    )
    assert stored_output.shown(notebook(sql(text, "5 statements")), "run") == [
        Statements(
            (
                Sent("SELECT … FROM task WHERE task.id = $1::UUID", 3),
                Sent("UPDATE task SET title=$1", 1),
                Sent("INSERT INTO task (…) VALUES (…), … 9 more rows RETURNING task.id", 1),
            )
        )
    ]
    assert figures(sql(text, "5 statements")) == ["5 statements"]
    assert figures(sql("SELECT 1;", "1 statement")) == ["1 statement"]


def test_a_plan_says_what_its_scans_read_and_threw_away() -> None:
    assert figures(
        plan(
            "Limit (actual rows=20.00 loops=1)",
            "  Buffers: shared hit=30 read=4",
            "  ->  Nested Loop (actual rows=20.00 loops=1)",
            "        Rows Removed by Join Filter: 7",
            "        ->  Index Scan Backward using a_idx on a (actual rows=20.00 loops=1)",
            "              Buffers: shared hit=4",
            "        ->  Seq Scan on b (actual rows=2.00 loops=20)",
            "              Filter: (x = 'Seq Scan on c (actual rows=9.00 loops=9)'::text)",
            "              Rows Removed by Filter: 3",
            "        ->  Seq Scan on d (never executed)",
            "              Rows Removed by Filter: 0",
        )
    ) == ["120 rows read", "67 removed by a filter", "34 buffers"]
    bitmap = (
        "Bitmap Heap Scan on d (actual rows=1.00 loops=1)",
        "  ->  Bitmap Index Scan on d_idx (actual rows=1.00 loops=1)",
    )
    assert figures(plan(*bitmap)) == ["1 row read"]


def test_a_plan_reads_what_the_lesson_asserts() -> None:
    lesson = read_notebook(Lesson("queries", "deep_offset").path)
    found = [
        [f"{each.value} {each.unit}" for each in part.figures]
        for cell in ("offset-cost-is-its-depth", "a-row-value-goes-to-its-place")
        for part in stored_output.shown(lesson, cell)
    ]
    assert found == [["90,020 rows read", "2,936 buffers"], ["20 rows read", "4 buffers"]]


def test_a_table_of_one_row_gives_its_values_and_others_their_number() -> None:
    assert figures(table("Reached", "a|b", rows=[(1600, None)])) == [
        "Reached1,600 ",
        "a\\|bNULL ",
    ]
    assert figures(table("Tasks", rows=[(3,), (4,)])) == ["2 rows"]


def test_an_error_gives_its_class() -> None:
    assert figures(error("IntegrityError: a: b (SQLSTATE 23505)\nDETAIL: c")) == ["IntegrityError "]


def test_a_row_is_found_by_what_it_begins_with() -> None:
    (found,) = stored_output.shown(
        notebook(table("Way", "Of", "N", rows=[("a_b", "`x|y`", 1), ("a_b", "<z>", 2)])), "run"
    )
    assert isinstance(found, StoredTable)
    assert found.row(["a_b", "x|y"]).rows[0][2] == "1"
    assert found.row(["a_b", "<z>"]).rows[0][2] == "2"
    for begins in (["a_b"], ["<z>"], ["a_b", "none"]):
        with pytest.raises(NotShown, match="rows begin with"):
            found.row(begins)
    assert found.column("N").headings == ("Way", "N")
    with pytest.raises(NotShown, match="no column Way among Of, N"):
        found.column("Way")


WRONG = sql("SELECT 1;\n-- ×70: a", "70 statements")
CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"cell": "gone"}, {"cell": "right"}, "no cell gone shows"),
    ({"cell": "claim"}, {"cell": "right"}, "no cell claim shows"),
    ({"cell": "silent"}, {"cell": "right"}, "no cell silent shows"),
    ({"cell": "false"}, {"cell": "right"}, "false shows other statements than the 2"),
    ({"cell": "twin"}, {"cell": "right"}, "both sides have the same figures"),
    ({"cell": "right", "row": ("a",)}, {"cell": "right"}, "right has 0 tables, not one"),
]


@pytest.mark.parametrize(("wrong", "right", "fault"), CASES, ids=str)
def test_what_cannot_be_compared_is_refused(
    wrong: dict[str, Any], right: dict[str, Any], fault: str
) -> None:
    lesson = {
        "cells": [
            prose("claim", "# T"),
            code("silent", "x", {"output_type": "stream", "name": "stdout", "text": "a"}),
            code("false", "", sql("SELECT 1;", "2 statements")),
            code("twin", "", sql("SELECT 3;", "1 statement")),
            code("right", "", sql("SELECT 2;", "1 statement")),
        ]
    }
    pair = Comparison(wrong=Side(says="a", **wrong), right=Side(says="b", **right))
    with pytest.raises(BrokenComparison, match=fault):
        comparison_markdown(lesson, pair)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("comparison = 1", "has two entries: wrong and right"),
        ('[comparison]\nwrong = {cell = "a", says = "b"}', "two entries"),
        (
            '[comparison]\nwrong = {cell = "a"}\nright = {cell = "b", says = "c"}',
            "wrong has a cell",
        ),
        (
            '[comparison]\nwrong = {cell = "a", says = "b"}\n'
            'right = {cell = "b", says = "c", x = 1}',
            "right has a cell",
        ),
        (
            '[comparison]\nwrong = {cell = "a", says = " "}\nright = {cell = "b", says = "c"}',
            "' ' is no line of text",
        ),
        (
            '[comparison]\nwrong = {cell = "a", says = "b"}\nright = {cell = "a", says = "c"}',
            "are the same evidence",
        ),
    ],
)
def test_a_comparison_that_cannot_be_read_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "slow.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BrokenComparison, match=fault):
        comparison_beside(tmp_path / "slow.ipynb")
    assert comparison_beside(tmp_path / "other.ipynb") is None


def test_the_figure_that_differs_most_leads_and_has_a_bar() -> None:
    rows = [("loop", 1, 600, "no"), ("join", 3, 3, "yes")]
    lesson = notebook(table("Way", "Statements", "Rows", "Safe", rows=rows))
    pair = Comparison(
        wrong=Side(cell="run", says="a", row=("loop",)),
        right=Side(cell="run", says="b", row=("join",)),
    )
    text = comparison_markdown(lesson, pair)
    assert re.findall(r'leading">(.*?)</span>', text) == ["Rows: **600**", "Rows: **3**"]
    assert re.findall(r"M0 0h([\d.]+)", text) == ["100", "0.5"]
    assert "Safe: **no**" in text
    # Nothing is left to show below the heads, so there is nothing to choose by a tab.
    assert "input" not in text
    assert ".brief" in text


def test_a_picture_of_statements_has_one_mark_for_each() -> None:
    lesson = {
        "cells": [
            code("wrong", "", sql("SELECT 1;\n-- ×26: a", "26 statements")),
            code("right", "", sql("SELECT 2;", "1 statement")),
        ]
    }
    pair = Comparison(wrong=Side(cell="wrong", says="a"), right=Side(cell="right", says="b"))
    assert comparison_markdown(lesson, pair).count("<i></i>") == 27


def test_the_page_shows_the_statements_of_its_cells(site: BuiltSite) -> None:
    shown_ = panel(site, Lesson("queries", "n_plus_one"))
    assert [text_of(each) for each in shown_.select(".figure")] == ["26 statements", "2 statements"]
    assert [len(each.select("i")) for each in shown_.select(".ticks")] == [26, 2]
    (part,) = stored_output.shown(
        read_notebook(Lesson("queries", "n_plus_one").path), "the-loop-sends-a-statement-per-target"
    )
    assert isinstance(part, Statements)
    lines = [text_of(each) for each in shown_.select(".way.wrong li")]
    assert lines == [f"{each.times} × {each.sql}" for each in part.sent]


def test_each_side_names_itself_and_leads_to_its_cell(site: BuiltSite) -> None:
    for lesson, pair in COMPARED:
        shown_ = panel(site, lesson)
        names = [text_of(each) for each in shown_.select(".way-name")]
        assert names == ["Wrong:", "Right:"], lesson.name
        links = [str(each["href"]) for each in shown_.select(".way-run")]
        assert links == [f"#cell-{each.cell}" for each in (pair.wrong, pair.right)]
        for control in shown_.select("input"):
            assert shown_.select(f"label[for={control['id']}]")
        assert not shown_.select("[data-cell]"), "the script of Run takes it for a cell"


def test_every_number_above_a_panel_is_in_the_output_of_its_cell(site: BuiltSite) -> None:
    for lesson, pair in COMPARED:
        sides = zip(panel(site, lesson).select(".way-head"), (pair.wrong, pair.right), strict=True)
        for head, side in sides:
            parts = stored_output.shown(read_notebook(lesson.path), side.cell)
            outputs = [
                cell["outputs"]
                for cell in code_cells(read_notebook(lesson.path))
                if cell["id"] == side.cell
            ]
            stored = json.dumps(outputs, ensure_ascii=False).replace(",", "")
            for figure in head.select(".figure > strong"):
                value = text_of(figure).replace(",", "")
                counted = any(
                    isinstance(part, StoredPlan) or (isinstance(part, StoredTable) and not side.row)
                    for part in parts
                )
                assert value in stored or counted, (lesson.name, value)


def test_the_search_and_the_markdown_have_it_once(site: BuiltSite) -> None:
    index = json.loads((site.folder / "search/search_index.json").read_text(encoding="utf-8"))
    texts = " ".join(each["text"] for each in index["docs"])
    assert "See it run" not in texts
    assert "Statements" in texts
    plain = (site.folder / N_PLUS_ONE / "index.md").read_text(encoding="utf-8")
    assert plain.count("See it run") == 2
    assert "**Wrong:** attribute access in a loop\n**26** statements" in plain
    assert "- **20 ×** `SELECT … FROM task WHERE $1::UUID = task.project_id`" in plain
    plain += (site.folder / "lessons/queries/deep_offset/index.md").read_text(encoding="utf-8")
    for leftover in ("<span", "<svg", "<i>", "way-wrong", "way-name", "attrs:"):
        assert leftover not in plain


def test_outputs_stay_text_in_the_panel() -> None:
    lesson = {
        "cells": [
            code("sql", "", sql(HOSTILE.replace(";", "") + ";", "1 statement")),
            code("error", "", error(HOSTILE)),
            code("table", "", table("<b>", "`<i>`", rows=[(HOSTILE, "</label>"), ("x", "y")])),
            code("plan", "", plan(*HOSTILE.split("\n"))),
            code("row", "", table("N", "<script>", rows=[("n", "<i>"), ("m", "<u>")])),
        ]
    }
    pairs = [("sql", "error"), ("error", "table"), ("table", "plan")]
    compared = [
        Comparison(wrong=Side(cell=one, says=one), right=Side(cell=other, says=other))
        for one, other in pairs
    ]
    rows = [Side(cell="row", says="a row", row=(name,)) for name in ("n", "m")]
    compared.append(Comparison(wrong=rows[0], right=rows[1]))
    blocks = ["pymdownx.blocks.html", "pymdownx.superfences", "tables", "attr_list"]
    for each in compared:
        text = to_html(comparison_markdown(lesson, each), extensions=blocks)
        page = BeautifulSoup(text, "html.parser")
        assert not page.select("script, img, b, u, iframe")
        assert len(page.select(".comparison > .ways > .way")) == 2


ALL_SHOWN = "[...document.querySelectorAll('.way')].map(way => way.offsetParent !== null)"


async def rectangles(page: Page, selector: str) -> list[dict[str, float]]:
    found: list[dict[str, float]] = await page.evaluate(
        "selector => [...document.querySelectorAll(selector)]"
        ".map(each => each.getBoundingClientRect().toJSON())",
        selector,
    )
    return found


@pytest.mark.asyncio(loop_scope="session")
async def test_both_ways_stand_side_by_side_where_there_is_room(
    site: BuiltSite, desktop: Page
) -> None:
    await desktop.goto(site.url + N_PLUS_ONE)
    assert await desktop.evaluate(ALL_SHOWN) == [True, True]
    one, other = await rectangles(desktop, ".way")
    assert one["y"] == other["y"]
    assert one["right"] <= other["x"]
    assert await desktop.locator(".ways > input").first.is_hidden()


@pytest.mark.asyncio(loop_scope="session")
async def test_on_a_phone_the_heads_are_tabs_that_a_keyboard_works(
    site: BuiltSite, dark_phone: Page
) -> None:
    await dark_phone.goto(site.url + N_PLUS_ONE)
    one, other = await rectangles(dark_phone, ".way-head")
    assert one["y"] == other["y"]
    assert await dark_phone.evaluate(ALL_SHOWN) == [True, False]
    await dark_phone.locator("#way-wrong").focus()
    outline = "getComputedStyle(document.querySelector('label[for=way-right]')).outlineStyle"
    await dark_phone.keyboard.press("ArrowRight")
    assert await dark_phone.evaluate(ALL_SHOWN) == [False, True]
    assert await dark_phone.evaluate(outline) == "solid"
    await dark_phone.locator("label.wrong").click()
    assert await dark_phone.evaluate(ALL_SHOWN) == [True, False]
    assert await dark_phone.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.asyncio(loop_scope="session")
async def test_paper_has_both_ways(site: BuiltSite, dark_phone: Page) -> None:
    await dark_phone.goto(site.url + N_PLUS_ONE)
    await dark_phone.emulate_media(media="print")
    assert await dark_phone.evaluate(ALL_SHOWN) == [True, True]
    assert await dark_phone.locator(".ways > input").first.is_hidden()


@pytest.mark.asyncio(loop_scope="session")
async def test_tabs_work_without_a_script(site: BuiltSite, chromium: Browser) -> None:
    context = await chromium.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=False
    )
    page = await context.new_page()
    await page.goto(site.url + N_PLUS_ONE)
    await page.locator("label.right").click()
    assert await page.locator(".way.right").is_visible()
    assert await page.locator(".way.wrong").is_hidden()
    await context.close()
