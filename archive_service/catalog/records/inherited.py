"""The sentence of what is kept as something else: as the main record that it names, or as its case file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from retention_policies import Decision, Facts, Parent, Rule, State, Text, decide
from retention_policies.sentences import with_holds


class CasePaper(Parent):
    """A paper of the case file that helps to decide for what lies in the file and names no main record."""

    __slots__ = ()


AS_MAIN_RECORD = Text(
    "随主件永久保管，永不到期：照片、录音录像与所属主件同期保管",
    "Kept permanently with its main record, never due: photographs and recordings are kept as long as the record that they belong to.",
)
AS_CASE_FILE = Text(
    "随案卷永久保管，永不到期：卷内有永久保管的文件，未指明主件的照片、录音录像与全卷同期保管",
    "Kept permanently with its case file, never due: the file holds a permanent paper, and photographs and recordings that name no main record are kept as long as the whole file.",
)
COUNTED = (Text("随主件：", "As its parent: "), Text("随案卷：", "As its case file: "))
"""How a date that was inherited is told, and how it is told where the case file gave it."""


def told(decision: Decision, rule: Rule | None, facts: Facts) -> Decision:
    """Return a decision whose sentence says what it was inherited from; one that was not inherited stays as it is.

    What is permanent would otherwise read as if it were a paper of its own, with another paper's reason.
    """
    if rule is None or not rule.inherits or rule.also or not facts.parents:
        return decision
    of_case = all(isinstance(parent, CasePaper) for parent in facts.parents)
    if decision.state is State.PERMANENT:
        return _permanent(decision, rule, facts, AS_CASE_FILE if of_case else AS_MAIN_RECORD)
    if not of_case:
        return decision
    usual, instead = COUNTED
    zh, en = decision.sentence.zh, decision.sentence.en
    if zh.startswith(usual.zh) and en.startswith(usual.en):
        zh, en = instead.zh + zh.removeprefix(usual.zh), instead.en + en.removeprefix(usual.en)
    return replace(decision, sentence=Text(zh, en))


def _permanent(decision: Decision, rule: Rule, facts: Facts, words: Text) -> Decision:
    if facts.period_override is not None:
        inherited = decide(rule, replace(facts, period_override=None), facts.formed or date.min)
        if inherited.state is not State.PERMANENT:
            return decision  # permanent by a decision about this record itself
    return replace(decision, sentence=with_holds(words, decision.holds))
