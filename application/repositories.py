"""The repositories that need no queries of their own."""

from __future__ import annotations

from snippets.domain import Task, User
from snippets.queries.keyset import Keyset
from snippets.repository.repository import Repository


class UserRepository(Repository[User]):
    """People; the name can change."""

    model = User
    order = Keyset(User.created_at.desc(), User.id.desc())
    changeable = frozenset({"name"})


class TaskRepository(Repository[Task]):
    """Tasks, the newest first; a task stays in its project."""

    model = Task
    order = Keyset(Task.created_at.desc(), Task.id.desc())
    changeable = frozenset({"title", "status", "due_date", "assignee_id"})
