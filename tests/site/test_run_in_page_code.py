"""Code that the page colours itself has the colours of the stored pages, which are Pygments'."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pygments.lexers.python import PythonLexer
from pygments.lexers.sql import SqlLexer
from pygments.token import STANDARD_TYPES

from tests.missing import skip_unless_on_ci
from tests.site.conftest import REPOSITORY
from workbench.live.build import CACHE
from workbench.live.node import NoNode, find_node

PAGE = REPOSITORY / "workbench/live/javascript/page"
LEXERS = {"python": PythonLexer(stripnl=False), "sql": SqlLexer(stripnl=False)}
WITHOUT_CLASS = {"n", "o", "p", "w", ""}
# Classes that the theme gives one colour; Pygments tells more kinds of string apart than we do.
SAME = {"si": "s", "s1": "s", "s2": "s", "fm": "nf", "vm": ""}
PYTHON = '''\
@decorator
async def f(x: int = 0b1, *, y=0x_ff) -> None:
    """Doc \\n string."""
    match x:
        case [1, _] if not y: return f"{x!r:>{y}} {{}} {y = }" + rb"\\x00" + 'it\\'s'
    match = case = {"a": self.print, "b": print}
    from a.b import (c as d, e)
    raise ValueError from None
    yield from range(1_000.5e-3)
    x @ y  # comment
class Å(Exception): __slots__ = ()
'''
SQL = """\
SELECT "a""b", 'it''s', 1.5, $1::NUMERIC(10, 2), a$b, count(*) -- comment
FROM t /* a /* nested */ ; */ WHERE ok = TRUE AND data->>'x' = 'é' © ;
"""


def codes() -> Iterator[tuple[str, str]]:
    """Yield the language and the text of all code that lessons hold."""
    yield "python", PYTHON
    yield "sql", SQL
    for path in sorted(REPOSITORY.glob("notebooks/*/*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                yield "python", "".join(cell["source"]) + "\n"
            for output in cell.get("outputs", []):
                markdown = "".join(output.get("data", {}).get("text/markdown", []))
                for _, language, text in re.findall(
                    r"^(`{3,})(\w+)\n(.*?)\n\1$", markdown, re.MULTILINE | re.DOTALL
                ):
                    if language in LEXERS:
                        yield language, text + "\n"


def ours(given: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Return what the page's own lexers make of each of ``given``."""
    try:
        node = find_node(lambda line: None, CACHE)
    except NoNode as missing:
        skip_unless_on_ci(str(missing))
    program = (
        f"import {{ tokens }} from {json.dumps((PAGE / 'tokens.mjs').as_uri())};"
        'import { readFileSync } from "node:fs";'
        'const given = JSON.parse(readFileSync(0, "utf8"));'
        "console.log(JSON.stringify(given.map(([language, code]) =>"
        " tokens(code, language).map(({ kind, text }) => [kind, text]))))"
    )
    done = subprocess.run(
        [str(node.program), "--input-type=module", "--eval", program],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[list[tuple[str, str]]] = json.loads(done.stdout)
    return found


def theirs(language: str, code: str) -> list[tuple[str, str]]:
    """Return what Pygments makes of ``code``, as the stored pages show it."""
    found = []
    for kind, text in LEXERS[language].get_tokens(code):
        known = kind
        while known not in STANDARD_TYPES:
            assert known.parent is not None
            known = known.parent
        found.append((STANDARD_TYPES[known], text))
    return found


def coloured(tokens: list[tuple[str, str]], language: str) -> list[tuple[str, str]]:
    """Return each visible character with its class."""
    same = SAME if language == "python" else {}
    return [
        ("" if kind in WITHOUT_CLASS else same.get(kind, kind), character)
        for kind, text in tokens
        for character in text
        if not character.isspace()
    ]


def test_the_page_colours_code_as_pygments_does() -> None:
    given = list(codes())
    assert len(given) > 500
    for (language, code), tokens in zip(given, ours(given), strict=True):
        assert "".join(text for _, text in tokens) == code
        assert coloured(tokens, language) == coloured(theirs(language, code), language), code


def test_the_words_are_those_of_pygments() -> None:
    for lexer, file in ((SqlLexer, "sql_words.mjs"), (PythonLexer, "python_words.mjs")):
        text = Path(PAGE / file).read_text(encoding="utf-8")
        listed = [set(words.split()) for words in re.findall(r"`\n(.*?)\n`", text, re.DOTALL)]
        known = {
            word.upper() if lexer is SqlLexer else word
            for rules in lexer.tokens.values()
            for rule in rules
            if hasattr(rule, "__getitem__") and hasattr(rule[0], "words")
            for word in rule[0].words
            if " " not in word
        }
        missing = known - set().union(*listed) - {"True", "False", "None"}
        assert missing == set(), file
