"""What the application reads and writes as JSON."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

from snippets.queries.page import Page
from snippets.repository.slug import slugify

# PostgreSQL's text cannot hold the character NUL.
PRINTABLE = r"^[^\x00-\x1f]+$"

Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTABLE),
]


def _with_a_slug(name: str) -> str:
    slugify(name)
    return name


ProjectName = Annotated[Line, AfterValidator(_with_a_slug)]


class Body(BaseModel):
    """A request; a field that it does not name is refused."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        """Return the fields that the client sent."""
        return self.model_dump(exclude_unset=True)


class Answer(BaseModel):
    """A response, read from a row."""

    model_config = ConfigDict(from_attributes=True)


class NewUser(Body):
    email: Annotated[Line, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", to_lower=True)]
    name: Line


class UserAnswer(Answer):
    id: uuid.UUID
    email: str
    name: str


class NewProject(Body):
    name: ProjectName
    owner_id: uuid.UUID


class ProjectChange(Body):
    name: Line = ""
    slug: Annotated[Line, AfterValidator(slugify)] = ""


class NewOwner(Body):
    owner_id: uuid.UUID


class ColumnAnswer(Answer):
    name: str
    position: int


class BoardAnswer(Answer):
    id: uuid.UUID
    name: str
    columns: list[ColumnAnswer]


class ProjectAnswer(Answer):
    id: uuid.UUID
    slug: str
    name: str
    owner_id: uuid.UUID
    created_at: AwareDatetime
    updated_at: AwareDatetime


class ProjectPageAnswer(ProjectAnswer):
    owner: UserAnswer
    boards: list[BoardAnswer]


class NewTask(Body):
    title: Line
    due_date: date | None = None
    assignee_id: uuid.UUID | None = None


class TaskChange(Body):
    title: Line = ""
    status: Line = ""
    due_date: date | None = None
    assignee_id: uuid.UUID | None = None


class TaskAnswer(Answer):
    id: uuid.UUID
    project_id: uuid.UUID
    title: str
    status: str
    due_date: date | None
    assignee: UserAnswer | None
    created_at: datetime
    updated_at: datetime


class PageAnswer[T](BaseModel):
    """A page of a list; ``next`` and ``previous`` are cursors, or null at the list's ends."""

    items: Sequence[T]
    next: str | None
    previous: str | None

    @classmethod
    def of(cls, page: Page[Any]) -> Self:
        return cls.model_validate(page, from_attributes=True)
