"""The catalogue of snippets: a list of all to choose from, and a page of each.

All that is said is read from the registry, which reads it from the snippets themselves.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from posixpath import relpath
from typing import Any
from urllib.parse import quote

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from database_patterns.published import described
from database_patterns.registry import Snippet
from workbench.execution.lessons import Lesson
from workbench.execution.notebook import read_notebook
from workbench.markdown import fenced, table_cell
from workbench.site.lesson_markdown import lesson_title
from workbench.site.page_html import shortened
from workbench.site.registry import registry
from workbench.site.versions_in_ci import versions_in_ci

INDEX = "snippets/index.md"
MARK = "<!-- the catalogue -->"
SCRIPT = "assets/javascripts/catalogue.js"
# What the script shows once it runs; the list reads as well without it.
_FILTER = (
    '<div class="catalogue-filter" data-search-exclude hidden>'
    '<label for="filter">Filter</label> <input id="filter" type="search" autocomplete="off"'
    ' spellcheck="false"> <output for="filter"></output></div>'
)

type Shown = Mapping[str, Sequence[tuple[Lesson, str]]]


def page_of(snippet: Snippet) -> str:
    """Return the path of the page of ``snippet`` among the sources of the site."""
    return f"snippets/{snippet.name}.md"


def add_pages(files: Files, config: MkDocsConfig) -> None:
    """Publish a page for each snippet, where the site has a catalogue, and the tests of each."""
    if files.get_file_from_path(INDEX) is None:
        return
    _described.cache_clear()
    sources = registry().sources
    for snippet in registry().snippets.values():
        files.append(File.generated(config, page_of(snippet), content=f"# {snippet.name}\n"))
        if snippet.test:
            path = str(sources.root / snippet.test)
            files.append(File.generated(config, snippet.test, abs_src_path=path))


def with_catalogue(markdown: str) -> str:
    """Return ``markdown`` with the list of all snippets in place of its mark."""
    parts = [_FILTER]
    for topic, snippets in groupby(registry().snippets.values(), key=lambda each: each.topic):
        parts.append(f"## {_capital(topic)}")
        parts += [_item(snippet) for snippet in snippets]
    return markdown.replace(MARK, "\n\n".join(parts))


def snippet_of(page: Page) -> Snippet | None:
    """Return the snippet that ``page`` is about, or None."""
    name = page.file.src_uri.removeprefix("snippets/").removesuffix(".md")
    return registry().snippets.get(name) if page.file.generated_by else None


def snippet_markdown(snippet: Snippet, *, repository: str, shown: Shown) -> str:
    """Return the page of ``snippet``.

    ``repository`` is where files are read; ``shown`` has for a snippet's path the lessons that
    list it, with their titles.
    """
    return "\n\n".join(filter(None, _parts(snippet, repository, shown.get(snippet.path, ()))))


def title(snippet: Snippet) -> str:
    """Return what the snippet does, for a heading."""
    return snippet.summary.removesuffix(".").replace("``", "")


def description(snippet: Snippet) -> str:
    """Return what it does and buys, escaped for an attribute."""
    buys = _capital(snippet.buys) or "Part of the example domain that lessons and tests share."
    return html.escape(shortened(f"{snippet.summary} {buys}".replace("``", "")))


def lessons_by_snippet(lessons: Iterable[Lesson]) -> dict[str, list[tuple[Lesson, str]]]:
    """Return the lessons that list a snippet, with their titles, by the path of the snippet."""
    found: dict[str, list[tuple[Lesson, str]]] = {}
    for lesson in lessons:
        notebook = read_notebook(lesson.path)
        listed = {
            listing.partition("::")[0]
            for cell in notebook["cells"]
            if (listing := cell["metadata"].get("listing"))
        }
        for path in listed:
            found.setdefault(path, []).append((lesson, lesson_title(notebook) or lesson.name))
    return found


def tests_by_path(up: str) -> dict[str, str]:
    """Return where a page, from which ``up`` leads to the root, links to the tests of a snippet.

    Snippets without tests of their own, such as the example domain, are left out.
    """
    return {
        snippet.path: f"{up}{page_of(snippet)}#tests"
        for snippet in registry().snippets.values()
        if snippet.test
    }


def _item(snippet: Snippet) -> str:
    lines = [f"[{snippet.name}]({relpath(page_of(snippet), 'snippets')}): {_text(snippet.summary)}"]
    if snippet.buys:
        lines.append(f"**Buys** {_text(snippet.buys)}")
    if costs := _costs(snippet):
        lines.append(f"**Costs** {' '.join(costs)}")
    lines.append(
        f"`{_command(snippet)}` · [Download]({snippet.path.partition('/')[2]})"
        f"{{ download={snippet.path.rpartition('/')[2]} }}"
    )
    return "\n\n".join(["/// html | div.snippet", *lines, "///"])


def _parts(
    snippet: Snippet, repository: str, lessons: Sequence[tuple[Lesson, str]]
) -> Iterator[str]:
    about = _described(snippet)
    up = "../" * snippet.name.count("/")
    name = snippet.path.rpartition("/")[2]
    yield f"# {_text(title(snippet))}"
    yield (
        f"[`{snippet.path}`]({repository}/{quote(snippet.path)})"
        f" · [Download]({name}){{ download={name} }}"
        f" · [As JSON]({up}../registry/{snippet.name}.json)\n"
        "{: .lesson-links data-search-exclude }"
    )
    yield fenced(_command(snippet) + (" --tests" if snippet.test else ""), language="shell")
    if snippet.buys:
        yield f"**Buys:** {_text(snippet.buys)}"
    if costs := _costs(snippet):
        yield "**Costs:**"
        yield "\n".join(f"- {cost}" for cost in costs)
    if snippet.needs:
        yield f"**Needs:** {_text(snippet.needs)}"
    if snippet.limits:
        yield f"**Limits:** {_text(snippet.limits)}"
    yield f"**Tested on** {versions_in_ci().sentence()}"
    yield _list("Requires", [f"`{each}`" for each in about["requirements"]])
    yield _list(
        "Copied with it",
        [
            f"[{each}]({relpath(f'snippets/{each}.md', f'snippets/{snippet.topic}')})"
            for each in about["snippets"]
        ],
    )
    if lessons:
        yield "**Shown at work in:**"
        yield "\n".join(
            f"- [{text}](../{up}lessons/{lesson.name}.ipynb)" for lesson, text in lessons
        )
    yield "## Code { data-search-exclude }"
    yield fenced(registry().sources.text(snippet.path).rstrip(), language="python")
    if snippet.test:
        yield from _tests(snippet.test, repository, up)


def _tests(path: str, repository: str, up: str) -> Iterator[str]:
    text = registry().sources.text(path)
    names = _sentences(text)
    yield "## Tests { data-search-exclude }"
    yield (
        f"{len(names)} tests in [`{path}`]({repository}/{quote(path)})"
        f" · [Download](../{up}{quote(path)}){{ download={path.rpartition('/')[2]} }}"
    )
    yield "\n".join(f"- {name}" for name in names)


def _sentences(text: str) -> list[str]:
    """Return the names of the tests in the module ``text`` as sentences."""
    return [
        _capital(node.name.removeprefix("test_").replace("_", " ")) + "."
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]


def _costs(snippet: Snippet) -> list[str]:
    return [f"`{cost.name}`: {_text(cost.says)}" for cost in snippet.costs]


@cache
def _described(snippet: Snippet) -> dict[str, Any]:
    return described(snippet, registry())


def _command(snippet: Snippet) -> str:
    return str(_described(snippet)["command"])


def _list(label: str, items: Sequence[str]) -> str:
    return f"**{label}:** {', '.join(items)}." if items else ""


def _text(docstring: str) -> str:
    return table_cell(re.sub(r"``", "`", docstring))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
