"""The search of a built site, used as a reader does: by typing into its field."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.async_api import Page

RESULTS = ".md-search-result__item > a.md-search-result__link:first-of-type"
# As functions: a page's policy lets no text be evaluated in it.
COUNTED = """counted => {
    const { textContent } = document.querySelector(".md-search-result__meta")
    return textContent.includes("matching document") === counted
}"""


async def open_search(page: Page, url: str) -> None:
    """Open the site at ``url`` with the field of its search in focus."""
    await page.goto(url)
    await page.click(".md-search__input")
    await page.wait_for_function(
        "() => !/Initializing/.test(document.querySelector('.md-search-result__meta').textContent)"
    )


async def found(page: Page, query: str, *, url: str, first: int = 3) -> list[str]:
    """Return the addresses of the ``first`` results of ``query``, below ``url``."""
    field = page.locator(".md-search__input")
    for text in ("", query):
        await field.fill(text)
        # The theme listens to keys.
        await field.press("End")
        await page.wait_for_function(COUNTED, arg=bool(text))
    links = await page.eval_on_selector_all(
        RESULTS, "(links, first) => links.slice(0, first).map((link) => link.href)", first
    )
    root = urlsplit(url).path
    return [urlsplit(link).path.removeprefix(root) for link in links]
