"""A page's Markdown as any reader of Markdown takes it: without the theme's own syntax."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from itertools import groupby

_FENCE = re.compile(r"^ *(`{3,}|~{3,})")
_BLOCK = re.compile(r"^/{3,}(?: +(?P<kind>[\w-]+)(?: *\| *(?P<title>.*))?)?$")
_OPTION = re.compile(r"^ {4}[\w-]+: ")
_ADMONITION = re.compile(r'^(?:!!!|\?\?\?\+?|===\+?) *(?P<kind>[\w-]*)(?: *"(?P<title>.*)")?$')
_MOUNT = re.compile(r'^<div id="cell-[^"]*"></div>$')
_WRAPPER = re.compile(r"^</?(?:div|figure|section)(?: [^>]*)?>$")
_ATTRIBUTES = re.compile(r" ?\{:?(?: +[.#\w]|[.#])[^{}`]*\}(?=$|[\s.,;:)|])")
_PICTURE = re.compile(r'<img alt="([^"]*)"(?: [a-z]+="\d+")* src="data:[^"]*">')
_HIDDEN = re.compile(r'<(span|svg)\b[^>]* aria-hidden="true".*?</\1>')
_SPAN = re.compile(r"</?span\b[^>]*>")
_CODE = re.compile(r"(`+[^`]+`+)")
_LINK_OR_CODE = re.compile(r"`+[^`]+`+|(?<=\]\()[^()\s]+(?=\))")
_PLAN = "output-plan"

type Resolve = Callable[[str], str]


def plain_markdown(markdown: str, *, resolve: Resolve) -> str:
    """Return ``markdown`` without blocks, attribute lists, comments and anchors.

    What is folded on the page stands under its summary in bold. A picture becomes its text
    alternative, and what is hidden from assistive technology goes. ``resolve`` gets the target of
    each link and returns what stands there instead. Code is kept as it is.
    """
    parts = []
    for is_code, lines in groupby(_with_kind(markdown), key=lambda pair: pair[0]):
        text = "\n".join(line for _, line in lines)
        parts.append(text if is_code else _prose(text, resolve))
    return "\n\n".join(filter(None, parts)) + "\n"


def _with_kind(markdown: str) -> Iterator[tuple[bool, str]]:
    """Give each line, and whether it belongs to a block of code."""
    fence = ""
    for line in markdown.splitlines():
        if fence:
            yield True, line
            closed = line.strip()
            if closed.startswith(fence) and not closed.strip(fence[0]):
                fence = ""
        elif opened := _FENCE.match(line):
            fence = opened[1]
            yield True, line
        else:
            yield False, line


def _prose(text: str, resolve: Resolve) -> str:
    lines: list[str] = []
    in_header = False
    for line in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).split("\n"):
        if in_header and _OPTION.match(line):
            continue
        block = _BLOCK.match(line)
        in_header = bool(block)
        if block:
            lines += ["", *_heading(block), ""]
        elif admonition := _ADMONITION.match(line):
            lines += [f"**{admonition['title'] or admonition['kind'].capitalize()}**"]
        elif not (_MOUNT.match(line) or _WRAPPER.match(line)):
            lines.append(_line(line, resolve))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _heading(block: re.Match[str]) -> list[str]:
    title = block["title"] or ""
    if block["kind"] == "html":
        return ["Plan:"] if _PLAN in title else []
    return [f"**{title}**"] if title else []


def _line(line: str, resolve: Resolve) -> str:
    line = _PICTURE.sub(lambda found: f"[Picture: {html.unescape(found[1])}]", line)
    line = _HIDDEN.sub("", line)
    codes = _CODE.split(line)
    line = "".join(
        part if index % 2 else _SPAN.sub("", _ATTRIBUTES.sub("", part))
        for index, part in enumerate(codes)
    )
    return _LINK_OR_CODE.sub(
        lambda found: found[0] if found[0].startswith("`") else resolve(found[0]), line
    )
