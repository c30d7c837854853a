"""Plans that open as trees: what a reader presses and sees, and what is fetched for it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, FrameLocator, Locator, Page, expect

from tests.site.conftest import PATIENCE, BuiltSite, context_of
from workbench.audit.accessibility import Accessibility
from workbench.audit.browser import DESKTOP, PHONE
from workbench.live.serve import StaticServer
from workbench.live.site_files import LiveFiles

pytestmark = pytest.mark.asyncio(loop_scope="session")

LESSON = "lessons/queries/deep_offset/"
NEEDS_SERVER = "lessons/indexes/slow_parent_delete/"
SETTLING = 300
"""Milliseconds in which its colours fade."""
OPEN = "Open as a tree"
DIALOG = "The plan as a tree"
MARKUP = "<b id='hostile'>x</b><img src=x onerror='parent.hostile = 1; hostile = 1'>"
HOSTILE = f"""\
Limit (actual rows=1.00 loops=1)
  Output: title, '{MARKUP}'::text
  ->  Incremental Sort (actual rows=1.00 loops=1)
        Output: title, '{MARKUP}'::text
        Sort Key: title, (COALESCE(title, '{MARKUP}'::text))
        Presorted Key: title, ('{MARKUP}'::text)
        Sort Method: quicksort  Memory: 27kB
        ->  Hash Join (actual rows=1.00 loops=1)
              Hash Cond: (task.title = '{MARKUP}'::text)
              Join Filter: (task.title <> '{MARKUP}'::text)
              ->  Index Scan using "{MARKUP}" on "{MARKUP}" "{MARKUP}" (actual rows=1.00 loops=1)
                    Index Cond: (title = '{MARKUP}'::text)
                    Filter: (title <> '{MARKUP}'::text)
                    Rows Removed by Filter: 3
              ->  Bitmap Heap Scan on "{MARKUP}" (actual rows=1.00 loops=1)
                    Recheck Cond: (title = '{MARKUP}'::text)
                    Rows Removed by Index Recheck: 300
                    ->  Bitmap Index Scan on "{MARKUP}" (actual rows=1.00 loops=1)
                          Index Cond: (title = '{MARKUP}'::text)
              ->  Hash (actual rows=1.00 loops=1)
                    ->  Function Scan on "{MARKUP}" (actual rows=1.00 loops=1)
                          Group Key: '{MARKUP}'::text"""
FILL = """(plan, text) => { plan.querySelector("code").textContent = text }"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    async with context_of(chromium) as context:
        yield await context.new_page()


def faults_of(page: Page) -> list[str]:
    """What the page complains of, from now on."""
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # These contexts have no service worker.
        if message.type in {"error", "warning"} and "Service Worker" not in message.text:
            faults.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


async def opened(plan: Locator) -> FrameLocator:
    """Open ``plan`` as a tree and return the viewer, when it shows the first node."""
    await plan.get_by_role("button", name=OPEN).click()
    viewer = plan.page.frame_locator("dialog iframe")
    await expect(viewer.locator("body > *").first).to_be_visible(timeout=PATIENCE)
    return viewer


def nodes(viewer: FrameLocator) -> Locator:
    return viewer.locator(".plan .plan-node h4")


async def test_a_stored_plan_opens_as_a_tree_that_is_fetched_then(
    live_server: StaticServer, page: Page
) -> None:
    faults = faults_of(page)
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    before = len(live_server.sent)
    await page.goto(live_server.url + LESSON, wait_until="load")
    plan = page.locator(".output-plan").first
    await expect(plan.get_by_role("button", name=OPEN)).to_be_visible()
    assert not [each.path for each in live_server.sent[before:] if "plan_" in each.path]
    viewer = await opened(plan)
    await expect(nodes(viewer)).to_have_text(["Limit", "Index Scan Backward"])
    await expect(viewer.locator(".plan .plan-node").nth(1)).to_contain_text(
        re.compile(r"task_created_at_id_idx.*rows:\s*90,020", re.DOTALL)
    )
    paths = [each.path for each in live_server.sent[before:] if "/live/" in each.path]
    fetched = [path.rsplit("/", 1)[-1] for path in paths]
    kinds = [re.sub(r"\.\w+\.", ".", name) for name in fetched if name.startswith("plan_")]
    assert sorted(kinds) == ["plan_tree.js", "plan_viewer.html", "plan_viewer.js"]
    assert not [name for name in fetched if name.startswith(("lesson.", "editor.", "manifest."))]
    assert asked == {urlsplit(live_server.url).netloc}
    assert faults == []


async def test_keys_alone_open_and_close_it_and_the_focus_comes_back(
    live_server: StaticServer, page: Page
) -> None:
    await page.goto(live_server.url + LESSON)
    button = page.locator(".output-plan").nth(1).get_by_role("button", name=OPEN)
    dialog = page.get_by_role("dialog", name=DIALOG)
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    viewer = page.frame_locator("dialog iframe")
    await viewer.get_by_role("link", name="Grid").focus()
    await page.keyboard.press("Enter")
    await expect(viewer.locator(".plan-grid")).to_contain_text("Index Scan Backward")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(button).to_be_focused()
    await button.click()
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_have_count(0)
    assert page.url == live_server.url + LESSON


async def test_every_stored_plan_has_all_its_nodes_in_the_tree(
    built: BuiltSite, live_server: StaticServer, page: Page
) -> None:
    faults = faults_of(page)
    tried = 0
    for lesson in built.lessons():
        if 'class="output output-plan"' not in built.html(lesson):
            continue
        await page.goto(live_server.url + lesson)
        await page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = 1)")
        for plan in await page.locator(".output-plan").all():
            text = await plan.locator("code").text_content()
            viewer = await opened(plan)
            await expect(nodes(viewer)).to_have_count(str(text).count("->  ") + 1)
            await page.keyboard.press("Escape")
            tried += 1
    assert tried >= 25
    assert faults == []


async def test_a_lesson_that_needs_a_server_opens_its_plans_as_well(
    live_server: StaticServer, page: Page
) -> None:
    await page.goto(live_server.url + NEEDS_SERVER)
    await expect(page.locator(".needs-server")).to_be_visible()
    viewer = await opened(page.locator(".output-plan").first)
    await expect(nodes(viewer)).to_have_text(["Delete", "Index Scan"])
    assert await page.get_by_role("button", name="Run").count() == 0


async def test_a_live_plan_opens_as_a_tree(live_server: StaticServer, page: Page) -> None:
    faults = faults_of(page)
    await page.goto(live_server.url + "scratchpad/")
    cell = page.locator('[data-cell="in-sql"]')
    await cell.get_by_role("button", name="Show the plan of cell").click()
    plan = cell.locator(".output-plan")
    await expect(plan).to_be_visible(timeout=3 * PATIENCE)
    first = str(await plan.locator("code").text_content()).split(" (")[0]
    viewer = await opened(plan)
    await expect(nodes(viewer).first).to_have_text(re.sub(r" (on|using) .*", "", first))
    await page.keyboard.press("Escape")
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone_in_the_colours_of_the_page(
    live_server: StaticServer, chromium: Browser, scheme: str
) -> None:
    phone = {"width": 360, "height": 740}
    async with context_of(chromium, viewport=phone, color_scheme=scheme) as context:
        page = await context.new_page()
        await page.goto(live_server.url + LESSON)
        viewer = await opened(page.locator(".output-plan").first)
        dialog = page.get_by_role("dialog", name=DIALOG)
        for wide in (page.locator("html"), viewer.locator("html"), dialog):
            assert await wide.evaluate("e => e.scrollWidth") <= 360
        ground = await viewer.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
        assert (max(map(int, re.findall(r"\d+", ground)[:3])) < 128) == (scheme == "dark")
        for node in await nodes(viewer).all():
            box = await node.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360


async def test_keys_alone_open_the_details_of_a_node(live_server: StaticServer, page: Page) -> None:
    await page.goto(live_server.url + LESSON)
    viewer = await opened(page.locator(".output-plan").first)
    toggle = viewer.get_by_role("button", name="Details of Index Scan Backward")
    details = viewer.locator(".plan .plan-node.detailed")
    for key, opens in (("Enter", True), (" ", False)):
        await toggle.press(key)
        await expect(details).to_have_count(int(opens))
        await expect(toggle).to_have_attribute("aria-expanded", str(opens).lower())
    for _ in range(40):
        await page.keyboard.press("Shift+Tab")
        if await viewer.get_by_role("link", name="Plan").evaluate("e => e.matches(':focus')"):
            return
    pytest.fail("Tab does not lead from a node to the views")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
async def test_axe_finds_nothing_in_any_of_its_views(
    live_server: StaticServer,
    chromium: Browser,
    accessibility: Accessibility,
    size: dict[str, int],
    scheme: str,
) -> None:
    async with context_of(chromium, viewport=size, color_scheme=scheme) as context:
        page = await context.new_page()
        await page.goto(live_server.url + LESSON)
        viewer = await opened(page.locator(".output-plan").first)
        faults = await accessibility.faults(page, "the page around it")
        frame = next(frame for frame in page.frames if frame != page.main_frame)
        for view in ("Plan", "Grid", "Raw", "Stats"):
            await viewer.get_by_role("link", name=view, exact=True).click()
            if view == "Plan":
                for toggle in await viewer.get_by_role("button", name="Details of").all():
                    await toggle.press("Enter")
                await expect(viewer.locator(".node-type").first).to_be_attached()
            await page.mouse.move(0, 0)
            await page.wait_for_timeout(SETTLING)
            faults += await accessibility.faults(frame, view)
        assert faults == []


async def test_what_a_plan_holds_stays_text_in_every_view(
    live_server: StaticServer, page: Page
) -> None:
    faults = faults_of(page)
    await page.goto(live_server.url + LESSON)
    plan = page.locator(".output-plan").first
    await plan.evaluate(FILL, HOSTILE)
    viewer = await opened(plan)
    await expect(nodes(viewer)).to_have_count(8)
    for toggle in await viewer.locator(".plan .node-detail-toggle").all():
        await toggle.click(force=True)
    for sign in await viewer.locator(".plan .plan-node :is(svg, .badge, .node-bar-label)").all():
        await sign.dispatch_event("mouseenter")
    tips = viewer.locator(".tippy-content", has_text=MARKUP)
    await expect(tips.filter(has_text="Filter used")).to_have_count(1)
    await expect(tips.filter(has_text="Recheck condition")).to_have_count(1)
    assert await viewer.locator("#hostile, img[src=x]").count() == 0
    for tab in await viewer.locator(".plan .plan-node a:text-matches('Misc|Output')").all():
        await tab.evaluate("tab => tab.click()")
        await viewer.locator("body").evaluate("() => new Promise(requestAnimationFrame)")
        assert await viewer.locator("#hostile, img[src=x]").count() == 0
    assert await viewer.locator(".plan li", has_text=MARKUP).count() > 0
    for view in ("Grid", "Raw", "Stats"):
        await viewer.get_by_role("link", name=view).click()
        await expect(viewer.get_by_text(MARKUP).last).to_be_attached()
        assert await viewer.locator("#hostile, img[src=x]").count() == 0
    await page.keyboard.press("Escape")
    await plan.evaluate(FILL, MARKUP)
    viewer = await opened(plan)
    await expect(viewer.get_by_text("Couldn't parse plan")).to_be_visible()
    await expect(viewer.get_by_text(MARKUP)).to_be_visible()
    assert await viewer.locator("#hostile, img[src=x]").count() == 0
    assert await page.evaluate("window.hostile") is None
    assert faults == []


async def test_a_viewer_that_does_not_arrive_leaves_a_sentence(
    live_server: StaticServer, page: Page
) -> None:
    await page.route("**/plan_viewer.*", lambda route: route.fulfill(status=404, body="gone"))
    await page.goto(live_server.url + LESSON)
    await page.locator(".output-plan").first.get_by_role("button", name=OPEN).click()
    dialog = page.get_by_role("dialog", name=DIALOG)
    await expect(dialog).to_contain_text("The viewer did not arrive")


async def test_without_the_files_no_plan_offers_a_tree(site: BuiltSite, page: Page) -> None:
    await page.goto(site.url + LESSON)
    await expect(page.locator(".output-plan").first).to_be_visible()
    assert await page.get_by_role("button", name=OPEN).count() == 0


async def test_the_licences_of_the_viewer_lie_beside_it(live: LiveFiles) -> None:
    text = (live.live / "LICENSES.txt").read_text(encoding="utf-8")
    for line in ("PEV2, as changed here", "pev2 1.", "vue 3.", "bootstrap 5.", "d3-flextree 2."):
        assert re.search(f"^{re.escape(line)}", text, re.MULTILINE), line
    assert "Copyright (c) 2019, Dalibo" in text
