"""What the words before the command chose, and the errors that every command explains in the same way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from collector.store import StoreError
from scanners.located_yaml import FileError
from talaia.cli.output import Exit, end
from talaia.settings import Settings, find_settings, load_settings

if TYPE_CHECKING:
    from talaia.parts import Parts


@dataclass
class Chosen:
    """The settings file that a command works with."""

    config: Path | None = None

    @cached_property
    def settings(self) -> Settings:
        return load_settings(find_settings(self.config))

    @cached_property
    def parts(self) -> "Parts":
        # Loading every room costs a second, and help, completion and `init` need none of them.
        from talaia.parts import Parts  # noqa: PLC0415

        return Parts(self.settings)

    @cached_property
    def judging(self) -> "Parts":
        """The parts with their rules loaded: a broken rule is told before the database is asked."""
        with explained():
            self.parts.rulebook  # noqa: B018
        return self.parts

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with."""
        with explained(), self.parts.store.read() as connection:
            yield connection


def chosen(context: typer.Context) -> Chosen:
    found: Chosen = context.obj
    return found


@contextmanager
def explained() -> Iterator[None]:
    """End the command with a sentence and its exit code where a file or the database is at fault."""
    try:
        yield
    except FileError as error:
        end(Exit.WRONG_FILES, f"nothing was done, because of a mistake in a file\n{error}")
    except StoreError as error:
        end(Exit.UNREACHABLE, str(error))
    except OperationalError as error:
        end(Exit.UNREACHABLE, f"the database cannot be used: {str(error.orig).strip()}")
