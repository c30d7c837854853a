"""Hand a project to a new owner, and tell that person if possible.

Buys: the transfer is kept when the notification fails, and both are committed together.
Needs: a session whose transaction the caller commits.
Limits: for a notification that is a row. A mail cannot be rolled back: write a row here, and
send the mail after the commit.
"""

import uuid
from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from snippets.domain import Project
from snippets.transactions.savepoint import Outcome, attempt


async def transfer_ownership(
    session: AsyncSession,
    project_id: uuid.UUID,
    *,
    new_owner_id: uuid.UUID,
    notify: Callable[[AsyncSession, Project], Awaitable[None]],
    tolerate: tuple[type[Exception], ...],
) -> Outcome:
    """Change the owner, then ``notify``; report what became of the notification.

    Costs 4 statements and those of ``notify``, or 5 where it fails with an error in
    ``tolerate``, which is then in the outcome. The row is locked until the transaction ends:
    a second transfer waits, a new task in the project does not. Raises NoResultFound for a
    project that is missing or deleted, IntegrityError for an owner that does not exist, and
    whatever ``notify`` raises beside ``tolerate``.
    """
    found = await session.scalars(
        select(Project)
        .where(Project.id == project_id, ~Project.is_deleted)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    project = found.one()
    project.owner_id = new_owner_id
    async with attempt(session, *tolerate) as notified:
        await notify(session, project)
    return notified
