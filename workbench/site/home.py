"""The first page: an example, and what each lesson found, both as the lessons have them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.claims import Claim, Verdict
from workbench.execution.lessons import NOTEBOOKS, Lesson
from workbench.execution.notebook import Notebook, joined, read_notebook, source
from workbench.site.lesson_markdown import lesson_title
from workbench.site.registry import registry
from workbench.site.rules_page import FOLDER, anchor, badge, sums

RESULTS = "results.toml"
LESSONS = "<!-- lessons by topic -->"
RULES = "<!-- the verdicts on the rules -->"
_EXAMPLE = re.compile(
    r"<!-- before and after: (?P<lesson>[a-z_/]+) (?P<before>[a-z-]+) (?P<after>[a-z-]+) -->"
)
_NUMBER = re.compile(r"<!-- number: ([a-z]+) -->")
_HEADLINE = re.compile(r"\*\*(\d+) statements?\*\*")
_SQL = re.compile(r"^`{3,}sql\n(.*?)^`{3,}$", re.MULTILINE | re.DOTALL)
_STATEMENT = re.compile(r"(?P<sql>.+?);\n(?P<notes>(?:-- [^\n]*\n)*)", re.DOTALL)
_FIRST_SENTENCE = re.compile(r"(?:`[^`]*`|[^`])+?[.:](?=\s|$)", re.DOTALL)
_BOUNDARIES = {"BEGIN", "COMMIT", "ROLLBACK"}

type ByTopic[Each] = Mapping[str, Sequence[Each]]


class NotInTheLesson(ValueError):
    """The first page asks a lesson for something that it does not hold; the message says what."""


@dataclass(frozen=True)
class Sent:
    """A statement of an example, its columns left out, and how often it was sent in a row."""

    sql: str
    times: int


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
    Raises NotInTheLesson where a lesson has no such cell, output or words.
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
    notebook = read_notebook(NOTEBOOKS / f"{lesson.name}.ipynb")
    address = f"lessons/{lesson.name}.ipynb"
    scene = _claim(notebook).split("\n\n")[1].partition(". ")[0]
    sides = "\n\n".join(_side(notebook, found[side], side, address) for side in ("before", "after"))
    title = f"[{lesson_title(notebook)}]({address})"
    return f"///// html | div.example\n\n{scene}: {title}\n\n{sides}\n\n/////"


def _side(notebook: Notebook, cell: str, name: str, address: str) -> str:
    sent = statements(notebook, cell)
    count = sum(each.times for each in sent)
    ticks = "<i></i>" * count
    plural = "" if count == 1 else "s"
    items = "\n".join(f"- **{each.times} ×** {_code(each.sql)}" for each in sent)
    return (
        f"//// html | div.{name}\n\n"
        f"[{count} statement{plural}]({address}#cell-{cell}) {_way(notebook, count)}"
        f'<span class="ticks" aria-hidden="true">{ticks}</span>\n\n{items}\n\n////'
    )


def _way(notebook: Notebook, count: int) -> str:
    """Return how the first table of the lesson calls what costs ``count`` statements."""
    rows = re.findall(r"^\| (.+?) \| ([\d,]+) \|$", _claim(notebook), re.MULTILINE)
    for way, number in rows:
        if number == f"{count:,}":
            return str(way)
    raise NotInTheLesson(f"no row of {lesson_title(notebook)!r} ends in {count} statements")


def statements(notebook: Notebook, cell: str) -> list[Sent]:
    """Return the statements that the stored output of ``cell`` shows, without BEGIN and its like.

    Raises NotInTheLesson where there is no such output, or its headline counts other ones.
    """
    for output in _outputs(notebook, cell):
        headline, block = _HEADLINE.search(output), _SQL.search(output)
        if headline and block:
            sent = [each for each in map(_sent, _STATEMENT.finditer(block[1])) if each]
            if sum(each.times for each in sent) != int(headline[1]):
                raise NotInTheLesson(f"{cell} shows other statements than the {headline[1]}")
            return sent
    raise NotInTheLesson(f"{lesson_title(notebook)!r} has no cell {cell} that shows statements")


def _outputs(notebook: Notebook, cell: str) -> Iterator[str]:
    for each in notebook["cells"]:
        if each["id"] == cell:
            for output in each.get("outputs", ()):
                yield joined(output.get("data", {}).get("text/markdown", ""))


def _sent(found: re.Match[str]) -> Sent | None:
    sql = " ".join(found["sql"].split())
    if sql in _BOUNDARIES:
        return None
    times = re.search(r"^-- ×(\d+)", found["notes"], re.MULTILINE)
    return Sent(re.sub(r"^SELECT .*? FROM ", "SELECT … FROM ", sql), int(times[1]) if times else 1)


def _code(text: str) -> str:
    fence = "`" * (max(map(len, re.findall(r"`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"
