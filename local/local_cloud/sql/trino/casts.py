"""Casts: which texts Trino converts, and what of a value it keeps."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local_cloud.sql.trino.nodes import call, in_try, refuse

# Digits of a second.
_DEFAULT, _PRECISE = 3, 6
_INTEGERS = (exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT)
_NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
_DATE = r"\s*[+-]?\d{4,}-\d{1,2}-\d{1,2}"
# Texts that Trino casts to a type, and its name. Those of times are of DATETIME_PATTERN in Trino's DateTimes: a space
# between date and time, and no zone.
_TEXTS = {
    "integer": (r"[+-]?\d+", "BIGINT"),
    "double": (rf"\s*({_NUMBER}|NaN|[+-]?Infinity)\s*", "DOUBLE"),
    "decimal": (_NUMBER, "DECIMAL"),
    "boolean": ("(?i)t|true|1|f|false|0", "BOOLEAN"),
    "date": (rf"{_DATE}\s*", "date"),
    "timestamp": (rf"{_DATE}( \d{{1,2}}:\d{{1,2}}(:\d{{1,2}}(\.\d+)?)?)?\s*", "timestamp"),
}
_GUARDS = {
    **dict.fromkeys(_INTEGERS, "integer"),
    exp.DType.DOUBLE: "double",
    exp.DType.FLOAT: "double",
    exp.DType.DECIMAL: "decimal",
    exp.DType.BOOLEAN: "boolean",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
}

# Of one definition each, since a text may come from an aggregate.
MACROS = tuple(
    macro
    for name, (pattern, target) in _TEXTS.items()
    for macro in (
        f"""trino_text_of_{name}(x) as case
            when typeof(x) = 'VARCHAR' and not regexp_full_match(x::varchar, '{pattern}')
            then error('INVALID_CAST_ARGUMENT: ' || case when '{target}' in ('date', 'timestamp')
            then 'Value cannot be cast to {target}: ' || x::varchar
            else 'Cannot cast ''' || x::varchar || ''' to {target}' end) else x end""",
        f"""trino_try_text_of_{name}(x) as case when typeof(x) = 'VARCHAR'
            and not regexp_full_match(x::varchar, '{pattern}') then null else x end""",
    )
)


def cast(node: Any) -> Any:
    """Let a text through only in the form that Trino takes, and round as it does."""
    lenient = isinstance(node, exp.TryCast) or in_try(node)
    kind, value = node.to.this, node.this
    if kind in (exp.DType.VARCHAR, exp.DType.TEXT):
        return _text(node)
    if kind == exp.DType.JSON:
        return call("to_json", value)
    if kind == exp.DType.CHAR:
        return refuse("CHAR pads with spaces, which is not reproduced locally; use VARCHAR")(node)
    if kind not in _GUARDS:
        return node
    guarded = call(f"trino_{'try_' if lenient else ''}text_of_{_GUARDS[kind]}", value)
    if kind in _INTEGERS and not value.is_int:
        guarded = call("trino_rounded", guarded)
    node.set("this", guarded)
    return _timestamp(node, literal=isinstance(value, exp.Literal)) if kind == exp.DType.TIMESTAMP else node


def _timestamp(node: Any, *, literal: bool) -> Any:
    """Keep as many digits of a second as the type has; a literal has a type with its own."""
    given = int(node.to.expressions[0].name) if node.to.expressions else _DEFAULT
    if given not in (_DEFAULT, _PRECISE) and not (literal and given < _DEFAULT):
        return refuse(f"timestamp({given}) is not reproduced locally; use timestamp(3) or timestamp(6)")(node)
    node.set("to", exp.DataType.build("timestamp"))
    return call("trino_microseconds" if given == _PRECISE else "trino_milliseconds", node.copy())


def _text(node: Any) -> Any:
    value = node.this
    text = value if isinstance(value, exp.Literal) and value.is_string else call("trino_text", value)
    if not node.to.expressions:
        return text
    # The value is cut off to the length.
    return call("trino_shortened", text, value.copy(), node.to.expressions[0].this.copy())
