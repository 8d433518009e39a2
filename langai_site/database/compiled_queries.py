"""Queries that Django compiles once.

Building a query takes five times as long as running one on an index. For every message that adds up, so these few
queries are compiled at their first use, and then only their parameters change.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)


class _Compiled(NamedTuple):
    compiler: SQLCompiler
    sql: str
    # For each placeholder its parameter's name, or the constant that belongs there.
    slots: list[tuple[str, Any]]


class CompiledQuery:
    """The query of `build`, a `values_list` or one of whole objects, for any values of its parameters.

    `examples` are one value for each parameter, as unlikely as possible: each place where one occurs among the compiled
    query's own parameters becomes the place of that parameter. Integers, strings and UUIDs can be parameters; lists
    cannot.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], **examples: int | str | UUID) -> None:
        self._build = build
        self._examples = examples
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, **values: int | str | UUID) -> list[Any]:
        """Return the query's rows as tuples, converted as Django would."""
        vendor = connection.vendor
        if vendor not in self._compiled:
            self._compiled[vendor] = self._compile()
        compiler, sql, slots = self._compiled[vendor]
        with connection.cursor() as cursor:
            cursor.execute(sql, [_like(known, values[name]) if name else known for name, known in slots])
            return list(compiler.results_iter([cursor.fetchall()], tuple_expected=True))

    def objects(self, model: type[M], **values: int | str | UUID) -> list[M]:
        """Return the rows as objects of `model`, of whose columns the query has all."""
        names = [field.attname for field in model._meta.concrete_fields]
        return [model.from_db(connection.alias, names, row) for row in self.rows(**values)]

    def _compile(self) -> _Compiled:
        compiler = self._build(**self._examples).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        slots = [(self._name_of(param), param) for param in params]
        if missing := self._examples.keys() - {name for name, _ in slots}:
            raise ValueError(f"the query has no parameter {', '.join(sorted(missing))}")
        return _Compiled(compiler, sql, slots)

    def _name_of(self, param: object) -> str:
        return next((name for name, example in self._examples.items() if _stands_for(param, example)), "")


def _stands_for(param: object, example: object) -> bool:
    return param == example or (isinstance(example, UUID) and param == example.hex)


def _like(known: object, value: Any) -> Any:  # noqa: ANN401 - what the database's driver takes
    """Return `value` in the database's form of this parameter: SQLite keeps a UUID as hexadecimal digits."""
    return value.hex if isinstance(value, UUID) and isinstance(known, str) else value
