"""People who own projects and do tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped, mapped_column, relationship

from snippets.models.base import Base
from snippets.models.timestamps import Timestamps
from snippets.models.uuid_key import UUIDKey

if TYPE_CHECKING:
    from snippets.domain.project import Project


class User(UUIDKey, Timestamps, Base):
    """A person; the table is ``app_user`` because ``user`` is a reserved word."""

    __tablename__ = "app_user"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]

    projects: Mapped[list[Project]] = relationship(back_populates="owner", lazy="raise")
