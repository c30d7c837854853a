"""Pages read without JavaScript: their text, their outputs, their folds, and no dead button."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.site.conftest import PATIENCE, BuiltSite, context_of
from workbench.execution.notebook import joined
from workbench.live.serve import StaticServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

DEAD = "button, [role=button]:not(a, summary, label), input:not([type=checkbox], [type=radio])"


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    async with context_of(chromium, java_script_enabled=False) as context:
        yield await context.new_page()


async def test_every_page_shows_its_text_and_nothing_that_does_nothing(
    built: BuiltSite, live_server: StaticServer, page: Page
) -> None:
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    for address in built.pages():
        await page.goto(live_server.url + address, wait_until="load")
        article = page.locator("article")
        assert await article.locator("h1").is_visible(), address
        assert len((await article.inner_text()).split()) > 10, address
        for dead in await page.locator(DEAD).all():
            assert not await dead.is_visible(), (address, await dead.evaluate("e => e.outerHTML"))
        assert await page.locator(".md-header").is_visible()
    assert faults == []


async def test_every_lesson_shows_its_outputs(
    built: BuiltSite, live_server: StaticServer, page: Page
) -> None:
    for address in built.lessons():
        await page.goto(live_server.url + address)
        (notebook,) = (built.folder / address).glob("*.ipynb")
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        stored = [
            output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]
        ]
        folds = page.locator("article details")
        for fold in await folds.all():
            if await fold.get_attribute("open") is None and await fold.is_visible():
                await fold.locator("> summary").click()
                assert await fold.get_attribute("open") is not None, address
        outputs = page.locator("article .output")
        streams = sum(output["output_type"] == "stream" for output in stored)
        assert await outputs.count() in range(len(stored) - streams, len(stored) + 1), address
        for output in await outputs.all():
            assert await output.is_visible(), address
        text = " ".join((await page.locator("article").inner_text()).split())
        for output in stored:
            plain = joined(output.get("data", {}).get("text/plain", output.get("text", "")))
            first = next((line.strip() for line in plain.splitlines() if line.strip()), "")
            if "text/markdown" in output.get("data", {}) and first and "\t" not in first:
                assert " ".join(first.split()) in text, (address, first)


async def test_the_note_says_why_there_is_no_run(live_server: StaticServer, page: Page) -> None:
    await page.goto(live_server.url + "lessons/queries/n_plus_one/")
    # It waits for a script that is on its way.
    await expect(page.locator(".live-note")).to_contain_text("JavaScript is off", timeout=PATIENCE)
    await expect(page.locator(".live-note")).to_be_visible(timeout=PATIENCE)
    assert await page.locator(".live-button").count() == 0
