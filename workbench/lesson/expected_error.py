"""Run code that must fail, and show what the database said instead of a traceback."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from types import TracebackType

from IPython.display import display

from workbench.lesson.database_error import described
from workbench.lesson.values import ValueNames
from workbench.markdown import MimeBundle, bundle, fenced


class ExpectedError[E: BaseException](AbstractContextManager["ExpectedError[E]"]):
    """Holds the caught error as ``error`` and shows its message."""

    error: E

    def __init__(self, *kinds: type[E], match: str | None = None) -> None:
        self._kinds = kinds
        self._match = match

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        names = " or ".join(kind.__name__ for kind in self._kinds)
        if error is None:
            raise AssertionError(f"expected {names}, but nothing was raised")
        if not isinstance(error, self._kinds):
            return False
        self.error = error
        if self._match is not None and not re.search(self._match, str(self)):
            raise AssertionError(f"expected {names} matching {self._match!r}, got: {self}")
        display(self)
        return True

    def __str__(self) -> str:
        return ValueNames().text(described(self.error))

    def _repr_mimebundle_(self, **_: object) -> MimeBundle:
        return bundle(fenced(str(self), language="text"), str(self), kind="error")


def expect[E: BaseException](*kinds: type[E], match: str | None = None) -> ExpectedError[E]:
    """Fail unless the ``with`` block raises one of ``kinds``; show the error's message.

    ``match`` is a regular expression to find in what is shown. Raises AssertionError when
    nothing was raised or the message does not match; an error of another kind passes through.
    """
    return ExpectedError(*kinds, match=match)
