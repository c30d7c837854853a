"""A page says on what CI executed its lesson, and says nothing where CI did not."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version

import pytest
from bs4 import BeautifulSoup, Tag
from playwright.async_api import Browser, expect

from tests.site.conftest import COMMIT, REPOSITORY, STAMPED, BuiltSite
from workbench.execution.stamp import Stamp
from workbench.site.stamp_line import stamp_html, stamp_text

ON = f"PostgreSQL 18.6, SQLAlchemy {version('sqlalchemy')}, Python {platform.python_version()}"


def stamped_page(site: BuiltSite) -> BeautifulSoup:
    return BeautifulSoup(site.html(f"lessons/{STAMPED.name}/"), "html.parser")


def test_it_stands_under_the_title_with_its_versions_day_and_commit(site: BuiltSite) -> None:
    line = stamped_page(site).select_one("h1 + .lesson-links .executed")
    assert isinstance(line, Tag)
    time = line.find("time")
    assert isinstance(time, Tag)
    day = str(time["datetime"]).partition("T")[0]
    assert line.get_text() == f"Executed on {ON} on {day}, outputs as shown, commit {COMMIT[:7]}"
    link = line.find("a")
    assert isinstance(link, Tag)
    assert str(link["href"]).endswith(f"/database-patterns/commit/{COMMIT}")


def test_programs_read_it_too(site: BuiltSite) -> None:
    script = stamped_page(site).select_one('script[type="application/ld+json"]')
    assert script is not None
    about = json.loads(script.get_text())
    time = stamped_page(site).select_one(".executed time")
    assert time is not None
    assert about["dependencies"] == ON
    assert about["mainEntityOfPage"]["lastReviewed"] == time["datetime"]
    plain = (site.folder / "lessons" / STAMPED.name / "index.md").read_text(encoding="utf-8")
    assert f"\nExecuted on {ON} on {time.get_text()}, outputs as shown\n" in plain


def test_a_lesson_without_a_stamp_says_nothing(site: BuiltSite) -> None:
    for page in site.pages():
        if page != f"lessons/{STAMPED.name}/":
            assert 'class="executed"' not in site.html(page), page
            assert "lastReviewed" not in site.html(page), page


def test_no_line_is_written_by_hand() -> None:
    for folder in ("docs", "notebooks"):
        for path in (REPOSITORY / folder).rglob("*"):
            if path.suffix in {".md", ".ipynb", ".toml"}:
                assert "Executed on PostgreSQL" not in path.read_text(encoding="utf-8"), path


def test_a_commit_that_is_unknown_is_left_out_and_text_is_escaped() -> None:
    plain = Stamp(
        inputs="",
        postgresql="<b>",
        sqlalchemy="2",
        python="3",
        at="2026-01-02T03:04:05Z",
        commit="",
    )
    line = stamp_html(plain, repository="https://example.org/")
    assert "<a" not in line
    assert "<b>" not in line
    assert "&lt;b&gt;" in line
    assert stamp_text(plain).endswith("on 2026-01-02, outputs as shown")


def test_what_is_published_was_executed_by_the_same_job() -> None:
    job = (REPOSITORY / ".github/workflows/publish.yml").read_text(encoding="utf-8")
    assert 0 < job.index("workbench verify") < job.index("run: make site")


@pytest.mark.asyncio(loop_scope="session")
async def test_paper_keeps_the_line_and_leaves_the_links_beside_it(
    site: BuiltSite, chromium: Browser
) -> None:
    page = await chromium.new_page()
    await page.goto(f"{site.url}lessons/{STAMPED.name}/")
    await page.emulate_media(media="print")
    line = page.locator(".lesson-links")
    await expect(line.locator(".executed")).to_be_visible()
    await expect(line.locator(".page-markdown")).to_be_hidden()
    # The dots between the links have no element of their own.
    await expect(line).to_have_css("font-size", "0px")
    await page.close()
