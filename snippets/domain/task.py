"""Tasks of a project, and what people say about them."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from snippets.models.base import Base
from snippets.models.soft_delete import SoftDelete
from snippets.models.timestamps import Timestamps
from snippets.models.uuid_key import UUIDKey

if TYPE_CHECKING:
    from snippets.domain.project import Project
    from snippets.domain.user import User


class Task(UUIDKey, Timestamps, SoftDelete, Base):
    """A piece of work in a project; ``assignee`` and ``due_date`` may be open."""

    __tablename__ = "task"

    title: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="open")
    due_date: Mapped[date | None]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id"), index=True)
    assignee_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"), index=True)

    project: Mapped[Project] = relationship(back_populates="tasks", lazy="raise")
    assignee: Mapped[User | None] = relationship(lazy="raise")
    comments: Mapped[list[TaskComment]] = relationship(back_populates="task", lazy="raise")


class TaskComment(UUIDKey, Timestamps, Base):
    """A remark on a task."""

    __tablename__ = "task_comment"

    body: Mapped[str]
    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("task.id"), index=True)
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"), index=True)

    task: Mapped[Task] = relationship(back_populates="comments", lazy="raise")
    author: Mapped[User] = relationship(lazy="raise")
