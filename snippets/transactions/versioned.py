"""A version on each row, so that a change made from an old copy is refused, not merged over.

Buys: of two writers that began from the same version, the second is told; also where the copy
was a form that a client read some requests ago.
Needs: a NOT NULL column ``version``; the mixin before others with ``__mapper_args__``, such as
``Timestamps``. The client sends back the version that it read, as an ETag or a field.
Limits: only the flush moves the version: ``update()``, upserts and SQL text neither check nor
move it. A change of a child does not move its parent's. One UPDATE for each changed object. The
refused transaction must be rolled back.
"""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.orm.exc import StaleDataError


class Versioned:
    """Adds ``version``, which is 1 in a new row and one more after each UPDATE or flush.

    A flush sends ``UPDATE … WHERE id = … AND version = …`` and raises StaleDataError where no
    row matches. It adds no statements. Raises TypeError for a model where another mixin's
    ``__mapper_args__`` would hide this one's.
    """

    version: Mapped[int] = mapped_column(server_default=text("1"))

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version, "eager_defaults": True}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        mapper = getattr(cls, "__mapper__", None)
        if mapper is not None and mapper.version_id_col is None:
            raise TypeError(f"{cls.__name__}: put Versioned before the other mixins")


def require_version(row: Versioned, version: int) -> None:
    """Raise StaleDataError unless ``row`` still has the ``version`` that its reader saw.

    Sends nothing: read the row fresh before, and let its flush guard the time until then.
    Raises TypeError for a version that is no int.
    """
    if not isinstance(version, int) or isinstance(version, bool):
        raise TypeError(f"a version is an int, not {type(version).__name__}")
    if row.version != version:
        raise StaleDataError(f"version {version} was read, {row.version} is current: read again")
