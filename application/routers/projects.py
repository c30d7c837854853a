"""Projects, with their owner and boards."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from application.dependencies import Projects
from application.schemas import (
    PRINTABLE,
    NewOwner,
    NewProject,
    ProjectAnswer,
    ProjectChange,
    ProjectPageAnswer,
)
from snippets.connections.session_dependency import RequestSession
from snippets.domain import Project, TaskBoard
from snippets.queries.eager import eager
from snippets.transactions.new_project import create_project
from snippets.transactions.ownership import transfer_ownership

Slug = Annotated[str, Path(pattern=PRINTABLE)]

router = APIRouter(prefix="/projects", tags=["projects"])


@router.post("", status_code=201)
async def create(body: NewProject, session: RequestSession) -> ProjectAnswer:
    project = await create_project(session, name=body.name, owner_id=body.owner_id)
    return ProjectAnswer.model_validate(project)


@router.get("/{slug}")
async def read(
    slug: Annotated[str, Path(pattern=PRINTABLE)], projects: Projects
) -> ProjectPageAnswer:
    loaded = eager(Project.owner, (Project.boards, TaskBoard.columns))
    return ProjectPageAnswer.model_validate(await projects.get_by_slug(slug, *loaded))


@router.patch("/{project_id}")
async def change(project_id: uuid.UUID, body: ProjectChange, projects: Projects) -> ProjectAnswer:
    project = await projects.get_one(project_id, lock=True)
    await projects.update(project, body.given())
    return ProjectAnswer.model_validate(project)


@router.put("/{project_id}/owner")
async def transfer(
    project_id: uuid.UUID, body: NewOwner, session: RequestSession, projects: Projects
) -> ProjectAnswer:
    await transfer_ownership(
        session,
        project_id,
        new_owner_id=body.owner_id,
        notify=announce,
        tolerate=(DBAPIError,),
    )
    return ProjectAnswer.model_validate(await projects.get_one(project_id))


@router.delete("/{project_id}", status_code=204)
async def delete(project_id: uuid.UUID, projects: Projects) -> None:
    await projects.delete(await projects.get_one(project_id, lock=True))


async def announce(session: AsyncSession, project: Project) -> None:
    """Tell those who listen on the channel ``project_owner``, once the transfer is committed."""
    await session.execute(select(func.pg_notify("project_owner", str(project.id))))
