"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from database_patterns.comparing import copied_snippets
from database_patterns.project import Project
from database_patterns.record import Record
from database_patterns.refusal import Refused
from database_patterns.registry import Registry
from database_patterns.sources import Sources


def registry() -> Registry:
    """Return the snippets of this installation."""
    return Registry(Sources.installed())


def _complete_all(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    snippets = registry().snippets.values()
    return [CompletionItem(each.name, help=each.summary) for each in snippets if typed in each.name]


def _complete_copied(
    context: click.Context, _: click.Parameter, typed: str
) -> list[CompletionItem]:
    try:
        project = Project.around(Path(context.params.get("project") or "."))
        return [
            CompletionItem(name) for name in copied_snippets(Record.of(project)) if typed in name
        ]
    except Refused:
        return []


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
in_project = click.option(
    "--project",
    metavar="FOLDER",
    help="Work in the project around FOLDER instead of the current folder.",
)
dry_run = click.option("--dry-run", is_flag=True, help="Show what would be written as a diff.")
one_name = click.argument("name", shell_complete=_complete_all)
names = click.argument("names", nargs=-1, required=True, shell_complete=_complete_all)
copied_names = click.argument("names", nargs=-1, shell_complete=_complete_copied)
