"""What a first visit to a page transfers, as the browser counts it."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Browser

from workbench.audit.browser import PHONE

HEAVIEST: Final = 250_000
_BLOCKING = """() => performance.getEntriesByType("resource")
    .filter(entry => entry.renderBlockingStatus === "blocking" && !entry.name.endsWith(".css"))
    .map(entry => entry.name)"""


async def first_visit(browser: Browser, url: str) -> tuple[int, list[str]]:
    """Return the bytes that came over the line for the page at ``url``, and its faults.

    Nothing is in the browser's cache. Style sheets may block the first paint, and nothing else.
    """
    context = await browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    received = 0

    def count(event: dict[str, float]) -> None:
        nonlocal received
        received += int(event["encodedDataLength"])

    session.on("Network.loadingFinished", count)
    await session.send("Network.enable")
    await page.goto(url, wait_until="networkidle")
    faults = [f"{url}: {name} blocks the first paint." for name in await page.evaluate(_BLOCKING)]
    await context.close()
    if received > HEAVIEST:
        faults.append(f"{url}: a first visit transfers {received / 1000:.0f} KB.")
    return received, faults
