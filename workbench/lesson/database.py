"""The database that a lesson runs in: its own, empty, and dropped when it ends."""

from __future__ import annotations

import atexit
import os
import re
import secrets
from contextlib import ExitStack
from functools import cache

from sqlalchemy import URL

from workbench.postgres import create_database, drop_database, open_server

RUN_VARIABLE = "WORKBENCH_RUN"
LABEL_VARIABLE = "WORKBENCH_LESSON"


@cache
def database_url() -> URL:
    """Return the URL of this lesson's own database, made on the first call.

    The server is the one in ``DATABASE_URL``, else an embedded PostgreSQL that ends with this
    process. Raises ServerUnavailable, with a sentence to act on, where there is none.
    """
    stack = ExitStack()
    server = stack.enter_context(open_server())
    label = re.sub(r"\W+", "_", os.environ.get(LABEL_VARIABLE, "lesson"))
    run = os.environ.get(RUN_VARIABLE) or secrets.token_hex(4)
    url = create_database(server.url, label=label, run=run)
    stack.callback(drop_database, server.url, str(url.database))
    atexit.register(stack.close)
    return url
