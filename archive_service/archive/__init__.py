"""The archive: founded, opened, and as a whole once it is open."""

from archive_service.archive.chores import LEFT_BEHIND
from archive_service.archive.files import file_faults, is_founded, origin, write_install
from archive_service.archive.founding import FIRST_PEOPLE, found_archive, recover_root_key, upgrade_archive
from archive_service.archive.opened import Archive
from archive_service.archive.opening import Parts, open_archive, open_parts

__all__ = [
    "FIRST_PEOPLE",
    "LEFT_BEHIND",
    "Archive",
    "Parts",
    "file_faults",
    "found_archive",
    "is_founded",
    "open_archive",
    "open_parts",
    "origin",
    "recover_root_key",
    "upgrade_archive",
    "write_install",
]
