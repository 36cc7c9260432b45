"""`make bench`: every module of this folder that has `measure()`, one after the other; names given pick among them.

    python -m tests.bench [NAME …]

`measure()` returns figure → value. Targets are the module's own (`TARGETS`), printed beside; nothing here is a gate.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table


def main() -> int:
    """Run the benchmarks; returns 1 if a name is not one of them."""
    names = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.name != "__main__"]
    asked = sys.argv[1:] or names
    if unknown := [name for name in asked if name not in names]:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(names)}", file=sys.stderr)
        return 1
    console = Console(highlight=False)
    for name in asked:
        module = importlib.import_module(f"tests.bench.{name}")
        summary = (module.__doc__ or name).strip().splitlines()[0]
        console.print(f"\n[bold]{name}[/bold]  {summary}")
        targets = getattr(module, "TARGETS", {})
        table = Table(box=None, pad_edge=False)
        for column in ("figure", "measured", "target"):
            table.add_column(column, justify="left" if column == "figure" else "right")
        for figure, value in module.measure().items():
            target = targets.get(figure)
            table.add_row(figure, f"{value:,.4g}" if value < 100 else f"{value:,.0f}", f"{target:g}" if target else "")
        console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
