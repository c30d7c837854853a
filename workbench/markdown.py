"""Markdown that holds any text: fences and table cells that their content cannot end."""

from __future__ import annotations

import html
import re
from typing import Any

type MimeBundle = tuple[dict[str, str], dict[str, dict[str, str]]]


def fenced(text: str, *, language: str) -> str:
    """Return ``text`` as a fenced code block that no backticks inside can close."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def table_cell(value: Any) -> str:
    """Return ``value`` as the text of one cell of a Markdown table.

    Text between single backticks stays code; everything else is shown as it is,
    never read as Markdown or HTML.
    """
    text = " ".join(str(value).split())
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(
        part.replace("|", r"\|") if index % 2 else _escaped(part)
        for index, part in enumerate(parts)
    )


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]|~])", r"\\\1", html.escape(text, quote=False))


def bundle(markdown: str, plain: str, *, kind: str) -> MimeBundle:
    """Return a display bundle; ``kind`` (sql, plan, error, table) tells the site how to set it."""
    return (
        {"text/markdown": markdown, "text/plain": plain},
        {"text/markdown": {"kind": kind}},
    )
