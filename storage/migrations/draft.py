"""Writes the next migration from what differs between the newest one and `storage.schema`.

python -m storage.migrations.draft add_petitions     a new file on top
python -m storage.migrations.draft --first           the first one again (only before the first release)
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from storage import crypto, schema
from storage.migrations import HERE, Ladder

if TYPE_CHECKING:
    from pathlib import Path

    from alembic.operations.ops import MigrationScript

FIRST = "first"
FILE = '''"""{sentence}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {before}

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # ids, and instants in milliseconds since 1970


def upgrade() -> None:
    """From the schema before to this one."""
    {body}
'''


def options() -> dict[str, Any]:
    """How schemas are compared and written down, for drafts and for the test that finds differences."""
    return {
        "compare_type": _differs,
        "compare_server_default": _defaults_differ,
        "render_item": _render,
        "render_as_batch": True,
        "user_module_prefix": None,
    }


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Our own types by what they are in the database: a migration must not change when the code does."""
    if kind == "type":
        if isinstance(item, crypto.Sealed | crypto.Blind):
            return "sa.LargeBinary()"
        if isinstance(item, schema.Instant | sa.BigInteger):
            return "Big"
    return False


def _differs(context: Any, _inspected: Any, _column: Any, found: Any, wanted: Any) -> bool | None:
    """Whether two types differ in the database: Sealed is bytes, Instant a number. None: Alembic decides."""
    if isinstance(wanted, sa.types.TypeDecorator):
        dialect = context.dialect
        wanted = wanted.load_dialect_impl(dialect)
        return bool(dialect.type_compiler_instance.process(wanted) != dialect.type_compiler_instance.process(found))
    return None


def _defaults_differ(*about: Any) -> bool | None:
    """Alembic takes the empty text for a difference to itself; everything else is left to it (None)."""
    _context, _inspected, _column, found, wanted, _rendered = about
    empty = found is not None and not found.removesuffix("::text").strip("()'")
    return False if empty and getattr(wanted, "arg", None) == "" else None


def differences(connection: sa.Connection) -> MigrationScript:
    """What would have to be done to make the database on `connection` what `storage.schema` says."""
    return produce_migrations(MigrationContext.configure(connection, opts=options()), schema.metadata)


def draft(slug: str = FIRST, folder: Path = HERE / "versions") -> Path | None:
    """Write the migration that leads from the newest file to `storage.schema`; None if there is nothing to do.

    With the slug ``first`` everything is written again as revision 0001.
    """
    before = None if slug == FIRST else _written(folder)[-1]
    revision = "0001" if before is None else f"{int(before) + 1:04}"
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        if before is not None:
            Ladder(before, (folder,)).climb(connection)
        upgrade = differences(connection).upgrade_ops
        if upgrade is None or upgrade.is_empty():
            return None
        body = render_python_code(upgrade, render_as_batch=before is not None, render_item=_render)
    body = re.sub(r"\n *# (###|batch_alter).*", "", re.sub(r"^ *#.*\n", "", body)).strip()
    path = folder / f"r{revision}_{slug}.py"
    sentence = slug.replace("_", " ").capitalize() + "."
    path.write_text(FILE.format(sentence=sentence, revision=revision, before=before and f'"{before}"', body=body))
    if ruff := shutil.which("ruff", path=f"{sys.prefix}/bin"):
        subprocess.run([ruff, "format", "--quiet", "--line-length", "120", str(path)], check=True)  # noqa: S603
    return path


def _written(folder: Path) -> list[str]:
    return sorted(match[1] for f in folder.glob("r*.py") if (match := re.match(r"r(\d{4})_", f.name)))


if __name__ == "__main__":
    name = FIRST if "--first" in sys.argv else sys.argv[1]
    sys.stdout.write(f"{draft(name) or 'nothing differs'}\n")
