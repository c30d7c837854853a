"""The pages of choices state no figure that the linked cell does not assert."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from playwright.async_api import Browser, Page

from database_patterns.registry import Registry
from database_patterns.sources import Sources
from tests.site.conftest import REPOSITORY, BuiltSite
from workbench.claims import Claim, Verdict, doubts
from workbench.execution.lessons import Lesson
from workbench.execution.notebook import Notebook, read_notebook
from workbench.site.lesson_markdown import lesson_title

FOLDER = REPOSITORY / "docs/choices"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "index.md")
LINK = re.compile(r"\[([^\]]+)\]\(\.\./lessons/([a-z_]+)/([a-z_]+)\.ipynb#cell-([a-z0-9-]+)\)")
ENTRY = re.compile(r"^/// html \| div\.choice\n\n(.*?)\n\n///$", re.MULTILINE | re.DOTALL)
TAKE = re.compile(r"^- \*\*(Copy|Lesson)\*\* (.*)$", re.MULTILINE)


def entries(page: str) -> list[str]:
    """Return the cases of ``page``, each with its heading and what it ends in."""
    return [" ".join(entry.split("\n")) for entry in ENTRY.findall(page)]


def claims(text: str) -> list[Claim]:
    """Return what each link of ``text`` to a cell says, as a claim that this cell has to prove."""
    return [
        Claim(
            lesson=Lesson(topic, problem),
            id="choice",
            says=said,
            verdict=Verdict.HOLDS,
            evidence="" if said == title_of(topic, problem) else said,
            cell=cell,
        )
        for said, topic, problem, cell in LINK.findall(" ".join(text.split()))
    ]


def unproved(text: str) -> list[str]:
    """Return what speaks against ``text``: its cells, and figures that none of them shows.

    A figure inside of a link must stand in that cell, one beside it in any cell of the paragraph.
    """
    found = claims(text)
    faults = [doubt for claim in found for doubt in doubts(claim, notebook_of(claim))]
    beside = re.sub(r"\bversion \d+", "", LINK.sub("", " ".join(text.split())))
    for figure in re.findall(r"\d[\d,.]*\d|\d", re.sub(r"`[^`]*`|PostgreSQL \d+", "", beside)):
        tried = [Claim(**{**vars(claim), "evidence": figure}) for claim in found]
        if all(doubts(claim, notebook_of(claim)) for claim in tried):
            faults.append(f"no cell of the paragraph shows {figure}")
    return faults


def notebook_of(claim: Claim) -> Notebook:
    return read_notebook(claim.lesson.path)


@cache
def title_of(topic: str, problem: str) -> str | None:
    """Return the title of a lesson, whose figures are names and not measurements."""
    return lesson_title(read_notebook(Lesson(topic, problem).path))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_figure_of_a_choice_is_asserted_by_the_cell_that_it_links_to(path: Path) -> None:
    paragraphs = path.read_text(encoding="utf-8").split("\n\n")
    assert len(claims(path.read_text(encoding="utf-8"))) > len(paragraphs) / 5
    assert [fault for paragraph in paragraphs for fault in unproved(paragraph)] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[27 statements]({})", "shows no 27"),
        ("99 projects: [26 statements]({})", "no cell of the paragraph shows 99"),
        ("It costs 7.", "no cell of the paragraph shows 7"),
        ("[26]({}-gone)", "has no cell the-loop-sends-a-statement-per-target-gone"),
        ("[loops](../lessons/queries/n_plus_one.ipynb#cell-imports)", "asserts nothing"),
    ],
)
def test_a_figure_without_proof_is_found(text: str, fault: str) -> None:
    cell = "../lessons/queries/n_plus_one.ipynb#cell-the-loop-sends-a-statement-per-target"
    assert unproved(f"20 projects: [26 statements]({cell})") == []
    (found,) = unproved(text.format(cell))
    assert fault in found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_case_ends_in_its_lesson_and_in_the_command_of_its_snippet(path: Path) -> None:
    snippets = Registry(Sources.installed()).snippets
    page = path.read_text(encoding="utf-8")
    assert page.count("\n## ") == len(ENTRY.findall(page)) > 5
    for entry in ENTRY.findall(page):
        *_, last = entry.split("\n\n")
        taken = TAKE.findall(last)
        assert len(taken) == len(last.split("\n"))
        assert taken[-1][0] == "Lesson"
        for kind, text in taken:
            if kind == "Copy":
                name = re.search(r"database-patterns add (\S+) --into app/db`$", text)
                assert name, text
                assert name[1] in snippets
                assert text.startswith(f"[snippets/{name[1]}.py](../snippets/{name[1]}.md)<br>`")
            else:
                (claim,) = claims(text)
                assert claim.says == title_of(claim.lesson.topic, claim.lesson.problem)


def test_most_cases_end_in_a_snippet() -> None:
    found = [entry for path in PAGES for entry in entries(path.read_text(encoding="utf-8"))]
    assert len([entry for entry in found if "**Copy**" in entry]) > 0.8 * len(found)


def test_the_first_page_of_choices_and_home_list_each_of_them(site: BuiltSite) -> None:
    names = {path.stem for path in PAGES}
    for page, prefix in (("choices/", ""), ("", "choices/")):
        article = BeautifulSoup(site.html(page), "html.parser").find("article")
        assert isinstance(article, Tag)
        links = {urlsplit(str(link["href"])).path for link in article.select("a[href]")}
        listed = {link.removeprefix("../").removeprefix(prefix).strip("/") for link in links}
        assert names <= listed, page


@pytest.mark.asyncio(loop_scope="session")
async def test_a_page_of_choices_prints_on_two_sheets_in_colours_for_paper(
    site: BuiltSite, chromium: Browser
) -> None:
    page = await chromium.new_page(color_scheme="dark")
    for path in PAGES:
        await page.goto(f"{site.url}choices/{path.stem}/")
        sheets = (await page.pdf(format="A4")).count(b"/Type /Page\n")
        assert sheets <= 2, path.stem
    await page.emulate_media(media="print")
    colour = "link => getComputedStyle(link).color"
    assert await page.locator(".choice p a").first.evaluate(colour) == "rgb(26, 95, 168)"
    assert not await page.locator(".lesson-links").is_visible()
    await page.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_case_stands_beside_its_answer_or_above_it(
    site: BuiltSite, desktop: Page, dark_phone: Page
) -> None:
    for path in PAGES:
        for page, beside in ((desktop, True), (dark_phone, False)):
            await page.goto(f"{site.url}choices/{path.stem}/")
            case = await page.locator(".choice h2").first.bounding_box()
            answer = await page.locator(".choice p").first.bounding_box()
            assert case
            assert answer
            assert (answer["x"] > case["x"] + 100, answer["y"] > case["y"] + 10) == (
                beside,
                not beside,
            )
            width = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert width <= 0, path.stem
