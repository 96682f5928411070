"""What the archive can show of itself: its log, its parts held against each other, and checkpoints kept outside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from archive_service.archive import outside
from archive_service.archive.services import Services
from archive_service.audit import anchors, copying
from archive_service.audit.tables import checkpoints, entries
from archive_service.audit.verify import Finding, Report, behind_its_anchors, verify
from archive_service.catalog.keeping import frame
from archive_service.errors import Damaged
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.search.doctor import cage, examine, said_what_to_do


@dataclass(frozen=True)
class Proof:
    """Shows that the archive is what it says it is."""

    services: Services

    def keep_checkpoint(self) -> str:
        """Keep the present signed head of the log in the database and, with the log and the frame, outside; return it.

        The entries are written before the anchor that covers them: so what lies outside is whole up to its last anchor.
        """
        note = self.services.ledger.checkpoint()
        size = self.services.ledger.signer.verifier.open(note).size
        folders = self.services.settings.log_folders
        added = [copying.append(self.services.engine, folder, size) for folder in folders]
        if any(added):
            frame.write(self.services.ledger, self.services.vault, folders)
        for folder in folders:
            anchors.append(folder / self.services.anchor_file.name, note)
        return note

    def keep_anchors(self) -> int:
        """Bring the last checkpoint into the stores that keep such; return how many were new."""
        return outside.keep(self.services.ledger, self.services.vault)

    def must_not_be_behind(self) -> None:
        """Raise ``Damaged`` if the database was wound back behind an anchor: what it would do next is a second history."""
        for folder in self.services.settings.log_folders:
            behind = behind_its_anchors(
                self.services.engine, self.services.ledger.signer.verifier, folder / self.services.anchor_file.name
            )
            if behind is not None:
                raise Damaged(
                    f"{behind.zh}为免已销毁的内容重现，不予启动。请改用 backup restore 恢复。",
                    f"{behind.en} So that nothing destroyed comes back, the service does not start. Use backup restore.",
                )

        outside.must_not_be_behind(self.services.ledger, self.services.vault)

    def verify_audit(self) -> Report:
        """Check tree, checkpoints and database against each other."""
        further = outside.read(self.services.ledger, self.services.vault)
        return verify(self.services.engine, self.services.ledger.signer.verifier, self.services.anchor_file, further)

    def examine(self, *, contents: bool = True) -> list[Finding]:
        """Check that catalogue, keyring, stores, index and log agree; return what does not.

        Without ``contents`` no file is read: that is the nightly fixity's part.
        """
        return [
            *(Finding(one.place, said_what_to_do(one.text)) for one in self.verify_audit().findings),
            *examine(self.services.ledger, self.services.copies, self.services.indexer, contents=contents),
            *self.services.locking.findings(),
            *outside.findings(self.services.ledger, self.services.vault),
        ]

    def warnings(self) -> list[Finding]:
        """Return what the people who run the service must hear when it starts."""
        return cage()

    def export_audit(self, actor: Person, folder: Path) -> int:
        """Write the log for a check elsewhere: entries as JSON lines, checkpoints, the public key; return the number of entries."""
        require(actor, Action.SEE_AUDIT)
        folder.mkdir(parents=True, exist_ok=True)
        with self.services.ledger.read() as connection:
            bodies = [row.body for row in connection.execute(select(entries.c.body).order_by(entries.c.seq))]
            notes = [row.note for row in connection.execute(select(checkpoints.c.note).order_by(checkpoints.c.size))]
        (folder / "log.jsonl").write_text("".join(f"{body}\n" for body in bodies), encoding="utf-8")
        (folder / "checkpoints.txt").write_text(
            anchors.SEPARATOR.join([*notes, self.keep_checkpoint()]), encoding="utf-8"
        )
        (folder / "public_key.txt").write_text(self.services.ledger.signer.verifier.vkey() + "\n", encoding="utf-8")
        return len(bodies)
