"""A trigger that refuses DELETE and TRUNCATE, whoever asks.

Buys: ``session.delete()``, cascades, bulk DELETE and SQL text fail on a soft-deleted table, in
every program.
Needs: the privilege to create a function and a trigger.
Limits: the table's owner can disable a trigger, and ``session_replication_role = replica`` does;
a partition that a statement names directly needs a trigger of its own.
"""

from sqlalchemy.dialects import postgresql


def refuse_delete(table: str, *, schema: str | None = None) -> tuple[str, str]:
    """Return the statements that keep every row in ``table``: a function, a trigger.

    Run both with ``op.execute()`` in a migration or ``connection.exec_driver_sql()``; running
    them again changes nothing, and the tables of a schema share the function. DELETE and
    TRUNCATE then fail with SQLSTATE 23001, an IntegrityError, even where no row matches. A purge
    that is meant runs ``SET LOCAL soft_delete.purge = 'on'`` first, which ends with its
    transaction. Costs one function call for each refused statement, none for others. Raises
    ValueError for an empty name.
    """
    if not table or schema == "":
        raise ValueError("the table and the schema need names")
    quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]
    prefix = f"{quote(schema)}." if schema else ""
    return (
        f"""\
CREATE OR REPLACE FUNCTION {prefix}refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are not deleted', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'Set deleted_at instead.';
END $$""",
        f"""\
CREATE OR REPLACE TRIGGER refuse_delete BEFORE DELETE OR TRUNCATE ON {prefix}{quote(table)}
FOR EACH STATEMENT WHEN (current_setting('soft_delete.purge', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION {prefix}refuse_delete()""",
    )
