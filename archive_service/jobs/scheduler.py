"""The scheduler. It only asks; what is due, and whether it may be done, the services decide.

It may queue what has become due and carry on what people have ordered. It can order nothing itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from archive_service.archive import Archive
from archive_service.errors import ArchiveError
from archive_service.jobs.backups import nightly as nightly_backup
from archive_service.jobs.mail import send_notices

log = logging.getLogger("archive_service.jobs")

# A wake-up while the last one is still at work is skipped on purpose, and no news.
logging.getLogger("apscheduler").setLevel(logging.ERROR)


def start(archive: Archive) -> BackgroundScheduler:
    """Start the background work of one service process and return its scheduler, to be shut down at the end."""
    scheduler = BackgroundScheduler(
        timezone=archive.settings.zone,
        executors={"default": ThreadPoolExecutor(7)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
    )
    daily = _daily(archive, archive.settings.retention.check_at)
    nightly = _daily(archive, archive.settings.fixity.at)
    unclean = archive.chores.begin()
    scheduler.add_job(_told(archive.chores.settle_outbox), IntervalTrigger(seconds=1), id="outbox")
    scheduler.add_job(_told(archive.chores.renew_index), IntervalTrigger(minutes=5), id="index")
    scheduler.add_job(_told(archive.chores.recognise_scans), IntervalTrigger(seconds=3), id="scans")
    scheduler.add_job(_told(archive.chores.identify_formats), IntervalTrigger(seconds=2), id="formats")
    scheduler.add_job(_told(archive.chores.take_in_dropped), IntervalTrigger(seconds=10), id="drop-folder")
    scheduler.add_job(_told(archive.chores.carry_on_destructions), IntervalTrigger(seconds=20), id="destructions")
    scheduler.add_job(_told(archive.chores.check_retention), daily, id="retention")
    scheduler.add_job(
        _told(archive.chores.carry_on_schedule_changes), IntervalTrigger(seconds=5), id="schedule-changes"
    )
    scheduler.add_job(_told(archive.chores.certify_irrecoverable), IntervalTrigger(hours=1), id="horizon")
    scheduler.add_job(_told(archive.chores.catch_for_holds), IntervalTrigger(seconds=60), id="hold-searches")
    scheduler.add_job(_told(archive.chores.keep_retention_clock), IntervalTrigger(seconds=30), id="retention-clock")
    scheduler.add_job(_told(archive.chores.expire_reservations), daily, id="reservations")
    scheduler.add_job(_told(archive.chores.follow_plan), IntervalTrigger(minutes=10), id="plan")
    scheduler.add_job(_told(archive.chores.keep_copies), IntervalTrigger(seconds=5), id="copies")
    scheduler.add_job(_told(archive.chores.read_back), IntervalTrigger(seconds=5), id="read-back")
    scheduler.add_job(_told(archive.chores.keep_locks), IntervalTrigger(seconds=60), id="locks")
    scheduler.add_job(_told(archive.chores.renew_capsules), IntervalTrigger(seconds=60), id="earlier-capsules")
    scheduler.add_job(_told(archive.proof.keep_anchors), IntervalTrigger(minutes=5), id="anchors")
    scheduler.add_job(_told(archive.chores.check_properties), IntervalTrigger(seconds=15), id="properties")
    scheduler.add_job(_told(archive.chores.remind_people), IntervalTrigger(minutes=10), id="reminders")
    scheduler.add_job(_told(partial(send_notices, archive)), IntervalTrigger(seconds=30), id="mail")
    scheduler.add_job(_told(archive.chores.keep_room), IntervalTrigger(seconds=30), id="room")
    scheduler.add_job(_told(archive.chores.night_watch), nightly, id="night-watch")
    scheduler.add_job(_told(partial(nightly_backup, archive)), _daily(archive, archive.settings.backup.at), id="backup")
    scheduler.add_job(
        _told(archive.proof.keep_checkpoint),
        IntervalTrigger(minutes=archive.settings.audit.checkpoint_minutes),
        id="checkpoint",
    )
    scheduler.start()
    # At the start: what a crash left open is completed, and a check that was missed is caught up.
    scheduler.add_job(_told(archive.chores.carry_on_destructions), id="destructions-at-start")
    scheduler.add_job(_told(archive.chores.check_retention), id="retention-at-start")
    scheduler.add_job(_told(archive.chores.expire_reservations), id="reservations-at-start")
    scheduler.add_job(_told(archive.chores.renew_index), id="index-at-start")
    scheduler.add_job(_told(archive.chores.follow_plan), id="plan-at-start")
    scheduler.add_job(_told(archive.chores.plan_copies), id="copies-at-start")
    if unclean:
        log.warning("The last service did not end in good order; everything is examined.")
        scheduler.add_job(_told(archive.chores.watch), id="watch-at-start")
    return scheduler


def stop(archive: Archive, scheduler: BackgroundScheduler) -> None:
    """End the background work when what is under way has come to its end."""
    archive.indexer.scans.end()
    scheduler.shutdown(wait=True)
    archive.chores.end()


def _daily(archive: Archive, at: str) -> CronTrigger:
    hour, minute = at.split(":")
    return CronTrigger(hour=int(hour), minute=int(minute), timezone=archive.settings.zone)


def _told(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        except ArchiveError as error:
            log.warning("%s: %s", getattr(work, "__name__", "job"), error.text.en)
        except Exception:
            log.exception("%s failed", getattr(work, "__name__", "job"))

    run.__name__ = getattr(work, "__name__", "job")
    return run
