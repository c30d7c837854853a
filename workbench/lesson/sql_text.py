"""SQL as sent, set so that a person can read it: long lists folded, long lines broken."""

from __future__ import annotations

import re
import textwrap

WIDTH = 84
_LITERAL_OR_SPACE = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\s+)")
_PLACEHOLDER = r"\$\d+(?:::[A-Z_ \[\]]+(?:\(\d+\))?(?: WITH(?:OUT)? TIME ZONE)?)?"
_PLACEHOLDERS = re.compile(rf"({_PLACEHOLDER}, )(?:{_PLACEHOLDER}, ){{3,}}({_PLACEHOLDER})")
_ROW = r"\([^()]*(?:\([^()]*\)[^()]*)*\)"
_ROWS = re.compile(rf"(VALUES {_ROW})((?:, {_ROW}){{2,}})", re.IGNORECASE)


def shortened(sql: str) -> str:
    """Return ``sql`` with long lists folded and lines broken at spaces near 84 characters.

    Folded are three or more further rows of ``VALUES`` and runs of five or more placeholders
    inside parentheses; what is left out is counted. Literals are never broken.
    """
    sql = _ROWS.sub(_fold_rows, sql)
    sql = re.sub(
        r"\(([^()]*)\)", lambda found: "(" + _PLACEHOLDERS.sub(r"\1…, \2", found[1]) + ")", sql
    )
    return "\n".join(_broken(line.rstrip()) for line in sql.splitlines())


def comment(text: str) -> str:
    """Return ``text`` as an SQL comment, broken at spaces near 84 characters."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent="-- ",
        subsequent_indent="--   ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _fold_rows(found: re.Match[str]) -> str:
    rows = re.findall(_ROW, found[2])
    return f"{found[1]}, … {len(rows)} more rows"


def _broken(line: str) -> str:
    if len(line) <= WIDTH:
        return line
    indent = len(line) - len(line.lstrip()) + 4
    lines, current = [], ""
    for token in _words(line):
        if current.strip() and len(current) + len(token.rstrip()) > WIDTH:
            lines.append(current.rstrip())
            current = " " * indent + token.lstrip()
        else:
            current += token
    return "\n".join([*lines, current.rstrip()])


def _words(line: str) -> list[str]:
    """Split at spaces outside of literals; each word keeps the space after it."""
    words, current = [], ""
    for part in _LITERAL_OR_SPACE.split(line):
        current += part
        if part.isspace():
            words.append(current)
            current = ""
    return [*words, current]
