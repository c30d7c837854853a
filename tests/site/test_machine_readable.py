"""The site as programs read it: Markdown, lists of pages, and what stands in each head."""

from __future__ import annotations

import json
import re
import struct
import subprocess
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page as SitePage
from playwright.async_api import Browser, Page

from tests.missing import skip_unless_on_ci
from tests.site.conftest import REPOSITORY, BuiltSite, served, write_config
from tests.site.test_built_pages import soup
from workbench.execution.lessons import all_lessons
from workbench.execution.notebook import joined, read_notebook, source
from workbench.site.build import SiteNotBuilt, build_site
from workbench.site.metadata import CARD, with_metadata
from workbench.site.page_html import without_idle_markup
from workbench.site.plain_markdown import plain_markdown
from workbench.site.redirects import TABLE, BrokenRedirect, moved

FENCE = re.compile(r"^( *)(`{3,})[^\n]*\n.*?^\1\2 *$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`]+`")


def pages(site: BuiltSite) -> list[str]:
    """Return every page but those that stand for another, or for none."""
    return [page for page in site.pages() if page != "404.html"]


def markdown(site: BuiltSite, page: str) -> str:
    return (site.folder / page / "index.md").read_text("utf-8")


def root(site: BuiltSite) -> str:
    link = soup(site, "").find("link", rel="canonical")
    assert link is not None
    return str(link["href"])


def prose(text: str) -> str:
    return CODE.sub("", FENCE.sub("", text))


# Markdown


def test_every_page_is_beside_itself_as_markdown(site: BuiltSite) -> None:
    for page in pages(site):
        text = markdown(site, page)
        heading = soup(site, page).h1
        assert heading is not None
        assert re.match(r"# \S", text), page
        plain = re.sub(r"[\\`*]", "", text.partition("\n")[0].removeprefix("# "))
        assert plain == re.sub(r"[*]", "", heading.get_text().rstrip("¶")), page
        assert f"\nSource: {root(site)}{page}\n" in text


def test_markdown_has_none_of_the_themes_syntax(site: BuiltSite, difficult: BuiltSite) -> None:
    for built in (site, difficult):
        for page in pages(built):
            text = prose(markdown(built, page))
            for trace in ("\n///", "{ .", "{: ", "<!--", "data:image", '<div id="cell', ".ipynb)"):
                assert trace not in text, (page, trace)


def test_a_lessons_markdown_has_every_cell_and_every_output(site: BuiltSite) -> None:
    for lesson in all_lessons():
        text = markdown(site, f"lessons/{lesson.name}/")
        for cell in read_notebook(lesson.path)["cells"]:
            if cell["cell_type"] != "code":
                continue
            assert source(cell).rstrip() in text, (lesson.name, cell["id"])
            for output in cell["outputs"]:
                data = output.get("data", {})
                if "text/markdown" in data:
                    for block in FENCE.finditer(joined(data["text/markdown"])):
                        assert block[0] in text, (lesson.name, cell["id"])


def test_links_of_markdown_lead_from_anywhere_to_what_exists(site: BuiltSite) -> None:
    here, checked = root(site), 0
    for page in pages(site):
        for link in re.findall(r"\]\(([^()\s]+)\)", prose(markdown(site, page))):
            assert urlsplit(link).scheme, (page, link)
            if not link.startswith(here):
                continue
            path, _, fragment = link.removeprefix(here).partition("#")
            target = site.folder / unquote(path)
            assert target.exists(), (page, link)
            if fragment:
                html = (target / "index.html").read_text("utf-8")
                assert f'id="{unquote(fragment)}"' in html, (page, link)
            checked += 1
    assert checked > 500


def converted(text: str) -> str:
    return plain_markdown(text, resolve=lambda link: f"<{link}>")


def test_code_stays_as_it_is() -> None:
    code = "```text\n/// html | div\n<!-- a -->\n[x](y){ .z }\n~~~\n``\n```"
    assert converted(f"/// html | div\n\n{code}\n\n///") == f"{code}\n"
    longer = "````md\n```\n/// x\n```\n````"
    assert converted(longer) == f"{longer}\n"
    assert converted("`[x](y){ .z }` and `{ .z }`") == "`[x](y){ .z }` and `{ .z }`\n"


def test_blocks_become_what_any_reader_of_markdown_knows() -> None:
    assert converted("///// details | Hint 1\n    type: hint\n\nLook.\n\n/////") == (
        "**Hint 1**\n\nLook.\n"
    )
    assert converted("//// html | div.cell[data-cell=a]\n\nText.\n\n////") == "Text.\n"
    plan = "/// html | div.output.output-plan\n\nSeq Scan\n\n///"
    assert converted(plan) == "Plan:\n\nSeq Scan\n"
    assert converted('!!! note "Mind"\n    The gap.') == "**Mind**\n    The gap.\n"
    assert converted("a <!-- b\nc --> d") == "a  d\n"
    for size in ("", ' width="40" height="10"'):
        picture = f'<img alt="A &amp; B"{size} src="data:image/x,%3C">'
        assert converted(f'<div id="cell-a"></div>\n\n{picture}') == "[Picture: A & B]\n"


def test_links_are_resolved_and_their_attributes_dropped() -> None:
    assert converted("[`a`](b.md){ .c download=d } `e`") == "[`a`](<b.md>) `e`\n"
    assert converted("**Holds**{ .verdict .holds } yes") == "**Holds** yes\n"
    assert converted("a set {1, 2} and a {name}") == "a set {1, 2} and a {name}\n"


def test_hostile_values_reach_the_markdown_as_they_were(difficult: BuiltSite) -> None:
    text = markdown(difficult, "lessons/models/hostile/")
    for cell in json.loads(
        next((difficult.folder / "lessons/models/hostile").glob("*.ipynb")).read_text("utf-8")
    )["cells"]:
        if cell["cell_type"] == "code":
            assert joined(cell["source"]).rstrip() in text


# Lists of pages


def test_llms_txt_lists_every_page_of_the_navigation_and_every_snippet(site: BuiltSite) -> None:
    text = (site.folder / "llms.txt").read_text("utf-8")
    assert re.match(r"# Database Patterns\n\n> .+\n\n.+\n\n## \w+\n\n- \[", text)
    links = re.findall(r"^- \[.+\]\((\S+)\): \S", text, re.MULTILINE)
    assert len(links) == len(set(links)) == text.count("\n- ")
    here = root(site)
    for link in links:
        assert (site.folder / link.removeprefix(here)).is_file(), link
    listed = {link.removeprefix(here).removesuffix("index.md") for link in links}
    hidden = {page for page in pages(site) if page.startswith("decisions/") and page.count("/") > 1}
    assert listed == set(pages(site)) - hidden


def test_llms_full_txt_holds_the_text_of_all_of_them(site: BuiltSite) -> None:
    full = (site.folder / "llms-full.txt").read_text("utf-8")
    for lesson in all_lessons():
        assert markdown(site, f"lessons/{lesson.name}/") in full
    assert markdown(site, "snippets/queries/page/") in full
    ends = ("", "snippets/queries/page/")
    places = [full.index(f"\nSource: {root(site)}{page}\n") for page in ends]
    assert places == sorted(places)


def test_the_sitemap_has_every_page_and_no_other(site: BuiltSite) -> None:
    found = re.findall(r"<loc>(.*?)</loc>", (site.folder / "sitemap.xml").read_text("utf-8"))
    assert sorted(found) == sorted(root(site) + page for page in pages(site))


# The head


def test_titles_descriptions_and_addresses_are_each_pages_own(site: BuiltSite) -> None:
    titles: Counter[str] = Counter()
    descriptions: Counter[str] = Counter()
    for page in pages(site):
        html = soup(site, page)
        canonical = html.find("link", rel="canonical")
        description = html.find("meta", attrs={"name": "description"})
        assert html.title is not None
        assert canonical is not None
        assert description is not None
        assert canonical["href"] == root(site) + page
        titles[html.title.get_text()] += 1
        descriptions[str(description["content"])] += 1
    assert [title for title, times in titles.items() if times > 1] == []
    assert [text for text, times in descriptions.items() if times > 1] == []


def test_every_head_has_a_card_and_structured_data_that_agree(site: BuiltSite) -> None:
    kinds: Counter[str] = Counter()
    for page in pages(site):
        html = soup(site, page)
        graph = {str(tag["property"]): str(tag["content"]) for tag in html.select("meta[property]")}
        description = html.find("meta", attrs={"name": "description"})
        assert html.title is not None
        assert description is not None
        assert html.title.get_text().removesuffix(" - Database Patterns") == graph["og:title"]
        assert graph["og:description"] == description["content"]
        assert graph["og:url"] == root(site) + page
        assert graph["og:image"] == root(site) + CARD
        script = html.find("script", type="application/ld+json")
        assert script is not None
        data = json.loads(script.get_text())
        assert data["headline" if page else "name"] == graph["og:title"]
        assert (data["url"], data["description"]) == (graph["og:url"], graph["og:description"])
        kinds[data["@type"]] += 1
        alternate = html.find("link", rel="alternate", type="text/markdown")
        assert alternate is not None
        assert alternate["href"] == "index.md"
    assert kinds["TechArticle"] == len(all_lessons())
    assert kinds["SoftwareSourceCode"] > 50
    assert kinds["WebSite"] == 1


def test_the_card_is_a_picture_of_the_size_that_others_show(site: BuiltSite) -> None:
    content = (site.folder / CARD).read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (1200, 630)
    assert len(content) < 60_000


def test_a_hostile_title_ends_neither_attribute_nor_script() -> None:
    title = '</script><script>alert("1")</script>'
    page = SimpleNamespace(
        meta={"description": "&lt;b&gt; &quot;x&quot;"},
        title=title,
        is_homepage=False,
        canonical_url="https://example.org/a/",
        file=SimpleNamespace(src_uri="a.md", generated_by=None),
    )
    config = SimpleNamespace(site_name="<Site>", site_url="https://example.org/", repo_url=None)
    html = with_metadata("<head></head>", cast("SitePage", page), cast("MkDocsConfig", config))
    parsed = BeautifulSoup(html, "html.parser")
    (script,) = parsed.find_all("script")
    data: dict[str, Any] = json.loads(script.get_text())
    assert (data["headline"], data["description"]) == (title, '<b> "x"')
    tag = parsed.find("meta", property="og:title")
    assert tag is not None
    assert tag["content"] == title


def test_what_nothing_uses_is_not_sent(site: BuiltSite) -> None:
    for page in site.pages():
        html = site.html(page)
        for idle in ('name="generator"', "<pre><span></span>", '<td align="left"'):
            assert idle not in html, page
        config = re.search(r'<script id="__config"[^>]*>(.*?)</script>', html)
        assert config is not None
        assert set(json.loads(config[1])) == {"base", "search", "features", "translations"}, page


def test_the_script_for_tabs_stays_where_tabs_are() -> None:
    script = '<script>var target=document.getElementById("__tabbed_")</script>'
    assert without_idle_markup(f"<p>1</p>{script}") == "<p>1</p>"
    tabs = f'<input id="__tabbed_1_1">{script}'
    assert without_idle_markup(tabs) == tabs


# The button


@pytest.mark.asyncio(loop_scope="session")
async def test_the_button_copies_the_markdown(site: BuiltSite, desktop: Page) -> None:
    for page in ("", "lessons/queries/n_plus_one/", "snippets/queries/page/"):
        await desktop.goto(site.url + page)
        button = desktop.get_by_role("button", name="Copy as Markdown")
        await button.focus()
        await desktop.keyboard.press("Enter")
        await desktop.get_by_role("button", name="Copied").wait_for()
        copied = await desktop.evaluate("navigator.clipboard.readText()")
        assert copied == markdown(site, page)


@pytest.mark.asyncio(loop_scope="session")
async def test_without_scripts_the_button_is_a_link_to_the_markdown(
    site: BuiltSite, chromium: Browser
) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site.url}lessons/queries/n_plus_one/")
    link = page.get_by_role("link", name="Copy as Markdown")
    assert await link.get_attribute("href") == "index.md"
    await context.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_no_page_asks_for_a_file_that_is_not_there(site: BuiltSite, desktop: Page) -> None:
    missing: list[str] = []
    desktop.on(
        "response", lambda answer: missing.append(answer.url) if answer.status >= 400 else None
    )
    for page in ("", "snippets/", "snippets/queries/page/", "lessons/queries/n_plus_one/"):
        await desktop.goto(site.url + page, wait_until="networkidle")
    assert missing == []


# Addresses that do not exist


def mounted(site: BuiltSite, folder: Path) -> Path:
    """Return a folder that has ``site`` where its own addresses say that it is."""
    mount = folder / urlsplit(root(site)).path.strip("/")
    mount.parent.mkdir(parents=True, exist_ok=True)
    mount.symlink_to(site.folder, target_is_directory=True)
    return folder


def test_the_error_page_leads_to_every_page_from_any_depth(site: BuiltSite) -> None:
    html = soup(site, "404.html")
    mount = urlsplit(root(site)).path
    links = [str(link["href"]) for link in html.select(".all-pages a")]
    assert all(link.startswith(mount) for link in links)
    assert set(site.lessons()) <= {link.removeprefix(mount) for link in links}
    assert html.h1 is not None
    assert html.title is not None
    assert html.title.get_text().startswith(html.h1.get_text())
    robots = html.find("meta", attrs={"name": "robots"})
    assert robots is not None
    assert robots["content"] == "noindex"
    for tag in html.select("link[rel=stylesheet], script[src]"):
        assert str(tag.get("href") or tag.get("src")).startswith(mount)


@pytest.mark.parametrize(
    ("address", "nearest"),
    [
        ("lessons/querys/n_plus_on/", "lessons/queries/n_plus_one/"),
        ("queries/cursor_page.html", "lessons/queries/cursor_pages/"),
        ("lessons/migrations/locks_queue/", "lessons/migrations/lock_queue/"),
        ("snippet/queries/eagers", "snippets/queries/eager/"),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_the_nearest_pages_come_first(
    site: BuiltSite, desktop: Page, tmp_path: Path, address: str, nearest: str
) -> None:
    html = site.html("404.html")
    with served(mounted(site, tmp_path)) as url:
        here = url.rstrip("/") + urlsplit(root(site)).path
        await desktop.route(
            f"{here}{address}", lambda route: route.fulfill(body=html, content_type="text/html")
        )
        await desktop.goto(here + address)
        first = desktop.locator(".nearest-pages a").first
        assert await first.get_attribute("href") == urlsplit(here + nearest).path
        await desktop.goto(f"{here}404.html")
        assert await desktop.locator(".nearest-pages a").count() == 0


# Addresses that moved


@pytest.fixture
def moving(tmp_path: Path, difficult_config: Path) -> Path:
    """The configuration of a site whose pages have moved."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# Start\n\nThis page is the first of two.\n", "utf-8")
    (docs / "new.md").write_text("# New\n\n## Part\n\nThis was elsewhere.\n", "utf-8")
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    return write_config(tmp_path, notebooks=notebooks, docs=docs, nav=["index.md", "new.md"])


def write_table(config: Path, entries: str) -> None:
    (config.parent / "docs" / TABLE).write_text(f"[moved]\n{entries}\n", encoding="utf-8")


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.asyncio(loop_scope="session")
async def test_an_old_address_leads_to_the_new_one(
    moving: Path, tmp_path: Path, chromium: Browser, scripts: bool
) -> None:
    write_table(moving, '"old/deep/" = "new/"\n"start/" = ""')
    folder = tmp_path / "site"
    build_site(moving, folder)
    assert not (folder / TABLE).exists()
    html = (folder / "old/deep/index.html").read_text("utf-8")
    canonical = BeautifulSoup(html, "html.parser").find("link", rel="canonical")
    assert canonical is not None
    assert str(canonical["href"]).endswith("/database-patterns/new/")
    context = await chromium.new_context(java_script_enabled=scripts)
    page = await context.new_page()
    with served(folder) as url:
        await page.goto(f"{url}old/deep/#part")
        await page.wait_for_url(re.compile(r"/new/"))
        assert urlsplit(page.url).fragment == ("part" if scripts else "") or not scripts
        await page.goto(f"{url}start/")
        await page.wait_for_url(re.compile(r":\d+/(#.*)?$"))
    await context.close()


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ('"old/" = "gone/"', "old/ leads to gone/, where there is no page"),
        ('"old/" = "older/"\n"older/" = "new/"', "old/ leads to older/, where there is no page"),
        ('"new/" = ""', "new/ is the address of a page"),
    ],
)
def test_an_entry_that_leads_nowhere_or_hides_a_page_is_a_fault(
    moving: Path, tmp_path: Path, entries: str, problem: str
) -> None:
    write_table(moving, entries)
    with pytest.raises(SiteNotBuilt, match=problem):
        build_site(moving, tmp_path / "site")


@pytest.mark.parametrize("entry", ['"old" = "new/"', '"/" = "new/"', '"old/" = 1'])
def test_an_entry_of_another_form_is_a_fault(moving: Path, entry: str) -> None:
    write_table(moving, entry)
    with pytest.raises(BrokenRedirect, match="must be an address that ends in a slash"):
        moved(moving.parent / "docs")


def git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(REPOSITORY), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        skip_unless_on_ci("this is no clone of the repository")
    return done.stdout


def address(path: str) -> str:
    """Return the address of the page that is made from the file at ``path`` of the repository."""
    folder, _, rest = path.partition("/")
    page = rest.rpartition(".")[0]
    if folder == "docs":
        return f"{page.removesuffix('index').rstrip('/')}/".lstrip("/")
    return f"{'lessons' if folder == 'notebooks' else folder}/{page}/"


def test_a_page_that_moved_or_went_has_left_a_redirect(site: BuiltSite) -> None:
    if git("rev-parse", "--is-shallow-repository").strip() == "true":
        skip_unless_on_ci("the history is not here: clone all of it")
    removed, sources = ("--diff-filter=DR", "--name-status"), ("docs", "notebooks", "snippets")
    lines = git("log", "--format=", *removed, "--", *sources)
    lines += git("diff", "HEAD", *removed, "--", *sources)
    paths = [line.split("\t")[1] for line in lines.splitlines() if line]
    gone = {address(path) for path in paths if re.search(r"(?<!__init__)\.(md|ipynb|py)$", path)}
    kept = set(site.pages()) | set(moved(REPOSITORY / "docs"))
    assert gone
    assert gone - kept == set()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("docs/index.md", ""),
        ("docs/rules.md", "rules/"),
        ("docs/rules/index.md", "rules/"),
        ("notebooks/queries/n_plus_one.ipynb", "lessons/queries/n_plus_one/"),
        ("snippets/queries/page.py", "snippets/queries/page/"),
    ],
)
def test_the_address_of_a_source(site: BuiltSite, path: str, expected: str) -> None:
    assert address(path) == expected
    assert expected in site.pages()
