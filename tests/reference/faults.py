"""Faults in the reference rollout, one per policy, trigger and constraint that keeps somebody out, and who notices.

    python -m tests.reference.faults [PATTERN]

plants every fault in turn (in a transaction that is rolled back), runs the tests of the rollout until one fails, and
lists what was noticed by what.
"""

from __future__ import annotations

import inspect
import itertools
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from fixtures.stack.postgres import Cluster
from tests.reference import test_access_matrix, test_attacks, test_constraints, test_rpcs
from tests.reference.world import World, migrate, populate

MODULES = (test_attacks, test_rpcs, test_access_matrix, test_constraints)

POLICIES = """
select schemaname || '.' || tablename, policyname, qual is not null, with_check is not null
from pg_policies where schemaname in ('public', 'storage') order by 1, 2
"""
TRIGGERS = """
select tgrelid::regclass::text, tgname from pg_trigger
where not tgisinternal and tgrelid::regclass::text !~ '\\.' and tgname <> 'touch_updated_at' order by 1, 2
"""
# Constraints without which somebody reaches what they may not; the others keep data in shape.
KEYS = """
select conrelid::regclass::text, conname from pg_constraint
where conname ~ '_course_fkey$|_is_global$|user_roles_.*_organization_id_key$' order by 1, 2
"""


@dataclass(frozen=True)
class Fault:
    """A statement that takes one guard away, and the table that it guarded."""

    statement: str
    table: str

    def __str__(self) -> str:
        return self.statement


@dataclass(frozen=True)
class Case:
    """One test with one set of its parameters."""

    test: Callable[..., None]
    arguments: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.test.__name__}[{'-'.join(str(value)[:40] for value in self.arguments.values())}]"

    def concerns(self, table: str) -> bool:
        """Whether it names the table: such cases are tried first."""
        return re.search(rf"\b{table.rsplit('.', 1)[-1]}\b", f"{self} {self.arguments}") is not None


def faults(connection: psycopg.Connection[Any]) -> list[Fault]:
    """Every single guard removed, one at a time."""
    found = []
    for table, policy, has_using, has_check in connection.execute(POLICIES).fetchall():
        named = sql.SQL("policy {} on ").format(sql.Identifier(policy)).as_string(connection) + table
        found.append(Fault(f"drop {named}", table))
        if has_using:
            found.append(Fault(f"alter {named} using (true)", table))
        # The only new id that an organization can get is the one it has: everything refers to it.
        if has_check and table != "public.organizations":
            found.append(Fault(f"alter {named} with check (true)", table))
    found += [
        Fault(f"drop trigger {name} on {table}", table) for table, name in connection.execute(TRIGGERS).fetchall()
    ]
    found += [
        Fault(f"alter table {table} drop constraint {name}", table)
        for table, name in connection.execute(KEYS).fetchall()
    ]
    return found


def cases() -> list[Case]:
    """The tests that need nothing but a world, with all their parameters."""
    return [case for module in MODULES for test in vars(module).values() if _is_test(test) for case in _expand(test)]


def noticed(world: World, fault: Fault, candidates: list[Case]) -> Case | None:
    """The first case that fails with the fault in place; what the case did and the fault are taken back."""
    world.connection.execute("savepoint sound")
    world.connection.execute(fault.statement.encode())
    world.connection.execute("savepoint faulty")
    try:
        for case in sorted(candidates, key=lambda case: not case.concerns(fault.table)):
            try:
                case.test(world=world, **case.arguments)
            except AssertionError:
                return case
            finally:
                world.connection.execute("rollback to savepoint faulty")
        return None
    finally:
        world.connection.execute("rollback to savepoint sound")


def _is_test(thing: object) -> bool:
    return (
        inspect.isfunction(thing)
        and thing.__name__.startswith("test_")
        and "world" in inspect.signature(thing).parameters
    )


def _expand(test: Callable[..., None]) -> Iterator[Case]:
    axes = []
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "parametrize":
            names, values = mark.args
            axes.append(
                [{names: value} if isinstance(names, str) else dict(zip(names, value, strict=True)) for value in values]
            )
    for combination in itertools.product(*axes):
        yield Case(test, {name: value for part in combination for name, value in part.items()})


def main(pattern: str = "") -> int:
    """Plant all faults whose statement matches, print who notices each, and return how many nobody did."""
    missed = 0
    with tempfile.TemporaryDirectory() as directory, Cluster.start(Path(directory)) as cluster:
        dsn = cluster.create("faults")
        migrate(dsn)
        with psycopg.connect(dsn) as connection:
            populate(connection)
        with psycopg.connect(dsn) as connection:
            world, candidates = World(connection), cases()
            for fault in faults(connection):
                if pattern in fault.statement:
                    case = noticed(world, fault, candidates)
                    missed += case is None
                    print(f"{'noticed' if case else 'MISSED '}  {fault}  {case or ''}")
    return missed


if __name__ == "__main__":
    sys.exit(min(main(*sys.argv[1:2]), 1))
