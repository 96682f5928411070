"""Change the policy table and its functions in every small way and see that the tests notice each; none may survive.

Use: python scripts/trust/policy_mutants.py [--only N[,N...]] [--list]

Each mutant is made of one changed place of ``archive_service/people/policy.py``: a comparison turned round, an ``and``
that becomes ``or``, a condition negated, a truth value or answer exchanged, a role, a grant, a barred hand or a level
taken out of a rule or put into it, an action let in for administrators. A changed table is held against the second
statement of it in ``tests/archive_service/people/test_policy.py``; for a changed function those tests run on SQLite in a
forked child, until the first failure: the quick ones, then the random worlds.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.people import policy
from tests.archive_service.people import test_policy

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "archive_service" / "people" / "policy.py"
TESTS = "tests/archive_service/people/test_policy.py"
ROLES = ("ARCHIVIST", "READER", "APPRAISER", "APPROVER", "AUDITOR", "SYSTEM_ADMINISTRATOR", "SECURITY_ADMINISTRATOR")
TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
}


def mutants(source: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield each changed source, read, with a sentence on what was changed."""
    tree = ast.parse(source)
    for place, node in enumerate(ast.walk(tree)):
        for number, said in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            twin = next(one for at, one in enumerate(ast.walk(changed)) if at == place)
            _apply(twin, number)
            yield f"line {getattr(node, 'lineno', 0)}: {said}", ast.fix_missing_locations(changed)


def _changes(node: ast.AST) -> list[str]:
    """Return what can be changed at a node; :func:`_apply` makes the change of that number."""
    if isinstance(node, ast.Compare):
        turned = TURNED.get(type(node.ops[0]))
        return [f"{ast.unparse(node)}: {turned.__name__}"] if turned else []
    if isinstance(node, ast.BoolOp):
        parts = [f"{ast.unparse(node)}: without part {number}" for number in range(len(node.values))]
        return [f"{ast.unparse(node)}: and/or exchanged", *parts]
    if isinstance(node, ast.If):
        return [f"if {ast.unparse(node.test)}: always", f"if {ast.unparse(node.test)}: never"]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return [f"{ast.unparse(node)}: without not"]
    if _is_rule(node):
        return [said for said, _ in _rule_changes(node)]
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "or_":
        return [f"or_ without part {number}" for number in range(len(node.args))]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".where"):
        return [f"where without {ast.unparse(one)}" for one in node.args]
    if isinstance(node, ast.Set):
        return [f"set without {ast.unparse(one)}" for one in node.elts]
    return []


def _apply(node: Any, number: int) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = TURNED[type(node.ops[0])]()
    elif isinstance(node, ast.BoolOp):
        if number == 0:
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        else:
            del node.values[number - 1]
    elif isinstance(node, ast.If):
        node.test = ast.Constant(number == 0)
    elif isinstance(node, ast.UnaryOp):
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
    elif _is_rule(node):
        _rule_changes(node)[number][1](node)
    elif isinstance(node, ast.Call):
        del node.args[number]
    else:
        del node.elts[number]


def _is_rule(node: Any) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "_rule"


def _rule_changes(node: Any) -> list[tuple[str, Any]]:
    """Return every change of a rule with the function that makes it."""
    told, text = [], ast.unparse(node)
    roles = [ast.unparse(one) for one in node.args]
    has = {*roles, *(("ARCHIVIST", "READER", "APPRAISER", "APPROVER") if "*WORKING" in roles else ())}
    for number, role in enumerate(roles):
        told.append((f"{text}: without {role}", lambda one, at=number: one.args.pop(at)))
    for role in ROLES:
        if role in has:
            continue
        told.append((f"{text}: and {role}", lambda one, name=role: one.args.append(ast.Name(name, ast.Load()))))
    for number, keyword in enumerate(node.keywords):
        told.append((f"{text}: without {keyword.arg}", lambda one, at=number: one.keywords.pop(at)))
        if isinstance(keyword.value, ast.Tuple) and len(keyword.value.elts) > 1:
            for part in range(len(keyword.value.elts)):
                said = f"{text}: {keyword.arg} without {ast.unparse(keyword.value.elts[part])}"
                told.append((said, lambda one, at=number, of=part: one.keywords[at].value.elts.pop(of)))
    return told


def noticed(changed: ast.Module) -> bool:
    """Say whether the tests fail on a mutant."""
    if not _table_stands(changed):
        return True
    same = {ast.dump(one) for one in ast.parse(SOURCE.read_text(encoding="utf-8")).body}
    functions = [one for one in changed.body if isinstance(one, ast.FunctionDef) and ast.dump(one) not in same]
    return any(_fails(functions, chosen) for chosen in ("not every_world and not postgresql", "every_world and sqlite"))


def _table_stands(changed: ast.Module) -> bool:
    """Hold the table of a mutant against the second statement of it."""
    made: dict[str, Any] = {"__name__": "changed"}
    sys.modules["changed"] = sys.modules[policy.__name__]  # where dataclasses look for the names of annotations
    exec(compile(changed, str(SOURCE), "exec"), made)
    same = {action.value: test_policy.said_of(rule) for action, rule in made["TABLE"].items()}
    administrators = {action.value for action in made["OF_ADMINISTRATORS"]}
    leaving = {action.value for action in made["LEAVING_THE_ROOM"]}
    return (same, administrators, leaving) == (
        test_policy.WHO_MAY_WHAT,
        {action.value for action in policy.OF_ADMINISTRATORS},
        {action.value for action in policy.LEAVING_THE_ROOM},
    )


def _fails(functions: list[ast.FunctionDef], chosen: str) -> bool:
    """Run tests over changed functions in a forked child."""
    child = os.fork()
    if not child:
        code = 2
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            for function in functions:
                _put_in_place(function)
            code = int(pytest.main(["-x", "-q", "--no-header", "-k", chosen, TESTS]))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) != 0


def _put_in_place(function: ast.FunctionDef) -> None:
    """Put a changed function where the old one is, in every module that took it by name."""
    old = getattr(policy, function.name)
    exec(compile(ast.Module([function], []), str(SOURCE), "exec"), policy.__dict__)
    new = getattr(policy, function.name)
    for module in list(sys.modules.values()):
        if getattr(module, function.name, None) is old:
            setattr(module, function.name, new)


def main() -> int:
    """Try every mutant; return how many survived."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--only", default="", help="numbers of mutants, parted by commas")
    said.add_argument("--list", action="store_true", help="only list them")
    given = said.parse_args()
    os.chdir(ROOT)
    every = list(mutants(SOURCE.read_text(encoding="utf-8")))
    wanted = [int(one) for one in given.only.split(",") if one] or list(range(len(every)))
    if given.list:
        print("\n".join(f"{number} {every[number][0]}" for number in wanted))
        return 0
    if _fails([], "not postgresql"):
        print("the tests fail on the policy as it is")
        return 1
    alive = 0
    for number in wanted:
        if not noticed(every[number][1]):
            alive += 1
            print(f"SURVIVED {number} {every[number][0]}", flush=True)
    print(f"{len(wanted)} mutants, {alive} survived")
    return min(alive, 100)


if __name__ == "__main__":
    sys.exit(main())
