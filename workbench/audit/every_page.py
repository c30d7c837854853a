"""Every page in a browser: accessibility, layout shift and width, on a desk and on a phone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from playwright.async_api import Browser, BrowserContext, Page
from playwright.async_api import Error as BrowserError

from workbench.audit.accessibility import Accessibility, choose_colours
from workbench.audit.browser import DESKTOP, PHONE
from workbench.audit.judgement import Judgement, counted

AT_ONCE: Final = 2
LARGEST_SHIFT: Final = 0.02
NARROWEST: Final = 320
SETTLING: Final = 400
"""Milliseconds after which a page that has loaded moves no more by itself."""
SHIFTS: Final = """
window.shiftOfLayout = 0
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
        if (!entry.hadRecentInput) window.shiftOfLayout += entry.value
    }
}).observe({type: "layout-shift", buffered: true})
"""
_OPEN_FOLDS = "document.querySelectorAll('details').forEach(fold => { fold.open = true })"


@dataclass
class Looked:
    """What was found on the pages that were looked at."""

    accessibility: list[str] = field(default_factory=list)
    shifts: dict[str, float] = field(default_factory=dict)
    wide: list[str] = field(default_factory=list)

    def judge(self, judgement: Judgement, pages: int) -> None:
        """Add the bars of ``pages`` pages to ``judgement``."""
        judgement.add(
            f"axe-core, {pages} pages, light and dark, {DESKTOP['width']} and {PHONE['width']} px",
            counted(self.accessibility),
            limit="0 violations",
            faults=self.accessibility,
        )
        judgement.add(
            "largest layout shift",
            f"{max(self.shifts.values(), default=0):.4f}",
            limit=f"< {LARGEST_SHIFT}",
            faults=[
                f"{state}: the layout shifts by {shift:.3f}."
                for state, shift in self.shifts.items()
                if shift >= LARGEST_SHIFT
            ],
        )
        judgement.add(
            f"pages wider than {PHONE['width']} or {NARROWEST} px, folds closed and open",
            counted(self.wide),
            limit="0",
            faults=self.wide,
        )


async def look_at(
    browser: Browser, url: str, pages: Sequence[str], accessibility: Accessibility
) -> Looked:
    """Look at each of ``pages`` below ``url``, two at once."""
    looked = Looked()
    waiting = list(reversed(pages))

    async def work() -> None:
        context = await browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
        await context.add_init_script(SHIFTS)
        while waiting:
            name = waiting.pop()
            try:
                await _look(context, url, name, accessibility, looked)
            except BrowserError as error:
                first = error.message.partition("\n")[0]
                looked.accessibility.append(f"{name or 'home'} cannot be looked at: {first}")
        await context.close()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return looked


async def _look(
    context: BrowserContext, url: str, name: str, accessibility: Accessibility, looked: Looked
) -> None:
    page = await context.new_page()
    for size in (DESKTOP, PHONE):
        state = f"{name or 'home'} at {size['width']} px"
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        await page.emulate_media(color_scheme="light")
        # Anew for each size: what moves when a window changes its width is no shift to a reader.
        await page.goto(url + name)
        await choose_colours(page, "light")
        if size is DESKTOP:
            looked.accessibility += await accessibility.in_both_colours(page, state)
        else:
            await page.wait_for_timeout(SETTLING)
        looked.shifts[state] = await page.evaluate("window.shiftOfLayout")
    looked.wide += await _too_wide(page, name, "closed")
    await page.evaluate(_OPEN_FOLDS)
    looked.wide += await _too_wide(page, name, "open")
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    looked.accessibility += await accessibility.in_both_colours(page, f"{state}, folds open")
    await page.close()


async def _too_wide(page: Page, name: str, folds: str) -> list[str]:
    faults = []
    for width in (PHONE["width"], NARROWEST):
        await page.set_viewport_size({"width": width, "height": PHONE["height"]})
        found = await page.evaluate("document.documentElement.scrollWidth")
        if found > width:
            faults.append(f"{name or 'home'} is {found} px wide at {width} px, folds {folds}.")
    return faults
