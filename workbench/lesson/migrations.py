"""A real Alembic environment in a temporary folder, for lessons on migrations."""

from __future__ import annotations

import ast
import atexit
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from workbench.markdown import MimeBundle, bundle, fenced

ENV = '''\
"""Alembic runs this file for each command."""

import os

from alembic import context

from snippets.migrations.environment import run_migrations

run_migrations(
    context.config.attributes.get("metadata"),
    url=context.config.attributes.get("url") or os.environ.get("DATABASE_URL"),
    **context.config.attributes.get("options", {}),
)
'''
INI = """\
[alembic]
script_location = %(here)s
path_separator = os
file_template = %%(rev)s
"""
MAKO = '''\
"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision: str = ${repr(up_revision)}
down_revision: str | Sequence[str] | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''
LONGEST_ID = 32
_MARKS = re.compile(r"(?m)^ *# ###.*\n")


@dataclass(frozen=True)
class Revision:
    """One migration script; as the last expression of a cell it shows its two functions."""

    id: str
    path: Path

    @property
    def text(self) -> str:
        """The whole file."""
        return self.path.read_text(encoding="utf-8")

    def __str__(self) -> str:
        functions = self.text[self.text.index("def upgrade") :]
        return _MARKS.sub("", functions).strip()

    def replace(self, old: str, new: str) -> Revision:
        """Edit the file, as a reviewer does. Raises ValueError unless ``old`` is there once."""
        if self.text.count(old) != 1:
            raise ValueError(f"{self.text.count(old)} times in {self.id}: {old!r}")
        self.path.write_text(self.text.replace(old, new), encoding="utf-8")
        self._forget_compiled()
        return self

    def delete(self) -> None:
        """Remove the file, as if the revision had never been made."""
        self.path.unlink()
        self._forget_compiled()

    def _forget_compiled(self) -> None:
        """Python trusts a compiled file whose source has the same size and second."""
        shutil.rmtree(self.path.parent / "__pycache__", ignore_errors=True)

    def _repr_mimebundle_(self, **_: object) -> MimeBundle:
        return bundle(fenced(str(self), language="python"), str(self), kind="code")


class Migrations:
    """An Alembic environment of the lesson's own; its folder goes when the process ends.

    ``env.py`` calls the snippet that readers copy. Each command runs on a connection of
    ``engine``, through ``run_sync()``, so that the engine's recording sees it. ``options`` are
    passed to ``EnvironmentContext.configure()``; without them the snippet's defaults hold.
    Errors are Alembic's ``CommandError`` or the database's own.
    """

    def __init__(
        self, engine: AsyncEngine, metadata: MetaData | None = None, **options: Any
    ) -> None:
        self.engine = engine
        self.metadata = metadata
        self.options = options
        self.folder = Path(tempfile.mkdtemp(prefix="migrations-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "versions").mkdir()
        for name, text in (("env.py", ENV), ("alembic.ini", INI), ("script.py.mako", MAKO)):
            (self.folder / name).write_text(text, encoding="utf-8")

    async def autogenerate(self, message: str, *, rev_id: str | None = None) -> Revision:
        """Run ``alembic revision --autogenerate``: compare the metadata with the database."""
        rev_id = rev_id or revision_id(message)
        await self._run(
            lambda config: command.revision(config, message, autogenerate=True, rev_id=rev_id),
            quiet=True,
        )
        return self._revision(rev_id)

    def revision(
        self,
        message: str,
        *,
        upgrade: str = "",
        downgrade: str = "",
        rev_id: str | None = None,
        head: str = "head",
        imports: str = "",
    ) -> Revision:
        """Run ``alembic revision`` and write the two bodies, given as Python text, into it."""
        rev_id = rev_id or revision_id(message)
        command.revision(self._config(quiet=True), message, rev_id=rev_id, head=head)
        revision = self._revision(rev_id)
        for name, body in (("upgrade", upgrade), ("downgrade", downgrade)):
            if body.strip():
                head_line = f"def {name}() -> None:\n"
                lines = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
                revision.replace(f"{head_line}    pass", f"{head_line}{lines}")
        if imports:
            revision.replace("from alembic import op\n", f"from alembic import op\n{imports}\n")
        return revision

    async def upgrade(
        self, revision: str = "head", *, connection: AsyncConnection | None = None
    ) -> None:
        """Run ``alembic upgrade``, on ``connection`` if one is given."""
        await self._run(lambda config: command.upgrade(config, revision), connection)

    async def downgrade(
        self, revision: str = "-1", *, connection: AsyncConnection | None = None
    ) -> None:
        """Run ``alembic downgrade``, on ``connection`` if one is given."""
        await self._run(lambda config: command.downgrade(config, revision), connection)

    async def stamp(self, revision: str = "head", *, purge: bool = False) -> None:
        """Run ``alembic stamp``."""
        await self._run(lambda config: command.stamp(config, revision, purge=purge))

    async def check(self) -> None:
        """Run ``alembic check``, which raises CommandError where autogenerate sees a change."""
        await self._run(command.check)

    async def current(self) -> str:
        """Return what ``alembic current`` prints: nothing where the database has no revision."""
        return await self._run(command.current)

    def history(self) -> str:
        """Return what ``alembic history`` prints, newest first."""
        config = self._config()
        command.history(config)
        return _printed(config)

    def sql(self, revision: str = "head") -> str:
        """Return what ``alembic upgrade --sql`` prints; it needs no database."""
        config = self._config()
        buffer = config.output_buffer = io.StringIO()
        config.attributes["url"] = self.engine.url
        command.upgrade(config, revision, sql=True)
        return buffer.getvalue().strip()

    async def changes(self) -> list[str]:
        """Return the operations that autogenerate would write now, one text each."""

        def compare(connection: Connection) -> list[str]:
            options = {"compare_server_default": True, **self.options}
            context = MigrationContext.configure(connection, opts=options)
            operations = produce_migrations(context, self.metadata or MetaData()).upgrade_ops
            return [] if operations is None else _operations(render_python_code(operations))

        async with self.engine.connect() as connection:
            return await connection.run_sync(compare)

    def command_line(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the real ``alembic`` in a process of its own: about half a second.

        The metadata lives in this process, so ``--autogenerate`` and ``check`` have none there.
        """
        url = self.engine.url.render_as_string(hide_password=False)
        return subprocess.run(
            [sys.executable, "-m", "alembic", "-c", str(self.folder / "alembic.ini"), *arguments],
            env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )

    def _config(self, *, quiet: bool = False) -> Config:
        return Config(
            str(self.folder / "alembic.ini"),
            stdout=io.StringIO(),
            cmd_opts=Namespace(quiet=quiet),
            attributes={"metadata": self.metadata, "options": self.options},
        )

    async def _run(
        self,
        call: Callable[[Config], Any],
        connection: AsyncConnection | None = None,
        *,
        quiet: bool = False,
    ) -> str:
        config = self._config(quiet=quiet)

        def on_connection(sync: Connection) -> None:
            config.attributes["connection"] = sync
            call(config)

        if connection is not None:
            await connection.run_sync(on_connection)
        else:
            async with self.engine.connect() as own:
                await own.run_sync(on_connection)
        return _printed(config)

    def _revision(self, rev_id: str) -> Revision:
        script = ScriptDirectory.from_config(self._config()).get_revision(rev_id)
        return Revision(rev_id, Path(script.path))


def revision_id(message: str) -> str:
    """Return words of ``message`` as an identifier of at most 32 characters.

    Alembic's own identifiers are random; 32 is the width of ``alembic_version.version_num``.
    """
    words = re.findall(r"[a-z0-9]+", message.lower())
    while len("_".join(words)) > LONGEST_ID and len(words) > 1:
        words.pop()
    return "_".join(words)[:LONGEST_ID]


def _operations(code: str) -> list[str]:
    function = "def upgrade():\n" + code
    (definition,) = ast.parse(textwrap.dedent(function)).body
    assert isinstance(definition, ast.FunctionDef)
    lines = [ast.get_source_segment(function, statement) or "" for statement in definition.body]
    return [re.sub(r"\s*\n\s*", " ", line) for line in lines if line != "pass"]


def _printed(config: Config) -> str:
    assert isinstance(config.stdout, io.StringIO)
    return config.stdout.getvalue().strip()
