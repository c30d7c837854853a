"""A lesson as one Markdown document: prose, code, and the outputs stored beside it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from workbench.execution.notebook import joined, source
from workbench.markdown import fenced

type Cell = Mapping[str, Any]

# A block may hold only blocks with fewer slashes than its own.
FOLD, CELL, PART = "/////", "////", "///"
FOLDED: Final = {"setup": "Setup", "solution": "Solution"}
KINDS: Final = {"sql", "plan", "error", "table"}
ALTERNATIVE: Final = ("title", "desc")
IN_ADDRESS: Final = "/!$'()*+,:;=?@"


class UnreadableOutput(ValueError):
    """A cell holds an output of which nothing can be shown."""


@dataclass(frozen=True, kw_only=True)
class SnippetLinks:
    """Where the file behind a listing is read, and where it is downloaded from.

    ``tests`` has the address of a file's tests by the path of the file, if there are any.
    """

    repository: str
    download: str
    tests: Mapping[str, str] = field(default_factory=dict)

    def caption(self, path: str) -> str:
        """Return one line of Markdown: ``path``, links to these, and the command that copies it."""
        read, download = (f"{base}/{quote(path)}" for base in (self.repository, self.download))
        snippet = path.removeprefix("snippets/").removesuffix(".py")
        parts = [
            f"[{path}]({read}){{ .listing-path }}",
            f"[Download]({download}){{ .listing-download download={Path(path).name} }}",
            f"[Tests]({self.tests[path]}){{ .listing-tests }}" if path in self.tests else "",
            f"`database-patterns add {snippet} --into app/db`",
        ]
        return " ".join(filter(None, parts))


def lesson_title(notebook: Mapping[str, Any]) -> str | None:
    """Return the text of the first level-one heading, as Markdown, or None."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            found = re.search(r"^# +(.+?) *#* *$", source(cell), re.MULTILINE)
            return found[1] if found else None
    return None


def lesson_markdown(
    notebook: Mapping[str, Any],
    *,
    links: SnippetLinks,
    hints: Sequence[str] = (),
    comparison: str = "",
) -> str:
    """Return the whole lesson as Markdown for Python-Markdown with PyMdown's blocks.

    Every cell with code can be linked to as ``#cell-<id>``. Cells tagged ``setup`` or ``solution``
    are folded, neighbours together. ``comparison`` ends the first cell, before any heading in it;
    ``hints`` stand before the first solution, each folded into the one before it. Raises
    UnreadableOutput, naming the cell, where an output holds none of Markdown, SVG and plain text.
    """
    cells = list(notebook["cells"])
    if comparison:
        cells[0] = {**cells[0], "source": _after_claim(source(cells[0]), comparison)}
    return "\n\n".join(_parts(cells, links, hints))


def _after_claim(claim: str, comparison: str) -> str:
    """Return ``claim`` with ``comparison`` behind it, or before its second heading."""
    before, heading, after = claim.partition("\n## ")
    return f"{before.rstrip()}\n\n{comparison}\n{heading}{after}"


def _parts(cells: Sequence[Cell], links: SnippetLinks, hints: Sequence[str]) -> Iterator[str]:
    for fold, neighbours in groupby(cells, key=_fold):
        if fold is None:
            yield _rendered(neighbours, links)
            continue
        if fold == "solution" and hints:
            yield _hints(hints)
            hints = ()
        yield _folded(FOLDED[fold], neighbours, links)


def _hints(hints: Sequence[str]) -> str:
    """Return ``hints`` as folds: whoever opens one finds the next in it."""
    text = ""
    for deeper, hint in enumerate(reversed(hints)):
        slashes, number = FOLD + "/" * deeper, len(hints) - deeper
        text = f"{slashes} details | Hint {number}\n    type: hint\n\n{hint}\n\n{text}{slashes}\n\n"
    return text.rstrip()


def _fold(cell: Cell) -> str | None:
    if cell["cell_type"] != "code":
        return None
    return next((tag for tag in cell["metadata"].get("tags", ()) if tag in FOLDED), None)


def _folded(summary: str, cells: Iterator[Cell], links: SnippetLinks) -> str:
    return (
        f"{FOLD} details | {summary}\n    type: {summary.lower()}\n\n"
        f"{_rendered(cells, links)}\n\n{FOLD}"
    )


def _rendered(cells: Iterator[Cell], links: SnippetLinks) -> str:
    renderers: dict[str, Callable[[Cell, SnippetLinks], str]] = {
        "markdown": _prose,
        "code": _code,
    }
    return "\n\n".join(
        renderers[cell["cell_type"]](cell, links)
        for cell in cells
        if cell["cell_type"] in renderers
    )


def _prose(cell: Cell, links: SnippetLinks) -> str:
    text = source(cell)
    listing = cell["metadata"].get("listing")
    if listing:
        text = f"{_anchor(cell)}\n\n{text}"
        caption = _caption(listing, links)
        text = re.sub(
            r"^`{3,}python", lambda fence: f"{caption}\n\n{fence[0]}", text, count=1, flags=re.M
        )
    return text


def _code(cell: Cell, links: SnippetLinks) -> str:
    listing = cell["metadata"].get("listing")
    parts = [fenced(source(cell).rstrip(), language="python")]
    if listing:
        parts.insert(0, _caption(listing, links))
    parts += [_output(cell, output) for output in _merged(cell["outputs"])]
    selector = f"div.cell{'.listing' if listing else ''}[data-cell={cell['id']}]"
    return f"{_anchor(cell)}\n\n{_block(CELL, selector, '\n\n'.join(parts))}"


def _anchor(cell: Cell) -> str:
    # Not on the element around the cell: the theme would let every block inside of it copy the
    # text of the first.
    return f'<div id="cell-{cell["id"]}"></div>'


def _caption(listing: str, links: SnippetLinks) -> str:
    return _block(PART, "div.listing-caption", links.caption(listing.partition("::")[0]))


def _merged(outputs: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Join what was printed in several pieces; leave every other output as it is."""
    for is_stream, run in groupby(outputs, key=lambda output: output["output_type"] == "stream"):
        if is_stream:
            yield {"output_type": "stream", "text": "".join(joined(piece["text"]) for piece in run)}
        else:
            yield from run


def _output(cell: Cell, output: Mapping[str, Any]) -> str:
    match output["output_type"]:
        case "stream":
            return _block(PART, "div.output", _plain(output["text"]))
        case "error":
            text = f"{output['ename']}: {output['evalue']}"
            return _block(PART, "div.output.output-error", fenced(text, language="text"))
    data = output["data"]
    if "text/markdown" in data:
        kind = output.get("metadata", {}).get("text/markdown", {}).get("kind")
        selector = f"div.output.output-{kind}" if kind in KINDS else "div.output"
        markdown = joined(data["text/markdown"])
        return _block(
            PART, selector, for_python_markdown(markdown) if kind == "table" else markdown
        )
    if "image/svg+xml" in data:
        return _block(PART, "div.output.output-figure", _figure(joined(data["image/svg+xml"])))
    if "text/plain" in data:
        return _block(PART, "div.output", _plain(data["text/plain"]))
    raise UnreadableOutput(
        f"cell {cell['id']}: an output holds only {', '.join(sorted(data)) or 'nothing'}"
    )


def for_python_markdown(markdown: str) -> str:
    """Return a table for Python-Markdown, which escapes fewer characters than GitHub does."""
    codes = re.split(r"((?<![\\`])`[^`]+`)", markdown)
    return "".join(
        part.replace(r"\|", "|") if index % 2 else part.replace(r"\~", "&#126;")
        for index, part in enumerate(codes)
    )


def _figure(svg: str) -> str:
    """Return an image with the picture inside: no script in it runs, no style in it leaks.

    Its alternative is the picture's title and description, which the address leaves out. Its size
    reserves the room for it.
    """
    texts = []
    for name in ALTERNATIVE:
        if found := re.search(rf"<{name}[^>]*>(.*?)</{name}>", svg, re.DOTALL):
            texts.append(" ".join(html.unescape(found[1]).split()))
            svg = svg.replace(found[0], "", 1)
    size = re.match(r"""\s*<svg[^>]*? width=["'](\d+)["'] height=["'](\d+)["']""", svg)
    room = ' width="{}" height="{}"'.format(*size.groups()) if size else ""
    address = quote(svg.strip(), safe=IN_ADDRESS)
    return f'<img alt="{html.escape(". ".join(texts))}"{room} src="data:image/svg+xml,{address}">'


def _plain(text: str | list[str]) -> str:
    return fenced(joined(text).rstrip(), language="text")


def _block(slashes: str, selector: str, content: str) -> str:
    return f"{slashes} html | {selector}\n\n{content}\n\n{slashes}"
