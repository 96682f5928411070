"""Writes the whole sample: one folder per inspection, real files in it, and the list to import them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from archive_service.errors import Conflict
from archive_service.sample import manifest
from archive_service.sample.compose import compose, title_of
from archive_service.sample.kinds import docx, eml, picture, sound
from archive_service.sample.kinds.files import WRITERS, suffix
from archive_service.sample.model import NOTICE_EN, NOTICE_ZH, CaseFile, Sample
from archive_service.sample.people import FONDS, PEOPLE
from archive_service.sample.sources import Annex, CaseSpec, Template, cases, enterprises, templates
from archive_service.sample.story import Listed, Story, tell

EVENTS = {
    "accepted": "RECT_ACCEPTED",
    "closed": "CASE_CLOSED",
    "resolved": "REPORT_RESOLVED",
    "decided": "DECISION_EFFECTIVE",
    "cleared": "CREDIT_CLEARED",
    "superseded": "SUPERSEDED",
}
PICTURES = frozenset({"jpg", "png"})
UNFIT_IN_NAMES = str.maketrans(
    {"/": "、", "：": "-", "；": "、", ";": "、", " ": "_", ".": "", ",": "", "“": "", "”": ""}
)


def make_sample(folder: Path, seed: int) -> Sample:
    """Write the sample archive's papers below ``folder`` and describe them.

    The same seed gives the same texts, figures and drawings.

    Raises:
        Conflict: ``folder`` holds something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(
            f"文件夹 {folder} 不是空的，示例文件不会写进去。请换一个空文件夹。",
            f"The folder {folder} is not empty; sample papers are not written into it. Choose an empty one.",
        )
    made = tuple(_make_case(folder, spec, seed) for spec in cases())
    return Sample(folder, FONDS, tuple(enterprises().values()), PEOPLE, made)


def _make_case(parent: Path, spec: CaseSpec, seed: int) -> CaseFile:
    folder = parent / spec.no
    folder.mkdir(parents=True)
    story = tell(spec, seed)
    picked = [_pick(entry) for entry in spec.records]
    listed = tuple(Listed(t.class_code, title_of(story, t.title), story.day(t.at)) for t, _ in picked)
    desk = _Desk(folder, story, listed)
    rows = {t.key: desk.file_record(number, t, kind) for number, (t, kind) in enumerate(picked, 1)}
    linked = [replace(row, parent=_first_file(rows, templates()[key].parent)) for key, row in rows.items()]
    path = manifest.write(folder, spec.manifest, linked)
    return CaseFile(
        spec.no,
        spec.title,
        spec.title_en,
        spec.enterprise,
        spec.fonds,
        spec.year,
        spec.dates["start"],
        _events(spec.dates),
        folder,
        path,
        len(rows),
    )


def _first_file(rows: Mapping[str, manifest.Row], key: str) -> str:
    """The main file of the record made from a template, by which another row of the manifest names it."""
    return rows[key].files[0] if key else ""


def _pick(entry: str) -> tuple[Template, str]:
    key, _, kind = entry.partition("=")
    template = templates()[key]
    return template, kind or template.kind


def _events(dates: Mapping[str, date]) -> dict[str, date]:
    return {event: dates[name] for name, event in EVENTS.items() if name in dates}


class _Desk:
    """Writes the records of one case; knows its folder, its facts and its list."""

    def __init__(self, folder: Path, story: Story, listed: tuple[Listed, ...]) -> None:
        self._folder, self._story, self._listed = folder, story, listed

    def file_record(self, number: int, template: Template, kind: str) -> manifest.Row:
        """Write all files of one record; the first is the main one."""
        story, day = self._story, self._story.day(template.at)
        title = title_of(story, template.title)
        main = Annex(title, kind, template.body, template.pictures, template.skip)
        files: list[Path] = []
        for part, annex in enumerate((main, *template.annexes)):
            if annex.kind != "attachment":
                files += self._write(f"{number:02d}", part, template, annex)
        return manifest.Row(
            files=tuple(path.relative_to(self._folder).as_posix() for path in files),
            title=title,
            day=day,
            class_code=template.class_code,
            level=template.level,
            author=story.author(template.author),
            document_no=story.document_no(template.author, day, template.key) if template.formal else "",
            note="；".join(filter(None, ("虚构示例", title_of(story, template.note)))),
            facts={code: title_of(story, value) for code, value in template.facts.items()},
        )

    def _write(self, number: str, part: int, template: Template, annex: Annex) -> list[Path]:
        title = title_of(self._story, annex.title)
        name = f"{number}-{template.class_code}-" + (f"附件{part}-" if part else "") + title.translate(UNFIT_IN_NAMES)
        stage = self._folder / template.stage
        stage.mkdir(exist_ok=True)
        if annex.kind in PICTURES:
            return [self._picture(stage, name, template, annex, n) for n in range(annex.pictures)]
        path = stage / f"{name}{suffix(annex.kind)}"
        if annex.kind == "wav":
            sound.write(path, self._story.dice(template.key), f"{NOTICE_ZH} {NOTICE_EN}")
        elif annex.kind == "eml":
            self._mail(path, template, annex)
        else:
            WRITERS[annex.kind](path, compose(self._story, template, annex.title, annex.body, self._listed))
        return [path]

    def _mail(self, path: Path, template: Template, annex: Annex) -> None:
        inside = template.annexes[0]
        attached = compose(self._story, template, inside.title, inside.body, self._listed)
        mail = compose(self._story, template, annex.title, annex.body, self._listed)
        eml.write(path, mail, f"{inside.title}.docx", docx.content(attached))

    def _picture(self, stage: Path, name: str, template: Template, annex: Annex, n: int) -> Path:
        scenes = self._story.enterprise.scenes
        scene = scenes[(annex.skip + n) % len(scenes)]
        place = self._story.findings[(annex.skip + n) % len(self._story.findings)].place
        dice = self._story.dice(f"{template.key} {annex.kind} {n}")
        taken = datetime.combine(self._story.day(template.at), time(9, 5)) + timedelta(
            minutes=17 * n + dice.randint(0, 9)
        )
        path = stage / f"{name}-{n + 1}.{annex.kind}"
        picture.write(path, scene, taken, f"{self._story.enterprise.short} {place}", dice)
        return path
