"""Retention schedules and what follows from them: when papers may be appraised for disposal, and why.

Stands alone: a rule, some facts and a date go in, a :class:`Decision` comes out. Nothing is read but the schedule
file, no clock is looked at, nothing is stored.
"""

from __future__ import annotations

from retention_policies.counting import Count, count_years
from retention_policies.decision import Decision, State, decide
from retention_policies.facts import Facts, Hold, Parent
from retention_policies.loading import default_schedule_path, load_schedule
from retention_policies.period import PERMANENT, Period, longest
from retention_policies.replay import replay
from retention_policies.rule import Action, FactKind, FactQuestion, Rule, Schedule, Trigger
from retention_policies.text import FactsError, RetentionError, ScheduleError, Text

__all__ = [
    "PERMANENT",
    "Action",
    "Count",
    "Decision",
    "FactKind",
    "FactQuestion",
    "Facts",
    "FactsError",
    "Hold",
    "Parent",
    "Period",
    "RetentionError",
    "Rule",
    "Schedule",
    "ScheduleError",
    "State",
    "Text",
    "Trigger",
    "count_years",
    "decide",
    "default_schedule_path",
    "load_schedule",
    "longest",
    "replay",
]
