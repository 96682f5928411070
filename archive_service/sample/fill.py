"""Fills a new archive with the sample, through the same doors that people use: found, open cases, import folders."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from archive_service.archive import FIRST_PEOPLE, Archive, found_archive, open_archive
from archive_service.catalog.collecting.import_folder import import_folder
from archive_service.config import Settings
from archive_service.people.model import ARCHIVIST, Person
from archive_service.people.service import NewPerson
from archive_service.sample.maker import make_sample
from archive_service.sample.model import CaseFile, Sample
from archive_service.sample.people import PEOPLE
from archive_service.sample.storeroom import furnish

SEED = 20261124
KINDS = {"enterprise_group": "enterprise", "state_body": "state"}

Say = Callable[[str, str], None]


SAMPLE_ONLY = "示例案卷只放了部分文件。"
"""Why the sample closes case files that lack papers."""


def fill_sample(settings: Settings, say: Say) -> list[tuple[str, str, str]]:
    """Found an archive with the sample people and file the sample papers; return everybody's one-time password."""
    taken = {role for person in PEOPLE for role in person.roles}
    missing = tuple(person for person in FIRST_PEOPLE if not person.roles <= taken)
    cast = tuple(NewPerson(one.login, one.name_zh, frozenset(one.roles), frozenset(one.clearance)) for one in PEOPLE)
    passwords = found_archive(settings, cast + missing)
    say(
        "正在编写示例文件（企业、人员、数据均为虚构）……",
        "Writing the sample papers (enterprises, people and figures are invented) ...",
    )
    # Beside the data directory and not in it: these papers are in clear, and nothing in clear may ever lie in there.
    with tempfile.TemporaryDirectory(prefix=".sample-papers-", dir=settings.data_dir.parent) as folder:
        sample = make_sample(Path(folder) / "papers", SEED)
        archive = open_archive(settings)
        _file_all(archive, sample, say)
        boxed = furnish(archive, archive.people.by_login(_archivist()))
        say(f"  库房 K1：{boxed} 件原件装盒上架", f"  storeroom K1: the papers of {boxed} records lie in boxes")
        archive.proof.keep_checkpoint()
        archive.close()
    return passwords


def _file_all(archive: Archive, sample: Sample, say: Say) -> None:
    archivist = archive.people.by_login(_archivist())
    for fonds in sample.fonds:
        archive.cases.open_fonds(archivist, fonds.number, fonds.name_zh, fonds.name_en, KINDS[fonds.kind])
    names = {one.code: one.name for one in sample.enterprises}
    for case in sample.cases:
        _open_case(archive, archivist, case, names.get(case.enterprise, case.enterprise))
        report = import_folder(archive.accession, archivist, case.folder, fonds_no=case.fonds, case_no=case.case_no)
        say(
            f"  {case.case_no} {case.title}：归档 {report.filed} 件",
            f"  {case.case_no} {case.title_en}: {report.filed} filed",
        )
        for refused in report.refused:
            assert refused.reason is not None
            say(
                f"    第 {refused.row} 行未归档：{refused.reason.zh}",
                f"    row {refused.row} refused: {refused.reason.en}",
            )


def _archivist() -> str:
    return next(one.login for one in PEOPLE if ARCHIVIST in one.roles)


def _open_case(archive: Archive, archivist: Person, case: CaseFile, enterprise: str) -> None:
    archive.cases.open_case(
        archivist, fonds_no=case.fonds, case_no=case.case_no, title=case.title, enterprise=enterprise, year=case.year
    )
    for trigger, on in sorted(case.events.items(), key=lambda item: item[1]):
        archive.cases.record_event(archivist, case.case_no, trigger, on, SAMPLE_ONLY)
