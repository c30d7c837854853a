"""The browser that looks at the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from workbench.chromium import browser_program, sandbox_arguments

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Start Chromium for the block. Raises NoBrowser."""
    program = browser_program()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=sandbox_arguments()
        )
        try:
            yield browser
        finally:
            await browser.close()
