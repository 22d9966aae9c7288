"""Trino's grammar, where sqlglot's parser takes more: other dialects' operators, clauses, functions and literals.

Above 200 lines: tables of what the grammar of Trino has and has not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from local_cloud.errors import LocalCloudError
from local_cloud.sql.trino.names import GRAMMAR, RUNS, TRINO, names

_WORD = re.compile(r"[A-Za-z_]\w*")
_TEXTS = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.UNICODE_STRING, TokenType.HEX_STRING)
_SYMBOLS = names("( ) [ ] , . - + * / % < <= > >= = <> != -> || ? => ;")
# FOR SYSTEM_TIME AS OF is of an older version of Athena.
_OLDER_VERSIONS = ("system_time", "system_version")
_SET_OPERATIONS = (TokenType.UNION, TokenType.INTERSECT, TokenType.EXCEPT)
# Words that a value stands after.
_BEFORE_VALUES = names(
    """
    select distinct where having on and or not in by when then else case between like as values all any
    """
)
# What a list may not end before.
_AFTER_A_LIST = (TokenType.FROM, TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.WHERE, TokenType.GROUP_BY)
_OPERATORS_OF_OTHERS = (TokenType.RLIKE, TokenType.ILIKE, TokenType.GLOB, TokenType.ISNULL, TokenType.NOTNULL)

# Nodes of sqlglot's trees that Trino's grammar has, besides functions, which are checked by their names.
_NODES = names(
    """
    Add Alias All And Any Array AtTimeZone Between BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Boolean Bracket CTE Case
    Column ColumnDef Command Create Cross Cube DPipe DataType DataTypeParam Delete Distinct Div Dot EQ Escape Except
    Exists Fetch FileFormatProperty Filter From GT GTE Group GroupingSets Having HexString Identifier If IgnoreNulls In
    Insert Intersect Interval IntervalSpan Is JSONPath JSONPathKey JSONPathRoot JSONPathSubscript Join LT LTE Lambda
    Lateral Like Limit LimitOptions Literal LocationProperty Merge Mod Mul NEQ Neg Not Null NullSafeEQ NullSafeNEQ
    Offset Or Order Ordered Paren PartitionedByProperty Placeholder Properties Property RespectNulls Rollup Schema
    Select Star Struct Sub Subquery Table TableAlias TableSample Tuple Union UnicodeString Unnest Update Values Var
    Version When Whens Where Window WindowSpec With WithDataProperty WithinGroup
    """
)
# Clauses that make another statement of a node that Trino has.
_FOREIGN: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: names(
        """
        kind hint into operation_modifiers laterals match prewhere qualify sort cluster distribute locks sample settings
        format options connect for_ pivots windows exclude
        """
    ),
    exp.Star: names("except_ replace rename ilike"),
    exp.Distinct: names("on"),
    exp.Union: names("by_name side kind on"),
    exp.Except: names("by_name side kind on"),
    exp.Intersect: names("by_name side kind on"),
    exp.Table: names("pivots hints when only joins rows_from changes partition"),
    exp.Subquery: names("pivots"),
    exp.Group: names("all totals"),
    exp.Create: names("unique indexes clone shallow copy no_schema_binding begin end"),
    exp.Insert: names("overwrite hint on conflict returning ignore by_name stored alternative where"),
    exp.Update: names("from_ returning order limit with_ options"),
    exp.Delete: names("tables using cluster returning order limit with_ hint"),
    exp.Merge: names("returning with_ using_cond"),
    exp.JSONExtract: names("only_json_types"),
    exp.JSONExtractScalar: names("only_json_types"),
}
_JOINS = ("", "INNER", "OUTER", "CROSS")
_TYPES = names(
    """
    ARRAY BIGINT BOOLEAN CHAR DATE DECIMAL DOUBLE FLOAT INT INTERVAL JSON MAP SMALLINT STRUCT TIME TIMESTAMP TIMESTAMPTZ
    TINYINT UNKNOWN VARBINARY VARCHAR
    """
)
_INTERVALS = ("SECOND", "MINUTE", "HOUR", "DAY", "MONTH", "YEAR")
# Forms of a node that Trino refuses, and its words for each.
_FORMS: tuple[tuple[type[exp.Expr], Callable[[Any], bool], str], ...] = (
    (exp.JSONExtract, lambda node: "only_json_types" in node.args, "Athena has no operator ->"),
    (exp.Is, lambda node: not isinstance(node.expression, exp.Null), "IS compares with NULL only"),
    (
        exp.Version,
        lambda node: node.args.get("kind") != "AS OF",
        "a version is FOR TIMESTAMP AS OF or FOR VERSION AS OF",
    ),
    (exp.Like, lambda node: isinstance(node.expression, (exp.Any, exp.All)), "LIKE takes one pattern"),
    (exp.Between, lambda node: bool(node.args.get("symmetric")), "BETWEEN SYMMETRIC is not in Athena's SQL"),
    (exp.Unnest, lambda node: not isinstance(node.parent, (exp.From, exp.Join)), "UNNEST stands only after FROM"),
    (exp.DataType, lambda node: getattr(node.this, "name", "") not in _TYPES, "Unknown type"),
    (
        exp.Interval,
        lambda node: (
            not (isinstance(node.this, exp.Literal) and node.this.is_string)
            or getattr(node.args.get("unit"), "name", "").upper() not in _INTERVALS
            or not re.fullmatch(r"[+-]?\d+", node.this.name)
        ),
        "an interval is written INTERVAL '1' DAY, with a whole number",
    ),
)


def parse(sql: str) -> exp.Expr:
    """Parse one statement by Trino's grammar.

    Raises
    ------
    LocalCloudError
        With the position of what Trino does not take, or with a function that does not run here.
    """
    try:
        tokens = sqlglot.tokenize(sql, read="trino")
    except SqlglotError as error:
        raise LocalCloudError(f"SYNTAX_ERROR: line 1:1: {str(error).splitlines()[0]}") from None
    try:
        tree = parse_hive(sql)
    except LocalCloudError:
        # A function that does not run here may be what the parser stumbled over.
        _check_names(tokens, set())
        raise
    _check_tokens(tokens)
    _check_order_of_limits(tokens)
    _check_names(tokens, _named_with_columns(tree))
    _check_nodes(tree)
    return tree


def parse_hive(sql: str) -> exp.Expr:
    """Parse one statement, such as Hive's CREATE EXTERNAL TABLE, as sqlglot does.

    Raises
    ------
    LocalCloudError
        With the parser's message and position.
    """
    try:
        statements = [found for found in sqlglot.parse(sql, read="athena") if found is not None]
    except SqlglotError as error:
        first: dict[str, Any] = next(iter(getattr(error, "errors", [])), {})
        raise LocalCloudError(
            f"SYNTAX_ERROR: line {first.get('line', 1)}:{first.get('col', 1)}: "
            f"{first.get('description', str(error))} near {first.get('highlight', '')!r}"
        ) from None
    if len(statements) != 1:
        raise LocalCloudError("SYNTAX_ERROR: only one statement can be run at a time")
    return statements[0]


def _unexpected(token: Any) -> LocalCloudError:
    return LocalCloudError(f"SYNTAX_ERROR: line {token.line}:{token.col}: mismatched input {token.text!r}")


def _check_tokens(tokens: Sequence[Any]) -> None:
    for token in tokens:
        if token.token_type in _TEXTS or token.token_type == TokenType.NUMBER:
            continue
        words = token.text.split()
        if token.text not in _SYMBOLS and not all(_WORD.fullmatch(word) for word in words):
            raise _unexpected(token)
    first = next(iter(tokens), None)
    if first is not None and first.token_type == TokenType.FROM:
        raise _unexpected(first)
    for token, after in pairwise(tokens):
        kinds = (token.token_type, after.token_type)
        if (
            (after.token_type == TokenType.FROM and token.token_type in (TokenType.L_PAREN, *_SET_OPERATIONS))
            or (token.token_type == TokenType.COMMA and after.token_type in _AFTER_A_LIST)
            or kinds in ((TokenType.ALIAS, TokenType.STRING), (TokenType.STAR, TokenType.STAR))
            or (token.token_type == TokenType.NUMBER and token.end + 1 == after.start and _WORD.match(after.text))
            or (kinds[0] == TokenType.ORDER_BY and after.text.upper() == "ALL")
            or (kinds[0] == TokenType.NUMBER and after.text.upper() == "PERCENT")
            or kinds == (TokenType.STRING, TokenType.STRING)
            or (after.token_type == TokenType.L_BRACKET and not _takes_a_bracket(token))
            or (kinds == (TokenType.ALIAS, TokenType.FLOAT) and after.text.upper() == "FLOAT")
            or after.token_type in _OPERATORS_OF_OTHERS
            or (token.token_type == TokenType.FOR and after.text.lower() in _OLDER_VERSIONS)
        ):
            raise _unexpected(after)


def _takes_a_bracket(token: Any) -> bool:
    """Say whether an array or a subscript may follow: Trino has no array without the word ARRAY."""
    return (
        token.token_type in (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.IDENTIFIER, TokenType.VAR)
        or token.text.lower() == "array"
        or (bool(_WORD.fullmatch(token.text)) and token.text.lower() not in _BEFORE_VALUES)
    )


def _check_order_of_limits(tokens: Sequence[Any]) -> None:
    """Refuse OFFSET after LIMIT: Athena wants it before (https://docs.aws.amazon.com/athena/latest/ug/select.html)."""
    limited = [False]
    for token, after in pairwise(tokens):
        counts = after.token_type in (TokenType.NUMBER, TokenType.PLACEHOLDER, TokenType.ALL)
        if token.token_type == TokenType.L_PAREN:
            limited.append(False)
        elif token.token_type == TokenType.R_PAREN and len(limited) > 1:
            limited.pop()
        elif token.token_type == TokenType.SELECT or token.token_type in _SET_OPERATIONS:
            limited[-1] = False
        elif token.token_type in (TokenType.LIMIT, TokenType.FETCH):
            limited[-1] = limited[-1] or counts or token.token_type == TokenType.FETCH
        elif token.token_type == TokenType.OFFSET and counts and limited[-1]:
            raise _unexpected(token)


def _check_nodes(tree: exp.Expr) -> None:
    for node in tree.walk():
        if not isinstance(node, exp.Func) and type(node).__name__ not in _NODES:
            raise LocalCloudError(f"SYNTAX_ERROR: {node.key.upper()} is not in Athena's SQL, or not read locally")
        foreign = [name for name in _FOREIGN.get(type(node), ()) if node.args.get(name)]
        if foreign:
            clause = foreign[0].strip("_").upper()
            raise LocalCloudError(f"SYNTAX_ERROR: {clause} of {node.key.upper()} is not in Athena's SQL")
        if isinstance(node, exp.Join) and (
            (node.args.get("kind") or "").upper() not in _JOINS or (node.args.get("method") or "NATURAL") != "NATURAL"
        ):
            raise LocalCloudError(f"SYNTAX_ERROR: Athena has no {node.args.get('method') or node.args['kind']} JOIN")
        wrong = next((reason for kind, found, reason in _FORMS if isinstance(node, kind) and found(node)), None)
        if wrong:
            raise LocalCloudError(f"SYNTAX_ERROR: {wrong}: {node.sql(dialect='trino')}")


def _named_with_columns(tree: exp.Expr) -> set[str]:
    """Return the names that have a list of columns behind them, as in `t(a, b)`: they are no functions."""
    aliases = {alias.name.lower() for alias in tree.find_all(exp.TableAlias) if alias.args.get("columns")}
    return aliases | {schema.this.name.lower() for schema in tree.find_all(exp.Schema) if schema.this}


def _check_names(tokens: Sequence[Any], others: set[str]) -> None:
    for token, after in pairwise(tokens):
        name = token.text.lower().split()[-1] if token.text.strip() else ""
        if after.token_type != TokenType.L_PAREN or token.token_type == TokenType.STRING or not _WORD.fullmatch(name):
            continue
        if name in RUNS or name in GRAMMAR or name in others:
            continue
        if name in TRINO or name.startswith("st_"):
            raise LocalCloudError(f"NOT_SUPPORTED: function {name}() of Trino is not available in the local Athena")
        raise LocalCloudError(f"FUNCTION_NOT_FOUND: line {token.line}:{token.col}: Function '{name}' not registered")
