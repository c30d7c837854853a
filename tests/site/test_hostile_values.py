"""What a database holds is shown as text, by a live cell, in the tree of a plan and in search."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.site.conftest import BuiltSite, context_of
from tests.site.sample_lessons import VALUES
from tests.site.test_in_a_browser import DANGEROUS
from tests.site.test_policy import reported
from tests.site.test_run_in_page import LESSON, first_cell, run, write_hidden
from workbench.live.serve import StaticServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

COLUMN = "<img src=x onerror='hostile=1'>"
ALIAS = '"><svg onload=hostile=1>'
CELL = f"""
import json
from IPython.display import display
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from workbench.lesson import database_url, expect, explain, record, tabulate

def name(text):
    return '"' + text.replace('"', '""') + '"'

values = json.loads({json.dumps(json.dumps(VALUES))})
column, alias = {COLUMN!r}, {ALIAS!r}
literal = "'" + column.replace("'", "''") + "'"
odd = create_async_engine(database_url())
async with odd.connect() as connection:
    await connection.exec_driver_sql(f"CREATE TEMP TABLE odd (id int, {{name(column)}} text)")
    for id, value in enumerate(values):
        await connection.execute(text("INSERT INTO odd VALUES (:i, :v)"), {{"i": id, "v": value}})
    with record(odd) as sent:
        found = await connection.exec_driver_sql(
            f"SELECT {{name(column)}}, {{name(column)}} AS {{name(alias)}} FROM odd ORDER BY id"
            f" /* {{column}} {{alias}} */ -- </pre></code><script>hostile = 1</script>"
        )
        rows = found.all()
    display(tabulate(*found.keys(), rows=rows))
    display(sent)
    display(await explain(connection, f"SELECT * FROM odd WHERE {{name(column)}} <> {{literal}}"
                          f" ORDER BY {{name(column)}} || {{literal}}"))
    with expect(DBAPIError):
        await connection.exec_driver_sql(f"SELECT {{literal}}::integer")
    print(column, alias)
await odd.dispose()
raise ValueError(column)
"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    async with context_of(chromium) as context:
        yield await context.new_page()


def heard(page: Page) -> list[str]:
    """The dialogs that the page opens, and what it asks of others, from now on."""
    own = urlsplit(page.url).netloc
    found: list[str] = []
    page.on("dialog", lambda dialog: found.append(dialog.message))
    page.on(
        "request",
        lambda request: (
            found.append(request.url)
            if urlsplit(request.url).netloc not in {own, ""} or request.url.endswith("/x")
            else None
        ),
    )
    return found


async def test_a_live_cell_shows_rows_names_statements_plans_and_errors_as_text(
    live_server: StaticServer, page: Page
) -> None:
    faults = await reported(page.context)
    await page.goto(live_server.url + LESSON)
    noticed = heard(page)
    cell = first_cell(page)
    await write_hidden(page, cell, CELL)
    # Chromium would keep the colour of the text that is replaced, in an attribute that is refused.
    await page.wait_for_timeout(500)
    faults.clear()
    await run(cell, "failed")
    outputs = cell.locator(":scope > .output:visible")
    shown = [" ".join(text.split()) for text in await outputs.all_text_contents()]
    table, statements, plan, refused, printed, failed = shown
    cells = await cell.locator(".output-table td").all_text_contents()
    wanted = [" ".join(value.replace("`", "").split()) for value in VALUES for _ in range(2)]
    assert [" ".join(each.replace("`", "").split()) for each in cells] == wanted
    headings = await cell.locator(".output-table th").all_text_contents()
    assert headings == [COLUMN, ALIAS]
    assert table.startswith(COLUMN)
    for text, values in {
        statements: (COLUMN, ALIAS, "</pre></code><script>hostile = 1</script>"),
        plan: (COLUMN.replace("'", "''"), "Sort Key: "),
        refused: (COLUMN, "invalid input syntax"),
        printed: (COLUMN, ALIAS),
        failed: (COLUMN, "ValueError"),
    }.items():
        for value in values:
            assert value in text
    assert await cell.locator(f".output :is({DANGEROUS}, img, svg)").count() == 0
    await cell.get_by_role("button", name="Open as a tree").click()
    viewer = page.frame_locator("dialog iframe")
    await expect(viewer.locator(".plan .plan-node")).to_have_count(2)
    await viewer.get_by_role("link", name="Raw").click()
    await expect(viewer.locator("pre code")).to_contain_text(COLUMN.replace("'", "''"))
    assert await viewer.locator("img[src=x], svg[onload]").count() == 0
    await page.keyboard.press("Escape")
    assert await page.evaluate("window.hostile") is None
    assert (noticed, faults) == ([], [])


@pytest.mark.parametrize("words", ["hostile", "fence", "stays text"])
async def test_search_shows_hostile_text_as_text(
    difficult: BuiltSite, page: Page, words: str
) -> None:
    faults = await reported(page.context)
    await page.goto(difficult.url)
    noticed = heard(page)
    query = page.locator("[data-md-component=search-query]")
    await query.click()
    await query.press_sequentially(words)
    result = page.locator(".md-search-result")
    await expect(result.locator(".md-search-result__link").first).to_be_visible()
    await expect(result).to_contain_text("window.hostile" if words == "fence" else "tags")
    assert await result.locator(f":is({DANGEROUS}, img)").count() == 0
    assert await page.evaluate("window.hostile") is None
    assert (noticed, faults) == ([], [])
