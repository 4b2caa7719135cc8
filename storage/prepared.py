"""Statements that are prepared once: on SQLite nothing of SQLAlchemy's work for each execution is left but the types.

SQLAlchemy spends about a tenth of a millisecond on each execution of a statement, ten times what SQLite itself needs
for it. A statement whose shape never changes is therefore compiled once for a dialect (and once more for each length
of an IN list), and then goes straight to the driver, through the same bind and result processors. PostgreSQL, where
the network is what takes the time, gets the statement itself.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Protocol, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Row: TypeAlias = Mapping[str, Any]
Convert: TypeAlias = "Callable[[Any], Any] | None"


def at_most(rows: int) -> sa.ColumnElement[int]:
    """A LIMIT that never changes: written out, as SQLite plans a statement anew whenever its LIMIT is bound."""
    return sa.literal_column(str(rows), sa.Integer)


ONE = at_most(1)
# a LIMIT that is given, by the name “most”: SQLite only looks at what is bound if nothing is added to it
MOST = sa.bindparam("most", type_=sa.Integer) + sa.literal_column("0", sa.Integer)


class Found(Protocol):
    """What a prepared statement gives back: as much of SQLAlchemy's result as is needed. Rows have named columns."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def first(self) -> Any:
        """The first row, or None."""

    def one(self) -> Any:
        """The only row."""

    def all(self) -> Sequence[Any]:
        """Every row."""

    def scalar(self) -> Any:
        """The first column of the first row, or None."""

    def scalar_one(self) -> Any:
        """The first column of the only row."""

    def scalars(self) -> Any:
        """The first column of each row."""

    def __iter__(self) -> Iterator[Any]:
        """The rows."""


class Rows:
    """A `Found` that holds its rows."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def first(self) -> Any:
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        (row,) = self._rows
        return row

    def all(self) -> Sequence[Any]:
        return self._rows

    def scalar(self) -> Any:
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        return self.one()[0]

    def scalars(self) -> Any:
        return [row[0] for row in self._rows]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)


class Prepared:
    """A statement of fixed shape, made once in its module and run by `Tx.execute`.

    Values are given by the names of its bind parameters, or of an INSERT's columns; the rows of one execution have the
    same names. An INSERT that needs ON CONFLICT is given as a function of the dialect's own ``insert``.
    """

    __slots__ = ("_make",)

    def __init__(self, made: sa.Executable | Callable[[Any], sa.Executable]) -> None:
        self._make: Callable[[Any], sa.Executable] = made if callable(made) else lambda _insert: made

    def statement(self, dialect: sa.Dialect) -> sa.Executable:
        """The statement as SQLAlchemy knows it."""
        return self._make(sqlite.insert if dialect.name == "sqlite" else postgresql.insert)

    def run(self, driver: Any, dialect: sa.Dialect, rows: Row | Sequence[Row] | None) -> Rows:
        """Run it on a SQLite driver's own connection. Raises SQLAlchemy's errors."""
        many = not (rows is None or isinstance(rows, (dict, Mapping)))  # a dict is known as one at once
        first: Row = (rows[0] if many else rows) or {}  # type: ignore[index, assignment]
        form = self._form(dialect, first)
        try:
            if many:
                cursor = driver.executemany(form.sql, list(map(form.bound, rows)))  # type: ignore[arg-type]
                return Rows([], cursor.rowcount)
            cursor = driver.execute(form.sql, form.bound(first))
            return Rows(form.found(cursor.fetchall()) if form.row is not None else [], cursor.rowcount)
        except dialect.loaded_dbapi.Error as error:
            raised = sa.exc.DBAPIError.instance(
                form.sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
            )
            raise raised from error

    def _form(self, dialect: sa.Dialect, first: Row) -> _Form:
        names = (self, *first)
        try:
            forms = dialect.payvand_forms[names]  # type: ignore[attr-defined]
        except (AttributeError, KeyError):
            listed = tuple(name for name, value in first.items() if isinstance(value, list))
            forms = dialect.__dict__.setdefault("payvand_forms", {})[names] = (listed, {})
        listed, made = forms
        lengths = tuple([len(first[name]) for name in listed]) if listed else ()
        form: _Form | None = made.get(lengths)
        if form is None:
            form = made[lengths] = _Form(self.statement(dialect), dialect, first)
        return form


class _Form:
    """A statement compiled for one dialect and one set of names."""

    __slots__ = ("_converted", "_converts", "_getter", "_plan", "row", "sql")

    def __init__(self, statement: Any, dialect: sa.Dialect, first: Row) -> None:
        compiled = statement.compile(
            dialect=dialect, **({"column_keys": list(first)} if isinstance(statement, sa.Insert) else {})
        )
        missing = [name for bind, name in compiled.bind_names.items() if bind.required and name not in first]
        if missing:
            raise sa.exc.InvalidRequestError(f"A value is required for {', '.join(missing)}")
        state = compiled.construct_expanded_state(
            {name: first.get(name, bind.value) for bind, name in compiled.bind_names.items()}
        )
        listed = {part: (name, n) for name, parts in state.parameter_expansion.items() for n, part in enumerate(parts)}
        self.sql: str = state.statement
        # per place: the name of the given value (and its index in a list), or no name and the value itself
        self._plan: list[tuple[str | None, int | None, Any]] = []
        for place in state.positiontup or ():
            name, index = listed.get(place, (place, None))
            convert = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
            if name in first:
                self._plan.append((name, index, convert))
            else:
                value = state.parameters[place]
                self._plan.append((None, None, convert(value) if convert else value))
        # where every place is a given value, they are fetched at once and only some are converted
        whole = len(self._plan) > 1 and all(name is not None and index is None for name, index, _ in self._plan)
        self._getter = itemgetter(*(name for name, _, _ in self._plan)) if whole else None
        self._converted = [(place, convert) for place, (_, _, convert) in enumerate(self._plan) if convert]
        columns = {} if isinstance(statement, sa.TextClause) else dict(statement.exported_columns.items())
        self.row: Any = namedtuple("Row", columns, rename=True) if columns else None  # noqa: PYI024
        processors = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns.values()]
        self._converts = [(place, convert) for place, convert in enumerate(processors) if convert]

    def bound(self, row: Row) -> list[Any]:
        """The values of one row, converted, in the driver's order."""
        if self._getter is not None:
            values = list(self._getter(row))
            for place, convert in self._converted:
                values[place] = convert(values[place])
            return values
        values = []
        for name, index, convert in self._plan:
            if name is None:
                values.append(convert)
                continue
            value = row[name] if index is None else row[name][index]
            values.append(value if convert is None else convert(value))
        return values

    def found(self, rows: list[Any]) -> list[Any]:
        """The rows that came back, converted, their columns named."""
        make, converts = self.row._make, self._converts
        if not converts:
            return list(map(make, rows))
        made = []
        for row in rows:
            values = list(row)
            for place, convert in converts:
                values[place] = convert(values[place])
            made.append(make(values))
        return made
