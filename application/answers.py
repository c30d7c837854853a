"""Which answer a client gets for which error."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import NoResultFound

from snippets.connections.conflict_answer import answer_conflicts
from snippets.domain import Base
from snippets.queries.cursor import InvalidCursor
from snippets.repository.repository import FieldRefused, NotFound
from snippets.transactions.new_project import SlugTaken

STATUS = {NotFound: 404, NoResultFound: 404, InvalidCursor: 400, FieldRefused: 422, SlugTaken: 409}
CONFLICTS = {
    "uq_app_user_email": "this address is taken",
    "uq_project_slug_living": "this slug is taken",
    "fk_project_owner_id_app_user": "the owner does not exist",
    "fk_task_project_id_project": "the project does not exist",
    "fk_task_assignee_id_app_user": "the assignee does not exist",
}


def answer_errors(app: FastAPI) -> None:
    """Answer the errors of repositories, services and constraints; others stay a 500."""
    answer_conflicts(app, CONFLICTS, metadata=Base.metadata)
    for error in STATUS:
        app.add_exception_handler(error, _answer)


async def _answer(request: Request, error: Exception) -> JSONResponse:
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    return JSONResponse({"detail": str(error)}, status_code=status)
