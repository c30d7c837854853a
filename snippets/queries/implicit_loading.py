"""Find the relationships that load although no query named them.

Buys: a test that keeps every query's cost in the query: a new relationship without ``lazy=``
fails it.
Needs: the modules of all models imported before the call.
Limits: it reads the mapping, not the queries: loops that await one object at a time need a
statement budget. ``lazy="dynamic"`` counts as implicit, for it loads when it is iterated.
"""

from sqlalchemy.orm import DeclarativeBase

_EXPLICIT = frozenset({"raise", "raise_on_sql", "write_only"})


def implicit_relationships(base: type[DeclarativeBase]) -> list[str]:
    """Return the relationships of all models of ``base`` that load by themselves, sorted.

    Each is named with its setting: ``"Project.tasks: selectin"``. An inherited relationship is
    named once, by the class that defines it. Configures the mappers; sends nothing. Raises
    what SQLAlchemy raises for a mapping that is not complete.
    """
    return sorted(
        f"{mapper.class_.__name__}.{relationship.key}: {relationship.lazy}"
        for mapper in base.registry.mappers
        for relationship in mapper.relationships
        if relationship.parent is mapper and relationship.lazy not in _EXPLICIT
    )
