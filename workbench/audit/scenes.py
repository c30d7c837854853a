"""States of a page that a reader brings about, each with the keyboard alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from playwright.async_api import Browser, Page, expect
from playwright.async_api import Error as BrowserError

from workbench.audit.accessibility import Accessibility
from workbench.audit.browser import DESKTOP, PHONE

LESSON: Final = "lessons/queries/n_plus_one/"
WITH_A_PLAN: Final = "lessons/queries/deep_offset/"
CATALOGUE: Final = "snippets/"
MOST_STEPS: Final = 400
PATIENCE: Final = 10_000
SETTLING: Final = 700
FIRST_RUN: Final = 120_000
"""Milliseconds that a tab may take until Python and PostgreSQL run in it."""


class OutOfReach(Exception):
    """Says in a sentence what Tab does not lead to."""


@dataclass(frozen=True)
class Scene:
    """What ``act`` does on ``page`` at ``size``; it raises where the keyboard does not do it."""

    page: str
    size: Mapping[str, int]
    act: Callable[[Page], Awaitable[None]]
    needs_live: bool = False


async def reach(page: Page, selector: str) -> None:
    """Press Tab until the focus is on what ``selector`` matches. Raises OutOfReach."""
    for _ in range(MOST_STEPS):
        await page.keyboard.press("Tab")
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise OutOfReach(f"Tab does not lead to {selector}")


async def skip_to_content(page: Page) -> None:
    await reach(page, ".md-skip")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.locator("article :focus")).to_have_count(1, timeout=PATIENCE)


async def search(page: Page) -> None:
    await reach(page, ".md-search__input, .md-header__button[for=__search]")
    await page.keyboard.press("Enter")
    field, results = page.locator(".md-search__input"), page.locator(".md-search-result__link")
    await expect(field).to_be_focused(timeout=PATIENCE)
    await page.keyboard.type("cursor pagination")
    await expect(results.first).to_be_visible(timeout=PATIENCE)
    # Each letter makes the list anew; that of the last has to be there.
    await page.wait_for_timeout(SETTLING)
    await page.keyboard.press("ArrowDown")
    await expect(results.first).to_be_focused(timeout=PATIENCE)


async def follow_a_result(page: Page) -> None:
    await search(page)
    start = page.url
    await page.keyboard.press("Enter")
    await page.wait_for_url(lambda url: url.partition("?")[0] != start, timeout=PATIENCE)
    await expect(page.locator("article mark").first).to_be_attached(timeout=PATIENCE)


async def open_the_menu(page: Page) -> None:
    await reach(page, ".md-header__button[for=__drawer]")
    await page.keyboard.press("Enter")
    await expect(page.locator(".md-sidebar--primary")).to_be_in_viewport(timeout=PATIENCE)
    await expect(page.locator(".md-nav--primary :focus")).to_have_count(1, timeout=PATIENCE)


async def choose_colours(page: Page) -> None:
    before = await page.locator("body").get_attribute("data-md-color-media")
    await reach(page, ".md-option")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("body")).not_to_have_attribute(
        "data-md-color-media", before or "", timeout=PATIENCE
    )


async def open_a_fold(page: Page) -> None:
    await reach(page, "article summary")
    await page.keyboard.press("Enter")
    await expect(page.locator("details:has(> summary:focus)[open]")).to_have_count(1)


async def copy_code(page: Page) -> None:
    await reach(page, ".md-code__button")
    await page.keyboard.press("Enter")
    text = await page.locator("pre:has(.md-code__button:focus) > code").inner_text()
    copied = ""
    for _ in range(50):
        copied = await page.evaluate("navigator.clipboard.readText()")
        if copied.strip() == text.strip():
            return
        await page.wait_for_timeout(100)
    raise OutOfReach(f"Enter on a copy button copies {copied[:40]!r}")


async def open_a_plan(page: Page) -> None:
    await reach(page, ".output-plan .live-button")
    await page.keyboard.press("Enter")
    viewer = page.frame_locator("dialog iframe")
    toggle = viewer.get_by_role("button", name="Details of").first
    await expect(toggle).to_be_visible(timeout=PATIENCE)
    for _ in range(MOST_STEPS):
        await page.keyboard.press("Tab")
        if await toggle.evaluate("toggle => toggle.matches(':focus')"):
            break
    await page.keyboard.press("Enter")
    await expect(toggle).to_have_attribute("aria-expanded", "true", timeout=PATIENCE)


async def filter_the_catalogue(page: Page) -> None:
    await reach(page, "#filter")
    before = await page.locator(".snippet:visible").count()
    await page.keyboard.type("keyset")
    await expect(page.locator(".catalogue-filter output")).not_to_be_empty(timeout=PATIENCE)
    if not 0 < await page.locator(".snippet:visible").count() < before:
        raise OutOfReach("What is typed into the catalogue's field filters nothing")


async def run_and_edit_a_cell(page: Page) -> None:
    await reach(page, ".live-run")
    await page.keyboard.press("Enter")
    await expect(page.locator('[data-live="ok"]').first).to_be_attached(timeout=FIRST_RUN)
    await reach(page, '.live-button[aria-label^="Edit"]')
    await page.keyboard.press("Enter")
    editor = page.locator(".cm-content")
    await expect(editor).to_be_focused(timeout=PATIENCE)
    # Within it Tab indents: Escape first lets it lead on.
    await page.keyboard.press("Tab")
    await expect(editor).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Tab")
    await expect(editor).not_to_be_focused()


async def fail_the_exercise(page: Page) -> None:
    await reach(page, '.live-button[aria-label^="Try it here"]')
    await page.keyboard.press("Enter")
    await expect(page.locator(".live-exercise .cm-content")).to_be_focused(timeout=FIRST_RUN)
    await page.keyboard.press("Escape")
    await reach(page, '[aria-label="Check your answer"]')
    await page.keyboard.press("Enter")
    await expect(page.locator(".live-verdict")).to_contain_text("Not yet", timeout=FIRST_RUN)


SCENES: Final = (
    Scene(LESSON, DESKTOP, skip_to_content),
    Scene(LESSON, DESKTOP, search),
    Scene(LESSON, PHONE, search),
    Scene("", DESKTOP, follow_a_result),
    Scene(LESSON, PHONE, open_the_menu),
    Scene(LESSON, DESKTOP, choose_colours),
    Scene(LESSON, DESKTOP, open_a_fold),
    Scene(LESSON, DESKTOP, copy_code),
    Scene(WITH_A_PLAN, DESKTOP, open_a_plan, needs_live=True),
    Scene(CATALOGUE, PHONE, filter_the_catalogue),
    Scene(LESSON, DESKTOP, run_and_edit_a_cell, needs_live=True),
    Scene(LESSON, PHONE, fail_the_exercise, needs_live=True),
)


async def played(
    browser: Browser, url: str, scene: Scene, accessibility: Accessibility
) -> tuple[list[str], list[str]]:
    """Play ``scene``; return what the keyboard did not do, and what axe finds where it led."""
    context = await browser.new_context(
        viewport=scene.size,  # type: ignore[arg-type]
        permissions=["clipboard-read", "clipboard-write"],
        service_workers="block",
    )
    page = await context.new_page()
    state = f"{scene.page or 'home'} at {scene.size['width']} px, {scene.act.__name__}"
    try:
        await page.goto(url + scene.page)
        await scene.act(page)
        if scene.act is choose_colours:
            return [], await accessibility.faults(page, state)
        return [], await accessibility.in_both_colours(page, state)
    except (OutOfReach, AssertionError, BrowserError) as error:
        return [f"{state}: {str(error).splitlines()[0]}."], []
    finally:
        await context.close()


_MOVING: Final = """() => {
    const moves = element => [undefined, "::before", "::after"].some(part => {
        const style = getComputedStyle(element, part)
        return [style.transitionDuration, style.animationName === "none" ? "0s"
            : style.animationDuration].some(times => times.split(", ").some(time => time !== "0s"))
    })
    const found = [...document.querySelectorAll("body, body *")].filter(moves)
        .map(element => element.tagName.toLowerCase() + "." + [...element.classList].join("."))
    if (getComputedStyle(document.documentElement).scrollBehavior !== "auto") found.push("html")
    return [...new Set(found)]
}"""


async def motion(browser: Browser, url: str, page: str) -> list[str]:
    """Return a sentence for what moves on ``page`` although the reader asked for no motion."""
    context = await browser.new_context(reduced_motion="reduce")
    tab = await context.new_page()
    await tab.goto(url + page)
    moving: list[str] = await tab.evaluate(_MOVING)
    await context.close()
    return [f"{page or 'home'}: {name} moves although motion is reduced." for name in moving]
