"""Prove the ground truth by experiment: every leak is shown, every control holds, no clean object shows a canary.

Each schema gets a database of its own; each proof runs in a transaction that is rolled back:

    python -m tests.isolation_corpus.prove [NAME …]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from fixtures.stack.postgres import Cluster
from tests.isolation_corpus.truth import HERE, Truth, load, names, normal

HELPERS = (HERE / "proof.sql").read_text()

# Everything that a client can name: relations and functions of the application's own schemas, as anon or authenticated.
OBJECTS = """
with own as (
  select oid, nspname from pg_namespace
  where nspname !~ '^(pg_|information_schema|auth$|storage$|realtime$|supabase_functions$|extensions$|proof$)'
    and (has_schema_privilege('authenticated', oid, 'usage') or has_schema_privilege('anon', oid, 'usage')))
select format('%s.%s', nspname, relname), 'relation' from pg_class c join own on own.oid = relnamespace
where relkind in ('r', 'p', 'v', 'm', 'f')
union all
select format('%s.%s(%s)', nspname, proname, oidvectortypes(proargtypes)), 'function'
from pg_proc p join own on own.oid = pronamespace
where prorettype <> 'trigger'::regtype and prokind in ('f', 'p')
  and (has_function_privilege('authenticated', p.oid, 'execute') or has_function_privilege('anon', p.oid, 'execute'))
  and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')
order by 1
"""

WRITABLE = """
select attname from pg_attribute
where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped and attgenerated = '' and attidentity <> 'a'
"""


@dataclass
class Outcome:
    """What the experiment said of one schema: every line of `wrong` is an error in the truth."""

    name: str
    proved: int = 0
    controls: int = 0
    swept: int = 0
    wrong: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)

    def summary(self, truth: Truth) -> str:
        """One line for a person: what was shown of how much, and which clean tables held no canary to look for."""
        return (
            f"{self.proved} of {len(truth.leak)} leaks proved, {self.controls} of {len(truth.control)} controls hold, "
            f"{self.swept} of {len(truth.clean) + len(truth.accepted) + len(truth.debatable)} sound objects swept "
            f"(without a canary: {', '.join(self.uncovered) or 'none'})"
        )


def last_row(connection: psycopg.Connection, script: str) -> tuple[object, ...] | None:
    """Run a script of several statements and give the only row of its last result."""
    cursor = connection.execute(script)
    while cursor.nextset():
        pass
    rows = cursor.fetchall() if cursor.description else []
    return rows[0] if len(rows) == 1 else None


@contextmanager
def staged(dsn: str, truth: Truth) -> Iterator[psycopg.Connection]:
    """A transaction with the helpers and the schema's set-up in it, rolled back at the end."""
    with psycopg.connect(dsn) as connection:
        try:
            connection.execute(HELPERS)
            connection.execute(truth.setup or "select 1")
            connection.execute("select proof.owner()")
            yield connection
        finally:
            connection.rollback()


def prove(dsn: str, truth: Truth) -> Outcome:
    """Apply the schema to the empty database at `dsn` and try everything that its truth asserts."""
    outcome = Outcome(truth.name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(truth.schema_sql)
        existing = {normal(row[0]): row[1] for row in connection.execute(OBJECTS).fetchall()}
    _inventory(truth, set(existing), outcome)
    with staged(dsn, truth) as connection:
        for leak in truth.leak:
            outcome.proved += _holds(connection, leak.proof, f"leak {leak.object}", outcome)
        for control in truth.control:
            label = f"control {control.object} ({control.holds})"
            outcome.controls += _holds(connection, control.proof, label, outcome)
        for thing in (*truth.clean, *truth.accepted, *truth.debatable):
            relation = existing.get(normal(thing)) == "relation" or thing.startswith(("storage.", "realtime."))
            if relation or thing.endswith("()"):
                outcome.swept += 1
                _sweep(connection, truth, thing, outcome, readable_only=not relation)
    return outcome


def _inventory(truth: Truth, existing: set[str], outcome: Outcome) -> None:
    leaks = [leak.object for leak in truth.leak]
    sound = (*truth.clean, *truth.accepted, *truth.declared_public, *truth.debatable)
    listed = [normal(thing) for thing in (*leaks, *sound)]
    for thing in sorted(existing - set(listed)):
        outcome.wrong.append(f"{thing} is neither leak, clean nor accepted")
    for thing in sorted(set(listed)):
        if listed.count(thing) > 1:
            outcome.wrong.append(f"{thing} is listed twice")
        if (
            thing not in existing
            and not thing.startswith(("storage.", "auth.", "realtime."))
            and not _is_known(thing, truth)
        ):
            outcome.wrong.append(f"{thing} does not exist, or no client can name it")


def _is_known(thing: str, truth: Truth) -> bool:
    """Sequences and trigger functions are not in the inventory, but may leak."""
    return any(normal(leak.object) == thing and leak.also for leak in truth.leak) or thing.endswith("_seq")


@contextmanager
def undone(connection: psycopg.Connection) -> Iterator[None]:
    """Whatever happens inside, role, claims and rows are as before afterwards."""
    connection.execute("savepoint undone")
    try:
        yield
    finally:
        connection.execute("rollback to savepoint undone")
        connection.execute("release savepoint undone")


def _holds(connection: psycopg.Connection, script: str, label: str, outcome: Outcome) -> bool:
    try:
        with undone(connection):
            row = last_row(connection, script)
    except psycopg.Error as error:
        outcome.wrong.append(f"{label}: {str(error).strip()}")
        return False
    if row != (True,):
        outcome.wrong.append(f"{label}: answered {row}")
    return row == (True,)


def _sweep(
    connection: psycopg.Connection, truth: Truth, thing: str, outcome: Outcome, *, readable_only: bool = False
) -> None:
    """A clean relation shows no outsider a row with the word `canary`, and no outsider's write touches such a row."""
    canaries = f"select array_agg(ctid::text || x::text order by ctid) from {thing} x where x::text ilike '%canary%'"
    columns: list[str] = []
    before = None
    if not readable_only and _is_table(connection, thing):
        before = connection.execute(canaries).fetchone()
        columns = [row[0] for row in connection.execute(WRITABLE, [thing]).fetchall()]
        if before == (None,):
            outcome.uncovered.append(thing)
    for who in (*truth.outsiders, None):
        become = f"select proof.act('{who}')" if who else "select proof.anon()"
        with undone(connection):
            seen = _as(connection, become, f"select count(*) from {thing} x where x::text ilike '%canary%'")
        if seen and seen[0]:
            outcome.wrong.append(f"clean {thing}: {who or 'anon'} reads {seen[0]} canary rows")
        if before is None:
            continue
        for statement in (f"delete from {thing}", *(f'update {thing} set "{c}" = "{c}"' for c in columns)):
            with undone(connection):
                _as(connection, become, statement)
                after = connection.execute(canaries).fetchone()
            if after != before:
                outcome.wrong.append(f"clean {thing}: {who or 'anon'} changes canary rows by: {statement}")


def _is_table(connection: psycopg.Connection, thing: str) -> bool:
    kind = "select relkind in ('r', 'p') from pg_class where oid = to_regclass(%s)"
    return connection.execute(kind, [thing]).fetchone() == (True,)


def _as(connection: psycopg.Connection, become: str, statement: str) -> tuple[object, ...] | None:
    """Run one statement as somebody and be the owner again; a refusal answers nothing."""
    connection.execute("savepoint act")
    try:
        connection.execute(become)
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        connection.execute("select proof.owner()")
    except psycopg.Error:
        connection.execute("rollback to savepoint act")
        return None
    return row


@contextmanager
def databases() -> Iterator[Callable[[str, str], str]]:
    """A maker of empty databases with the platform's schema, for each regime of default grants."""
    with tempfile.TemporaryDirectory(prefix="greenlight-corpus-") as scratch:
        clusters: dict[str, Cluster] = {}

        def on_cluster(grants: str, name: str) -> str:
            if grants not in clusters:
                clusters[grants] = Cluster.start(Path(scratch) / grants, default_grants=grants)  # type: ignore[arg-type]
            return clusters[grants].create(f"corpus_{name}")

        try:
            yield on_cluster
        finally:
            for cluster in clusters.values():
                cluster.stop()


def main(wanted: list[str]) -> int:
    """Prove the named schemas (all without a name); the exit status is 1 if any part of the truth is wrong."""
    failed, leaks = 0, 0
    with databases() as make:
        for name in wanted or names():
            truth = load(name)
            outcome = prove(make(truth.grants, name), truth)
            leaks += outcome.proved
            failed += bool(outcome.wrong)
            print(f"{name}: {outcome.summary(truth)}")
            for line in outcome.wrong:
                print(f"  WRONG {line}")
    print(f"{leaks} leaks proved in all")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
