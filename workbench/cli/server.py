"""A server to look at with a client of one's own."""

from __future__ import annotations

import threading

import click

from workbench.cli.failure import failures_of


@click.command()
def server() -> None:
    """Start the PostgreSQL that lessons would use, print its URL, and keep it until Ctrl-C."""
    from workbench.postgres import ServerUnavailable, open_server  # noqa: PLC0415

    with failures_of(ServerUnavailable), open_server() as running:
        click.echo(running.describe())
        # psql knows sslmode where asyncpg knows ssl.
        url = running.url.set(drivername="postgresql").difference_update_query(["ssl"])
        click.echo(url.render_as_string(hide_password=running.origin == "DATABASE_URL"))
        click.echo("Ctrl-C ends it.")
        threading.Event().wait()
