"""Retention schedules and what follows from them: when papers may be appraised for disposal, and why.

Stands alone: a rule, some facts and a date go in, a :class:`Decision` comes out. Nothing is read but the schedule
file, no clock is looked at, nothing is stored.
"""

from __future__ import annotations

from retention_policies.comparing import Change, ClassSummary, Effect, Holding, Summary, compare, decide_under, sum_up
from retention_policies.counting import Count, CountFrom, Counting, Span, count_years
from retention_policies.decision import Decision, State, decide, decide_among
from retention_policies.events import SHIPPED as SHIPPED_EVENTS
from retention_policies.events import Event, Trigger
from retention_policies.facts import Facts, Hold, Parent
from retention_policies.loading import default_schedule_path, load_minimums, load_schedule
from retention_policies.partial import PartialDate, read_date
from retention_policies.period import PERMANENT, Period, longest
from retention_policies.replay import replay
from retention_policies.rule import Action, FactKind, FactQuestion, Minimum, Rule, Schedule
from retention_policies.steps import PlannedStep
from retention_policies.telling import ACTION_WORDS
from retention_policies.text import FactsError, RetentionError, ScheduleError, Text

__all__ = [
    "ACTION_WORDS",
    "PERMANENT",
    "SHIPPED_EVENTS",
    "Action",
    "Change",
    "ClassSummary",
    "Count",
    "CountFrom",
    "Counting",
    "Decision",
    "Effect",
    "Event",
    "FactKind",
    "FactQuestion",
    "Facts",
    "FactsError",
    "Hold",
    "Holding",
    "Minimum",
    "Parent",
    "PartialDate",
    "Period",
    "PlannedStep",
    "RetentionError",
    "Rule",
    "Schedule",
    "ScheduleError",
    "Span",
    "State",
    "Summary",
    "Text",
    "Trigger",
    "compare",
    "count_years",
    "decide",
    "decide_among",
    "decide_under",
    "default_schedule_path",
    "load_minimums",
    "load_schedule",
    "longest",
    "read_date",
    "replay",
    "sum_up",
]
