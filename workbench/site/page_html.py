"""What Markdown cannot say about a finished page: its summary, and where its lines may wrap."""

from __future__ import annotations

import html
import json
import re

_BLOCK = re.compile(
    r'(<div class="(?:output output|evidence evidence)-(?:sql|plan|error)">'
    r"(?:(?!</div>).)*?<pre><span></span><code>)"
    r"(.*?)(</code>)",
    re.DOTALL,
)
_VERBATIM = re.compile(
    r"(<(?:pre|textarea|script|style)\b.*?</(?:pre|textarea|script|style)>)", re.DOTALL
)
_TABS_SCRIPT = re.compile(r"<script>var target=document\.getElementById\(.*?</script>\n?")
_CONFIG = re.compile(r'(<script id="__config" type="application/json">)(.*?)(</script>)')
_IDLE_SPAN = re.compile(r'<span class="[nopw]">([^<]*)</span>')
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_MENDED = {
    'data-md-component="search" role="dialog"': (
        'data-md-component="search" role="dialog" aria-label="Search"'
    ),
    ' id="__drawer" autocomplete="off"': ' id="__drawer" aria-label="Menu"',
    ' id="__search" autocomplete="off"': ' id="__search" aria-label="Search"',
    ' rel="edit">': ">",
    # What it says, "Copied to clipboard", is then heard as well.
    '<div class="md-dialog"': '<div role="status" class="md-dialog"',
    # The first paint does not wait for the theme's script.
    '<script src="': '<script defer src="',
}
_CODE = re.compile(r"<code>.*?</code>", re.DOTALL)
_OPTION = re.compile(r"(?<=[\s>])(--[a-z][\w-]*)(?![^<]*>)")
_NO_HEADING = re.compile(r"<th((?: [^>]*)?)></th>")
_ALIGNED = re.compile(r'(<t[hd]) align="(center|right)">')
HEADER_SCRIPT = "assets/javascripts/header_buttons.js"
COPY_SCRIPT = "assets/javascripts/copy_code.js"
TABLES_SCRIPT = "assets/javascripts/wide_tables.js"
LONGEST_SUMMARY = 160
NOT_RUNNING = "No Run here: JavaScript is off or too old."
_NOTE = f'<span class="live-note">{NOT_RUNNING}</span>'
DEEPEST_HANG = 20


def summary(page: str) -> str | None:
    """Return the text of the first paragraph, at most 160 characters, or None without one.

    The text is escaped, ready to stand between double quotes in an attribute.
    """
    for found in _PARAGRAPH.finditer(page):
        text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", found[1])).split())
        if not text:
            continue
        return html.escape(shortened(text))
    return None


def shortened(text: str) -> str:
    """Return ``text``, or its first words where it has more than 160 characters."""
    if len(text) <= LONGEST_SUMMARY:
        return text
    return text[: LONGEST_SUMMARY - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def without_idle_spans(page: str) -> str:
    """Drop the elements that highlighting puts around names, operators and spaces.

    They take the colour of the text around them and are half of all elements of a lesson.
    """
    return _IDLE_SPAN.sub(r"\1", page)


def with_hanging_lines(page: str) -> str:
    """Wrap each line of SQL, plans and errors, so that a folded line hangs under its start."""
    return _BLOCK.sub(lambda found: found[1] + _lines(found[2]) + found[3], page)


def _lines(code: str) -> str:
    lines = code.rstrip("\n").split("\n")
    return "".join(f'<span class="line{_indent(line)}">{line}\n</span>' for line in lines)


def _indent(line: str) -> str:
    text = html.unescape(re.sub(r"<[^>]+>", "", line))
    depth = len(text) - len(text.lstrip(" ")) + (4 if text.lstrip().startswith("->") else 0)
    depth = min(depth - depth % 2, DEEPEST_HANG)
    return f" in{depth}" if depth else ""


def with_download(
    page: str,
    *,
    notebook: str,
    scratchpad: str | None = None,
    runs: bool = False,
    stacks: bool = False,
    executed: str = "",
) -> str:
    """Offer the file ``notebook``, which lies beside the page, under the title.

    Beside it stands a link to ``scratchpad``, if there is one, and on a page that ``runs`` a note,
    marked where some of it runs only in a browser that switches ``stacks``. ``executed`` ends it.
    """
    parts = [f'<a href="{html.escape(notebook)}" download>Download notebook</a>']
    if scratchpad is not None:
        parts.append(f'<a href="{html.escape(scratchpad)}">Try it on this data</a>')
    line = " · ".join(parts)
    if runs:
        line += _NOTE.replace(" class", " data-stacks class") if stacks else _NOTE
    return _under_title(page, line + executed)


def with_note(page: str) -> str:
    """Say under the title why a page that runs does not: its script puts other words in place."""
    return _under_title(page, _NOTE)


def _under_title(page: str, line: str) -> str:
    return page.replace(
        "</h1>", f'</h1>\n<p class="lesson-links" data-search-exclude>{line}</p>', 1
    )


def without_indentation(page: str) -> str:
    """Drop the white space that the theme's templates put before each line.

    Text that is shown as it stands (``pre``, ``textarea``) and scripts keep theirs.
    """
    return "".join(
        part if index % 2 else re.sub(r"\n\s+", "\n", part)
        for index, part in enumerate(_VERBATIM.split(page))
    )


def without_idle_markup(page: str) -> str:
    """Drop what the theme and the tools before it send to every page and nothing here uses.

    That is the script for tabs on a page without any, the empty element at the start of each
    block of code, the alignment that cells have anyway, who generated the page, and settings of
    the theme that are not set.
    """
    if "__tabbed_" not in _TABS_SCRIPT.sub("", page):
        page = _TABS_SCRIPT.sub("", page)
    page = re.sub(r'<meta name="generator"[^>]*>\n?', "", page)
    page = page.replace("<pre><span></span><code>", "<pre><code>")
    page = re.sub(r'(<t[hd]) align="left">', r"\1>", page)
    return _CONFIG.sub(lambda found: found[1] + _used(found[2]) + found[3], page)


def _used(settings: str) -> str:
    kept = {name: value for name, value in json.loads(settings).items() if value is not None}
    kept.get("translations", {}).pop("select.version", None)
    # As the theme has it: no end of a script can stand in the text.
    return json.dumps(kept, separators=(",", ":")).replace("</", "<\\/")


def without_repository_statistics(page: str) -> str:
    """Keep the theme from asking the repository's host for its stars and forks."""
    return page.replace('data-md-component="source"', "")


def with_valid_markup(page: str) -> str:
    """Give elements of the theme the names and attributes that the standards ask for."""
    for theirs, valid in _MENDED.items():
        page = page.replace(theirs, valid)
    page = _NO_HEADING.sub(r"<td\1></td>", page)
    return _ALIGNED.sub(r'\1 class="\2">', page)


def with_whole_options(page: str) -> str:
    """Keep a line of code from breaking within an option such as ``--into``."""
    return _CODE.sub(lambda code: _OPTION.sub(r'<span class="option">\1</span>', code[0]), page)
