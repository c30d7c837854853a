"""Whether a statement could wait for the locks of a prepared transaction.

One backend that waits for a lock waits for ever: nobody else runs who could end the transaction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tab.asides import Prepared
from tab.backend import Backend, literal
from tab.refusals import without_noise

_I = re.IGNORECASE
_READS = re.compile(
    r"\s*(?:select|with|values|table|show|explain|begin|start|commit|end|rollback|abort|savepoint"
    r"|release|set|reset|fetch|close)\b",
    _I,
)
LOCKS_ROWS = re.compile(r"\bfor\s+(?:no\s+key\s+)?(?:update|(?:key\s+)?share)\b", _I)
_PASSES_BY = re.compile(r"\bskip\s+locked\b|\bnowait\b", _I)
_WRITES = re.compile(r"\b(?:insert|update|delete|merge)\b(?!\s+of\b)", _I)
_INSERT = re.compile(r"\s*insert\s+into\s+((?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?)", _I)
# Waits come from equal keys, from rows that a foreign key refers to, and from triggers.
_APART = """
select relkind = 'r'
   and not exists (select from pg_trigger where tgrelid = into_ and not tgisinternal)
   and not exists (select from pg_constraint
                   where conrelid = into_ and contype = 'f' and confrelid = any ({changed}))
   and (into_ <> all ({tables}) or not exists (
       select from pg_index join unnest(indkey) as column_ on true
            left join pg_attribute on attrelid = into_ and attnum = column_
       where indrelid = into_ and (indisunique or indisexclusion)
         and atttypid is distinct from 'uuid'::regtype))
from pg_class join to_regclass({name}) as into_ on pg_class.oid = into_
"""


def might_wait(backend: Backend, sql: str, beside: Sequence[Prepared]) -> bool:
    """Whether ``sql`` could wait for one of ``beside``, as far as can be told before it runs."""
    if not beside:
        return False
    bare = without_noise(sql).strip().rstrip(";")
    if ";" in bare:
        return True
    if _READS.match(bare):
        locks = LOCKS_ROWS.search(bare)
        writes = _WRITES.search(LOCKS_ROWS.sub("", bare))
        return bool(writes or (locks and not _PASSES_BY.search(bare)))
    into = _INSERT.match(bare)
    if into is None or re.search(r"\bon\s+conflict\b", bare, _I) or LOCKS_ROWS.search(bare):
        return True
    apart = _APART.format(
        name=literal(into[1]),
        changed=_array(set().union(*(each.changed for each in beside))),
        tables=_array(set().union(*(each.tables for each in beside))),
    )
    return backend.rows(apart) != [["t"]]


def _array(oids: set[int]) -> str:
    return "'{" + ",".join(map(str, sorted(oids))) + "}'::oid[]"
