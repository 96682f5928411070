"""An opened archive: all its services, and what concerns several of them at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from archive_service.archive import outside
from archive_service.archive.files import install_id_of
from archive_service.audit import acts, anchors, copying
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import checkpoints, entries
from archive_service.audit.verify import Finding, Report, behind_its_anchors, verify
from archive_service.catalog import frame
from archive_service.catalog.accession import Accession
from archive_service.catalog.browse import Catalogue, Whole
from archive_service.catalog.cases import Cases
from archive_service.catalog.copies import Copies
from archive_service.catalog.corrections import Corrections
from archive_service.catalog.counting import Counting
from archive_service.catalog.describing import Describing
from archive_service.catalog.description_import import DescriptionImport
from archive_service.catalog.drop_folder import DropFolder
from archive_service.catalog.fixity import Fixity, Run
from archive_service.catalog.format_list import FormatList
from archive_service.catalog.identification import Identification
from archive_service.catalog.plan_drafts import PlanDrafts
from archive_service.catalog.plan_effects import PlanEffects
from archive_service.catalog.properties import Properties
from archive_service.catalog.reclassifying import Reclassifying
from archive_service.catalog.saved_views import SavedViews
from archive_service.catalog.schedules import Schedules
from archive_service.catalog.schemes import Schemes
from archive_service.catalog.suggesting import Suggesting
from archive_service.catalog.void_ledger import VoidLedger
from archive_service.clock import Clock
from archive_service.config import Settings
from archive_service.custody.care import Care
from archive_service.custody.loans import Loans, remind_of_loans
from archive_service.custody.places import Places
from archive_service.disposal.certificates import Certificates
from archive_service.disposal.check import CheckReport, RetentionCheck
from archive_service.disposal.destruction import Destruction
from archive_service.disposal.hold_reviews import remind_of_reviews
from archive_service.disposal.hold_searches import HoldSearches
from archive_service.disposal.holds import Holds
from archive_service.disposal.horizon import Horizon
from archive_service.disposal.leaving import leave_lists, remind
from archive_service.disposal.lists import Disposal
from archive_service.disposal.locking import Locking
from archive_service.disposal.receiver_keys import ReceiverKeys
from archive_service.disposal.receiving import Receiving
from archive_service.disposal.schedule_changes import ScheduleChanges
from archive_service.disposal.standing import standing
from archive_service.disposal.transfer_receipts import TransferReceipts
from archive_service.disposal.transfer_writing import TransferWriting
from archive_service.disposal.transfers import Transfers
from archive_service.errors import Damaged
from archive_service.people.factors import Factors
from archive_service.people.model import Person
from archive_service.people.notices import Notices
from archive_service.people.policy import Action, require
from archive_service.people.service import People
from archive_service.people.sign_in import SignIn
from archive_service.people.sso import SingleSignOn
from archive_service.people.tokens import Tokens
from archive_service.reading_room.access import ReadingRoom
from archive_service.reading_room.deciding import remind_deciders
from archive_service.reading_room.drafts import Drafts
from archive_service.reading_room.emergencies import Emergencies
from archive_service.reading_room.masked import MaskedEntries
from archive_service.reading_room.pages import Viewer
from archive_service.reading_room.requests import Requests
from archive_service.reading_room.use import UseRegister
from archive_service.reports.catalogues import Printing
from archive_service.reports.transfer_papers import TransferPapers
from archive_service.search.doctor import cage, examine, said_what_to_do
from archive_service.search.indexer import Indexer
from archive_service.search.service import Search
from archive_service.vault import Keyring, Rotation, Vault
from archive_service.vault.ballast import MIB, free_bytes
from archive_service.vault.changing import change_root_key
from archive_service.vault.configured import ballast, found_store
from archive_service.vault.recovery import Drill, drill
from archive_service.vault.shares import Share
from retention_policies import Decision

TIGHT = 64 * MIB
"""With less than this free on the disk of database and log, the ballast is given up."""

LEFT_BEHIND = timedelta(days=1)
"""After this time what an unfinished write has left is nobody's any more."""


@dataclass(frozen=True)
class Archive:
    """An opened archive with all its services."""

    settings: Settings
    clock: Clock
    engine: Engine
    ledger: Ledger
    people: People
    sign_in: SignIn
    factors: Factors
    tokens: Tokens
    sso: SingleSignOn
    notices: Notices
    schedules: Schedules
    keyring: Keyring
    vault: Vault
    copies: Copies
    fixity: Fixity
    cases: Cases
    accession: Accession
    corrections: Corrections
    formats: FormatList
    identification: Identification
    catalogue: Catalogue
    suggesting: Suggesting
    properties: Properties
    places: Places
    loans: Loans
    care: Care
    reading_room: ReadingRoom
    emergencies: Emergencies
    drafts: Drafts
    requests: Requests
    masked: MaskedEntries
    use_register: UseRegister
    viewer: Viewer
    indexer: Indexer
    search: Search
    holds: Holds
    retention_check: RetentionCheck
    schedule_changes: ScheduleChanges
    disposal: Disposal
    destruction: Destruction
    certificates: Certificates
    horizon: Horizon
    transfers: Transfers
    transfer_receipts: TransferReceipts
    receiver_keys: ReceiverKeys
    receiving: Receiving
    transfer_writing: TransferWriting
    transfer_papers: TransferPapers
    printing: Printing

    @property
    def anchor_file(self) -> Path:
        """The file outside the database in which checkpoints are kept."""
        return self.settings.data_dir / "anchors" / "checkpoints.txt"

    @property
    def keyring_file(self) -> Path:
        """The file that holds the wrapped keys."""
        return self.settings.data_dir / "keyring.db"

    @property
    def locking(self) -> Locking:
        """What brings the locks of the stores in line with dates and holds."""
        return Locking(self.ledger, self.vault)

    @property
    def schemes(self) -> Schemes:
        """The numbering schemes."""
        return Schemes(self.ledger, self.schedules)

    @property
    def counting(self) -> Counting:
        """What tells how much there is, up to a bound."""
        return Counting(self.ledger)

    @property
    def describing(self) -> Describing:
        """What corrects descriptions."""
        return Describing(self.ledger, self.vault, self.catalogue, standing)

    @property
    def description_import(self) -> DescriptionImport:
        """What takes in descriptions of other systems."""
        return DescriptionImport(self.describing)

    @property
    def saved_views(self) -> SavedViews:
        """Lists of the catalogue under a name."""
        return SavedViews(self.ledger)

    @property
    def void_ledger(self) -> VoidLedger:
        """Reserved numbers and those that were withdrawn."""
        return VoidLedger(self.ledger, self.schedules)

    @property
    def reclassifying(self) -> Reclassifying:
        """What puts records into other classes."""
        return Reclassifying(self.ledger, self.schedules)

    @property
    def plan_drafts(self) -> PlanDrafts:
        """The classification plan as people change it."""
        return PlanDrafts(self.ledger, self.schedules)

    @property
    def plan_effects(self) -> PlanEffects:
        """What a changed plan does to what is held."""
        return PlanEffects(self.ledger, self.schedules, self.catalogue)

    @property
    def install_id(self) -> str:
        """The id of this installation, which every store of it carries."""
        return install_id_of(self.settings)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def begin(self) -> bool:
        """Begin to serve: hold the ballast, and say whether the last service ended without a word (:meth:`end`)."""
        mark = self.settings.data_dir / "serving"
        unclean = mark.exists()
        mark.touch(mode=0o600)
        self.keep_room()
        return unclean

    def end(self) -> None:
        """End serving in good order."""
        self.keep_retention_clock()
        (self.settings.data_dir / "serving").unlink(missing_ok=True)

    def carry_on_schedule_changes(self) -> bool:
        """Count or compute on for a change of the schedule, a few batches at a time; say whether there is more."""
        with self.ledger.read() as connection:
            self.schedules.follow(connection)
        return self.schedule_changes.carry_on(20)

    def catch_for_holds(self) -> int:
        """Bring what the searches of standing holds find under them; return how many records are new."""
        return HoldSearches(self.ledger, self.search.matching).catch()

    def follow_plan(self) -> bool:
        """Bring records in line with a plan that was published, some at a time; say whether there may be more."""
        return self.plan_effects.bring_in_line()

    def certify_irrecoverable(self) -> list[str]:
        """Issue the second stage of each certificate whose keyring backups have expired; return the lists."""
        return self.horizon.issue_due()

    def keep_retention_clock(self) -> None:
        """Hold the retention clock against the wall clock, and keep its reading."""
        self.retention_check.clock.tick()

    def keep_room(self) -> None:
        """Give the ballast up when the disk of database and log is nearly full, take it back when there is room again."""
        held = ballast(self.settings)
        if not held.size:
            return
        if free_bytes(self.settings.data_dir) < TIGHT:
            held.give_up()
        else:
            held.ensure()

    def take_store_into_use(self, actor: Person, name: str) -> str:
        """Turn an empty place that the settings name into a store of this installation; return where it lies."""
        require(actor, Action.RUN_SYSTEM)
        place = found_store(self.settings, name, self.install_id).place
        self.ledger.note(actor.id, acts.STORE_FOUNDED, "store", name)
        return place

    def change_root_key(
        self, actor: Person, kind: str, passphrase: str = "", on_batch: Callable[[int], object] | None = None
    ) -> Rotation:
        """Wrap every key anew under a new root key; ``kind`` and ``passphrase`` say who keeps it."""
        require(actor, Action.RUN_SYSTEM)
        rotation = change_root_key(self.settings, self.keyring, kind, passphrase, on_batch)
        self.ledger.note(actor.id, acts.KEYS_ROTATED, "archive", "keys", custodian=kind, keys=rotation.rewrapped)
        return rotation

    def recovery_shares(self, actor: Person, threshold: int, of: int) -> list[Share]:
        """Split the root key into recovery shares; those made before stay good until the root key is changed."""
        require(actor, Action.RUN_SYSTEM)
        shares = self.keyring.split_root(threshold, of)
        self.ledger.note(actor.id, acts.SHARES_MADE, "archive", "keys", number=of, needed=threshold)
        return shares

    def drill(self, actor: Person, words: list[str]) -> Drill:
        """Show that shares open the keyring, without the custodian; the log holds that it was tried and went well."""
        require(actor, Action.RUN_SYSTEM)
        done = drill(self.keyring_file, self.install_id, words, self.clock)
        self.ledger.note(actor.id, acts.SHARES_DRILLED, "archive", "keys", keys=done.keys_opened)
        return done

    def expire_reservations(self) -> int:
        """Enter reserved numbers whose time is over into the void ledger; the daily job's part."""
        return self.void_ledger.expire()

    def remind_people(self) -> int:
        """Tell people of what is overdue or has come to its day: requests for access, reviews of holds, loans."""
        late = remind_deciders(self.ledger, self.requests.overdue_before())
        return late + remind_of_reviews(self.ledger) + remind_of_loans(self.ledger)

    def keep_copies(self) -> int:
        """Make every copy that is due, and make good what was found faulty; return how many."""
        return self.copies.settle()

    def renew_capsules(self) -> int:
        """Ask for some capsules of an earlier version to be written again; return how many."""
        return self.copies.renew_capsules()

    def plan_copies(self) -> int:
        """Bring what must lie where in line with the settings; return how many copies are asked for."""
        return self.copies.plan()

    def night_watch(self) -> Run:
        """Read what is due tonight, make good what is faulty, and hold all parts against each other."""
        self.plan_copies()
        self.keep_copies()
        run = self.fixity.nightly()
        self.keep_copies()
        self.watch()
        return run

    def watch(self) -> list[Finding]:
        """Clear away what unfinished writes have left, hold all parts against each other, and log how much was found."""
        self.vault.sweep_staging(self.clock.now() - LEFT_BEHIND)
        findings = self.examine(contents=False)
        self.ledger.note(None, acts.ARCHIVE_EXAMINED, "archive", "archive", findings=len(findings))
        return findings

    def settle_outbox(self) -> int:
        """Do what waits in the outbox (capsules, index); return how much was done."""
        return self.indexer.settle()

    def renew_index(self) -> int:
        """Make the index anew where it is of an earlier analysis; return how many records it then holds."""
        return self.indexer.renew()

    def recognise_scans(self) -> int:
        """Recognise the words in pictures and scanned pages that are due; return how many records were read."""
        return self.indexer.scans.run()

    def identify_formats(self) -> int:
        """Ask for the PRONOM identifier of every file that has none yet; return how many were asked for."""
        return self.identification.settle()

    def check_properties(self) -> int:
        """Make the four-property check of what was filed and not checked yet; return how many records were."""
        return self.properties.check_filed()

    def take_in_dropped(self) -> int:
        """File what lies complete in the watched folder, if there is one; return how many folders were looked at."""
        watched = self.settings.drop_folder
        if not watched.path:
            return 0
        folder, login = self.settings.path(watched.path), watched.login
        return DropFolder(
            self.accession,
            self.clock,
            folder,
            lambda: self.people.by_login(login),
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
        report = self.retention_check.run(by=by, confirmed_by=confirmed_by, confirmed=confirmed)
        if not report.in_doubt and not report.busy:
            leave_lists(self.ledger, self.retention_check)
            remind(self.ledger, self.settings.disposal.deadline_days)
        return report

    def carry_on_destructions(self) -> list[str]:
        """Carry on what people have ordered, and anchor the log when something was certified."""
        closed = self.destruction.carry_on()
        if closed:
            self.keep_checkpoint()
        return closed

    def explain(self, actor: Person, code: str) -> tuple[Decision, Whole]:
        """Decide anew about one record that the person sees: the verdict with its sentence, and the record."""
        whole = self.catalogue.find(actor, code)
        with self.ledger.read() as connection:
            return self.retention_check.decide(connection, whole.row, self.clock.today()), whole

    def keep_checkpoint(self) -> str:
        """Keep the present signed head of the log in the database and, with the log and the frame, outside; return it.

        The entries are written before the anchor that covers them: so what lies outside is whole up to its last anchor.
        """
        note = self.ledger.checkpoint()
        size = self.ledger.signer.verifier.open(note).size
        folders = self.settings.log_folders
        added = [copying.append(self.engine, folder, size) for folder in folders]
        if any(added):
            frame.write(self.ledger, self.vault, folders)
        for folder in folders:
            anchors.append(folder / self.anchor_file.name, note)
        return note

    def must_not_be_behind(self) -> None:
        """Raise ``Damaged`` if the database was wound back behind an anchor: what it would do next is a second history."""
        for folder in self.settings.log_folders:
            behind = behind_its_anchors(self.engine, self.ledger.signer.verifier, folder / self.anchor_file.name)
            if behind is not None:
                raise Damaged(
                    f"{behind.zh}为免已销毁的内容重现，不予启动。请改用 backup restore 恢复。",
                    f"{behind.en} So that nothing destroyed comes back, the service does not start. Use backup restore.",
                )

        outside.must_not_be_behind(self.ledger, self.vault)

    def keep_anchors(self) -> int:
        """Bring the last checkpoint into the stores that keep such; return how many were new."""
        return outside.keep(self.ledger, self.vault)

    def keep_locks(self) -> int:
        """Bring the locks that stores keep in line with dates and holds; return how many files were."""
        return self.locking.settle()

    def verify_audit(self) -> Report:
        """Check tree, checkpoints and database against each other."""
        further = outside.read(self.ledger, self.vault)
        return verify(self.engine, self.ledger.signer.verifier, self.anchor_file, further)

    def examine(self, *, contents: bool = True) -> list[Finding]:
        """Check that catalogue, keyring, stores, index and log agree; return what does not.

        Without ``contents`` no file is read: that is the nightly fixity's part.
        """
        return [
            *(Finding(one.place, said_what_to_do(one.text)) for one in self.verify_audit().findings),
            *examine(self.ledger, self.copies, self.indexer, contents=contents),
            *self.locking.findings(),
            *outside.findings(self.ledger, self.vault),
        ]

    def warnings(self) -> list[Finding]:
        """Return what the people who run the service must hear when it starts."""
        return cage()

    def export_audit(self, actor: Person, folder: Path) -> int:
        """Write the log for a check elsewhere: entries as JSON lines, checkpoints, the public key; return the number of entries."""
        require(actor, Action.SEE_AUDIT)
        folder.mkdir(parents=True, exist_ok=True)
        with self.ledger.read() as connection:
            bodies = [row.body for row in connection.execute(select(entries.c.body).order_by(entries.c.seq))]
            notes = [row.note for row in connection.execute(select(checkpoints.c.note).order_by(checkpoints.c.size))]
        (folder / "log.jsonl").write_text("".join(f"{body}\n" for body in bodies), encoding="utf-8")
        (folder / "checkpoints.txt").write_text(
            anchors.SEPARATOR.join([*notes, self.keep_checkpoint()]), encoding="utf-8"
        )
        (folder / "public_key.txt").write_text(self.ledger.signer.verifier.vkey() + "\n", encoding="utf-8")
        return len(bodies)
