"""What endpoints ask for: repositories of the request's session, and a page of a list."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from application.repositories import TaskRepository, UserRepository
from snippets.connections.session_dependency import RequestSession
from snippets.queries.cursor import CursorCodec
from snippets.queries.page import PageRequest
from snippets.repository.projects import ProjectRepository


def users(session: RequestSession) -> UserRepository:
    return UserRepository(session)


def projects(session: RequestSession) -> ProjectRepository:
    return ProjectRepository(session)


def tasks(session: RequestSession) -> TaskRepository:
    return TaskRepository(session)


def cursors(request: Request) -> CursorCodec:
    codec: CursorCodec = request.state.cursors
    return codec


def page_request(
    size: Annotated[int, Query(ge=1, le=100)] = 20, cursor: str | None = None
) -> PageRequest:
    return PageRequest(size=size, cursor=cursor)


Users = Annotated[UserRepository, Depends(users)]
Projects = Annotated[ProjectRepository, Depends(projects)]
Tasks = Annotated[TaskRepository, Depends(tasks)]
Cursors = Annotated[CursorCodec, Depends(cursors)]
Paging = Annotated[PageRequest, Depends(page_request)]
