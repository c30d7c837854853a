"""Every snippet stands in the catalogue and on a page of its own, as the registry has it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from playwright.async_api import Browser, Page

from database_patterns.published import described
from database_patterns.registry import Registry, Snippet
from database_patterns.sources import Sources
from tests.site.conftest import REPOSITORY, BuiltSite
from tests.site.test_built_pages import soup
from workbench.execution.lessons import all_lessons
from workbench.execution.notebook import read_notebook
from workbench.site import catalogue
from workbench.site.versions_in_ci import WORKFLOW, versions_in_ci

REGISTRY = Registry(Sources.installed())
SNIPPETS = list(REGISTRY.snippets.values())


def article(site: BuiltSite, page: str) -> Tag:
    found = soup(site, page).find("article")
    assert found is not None
    return found


def plain(docstring: str) -> str:
    return docstring.replace("`", "")


def text(tag: Tag) -> str:
    return " ".join(tag.get_text().split())


def test_the_catalogue_lists_every_snippet_with_its_price_and_command(site: BuiltSite) -> None:
    items = article(site, "snippets/").select(".snippet")
    for item, snippet in zip(items, SNIPPETS, strict=True):
        link, download = item.select("a")
        assert link.get_text() == snippet.name
        assert str(link["href"]) == f"{snippet.name}/"
        content = (site.folder / "snippets" / str(download["href"])).read_bytes()
        assert content == (REPOSITORY / snippet.path).read_bytes()
        shown = text(item)
        assert plain(snippet.summary) in shown
        assert plain(snippet.buys) in shown
        for cost in snippet.costs:
            assert f"{cost.name}: {plain(cost.says)}" in shown, snippet.name
        command = item.select("code")[-1]
        assert command.get_text() == f"database-patterns add {snippet.name} --into app/db"


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.name)
def test_the_page_of_a_snippet_says_all_that_the_registry_knows(
    site: BuiltSite, snippet: Snippet
) -> None:
    page = article(site, f"snippets/{snippet.name}/")
    shown, about = text(page), described(snippet, REGISTRY)
    assert page.h1 is not None
    assert page.h1.get_text().startswith(plain(snippet.summary).removesuffix("."))
    for fact in (snippet.buys, snippet.needs, snippet.limits):
        assert plain(fact) in shown
    for cost in snippet.costs:
        assert f"{cost.name}: {plain(cost.says)}" in shown
    for requirement in about["requirements"]:
        assert requirement in shown
    assert versions_in_ci().sentence() in shown
    named = {a.get_text(): str(a["href"]) for a in page.select("p:not(.lesson-links) > a")}
    for other in about["snippets"]:
        assert (site.folder / "snippets" / snippet.name / named[other] / "index.html").is_file()
    command, code = (block.get_text() for block in page.select(".highlight code")[:2])
    tests = " --tests" if snippet.test else ""
    assert command.strip() == about["command"] + tests
    assert code.strip() == (REPOSITORY / snippet.path).read_text("utf-8").strip()


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.name)
def test_the_file_its_json_and_its_tests_are_beside_the_page(
    site: BuiltSite, snippet: Snippet
) -> None:
    page = article(site, f"snippets/{snippet.name}/")
    place = site.folder / "snippets" / snippet.name
    links = {a.get_text(): str(a["href"]) for a in page.select(".lesson-links a")}
    assert links[snippet.path].endswith(f"/blob/main/{snippet.path}")
    assert (place / links["Download"]).read_bytes() == (REPOSITORY / snippet.path).read_bytes()
    assert (place / links["As JSON"]).resolve().is_file()
    if snippet.test:
        download = page.select_one("#tests ~ p a[download]")
        names = page.select("#tests ~ ul > li")
        assert download is not None
        tests = (REPOSITORY / snippet.test).read_text("utf-8")
        assert (place / str(download["href"])).read_text("utf-8") == tests
        assert len(names) == tests.count("def test_") > 0


def test_a_page_names_every_lesson_that_lists_the_snippet(site: BuiltSite) -> None:
    found = 0
    for lesson in all_lessons():
        for cell in read_notebook(lesson.path)["cells"]:
            if listing := cell["metadata"].get("listing"):
                name = listing.partition("::")[0].removeprefix("snippets/").removesuffix(".py")
                page = article(site, f"snippets/{name}/")
                assert page.select_one(f'a[href$="/lessons/{lesson.name}/"]'), (name, lesson.name)
                found += 1
    assert found > 50


def test_the_search_finds_what_a_page_says_and_not_its_code(site: BuiltSite) -> None:
    index = (site.folder / "search/search_index.json").read_text("utf-8")
    assert '"location":"snippets/queries/page/"' in index
    assert '"location":"snippets/queries/page/#code"' not in index
    assert '"location":"snippets/queries/page/#tests"' not in index


def test_what_a_docstring_says_cannot_become_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "snippets/queries/hostile.py"
    path.parent.mkdir(parents=True)
    path.write_text(
        '"""Read <script>alert(1)</script> and [x](javascript:1).\n\nBuys: *a* | <b>b</b>.\n"""\n'
        'def read():\n    """Sends nothing <img src=x onerror=alert(1)>."""\n',
        encoding="utf-8",
    )
    registry = Registry(Sources(tmp_path, release="0"))
    monkeypatch.setattr(catalogue, "registry", lambda: registry)
    snippet = registry.snippets["queries/hostile"]
    page = catalogue.snippet_markdown(snippet, repository="https://example.org", shown={})
    listed = catalogue.with_catalogue(catalogue.MARK)
    for markdown in (page.partition("## Code")[0], listed):
        assert "&lt;script&gt;alert" in markdown
        for markup in ("<script", "<b>", "<img", "[x](", " *a*"):
            assert markup not in markdown
    assert '"' not in catalogue.description(snippet)
    assert "<" not in catalogue.description(snippet)


def test_versions_are_those_of_the_workflow_from_old_to_new(tmp_path: Path) -> None:
    workflow = tmp_path / "test.yml"
    workflow.write_text(
        'jobs: {a: {strategy: {matrix: {postgres: ["18", "9", "10"]}}}, b: {},\n'
        '  c: {strategy: {matrix: {python: ["3.13", "3.9"], sqlalchemy: ["2.0"]}}}}\n',
        encoding="utf-8",
    )
    versions = versions_in_ci(workflow)
    assert versions.postgresql == ["9", "10", "18"]
    assert versions.sentence() == "PostgreSQL 9, 10 and 18; SQLAlchemy 2.0; Python 3.9 and 3.13."
    workflow.write_text("jobs: {a: {}}", encoding="utf-8")
    versions_in_ci.cache_clear()
    with pytest.raises(KeyError, match="postgres"):
        versions_in_ci(workflow)
    assert WORKFLOW.is_file()


def test_the_filter_is_at_most_two_kilobytes(site: BuiltSite) -> None:
    assert len(gzip.compress((site.folder / catalogue.SCRIPT).read_bytes())) <= 2000


async def shown(page: Page) -> list[str]:
    """Return the names of the snippets that a reader sees."""
    return [
        await item.locator("a").first.inner_text()
        for item in await page.locator(".snippet:visible").all()
    ]


@pytest.mark.asyncio(loop_scope="session")
async def test_typing_leaves_the_snippets_that_have_every_word(
    site: BuiltSite, desktop: Page
) -> None:
    await desktop.goto(f"{site.url}snippets/")
    field = desktop.get_by_label("Filter")
    assert len(await shown(desktop)) == len(SNIPPETS)
    await field.press_sequentially("TOKEN position")
    assert await shown(desktop) == ["queries/cursor"]
    headings = await desktop.locator("article h2:visible").all_inner_texts()
    assert [heading.removesuffix("¶") for heading in headings] == ["Queries"]
    assert await desktop.locator("output").inner_text() == f"1 of {len(SNIPPETS)}"
    await field.fill("nothing has this")
    assert await shown(desktop) == []
    await field.fill("")
    assert len(await shown(desktop)) == len(SNIPPETS)
    assert await desktop.locator("output").inner_text() == ""


@pytest.mark.asyncio(loop_scope="session")
async def test_without_scripts_the_catalogue_is_a_plain_list(
    site: BuiltSite, chromium: Browser
) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site.url}snippets/")
    assert len(await shown(page)) == len(SNIPPETS)
    assert await page.locator("#filter:visible").count() == 0
    await context.close()


def test_a_site_without_a_catalogue_has_no_pages_of_snippets(difficult: BuiltSite) -> None:
    assert not [page for page in difficult.pages() if page.startswith("snippets/")]
    assert BeautifulSoup(difficult.html(""), "html.parser").h1
