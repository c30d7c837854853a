"""Two columns that hold one value while releases with the old and the new name run together.

Buys: a rename without a moment at which a running release meets a missing column: the old one
reads and writes the old column, the new one the new column, and both see every change.
Needs: the new column added without NOT NULL and without a default; then this; then a backfill
of ``new = old``; the old column dropped when no release uses it.
Limits: one call of a PL/pgSQL function for each written row. A statement that sets both columns
to different values keeps the new one's. Triggers whose names sort after ``sync_`` run unseen.
"""

from sqlalchemy.dialects import postgresql


def synced_columns(table: str, *, old: str, new: str) -> tuple[str, str]:
    """Return the statements that keep ``old`` and ``new`` equal: a function, a trigger.

    Run both with ``op.execute()``; running them again changes nothing. An UPDATE of any column
    also fills ``new`` of a row that the backfill has not reached. End with ``DROP FUNCTION
    sync_<table>_<new>() CASCADE`` before ``old`` is dropped. Raises ValueError for an empty name,
    for equal names, and where the function's name is longer than 63 bytes. Costs two statements.
    """
    if not (table and old and new) or old == new:
        raise ValueError("a table and two different columns are needed")
    if len(f"sync_{table}_{new}".encode()) > 63:
        raise ValueError(f"the name sync_{table}_{new} is longer than 63 bytes")
    quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]
    name, before, after = quote(f"sync_{table}_{new}"), quote(old), quote(new)
    return (
        f"""\
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP = 'INSERT' AND NEW.{after} IS NOT NULL)
       OR (TG_OP = 'UPDATE' AND NEW.{after} IS DISTINCT FROM OLD.{after}) THEN
        NEW.{before} := NEW.{after};
    ELSE
        NEW.{after} := NEW.{before};
    END IF;
    RETURN NEW;
END $$""",
        f"""\
CREATE OR REPLACE TRIGGER {name} BEFORE INSERT OR UPDATE ON {quote(table)}
FOR EACH ROW EXECUTE FUNCTION {name}()""",
    )
