"""A declarative base whose constraints have names and whose datetimes keep their offset.

Buys: migrations that can drop what they created, because every constraint is named by rule;
a bare ``Mapped[datetime]`` is ``timestamp with time zone`` instead of ``without``.
Needs: every CHECK constraint named by hand, without the ``ck_`` prefix.
Limits: names longer than 63 characters are shortened with a hash by SQLAlchemy; columns of two
tables can still spell one name (see ``unsettled_names``); a database that exists keeps the names
it has (see ``adopt_names``); an explicit ``DateTime()`` is still ``without time zone``.
"""
# ruff: noqa: RUF012 - SQLAlchemy reads the dictionary of a class, and nobody changes it

from datetime import datetime

from sqlalchemy import DateTime, MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The base of every model; ``Base.metadata`` is what Alembic compares. Adds no statements."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True)}
