"""The first page proves what it says with what the lessons hold, on one screen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from playwright.async_api import Browser, Page

from tests.site.conftest import REPOSITORY, BuiltSite
from tests.site.sample_lessons import prose
from workbench.audit.every_page import LARGEST_SHIFT, SHIFTS
from workbench.claims import Verdict, all_claims
from workbench.execution.lessons import all_lessons
from workbench.site.build import SiteNotBuilt, build_site
from workbench.site.home import NotInTheLesson, first_sentence, result


@pytest.fixture
def home(site: BuiltSite) -> Tag:
    article = BeautifulSoup(site.html(""), "html.parser").find("article")
    assert isinstance(article, Tag)
    return article


def lesson(*cells: dict[str, Any]) -> dict[str, Any]:
    return {
        "cells": [prose("claim", "# A title\n\nA page of [20 rows](x.md). It takes 2."), *cells]
    }


def text_of(element: Tag | None) -> str:
    assert element is not None
    return " ".join(element.get_text().split())


def test_the_example_is_the_comparison_of_its_lesson(home: Tag, site: BuiltSite) -> None:
    lesson_page = BeautifulSoup(site.html("lessons/queries/n_plus_one/"), "html.parser")
    ours, theirs = (page.select_one(".comparison") for page in (home, lesson_page))
    assert ours is not None
    assert text_of(ours) == text_of(theirs)
    links = [str(link["href"]) for link in ours.select("a")]
    assert links == [
        "lessons/queries/n_plus_one/#cell-the-loop-sends-a-statement-per-target",
        "lessons/queries/n_plus_one/#cell-the-page-takes-two-statements",
    ]


def test_no_figure_of_the_example_is_typed_into_the_page() -> None:
    source = (REPOSITORY / "docs/index.md").read_text(encoding="utf-8")
    assert re.findall(r"\d", source) == []
    assert "SELECT" not in source


def test_a_result_is_quoted_without_its_links_and_as_a_sentence() -> None:
    assert result(lesson(), "page of", "20 rows") == "Page of 20 rows."
    assert result(lesson(), "A page", "It takes 2.") == "A page of 20 rows. It takes 2."
    with pytest.raises(NotInTheLesson, match="'A title' has no words from 'It takes' to '20 rows'"):
        result(lesson(), "It takes", "20 rows")


def test_without_a_choice_the_first_sentence_is_the_result(difficult: BuiltSite) -> None:
    article = BeautifulSoup(difficult.html(""), "html.parser").find("article")
    assert isinstance(article, Tag)
    plain, hostile = [text_of(item) for item in article.select("li:has(a[href^='lessons/'])")]
    assert plain.endswith("and 2 with selectinload, whatever the page's size.")
    assert hostile.endswith("`</title><script>window.hostile = 1</script>`.".replace("`", ""))
    assert article.find("script") is None
    assert first_sentence(lesson()) == "A page of 20 rows."
    dotted = {"cells": [prose("claim", "# T\n\nIt is `a. b` in\nall. Then more.")]}
    assert first_sentence(dotted) == "It is `a. b` in all."


def test_what_points_down_the_lessons_page_is_left_out() -> None:
    notebook = {"cells": [prose("claim", "# T\n\nThree rows below wait: below, two of them.")]}
    assert result(notebook, "Three", "them.") == "Three rows wait: two of them."


def test_every_lesson_is_listed_once_with_its_result(home: Tag) -> None:
    items = [item for item in home.select("li") if item.select_one("a[href^='lessons/']")]
    items = [item for item in items if not item.find_parent(class_="example")]
    links = [str(item.a["href"]) for item in items if item.a]
    assert sorted(links) == sorted(f"lessons/{each.name}/" for each in all_lessons())
    for item, link in zip(items, links, strict=True):
        said = text_of(item).removeprefix(text_of(item.a))
        assert 25 < len(said) < 260, link
        assert said.endswith("."), link


def test_the_rules_stand_there_with_their_verdicts(home: Tag) -> None:
    rules = [item for item in home.select("li") if item.select_one(".verdict")]
    claims = sorted((each for each in all_claims() if each.rule), key=lambda each: each.rule or 0)
    assert len(rules) == len(claims) == 11
    for item, claim in zip(rules, claims, strict=True):
        assert text_of(item.select_one(".verdict")).lower() == claim.verdict
    counted = re.search(r"(\d+) claims, .*?: (\d+) .*?, (\d+) .*?, (\d+) .*?, (\d+)", text_of(home))
    assert counted
    verdicts = [each.verdict for each in all_claims()]
    assert [int(number) for number in counted.groups()] == [
        len(verdicts),
        *(verdicts.count(verdict) for verdict in Verdict),
    ]


def test_words_that_a_lesson_no_longer_has_are_a_fault(
    difficult_config: Path, tmp_path: Path
) -> None:
    results = difficult_config.parent / "docs/results.toml"
    results.write_text('[queries]\nplain = ["gone", "gone"]\n', encoding="utf-8")
    try:
        with pytest.raises(SiteNotBuilt, match="has no words from 'gone' to 'gone'"):
            build_site(difficult_config, tmp_path)
    finally:
        results.unlink()


SCREENS = [(1280, 800), (390, 844), (360, 740)]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("width", "height"), SCREENS)
async def test_claim_proof_and_doors_are_one_screen(
    site: BuiltSite, chromium: Browser, width: int, height: int
) -> None:
    page = await chromium.new_page(viewport={"width": width, "height": height})
    await page.goto(site.url)
    boxes = [await page.locator(part).bounding_box() for part in ("h1", ".example", ".doors")]
    bottoms = [box["y"] + box["height"] for box in boxes if box]
    assert bottoms == sorted(bottoms)
    assert len(bottoms) == 3
    assert bottoms[-1] <= height
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    await page.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_door_opens_wherever_it_is_clicked(site: BuiltSite, desktop: Page) -> None:
    for door, address in {"Run": "scratchpad/", "Copy": "snippets/"}.items():
        await desktop.goto(site.url)
        link = desktop.get_by_role("link", name=door, exact=True)
        panel = desktop.locator(".doors > p").filter(has=link)
        box = await panel.bounding_box()
        assert box
        await desktop.mouse.click(box["x"] + box["width"] - 4, box["y"] + box["height"] - 4)
        await desktop.wait_for_url(site.url + address)
    await desktop.goto(site.url)
    await desktop.get_by_role("link", name="on your machine").click()
    await desktop.wait_for_url(site.url + "getting_started/")


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("address", ["", "choices/migrating/"])
async def test_nothing_moves_while_the_page_loads(
    site: BuiltSite, dark_phone: Page, address: str
) -> None:
    await dark_phone.add_init_script(SHIFTS)
    await dark_phone.goto(site.url + address, wait_until="networkidle")
    assert await dark_phone.evaluate("window.shiftOfLayout") < LARGEST_SHIFT
    assert await dark_phone.evaluate("document.documentElement.scrollWidth") == 360
