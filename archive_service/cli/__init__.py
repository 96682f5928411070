"""The command line ``archive-service``: one module for each group of commands.

Exit codes: 0 done; 1 something was found wrong (``audit verify``, ``doctor``, rows refused); 2 the command
or its input was wrong; 3 not allowed; 4 not found; 5 not possible in the present state; 6 busy or missing,
try again; 7 damage; 8 the configuration is wrong.
"""

from __future__ import annotations

import sys

import click

from archive_service.cli.main import archive_service
from archive_service.cli.output import exit_code_of, say_error
from archive_service.cli.speech import usage_error
from archive_service.errors import ArchiveError, BadInput, Conflict


def main() -> None:
    """Run the command line; an error is one sentence in the person's language and an exit code, never a traceback."""
    try:
        sys.exit(archive_service.main(prog_name="archive-service", standalone_mode=False))
    except click.Abort:
        say_error(Conflict("已中断。", "Interrupted."), "--json" in sys.argv)
        sys.exit(1)
    except click.ClickException as error:
        say_error(BadInput(*usage_error(error)), "--json" in sys.argv)
        sys.exit(error.exit_code)
    except ArchiveError as error:
        say_error(error, "--json" in sys.argv)
        sys.exit(exit_code_of(error))


__all__ = ["main"]
