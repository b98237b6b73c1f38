"""Rules by a condition on columns, as SQL has them after WHERE; DuckDB evaluates them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from functools import lru_cache
from typing import Any

import pyarrow as pa

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.registry import register

SETTINGS: dict[
    str, str | bool | int | float | list[str]
] = {  # nothing but the rows is read, and nothing is written
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "threads": "1",
}
NOT_OF_A_ROW = {"SUBQUERY": "a query", "WINDOW": "a window function", "STAR": "*", "PARAMETER": "a parameter"}


@register("rules", "where", source="DuckDB: Raasveldt & Mühleisen 2019", extra="labelworks[rules]")
def where(table: pa.Table, *, condition: str = "") -> pa.Array:
    """Fires where the condition is true (n,); null where it is unknown, as SQL's three-valued logic has it.

    A row whose values make the condition fail, as a text cast to a number, is told by `failed`. Raises
    ConfigError where it is no condition on the columns of the table.
    """
    return _true(table, condition, attempt=False)


def failed(table: pa.Table, condition: str) -> tuple[pa.Array, pa.Array]:
    """As `where`, null too where the condition fails on a row, and which rows these are (n,)."""
    answers = _true(table, condition, attempt=True)
    code = f"coalesce(cast(({condition}\n) as tinyint), 2)"
    known = _evaluated(table, f"try({code}) is null")
    return answers, known


@lru_cache
def read_condition(condition: str) -> tuple[str, ...]:
    """Return the columns that a condition reads; ConfigError where it is none, or not of one row alone."""
    with closing(_connection()) as connection:
        return _columns_read(connection, condition)


def _columns_read(connection: Any, condition: str) -> tuple[str, ...]:
    _parsed(connection, f"({condition}\n)")
    expressions = list(_expressions(_parsed(connection, condition)))  # whole without the brackets too
    for expression in expressions:
        if what := NOT_OF_A_ROW.get(expression["class"]):
            raise ConfigError(f"a condition is on one row alone, and this holds {what}", fix=_FIX)
    for name in {
        expression["function_name"] for expression in expressions if expression["class"] == "FUNCTION"
    }:
        _check_function(connection, name)
    return tuple(
        dict.fromkeys(
            expression["column_names"][0] for expression in expressions if expression["class"] == "COLUMN_REF"
        )
    )


def _parsed(connection: Any, expression: str) -> Any:
    """The one expression of a query that is nothing else; ConfigError where it isn't."""
    (text,) = connection.execute("select json_serialize_sql(?)", [f"select {expression}"]).fetchone()
    parsed = json.loads(text)
    if parsed.get("error"):
        raise ConfigError(f"no condition of SQL: {parsed.get('error_message', '')}", fix=_FIX)
    nodes = [statement["node"] for statement in parsed["statements"]]
    if len(nodes) != 1 or not _plain(nodes[0]):
        raise ConfigError("no condition of SQL: it ends before its end", fix=_FIX)
    return nodes[0]["select_list"][0]


def _plain(node: dict[str, Any]) -> bool:
    """Whether a query is nothing but one value."""
    empty = node.get("from_table", {}).get("type") == "EMPTY" and node.get("where_clause") is None
    return node["type"] == "SELECT_NODE" and empty and len(node["select_list"]) == 1 and not node["modifiers"]


def _expressions(node: Any) -> Iterator[dict[str, Any]]:
    """Every expression in a parsed one."""
    if isinstance(node, list):
        for child in node:
            yield from _expressions(child)
    elif isinstance(node, dict):
        if "class" in node:
            yield node
        for child in node.values():
            yield from _expressions(child)


def _check_function(connection: Any, name: str) -> None:
    """Raise ConfigError for what is no function of a row's values alone; operators are functions too."""
    asked = "select function_type, stability from duckdb_functions() where function_name = ?"
    kinds = connection.execute(asked, [name.lower()]).fetchall()
    if kinds and not any(kind in ("scalar", "macro") for kind, _ in kinds):
        raise ConfigError(f"{name} is no function of one row ({kinds[0][0]})", fix=_FIX)
    if kinds and not any(stability in (None, "CONSISTENT") for _, stability in kinds):
        raise ConfigError(f"{name} gives another value every time, and labels would", fix=_FIX)


def _true(table: pa.Table, condition: str, *, attempt: bool) -> pa.Array:
    query = f"cast(({condition}\n) as boolean)"
    return _evaluated(table, f"try({query})" if attempt else query)


def _evaluated(table: pa.Table, expression: str) -> pa.Array:
    """The values of an expression on the rows of a table, in order."""
    import duckdb

    try:
        with closing(_connection()) as connection:
            connection.register("rows", table)
            evaluated = connection.sql(f"select {expression} as told from rows")  # noqa: S608 - checked before
            return evaluated.to_arrow_table()["told"].combine_chunks()
    except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
        raise ConfigError(f"not on these columns: {_first_lines(error)}", fix=_columns(table)) from error


def _connection() -> Any:
    """A connection of its own, to be closed: it alone knows the rows that are registered with it."""
    return _database().cursor()


@lru_cache
def _database() -> Any:
    """One of this process, of nothing: to open it takes as long as thousands of rows."""
    try:
        import duckdb
    except ImportError as error:
        raise ConfigError(
            "a rule by `where` needs DuckDB, which isn't installed", fix="pip install 'labelworks[rules]'"
        ) from error
    connection = duckdb.connect(config=SETTINGS)
    # else what occurs twice is taken out of try(), and fails for all rows
    connection.execute("set disabled_optimizers = 'common_subexpressions'")
    connection.execute("set lock_configuration = true")
    return connection


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).partition("\n\nLINE")[0].split())


def _columns(table: pa.Table) -> str:
    return f"columns: {', '.join(table.column_names)}"


_FIX = (
    "write what stands after WHERE, on the columns of one row, such as: amount > 100 AND city ILIKE 'york%'"
)
