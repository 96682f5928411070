"""``python -m archive_service``: the command line."""

from archive_service.cli import main

if __name__ == "__main__":
    main()
