"""What a reader meets in a real browser."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.site.conftest import BuiltSite
from tests.site.sample_lessons import HOSTILE, LOADER, PLAN, STATEMENTS, VALUES

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONTRAST = """element => {
    const parse = colour => {
        const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true})
        canvas.fillStyle = colour
        canvas.fillRect(0, 0, 1, 1)
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
        return [r, g, b, a / 255]
    }
    const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]))
    const layers = []
    for (let at = element; at; at = at.parentElement) {
        layers.push(parse(getComputedStyle(at).backgroundColor))
    }
    let ground = [255, 255, 255]
    for (const layer of layers.reverse()) ground = over(layer, ground)
    const text = over(parse(getComputedStyle(element).color), ground)
    const light = colour => {
        const [r, g, b] = colour.map(value => value / 255).map(
            value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const [a, b] = [light(text), light(ground)].sort((x, y) => y - x)
    return (a + 0.05) / (b + 0.05)
}"""
DANGEROUS = "script, style, iframe, object, svg[onload], img[onerror], a[href^=javascript]"
SCHEME = "document.body.getAttribute('data-md-color-scheme')"


async def test_no_page_asks_anybody_else(
    site: BuiltSite, difficult: BuiltSite, desktop: Page
) -> None:
    asked: set[str] = set()
    faults: list[str] = []
    desktop.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    desktop.on("pageerror", lambda error: faults.append(str(error)))
    own = set()
    for built in (site, difficult):
        own.add(urlsplit(built.url).netloc)
        for page in built.pages():
            if page != "404.html":
                await desktop.goto(built.url + page, wait_until="load")
    await desktop.wait_for_timeout(500)
    assert {host for host in asked if host} == own
    assert faults == []


async def test_a_phone_in_the_dark_never_scrolls_a_page_sideways(
    site: BuiltSite, difficult: BuiltSite, dark_phone: Page
) -> None:
    for built in (site, difficult):
        for page in built.pages():
            await dark_phone.goto(built.url + page)
            await dark_phone.evaluate(
                "document.querySelectorAll('details').forEach(d => d.open = 1)"
            )
            assert await dark_phone.evaluate("document.documentElement.scrollWidth") <= 360, page


async def test_statements_plans_and_errors_fold_on_a_phone(
    difficult: BuiltSite, dark_phone: Page
) -> None:
    await dark_phone.goto(difficult.url + "lessons/queries/plain/")
    for kind in ("sql", "plan", "error"):
        block = dark_phone.locator(f".output-{kind} code").first
        assert await block.evaluate("e => e.scrollWidth <= e.clientWidth"), kind


async def test_a_folded_line_hangs_under_its_start(difficult: BuiltSite, dark_phone: Page) -> None:
    await dark_phone.goto(difficult.url + "lessons/queries/plain/")
    line = dark_phone.locator(".output-plan .line", has_text="Index Scan Backward")
    starts = await line.evaluate(
        """e => {
            const range = document.createRange()
            range.selectNodeContents(e)
            return [...range.getClientRects()].map(rect => rect.left)
        }"""
    )
    assert len(starts) > 1
    depth = len(PLAN[3]) - len(PLAN[3].lstrip())
    character = await line.evaluate("e => parseFloat(getComputedStyle(e).fontSize) * 0.6")
    assert min(starts[1:]) - starts[0] > depth * character * 0.9


async def test_evidence_is_legible_in_light_and_in_dark(
    difficult: BuiltSite, desktop: Page, dark_phone: Page
) -> None:
    for page in (desktop, dark_phone):
        await page.goto(difficult.url + "lessons/queries/plain/")
        for selector in (
            ".output-error code",
            ".output-sql strong",
            ".output-sql .c1",
            ".output-plan code",
            ".listing-caption a",
            ".lesson-links a",
            ".output-table td",
        ):
            contrast = await page.locator(selector).first.evaluate(CONTRAST)
            assert contrast >= 4.5, (selector, contrast, await page.evaluate(SCHEME))


async def test_hostile_text_is_shown_and_does_nothing(difficult: BuiltSite, desktop: Page) -> None:
    dialogs: list[str] = []
    desktop.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await desktop.goto(difficult.url + "lessons/models/hostile/", wait_until="load")
    assert await desktop.evaluate("window.hostile") is None
    assert dialogs == []
    blocks = await desktop.locator("article pre > code").evaluate_all(
        "all => all.map(e => e.textContent.trimEnd())"
    )
    for text in (HOSTILE, f"text = r'''\n{HOSTILE}\n'''"):
        assert text in blocks
    # In prose, printed, as SQL, as a plan, as an error, as the text of a rich output.
    assert blocks.count(HOSTILE) == 6
    article = desktop.locator("article")
    assert await article.locator(DANGEROUS).count() == 0
    assert await article.locator("img").count() == 1
    assert await article.locator("img").evaluate("e => e.complete && e.naturalWidth") == 40
    assert await article.locator("img").get_attribute("alt") == (
        'Rows "by" depth <b> "><img src=x onerror="hostile = 1">. "1" < 2'
    )
    table = await article.locator(".output-table td").all_text_contents()
    assert table[1:4] == ["</div>|</details>", "a|b", "<!-- -->"]
    assert "~~~" in table[0]
    # Between backticks a value is set as code, and they go.
    wanted = [" ".join(value.replace("`", "").split()) for value in VALUES for _ in range(2)]
    assert [" ".join(cell.replace("`", "").split()) for cell in table[4:]] == wanted
    assert await article.locator("> h2#the-end-is-outside-of-everything").count() == 1
    assert (
        await desktop.title() == 'Text with "quotes" & <b>tags</b> stays text - Database Patterns'
    )


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("listing + .cell", LOADER), ("lazy-loop + .cell > .output-sql", STATEMENTS)],
)
async def test_the_copy_button_copies_what_is_shown(
    difficult: BuiltSite, desktop: Page, cell: str, expected: str
) -> None:
    await desktop.goto(difficult.url + "lessons/queries/plain/")
    block = desktop.locator(f"#cell-{cell} > .highlight")
    await block.hover()
    await block.locator("button").click()
    await expect(
        desktop.get_by_role("status").filter(has_text="Copied to clipboard")
    ).to_be_visible()
    assert (await desktop.evaluate("navigator.clipboard.readText()")).rstrip() == expected


async def test_search_finds_a_lesson_by_a_word_of_an_output(
    difficult: BuiltSite, desktop: Page
) -> None:
    await desktop.goto(difficult.url)
    query = desktop.locator("[data-md-component=search-query]")
    await query.click()
    await query.press_sequentially("zymurgy")
    result = desktop.locator(".md-search-result__link").first
    await result.wait_for()
    assert "lessons/queries/plain/" in str(await result.get_attribute("href"))


async def test_colours_follow_the_system_and_can_be_chosen(
    difficult: BuiltSite, desktop: Page, dark_phone: Page
) -> None:
    await dark_phone.goto(difficult.url)
    assert await dark_phone.evaluate(SCHEME) == "slate"
    await desktop.goto(difficult.url)
    assert await desktop.evaluate(SCHEME) == "default"
    light = await desktop.evaluate("getComputedStyle(document.body).backgroundColor")
    for _ in range(2):
        await desktop.locator("[data-md-component=palette] label:visible").click()
    assert await desktop.evaluate(SCHEME) == "slate"
    assert await desktop.evaluate("getComputedStyle(document.body).backgroundColor") != light
    await desktop.goto(difficult.url + "lessons/queries/plain/")
    assert await desktop.evaluate(SCHEME) == "slate"


async def test_the_download_link_gives_the_notebook(difficult: BuiltSite, desktop: Page) -> None:
    await desktop.goto(difficult.url + "lessons/queries/plain/")
    async with desktop.expect_download() as waiting:
        await desktop.get_by_role("link", name="Download notebook").click()
    download = await waiting.value
    assert download.suggested_filename == "plain.ipynb"
    committed = difficult.folder / "lessons/queries/plain/plain.ipynb"
    assert (await download.path()).read_bytes() == committed.read_bytes()


async def test_the_caption_of_a_listing_is_one_tidy_block_on_a_phone(
    site: BuiltSite, dark_phone: Page
) -> None:
    await dark_phone.goto(site.url + "lessons/queries/n_plus_one/")
    caption = dark_phone.locator(".listing-caption").first
    parts = [await caption.locator(part).bounding_box() for part in ("a >> nth=0", "a >> nth=1")]
    parts += [await caption.locator(part).bounding_box() for part in ("a >> nth=2", "code")]
    path, download, tests, command = (part or {} for part in parts)
    assert path["y"] < download["y"] == tests["y"] < command["y"]
    assert path["x"] == download["x"] == command["x"] < tests["x"]
    assert max(part["x"] + part["width"] for part in (path, tests, command)) <= 360


async def test_the_next_and_the_previous_page_are_named_in_full(
    site: BuiltSite, desktop: Page, dark_phone: Page
) -> None:
    for page in (desktop, dark_phone):
        await page.goto(site.url + "lessons/queries/join_fan_out/")
        titles = page.locator(".md-footer__title .md-ellipsis")
        for title in await titles.all():
            assert await title.is_visible()
            assert await title.evaluate("e => e.scrollWidth <= e.clientWidth")
        names = [" ".join(each.split()) for each in await titles.all_inner_texts()]
        assert names == ["Load a page in two statements", "Let no relationship load by itself"]
        await page.locator(".md-footer__link--next").click()
        await page.wait_for_url("**/lessons/queries/eager_by_default/")
