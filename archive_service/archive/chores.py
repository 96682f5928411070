"""What recurs: asked for by the scheduler, by a command, or at the start and end of the service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from archive_service.archive.proof import Proof
from archive_service.archive.services import Services
from archive_service.audit import acts
from archive_service.audit.verify import Finding
from archive_service.catalog.collecting.drop_folder import DropFolder
from archive_service.catalog.keeping.fixity import Run
from archive_service.custody.loans import remind_of_loans
from archive_service.disposal.checking.check import CheckReport
from archive_service.disposal.holds.reviews import remind_of_reviews
from archive_service.disposal.holds.searches import HoldSearches
from archive_service.disposal.listing.leaving import leave_lists, remind
from archive_service.people.model import Person
from archive_service.reading_room.deciding import remind_deciders
from archive_service.vault import free_bytes
from archive_service.vault.backups import sweep_scratch
from archive_service.vault.configured import ballast

TIGHT = 64 * 1024 * 1024
"""With less than this free on the disk of database and log, the ballast is given up."""

LEFT_BEHIND = timedelta(days=1)
"""After this time what an unfinished write has left is nobody's any more."""


@dataclass(frozen=True)
class Chores:
    """Does what is due, a little at a time; each chore may be repeated."""

    services: Services

    def begin(self) -> bool:
        """Begin to serve: hold the ballast, and say whether the last service ended without a word (:meth:`end`)."""
        mark = self.services.settings.data_dir / "serving"
        unclean = mark.exists()
        mark.touch(mode=0o600)
        self.keep_room()
        return unclean

    def end(self) -> None:
        """End serving in good order."""
        self.keep_retention_clock()
        (self.services.settings.data_dir / "serving").unlink(missing_ok=True)

    def carry_on_schedule_changes(self) -> bool:
        """Count or compute on for a change of the schedule, a few batches at a time; say whether there is more."""
        with self.services.ledger.read() as connection:
            self.services.schedules.follow(connection)
        return self.services.schedule_changes.carry_on(20)

    def catch_for_holds(self) -> int:
        """Bring what the searches of standing holds find under them; return how many records are new."""
        return HoldSearches(self.services.ledger, self.services.search.matching).catch()

    def follow_plan(self) -> bool:
        """Bring records in line with a plan that was published, some at a time; say whether there may be more."""
        return self.services.plan_effects.bring_in_line()

    def certify_irrecoverable(self) -> list[str]:
        """Issue the second stage of each certificate whose keyring backups have expired; return the lists."""
        return self.services.horizon.issue_due()

    def keep_retention_clock(self) -> None:
        """Hold the retention clock against the wall clock, and keep its reading."""
        self.services.retention_check.clock.tick()

    def keep_room(self) -> None:
        """Give the ballast up when the disk of database and log is nearly full, take it back when there is room again."""
        held = ballast(self.services.settings)
        if not held.size:
            return
        if free_bytes(self.services.settings.data_dir) < TIGHT:
            held.give_up()
        else:
            held.ensure()

    def expire_reservations(self) -> int:
        """Enter reserved numbers whose time is over into the void ledger; the daily job's part."""
        return self.services.void_ledger.expire()

    def remind_people(self) -> int:
        """Tell people of what is overdue or has come to its day: requests for access, reviews of holds, loans, and what is new in searches they keep."""
        self.services.saved_searches.tell_news()
        late = remind_deciders(self.services.ledger, self.services.requests.overdue_before())
        return late + remind_of_reviews(self.services.ledger) + remind_of_loans(self.services.ledger)

    def keep_copies(self) -> int:
        """Make every copy that is due, and make good what was found faulty; return how many."""
        return self.services.copies.settle()

    def read_back(self) -> int:
        """Read back what was filed just now, and have what is faulty made good; return how many copies were read."""
        return self.services.fixity.newly_filed().copies

    def renew_capsules(self) -> int:
        """Ask for some capsules of an earlier version to be written again; return how many."""
        return self.services.copies.renew_capsules()

    def plan_copies(self) -> int:
        """Bring what must lie where in line with the settings; return how many copies are asked for."""
        return self.services.copies.plan()

    def night_watch(self) -> Run:
        """Read what is due tonight, make good what is faulty, and hold all parts against each other."""
        self.plan_copies()
        self.keep_copies()
        run = self.services.fixity.nightly()
        self.keep_copies()
        self.watch()
        return run

    def watch(self) -> list[Finding]:
        """Clear away what unfinished writes and drills have left, hold all parts against each other, and log how much was found."""
        self.services.vault.sweep_staging(self.services.clock.now() - LEFT_BEHIND)
        sweep_scratch(self.services.settings.data_dir)
        self.services.locking.recall()
        findings = Proof(self.services).examine(contents=False)
        self.services.ledger.note(None, acts.ARCHIVE_EXAMINED, "archive", "archive", findings=len(findings))
        return findings

    def settle_outbox(self) -> int:
        """Do what waits in the outbox (capsules, index); return how much was done."""
        return self.services.indexer.settle()

    def renew_index(self) -> int:
        """Make the index anew where it is of an earlier analysis; return how many records it then holds."""
        return self.services.indexer.renew()

    def recognise_scans(self) -> int:
        """Recognise the words in pictures and scanned pages that are due; return how many records were read."""
        return self.services.indexer.scans.run()

    def identify_formats(self) -> int:
        """Ask for the PRONOM identifier of every file that has none yet; return how many were asked for."""
        return self.services.identification.settle()

    def check_properties(self) -> int:
        """Make the four-property check of what was filed and not checked yet; return how many records were."""
        return self.services.properties.check_filed()

    def take_in_dropped(self) -> int:
        """File what lies complete in the watched folder, if there is one; return how many folders were looked at."""
        watched = self.services.settings.drop_folder
        if not watched.path:
            return 0
        folder, login = self.services.settings.path(watched.path), watched.login
        return DropFolder(
            self.services.accession,
            self.services.clock,
            folder,
            lambda: self.services.people.by_login(login),
            watched.fonds,
            watched.settle_seconds,
        ).take_in()

    def check_retention(
        self, *, by: Person | None = None, confirmed_by: Person | None = None, confirmed: int | None = None
    ) -> CheckReport:
        """Queue what has become due, let what may no longer go leave its list, and remind of lists that wait too long.

        The daily job's part, and the same by hand (:meth:`RetentionCheck.run` says what the people mean).
        """
        self.catch_for_holds()
        report = self.services.retention_check.run(by=by, confirmed_by=confirmed_by, confirmed=confirmed)
        if not report.in_doubt and not report.busy:
            leave_lists(self.services.ledger, self.services.retention_check)
            remind(self.services.ledger, self.services.settings.disposal.deadline_days)
        return report

    def carry_on_destructions(self) -> list[str]:
        """Carry on what people have ordered, and anchor the log when something was certified."""
        closed = self.services.destruction.carry_on()
        if closed:
            Proof(self.services).keep_checkpoint()
        return closed

    def keep_locks(self) -> int:
        """Bring the locks that stores keep in line with dates and holds; return how many files were."""
        return self.services.locking.settle()
