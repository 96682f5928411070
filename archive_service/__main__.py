"""``python -m archive_service``: the command line."""

from archive_service.cli import main
from archive_service.vault.process import forbid_core_dumps


def run() -> None:
    """Run the command line in a process of its own, which may hold keys: it never leaves its memory in a file."""
    forbid_core_dumps()
    main()


if __name__ == "__main__":
    run()
