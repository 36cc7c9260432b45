"""What a person or a CI job does with verdicts and attestations.

python -m reports {show,signoff} PATH
python -m reports attest ITEM --env ENVIRONMENT
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from environments.loading import ENVIRONMENTS, variables
from fixtures.catalogue import Catalogue
from fixtures.errors import GreenlightError
from reports import scripts, signoff
from reports.attest import Draft, attest
from reports.model import Verdict
from reports.terminal import console_for, render, shown


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 for go (or what was asked for, done), 1 for no-go, 2 for misuse."""
    parser = argparse.ArgumentParser(prog="python -m reports", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    known: tuple[tuple[str, Callable[[Verdict, Path], int], str], ...] = (
        ("show", show, "print the terminal summary again; exits 0 exactly for go"),
        ("signoff", sign_off, "write signoff.md and signoff.html again, beside the verdict"),
    )
    for name, command, text in known:
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("path", type=Path, metavar="PATH", help="a verdict.json, or the directory that holds it")
        sub.set_defaults(command=command)
    _attest_options(commands.add_parser("attest", help="sign for an item that no program can decide"))
    parsed = parser.parse_args(arguments)
    if "item" in parsed:
        return _attest(parsed)
    path: Path = parsed.path / "verdict.json" if parsed.path.is_dir() else parsed.path
    try:
        status: int = parsed.command(Verdict.read(path), path)
    except GreenlightError as error:
        print(error, file=sys.stderr)
        return 2
    return status


def _attest_options(parser: argparse.ArgumentParser) -> None:
    parser.description = "Asks for what is not given, and writes it to environments/attestations.toml."
    parser.add_argument("item", metavar="ITEM", help="an id of suites/checklist.toml")
    parser.add_argument(
        "--env", required=True, metavar="NAME", help="the environment that it is said of: its name or its file"
    )
    parser.add_argument("--dotenv", metavar="PATH", help="variables of the environment's file, default .env")
    for name, text in (
        ("by", "who signs"),
        ("role", "their role"),
        ("statement", "what they attest"),
        ("link", "evidence"),
        ("expires", "the day until which it holds (YYYY-MM-DD)"),
    ):
        parser.add_argument(f"--{name}", help=text)


def _attest(parsed: argparse.Namespace) -> int:
    draft = Draft(parsed.item, parsed.env, parsed.by, parsed.role, parsed.statement, parsed.link, parsed.expires)
    try:
        dotenv = Path(parsed.dotenv) if parsed.dotenv else None
        written = attest(draft, variables=variables(dotenv, default=ENVIRONMENTS.parent / ".env"))
    except (GreenlightError, KeyboardInterrupt) as error:
        print(str(error) or "\nattest: nothing was written", file=sys.stderr)
        return 2
    print(f"{written.item} on {written.environment}: attested by {written.by} until {written.expires:%Y-%m-%d}")
    return 0


def show(verdict: Verdict, path: Path) -> int:
    """Print the terminal summary again."""
    reports = [
        (name, shown(path.parent / file))
        for name, file in (("Verdict", path.name), ("Sign-off", "signoff.html"), ("Allure", "allure.html"))
        if (path.parent / file).exists()
    ]
    colour = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if colour else None
    console = console_for(sys.stdout, colour=colour, width=width)
    render(verdict, console, reports, scripts.written(verdict, path.parent))
    return 0 if verdict.go else 1


def sign_off(verdict: Verdict, path: Path) -> int:
    """Write the sign-off sheet again."""
    for written in signoff.write(verdict, path.parent, Catalogue.load()):
        print(shown(written))
    return 0


if __name__ == "__main__":
    sys.exit(main())
