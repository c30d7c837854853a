"""What it costs a reader to run a lesson in the page: seconds, bytes and memory.

Run as ``python -m workbench.live.measure``: prints Markdown tables. It needs Chromium.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Final

import click
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright

from workbench.chromium import browser_program, sandbox_arguments
from workbench.execution.lessons import ROOT
from workbench.live.build import build_live
from workbench.live.serve import StaticServer, serving
from workbench.site.build import build_site

LESSON: Final = "lessons/queries/n_plus_one/"
FIRST: Final = "imports"
SHOWS: Final = "the-loop-sends-a-statement-per-target"
PATIENCE: Final = 180_000  # milliseconds
LINKS: Final = {"no limit": None, "20 Mbit/s": 20e6 / 8, "10 Mbit/s": 10e6 / 8}


@click.command()
@click.option("--runs", default=5, show_default=True, help="Runs of each kind; medians count.")
def main(runs: int) -> None:
    """Measure running a lesson in the page, in Chromium, over a site served with Brotli."""
    asyncio.run(_measure(runs, browser_program()))


async def _measure(runs: int, program: str) -> None:
    live = build_live(compressed=True, report=click.echo)
    with tempfile.TemporaryDirectory(prefix="measure-") as folder:
        site = Path(folder) / "site"
        build_site(ROOT / "mkdocs.yml", site, live=live)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=program, args=sandbox_arguments()
            )
            click.echo(
                f"| Median of {runs}, seconds | {' | '.join(LINKS)} |\n| :-- | --: | --: | --: |"
            )
            columns = [
                await _column(browser, site, runs, bytes_per_second)
                for bytes_per_second in LINKS.values()
            ]
            for name in columns[0]:
                figures = (f"{median(column[name]):.2f}" for column in columns)
                click.echo(f"| {name} | {' | '.join(figures)} |")
            click.echo()
            await _weigh(browser, site)
            await browser.close()


async def _column(
    browser: Browser, site: Path, runs: int, bytes_per_second: float | None
) -> dict[str, list[float]]:
    column: dict[str, list[float]] = {}
    for _ in range(runs):
        with serving(site, bytes_per_second=bytes_per_second) as server:
            async with _reader(browser) as context:
                for name, seconds in (await _visit(context, server)).items():
                    column.setdefault(name, []).append(seconds)
    return column


async def _visit(context: BrowserContext, server: StaticServer) -> dict[str, float]:
    page = await _opened(context, server)
    found = {"click to first cell done, cold": await _run(page, FIRST)}
    await page.close()
    page = await _opened(context, server)
    found["click to first cell done, warm"] = await _run(page, FIRST)
    found["the next two cells, to the first output"] = await _run(page, SHOWS)
    await _write(_cell(page, FIRST), "1 + 1")
    found["a cell that adds 1 and 1"] = await _run(page, FIRST)
    await _write(_cell(page, FIRST), "while True: pass")
    await _cell(page, FIRST).get_by_role("button", name="Run cell").click()
    await page.wait_for_timeout(300)
    await page.get_by_role("button", name="Stop").first.click()
    await _write(_cell(page, FIRST), "2 + 2")
    found["Stop to the next cell done"] = await _run(page, FIRST)
    return found


async def _weigh(browser: Browser, site: Path) -> None:
    with serving(site) as server:
        async with _reader(browser) as context:
            page = await _opened(context, server)
            before = server.total()
            await _run(page, SHOWS)
            sent = server.total() - before
            session = await browser.new_browser_cdp_session()
            info = await session.send("SystemInfo.getProcessInfo")
            memory = [
                _memory(each["id"]) for each in info["processInfo"] if each["type"] == "renderer"
            ]
    click.echo(f"Sent for the first run: {sent / 1e6:.2f} MB.")
    click.echo(f"Memory of the tab's process (private): {max(memory) / 1e6:.0f} MB.")


def _memory(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024
    return 0


@asynccontextmanager
async def _reader(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile that has seen nothing yet."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    yield context
    await context.close()


async def _opened(context: BrowserContext, server: StaticServer) -> Page:
    page = await context.new_page()
    await page.goto(server.url + LESSON, wait_until="load")
    await page.wait_for_timeout(500)
    return page


def _cell(page: Page, name: str) -> Locator:
    return page.locator(f'[data-cell="{name}"]')


async def _run(page: Page, name: str) -> float:
    """Press Run at the cell ``name``, and return the seconds until it is done."""
    fold = _cell(page, name).locator("xpath=ancestor::details[not(@open)]/summary")
    if await fold.count():
        await fold.first.click()
    button = _cell(page, name).get_by_role("button", name="Run cell")
    started = time.perf_counter()
    await button.click()
    await page.wait_for_function(
        "name => document.querySelector(`[data-cell='${name}']`).dataset.live === 'ok'",
        arg=name,
        polling=10,
    )
    return time.perf_counter() - started


async def _write(cell: Locator, source: str) -> None:
    if await cell.locator(".cm-content").count() == 0:
        await cell.get_by_role("button", name="Edit").first.click()
    await cell.locator(".cm-content").click()
    await cell.page.keyboard.press("ControlOrMeta+a")
    await cell.page.keyboard.insert_text(source)


if __name__ == "__main__":
    main()
