"""The keyboard alone: each page of a sample, and each thing that a reader does with one."""

from __future__ import annotations

from playwright.async_api import Browser

from workbench.audit.accessibility import Accessibility
from workbench.audit.browser import DESKTOP, PHONE
from workbench.audit.focus import walk
from workbench.audit.judgement import Judgement, counted
from workbench.audit.scenes import SCENES, motion, played
from workbench.audit.site_pages import SitePages


async def judge_keyboard(
    judgement: Judgement,
    browser: Browser,
    url: str,
    site: SitePages,
    accessibility: Accessibility,
) -> None:
    """Add to ``judgement`` what Tab reaches and shows, what keys do, and what moves."""
    faults, steps = [], 0
    for size in (DESKTOP, PHONE):
        for name in site.sample():
            page = await browser.new_page(viewport=size)  # type: ignore[arg-type]
            await page.goto(url + name)
            found = await walk(page, f"{name or 'home'} at {size['width']} px")
            await page.close()
            steps += len(found.names)
            faults += found.faults
    judgement.add(
        f"{steps} stops of Tab, lost or not seen", counted(faults), limit="0", faults=faults
    )
    runs = (site.folder / "live").is_dir()
    scenes = [scene for scene in SCENES if runs or not scene.needs_live]
    failed: list[str] = []
    broken: list[str] = []
    for scene in scenes:
        not_done, found_there = await played(browser, url, scene, accessibility)
        failed += not_done
        broken += found_there
    judgement.add(
        f"{len(scenes)} things done by keyboard, failed", counted(failed), limit="0", faults=failed
    )
    judgement.add("axe-core, where they lead", counted(broken), limit="0 violations", faults=broken)
    moving = [fault for name in site.sample() for fault in await motion(browser, url, name)]
    judgement.add("what moves with reduced motion", counted(moving), limit="0", faults=moving)
