"""The content security policy in the pages: all that they do keeps to it, and it does block."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from bs4 import BeautifulSoup
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.site.conftest import PATIENCE, PREFIX, BuiltSite, context_of
from tests.site.test_serving import serving as served_for_authors
from workbench.live.serve import StaticServer
from workbench.site.policy import policy, with_policy

pytestmark = pytest.mark.asyncio(loop_scope="session")

LESSON = "lessons/queries/n_plus_one/"
PLANS = "lessons/queries/deep_offset/"
REPORT = """document.addEventListener("securitypolicyviolation", event =>
    violated(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`))"""
# What a page may do in vain: (directive that refuses it, how it is tried).
ATTEMPTS = {
    "script-src-elem inline": """() => {
        const script = document.createElement("script")
        script.textContent = "window.ran = 'inline'"
        document.body.append(script)
    }""",
    "script-src-elem external": """other => {
        document.body.append(Object.assign(document.createElement("script"), {src: other + "a.js"}))
    }""",
    "script-src-attr inline": """() => {
        document.body.insertAdjacentHTML("beforeend", `<img src=x onerror="window.ran = 'attr'">`)
    }""",
    "script-src eval": """() => { setTimeout("window.ran = 'eval'") }""",
    "img-src external": """other => { new Image().src = other + "a.png" }""",
    "style-src-elem inline": """() => {
        document.body.insertAdjacentHTML("beforeend", "<style>body { opacity: 0.5 }</style>")
    }""",
    "style-src-attr inline": """() => {
        document.body.insertAdjacentHTML("beforeend", `<p style="color: red">text</p>`)
    }""",
    "connect-src external": """other => { fetch(other + "a.json").catch(() => {}) }""",
    "frame-src external": """other => {
        document.body.append(Object.assign(document.createElement("iframe"), {src: other}))
    }""",
    "base-uri external": """other => {
        document.head.append(Object.assign(document.createElement("base"), {href: other}))
    }""",
    "form-action external": """other => {
        const form = Object.assign(document.createElement("form"), {action: other})
        document.body.append(form)
        form.submit()
    }""",
    "object-src external": """other => {
        document.body.append(Object.assign(document.createElement("object"), {data: other}))
    }""",
    "font-src external": """other => {
        new FontFace("f", `url(${other}a.woff2)`).load().catch(() => {})
    }""",
}


async def reported(context: BrowserContext) -> list[str]:
    """What pages of ``context`` try and may not, and what their consoles complain of."""
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # Not every context has a service worker.
        if message.type in {"error", "warning"} and "Service Worker" not in message.text:
            faults.append(message.text)

    await context.expose_function("violated", lambda fault: faults.append(fault))  # noqa: PLW0108
    await context.add_init_script(REPORT)
    context.on("console", heard)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    return faults


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    permissions = ["clipboard-read", "clipboard-write"]
    async with context_of(chromium, permissions=permissions) as context:
        yield await context.new_page()


async def test_every_page_names_the_policy_before_all_that_it_loads(
    built: BuiltSite, site: BuiltSite, difficult: BuiltSite
) -> None:
    for each in (built, site, difficult):
        for address in each.pages():
            html = BeautifulSoup(each.html(address), "html.parser")
            assert html.head is not None
            first, second = html.head.find_all(True)[:2]
            assert first.get("charset") == "utf-8", address
            data = {"application/json", "application/ld+json"}
            scripts = [
                script.get_text()
                for script in html.find_all("script", src=False)
                if script.get("type") not in data
            ]
            assert len(scripts) == 1, address
            wanted = BeautifulSoup(policy(script=scripts[0]), "html.parser").meta
            assert wanted is not None
            assert second.attrs == wanted.attrs, address
            assert html.find_all("style") == []
            for found in html.find_all(True):
                handlers = [name for name in found.attrs if name.startswith("on")]
                assert not handlers, (address, found)
                assert "style" not in found.attrs, (address, found)


async def test_all_pages_keep_to_it(
    built: BuiltSite, live_server: StaticServer, difficult: BuiltSite, page: Page
) -> None:
    faults = await reported(page.context)
    for url, pages in ((live_server.url, built.pages()), (difficult.url, difficult.pages())):
        for address in pages:
            # The error page names the site's root at its public address.
            if url == live_server.url or address != "404.html":
                await page.goto(url + address, wait_until="load")
                assert faults == [], address


async def test_search_colours_copying_and_the_catalogue_keep_to_it(
    live_server: StaticServer, page: Page
) -> None:
    faults = await reported(page.context)
    await page.goto(live_server.url + LESSON)
    scheme = await page.evaluate("document.body.dataset.mdColorScheme")
    for _ in range(2):
        await page.locator("[data-md-component=palette] label:visible").click()
    await page.reload()
    assert await page.evaluate("document.body.dataset.mdColorScheme") != scheme
    block = page.locator("[data-cell] .highlight:visible").first
    await block.hover()
    await block.locator("button.md-code__button").click()
    assert await page.evaluate("navigator.clipboard.readText()")
    await page.get_by_role("button", name="Copy as Markdown").click()
    await expect(page.get_by_role("button", name=re.compile("Copied"))).to_be_visible()
    query = page.locator("[data-md-component=search-query]")
    await query.click()
    await query.press_sequentially("keyset pagination")
    await page.locator(".md-search-result__link").first.wait_for()
    await query.press("Enter")
    await page.wait_for_load_state()
    await page.goto(live_server.url + "snippets/")
    await page.locator("#filter").press_sequentially("keyset")
    await expect(page.locator(".snippet:visible").first).to_be_visible()
    assert faults == []


async def test_run_its_editor_and_its_outputs_keep_to_it(
    live_server: StaticServer, chromium: Browser
) -> None:
    async with context_of(chromium, service_workers="allow") as context:
        page = await context.new_page()
        faults = await reported(context)
        await page.goto(live_server.url + PLANS)
        cell = page.locator("[data-cell]").first
        await page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = 1)")
        await cell.get_by_role("button", name="Edit cell").click()
        content = cell.locator(".cm-content")
        await content.press_sequentially("1 + 1\n")
        assert await content.evaluate("e => getComputedStyle(e).whiteSpace") in {
            "pre",
            "break-spaces",
        }
        assert (
            await cell.locator(".cm-editor").evaluate("e => getComputedStyle(e).display") == "flex"
        )
        last = page.locator("[data-cell]:has(> .output-plan)").first
        await last.get_by_role("button", name=re.compile("^Run cell")).click()
        await expect(last).to_have_attribute("data-live", "ok", timeout=3 * PATIENCE)
        await last.get_by_role("button", name="Open as a tree").last.click()
        viewer = page.frame_locator("dialog iframe")
        await expect(viewer.locator(".plan .plan-node").first).to_be_visible()
        await viewer.get_by_role("link", name="Stats").click()
        await page.keyboard.press("Escape")
        await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await page.goto(live_server.url + "scratchpad/")
        await page.locator('[data-cell="in-sql"]').get_by_role("button", name="Run cell").click()
        await expect(page.locator('[data-cell="in-sql"]')).to_have_attribute(
            "data-live", "ok", timeout=3 * PATIENCE
        )
        assert faults == []


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_it_refuses_what_no_page_has_to_do(
    live_server: StaticServer, difficult: BuiltSite, page: Page, attempt: str
) -> None:
    faults = await reported(page.context)
    await page.goto(live_server.url + LESSON)
    asked: list[str] = []
    page.on("requestfinished", lambda request: asked.append(request.url))
    directive = attempt.partition(" ")[0]
    await page.evaluate(ATTEMPTS[attempt], difficult.url)
    for _ in range(50):
        if any(fault.startswith(directive) for fault in faults):
            break
        await page.wait_for_timeout(100)
    assert any(fault.startswith(directive) for fault in faults), faults
    assert not [url for url in asked if url.startswith(difficult.url)]
    assert await page.evaluate("window.ran") is None
    assert await page.evaluate("getComputedStyle(document.body).opacity") == "1"
    assert page.url == live_server.url + LESSON


async def test_pages_opened_as_files_keep_to_it_and_have_their_colours(
    built: BuiltSite, chromium: Browser
) -> None:
    async with context_of(chromium, color_scheme="dark") as context:
        page = await context.new_page()
        violations: list[str] = []
        await context.expose_function("violated", lambda each: violations.append(each))  # noqa: PLW0108
        await context.add_init_script(REPORT)
        for address in ("index.html", f"{LESSON}index.html"):
            await page.goto((built.folder / address).as_uri(), wait_until="load")
            assert await page.evaluate("document.body.dataset.mdColorScheme") == "slate"
            header = page.locator(".md-header")
            assert await header.evaluate("e => getComputedStyle(e).position") == "sticky"
        # Modules are refused to files by all browsers, whatever a policy says.
        assert [each for each in violations if "/live/" not in each] == []


async def test_an_author_sees_a_change_without_reloading(
    difficult_config: Path, page: Page
) -> None:
    faults = await reported(page.context)
    document = difficult_config.parent / "docs/index.md"
    before = document.read_text(encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with served_for_authors(difficult_config, port) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Serving at ")
        await page.goto(f"http://127.0.0.1:{port}/", wait_until="load")
        try:
            document.write_text(before + "\nA sentence more.\n", encoding="utf-8")
            await expect(page.get_by_text("A sentence more.")).to_be_visible(timeout=PATIENCE)
        finally:
            document.write_text(before, encoding="utf-8")
    assert [fault for fault in faults if "Failed to load" not in fault] == []


async def test_the_script_that_chooses_the_colours_is_allowed_and_no_other() -> None:
    html = (
        '<head><meta charset="utf-8"><script>a=1</script></head><body><script>b=a</script>'
        "<p>text</p><script>var palette=a</script>"
        '<script type="application/json">{}</script></body>'
    )
    allowed = with_policy(html)
    assert "<p>text</p><script>a=1;\nvar palette=a</script>" in allowed
    assert policy(script="a=1;\nvar palette=a") in allowed
    assert allowed.count("'sha256-") == 1
    assert "a=1" not in allowed.partition("</head>")[0]
    plain = with_policy('<head><meta charset="utf-8"></head><body><script>b=a</script></body>')
    assert policy() in plain
    assert "sha256" not in plain


async def test_the_error_page_finds_its_scripts_at_any_depth(
    built: BuiltSite, live_server: StaticServer, page: Page
) -> None:
    faults = await reported(page.context)
    await page.goto(live_server.url + "404.html")
    scripts = await page.locator("script[src]").evaluate_all("all => all.map(e => e.src)")
    assert all(address.startswith(live_server.url) for address in scripts), (PREFIX, scripts)
    assert await page.evaluate("typeof __md_get") == "function"
    assert faults == []
