"""The statements that give a database the constraint names of its metadata.

Buys: a naming convention for a database that grew without one, while every constraint stays in
force: autogenerate drops the UNIQUE constraints, builds them anew, and leaves the other names.
Needs: constraints that are equal in everything but their names. Print the statements, put them
into a migration, review them: a database with another history can need others.
Limits: CHECK constraints are recognized by their names alone; EXCLUDE constraints, and indexes
that belong to no constraint, have names of their own already and are left out.
"""

from collections.abc import Iterator

from sqlalchemy import (
    CheckConstraint,
    Connection,
    Constraint,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)


def adopt_names(connection: Connection, metadata: MetaData) -> list[str]:
    """Return one ``ALTER TABLE … RENAME CONSTRAINT`` for each name that differs.

    Costs the statements that reflect the tables, and changes nothing. Each statement returned
    changes the catalogue alone, under a lock that waits for everybody who uses the table and
    lasts until the transaction ends. Raises ValueError for constraints of the database that the
    metadata does not have: name those CHECK constraints first, drop or model the others. Raises
    NoSuchTableError for a missing table.
    """
    preparer = connection.dialect.identifier_preparer
    renames: list[str] = []
    unknown: list[str] = []
    reflected = MetaData()
    for table in metadata.sorted_tables:
        wanted = dict(_signatures(connection, table))
        found = Table(table.name, reflected, schema=table.schema, autoload_with=connection)
        for signature, name in sorted(_signatures(connection, found)):
            if signature not in wanted:
                unknown.append(f"{name} on {table.fullname}")
            elif name != wanted[signature]:
                renames.append(
                    f"ALTER TABLE {preparer.format_table(table)}"
                    f" RENAME CONSTRAINT {name} TO {wanted[signature]}"
                )
    if unknown:
        raise ValueError(f"not in the metadata: {', '.join(unknown)}")
    return renames


def _signatures(connection: Connection, table: Table) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what each constraint of ``table`` does, and its name as DDL has it."""
    for constraint in table.constraints:
        match constraint:
            case PrimaryKeyConstraint() if constraint.columns:
                signature = ["primary key"]
            case UniqueConstraint():
                signature = ["unique", *sorted(column.name for column in constraint.columns)]
            case ForeignKeyConstraint():
                pairs = [(key.parent.name, key.column) for key in constraint.elements]
                ends = sorted(f"{near} {far.table.fullname} {far.name}" for near, far in pairs)
                signature = ["foreign key", *ends]
            case CheckConstraint():
                signature = ["check", _final_name(connection, constraint)]
            case _:
                continue
        yield tuple(signature), _final_name(connection, constraint)


def _final_name(connection: Connection, constraint: Constraint) -> str:
    """Return the quoted name; raise ValueError where the database would choose one."""
    name = constraint.name and connection.dialect.identifier_preparer.format_constraint(constraint)
    if not name:
        raise ValueError(f"no name: {type(constraint).__name__} on {constraint.table}")
    return name
