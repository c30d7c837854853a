"""When a row was made and when SQLAlchemy last changed it.

Buys: two columns that the application cannot forget to fill, readable after every flush.
Needs: nothing but the mixin; the values come from the database's clock.
Limits: ``updated_at`` moves with the ORM's flush and with ``update()``, not with SQL text or
``ON CONFLICT DO UPDATE`` (add a touch trigger there). ``now()`` is the start of the
transaction: all its rows share one value, and a long transaction can set an older value than
the one it replaces. A model with ``__mapper_args__`` of its own hides the mixin's: write
``{**Timestamps.__mapper_args__, …}``.
"""
# ruff: noqa: RUF012 - SQLAlchemy reads the dictionary of a class, and nobody changes it

from datetime import datetime

from sqlalchemy import DateTime, func
from sqlalchemy.orm import Mapped, mapped_column


class Timestamps:
    """Adds ``created_at`` and ``updated_at``, both ``timestamp with time zone``.

    Both are readable right after a flush, also under asyncio: PostgreSQL returns them from the
    INSERT or UPDATE itself. Cost: a flush sends one UPDATE … RETURNING for each changed object,
    where it would otherwise send one batch; INSERTs stay batched.
    """

    __mapper_args__ = {"eager_defaults": True}

    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )
