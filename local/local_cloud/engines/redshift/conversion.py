"""Conversion of a text into a column of a table, as COPY does it.

https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-conversion.html
"""

from __future__ import annotations

import re

from local_cloud.sql.duck import identifier

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
# A number of more digits was read as a double before it became a text.
_EXACT_DIGITS = 15

MACROS = (
    """redshift_integer(v) as case when regexp_full_match(v, '[+-]?[0-9]+') then v
        else error('Invalid digit, Value ''' || v || '''') end""",
    # Digits beyond the scale are cut off, not rounded.
    """redshift_truncated(v, s) as case when not regexp_full_match(v, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)')
        then error('Invalid digit, Value ''' || v || '''')
        when s = 0 then regexp_replace(regexp_replace(v, '[.].*', ''), '^([+-]?)$', '\\10')
        else regexp_replace(v, '([.][0-9]{' || s || '})[0-9]+$', '\\1') end""",
    """redshift_timestamp(v) as case when contains(v, 'T')
        then error('Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]: ' || v) else v end""",
    f"""redshift_exact(v) as case when length(regexp_replace(v, '[^0-9]', '', 'g')) > {_EXACT_DIGITS}
        then error('a decimal of more than {_EXACT_DIGITS} digits in JSON is not reproduced by the local warehouse')
        else v end""",
)


def converted(name: str, kind: str, *, rounds: bool, any_time: bool, json: bool = False) -> str:
    """Return the value of a column whose text is called by the column's name.

    Parameters
    ----------
    name: str
        The column.
    kind: str
        Its type in DuckDB.
    rounds: bool
        Whether decimals are rounded (ROUNDEC) rather than truncated.
    any_time: bool
        Whether timestamps may be written in any format (TIMEFORMAT 'auto').
    json: bool
        Whether the text was a value of a JSON document.
    """
    column = identifier(name)
    if kind in ("VARCHAR", "JSON"):
        return column
    # An empty field is NULL unless the column holds text.
    text = f"nullif(trim({column}), '')"
    decimal = re.fullmatch(r"DECIMAL\(\d+,\s*(\d+)\)", kind)
    if decimal:
        text = f"redshift_exact({text})" if json else text
        text = text if rounds else f"redshift_truncated({text}, {decimal[1]})"
    elif kind in _INTEGERS:
        text = f"redshift_integer({text})"
    elif kind.startswith("TIMESTAMP") and not any_time:
        text = f"redshift_timestamp({text})"
    return f"cast({text} as {kind})"
