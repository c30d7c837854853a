"""Documents of a project."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from snippets.models.base import Base
from snippets.models.timestamps import Timestamps
from snippets.models.uuid_key import UUIDKey

if TYPE_CHECKING:
    from snippets.domain.project import Project


class Document(UUIDKey, Timestamps, Base):
    """A text with free attributes; each row gets a dictionary of its own."""

    __tablename__ = "document"

    title: Mapped[str]
    body: Mapped[str] = mapped_column(server_default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(
        JSONB, default=dict, server_default=text("'{}'::jsonb")
    )
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id"), index=True)

    project: Mapped[Project] = relationship(lazy="raise")
