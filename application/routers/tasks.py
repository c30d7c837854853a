"""Tasks of a project."""

from __future__ import annotations

import uuid
from dataclasses import replace

from fastapi import APIRouter

from application.dependencies import Cursors, Paging, Projects, Tasks
from application.schemas import NewTask, PageAnswer, TaskAnswer, TaskChange
from snippets.domain import Task
from snippets.queries.eager import eager

router = APIRouter(tags=["tasks"])


@router.post("/projects/{project_id}/tasks", status_code=201)
async def create(
    project_id: uuid.UUID, body: NewTask, projects: Projects, tasks: Tasks
) -> TaskAnswer:
    project = await projects.get_one(project_id, lock=True)
    task = Task(project_id=project.id, **body.given())
    await tasks.add(task)
    return TaskAnswer.model_validate(await tasks.get_one(task.id, *eager(Task.assignee)))


@router.get("/projects/{project_id}/tasks")
async def list_tasks(
    project_id: uuid.UUID, paging: Paging, tasks: Tasks, cursors: Cursors
) -> PageAnswer[TaskAnswer]:
    page = await tasks.page(
        replace(paging, scope=f"project {project_id}"),
        Task.project_id == project_id,
        cursors=cursors,
        options=eager(Task.assignee),
    )
    return PageAnswer[TaskAnswer].of(page)


@router.patch("/tasks/{task_id}")
async def change(task_id: uuid.UUID, body: TaskChange, tasks: Tasks) -> TaskAnswer:
    task = await tasks.get_one(task_id, lock=True)
    await tasks.update(task, body.given())
    return TaskAnswer.model_validate(await tasks.get_one(task_id, *eager(Task.assignee)))


@router.delete("/tasks/{task_id}", status_code=204)
async def delete(task_id: uuid.UUID, tasks: Tasks) -> None:
    await tasks.delete(await tasks.get_one(task_id, lock=True))
