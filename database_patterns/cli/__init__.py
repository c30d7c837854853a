"""The command ``database-patterns``."""

from __future__ import annotations

import json
import os
import sys

import click

from database_patterns.cli.adding import add
from database_patterns.cli.browsing import list_snippets, search, show
from database_patterns.cli.completion import completion
from database_patterns.cli.keeping import diff, doctor, update
from database_patterns.cli.output import complain
from database_patterns.refusal import Refused

PROGRAM = "database-patterns"
REFUSED, STOPPED = 1, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90})
@click.version_option(package_name=PROGRAM, prog_name=PROGRAM)
def program() -> None:
    """Copy tested snippets for SQLAlchemy and PostgreSQL into your project, and keep them current.

    \b
    database-patterns search keyset
    database-patterns show queries/page
    database-patterns add queries/page --into app/db --tests
    database-patterns update

    Snippets come from this installation: nothing is fetched. What was copied is recorded in
    database-patterns.lock at the root of the project.

    \b
    Ends with 0 when it did what was asked, 1 when it refused (one sentence says why, and nothing
    was written), 2 for wrong usage, 3 when something is left for you: a conflict, a fault, or
    with `diff --check` a newer text.
    """


for command in (list_snippets, search, show, add, diff, update, doctor, completion):
    program.add_command(command)


def main() -> None:
    """Run the program and end with its code."""
    try:
        status = program.main(prog_name=PROGRAM, standalone_mode=False)
    except Refused as refusal:
        if "--json" in sys.argv:
            click.echo(json.dumps({"error": str(refusal)}, ensure_ascii=False))
        complain(str(refusal))
        sys.exit(REFUSED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        complain("Stopped: nothing was written.")
        sys.exit(STOPPED)
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(REFUSED)
    sys.exit(status if isinstance(status, int) else 0)
