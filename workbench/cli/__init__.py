"""The command line program of Database Patterns."""

from __future__ import annotations

import os
import sys

import click

from workbench.cli.audit import audit
from workbench.cli.bench import bench
from workbench.cli.failure import Failure, reported
from workbench.cli.lab import lab
from workbench.cli.lessons import list_lessons, listings, new, notebooks, verify
from workbench.cli.live import live
from workbench.cli.mutants import remove_parts
from workbench.cli.quality import check, test
from workbench.cli.server import server
from workbench.cli.site import serve, site


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90})
@click.version_option(package_name="database-patterns", prog_name="workbench")
def program() -> None:
    """Run the lessons of Database Patterns on a real PostgreSQL and build their site.

    \b
    To read:        workbench serve         the site on this machine, lessons verified first
    To try things:  workbench lab           the notebooks in JupyterLab
    To contribute:  workbench new TOPIC/PROBLEM, then notebooks, then test

    LESSONS are named topic/problem, by the problem alone, by a topic, or by a path;
    without a name a command takes all of them.

    The server is the one in DATABASE_URL, else an embedded PostgreSQL 18 that ends with the
    command, else the newest PostgreSQL (15 or later) installed here. Lessons run in databases
    made for them and dropped afterwards; no other database is touched.

    \b
    DATABASE_URL             a server of yours: postgresql://user:password@host:port/database
    WORKBENCH_POSTGRES_BIN   a folder with PostgreSQL's programs, to start that version
    WORKBENCH_NODE           a Node 20 or later, to build what lessons run on in the page
    WORKBENCH_CACHE          where the prepared server lies (default: the user's cache folder)
    """


for command in (
    serve,
    site,
    notebooks,
    verify,
    lab,
    test,
    check,
    audit,
    bench,
    live,
    remove_parts,
    new,
    listings,
    list_lessons,
    server,
):
    program.add_command(command)


def main() -> None:
    """Run the program; end with 0, with 1 and a sentence, or with 130 after Ctrl-C."""
    try:
        status = program.main(prog_name="workbench", standalone_mode=False)
    except click.exceptions.Abort:
        reported("Stopped.")
        sys.exit(130)
    except KeyboardInterrupt:
        reported("Stopped.")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Failure as failure:
        reported(str(failure))
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)
