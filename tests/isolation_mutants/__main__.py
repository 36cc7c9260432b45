"""`python -m tests.isolation_mutants`: every mutant, or those whose name matches; prints what came of them."""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from fixtures.stack.postgres import Cluster
from tests.isolation_mutants.bench import Bench, Result


def part(pattern: str, number: int, of: int, out: Path) -> list[Result]:
    """Every `of`th of the mutants that match, on a cluster of its own; results are written down as they come."""
    with tempfile.TemporaryDirectory() as directory, Cluster.start(Path(directory)) as cluster:
        bench = Bench(cluster)
        chosen = [m for m in bench.mutants if re.search(pattern, m.name)][number::of]
        found = []
        with (out / f"mutants-{number}.jsonl").open("w") as file:
            for result in bench.results(chosen):
                file.write(json.dumps(result.to_dict()) + "\n")
                file.flush()
                found.append(result)
        return found


def main() -> int:
    """Run the bench; the exit status is 1 if anything survived or was found wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tests.isolation_mutants", description=__doc__)
    parser.add_argument("pattern", nargs="?", default="", help="an expression that names must match")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("reports/out"), help="where results are written as they come")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.workers) as pool:
        parts = [pool.submit(part, options.pattern, n, options.workers, options.out) for n in range(options.workers)]
        results = [result for each in parts for result in each.result()]
    for result in results:
        if result.verdict not in ("killed", "equivalent") or result.extra or result.broken:
            print(f"{result.verdict:<11}{result.name}")
            for line in [*result.extra, *(f"{what} -- SCRIPT {why}" for what, why in result.broken.items())]:
                print(f"    {line[:240]}")
    print(", ".join(f"{number} {verdict}" for verdict, number in Counter(r.verdict for r in results).most_common()))
    bad = sum(r.verdict in ("survived", "elsewhere", "kind") or bool(r.extra or r.broken) for r in results)
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
