"""People."""

from __future__ import annotations

import uuid

from fastapi import APIRouter

from application.dependencies import Cursors, Paging, Projects, Users
from application.schemas import NewUser, PageAnswer, ProjectAnswer, UserAnswer
from snippets.domain import User

router = APIRouter(prefix="/users", tags=["users"])


@router.post("", status_code=201)
async def create(body: NewUser, users: Users) -> UserAnswer:
    user = User(**body.given())
    await users.add(user)
    return UserAnswer.model_validate(user)


@router.get("/{user_id}")
async def read(user_id: uuid.UUID, users: Users) -> UserAnswer:
    return UserAnswer.model_validate(await users.get_one(user_id))


@router.get("/{user_id}/projects")
async def list_projects(
    user_id: uuid.UUID, paging: Paging, projects: Projects, cursors: Cursors
) -> PageAnswer[ProjectAnswer]:
    page = await projects.get_by_owner(user_id, paging, cursors=cursors)
    return PageAnswer[ProjectAnswer].of(page)
