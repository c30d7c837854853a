"""The page of rules shows every claim, once, with a link to the cell that asserts it."""

from __future__ import annotations

from collections import Counter

from bs4 import BeautifulSoup

from tests.site.conftest import BuiltSite
from workbench.claims import Claim, Verdict, all_claims
from workbench.execution.lessons import Lesson
from workbench.site.rules_page import MARKS, with_claims

PAGE = "\n\n".join(MARKS.values())


def claim(problem: str, *, rule: int | None = None) -> Claim:
    return Claim(
        lesson=Lesson("queries", problem),
        id="slow",
        says=f"What {problem} says.",
        verdict=Verdict.LIMITED,
        evidence="It reads 20 rows.",
        instead="Copy `snippets/queries/keyset.py`.",
        cell="rows",
        rule=rule,
    )


def test_rules_come_by_number_and_claims_by_topic() -> None:
    claims = [claim("one"), claim("two", rule=2), claim("three", rule=1), claim("four")]
    topics = {
        "Later": ["queries/four"],
        "Queries": [f"queries/{n}" for n in ("two", "three", "one")],
    }
    page = with_claims(PAGE, claims, topics=topics)
    places = [
        page.index(text)
        for text in (
            "4 claims in all",
            "**1. What three says.**",
            "**2. What two says.**",
            "## Later",
            "**What four says.**",
            "## Queries",
            "**What one says.**",
        )
    ]
    assert places == sorted(places)


def test_a_claim_links_to_its_cell_and_to_the_snippet() -> None:
    page = with_claims(PAGE, [claim("one")], topics={"Queries": ["queries/one"]})
    assert "[See it run](lessons/queries/one.ipynb#cell-rows)" in page
    assert "[`snippets/queries/keyset.py`](snippets/queries/keyset.py)" in page


def test_the_built_page_holds_every_claim_once(site: BuiltSite) -> None:
    page = BeautifulSoup(site.html("rules/"), "html.parser")
    shown = [str(element["id"]) for element in page.select(".claim")]
    expected = [
        f"{claim.lesson.topic}-{claim.lesson.problem}-{claim.id}".replace("_", "-")
        for claim in all_claims()
    ]
    assert sorted(shown) == sorted(expected)
    assert len(page.select(".claim a[href*='#cell-']")) == len(shown)
    counted = [int(cell.get_text()) for cell in page.select("table td:nth-child(2)")]
    by_verdict = Counter(claim.verdict for claim in all_claims())
    assert counted == [by_verdict[verdict] for verdict in Verdict]


def test_no_file_of_claims_is_published(site: BuiltSite) -> None:
    assert list(site.folder.rglob("*.toml")) == []
