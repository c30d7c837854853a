"""Boards on which a project's tasks are laid out."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from snippets.models.base import Base
from snippets.models.timestamps import Timestamps
from snippets.models.uuid_key import UUIDKey

if TYPE_CHECKING:
    from snippets.domain.project import Project


class TaskBoard(UUIDKey, Timestamps, Base):
    """A board of a project, with its columns from left to right."""

    __tablename__ = "task_board"

    name: Mapped[str]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id"), index=True)

    project: Mapped[Project] = relationship(back_populates="boards", lazy="raise")
    columns: Mapped[list[BoardColumn]] = relationship(
        back_populates="board", order_by="BoardColumn.position", lazy="raise"
    )


class BoardColumn(UUIDKey, Timestamps, Base):
    """A column of a board; its position is unique there."""

    __tablename__ = "board_column"
    __table_args__ = (UniqueConstraint("board_id", "position"),)

    name: Mapped[str]
    position: Mapped[int]
    board_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("task_board.id"))

    board: Mapped[TaskBoard] = relationship(back_populates="columns", lazy="raise")
