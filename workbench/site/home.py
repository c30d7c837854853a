"""The first page: an example, and what each lesson found, both as the lessons have them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from workbench.claims import Claim, Verdict
from workbench.execution.lessons import NOTEBOOKS, Lesson
from workbench.execution.notebook import Notebook, read_notebook, source
from workbench.site.lesson_markdown import lesson_title
from workbench.site.registry import registry
from workbench.site.rules_page import FOLDER, anchor, badge, sums
from workbench.site.wrong_and_right import comparison_beside, comparison_markdown

RESULTS = "results.toml"
LESSONS = "<!-- lessons by topic -->"
RULES = "<!-- the verdicts on the rules -->"
_EXAMPLE = re.compile(r"<!-- comparison: (?P<lesson>[a-z_/]+) -->")
_NUMBER = re.compile(r"<!-- number: ([a-z]+) -->")
_FIRST_SENTENCE = re.compile(r"(?:`[^`]*`|[^`])+?[.:](?=\s|$)", re.DOTALL)

type ByTopic[Each] = Mapping[str, Sequence[Each]]


class NotInTheLesson(ValueError):
    """The first page asks a lesson for something that it does not hold; the message says what."""


def is_home(markdown: str) -> bool:
    """Tell whether ``markdown`` has a mark that ``with_parts`` replaces."""
    return any(mark in markdown for mark in (LESSONS, RULES)) or bool(_EXAMPLE.search(markdown))


def with_parts(
    markdown: str,
    *,
    lessons: ByTopic[Path],
    claims: ByTopic[Claim],
    numbers: Mapping[str, int],
    results: Path,
) -> str:
    """Return ``markdown`` with what its marks name: the example, the lessons, the rules, numbers.

    ``lessons`` are the notebooks of each topic in their order. ``results`` is the file that says
    which words of a lesson's claim are its result; of others the first sentence is shown.
    Raises NotInTheLesson where a lesson has no such words or nothing to compare, and
    BrokenComparison where that cannot be shown.
    """
    quoted = _quoted(results)
    markdown = markdown.replace(LESSONS, "\n\n".join(_topics(lessons, quoted)))
    markdown = markdown.replace(RULES, _rules(claims))
    markdown = _EXAMPLE.sub(_example, markdown)
    return _NUMBER.sub(lambda found: f"{numbers[found[1]]:,}", markdown)


def numbers(lessons: ByTopic[Path]) -> dict[str, int]:
    """Return the numbers that the first page can name with ``<!-- number: NAME -->``."""
    return {
        "lessons": sum(map(len, lessons.values())),
        "topics": len(lessons),
        "snippets": len(registry().snippets),
    }


def _quoted(results: Path) -> dict[str, dict[str, list[str]]]:
    if not results.exists():
        return {}
    return tomllib.loads(results.read_text(encoding="utf-8"))


def _topics(
    lessons: ByTopic[Path], quoted: Mapping[str, Mapping[str, Sequence[str]]]
) -> Iterator[str]:
    for topic, paths in lessons.items():
        yield f"### {topic}"
        yield "\n".join(
            _item(path, quoted.get(path.parent.name, {}).get(path.stem)) for path in paths
        )


def _item(path: Path, quoted: Sequence[str] | None) -> str:
    notebook = read_notebook(path)
    said = result(notebook, *quoted) if quoted else first_sentence(notebook)
    link = f"lessons/{path.parent.name}/{path.name}"
    return f"- [{lesson_title(notebook) or path.stem}]({link})<br>{said}"


def first_sentence(notebook: Notebook) -> str:
    """Return the first sentence under the title of ``notebook``; its links become their text."""
    found = _FIRST_SENTENCE.search(_plain_claim(notebook).partition("\n\n")[2])
    return " ".join(found[0].split()) if found else ""


def result(notebook: Notebook, first: str, last: str) -> str:
    """Return what the claim of ``notebook`` says from ``first`` to ``last``, as a sentence.

    Its links become their text, and "below" goes, which points to nothing here. Raises
    NotInTheLesson where the words do not stand there so.
    """
    text = " ".join(_plain_claim(notebook).split())
    found = re.search(f"{re.escape(first)}.*?{re.escape(last)}", text)
    if not found:
        title = lesson_title(notebook)
        raise NotInTheLesson(f"the claim of {title!r} has no words from {first!r} to {last!r}")
    said = re.sub(r"(?<=:) below,| below\b", "", found[0])
    return said[0].upper() + said[1:].rstrip(".") + "."


def _claim(notebook: Notebook) -> str:
    return next((source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown"), "")


def _plain_claim(notebook: Notebook) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", _claim(notebook))


def _rules(claims: ByTopic[Claim]) -> str:
    every = [claim for each in claims.values() for claim in each]
    rules = sorted((claim for claim in every if claim.rule), key=lambda claim: claim.rule or 0)
    counts: Counter[Verdict] = Counter(claim.verdict for claim in every)
    lines = [
        f"- [{claim.says}]({FOLDER}/index.md#{anchor(claim)}) {badge(claim.verdict)}"
        for claim in rules
    ]
    return f"{len(every)} claims, each with its run: {sums(counts)}.\n\n" + "\n".join(lines)


def _example(found: re.Match[str]) -> str:
    lesson = Lesson(*found["lesson"].split("/"))
    path = NOTEBOOKS / f"{lesson.name}.ipynb"
    notebook, pair = read_notebook(path), comparison_beside(path)
    if pair is None:
        raise NotInTheLesson(f"{lesson.name} compares nothing: it has no [comparison]")
    address = f"lessons/{lesson.name}.ipynb"
    scene = _claim(notebook).split("\n\n")[1].partition(". ")[0]
    title = f"{scene}: [{lesson_title(notebook)}]({address})"
    compared = comparison_markdown(notebook, pair, lesson=address)
    return f"/////// html | div.example\n\n{title}\n\n{compared}\n\n///////"
