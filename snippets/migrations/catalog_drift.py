"""What differs between the database and the models, by PostgreSQL's own account.

Buys: the changes that autogenerate does not see: CHECK and EXCLUDE constraints, primary keys,
an index with another predicate or method under its old name, enum labels, triggers and more.
Needs: the privilege to create a schema, which is rolled back, and what the models need to be
created (extensions, functions).
Limits: says what differs and writes no migration. Leaves out functions, policies, grants, the
order of columns, partitions and the tables of extensions. Compares one schema only.
"""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, MetaData, text

_CATALOG = text("""\
WITH relation AS (
    SELECT * FROM pg_class c WHERE relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition
    AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE (classid, objid) = (c.tableoid, c.oid)
                    AND deptype = 'e')
)
SELECT 'table', relname, relname, concat_ws(' ', nullif(relpersistence, 'p'), relkind,
    reloptions::text, pg_get_partkeydef(oid), obj_description(oid, 'pg_class'),
    CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid, true) END)
FROM relation
UNION ALL SELECT 'column', relname, attname, concat_ws(' ', format_type(atttypid, atttypmod),
    CASE WHEN attcollation <> typcollation THEN 'COLLATE ' || attcollation::regcollation END,
    CASE WHEN attnotnull THEN 'NOT NULL' END,
    CASE attidentity WHEN 'a' THEN 'ALWAYS AS IDENTITY' WHEN 'd' THEN 'AS IDENTITY' END,
    CASE attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' END,
    'DEFAULT ' || pg_get_expr(adbin, adrelid), quote_literal(col_description(attrelid, attnum)))
FROM pg_attribute JOIN relation c ON c.oid = attrelid JOIN pg_type t ON t.oid = atttypid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0
UNION ALL SELECT 'constraint', relname, conname, pg_get_constraintdef(o.oid, true)
FROM pg_constraint o JOIN relation c ON c.oid = conrelid WHERE contype NOT IN ('n', 't')
UNION ALL SELECT 'index', c.relname, i.relname,
    concat_ws(' ', pg_get_indexdef(i.oid, 0, true), CASE WHEN NOT indisvalid THEN 'INVALID' END)
FROM pg_index JOIN relation c ON c.oid = indrelid JOIN pg_class i ON i.oid = indexrelid
WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
UNION ALL SELECT 'trigger', relname, tgname,
    concat_ws(' ', pg_get_triggerdef(g.oid, true), nullif(tgenabled, 'O'))
FROM pg_trigger g JOIN relation c ON c.oid = tgrelid WHERE NOT tgisinternal
UNION ALL SELECT 'enum', '', typname, string_agg(enumlabel, ', ' ORDER BY enumsortorder)
FROM pg_enum JOIN pg_type t ON t.oid = enumtypid JOIN pg_namespace s ON s.oid = typnamespace
WHERE nspname = current_schema() GROUP BY typname
UNION ALL SELECT 'sequence', '', sequencename, concat_ws(' ', data_type, start_value, increment_by,
    min_value, max_value, cycle, cache_size)
FROM pg_sequences WHERE schemaname = current_schema()""")

_SEARCH_SCRATCH_FIRST = text("""\
SELECT set_config('search_path', 'catalog_drift, ' || current_setting('search_path'), true)""")


class Drift(NamedTuple):
    """An object and its definitions; ``database`` or ``models`` is None where it is missing."""

    kind: str
    table: str
    name: str
    database: str | None
    models: str | None


def catalog_drift(
    connection: Connection, metadata: MetaData, *, ignore: Collection[str] = ("alembic_version",)
) -> list[Drift]:
    """Return what differs, sorted; an empty list where the database is what the models create.

    Creates the tables of ``metadata`` in a schema of its own inside a savepoint, compares the
    definitions that PostgreSQL prints, and rolls back. Call it through ``run_sync()``, in CI after
    ``alembic upgrade head``. Costs six statements and those of ``create_all()``. ``ignore`` names
    tables and objects to leave out. Raises ValueError where a model names its schema.
    """
    if named := {table.schema for table in metadata.tables.values() if table.schema}:
        raise ValueError(f"the models name schemas, but one unnamed schema is compared: {named}")
    savepoint = connection.begin_nested()
    try:
        database = _definitions(connection)
        connection.execute(text("CREATE SCHEMA catalog_drift"))
        connection.execute(_SEARCH_SCRATCH_FIRST)
        metadata.create_all(connection, checkfirst=False)
        models = _definitions(connection)
    finally:
        savepoint.rollback()
    return [
        Drift(*key, database.get(key), models.get(key))
        for key in sorted(database.keys() | models.keys())
        if database.get(key) != models.get(key) and not {key[1], key[2]} & set(ignore)
    ]


def _definitions(connection: Connection) -> dict[tuple[str, str, str], str]:
    return {
        (kind, table, name): definition
        for kind, table, name, definition in connection.execute(_CATALOG)
    }
