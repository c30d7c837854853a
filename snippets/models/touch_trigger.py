"""A trigger that stamps ``updated_at`` whoever changes the row.

Buys: one rule for the ORM, SQL text, ``ON CONFLICT DO UPDATE``, psql and other programs; the
stamp of a row never moves back, unless the server's clock does.
Needs: a column ``updated_at`` and the privilege to create a function and a trigger.
Limits: one call of a PL/pgSQL function for each changed row. A value for ``updated_at`` in an
UPDATE is replaced; to keep one, disable the trigger for it. Tables with generated columns
refuse the trigger. Triggers whose names sort after it change the row unseen.
"""

from sqlalchemy.dialects import postgresql


def touch_trigger(table: str, *, schema: str | None = None) -> tuple[str, str]:
    """Return the statements that make ``table`` stamp ``updated_at``: a function, a trigger.

    Run both with ``op.execute()`` in a migration or ``connection.exec_driver_sql()``; running
    them again changes nothing, and the tables of a schema share the function. An UPDATE that
    leaves every column as it was does not stamp. ``clock_timestamp()`` is the moment of the
    change, taken after the row is locked. Costs two statements. Raises ValueError for an empty
    name.
    """
    if not table or schema == "":
        raise ValueError("the table and the schema need names")
    quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]
    prefix = f"{quote(schema)}." if schema else ""
    return (
        f"""\
CREATE OR REPLACE FUNCTION {prefix}touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$""",
        f"""\
CREATE OR REPLACE TRIGGER touch_updated_at BEFORE UPDATE ON {prefix}{quote(table)}
FOR EACH ROW WHEN (OLD.* *<> NEW.*) EXECUTE FUNCTION {prefix}touch_updated_at()""",
    )
