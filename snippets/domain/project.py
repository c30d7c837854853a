"""Projects: the complete model of the example domain."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from snippets.models.base import Base
from snippets.models.soft_delete import SoftDelete
from snippets.models.timestamps import Timestamps
from snippets.models.uuid_key import UUIDKey

if TYPE_CHECKING:
    from snippets.domain.board import TaskBoard
    from snippets.domain.task import Task
    from snippets.domain.user import User


class Project(UUIDKey, Timestamps, SoftDelete, Base):
    """A project; its slug is unique among the projects that are not deleted."""

    __tablename__ = "project"
    __table_args__ = (
        Index(
            "uq_project_slug_living",
            "slug",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    name: Mapped[str]
    slug: Mapped[str]
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"), index=True)

    owner: Mapped[User] = relationship(back_populates="projects", lazy="raise")
    tasks: Mapped[list[Task]] = relationship(back_populates="project", lazy="raise")
    boards: Mapped[list[TaskBoard]] = relationship(back_populates="project", lazy="raise")
