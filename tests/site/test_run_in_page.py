"""Run in the page: what a reader presses, writes and sees, on the real worker."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import nbformat
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.site.conftest import PATIENCE, PREFIX, BuiltSite, context_of
from tests.site.test_in_a_browser import CONTRAST
from workbench.audit.every_page import SHIFTS
from workbench.live.serve import StaticServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

LESSON = "lessons/queries/n_plus_one/"
LOOP = "the-loop-sends-a-statement-per-target"
expect.set_options(timeout=PATIENCE)
NORMALISED = """elements => elements.map(element => {
    const copy = element.cloneNode(true)
    copy.querySelectorAll(".md-code__nav").forEach(nav => nav.remove())
    for (const each of [copy, ...copy.querySelectorAll("*")]) {
        for (const name of ["hidden", "tabindex", "id"]) each.removeAttribute(name)
    }
    for (const image of copy.querySelectorAll("img")) {
        const picture = decodeURIComponent(image.getAttribute("src"))
        const drawn = picture.replace(/<(title|desc)[^>]*>.*?<\\/\\1>/gs, "")
        const size = ["alt", "width", "height"].map(name => image.getAttribute(name))
        image.replaceWith(JSON.stringify([...size, drawn]))
    }
    return copy.outerHTML.replace(/\\s*\\n\\s*(?=<)|(?<=>)\\n/g, "")
})"""
HUGE_LINK = """async () => {
    const edits = {cells: {imports: {source: "#".repeat(5_000_000), from: ""}}}
    const packed = new Blob([JSON.stringify(edits)]).stream()
        .pipeThrough(new CompressionStream("deflate-raw"))
    const bytes = new Uint8Array(await new Response(packed).arrayBuffer())
    const letters = btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""))
    const name = letters.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")
    return `${location.origin}${location.pathname}#edits=${name}`
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    permissions = ["clipboard-read", "clipboard-write"]
    async with context_of(chromium, permissions=permissions) as context:
        yield await context.new_page()


def cell_of(page: Page, name: str) -> Locator:
    return page.locator(f'[data-cell="{name}"]')


async def settled(cell: Locator, state: str = "ok") -> None:
    await expect(cell).to_have_attribute("data-live", state, timeout=PATIENCE)


async def run(cell: Locator, state: str = "ok") -> None:
    await cell.get_by_role("button", name=re.compile("^Run (cell|your)")).click()
    await settled(cell, state)


async def write(cell: Locator, source: str) -> None:
    """Put ``source`` in place of the cell's text, as somebody who types."""
    if await cell.locator(".cm-content").count() == 0:
        await cell.get_by_role("button", name=re.compile("^Edit")).click()
    await cell.locator(".cm-content").click()
    await cell.page.keyboard.press("ControlOrMeta+a")
    await cell.page.keyboard.insert_text(source)


def first_cell(page: Page) -> Locator:
    return page.locator("[data-cell]").first


async def test_nothing_but_a_small_script_comes_before_the_first_sign_of_interest(
    built: BuiltSite, live_server: StaticServer, page: Page
) -> None:
    before = len(live_server.sent)
    await page.add_init_script(SHIFTS)
    await page.goto(live_server.url + LESSON, wait_until="load")
    await page.wait_for_timeout(1500)
    asked = [each.path for each in live_server.sent[before:]]
    ours = [path for path in asked if "/live/" in path or path.endswith("live.json")]
    (script,) = ours
    assert re.search(r"live/main\.\w+\.js$", script)
    text = (built.folder / script.removeprefix(PREFIX).lstrip("/")).read_bytes()
    assert len(gzip.compress(text, 9)) <= 6_000
    shifts = await page.evaluate("window.shiftOfLayout")
    await page.route("**/live/**", lambda route: route.abort())
    await page.reload(wait_until="load")
    await page.wait_for_timeout(1500)
    assert shifts == pytest.approx(await page.evaluate("window.shiftOfLayout"), abs=0.0005)


async def test_every_cell_has_its_buttons_though_the_script_is_faster_than_the_page(
    built: BuiltSite, page: Page
) -> None:
    (script,) = (built.folder / "live").glob("main.*.js")
    await page.route("**/live/main.*", lambda route: route.fulfill(path=script))
    with serving(built.folder, encodings=(), bytes_per_second=60_000) as slow:
        await page.add_init_script(
            f"""import("{slow.url}live/{script.name}").then(() => {{
                window.then = [document.readyState, document.querySelectorAll("[data-cell]").length]
            }})"""
        )
        await page.goto(slow.url + LESSON, wait_until="domcontentloaded")
        cells = await page.locator("[data-cell]").count()
        state, cells_then = await page.evaluate("window.then")
        assert state == "loading"
        assert cells_then < cells
        assert await page.locator("[data-cell] .live-run").count() == cells


async def test_running_a_cell_runs_those_before_it_once(
    live_server: StaticServer, page: Page
) -> None:
    await page.goto(live_server.url + LESSON)
    cell = cell_of(page, LOOP)
    await cell.get_by_role("button", name="Run cell 3").click()
    await expect(page.get_by_role("status").last).not_to_be_empty()
    await settled(cell)
    states = await page.locator("[data-cell][data-live=ok]").count()
    assert states == 3
    await expect(cell.locator(".live-bar")).to_contain_text("Live output")
    assert await page.evaluate("document.activeElement.textContent") == "Run"
    await page.evaluate("document.querySelectorAll('.live-bar').forEach(bar => { bar.same = 1 })")
    stored, shown = cell.locator(".output").first, cell.locator(".output").last
    await expect(stored).to_be_hidden()
    await cell.get_by_role("button", name="Show the stored one").click()
    await expect(stored).to_be_visible()
    await expect(shown).to_be_hidden()
    await cell.get_by_role("button", name="Show the live one").click()
    await expect(stored).to_be_hidden()
    runs = await page.evaluate("performance.now()")
    await run(cell_of(page, "the-page-takes-two-statements"))
    assert await page.evaluate("performance.now()") - runs < PATIENCE
    assert await page.locator("[data-cell][data-live=ok]").count() == 9


@pytest.mark.parametrize(
    ("lesson", "kinds"),
    [
        (LESSON, {"output-sql", "output-error", "output-table"}),
        ("lessons/models/timestamps/", {"output-plan", "output-table"}),
        ("lessons/migrations/renamed_column/", {"output-error", "output-table"}),
    ],
)
async def test_what_is_live_looks_as_what_is_stored(
    live_server: StaticServer, page: Page, lesson: str, kinds: set[str]
) -> None:
    await page.goto(live_server.url + lesson)
    last = page.locator("[data-cell]:not(details.solution *)").last
    await run(last)
    seen: set[str] = set()
    for cell in await page.locator("[data-live=ok]").all():
        outputs = await cell.locator("> .output").evaluate_all(NORMALISED)
        half = len(outputs) // 2
        assert outputs[half:] == outputs[:half], await cell.get_attribute("data-cell")
        seen |= set(re.findall(r"output-\w+", " ".join(outputs)))
    assert seen >= kinds


async def test_live_outputs_and_edited_code_are_copied_as_shown(
    live_server: StaticServer, page: Page
) -> None:
    async def copied(block: Locator) -> str:
        await page.evaluate("navigator.clipboard.writeText('')")
        await block.hover()
        await block.locator(".md-code__button").click()
        said = page.get_by_role("status").filter(has_text="Copied to clipboard")
        await expect(said).to_be_visible()
        return str(await page.evaluate("navigator.clipboard.readText()"))

    await page.goto(live_server.url + LESSON)
    cell = cell_of(page, LOOP)
    await run(cell)
    live = cell.locator("> .output").last
    assert (await copied(live)).startswith("BEGIN;\nSELECT project.id")
    await write(cell, "print(43)")
    await page.reload()
    await expect(cell.locator("code").first).to_have_text("print(43)\n")
    assert await copied(cell.locator("> .highlight")) == "print(43)\n"


async def test_an_edit_runs_survives_a_reload_and_can_be_undone(
    live_server: StaticServer, page: Page
) -> None:
    await page.goto(live_server.url + LESSON)
    cell = first_cell(page)
    await page.locator("details.setup summary").first.click()
    box = await cell.locator(".highlight").bounding_box()
    await cell.get_by_role("button", name="Edit cell 1").click()
    editor = cell.get_by_role("textbox", name="Code of cell 1")
    await expect(editor).to_be_focused()
    opened = await cell.locator(".highlight").bounding_box()
    assert box
    assert opened
    assert abs(opened["height"] - box["height"]) < 1
    assert await editor.locator(".kn").first.text_content() == "from"
    await write(cell, "if True:\nprint(6 * 7)")
    await page.keyboard.press("Home")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Shift+Enter")
    await settled(cell)
    await expect(cell.locator(".output")).to_have_text("42\n")
    await page.keyboard.press("Escape")
    await expect(cell.get_by_role("button", name="Run cell 1")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    assert await page.evaluate("document.activeElement.tagName") == "BUTTON"
    await write(cell, "print(43)")
    await settled(cell, "stale")
    await page.reload()
    await expect(cell.locator("code").first).to_have_text("print(43)\n")
    await expect(cell.locator(".live-state")).to_have_text("edited")
    await cell.get_by_role("button", name="Reset cell 1").click()
    await expect(cell.locator("code").first).to_contain_text("from collections import Counter")
    await page.get_by_role("button", name="Undo").click()
    await expect(cell.locator("code").first).to_have_text("print(43)\n")
    await page.get_by_role("button", name="Reset page").click()
    await expect(cell.locator("code").first).to_contain_text("from collections import Counter")
    assert await page.evaluate("Object.keys(localStorage).filter(key => /^edits/.test(key))") == []


async def test_an_edit_of_an_earlier_version_is_kept_and_said_to_be_one(
    live_server: StaticServer, page: Page
) -> None:
    await page.goto(live_server.url + LESSON)
    await page.evaluate(
        """() => localStorage.setItem(`edits:${location.pathname}`, JSON.stringify(
            {cells: {imports: {source: "print(44)", from: "another"}}}))"""
    )
    await page.reload()
    cell = first_cell(page)
    await expect(cell.locator("code").first).to_have_text("print(44)\n")
    await expect(cell.locator(".live-state")).to_contain_text("earlier version")


async def test_an_error_shows_the_database_first_and_then_the_readers_lines(
    live_server: StaticServer, page: Page
) -> None:
    await page.goto(live_server.url + LESSON)
    cell = cell_of(page, "twenty-projects-of-five-owners")
    await cell.evaluate("cell => { cell.closest('details').open = true }")
    await run(cell)
    await run(cell, "failed")
    shown = cell.locator(".output-error")
    await expect(shown.locator("code").first).to_have_text(
        re.compile("^IntegrityError: duplicate key")
    )
    await expect(shown.locator("li").last).to_have_text(re.compile(r"^cell 2, line \d+: await"))
    await cell.get_by_role("button", name="Run from the top").click()
    await settled(cell)
    await expect(shown).to_have_count(0)


async def test_a_cell_says_which_one_before_it_failed(
    live_server: StaticServer, page: Page
) -> None:
    await page.goto(live_server.url + LESSON)
    await write_hidden(page, first_cell(page), "1 / 0")
    cell = cell_of(page, LOOP)
    await cell.get_by_role("button", name="Run cell 3").click()
    await expect(cell.locator(".live-cell-note")).to_have_text(re.compile("^Cell 1 failed, so"))
    await expect(first_cell(page).locator(".output-error code")).to_be_visible()
    assert not await cell.get_attribute("data-live")


async def write_hidden(page: Page, cell: Locator, source: str) -> None:
    await cell.evaluate("cell => { cell.closest('details').open = true }")
    await write(cell, source)


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    pass",
        "import time\ntime.sleep(3600)",
        "while True:\n    print('x' * 100)",
    ],
)
async def test_whatever_runs_can_be_stopped_and_the_page_runs_again(
    live_server: StaticServer, page: Page, source: str
) -> None:
    await page.goto(live_server.url + LESSON)
    cell = first_cell(page)
    await write_hidden(page, cell, "1")
    await run(cell)
    await write(cell, source)
    await cell.get_by_role("button", name="Run cell 1").click()
    await settled(cell, "running")
    await page.wait_for_timeout(700)
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.locator(".live-panel")).to_contain_text("Stopped.")
    await expect(cell.locator(".live-cell-note")).to_have_text("Stopped before its end.")
    await write(cell, "print('again')")
    await run(cell)
    await expect(cell.locator(".output").last).to_have_text("again\n")


async def test_a_page_can_be_reset_while_a_cell_runs_and_that_be_undone(
    live_server: StaticServer, page: Page
) -> None:
    await page.goto(live_server.url + LESSON)
    cell = first_cell(page)
    await write_hidden(page, cell, "while True:\n    pass")
    await cell.get_by_role("button", name="Run cell 1").click()
    await settled(cell, "running")
    await page.get_by_role("button", name="Reset page").click()
    await expect(page.locator(".live-says")).to_contain_text("The page is as it was stored.")
    await expect(cell.locator(".cm-content")).to_contain_text("from collections import Counter")
    await page.get_by_role("button", name="Undo").click()
    await expect(cell.locator(".cm-content")).to_contain_text("while True:")
    assert await cell.get_attribute("data-live") == "stale"


async def test_a_query_that_sleeps_can_be_stopped_from_the_cell(
    live_server: StaticServer, page: Page
) -> None:
    await page.goto(live_server.url + "scratchpad/")
    cell = cell_of(page, "in-sql")
    await run(cell)
    await write(cell, "SELECT pg_sleep(3600)")
    await cell.get_by_role("button", name="Run cell 5").click()
    await settled(cell, "running")
    await page.wait_for_timeout(700)
    await cell.get_by_role("button", name="Stop cell 5").click()
    await expect(cell.locator(".live-cell-note")).to_have_text("Stopped before its end.")


async def test_a_million_printed_rows_are_cut_and_memory_that_is_used_up_is_named(
    live_server: StaticServer, page: Page
) -> None:
    await page.goto(live_server.url + LESSON)
    cell = first_cell(page)
    await write_hidden(page, cell, "for n in range(1_000_000):\n    print(n)")
    await run(cell)
    shown = await cell.locator(".output").all_text_contents()
    assert sum(map(len, shown)) < 150_000
    assert "cut" in shown[-1]
    await write(cell, "kept = []\nwhile True:\n    kept.append(bytearray(50_000_000))")
    await cell.get_by_role("button", name="Run cell 1").click()
    told = cell.locator(".live-cell-note, .output-error code", has_text=re.compile("[Mm]emory"))
    await expect(told.first).to_be_visible(timeout=PATIENCE)
    await page.get_by_role("button", name="Restart").click()
    await write(cell, "print('again')")
    await run(cell)


CRASH = "throw new WebAssembly.RuntimeError('memory access out of bounds')"


@pytest.mark.parametrize(
    "crash",
    [
        f"void (async () => {{ {CRASH} }})()",
        f"startOnNewStack({{ callPromising: async () => {{ {CRASH} }}, destroy() {{}} }})",
    ],
    ids=["event loop", "greenlet"],
)
async def test_a_crash_beside_the_cell_ends_it_and_is_named(
    live_server: StaticServer, page: Page, crash: str
) -> None:
    await page.goto(live_server.url + LESSON)
    cell = first_cell(page)
    await write_hidden(
        page,
        cell,
        "from pyodide.code import run_js\nfrom pyodide.ffi import run_sync\n"
        f"_ = run_js({crash!r})\n"
        "run_sync(run_js('new Promise(() => {})'))",
    )
    await cell.get_by_role("button", name="Run cell 1").click()
    told = cell.locator(".live-cell-note", has_text="memory access out of bounds")
    await expect(told).to_be_visible(timeout=PATIENCE)
    await write(cell, "print('again')")
    await run(cell)


async def test_what_is_shown_is_text_whatever_it_says(
    live_server: StaticServer, page: Page
) -> None:
    await page.goto(live_server.url + LESSON)
    cell = first_cell(page)
    hostile = "<img src=x onerror='window.hostile = 1'><script>window.hostile = 1</script>"
    await write_hidden(
        page,
        cell,
        "from IPython.display import display\n"
        "class Shown:\n"
        "    def __init__(self, **forms): self.forms = forms\n"
        "    def __repr__(self): return ''\n"
        "    def _repr_mimebundle_(self, **_): return self.forms\n"
        f"hostile = {hostile!r}\n"
        'svg = f\'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="10">'
        "<title>A  picture</title><desc>1 &lt; 2</desc>{hostile}</svg>'\n"
        "print(hostile)\n"
        "display(Shown(**{'text/markdown': hostile + '\\n\\n| a | b |\\n| :-- | --: |\\n"
        "| ' + hostile + r' | \\*x\\* `c` \\| |'}))\n"
        "display(Shown(**{'text/markdown': '```sql\\nselect 1\\n' + hostile}))\n"
        "display(Shown(**{'image/svg+xml': svg, 'text/html': hostile}))\n"
        "raise ValueError(hostile)",
    )
    await run(cell, "failed")
    assert await page.evaluate("window.hostile") is None
    assert await cell.locator(".output :is(script, svg)").count() == 0
    image = cell.locator(".output img")
    assert await image.get_attribute("alt") == "A picture. 1 < 2"
    assert await image.get_attribute("width") == "40"
    texts = await cell.locator(".output").all_text_contents()
    assert sum(hostile in text for text in texts) == 4
    assert (
        await cell.locator("td").last.evaluate("cell => cell.innerHTML") == "*x* <code>c</code> |"
    )
    assert await cell.locator("td").last.get_attribute("class") == "right"


async def test_an_exercise_checks_itself_and_remembers_that_it_is_done(
    live_server: StaticServer, built: BuiltSite, page: Page
) -> None:
    lesson = next(
        lesson for lesson in built.lessons() if "models/" in lesson and exercise_in(built, lesson)
    )
    solution = "\n".join(
        cell["source"]
        for cell in cells_in(built, lesson)
        if cell["kind"] == "code" and "solution" in cell["tags"]
    )
    await page.goto(live_server.url + lesson)
    await page.get_by_role("button", name="Try it here: the exercise").click()
    answer = page.locator(".live-exercise")
    await expect(answer.get_by_role("textbox", name="Code of your answer")).to_be_focused()
    await answer.get_by_role("button", name="Check your answer").click()
    verdict = answer.locator(".live-verdict")
    await expect(verdict).to_have_text(re.compile("^Not yet: "))
    await write(answer.locator(".cell"), solution)
    await answer.get_by_role("button", name="Check your answer").click()
    await expect(verdict).to_have_text(re.compile("^Done"))
    await page.reload()
    await expect(verdict).to_have_text(re.compile("^Done"))
    await answer.get_by_role("button", name="Reset your answer").click()
    await expect(verdict).to_be_hidden()
    await page.reload()
    await expect(page.get_by_role("button", name="Try it here: the exercise")).to_be_visible()


def cells_in(built: BuiltSite, lesson: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(
        (built.folder / lesson / "live.json").read_text(encoding="utf-8")
    )["cells"]
    return found


def exercise_in(built: BuiltSite, lesson: str) -> bool:
    path = built.folder / lesson / "live.json"
    return path.exists() and json.loads(path.read_text(encoding="utf-8"))["exercise"] is not None


async def test_a_link_shows_edits_and_runs_nothing(live_server: StaticServer, page: Page) -> None:
    await page.goto(live_server.url + LESSON)
    cell = first_cell(page)
    source = "print('von Ada: é 🎈')"
    await write_hidden(page, cell, source)
    await (
        page.get_by_role("button", name="Copy link")
        .or_(cell.get_by_role("button", name="Run cell 1"))
        .first.wait_for()
    )
    await run(cell)
    await page.get_by_role("button", name="Copy link").click()
    await expect(page.locator(".live-panel")).to_contain_text("The link is copied.")
    address = await page.evaluate("navigator.clipboard.readText()")
    await page.get_by_role("button", name="Reset page").click()
    await write(cell, "print('mine')")
    await page.goto("about:blank")
    before = len(live_server.sent)
    await page.goto(address)
    await expect(cell.locator("code").first).to_have_text(source + "\n")
    await expect(page.locator(".live-panel")).to_contain_text("Read them before you run them.")
    assert not [each for each in live_server.sent[before:] if ".wasm" in each.path]
    await page.get_by_role("button", name="Leave").click()
    await expect(cell.locator("code").first).to_have_text("print('mine')\n")
    huge = await page.evaluate(HUGE_LINK)
    for damaged in (huge, address[:-9], address.partition("#")[0] + "#edits=%%"):
        await page.goto("about:blank")
        await page.goto(damaged)
        await expect(page.locator(".live-panel")).to_contain_text("cannot be read")


async def test_the_notebook_with_the_edits_is_a_valid_one(
    live_server: StaticServer, page: Page, tmp_path: Path
) -> None:
    await page.goto(live_server.url + LESSON)
    cell = first_cell(page)
    await write_hidden(page, cell, "print('edited')\n1 / 0")
    await run(cell, "failed")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Download the notebook").click()
    download = await waiting.value
    assert download.suggested_filename == "n_plus_one.ipynb"
    notebook = nbformat.read(await download.path(), as_version=4)
    nbformat.validate(notebook)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert first.source == "print('edited')\n1 / 0"
    assert [output.output_type for output in first.outputs] == ["stream", "error"]


async def test_without_webassembly_a_sentence_says_why_there_is_no_run(
    live_server: StaticServer, page: Page
) -> None:
    await page.add_init_script("delete window.WebAssembly")
    await page.goto(live_server.url + LESSON)
    await expect(page.locator(".live-note")).to_have_text(
        re.compile("no WebAssembly.*outputs stay")
    )
    assert await page.get_by_role("button", name="Run cell").count() == 0
    await expect(cell_of(page, LOOP).locator(".output")).to_be_visible()


async def test_without_javascript_a_sentence_says_why_there_is_no_run(
    chromium: Browser, live_server: StaticServer
) -> None:
    async with context_of(chromium, java_script_enabled=False) as context:
        page = await context.new_page()
        await page.goto(live_server.url + LESSON)
        await expect(page.locator(".live-note")).to_be_visible(timeout=10_000)
        await expect(page.locator(".live-note")).to_have_text(re.compile("^No Run here"))


async def test_a_page_says_what_needs_stack_switching_only_where_there_is_none(
    live_server: StaticServer, page: Page
) -> None:
    pooled = f"{live_server.url}lessons/connections/exhausted_pool/"
    note = page.locator(".live-note")
    await page.goto(f"{pooled}?jspi=off")
    await expect(note).to_have_text(re.compile("^Most examples run here.*suspend WebAssembly"))
    await page.goto(pooled)
    await expect(note).to_have_text(re.compile("^Every example runs in this page"))
    await page.goto(f"{live_server.url}{LESSON}?jspi=off")
    await expect(note).to_have_text(re.compile("^Every example runs in this page"))


async def test_a_download_that_is_blocked_leaves_the_stored_outputs_and_can_be_tried_again(
    live_server: StaticServer, page: Page
) -> None:
    async def refuse(route: Route) -> None:
        await route.abort()

    await page.goto(live_server.url + LESSON)
    await page.route("**/live/core.*", refuse)
    cell = cell_of(page, LOOP)
    await cell.get_by_role("button", name="Run cell 3").click()
    await expect(page.locator(".live-panel")).to_contain_text("Run did not start")
    await expect(page.locator(".live-panel")).to_contain_text("The stored outputs stay.")
    await expect(cell.locator(".output")).to_be_visible()
    await page.unroute("**/live/core.*", refuse)
    await run(cell)


async def test_progress_is_in_megabytes_and_can_be_cancelled(
    chromium: Browser, built: BuiltSite
) -> None:
    with serving(built.folder, bytes_per_second=3_000_000) as slow:
        async with context_of(chromium) as context:
            page = await context.new_page()
            await page.goto(slow.url + LESSON)
            cell = cell_of(page, LOOP)
            await cell.get_by_role("button", name="Run cell 3").click()
            says = page.locator(".live-says")
            await expect(says).to_have_text(re.compile(r"Downloading [\d.]+ of [\d.]+ MB"))
            await page.get_by_role("button", name="Cancel").click()
            await expect(says).to_have_text("Cancelled.")
            at = slow.total()
            await page.wait_for_timeout(1500)
            assert slow.total() - at < 6_000_000
            assert not await cell.get_attribute("data-live")


async def test_a_lesson_that_needs_a_server_has_no_run(built: BuiltSite) -> None:
    for page in built.lessons():
        assert '<a href="../../../scratchpad/">Try it on this data</a>' in built.html(page), page
    marked = [page for page in built.lessons() if 'class="needs-server"' in built.html(page)]
    # Where such a lesson shows a plan, the script opens it as a tree, and offers no Run.
    for page in marked:
        shows = "output-plan" in built.html(page)
        assert ("/live/main." in built.html(page)) is shows, page
        assert not (built.folder / page / "live.json").exists(), page
    for page in set(built.lessons()) - set(marked):
        assert "/live/main." in built.html(page), page


async def test_the_scratchpad_answers_python_and_sql(live_server: StaticServer, page: Page) -> None:
    await page.goto(live_server.url + LESSON)
    await page.get_by_role("link", name="Try it on this data").click()
    python, sql = cell_of(page, "in-python"), cell_of(page, "in-sql")
    await run(python)
    await expect(python.locator(".output-sql p")).to_have_text("2 statements")
    await expect(python.locator(".output").first).to_contain_text("('Project 00', 'Ada', 10)")
    await run(cell_of(page, "its-plan"))
    await expect(cell_of(page, "its-plan").locator(".output-plan")).to_contain_text("Buffers:")
    await run(sql)
    assert await sql.locator(".output-table tbody tr").count() == 5
    await sql.get_by_role("button", name="Show the plan").click()
    await expect(sql.locator(".output-plan")).to_contain_text("Hash Join")
    await write(sql, "DELETE FROM nowhere")
    await run(sql, "failed")
    await expect(sql.locator(".output-error code")).to_have_text(
        re.compile('^ProgrammingError: relation "nowhere" does not exist')
    )


async def test_nothing_scrolls_sideways_on_a_phone_and_all_is_legible(
    chromium: Browser, live_server: StaticServer
) -> None:
    for scheme in ("dark", "light"):
        async with context_of(
            chromium, viewport={"width": 360, "height": 740}, color_scheme=scheme
        ) as context:
            page = await context.new_page()
            await page.goto(live_server.url + LESSON)
            cell = first_cell(page)
            await write_hidden(page, cell, "print('x' * 500)\n1 / 0")
            await run(cell, "failed")
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360
            for selector in (
                ".live-button",
                ".live-state",
                ".live-toggle",
                ".live-mark",
                ".live-says",
                ".live-traceback li",
            ):
                shown = page.locator(f"{selector}:visible").first
                if await shown.count():
                    assert await shown.evaluate(CONTRAST) >= 4.5, (scheme, selector)
            for button in await page.locator("button.live-button:visible").all():
                box = await button.bounding_box()
                assert box
                assert min(box["width"], box["height"]) >= 24


async def eventually(page: Page, script: str, argument: object = None) -> None:
    """Wait until the asynchronous function ``script`` returns true in the page."""
    for _ in range(PATIENCE // 100):
        if await page.evaluate(script, argument):
            return
        await page.wait_for_timeout(100)
    pytest.fail(f"not within {PATIENCE // 1000} seconds: {script} {argument}")


KEPT = """async needed => {
    const kept = await Promise.all((await caches.keys()).map(async key =>
        (await (await caches.open(key)).keys()).map(({url}) => url)))
    return needed.every(part => kept.flat().some(url => url.includes(part)))
}"""
PARTS = ["/live/main.", "/live/lesson.", "/live/pgdata.", "/live/core.", "/live/worker.", ".wasm"]


async def test_after_the_first_run_a_page_runs_without_a_network(
    chromium: Browser, built: BuiltSite
) -> None:
    async with context_of(chromium, service_workers="allow") as context:
        page = await context.new_page()
        with serving(built.folder, prefix=PREFIX, cache="no-store") as live_server:
            address = live_server.url + LESSON
            await page.goto(address)
            await run(cell_of(page, LOOP))
            await eventually(page, KEPT, [*PARTS, LESSON + "live.json"])
        await page.goto("about:blank")
        await page.goto(address)
        await run(cell_of(page, LOOP))
        await expect(page.locator(".live-panel")).to_contain_text("Ready")


async def test_a_newer_version_takes_the_place_of_all_that_was_kept(
    chromium: Browser, built: BuiltSite
) -> None:
    async with context_of(chromium, service_workers="allow") as context:
        page = await context.new_page()
        with serving(built.folder, prefix=PREFIX) as live_server:
            await page.goto(live_server.url + LESSON)
            await run(cell_of(page, LOOP))
            await eventually(page, KEPT, PARTS)
            await page.evaluate(
                """async () => {
                    const scope = (await navigator.serviceWorker.ready).scope
                    const live = await caches.open(`database-patterns:${scope}live`)
                    await live.put(new URL("live/version", scope), new Response("older"))
                    await live.put(new URL("live/old.1.js", scope), new Response("old"))
                    const pages = await caches.open(`database-patterns:${scope}pages`)
                    await pages.put(new URL("old/", scope), new Response("old"))
                }"""
            )
            for old in ("/live/old.1.js", "/old/"):
                assert await page.evaluate(KEPT, [old])
            await page.reload()
            await run(cell_of(page, LOOP))
            for old in ("/live/old.1.js", "/old/"):
                await eventually(page, f"async old => !(await ({KEPT})([old]))", old)
            await eventually(page, KEPT, [*PARTS, LESSON])
