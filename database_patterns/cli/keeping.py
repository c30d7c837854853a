"""Commands that keep copies current."""

from __future__ import annotations

from pathlib import Path

import click

from database_patterns.changes import as_diff, unified
from database_patterns.cli.options import as_json, copied_names, dry_run, in_project, registry
from database_patterns.cli.output import LEFT_FOR_YOU, print_code, print_json, say
from database_patterns.comparing import Comparison, comparisons, copied_snippets
from database_patterns.examining import faults
from database_patterns.names import known_name
from database_patterns.project import Project
from database_patterns.record import NAME, Record
from database_patterns.updating import update as updated
from database_patterns.writing import write_all


@click.command()
@copied_names
@click.option("--check", is_flag=True, help="End with 3 where this release has a newer text.")
@in_project
@as_json
def diff(names: tuple[str, ...], check: bool, project: str | None, as_json: bool) -> None:
    """Show what changed upstream since the copies were made, and what you changed.

    For the snippets NAMES and what came with them, or for everything.
    """
    around = Project.around(Path(project) if project else Path.cwd())
    record = Record.of(around)
    found = list(comparisons(around, registry(), record, _copied(names, record)))
    if as_json:
        print_json([_as_document(each) for each in found])
    else:
        for each in found:
            _print_difference(each)
        if not any(each.changed_here or each.changed_upstream for each in found):
            say(f"{len(found)} files: nothing changed, here or upstream.")
    if check and any(each.changed_upstream for each in found):
        raise click.exceptions.Exit(LEFT_FOR_YOU)


@click.command()
@copied_names
@dry_run
@in_project
@as_json
def update(names: tuple[str, ...], dry_run: bool, project: str | None, as_json: bool) -> None:
    """Bring the copies up to this release; merge where you changed them too.

    Where you and the release changed the same lines, both are left between git's conflict
    markers, and the command ends with 3.
    """
    around = Project.around(Path(project) if project else Path.cwd())
    found = updated(around, registry(), _copied(names, Record.of(around)))
    if not dry_run:
        write_all(around.root, found.changes)
    if as_json:
        print_json(
            {
                "written": not dry_run,
                "files": {str(path): state for path, state in sorted(found.states.items())},
                "conflicts": [str(path) for path in found.conflicts],
            }
        )
    elif dry_run:
        print_code(as_diff(each for each in found.changes if each.path.name != NAME), "diff")
    else:
        for path, state in sorted(found.states.items()):
            say(f"{state:8} {path}", style="red" if state == "conflict" else "green")
        if not found.changes:
            say("Everything is current.")
    if found.conflicts:
        raise click.exceptions.Exit(LEFT_FOR_YOU)


@click.command()
@in_project
@as_json
def doctor(project: str | None, as_json: bool) -> None:
    """Look for what keeps the copies from working or from being updated."""
    around = Project.around(Path(project) if project else Path.cwd())
    found = faults(around, registry())
    copied = copied_snippets(Record.of(around))
    if as_json:
        print_json({"snippets": copied, "faults": found})
    else:
        for fault in found:
            say(fault, style="yellow")
        if not found:
            say(f"{len(copied)} snippets are here, and nothing is wrong with them.")
    if found:
        raise click.exceptions.Exit(LEFT_FOR_YOU)


def _copied(names: tuple[str, ...], record: Record) -> list[str]:
    copied = copied_snippets(record)
    everything = {*copied, *registry().snippets}
    return [name if name in copied else known_name(name, everything) for name in names]


def _print_difference(each: Comparison) -> None:
    if each.state == "unchanged":
        return
    say(f"{each.path}: {each.state}", style="bold")
    original = f"{each.path} ({each.original.release})"
    if each.changed_upstream and each.upstream:
        after = f"{each.path} ({each.upstream.release})"
        lines = unified(each.original.text, each.upstream.text, before=original, after=after)
        print_code("".join(lines), "diff")
    if each.changed_here and each.mine is not None:
        lines = unified(
            each.original.text, each.mine, before=original, after=f"{each.path} (yours)"
        )
        print_code("".join(lines), "diff")


def _as_document(each: Comparison) -> dict[str, str | None]:
    upstream = each.upstream.text if each.changed_upstream and each.upstream else None
    return {
        "path": str(each.path),
        "source": each.original.source,
        "state": each.state,
        "version": each.original.release,
        "upstream": upstream
        and "".join(unified(each.original.text, upstream, before="copied", after="upstream")),
        "yours": "".join(unified(each.original.text, each.mine, before="copied", after="yours"))
        if each.mine is not None
        else None,
    }
