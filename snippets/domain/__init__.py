"""The example domain: users who own projects, with tasks, comments, boards and documents."""

from snippets.domain.board import BoardColumn, TaskBoard
from snippets.domain.document import Document
from snippets.domain.project import Project
from snippets.domain.task import Task, TaskComment
from snippets.domain.user import User
from snippets.models.base import Base

__all__ = [
    "Base",
    "BoardColumn",
    "Document",
    "Project",
    "Task",
    "TaskBoard",
    "TaskComment",
    "User",
]
