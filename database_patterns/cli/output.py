"""What the command prints: set for a terminal, plain where it is piped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

LEFT_FOR_YOU = 3


def console(*, errors: bool = False) -> Console:
    """Return where to print; it knows whether that is a terminal, and NO_COLOR."""
    return Console(stderr=errors, highlight=False, soft_wrap=True)


def print_json(document: Any) -> None:
    """Print ``document`` for a program."""
    click.echo(json.dumps(document, indent=1, ensure_ascii=False))


def print_rows(rows: Sequence[tuple[str, str]], *, headings: tuple[str, str]) -> None:
    """Print ``rows`` as a table, or one a line with a tab between where no person reads them."""
    screen = console()
    if not screen.is_terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    table = Table(*headings, box=box.SIMPLE_HEAD, header_style="bold")
    for first, second in rows:
        table.add_row(Text(first, style="cyan", no_wrap=True), Text(second))
    screen.print(table, soft_wrap=False)


def print_code(text: str, language: str) -> None:
    """Print ``text`` as it is, coloured on a terminal."""
    screen = console()
    if screen.is_terminal and not screen.no_color:
        screen.print(Syntax(text.rstrip("\n"), language, theme="ansi_dark", word_wrap=True))
    else:
        click.echo(text, nl=not text.endswith("\n"))


def say(text: str, *, style: str = "") -> None:
    """Print one line."""
    console().print(Text(text, style=style))


def complain(text: str) -> None:
    """Print one line where errors go."""
    console(errors=True).print(Text(text, style="red"))
