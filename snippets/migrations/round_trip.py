"""Take each migration up, down and up again, and compare the schema.

Buys: a downgrade that fails or leaves something behind is found by a test: an enum type, a
default, an index, a trigger.
Needs: a disposable database without tables; an ``env.py`` that runs on
``config.attributes["connection"]`` and rolls nothing back around it (as ``migration_lock``
does); a history without branches.
Limits: rows are not compared, nor privileges, comments and the order of columns. Without
``rows`` the tables are empty, and many a migration that fails on rows passes.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import InvalidRequestError

SCHEMA = text("""
WITH relation AS (
    SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
SELECT format('%s %s%s', CASE relkind WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence'
    WHEN 'v' THEN 'view' ELSE 'relation' END, oid::regclass, ' ' || pg_get_viewdef(oid))
    FROM relation WHERE relkind NOT IN ('i', 'I', 't')
UNION ALL SELECT format('column %s.%s %s%s%s%s%s', attrelid::regclass, attname,
    format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN ' NOT NULL' END,
    ' DEFAULT ' || pg_get_expr(adbin, adrelid), attidentity, attgenerated)
    FROM pg_attribute JOIN relation ON relation.oid = attrelid
    LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
    WHERE attnum > 0 AND NOT attisdropped AND relkind NOT IN ('i', 'I', 'S')
UNION ALL SELECT format('constraint %s on %s %s', conname, conrelid::regclass,
    pg_get_constraintdef(k.oid)) FROM pg_constraint k JOIN relation ON relation.oid = conrelid
UNION ALL SELECT pg_get_indexdef(indexrelid) || CASE WHEN NOT indisvalid THEN ' INVALID' ELSE '' END
    FROM pg_index JOIN relation ON relation.oid = indexrelid
UNION ALL SELECT pg_get_triggerdef(t.oid)
    FROM pg_trigger t JOIN relation ON relation.oid = tgrelid WHERE NOT tgisinternal
UNION ALL SELECT 'function ' || oid::regprocedure || ' ' || md5(prosrc) FROM pg_proc p
    WHERE pronamespace::regnamespace::text !~ '^(pg_|information_schema$)'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
UNION ALL SELECT format('enum %s (%s)', enumtypid::regtype,
    string_agg(enumlabel, ', ' ORDER BY enumsortorder)) FROM pg_enum GROUP BY enumtypid
""")


def schema_lines(connection: Connection) -> set[str]:
    """Return a line of text for each table, column, constraint, index, trigger and enum type.

    One statement. It covers the schemas of users, without what belongs to an extension.
    """
    return set(connection.scalars(SCHEMA))


def check_round_trips(
    connection: Connection, config: Config, *, rows: Mapping[str, str] | None = None
) -> list[str]:
    """Upgrade, downgrade and upgrade each revision from the first on; return their ids.

    ``rows`` is SQL to run once a revision is reached, by its id: later revisions then find rows.
    Each step is committed, and the database is left at the last revision. Raises AssertionError
    with the lines of the schema that differ; ValueError for a history with branches, for ids in
    ``rows`` that do not exist and for a database that is not empty; InvalidRequestError inside a
    transaction; and what a migration raises.
    """
    history = [*ScriptDirectory.from_config(config).walk_revisions()][::-1]
    ids, rows = [script.revision for script in history], rows or {}
    if [script.down_revision for script in history] != [None, *ids][: len(ids)]:
        raise ValueError("the history has branches, and this test follows a line")
    if unknown := rows.keys() - ids:
        raise ValueError(f"rows for revisions that do not exist: {sorted(unknown)}")

    def at(move: Callable[[Config, str], None], revision: str) -> set[str]:
        move(config, revision)
        found = schema_lines(connection)
        connection.commit()
        return found

    if connection.in_transaction():
        raise InvalidRequestError("the migrations commit, and a transaction of yours is open")
    if schema_lines(connection):
        raise ValueError("the database is not empty")
    connection.commit()
    config.attributes["connection"] = connection
    for down, up in pairwise(["base", *ids]):
        before = at(lambda config, _: command.ensure_version(config), down)
        after = at(command.upgrade, up)
        compare(f"downgrade of {up}", before, at(command.downgrade, down))
        compare(f"second upgrade to {up}", after, at(command.upgrade, up))
        if up in rows:
            connection.execute(text(rows[up]))
            connection.commit()
    return ids


def compare(step: str, expected: set[str], found: set[str]) -> None:
    """Raise AssertionError with the lines that ``step`` left behind and those that it lost."""
    left = [f"left behind: {line}" for line in sorted(found - expected)]
    lost = [f"lost: {line}" for line in sorted(expected - found)]
    if left or lost:
        raise AssertionError("\n".join([step, *left, *lost]))
