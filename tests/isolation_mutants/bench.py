"""One mutant after the other on a copy of the reference's database: what the engine finds, and whether it is right."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg

from environments.files import read_toml
from environments.tenancy import Tenancy
from fixtures.findings import Finding
from fixtures.isolation.catalogue import Catalogue
from fixtures.isolation.discovery import discover
from fixtures.isolation.engine import examine
from fixtures.isolation.wire import Wire
from fixtures.stack.postgres import Cluster
from tests.isolation_mutants import scripts
from tests.isolation_mutants.equivalent import reason, unseen
from tests.isolation_mutants.mutants import Mutant, mutants
from tests.planted import ROOT
from tests.reference.world import migrate

TEMPLATE = "sound"


@dataclass
class Result:
    """What came of one mutant. `verdict` is killed, survived, elsewhere, kind, equivalent, unseen or refused."""

    name: str
    verdict: str
    seconds: float = 0.0
    found: list[dict[str, str]] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    """Findings on objects that have nothing to do with what was taken away."""
    broken: dict[str, str] = field(default_factory=dict)
    """Scripts that do not show what they should: finding → why."""
    unverified: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Bench:
    """A cluster with the sound database as a template; each mutant gets a copy that is dropped again."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        dsn = cluster.create(TEMPLATE)
        migrate(dsn)
        wire = Wire(dsn)
        try:
            self.catalogue: Catalogue = discover(wire)
        finally:
            wire.close()
        with psycopg.connect(dsn) as connection:
            self.mutants = mutants(connection, self.catalogue)
        self.tenancy = Tenancy.model_validate(read_toml(ROOT / "environments" / "tenancy.toml"))

    def results(self, chosen: Iterable[Mutant]) -> Iterator[Result]:
        """The outcome of each of these mutants."""
        for number, mutant in enumerate(chosen):
            name = f"mutant_{number}"
            dsn = self.cluster.create(name, template=TEMPLATE)
            try:
                yield self.result(mutant, dsn)
            finally:
                self.cluster.drop(name)

    def result(self, mutant: Mutant, dsn: str) -> Result:
        """Plant it, examine, judge."""
        try:
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(mutant.plant.encode())
        except psycopg.Error as error:
            return Result(mutant.name, "refused", unverified={"plant": str(error)})
        started = time.monotonic()
        report = examine(dsn, self.tenancy)
        result = Result(mutant.name, verdict(mutant, report.findings), time.monotonic() - started)
        result.unverified = dict(report.unverified)
        related = self.related(mutant.objects)
        for finding in report.findings:
            result.found.append(asdict(finding))
            if finding.object not in related:
                result.extra.append(str(finding))
            if why := scripts.wrong(finding, dsn):
                result.broken[str(finding)] = why
        return result

    def related(self, objects: Iterable[str]) -> set[str]:
        """These objects and whatever reads them: policies, functions, triggers, and rows that hang on them."""
        names = {label.partition("(")[0].rpartition(".")[2] for label in objects}
        labels = set(objects)
        while True:
            size = len(labels)
            for relation in self.catalogue.relations.values():
                text = " ".join(p.text for p in relation.policies)
                text += " ".join(f.body for _, oid in relation.triggers if (f := self.catalogue.functions.get(oid)))
                keys = {self.catalogue.relations[k.target].label for k in relation.keys}
                if any(name in text for name in names) or keys & labels:
                    labels.add(relation.label)
            for function in self.catalogue.functions.values():
                if any(name in function.body for name in names):
                    labels.add(function.label)
            names |= {label.partition("(")[0].rpartition(".")[2] for label in labels}
            if len(labels) == size:
                return labels


def verdict(mutant: Mutant, findings: list[Finding]) -> str:
    """Whether these findings name what was taken away."""
    at_home = [f for f in findings if f.object in mutant.objects]
    if any(f.kind in mutant.kinds for f in at_home):
        return "killed"
    if not findings:
        return "unseen" if unseen(mutant.name) else "equivalent" if reason(mutant.name) else "survived"
    return "kind" if at_home else "elsewhere"
