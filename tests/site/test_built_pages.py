"""What every built page holds, read from its HTML."""

from __future__ import annotations

import gzip
import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup

from tests.site.conftest import REPOSITORY, BuiltSite
from workbench.cli.audit import HEAVIEST_LESSON
from workbench.site.build import SiteNotBuilt, build_site
from workbench.site.links import broken_links

NOTEBOOKS = sorted((REPOSITORY / "notebooks").rglob("*.ipynb"))


def soup(site: BuiltSite, page: str) -> BeautifulSoup:
    return BeautifulSoup(site.html(page), "html.parser")


def test_the_site_builds_without_a_warning(site: BuiltSite) -> None:
    assert "index.html" in {path.name for path in site.folder.iterdir()}


def test_every_notebook_is_a_page_and_stands_in_the_navigation(site: BuiltSite) -> None:
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        name = path.relative_to(REPOSITORY / "notebooks").with_suffix("").as_posix()
        active = soup(site, f"lessons/{name}/").select_one(
            ".md-nav--primary a.md-nav__link--active"
        )
        assert active is not None, name
    linked = {
        urljoin(page, str(link["href"]))
        for page in site.pages()
        if page != "404.html"
        for link in soup(site, page).select(".md-nav--primary a[href]")
    }
    assert set(site.lessons()) <= linked


def test_every_page_has_a_title_one_heading_and_a_description(site: BuiltSite) -> None:
    for page in site.pages():
        if page == "404.html":
            continue
        html = soup(site, page)
        assert html.title is not None, page
        assert html.title.get_text(strip=True), page
        assert len(html.find_all("h1")) == 1, page
        description = html.find("meta", attrs={"name": "description"})
        assert description is not None, page
        assert len(str(description["content"])) > 40, page


def test_a_lessons_title_is_its_first_heading(difficult: BuiltSite) -> None:
    html = soup(difficult, "lessons/queries/plain/")
    assert html.title is not None
    assert html.title.get_text() == "Load a page in two statements - Database Patterns"


def test_a_lessons_description_is_its_claim(difficult: BuiltSite) -> None:
    description = soup(difficult, "lessons/queries/plain/").find(
        "meta", attrs={"name": "description"}
    )
    assert description is not None
    assert str(description["content"]).startswith("A page of 50 projects")


def test_a_lesson_is_at_most_15_kb_of_compressed_html(site: BuiltSite) -> None:
    sizes = {page: len(gzip.compress(site.html(page).encode())) for page in site.lessons()}
    assert {page: size for page, size in sizes.items() if size > HEAVIEST_LESSON} == {}


def test_no_trace_of_a_notebook_is_left(site: BuiltSite, difficult: BuiltSite) -> None:
    for built in (site, difficult):
        for page in built.lessons():
            html = soup(built, page)
            article = html.find("article")
            assert article is not None
            classes = {
                name for tag in html.find_all(True) for name in tag.get_attribute_list("class")
            }
            assert not [name for name in classes if name and name.startswith(("jp-", "jupyter"))]
            assert not article.find(["style", "script"]), page
            text = article.get_text()
            for trace in ("In [", "Out[", "['pre {", "/// ", "{ ."):
                if trace == "/// " and "hostile" in page:
                    continue
                assert trace not in text, (page, trace)


def test_setup_and_solution_are_folded_and_the_exercise_is_not(difficult: BuiltSite) -> None:
    html = soup(difficult, "lessons/queries/plain/")
    folds = html.select("article details")
    assert [fold.summary.get_text() for fold in folds if fold.summary] == ["Setup", "Solution"]
    assert not any(fold.has_attr("open") for fold in folds)
    assert len(folds[0].select(".cell")) == 2
    assert folds[1].select_one(".output-sql") is not None
    assert "further statement" not in folds[1].get_text()


def test_every_cell_with_code_can_be_linked_to(difficult: BuiltSite) -> None:
    html = soup(difficult, "lessons/queries/plain/")
    for name in ("lazy-loop", "listing", "answer"):
        assert html.find(id=f"cell-{name}") is not None, name


def test_a_listing_links_to_its_file_and_offers_it(difficult: BuiltSite) -> None:
    html = soup(difficult, "lessons/queries/plain/")
    path, download = html.select("#cell-listing + .cell .listing-caption a")
    assert path.get_text() == "snippets/queries/eager.py"
    assert str(path["href"]).endswith("/blob/main/snippets/queries/eager.py")
    assert download.has_attr("download")
    target = difficult.folder / "lessons/queries/plain" / str(download["href"])
    assert target.read_bytes() == (REPOSITORY / "snippets/queries/eager.py").read_bytes()


def test_a_listing_leads_to_the_tests_of_its_snippet(site: BuiltSite) -> None:
    tested = {
        f"snippets/{path.parent.name}/{path.stem.removeprefix('test_')}.py"
        for path in (REPOSITORY / "tests/snippets").glob("*/test_*.py")
    }
    led = set()
    for page in site.lessons():
        for caption in soup(site, page).select(".listing-caption"):
            path, link = caption.select_one(".listing-path"), caption.select_one(".listing-tests")
            assert path is not None
            assert (link is not None) == (path.get_text() in tested), (page, path.get_text())
            if link is not None:
                led.add(path.get_text())
                address, _, anchor = str(link["href"]).partition("#")
                target = (site.folder / page / address).resolve()
                section = BeautifulSoup((target / "index.html").read_text(), "html.parser")
                assert target.relative_to(site.folder.resolve()).as_posix() == path.get_text()[:-3]
                assert section.find(id=anchor) is not None
    assert len(led) > 40


def test_the_notebook_beside_a_page_is_the_committed_one(site: BuiltSite) -> None:
    for path in NOTEBOOKS:
        name = path.relative_to(REPOSITORY / "notebooks").with_suffix("").as_posix()
        link = soup(site, f"lessons/{name}/").select_one(".lesson-links a[download]")
        assert link is not None
        offered = site.folder / "lessons" / name / str(link["href"])
        assert offered.read_bytes() == path.read_bytes()
        assert json.loads(offered.read_text(encoding="utf-8"))["nbformat"] == 4


def test_the_edit_link_leads_to_the_source(site: BuiltSite) -> None:
    for path in NOTEBOOKS:
        name = path.relative_to(REPOSITORY / "notebooks").with_suffix("").as_posix()
        link = soup(site, f"lessons/{name}/").select_one("a[title='Edit this page']")
        assert link is not None
        assert str(link["href"]).endswith(f"/edit/main/notebooks/{name}.ipynb")
    link = soup(site, "getting_started/").select_one("a[title='Edit this page']")
    assert link is not None
    assert str(link["href"]).endswith("/edit/main/docs/getting_started.md")


def test_the_home_page_lists_lessons_in_the_order_of_the_navigation(difficult: BuiltSite) -> None:
    article = soup(difficult, "").find("article")
    assert article is not None
    assert [tag.get_text().rstrip("¶") for tag in article.find_all("h3")] == ["Queries", "Models"]
    assert [link["href"] for link in article.select("li a")] == [
        "lessons/queries/plain/",
        "lessons/models/hostile/",
    ]


def test_links_between_lessons_pages_and_snippets_are_resolved(difficult: BuiltSite) -> None:
    html = soup(difficult, "lessons/queries/plain/")
    targets = {link.get_text(): str(link["href"]) for link in html.select("article p a")}
    assert targets["hostile page"] == "../../models/hostile/#the-first-heading"
    assert targets["eager.py"] == "../../../snippets/queries/eager.py"
    assert soup(difficult, "").select_one('a[href="lessons/queries/plain/#when-not-to"]')


def test_search_files_a_lessons_text_under_its_headings(difficult: BuiltSite) -> None:
    index = json.loads((difficult.folder / "search/search_index.json").read_text("utf-8"))
    found = {entry["location"]: entry for entry in index["docs"]}
    plan = found["lessons/queries/plain/#postgresql-walks-the-index-backwards"]
    assert "Nested Loop Left Join" in plan["text"]
    claim = next(
        entry for entry in index["docs"] if entry["title"] == "Load a page in two statements"
    )
    assert "51 statements" in claim["text"]
    assert "Download notebook" not in claim["text"]


def test_pictures_cannot_run_scripts_and_have_a_text(difficult: BuiltSite) -> None:
    image = soup(difficult, "lessons/models/hostile/").select_one(".output-figure img")
    assert image is not None
    assert str(image["src"]).startswith("data:image/svg+xml,")
    hostile = '"><img src=x onerror="hostile = 1">'
    assert image["alt"] == f'Rows "by" depth <b> {hostile}. "1" < 2'
    assert (image["width"], image["height"]) == ("40", "10")
    assert "desc" not in str(image["src"])


def test_no_link_of_the_site_is_broken(site: BuiltSite, difficult: BuiltSite) -> None:
    assert broken_links(site.folder) == []
    assert broken_links(difficult.folder) == []


def test_html_ends_every_element_that_it_begins(site: BuiltSite, difficult: BuiltSite) -> None:
    for built in (site, difficult):
        for page in built.lessons():
            parser = Balance()
            parser.feed(built.html(page))
            assert parser.faults == [], page
            assert parser.open == [], page


class Balance(HTMLParser):
    """Follows which elements are open."""

    VOID = frozenset(
        (
            "area",
            "base",
            "br",
            "col",
            "embed",
            "hr",
            "img",
            "input",
            "link",
            "meta",
            "path",
            "rect",
            "source",
            "track",
            "wbr",
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} inside of {self.open[-3:]}")
        else:
            self.open.pop()


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="gone/">', "no such file"),
        ('<a href="#gone">', "no such anchor in index.html"),
        ('<a href="page/#gone">', "no such anchor in page/index.html"),
        ('<img src="gone.png">', "no such file"),
        ('<img srcset="page/ 1x, gone.png 2x">', "no such file"),
        ('<a href="../outside.html">', "no such file"),
        ('<a href="/elsewhere/">', "lies outside of /mount/"),
        ('<a href="/mount/gone/">', "no such file"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, html: str, problem: str) -> None:
    start = '<link rel="canonical" href="https://example.org/mount/">'
    (tmp_path / "index.html").write_text(start + html, encoding="utf-8")
    (tmp_path / "page").mkdir()
    (tmp_path / "page/index.html").write_text("", encoding="utf-8")
    (tmp_path.parent / "outside.html").write_text("", encoding="utf-8")
    assert [(link.page, link.problem) for link in broken_links(tmp_path)] == [
        ("index.html", problem)
    ]


def test_a_link_that_leads_somewhere_is_not_reported(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<link rel="canonical" href="https://example.org/mount/">'
        '<a href="a%20b/">1</a><a href="a%20b/#caf%C3%A9">2</a><a href="/mount/a%20b/">3</a>'
        '<a href="#top">4</a><a href="https://example.org/gone">5</a><a href="mailto:a@b">6</a>'
        '<a href="a%20b/index.html?query=1">7</a><img src="data:image/png;base64,AAAA">',
        encoding="utf-8",
    )
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b/index.html").write_text('<p id="café">', encoding="utf-8")
    assert broken_links(tmp_path) == []


def test_a_fault_in_the_sources_is_named(difficult_config: Path, tmp_path: Path) -> None:
    page = difficult_config.parent / "docs/index.md"
    before = page.read_text(encoding="utf-8")
    page.write_text(before + "\n[Nowhere](gone.md)\n", encoding="utf-8")
    try:
        with pytest.raises(SiteNotBuilt, match=r"index\.md.*gone\.md"):
            build_site(difficult_config, tmp_path)
    finally:
        page.write_text(before, encoding="utf-8")


def test_addresses_are_made_for_the_place_of_the_site(site: BuiltSite) -> None:
    canonical = soup(site, "getting_started/").find("link", rel="canonical")
    assert canonical is not None
    home = soup(site, "").find("link", rel="canonical")
    assert home is not None
    assert canonical["href"] == urljoin(str(home["href"]), "getting_started/")
