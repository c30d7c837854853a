"""Answer 409 where a constraint of the database refused what the client asked for.

Buys: no look before each write, and no race between the look and the write: the constraint
decides, and its name chooses the sentence that the client reads.
Needs: named constraints (a naming convention); a commit before the response is sent.
Limits: the transaction is over: to go on after a conflict, use a savepoint. A constraint that is
not listed stays a 500, since its violation is an error of the program. NOT NULL has no name
here. For the asyncpg driver.
"""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Constraint, Index, MetaData
from sqlalchemy.exc import IntegrityError

from snippets.repository.violated_constraint import violated_constraint


def answer_conflicts(app: FastAPI, details: Mapping[str, str], *, metadata: MetaData) -> None:
    """Let ``app`` answer 409 with ``details[name]`` when the constraint ``name`` is violated.

    Sends no statements. Holds for the flush, for statements and for constraints checked at
    COMMIT. Raises ValueError for a name that no constraint or unique index of ``metadata`` has,
    RuntimeError where it would have no effect or replace another handler of IntegrityError.
    """
    if app.middleware_stack is not None or IntegrityError in app.exception_handlers:
        raise RuntimeError("call answer_conflicts once, before the application starts")
    if unknown := set(details) - constraint_names(metadata):
        raise ValueError(f"no such constraint: {', '.join(sorted(unknown))}")
    known: dict[str | None, str] = dict(details.items())

    @app.exception_handler(IntegrityError)
    async def answer(request: Request, error: IntegrityError) -> JSONResponse:
        detail = known.get(violated_constraint(error))
        if detail is None:
            raise error
        return JSONResponse({"detail": detail}, status_code=409)


def constraint_names(metadata: MetaData) -> set[str]:
    """Return the names of all constraints and unique indexes of ``metadata``."""
    named: list[Constraint | Index] = []
    for table in metadata.tables.values():
        named += [*table.constraints, *(index for index in table.indexes if index.unique)]
    return {str(item.name) for item in named if item.name is not None}
