"""The services of an opened archive, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from archive_service.archive.files import install_id_of
from archive_service.audit.ledger import Ledger
from archive_service.catalog.classification.drafts import PlanDrafts
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.collecting.description_import import DescriptionImport
from archive_service.catalog.filing.accession import Accession
from archive_service.catalog.filing.corrections import Corrections
from archive_service.catalog.formats.accepted import FormatList
from archive_service.catalog.formats.pronom import Identification
from archive_service.catalog.keeping.copies import Copies
from archive_service.catalog.keeping.fixity import Fixity
from archive_service.catalog.numbering.renumbering import Renumbering
from archive_service.catalog.numbering.schemes import Schemes
from archive_service.catalog.numbering.void_ledger import VoidLedger
from archive_service.catalog.properties.service import Properties
from archive_service.catalog.records.browse import Catalogue, Whole
from archive_service.catalog.records.cases import Cases
from archive_service.catalog.records.counting import Counting
from archive_service.catalog.records.describing import Describing
from archive_service.catalog.records.plan_effects import PlanEffects
from archive_service.catalog.records.reclassifying import Reclassifying
from archive_service.catalog.records.saved_views import SavedViews
from archive_service.catalog.suggesting.suggestions import Suggesting
from archive_service.clock import Clock
from archive_service.config import Settings
from archive_service.custody.care import Care
from archive_service.custody.loans import Loans
from archive_service.custody.places import Places
from archive_service.disposal.checking.check import RetentionCheck
from archive_service.disposal.destroying.certificates import Certificates
from archive_service.disposal.destroying.destruction import Destruction
from archive_service.disposal.destroying.horizon import Horizon
from archive_service.disposal.holds.holds import Holds
from archive_service.disposal.listing.lists import Disposal
from archive_service.disposal.locking import Locking
from archive_service.disposal.schedule_changes import ScheduleChanges
from archive_service.disposal.standing import standing
from archive_service.disposal.transfer.receipts import TransferReceipts
from archive_service.disposal.transfer.receiver_keys import ReceiverKeys
from archive_service.disposal.transfer.receiving import Receiving
from archive_service.disposal.transfer.transfers import Transfers
from archive_service.disposal.transfer.writing import TransferWriting
from archive_service.people.factors import Factors
from archive_service.people.model import Person
from archive_service.people.notices import Notices
from archive_service.people.service import People
from archive_service.people.sign_in import SignIn
from archive_service.people.sso import SingleSignOn
from archive_service.people.tokens import Tokens
from archive_service.reading_room.access import ReadingRoom
from archive_service.reading_room.copies import Copies as RedactedCopies
from archive_service.reading_room.drafts import Drafts
from archive_service.reading_room.emergencies import Emergencies
from archive_service.reading_room.masked import MaskedEntries
from archive_service.reading_room.pages import Viewer
from archive_service.reading_room.redactions import Redactions
from archive_service.reading_room.requests import Requests
from archive_service.reading_room.use import UseRegister
from archive_service.reading_room.within import Finder
from archive_service.reports.catalogues import Printing
from archive_service.reports.transfer_papers import TransferPapers
from archive_service.search.indexer import Indexer
from archive_service.search.saved import SavedSearches
from archive_service.search.service import Search
from archive_service.vault import Keyring, Vault
from archive_service.vault.configured import keyring_file
from retention_policies import Decision


@dataclass(frozen=True)
class Services:
    """All services of an archive, and where its files lie."""

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
    finder: Finder
    redactions: Redactions
    redacted_copies: RedactedCopies
    indexer: Indexer
    search: Search
    saved_searches: SavedSearches
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
        return keyring_file(self.settings)

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
    def renumbering(self) -> Renumbering:
        """What corrects the numbers of filed records."""
        return Renumbering(self.ledger, self.schedules, standing)

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

    def explain(self, actor: Person, code: str) -> tuple[Decision, Whole]:
        """Decide anew about one record that the person sees: the verdict with its sentence, and the record."""
        whole = self.catalogue.find(actor, code)
        with self.ledger.read() as connection:
            return self.retention_check.decide(connection, whole.row, self.clock.today()), whole
