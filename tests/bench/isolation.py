"""The isolation engine's figures: probes against pgbench on one connection, and two hundred tables by 150 functions."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from fixtures.isolation.actors import Actor
from fixtures.isolation.discovery import discover
from fixtures.isolation.engine import examine
from fixtures.isolation.probes import Probe, send
from fixtures.isolation.wire import Wire
from fixtures.stack.binaries import postgres
from fixtures.stack.postgres import Cluster
from tests.isolation.generated import schema
from tests.isolation.planted import SOUND
from tests.planted import ROOT

CLAIMS = '{"sub": "5e0e8c1a-0000-4000-8000-000000000001", "role": "authenticated"}'
NAIVE = f"""begin;
set local role authenticated;
select set_config('request.jwt.claims', '{CLAIMS}', true);
select count(*) from public.projects;
rollback;
"""
PROBES = 300  # for each actor
ACTORS = 10
ROUNDS = 5
TARGETS = {"probes per naive transaction": 2.5, "large schema, seconds": 60.0, "reference, seconds": 10.0}


def pgbench(dsn: str, seconds: int = 1) -> float:
    """Naive probes per second: five statements in five round trips on one connection."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(NAIVE)
        script.flush()
        command = [str(postgres("pgbench")), "-n", "-f", script.name, "-T", str(seconds), dsn]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found, done.stdout
    return float(found.group(1))


def ours(dsn: str) -> float:
    """Probes per second as an examination sends them: actor after actor, each probe undone before the next."""
    wire = Wire(dsn)
    relation = next(r for r in discover(wire).tables if r.name == "projects")
    actors = [Actor(f"actor {i}", "authenticated", CLAIMS) for i in range(ACTORS)]
    probes = [
        Probe(a, f"select count(*) from {relation.sql}", relation, "select") for a in actors for _ in range(PROBES)
    ]
    try:
        started = time.perf_counter()
        answers = send(wire, probes)
        elapsed = time.perf_counter() - started
        assert all(a.ok for a in answers)
        return len(probes) / elapsed
    finally:
        wire.close()


def measure() -> dict[str, float]:
    """All figures of one run; rates are medians of interleaved rounds."""
    with tempfile.TemporaryDirectory() as directory, Cluster.start(Path(directory)) as cluster:
        small = cluster.create("bench_small")
        large = cluster.create("bench_large")
        for dsn, text in ((small, SOUND), (large, schema())):
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(text)  # type: ignore[call-overload]
        pairs = [(pgbench(small), ours(small)) for _ in range(ROUNDS)]
        report = examine(large)
    naive, engine = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {
        "pgbench, probes/s": naive,
        "engine, probes/s": engine,
        "probes per naive transaction": engine / naive,
        "large schema, seconds": report.statistics["duration_s"],
        "large schema, statements": report.statistics["statements"],
        "large schema, findings": len(report.findings),
        "reference, seconds": reference(),
    }


def reference() -> float:
    """Seconds of the whole isolation suite on the reference rollout, its stack aside: what its checks took together."""
    name = f"bench-{os.getpid()}"
    file, out = ROOT / "environments" / f"{name}.toml", ROOT / "reports" / "out" / name
    try:
        file.write_text((ROOT / "environments" / "local.toml").read_text())
        command = [sys.executable, "-m", "pytest", "-q", f"--env={file}", "suites/isolation", "--no-allure-html"]
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=300)
        items = json.loads((out / "verdict.json").read_text())["items"]
        return float(sum({check["nodeid"]: check["duration_s"] for item in items for check in item["checks"]}.values()))
    finally:
        file.unlink(missing_ok=True)
        shutil.rmtree(out, ignore_errors=True)


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:<32}{value:>12.2f}")
