"""Small schedules for tests: a head, a basis, and whatever a test writes below it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from retention_policies import Minimum, Rule, Schedule, load_schedule

HEAD = """
format = 1
[schedule]
code = "TEST"
version = "1"
effective_from = 2024-01-01
title = { zh = "试", en = "Test" }
note = { zh = "试用", en = "For tests" }
"""

BODY = """
[[basis]]
code = "LAW"
title = { zh = "法", en = "Law" }
[[event]]
code = "CONTRACT_ENDED"
title = { zh = "合同终止", en = "contract ended" }
happened = { zh = "合同终止于", en = "Contract ended" }
awaited = { zh = "合同尚未终止", en = "The contract has not ended" }
[[fact]]
code = "deaths"
kind = "number"
title = { zh = "死亡人数", en = "Deaths" }
"""


def a_rule(terms: str, code: str = "AAA01") -> str:
    """Write a rule around its terms."""
    return f"""
[[rule]]
code = "{code}"
title = {{ zh = "甲", en = "First" }}
level = "INT"
reason = {{ zh = "因", en = "because" }}
basis = ["LAW"]
{terms}
"""


def usual(period: str = "10 years", trigger: str = '"CASE_CLOSED"', more: str = "", action: str = "RD") -> str:
    """Write terms."""
    return f'period = "{period}"\ntrigger = {trigger}\naction = "{action}"\n{more}\n'


def schedule(*tables: str, head: str = "", minimums: Mapping[str, Minimum] | None = None) -> Schedule:
    """Load a schedule of some tables."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "schedule.toml"
        path.write_text(f"{HEAD}{head}\n{BODY}{''.join(tables)}", encoding="utf-8")
        return load_schedule(path, minimums)


def rule(terms: str, head: str = "") -> Rule:
    """Load one rule from its terms."""
    return schedule(a_rule(terms), head=head).rules["AAA01"]
