"""Renames for the constraints, indexes and sequences that kept an old name.

Buys: after a renamed column or table, names that follow the naming convention again, so that a
later migration finds what it drops; nothing is rebuilt, where autogenerate drops and creates.
Needs: the differences from ``catalog_drift()``, taken after the rename.
Limits: an object is recognized by its definition, so it must not change in the same step. The
statements take an ACCESS EXCLUSIVE lock on the table, for the catalog only; an index takes
SHARE UPDATE EXCLUSIVE.
"""

from collections.abc import Iterable

from sqlalchemy.dialects import postgresql

from snippets.migrations.catalog_drift import Drift


def leftover_names(drift: Iterable[Drift]) -> list[str]:
    """Return the statements that give objects of the database the names they have in the models.

    Run each with ``op.execute()`` in the migration that renames. Costs no statements itself.
    Differences of other kinds are left out: ``catalog_drift()`` still reports them afterwards.
    Raises ValueError where two objects of a table have one definition and either could be meant.
    """
    quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]
    left: dict[tuple[str, str, str], list[str]] = {}
    wanted: dict[tuple[str, str, str], list[str]] = {}
    for kind, table, name, database, models in drift:
        if kind in {"constraint", "index", "sequence"} and (database is None or models is None):
            definition = (database or models or "").replace(f" {quote(name)} ON ", " ON ", 1)
            side = left if models is None else wanted
            side.setdefault((kind, table, definition), []).append(name)
    statements = []
    for key in left.keys() & wanted.keys():
        if len(left[key]) > 1 or len(wanted[key]) > 1:
            raise ValueError(f"alike, so either could be meant: {left[key]} and {wanted[key]}")
        kind, table, _ = key
        old, new = quote(left[key][0]), quote(wanted[key][0])
        statements.append(
            f"ALTER TABLE {quote(table)} RENAME CONSTRAINT {old} TO {new}"
            if kind == "constraint"
            else f"ALTER {kind.upper()} {old} RENAME TO {new}"
        )
    return sorted(statements)
