"""The browser that looks at the pages."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from workbench.audit.tools import browser_program

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


def sandbox_arguments() -> list[str]:
    """Return what Chromium needs to start: as root it has no sandbox."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ["--no-sandbox"] if is_root else []
