"""A test that finds the names which SQL reaches only in double quotes.

Buys: a table ``user`` or a column ``order`` is found before somebody types it into psql, where
it is a syntax error or, worse, another thing of that name.
Needs: a connection to the PostgreSQL that the project uses: it knows its own keywords.
Limits: a newer server can reserve more words; names of constraints and indexes are not read,
since queries do not use them.
"""

import re

from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection

_KEYWORDS = text("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')")
_PLAIN = re.compile(r"[^\W\d][\w$]*")


async def reserved_names(connection: AsyncConnection, metadata: MetaData) -> list[str]:
    """Return a line for each schema, table and column whose name needs quotes, or is cut.

    A name is in the list if the server reserves the word, if it has capitals, spaces or other
    characters that an unquoted name cannot have, or if it is longer than 63 bytes. Costs one
    statement. Raises ValueError where the metadata has no tables.
    """
    if not metadata.tables:
        raise ValueError("the metadata has no tables: import the models first")
    keywords = set(await connection.scalars(_KEYWORDS))
    places: dict[str, str] = {}
    for table in metadata.tables.values():
        if table.schema:
            places[f"schema {table.schema}"] = table.schema
        places[f"table {table.fullname}"] = table.name
        places |= {f"column {table.fullname}.{column.name}": column.name for column in table.c}
    return [
        f"{place}: {problem}"
        for place, name in places.items()
        if (problem := _problem(name, keywords))
    ]


def _problem(name: str, keywords: set[str]) -> str | None:
    if name in keywords:
        return "reserved"
    if name != name.lower() or not _PLAIN.fullmatch(name):
        return "needs quotes"
    return "longer than 63 bytes" if len(name.encode()) > 63 else None
