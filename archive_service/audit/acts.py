"""Every act that the log knows, named once, with what a person reads for it."""

from __future__ import annotations

from dataclasses import dataclass

from archive_service.errors import Text


@dataclass(frozen=True)
class Act:
    """A kind of act: its name in the log and its words on the screen."""

    name: str
    words: Text


ALL: dict[str, Act] = {}


def _act(name: str, zh: str, en: str) -> Act:
    act = Act(name, Text(zh, en))
    ALL[name] = act
    return act


ARCHIVE_FOUNDED = _act("archive:founded", "建立档案库", "Archive founded")
PLAN_LOADED = _act("plan:loaded", "载入分类方案", "Classification plan loaded")
PLAN_DRAFTED = _act("plan:drafted", "起草分类方案", "Draft of the plan begun")
PLAN_DRAFT_CHANGED = _act("plan:draft:changed", "修改方案草案", "Draft of the plan changed")
PLAN_DRAFT_DISCARDED = _act("plan:draft:discarded", "撤销方案草案", "Draft of the plan discarded")
PLAN_PUBLISHED = _act("plan:published", "公布分类方案", "Classification plan published")
PLAN_APPLIED = _act("plan:applied", "按新分类方案归类", "Brought in line with a new plan")
SCHEDULE_LOADED = _act("schedule:loaded", "载入保管期限表", "Retention schedule loaded")
SCHEDULE_PROPOSED = _act("schedule:proposed", "提出期限表变更", "Change of schedule proposed")
SCHEDULE_COUNTED = _act("schedule:counted", "清点期限表变更的影响", "Effect of a change of schedule counted")
SCHEDULE_APPROVED = _act("schedule:approved", "批准期限表变更", "Change of schedule approved")
SCHEDULE_ADOPTED = _act("schedule:adopted", "启用期限表", "Schedule adopted")
SCHEDULE_APPLIED = _act("schedule:applied", "按新期限表重算完毕", "All computed by the new schedule")
SCHEDULE_WITHDRAWN = _act("schedule:withdrawn", "撤回期限表变更", "Change of schedule withdrawn")

PERSON_ADDED = _act("person:added", "增加人员", "Person added")
PERSON_ROLES_SET = _act("person:roles:set", "设定角色", "Roles set")
PERSON_CLEARANCE_SET = _act("person:clearance:set", "设定密级权限", "Clearance set")
PERSON_PASSWORD_SET = _act("person:password:set", "更改密码", "Password changed")
PERSON_PASSWORD_RESET = _act("person:password:reset", "重置密码", "One-time password issued")
PERSON_PASSWORD_HASHED_ANEW = _act("person:password:hashed_anew", "重算密码散列", "Password hashed anew")
PERSON_LANGUAGE_SET = _act("person:language:set", "更改界面语言", "Language changed")
PERSON_DISABLED = _act("person:disabled", "停用人员", "Person disabled")
PERSON_SIGNED_IN = _act("person:signed_in", "登录", "Signed in")
PERSON_SIGN_IN_REFUSED = _act("person:sign_in:refused", "登录被拒", "Sign-in refused")
FACTOR_BEGUN = _act("person:factor:begun", "开始添加第二因素", "Second factor begun")
FACTOR_ADDED = _act("person:factor:added", "添加第二因素", "Second factor added")
FACTOR_REMOVED = _act("person:factor:removed", "移除第二因素", "Second factor removed")
FACTOR_USED = _act("person:factor:used", "通过第二因素", "Second factor passed")
FACTOR_REFUSED = _act("person:factor:refused", "第二因素未通过", "Second factor refused")
RECOVERY_CODES_MADE = _act("person:recovery_codes:made", "生成恢复码", "Recovery codes made")
PERSON_ADDRESS_SET = _act("person:address:set", "设定通知邮箱", "Address for notices set")
SSO_LINKED = _act("person:sso:linked", "关联统一登录", "Single sign-on linked")
SSO_UNLINKED = _act("person:sso:unlinked", "解除统一登录关联", "Single sign-on unlinked")
TOKEN_MADE = _act("person:token:made", "生成 API 令牌", "API token made")
TOKEN_REVOKED = _act("person:token:revoked", "作废 API 令牌", "API token ended")
SESSION_ENDED = _act("person:session:ended", "结束一处登录", "A sign-in ended")
PERSON_SIGNED_OUT = _act("person:signed_out", "退出", "Signed out")
ACTION_REFUSED = _act("action:refused", "操作被拒", "Action refused")

FONDS_OPENED = _act("fonds:opened", "建立全宗", "Fonds opened")
CASE_OPENED = _act("case:opened", "建立案卷", "Case file opened")
CASE_EVENT_ADDED = _act("case:event:added", "登记案卷事件", "Event of a case file recorded")
CASE_EVENT_REVOKED = _act("case:event:revoked", "撤销案卷事件", "Event of a case file revoked")

RECORD_FILED = _act("record:filed", "归档", "Filed")
REGISTER_WRITTEN = _act("register:written", "打印或导出目录", "Register printed or exported")
RECORD_READ = _act("record:read", "阅览", "Read")
RECORD_READ_REFUSED = _act("record:read:refused", "阅览被拒", "Reading refused")
RECORD_CORRECTED = _act("record:corrected", "更正文件", "File corrected")
RECORD_REDACTED = _act("record:redacted", "制作遮盖件", "Redacted copy made")
REDACTION_RELEASED = _act("record:redacted:released", "放行遮盖件", "Redacted copy released")
REDACTION_REFUSED = _act("record:redacted:refused", "退回遮盖件", "Redacted copy sent back")
REDACTION_WITHDRAWN = _act("record:redacted:withdrawn", "收回遮盖件", "Redacted copy taken back")
RECORD_DESCRIBED = _act("record:described", "更正著录", "Description corrected")
VIEW_SAVED = _act("view:saved", "保存视图", "View saved")
VIEW_REMOVED = _act("view:removed", "删除视图", "View removed")
RECORD_DECLARED = _act("record:declared", "固化", "Declared")
FORMAT_IDENTIFIED = _act("record:format:identified", "识别文件格式", "File format identified")
RECORD_TEXT_KEPT = _act("record:text:kept", "保存提取的文字", "Extracted text kept")
RECORD_TEXT_FAILED = _act("record:text:failed", "文字提取未成功", "No text could be extracted")
ROOM_OPENED = _act("room:opened", "设立库房", "Storeroom opened")
ROOM_LIMITS_SET = _act("room:limits:set", "设定库房限值", "Limits of a storeroom set")
SHELF_ADDED = _act("room:shelf:added", "增设架位", "Shelf added")
BOX_MADE = _act("box:made", "设立档案盒", "Box set up")
BOX_NOTED = _act("box:noted", "填写备考表", "Note on a box written")
BOX_MOVED = _act("box:moved", "移动档案盒", "Box moved")
PAPER_MOVED = _act("record:paper:moved", "移动纸质件", "Paper moved")
PAPER_LENT = _act("custody:lent", "借出", "Lent")
PAPER_RETURNED = _act("custody:returned", "归还", "Given back")
PAPER_RENEWED = _act("custody:renewed", "续借", "Loan renewed")
LOAN_REMINDED = _act("custody:loan:reminded", "催还", "Reminded of a loan")
CLIMATE_READ = _act("room:climate:read", "登记温湿度", "Climate read")
ROUND_MADE = _act("room:round:made", "库房检查", "Storeroom inspected")
DAMAGE_REPORTED = _act("damage:reported", "报告损坏", "Damage reported")
DAMAGE_REPAIRED = _act("damage:repaired", "登记修复", "Damage repaired")
PROPERTIES_CHECKED = _act("record:properties:checked", "四性检测", "Four properties checked")
PROPERTY_SIGNED = _act("record:properties:signed", "签认检测项", "Item of a check signed")
FILING_BLOCKED = _act("filing:blocked", "检测不合格，未予归档", "Filing stopped by a check")
EXCEPTION_GRANTED = _act("exception:granted", "批准检测例外", "Exception granted")
EXCEPTION_REFUSED = _act("exception:refused", "不批准检测例外", "Exception refused")
RECORD_RECLASSIFIED = _act("record:reclassified", "改类", "Put into another class")
RECORD_DUE_SET = _act("record:due:set", "重算到期日", "Due date computed")
COPY_FAULTY = _act("copy:faulty", "发现副本缺失或损坏", "Copy found missing or damaged")
COPY_REPAIRED = _act("copy:repaired", "修复副本", "Copy repaired")
COPY_NOT_REPAIRED = _act("copy:repair:refused", "副本未能修复", "Copy not repaired")
COPIES_CHECKED = _act("copies:checked", "读检副本", "Copies read and checked")
STORE_FOUNDED = _act("store:founded", "启用存储", "Store taken into use")
STORE_GIVEN_UP = _act("store:given_up", "登记存储报废", "Store given up for good")
HOLDS_MIRRORED = _act("locks:holds", "在存储中设置或解除冻结", "Holds set or lifted in a store")
COPY_HISTORY_REGAINED = _act("copies:history:regained", "恢复副本的冻结记录", "History of holds on copies regained")
LOCKS_KEPT = _act("locks:kept", "同步存储锁定", "Locks in a store brought in line")
KEYS_ROTATED = _act("keys:rotated", "更换根密钥", "Root key changed")
KEYS_RECOVERED = _act("keys:recovered", "以恢复份找回根密钥", "Root key recovered from shares")
SHARES_MADE = _act("keys:shares:made", "制作恢复份", "Recovery shares made")
SHARES_DRILLED = _act("keys:shares:drilled", "演练恢复份", "Recovery shares tried")
ARCHIVE_REBUILT = _act("archive:rebuilt", "重建目录", "Catalogue made again")
RECORD_REGAINED = _act("record:regained", "由封装说明重建", "Made again from its capsule")
RECORD_KEPT_DESTROYED = _act("record:kept_destroyed", "恢复后再次销毁", "Destroyed again after a restore")
NUMBERS_KEPT = _act("number:kept", "恢复后补正件号", "Numbers brought forward after a restore")
BACKUP_MADE = _act("backup:made", "备份", "Backup made")
BACKUP_RESTORED = _act("backup:restored", "由备份恢复", "Restored from a backup")
BACKUP_DRILLED = _act("backup:drilled", "恢复演练", "Restore drill")
ARCHIVE_REPAIRED = _act("archive:repaired", "修复可安全修复的", "Repaired what is safe")
ARCHIVE_EXAMINED = _act("archive:examined", "检查全库", "Archive examined")
SCHEME_MADE = _act("scheme:made", "启用编号方案版本", "Version of a numbering scheme made")
FILE_NUMBER_ALLOTTED = _act("number:file", "编定案卷号", "File number given to a case file")
NUMBERS_RESERVED = _act("number:reserved", "预留件号", "Numbers reserved")
NUMBER_VOIDED = _act("number:voided", "件号作废", "Number voided")
RENUMBERING_PROPOSED = _act("record:renumbering:proposed", "提出改号", "Correction of a code proposed")
RENUMBERING_STRUCK = _act("record:renumbering:struck", "撤销改号", "Correction of a code let go")
RECORD_RENUMBERED = _act("record:renumbered", "改号，原号作废", "Code corrected, the old one void")
IMPORT_STARTED = _act("import:started", "开始批量归档", "Folder import started")
IMPORT_FINISHED = _act("import:finished", "完成批量归档", "Folder import finished")

ACCESS_ASKED = _act("access:asked", "申请查阅", "Access asked for")
ACCESS_AGREED = _act("access:agreed", "同意查阅", "Access agreed to")
ACCESS_WITHDRAWN = _act("access:withdrawn", "撤回查阅申请", "Request for access withdrawn")
ACCESS_RETURNED = _act("access:returned", "查阅完毕交还", "Access given back")
ACCESS_TALKED_OVER = _act("access:talked_over", "就查阅申请留言", "Message on a request for access")
ACCESS_REMINDED = _act("access:reminded", "催办查阅申请", "Reminded of a request for access")
ACCESS_GRANTED = _act("access:granted", "批准查阅", "Access granted")
ACCESS_REFUSED = _act("access:refused", "不予查阅", "Access refused")
EMERGENCY_OPENED = _act("emergency:opened", "开启紧急阅览", "Emergency reading opened")
EMERGENCY_REFUSED = _act("emergency:refused", "紧急阅览未开启", "Emergency reading refused")
EMERGENCY_REVIEWED = _act("emergency:reviewed", "复核紧急阅览", "Emergency reading reviewed")
ACCESS_REVOKED = _act("access:revoked", "收回查阅许可", "Access revoked")

HOLD_PLACED = _act("hold:placed", "冻结", "Hold placed")
HOLD_CAUGHT = _act("hold:caught", "冻结检索新命中", "Caught by a hold's search")
HOLD_RELEASED = _act("hold:released", "解除冻结", "Hold released")
HOLD_REVIEW_DUE = _act("hold:review", "冻结到复查日期", "Hold due for review")
CLOCK_KEPT = _act("clock:kept", "留存保管时钟读数", "Retention clock kept")
CLOCK_QUARANTINED = _act("clock:quarantined", "保管时钟停用待核", "Retention clock in quarantine")
CLOCK_ACKNOWLEDGED = _act("clock:acknowledged", "核认时钟", "Clock acknowledged")
CLOCK_RELEASED = _act("clock:released", "保管时钟恢复", "Retention clock released")
CHECK_CONFIRMED = _act("retention:confirmed", "确认异常数量", "Unusual number confirmed")
RETENTION_CHECKED = _act("retention:checked", "到期检查", "Retention check")
RETENTION_STOPPED = _act("retention:stopped", "到期检查中止", "Retention check stopped")
CANDIDATE_QUEUED = _act("candidate:queued", "列入待鉴定", "Queued for appraisal")
CANDIDATE_WITHDRAWN = _act("candidate:withdrawn", "撤出待鉴定", "Withdrawn from the queue")
LIST_DRAWN_UP = _act("disposal:list:drawn_up", "编制处置清册", "Disposal list drawn up")
ITEM_APPRAISED = _act("disposal:item:appraised", "鉴定", "Appraised")
GROUP_NAMED = _act("disposal:group:named", "指定鉴定小组", "Appraisal group named")
GROUP_SAID = _act("disposal:group:said", "鉴定小组成员表态", "Member of the appraisal group gave word")
PAPER_ATTESTED = _act("disposal:paper:attested", "见证纸质件销毁", "Destruction of papers attested")
LIST_SUBMITTED = _act("disposal:list:submitted", "提交审批", "Submitted for approval")
LIST_APPROVED = _act("disposal:list:approved", "批准", "Approved")
LIST_RETURNED = _act("disposal:list:returned", "退回", "Returned")
LIST_WITHDRAWN = _act("disposal:list:withdrawn", "撤回清册", "List withdrawn")
SUPERVISED_BEFORE = _act("disposal:supervised:before", "监销人核对清册", "Checked by a supervisor")
SUPERVISED_AFTER = _act("disposal:supervised:after", "监销人签字", "Signed by a supervisor")
ITEM_LEFT = _act("disposal:item:left", "自动移出清册", "Left the list by itself")
LIST_REMINDED = _act("disposal:list:reminded", "催办清册", "Reminder of a list")
LIST_ESCALATED = _act("disposal:list:escalated", "清册逾期上报", "Overdue list escalated")
LIST_ORDERED = _act("disposal:list:ordered", "下达销毁", "Destruction ordered")
LIST_CLOSED = _act("disposal:list:closed", "清册办结", "List closed")
ITEM_DECIDED = _act("disposal:item:decided", "执行鉴定意见", "Opinion carried out")
ITEM_STRUCK = _act("disposal:item:struck", "移出清册", "Taken off the list")
ITEM_STOPPED = _act("disposal:item:stopped", "停止销毁", "Destruction stopped")
DESTRUCTION_BEGUN = _act("destruction:begun", "销毁开始", "Destruction begun")
INDEX_PURGED = _act("destruction:index:purged", "清除索引", "Index purged")
KEY_CLAIMED = _act("destruction:key:claimed", "核对冻结，确认销毁密钥", "Holds checked, key claimed")
DESTRUCTION_TROUBLE = _act("destruction:trouble", "销毁受阻", "Destruction met an obstacle")
KEY_DESTROYED = _act("destruction:key:destroyed", "销毁密钥", "Key destroyed")
OBJECTS_DELETED = _act("destruction:objects:deleted", "删除文件", "Objects deleted")
RECORD_DESTROYED = _act("destruction:done", "销毁完成", "Destroyed")
TRANSFER_PREPARED = _act("transfer:prepared", "编定移交包", "Transfer package prepared")
TRANSFER_HANDED_OVER = _act("transfer:handed_over", "制作并交出移交包", "Transfer package written and handed over")
TRANSFER_RECEIPT_TOLD = _act("transfer:receipt:told", "登记移交回执", "Receipt of a transfer entered")
TRANSFER_RECEIPT_REFUSED = _act("transfer:receipt:refused", "移交回执不符", "Receipt of a transfer refused")
TRANSFER_RECEIPT_STRUCK = _act("transfer:receipt:struck", "撤销移交回执登记", "Entry of a receipt taken back")
TRANSFER_CUSTODY_MOVED = _act("transfer:custody:moved", "移交完成", "Custody moved")
RECEIVER_KEY_PROPOSED = _act("receiver:key:proposed", "登记接收单位公钥", "Receiver's key entered")
RECEIVER_KEY_CONFIRMED = _act("receiver:key:confirmed", "确认接收单位公钥", "Receiver's key confirmed")
RECEIVER_KEY_RETIRED = _act("receiver:key:retired", "停用接收单位公钥", "Receiver's key retired")
TRANSFER_RETURNED = _act("transfer:returned", "移交退回", "Transfer returned")
TRANSFER_REMOVAL_OPENED = _act(
    "transfer:removal:opened", "准予处置已移交的留存件", "Removal of what was transferred opened"
)
PACKAGE_RECEIVING = _act("package:receiving", "开始接收移交包", "Taking in of a package begun")
PACKAGE_RECEIVED = _act("package:received", "移交包接收完毕", "Package taken in")
RECORD_RECEIVED = _act("record:received", "接收自移交包", "Record came in a package")
CERTIFICATE_ISSUED = _act("certificate:issued", "出具销毁证明", "Certificate issued")
IRRECOVERABLE_CERTIFIED = _act("certificate:final", "出具不可恢复证明", "Irrecoverability certified")


def words_of(name: str) -> Text:
    """Return the words of an act by its name in the log; a name of a later version reads as itself."""
    act = ALL.get(name)
    return act.words if act else Text(name, name)


OBJECTS: dict[str, Text] = {
    "access_request": Text("查阅申请", "Access request"),
    "archive": Text("档案库", "Archive"),
    "candidate": Text("待鉴定件", "Queued record"),
    "case_file": Text("案卷", "Case file"),
    "check_run": Text("到期检查", "Retention check"),
    "disposal_item": Text("清册条目", "Item of a list"),
    "disposal_list": Text("处置清册", "Disposal list"),
    "fonds": Text("全宗", "Fonds"),
    "store": Text("存储", "Store"),
    "transfer_package": Text("移交包", "Transfer package"),
    "received_package": Text("接收的移交包", "Package received"),
    "receiver_key": Text("接收单位公钥", "Receiver's key"),
    "emergency_reading": Text("紧急阅览", "Emergency reading"),
    "hold": Text("冻结", "Hold"),
    "import": Text("批量归档", "Folder import"),
    "number": Text("件号", "Number"),
    "numbering_scheme": Text("编号方案", "Numbering scheme"),
    "page": Text("页面", "Page"),
    "person": Text("人员", "Person"),
    "plan_draft": Text("方案草案", "Draft of the plan"),
    "plan_version": Text("方案版本", "Version of a plan"),
    "record": Text("件", "Record"),
    "schedule_change": Text("期限表变更", "Change of schedule"),
    "retention_clock": Text("保管时钟", "Retention clock"),
}
"""The kinds of things that an act is about."""

DETAILS: dict[str, Text] = {
    "repeated": Text("此前已归档", "filed before"),
    "box": Text("盒号", "box"),
    "verdict": Text("结论", "verdict"),
    "files": Text("文件数", "files"),
    "shelf": Text("架位", "shelf"),
    "alarm": Text("超限", "alarm"),
    "on": Text("日期", "day"),
    "withdrawn": Text("撤出件数", "withdrawn"),
    "would_queue": Text("应列入件数", "due to be queued"),
    "holdings": Text("在册件数", "holdings"),
    "refused": Text("未归档件数", "refused"),
    "rule": Text("规则", "rule"),
    "queued": Text("列入件数", "queued"),
    "reading": Text("读数", "reading"),
    "stage": Text("环节", "stage"),
    "due_on": Text("可鉴定日期", "due from"),
    "filed": Text("归档件数", "filed"),
    "seconds_apart": Text("相差秒数", "seconds apart"),
    "confirmed_by": Text("确认人", "confirmed by"),
    "bytes": Text("字节数", "bytes"),
    "added": Text("补入日志条数", "entries added"),
    "again": Text("再次销毁件数", "destroyed again"),
    "entries": Text("日志条数", "entries"),
    "lost": Text("未能恢复的行数", "rows not regained"),
    "sound": Text("是否相符", "sound"),
    "copies": Text("副本数", "copies"),
    "custodian": Text("保管方式", "custodian"),
    "fault": Text("问题", "fault"),
    "faults": Text("问题数", "faults"),
    "findings": Text("发现数", "findings"),
    "keys": Text("密钥数", "keys"),
    "name": Text("名称", "name"),
    "needed": Text("所需份数", "needed"),
    "number": Text("份数", "number"),
    "puid": Text("PRONOM 标识", "PRONOM id"),
    "place": Text("存储", "store"),
    "sampled": Text("其中抽检", "of these by lot"),
    "method": Text("方法", "method"),
    "locked": Text("锁定", "locked"),
    "held": Text("设冻结", "held"),
    "lifted": Text("解除冻结", "holds lifted"),
    "set_on": Text("设冻结的文件", "files held"),
    "lifted_from": Text("解除冻结的文件", "files no longer held"),
    "unreachable": Text("不可用的存储", "unreachable stores"),
    "as_of": Text("日期", "as of"),
    "case_no": Text("案卷号", "case"),
    "clearance": Text("密级权限", "clearance"),
    "code": Text("档号", "code"),
    "page": Text("页", "page"),
    "purpose": Text("方式", "manner"),
    "corrects": Text("更正的文件", "corrects"),
    "component": Text("文件", "component"),
    "days": Text("天数", "days"),
    "digest": Text("摘要", "digest"),
    "fonds_no": Text("全宗号", "fonds"),
    "hold_no": Text("冻结号", "hold"),
    "lacking": Text("缺少", "lacking"),
    "language": Text("语言", "language"),
    "level": Text("密级", "level"),
    "loan": Text("借阅号", "loan"),
    "list_no": Text("清册号", "list"),
    "login": Text("登录名", "login"),
    "new": Text("现为", "now"),
    "old": Text("原为", "before"),
    "records": Text("件数", "records"),
    "request": Text("申请", "request"),
    "roles": Text("角色", "roles"),
    "round": Text("轮次", "round"),
    "scheme": Text("编号方案", "scheme"),
    "starts_on": Text("启用日期", "starts on"),
    "rows": Text("行数", "rows"),
    "to": Text("对象人员", "to"),
    "trigger": Text("触发事件", "trigger"),
    "until": Text("截止", "until"),
    "version": Text("版本", "version"),
}
"""What the details of an act are called, where a name alone would not be read."""


def object_words(name: str) -> Text:
    """Return the words of a kind of thing; one of a later version reads as itself."""
    return OBJECTS.get(name, Text(name, name))


def detail_words(name: str) -> Text:
    """Return the words of a detail; one without words reads as itself."""
    return DETAILS.get(name, Text(name, name))
