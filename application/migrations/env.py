"""Alembic runs this file for each command."""

from __future__ import annotations

import os

from alembic import context
from alembic.util import CommandError

from application.settings import SettingsMissing, database_from
from snippets.domain import Base
from snippets.migrations.environment import run_migrations

url = None
if "connection" not in context.config.attributes:
    try:
        url = database_from(os.environ)
    except SettingsMissing as error:
        raise CommandError(str(error)) from None
run_migrations(Base.metadata, url=url)
