"""The judgement of the site: it holds on a page of each kind, and each fault is noticed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.async_api import Browser

from tests.site.conftest import BuiltSite
from workbench.audit import lighthouse
from workbench.audit.accessibility import Accessibility
from workbench.audit.browser import DESKTOP, PHONE
from workbench.audit.every_page import look_at
from workbench.audit.first_visit import first_visit
from workbench.audit.focus import walk
from workbench.audit.judgement import Judgement
from workbench.audit.markup import invalid_html
from workbench.audit.scenes import SCENES, Scene, motion, played, reach
from workbench.audit.site_pages import SitePages
from workbench.audit.tools import Tools
from workbench.cli.audit import audit
from workbench.cli.failure import Failure
from workbench.live.serve import serving
from workbench.site.external_links import as_text, external_links
from workbench.site.theme_files import ThemeChanged, mend_theme

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = """<!doctype html>
<html lang="en">
<head><title>A page</title><link rel="canonical" href="https://example.org/">
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>HERE</style></head>
<body data-md-color-scheme="default"><main><h1>A page</h1>
<p><a href="https://example.org/a">A link</a> <button type="button">A button</button></p>
BODY
</main>
<script>
const dark = matchMedia("(prefers-color-scheme: dark)")
const follow = () => { document.body.dataset.mdColorScheme = dark.matches ? "slate" : "default" }
dark.addEventListener("change", follow)
follow()
</script></body></html>
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a site of one page with ``body`` and ``style``; returns its folder."""

    def write(body: str = "", style: str = "") -> Path:
        text = PAGE.replace("HERE", style).replace("BODY", body)
        (tmp_path / "index.html").write_text(text, encoding="utf-8")
        return tmp_path

    return write


@contextmanager
def served(folder: Path) -> Iterator[str]:
    with serving(folder, compressing=True) as server:
        yield server.url


# A page of each kind holds; `workbench audit` looks at all of them


async def test_one_page_of_each_kind_has_no_fault(
    site: BuiltSite, chromium: Browser, accessibility: Accessibility
) -> None:
    pages = SitePages(site.folder)
    kinds = pages.sample()
    assert {"", "404.html", "snippets/"} <= set(kinds)
    assert {page.partition("/")[0] for page in pages.all()} == {
        page.partition("/")[0] for page in kinds
    }
    with pages.served() as server:
        looked = await look_at(chromium, server.url, kinds, accessibility)
        judgement = Judgement()
        looked.judge(judgement, len(kinds))
        size, faults = await first_visit(chromium, server.url)
    assert judgement.faults == []
    assert faults == []
    assert size > 10_000


@pytest.mark.parametrize(
    "scene",
    [scene for scene in SCENES if not scene.needs_live],
    ids=lambda scene: f"{scene.act.__name__}-{scene.size['width']}",
)
async def test_the_keyboard_alone_does_it(
    site: BuiltSite, chromium: Browser, accessibility: Accessibility, scene: Scene
) -> None:
    with SitePages(site.folder).served() as server:
        assert await played(chromium, server.url, scene, accessibility) == ([], [])


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_tab_reaches_everything_and_is_seen(
    site: BuiltSite, chromium: Browser, size: dict[str, int]
) -> None:
    with SitePages(site.folder).served() as server:
        page = await chromium.new_page(viewport=size)  # type: ignore[arg-type]
        await page.goto(server.url + "choices/paging/")
        found = await walk(page, "paging")
        await page.close()
        assert found.faults == []
        assert found.names[0] == "a.md-skip"
        assert len(found.names) > 20


async def test_nothing_moves_where_the_reader_wants_no_motion(
    site: BuiltSite, chromium: Browser
) -> None:
    with SitePages(site.folder).served() as server:
        assert await motion(chromium, server.url, "lessons/queries/n_plus_one/") == []


async def test_html_is_valid(site: BuiltSite, tools: Tools) -> None:
    assert invalid_html(tools, site.folder) == []


# Each fault is noticed


@pytest.mark.parametrize(
    ("body", "style", "noticed"),
    [
        ('<p style="color: #999">Pale</p>', "", "light: .*color-contrast.*, 1 times, first at p"),
        (
            "<p class=pale>Pale</p>",
            "[data-md-color-scheme=slate] .pale { color: #888 }",
            "1440 px, dark: .*color-contrast",
        ),
        ('<img src="data:," width="9" height="9">', "", r"alternative text \(image-alt\)"),
        (
            "<details><summary>Fold</summary><p class=pale>Pale</p></details>",
            ".pale { color: #999 }",
            "360 px, folds open, light: .*color-contrast",
        ),
        (
            "<table><tr><td>wide</td></tr></table>",
            "table { width: 350px } body { margin: 0 }",
            "home is 350 px wide at 320 px, folds closed",
        ),
        (
            "<details><summary>Fold</summary><div>wide</div></details>",
            "div { width: 400px } body { margin: 0 }",
            "home is 400 px wide at 360 px, folds open",
        ),
        (
            "<div id=late></div><p>Moved</p><script>setTimeout(() => {"
            "late.style.height = '300px'}, 100)</script>",
            "p { height: 600px }",
            "home at 1440 px: the layout shifts by 0",
        ),
    ],
    ids=["pale", "pale-in-the-dark", "image", "in-a-fold", "table", "wide-fold", "shift"],
)
async def test_a_fault_of_a_page_is_noticed(
    written: Callable[..., Path],
    chromium: Browser,
    accessibility: Accessibility,
    body: str,
    style: str,
    noticed: str,
) -> None:
    judgement = Judgement()
    with served(written(body, style)) as url:
        looked = await look_at(chromium, url, [""], accessibility)
    looked.judge(judgement, 1)
    assert any(re.search(noticed, fault) for fault in judgement.faults), judgement.faults


async def test_a_sound_page_has_no_fault(
    written: Callable[..., Path], chromium: Browser, accessibility: Accessibility, tools: Tools
) -> None:
    judgement = Judgement()
    folder = written("<details><summary>Fold</summary><p>Text</p></details>")
    with served(folder) as url:
        (await look_at(chromium, url, [""], accessibility)).judge(judgement, 1)
        page = await chromium.new_page()
        await page.goto(url)
        assert (await walk(page, "page")).faults == []
        await page.close()
        assert await motion(chromium, url, "") == []
    assert judgement.faults == []
    assert invalid_html(tools, folder) == []


@pytest.mark.parametrize(
    ("body", "style", "noticed"),
    [
        ("", "button:focus { outline: none }", "page: the focus cannot be seen on button"),
        (
            '<div style="position: absolute; left: -999px"><a href="#">Away</a></div>',
            "",
            "page: the focus cannot be seen on a",
        ),
        (
            '<button type="button" onfocus="this.blur()">Lost</button><a href="/x">After</a>',
            "",
            "page: Tab does not reach <a href",
        ),
    ],
    ids=["no-outline", "off-screen", "trap"],
)
async def test_a_lost_focus_is_noticed(
    written: Callable[..., Path], chromium: Browser, body: str, style: str, noticed: str
) -> None:
    with served(written(body, style)) as url:
        page = await chromium.new_page()
        await page.goto(url)
        found = await walk(page, "page")
        await page.close()
    assert any(fault.startswith(noticed) for fault in found.faults), found.faults


async def test_a_thing_that_the_keyboard_cannot_do_is_noticed(
    written: Callable[..., Path], chromium: Browser, accessibility: Accessibility
) -> None:
    scene = Scene("", DESKTOP, lambda page: reach(page, "#filter"))
    with served(written()) as url:
        failed, _ = await played(chromium, url, scene, accessibility)
    assert failed == ["home at 1440 px, <lambda>: Tab does not lead to #filter."]


async def test_motion_is_noticed(written: Callable[..., Path], chromium: Browser) -> None:
    style = "p { transition: color 1s } html { scroll-behavior: smooth }"
    with served(written("", style)) as url:
        assert await motion(chromium, url, "") == [
            "home: p. moves although motion is reduced.",
            "home: html moves although motion is reduced.",
        ]


async def test_a_heavy_first_visit_is_noticed(
    written: Callable[..., Path], chromium: Browser
) -> None:
    # No picture: the browser stops reading one that it cannot decode.
    folder = written('<script>fetch("heavy.bin")</script>')
    (folder / "heavy.bin").write_bytes(os.urandom(260_000))
    with served(folder) as url:
        size, faults = await first_visit(chromium, url)
    assert 260_000 < size < 262_000
    assert faults == [f"{url}: a first visit transfers {size / 1000:.0f} KB."]


async def test_a_script_that_blocks_the_first_paint_is_noticed(
    written: Callable[..., Path], chromium: Browser
) -> None:
    folder = written()
    page = folder / "index.html"
    page.write_text(page.read_text().replace("<style>", '<script src="a.js"></script><style>'))
    (folder / "a.js").write_text("1")
    with served(folder) as url:
        _, faults = await first_visit(chromium, url)
        assert faults == [f"{url}: {url}a.js blocks the first paint."]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<p id="a">One</p><p id="a">Two</p>', "no-dup-id"),
        ("<p><div>Block</div></p>", "close-order"),
        ('<table><tr><td align="right">1</td></tr></table>', "no-deprecated-attr"),
        ("<b>Open", "close-order"),
    ],
)
async def test_invalid_html_is_noticed(
    written: Callable[..., Path], tools: Tools, body: str, rule: str
) -> None:
    faults = invalid_html(tools, written(body))
    assert any(f"({rule})" in fault for fault in faults), faults
    assert all(fault.startswith("index.html:") for fault in faults)


async def test_a_score_is_the_median_and_names_what_took_its_points(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = [
        {
            "categories": {
                category: {"score": score, "auditRefs": [{"id": "paint", "weight": 10}]}
                for category in lighthouse.LIMITS
            },
            "audits": {"paint": {"title": "First paint", "displayValue": "9 s", "score": 0.4}},
        }
        for score in (1.0, 0.97, 0.2)
    ]
    given = iter(reports * lighthouse.TRIES)
    monkeypatch.setattr(lighthouse, "_report", lambda *_: next(given))
    found, faults = lighthouse.scores(tools, "page")
    assert next(given, None) is None
    assert set(found.values()) == {97}
    assert faults[0] == "page: performance is 97 and not 98: First paint 9 s."
    assert len(faults) == 4


async def test_a_performance_below_the_limit_is_measured_again(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = iter([0.9, 0.97, 0.98, 0.98, 0.98, 0.9, 0.1])

    def report(*_: object) -> dict[str, object]:
        score = next(given)
        return {
            "categories": {
                category: {"score": score if category == "performance" else 1, "auditRefs": []}
                for category in lighthouse.LIMITS
            },
            "audits": {},
        }

    monkeypatch.setattr(lighthouse, "_report", report)
    found, faults = lighthouse.scores(tools, "page")
    assert found["performance"] == 98
    assert faults == []
    assert next(given) == 0.1


async def test_links_to_other_hosts_are_listed_with_their_pages(
    written: Callable[..., Path],
) -> None:
    folder = written('<a href="#x">here</a> <a href="mailto:a@example.org">mail</a>')
    links = external_links(folder)
    assert links == {"https://example.org/a": [""], "mailto:a@example.org": [""]}
    assert as_text(links).splitlines()[:4] == [
        "2 addresses of other hosts",
        "",
        "https://example.org/a",
        "    (home)",
    ]


# The command


async def test_without_a_browser_it_says_so_and_fails_on_ci(
    site: BuiltSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.delenv("CI", raising=False)
    said = CliRunner().invoke(audit, ["--site", str(site.folder)])
    sentence = "There is no browser: install Chromium, or name its program in CHROMIUM."
    assert (said.exit_code, said.output) == (0, f"{sentence} The site is not judged.\n")
    monkeypatch.setenv("CI", "true")
    failed = CliRunner().invoke(audit, ["--site", str(site.folder)])
    assert isinstance(failed.exception, Failure)
    assert str(failed.exception) == sentence


async def test_without_a_site_it_says_how_to_build_one(tmp_path: Path) -> None:
    failed = CliRunner().invoke(audit, ["--site", str(tmp_path)])
    assert str(failed.exception) == f"There is no site in {tmp_path}: `workbench site` builds it."


async def test_a_theme_that_changed_is_noticed(tmp_path: Path) -> None:
    scripts = tmp_path / "assets" / "javascripts"
    scripts.mkdir(parents=True)
    (scripts / "bundle.0.min.js").write_text("other()")
    with pytest.raises(ThemeChanged, match=r"^bundle\.0\.min\.js: the element around the words"):
        mend_theme(tmp_path)
