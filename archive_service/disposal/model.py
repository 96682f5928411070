"""The states that lists, items and candidates go through, and the only moves there are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from archive_service.errors import Conflict, Text

APPROVALS_NEEDED = 2
"""Approvals by different people, none of whom proposed or appraised (DESIGN 2.3)."""


class CandidateState(StrEnum):
    """Where a record that has become due stands before a list takes it up."""

    QUEUED = "queued"
    LISTED = "listed"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class ListState(StrEnum):
    """Where a disposal list 处置清册 stands."""

    DRAWN_UP = "drawn_up"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    ORDERED = "ordered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Opinion(StrEnum):
    """What the appraiser proposes for one item (DOMAIN 2.4)."""

    EXTEND = "EXTEND"
    PERMANENT = "PERMANENT"
    TRANSFER = "TRANSFER"
    DESTROY = "DESTROY"
    HOLD = "HOLD"


class Step(StrEnum):
    """How far an item has been carried out; ``KEY_GOING`` is the point of no return."""

    WAITING = "waiting"
    STRUCK = "struck"
    DECIDED = "decided"
    AWAITING_TRANSFER = "awaiting_transfer"
    BEGUN = "begun"
    INDEX_PURGED = "index_purged"
    KEY_GOING = "key_going"
    KEY_DESTROYED = "key_destroyed"
    OBJECTS_DELETED = "objects_deleted"
    DESTROYED = "destroyed"
    STOPPED = "stopped"


FINISHED = (Step.STRUCK, Step.DECIDED, Step.AWAITING_TRANSFER, Step.DESTROYED, Step.STOPPED)
"""Steps after which nothing more happens to an item of this list."""

OPEN_STEPS = tuple(step for step in Step if step not in FINISHED)

RETURNABLE = (Step.BEGUN, Step.INDEX_PURGED)
"""Destruction has begun, but a hold still stops it."""

BEYOND_RETURN = (Step.KEY_GOING, Step.KEY_DESTROYED, Step.OBJECTS_DELETED, Step.DESTROYED)
"""From the claim on there is only forward: the key may be gone at any moment."""

MOVES: Mapping[ListState, frozenset[ListState]] = {
    ListState.DRAWN_UP: frozenset({ListState.SUBMITTED, ListState.WITHDRAWN}),
    ListState.SUBMITTED: frozenset({ListState.APPROVED, ListState.CLOSED, ListState.DRAWN_UP, ListState.WITHDRAWN}),
    ListState.APPROVED: frozenset({ListState.ORDERED, ListState.SUBMITTED, ListState.DRAWN_UP, ListState.WITHDRAWN}),
    ListState.ORDERED: frozenset({ListState.CLOSED}),
    ListState.CLOSED: frozenset(),
    ListState.WITHDRAWN: frozenset(),
}

STATE_WORDS: dict[ListState, Text] = {
    ListState.DRAWN_UP: Text("鉴定中", "Being appraised"),
    ListState.SUBMITTED: Text("待审批", "Waiting for approval"),
    ListState.APPROVED: Text("已批准，冷静期", "Approved, cooling off"),
    ListState.ORDERED: Text("正在销毁", "Being carried out"),
    ListState.CLOSED: Text("已办结", "Closed"),
    ListState.WITHDRAWN: Text("已撤回", "Withdrawn"),
}

CANDIDATE_WORDS: dict[CandidateState, Text] = {
    CandidateState.QUEUED: Text("待鉴定", "Waiting for appraisal"),
    CandidateState.LISTED: Text("已列入清册", "On a list"),
    CandidateState.WITHDRAWN: Text("已撤出", "Withdrawn"),
    CandidateState.CLOSED: Text("已处理", "Dealt with"),
}

OPINION_WORDS: dict[Opinion, Text] = {
    Opinion.EXTEND: Text("续存", "Keep longer"),
    Opinion.PERMANENT: Text("转永久", "Keep for ever"),
    Opinion.TRANSFER: Text("移交", "Transfer"),
    Opinion.DESTROY: Text("销毁", "Destroy"),
    Opinion.HOLD: Text("暂缓", "Hold"),
}

STEP_WORDS: dict[Step, Text] = {
    Step.WAITING: Text("未执行", "Not carried out yet"),
    Step.STRUCK: Text("已移出清册", "Taken off the list"),
    Step.DECIDED: Text("意见已执行", "Opinion carried out"),
    Step.AWAITING_TRANSFER: Text("待移交", "Awaiting transfer"),
    Step.BEGUN: Text("已隐藏，即将清除索引", "Hidden; the index is purged next"),
    Step.INDEX_PURGED: Text("索引已清除，密钥尚在", "Index purged; the key still exists"),
    Step.KEY_GOING: Text("正在销毁密钥，不可撤回", "Key being destroyed; no return"),
    Step.KEY_DESTROYED: Text("密钥已销毁", "Key destroyed"),
    Step.OBJECTS_DELETED: Text("文件已删除，正在复查", "Objects deleted; being looked for again"),
    Step.DESTROYED: Text("已销毁", "Destroyed"),
    Step.STOPPED: Text("已停止，档案保留", "Stopped; the record is kept"),
}


def check_move(list_no: str, old: str, new: ListState) -> None:
    """Raise :class:`Conflict` unless a list may go from one state to the other."""
    if new not in MOVES[ListState(old)]:
        now, then = STATE_WORDS[ListState(old)], STATE_WORDS[new]
        raise Conflict(
            f"清册 {list_no} 现为“{now.zh}”，不能变为“{then.zh}”。",
            f"List {list_no} is “{now.en}” and cannot become “{then.en}”.",
        )
