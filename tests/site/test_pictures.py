"""The pictures of lessons as a reader sees them: on a phone, in the dark, on paper."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from playwright.async_api import Browser, Page

from tests.site.conftest import BuiltSite

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIGURE = ".output-figure img"
# In a document of its own, as wide as the image is in the page, its texts can be measured.
MEASURED = """async ({svg, width}) => {
    document.body.style.margin = 0
    document.body.innerHTML = svg
    const picture = document.body.firstElementChild
    picture.setAttribute("width", width)
    picture.removeAttribute("height")
    const scale = width / picture.viewBox.baseVal.width
    const frame = picture.getBoundingClientRect()
    return [...picture.querySelectorAll("text")].map(text => {
        const box = text.getBoundingClientRect()
        return {
            text: text.textContent,
            size: parseFloat(getComputedStyle(text).fontSize) * scale,
            inside: box.left >= frame.left && box.right <= frame.right + 0.5
                && box.top >= frame.top && box.bottom <= frame.bottom + 0.5,
        }
    })
}"""
# The colour of one pixel near the corner of a screenshot.
GROUND = """async data => {
    const image = new Image()
    image.src = "data:image/png;base64," + data
    await image.decode()
    const context = document.createElement("canvas").getContext("2d")
    context.drawImage(image, -2, -2)
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
}"""


def illustrated(site: BuiltSite) -> dict[str, list[str]]:
    """Return the pictures of every page that has some, as SVG."""
    found = {}
    for page in site.lessons():
        images = BeautifulSoup(site.html(page), "html.parser").select(FIGURE)
        if images:
            found[page] = [unquote(str(image["src"]).partition(",")[2]) for image in images]
    return found


async def test_on_a_phone_every_text_is_large_enough_and_inside(
    site: BuiltSite, dark_phone: Page, chromium: Browser
) -> None:
    pages = illustrated(site)
    assert len(pages) >= 7
    blank = await chromium.new_page()
    for page, pictures in pages.items():
        await dark_phone.goto(site.url + page)
        widths = await dark_phone.locator(FIGURE).evaluate_all(
            "all => all.map(image => image.getBoundingClientRect().width)"
        )
        for svg, width in zip(pictures, widths, strict=True):
            assert 300 <= width <= 360
            texts = await blank.evaluate(MEASURED, {"svg": svg, "width": width})
            assert texts
            for text in texts:
                assert text["size"] >= 11, (page, text)
                assert text["inside"], (page, text)
    await blank.close()


async def test_room_is_kept_for_a_picture_before_it_is_drawn(
    site: BuiltSite, dark_phone: Page
) -> None:
    for page in illustrated(site):
        await dark_phone.goto(site.url + page)
        for image in await dark_phone.locator(FIGURE).all():
            shape = "e => [e.naturalWidth / e.naturalHeight, e.width / e.height]"
            natural, shown = await image.evaluate(shape)
            assert shown == pytest.approx(natural, rel=0.02)
            assert int(await image.get_attribute("width") or 0) > 0


@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize("chosen", ["default", "slate"])
async def test_its_ground_is_that_of_the_page_whatever_the_system_says(
    site: BuiltSite, chromium: Browser, system: str, chosen: str
) -> None:
    page = await chromium.new_page(color_scheme=system)  # type: ignore[arg-type]
    await page.goto(site.url + next(iter(illustrated(site))))
    await page.evaluate("scheme => document.body.dataset.mdColorScheme = scheme", chosen)
    image = page.locator(FIGURE).first
    await image.scroll_into_view_if_needed()
    shot = base64.b64encode(await image.screenshot()).decode()
    blank = await chromium.new_page()
    colour = await blank.evaluate(GROUND, shot)
    ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.close()
    await blank.close()
    assert f"rgb({', '.join(map(str, colour))})" == ground


async def test_on_paper_it_is_black_on_white(site: BuiltSite, dark_phone: Page) -> None:
    await dark_phone.goto(site.url + next(iter(illustrated(site))))
    await dark_phone.emulate_media(media="print", color_scheme="dark")
    scheme = "e => getComputedStyle(e).colorScheme"
    assert await dark_phone.locator(FIGURE).first.evaluate(scheme) == "light"


async def test_its_words_stand_in_the_markdown_of_the_page(site: BuiltSite) -> None:
    for page in illustrated(site):
        beside = (site.folder / page / "index.md").read_text(encoding="utf-8")
        for image in BeautifulSoup(site.html(page), "html.parser").select(FIGURE):
            assert re.search(r"\. .*\d|: ", str(image["alt"])), page
            assert f"[Picture: {image['alt']}]" in beside, page
