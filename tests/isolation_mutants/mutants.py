"""Everything that keeps somebody out of something in a database, each taken away alone: read off its catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from fixtures.isolation.catalogue import Catalogue, Function, Relation
from fixtures.isolation.wire import ident, literal
from tests.isolation_mutants.conditions import conditions, refusals, statements

READING = ("confidentiality", "conditional-exposure")
WRITING = ("integrity", "authority")
DENIED = ("availability", "under-permission")
ANY = (*READING, *WRITING, "oracle", "exposure", "over-permission")
KINDS_OF = {
    "r": (*READING, "over-permission", "exposure"),
    "a": (*WRITING, "over-permission", "oracle"),
    "w": (*WRITING, "over-permission", "confidentiality"),
    "d": (*WRITING, "over-permission", "confidentiality"),
    "*": ANY,
}

_POLICIES = """
select schemaname, tablename, policyname, lower(left(cmd, 1)) from pg_policies
where schemaname not in ('auth', 'realtime') order by 1, 2, 3
"""
_CONSTRAINTS = """
select n.nspname, c.relname, k.conname, k.contype::text, pg_get_constraintdef(k.oid)
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname not in ('auth', 'storage', 'realtime', 'vault', 'pg_catalog', 'information_schema')
  and k.contype in ('c', 'u', 'f') order by 1, 2, 3
"""
_UNIQUE_INDEXES = """
select n.nspname, t.relname, i.relname from pg_index x join pg_class i on i.oid = x.indexrelid
join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = t.relnamespace
where x.indisunique and not exists (select from pg_constraint k where k.conindid = x.indexrelid)
  and n.nspname not in ('auth', 'storage', 'realtime', 'vault', 'pg_catalog', 'pg_toast') order by 1, 2, 3
"""
_TRIGGERS = """
select n.nspname, c.relname, t.tgname, t.tgfoid::int from pg_trigger t
join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where not t.tgisinternal and n.nspname not in ('auth', 'storage', 'realtime', 'vault') order by 1, 2, 3
"""


@dataclass(frozen=True)
class Mutant:
    """One guard less: what to run, on which objects a finding is right, and of which kinds."""

    name: str
    plant: str
    objects: tuple[str, ...]
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


def mutants(connection: psycopg.Connection[Any], catalogue: Catalogue) -> list[Mutant]:
    """All of them, in an order that stays the same."""
    maker = _Maker(connection, catalogue)
    return [
        *maker.policies(),
        *maker.tables(),
        *maker.triggers(),
        *maker.constraints(),
        *maker.functions(),
        *maker.grants(),
    ]


class _Maker:
    def __init__(self, connection: psycopg.Connection[Any], catalogue: Catalogue) -> None:
        self.connection = connection
        self.catalogue = catalogue
        self.labels = {(r.schema, r.name): r for r in catalogue.relations.values()}
        self.asking = _asking(catalogue)

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode()).fetchall()

    def policies(self) -> Iterator[Mutant]:
        """Dropped; letting everybody through; one of its conditions gone; asking for a lower role."""
        for schema, table, name, _ in self._rows(_POLICIES):
            relation = self.labels[schema, table]
            policy = next(p for p in relation.policies if p.name == name)
            on = f"{ident(name)} on {relation.sql}"
            title = f"{relation.label} policy {name!r}"
            yield Mutant(f"{title}: dropped", f"drop policy {on}", (relation.label,), DENIED)
            kinds = KINDS_OF[policy.command]
            for clause, text in (("using", policy.using), ("with check", policy.check)):
                if text is None:
                    continue
                weaker = {f"{clause} (true)": "true"}
                for condition in conditions(text):
                    if condition.joined != {"or"}:
                        weaker[f"{clause} without {_short(condition.text)}"] = condition.without(text)
                for least in ("org_admin", "editor"):
                    if f"orgs_as('{least}'" in text:
                        weaker[f"{clause} for viewers, too"] = text.replace(f"orgs_as('{least}'", "orgs_as('viewer'")
                for what, weakened in weaker.items():
                    plant = f"alter policy {on} {clause} ({weakened})"
                    yield Mutant(f"{title}: {what}", plant, (relation.label,), kinds)

    def tables(self) -> Iterator[Mutant]:
        """Row-level security off."""
        for relation in self.catalogue.tables:
            if relation.rls:
                plant = f"alter table {relation.sql} disable row level security"
                yield Mutant(f"{relation.label}: row level security off", plant, (relation.label,), ANY)

    def triggers(self) -> Iterator[Mutant]:
        """Dropped."""
        for schema, table, name, function in self._rows(_TRIGGERS):
            relation = self.labels[schema, table]
            plant = f"drop trigger {ident(name)} on {relation.sql}"
            objects = (relation.label, *self._named(self.catalogue.functions[function]))
            yield Mutant(f"{relation.label} trigger {name}: dropped", plant, objects, (*ANY, *DENIED))

    def constraints(self) -> Iterator[Mutant]:
        """Dropped, with the keys that need them."""
        for schema, table, name, _, definition in self._rows(_CONSTRAINTS):
            relation = self.labels[schema, table]
            plant = f"alter table {relation.sql} drop constraint {ident(name)} cascade"
            title = f"{relation.label} constraint {name}: dropped -- {_short(definition)}"
            yield Mutant(title, plant, (relation.label, *self._referring(relation, name)), (*ANY, *DENIED))
        for schema, table, name in self._rows(_UNIQUE_INDEXES):
            label = self.labels[schema, table].label
            yield Mutant(f"{label} index {name}: dropped", f"drop index {ident(schema)}.{ident(name)}", (label,), ANY)

    def _referring(self, relation: Relation, constraint: str) -> list[str]:
        """Tables whose keys need this unique constraint, and go with it."""
        unique = next((u for u in relation.uniques if u.name == constraint), None)
        return [
            r.label
            for r in self.catalogue.tables
            for k in r.keys
            if unique and k.target == relation.oid and k.target_columns == unique.columns
        ]

    def functions(self) -> Iterator[Mutant]:
        """As its caller instead of its owner and the other way round, without its search_path, without each guard."""
        for function in self.catalogue.functions.values():
            if function.schema in ("auth", "storage", "extensions", "graphql_public", "pgbouncer", "vault"):
                continue
            objects = tuple(self._blamed(function))
            named = f"function {function.sql}({function.signature})"
            title = function.label
            other = "security invoker" if function.definer else "security definer"
            yield Mutant(f"{title}: {other}", f"alter {named} {other}", objects, (*ANY, *DENIED))
            if function.definer and any(c.startswith("search_path") for c in function.config):
                yield Mutant(
                    f"{title}: without its search_path", f"alter {named} reset search_path", objects, ("authority",)
                )
            for what, body in self._weaker(function):
                definition = self._rows(f"select pg_get_functiondef({function.oid})")[0][0]
                source = self._rows(f"select prosrc from pg_proc where oid = {function.oid}")[0][0]
                plant = definition.replace(source, body)
                yield Mutant(f"{title}: {what}", plant, objects, (*ANY, *DENIED))

    def _weaker(self, function: Function) -> Iterator[tuple[str, str]]:
        source = self._rows(f"select prosrc from pg_proc where oid = {function.oid}")[0][0]
        for condition in conditions(source):
            if condition.joined != {"or"} and self.asking.search(condition.text) and "select\n" not in condition.text:
                yield f"without {_short(condition.text)}", condition.without(source)
        for what, body in refusals(source):
            yield f"without {_short(what)}", body
        for what, body in statements(source):
            yield f"without {_short(what)}", body

    def _named(self, function: Function) -> list[str]:
        """Tables that a trigger speaks of: what it kept from whom may lie there."""
        return [r.label for r in self.catalogue.relations.values() if r.label in function.body and r.is_table]

    def _blamed(self, function: Function) -> list[str]:
        """Itself where a client may call it; what asks it in a policy or a trigger; functions that call it."""
        found = [function.label]
        called = re.compile(rf"\b{re.escape(function.name)}\b")
        for relation in self.catalogue.relations.values():
            if any(called.search(p.text) for p in relation.policies) or any(
                oid == function.oid for _, oid in relation.triggers
            ):
                found.append(relation.label)
                if function.trigger:
                    found += self._named(function)
        for caller in self.catalogue.functions.values():
            if caller.oid != function.oid and called.search(caller.body):
                found += self._blamed(caller)
        return list(dict.fromkeys(found))

    def grants(self) -> Iterator[Mutant]:
        """What was granted taken away, and what was revoked (or never granted) granted."""
        for relation in self.catalogue.tables:
            for privilege in ("select", "insert", "update", "delete"):
                on = f"{privilege} on {relation.sql}"
                if privilege in relation.grants.get("authenticated", ()):
                    plant = f"revoke {on} from authenticated"
                    yield Mutant(f"{relation.label}: {privilege} revoked", plant, (relation.label,), DENIED)
                else:
                    plant = f"grant {on} to authenticated"
                    yield Mutant(f"{relation.label}: {privilege} granted", plant, (relation.label,), ANY)
            plant = f"grant all on {relation.sql} to anon, authenticated"
            yield Mutant(f"{relation.label}: the old default grants", plant, (relation.label,), ANY)
        for function in self.catalogue.functions.values():
            if function.schema in ("auth", "storage", "extensions", "graphql_public", "pgbouncer", "vault"):
                continue
            on = f"execute on function {function.sql}({function.signature})"
            objects = tuple(self._blamed(function))
            yield Mutant(f"{function.label}: public, as created", f"grant {on} to public", objects, ANY)
            if "authenticated" in function.execute:
                plant = f"revoke {on} from authenticated, public"
                yield Mutant(f"{function.label}: execute revoked", plant, objects, DENIED)
        for (bucket,) in self._rows("select id from storage.buckets where not public"):
            plant = f"update storage.buckets set public = true where id = {literal(bucket)}"
            yield Mutant(f"bucket {bucket}: public", plant, ("storage.objects", "storage.buckets"), ANY)


def _asking(catalogue: Catalogue) -> re.Pattern[str]:
    """What a condition names that asks who calls or whose a row is."""
    names = {"auth.uid", "auth.jwt", "auth.role", "organization_id", "role", "user_id", "visibility"}
    while True:
        more = {
            f.name
            for f in catalogue.functions.values()
            if f.schema not in ("auth", "storage") and any(n in f.body for n in names if "auth." in n or n in f.name)
        }
        more = {n for n in more if not n.startswith(("get_", "search_", "list_"))}
        if more <= names:
            return re.compile("|".join(rf"\b{re.escape(n)}\b" for n in sorted(names)))
        names |= more


def _short(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= 90 else f"{one[:87]}…"
