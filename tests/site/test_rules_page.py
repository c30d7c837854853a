"""The pages of rules show every claim, with a link to the cell that asserts it."""

from __future__ import annotations

from collections import Counter

from bs4 import BeautifulSoup

from tests.site.conftest import BuiltSite
from workbench.claims import Claim, Verdict, all_claims
from workbench.execution.lessons import Lesson, all_lessons
from workbench.site.rules_page import MARKS, anchor, topic_markdown, with_claims

PAGE = "\n\n".join(MARKS.values())
TOPICS = sorted({lesson.topic for lesson in all_lessons()})


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


def test_rules_come_by_number_and_topics_in_their_order() -> None:
    claims = {"Later": [claim("two", rule=2)], "Queries": [claim("one"), claim("three", rule=1)]}
    page = with_claims(PAGE, claims)
    texts = ("**1. What three says.**", "**2. What two says.**", "[Later]", "[Queries]")
    places = [page.index(text) for text in texts]
    assert places == sorted(places)
    assert "What one says." not in page
    assert "| [Queries](queries.md) | 0 | 2 | 0 | 0 |" in page
    assert "| All | 0 | 3 | 0 | 0 |" in page


def test_a_claim_links_to_its_cell_and_to_the_snippet() -> None:
    page = topic_markdown("Queries", [claim("one")])
    assert "1 claims about queries" in page
    assert "0 hold, 1 hold within limits, 0 mislead, 0 fail" in page
    assert "[See\u00a0it\u00a0run](../lessons/queries/one.ipynb#cell-rows)" in page
    assert "[`snippets/queries/keyset.py`](../snippets/queries/keyset.py)" in page


def test_the_built_pages_hold_every_claim_once(site: BuiltSite) -> None:
    shown = []
    for topic in TOPICS:
        page = BeautifulSoup(site.html(f"rules/{topic}/"), "html.parser")
        found = [f"{topic} {element['id']}" for element in page.select(".claim")]
        assert len(page.select(".claim a[href*='#cell-']")) == len(found)
        shown += found
    assert sorted(shown) == sorted(f"{each.lesson.topic} {anchor(each)}" for each in all_claims())


def test_the_first_page_holds_the_eleven_rules_and_the_sums(site: BuiltSite) -> None:
    page = BeautifulSoup(site.html("rules/"), "html.parser")
    numbers = [claim.get_text().strip().partition(".")[0] for claim in page.select(".claim")]
    assert numbers == [str(number) for number in range(1, 12)]
    counted = [int(cell.get_text()) for cell in page.select("table tr:last-child td")[1:]]
    by_verdict = Counter(claim.verdict for claim in all_claims())
    assert counted == [by_verdict[verdict] for verdict in Verdict]


def test_no_file_of_claims_is_published(site: BuiltSite) -> None:
    assert list(site.folder.rglob("*.toml")) == []
