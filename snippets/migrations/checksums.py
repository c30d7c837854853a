"""Remember the text of each migration that is applied, and find those that were edited since.

Buys: an edit of an applied migration, which Alembic ignores, fails the deployment or the tests.
Needs: in ``context.configure()``, ``on_version_apply=record_checksum`` and
``include_name=without_checksums``; the privilege to create the table ``alembic_checksum``.
Limits: knows only what was applied or stamped since it was installed; a change of layout or
of a comment counts as well, one of the line endings does not; what a migration imports is not seen.
"""

import hashlib
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script, ScriptDirectory
from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    String,
    Table,
    delete,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import NoSuchTableError

CHECKSUM = Table(
    "alembic_checksum",
    MetaData(),
    Column("revision", String, primary_key=True),
    Column("checksum", String, nullable=False),
)


def record_checksum(*, ctx: MigrationContext, step: MigrationInfo, **_: Any) -> None:
    """Store the checksums of the migrations in ``step``, or forget them in a downgrade.

    Alembic calls it in the transaction of each step, a stamp included. Costs 3 statements for a
    migration, and one more where it creates the table. With ``--sql`` nothing is recorded.
    """
    connection = ctx.connection
    if ctx.as_sql or connection is None:
        return
    CHECKSUM.create(connection, checkfirst=True)
    for script in step.up_revisions:
        if not isinstance(script, Script):
            continue
        connection.execute(delete(CHECKSUM).where(CHECKSUM.c.revision.in_([script.revision])))
        if step.is_upgrade:
            row = {"revision": script.revision, "checksum": checksum(script.path)}
            connection.execute(insert(CHECKSUM).values(row))


def without_checksums(name: str | None, type_: str, parent_names: object) -> bool:
    """Keep autogenerate from dropping the table, which no model has."""
    return (name, type_) != (CHECKSUM.name, "table")


def edited_revisions(connection: Connection, scripts: ScriptDirectory) -> list[str]:
    """Return the ids of the applied migrations whose file was edited or is gone, sorted.

    Two statements. Raises NoSuchTableError where no checksum was ever recorded.
    """
    if not inspect(connection).has_table(CHECKSUM.name):
        raise NoSuchTableError(CHECKSUM.name)
    paths = {script.revision: script.path for script in scripts.walk_revisions()}
    applied = connection.execute(select(CHECKSUM.c.revision, CHECKSUM.c.checksum)).all()
    return sorted(
        revision
        for revision, recorded in applied
        if revision not in paths or checksum(paths[revision]) != recorded
    )


def checksum(path: str) -> str:
    """Return the SHA-256 of a file's text, in hexadecimal digits."""
    return hashlib.sha256(Path(path).read_text(encoding="utf-8").encode()).hexdigest()
