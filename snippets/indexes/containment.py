"""Find documents by what they contain, and the smallest index that serves it.

Buys: one question for any combination of keys, served by one GIN index with ``jsonb_path_ops``;
values keep their JSON types, so the number 7 is found as 7.0 and not as the text "7".
Needs: a JSONB column whose documents are objects.
Limits: equality and membership only: for ``<``, sorting and LIKE, index an expression. A list
matches where each of its items is present, in any order; None matches a JSON null and not an
absent key. Each write adds an index entry for every value in the document.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Index
from sqlalchemy.orm import InstrumentedAttribute


def containing(
    column: InstrumentedAttribute[Any], attributes: Mapping[str, Any]
) -> ColumnElement[bool]:
    """Return the condition of the rows whose ``column`` holds all of ``attributes``.

    Adds no statements. Raises ValueError for an empty object or list at any depth, which nearly
    every document contains and no index finds, for keys that are not text, and for values that
    JSON does not have.
    """
    _refuse_vague(attributes)
    try:
        json.dumps(attributes, allow_nan=False)
    except TypeError as error:
        raise ValueError(f"JSON has no such value: {error}") from error
    condition: ColumnElement[bool] = column.contains(attributes)
    return condition


def containment_index(column: InstrumentedAttribute[Any]) -> Index:
    """Return the GIN index that ``containing`` uses; it joins the table of ``column``.

    Call it after the model's class, once. The name follows the metadata's naming convention.
    """
    operators = {column.key: "jsonb_path_ops"}
    return Index(None, column, postgresql_using="gin", postgresql_ops=operators)


def _refuse_vague(value: Any) -> None:
    if isinstance(value, Mapping | list | tuple) and not value:
        raise ValueError("an empty object or list matches nearly every document")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("the keys of a JSON object are text")
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for part in value:
        _refuse_vague(part)
