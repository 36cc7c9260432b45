"""The five documents exist, say what whoever follows them needs, and lead nowhere that is not there."""

from __future__ import annotations

import re

import pytest

from environments.migrations import Expectations
from environments.model import Environment
from environments.sections import FUNCTIONS
from fixtures.application import SCRIPTS, Application
from fixtures.contract import Contract
from fixtures.documents import (
    Document,
    described_tables,
    lacking,
    out_of_order,
    shortcomings,
    steps,
    vocabulary,
)
from fixtures.dumps import brings_back, dumps_in, gaps
from fixtures.migrations import created_relations, migrations_directory, read_migrations

RESTORES = r"psql|pg_restore|supabase backups restore|supabase db restore"
NPM_SCRIPT = re.compile(r"(?:npm (?:run )?|deno task )(?:-\S+ )*(?P<script>[\w:.-]+)$")


def functions_of(environment: Environment) -> tuple[str, ...]:
    """The functions that documents must speak of. Raises `Unverified` where the file names none on purpose."""
    return environment.require("functions.names") if environment.functions else FUNCTIONS


def expect_complete(document: Document, missing: list[str]) -> None:
    """Nothing is wrong with a document, and nothing is missing from it."""
    wrong = [*shortcomings(document), *(f"{document.name}: {each}" for each in missing)]
    assert not wrong, "\n".join(wrong)


def unknown_scripts(application: Application, document: Document) -> list[str]:
    """What the document tells its reader to run, and there is none."""
    return [
        f"`{script}` is no script of {'' if folder == '.' else f'{folder}/'}package.json"
        for folder, script in document.scripts
        if script not in application.scripts_in(folder)
    ]


@pytest.mark.check("docs-how-to-run")
def test_how_to_run(application: Application) -> None:
    """A script that is not there any more costs the newcomer a day, and whoever is on call the night."""
    document = Document.read(application.path, application.settings.documents.how_to_run)

    told = {script for _, script in document.scripts}
    commands = [getattr(application.settings.scripts, script) for script in SCRIPTS]
    named = [match["script"] for command in commands if (match := NPM_SCRIPT.match(command))]

    missing = unknown_scripts(application, document)
    missing += [f"does not say how to run `{script}`" for script in named if script not in told]
    expect_complete(document, missing if document.scripts else ["names no script to run"])


@pytest.mark.check("docs-technical-info")
def test_technical_overview(application: Application, environment: Environment, expectations: Expectations) -> None:
    """What the overview leaves out is what the next change breaks; what it invents, somebody will look for."""
    document = Document.read(application.path, application.settings.documents.technical_info)
    functions = functions_of(environment)
    old = expectations.backfilled.tables if expectations.backfilled else ()

    tables = [table.partition(".")[2] for table in (*expectations.tables, *old)]

    missing = [f"the table {table} is not named" for table in lacking(document.text, tables)]
    missing += [f"the function {function} is not named" for function in lacking(document.text, functions)]
    if migrations_directory(application.path).is_dir():
        made = created_relations(read_migrations(application.path)) | set(tables)
        described = described_tables(document.section("tables?"))
        missing += [
            f"the table {name} is described, and no migration creates it" for name in described if name not in made
        ]
    expect_complete(document, missing)


@pytest.mark.check("docs-disaster-recovery")
def test_disaster_recovery(application: Application, expectations: Expectations) -> None:
    """Nobody invents a restore during an incident: the steps must be there, with commands to copy.

    And a backup that was taken as the document says must have the rows in it.
    """
    document = Document.read(application.path, application.settings.documents.disaster_recovery)

    restoring = document.section("restor(?:e|ing|ation)", "recovery steps", "recover(?:ing)?")
    missing = []
    if steps(restoring) < 3:
        missing.append("has no restore with numbered steps")
    if not re.search(RESTORES, restoring):
        missing.append("its restore has no command that restores")
    if not re.search(r"pg_dump|supabase db dump|supabase backups", document.text):
        missing.append("does not say how a backup is taken")
    old = expectations.backfilled.tables if expectations.backfilled else ()
    missing += gaps(dumps_in(document.commands), (*old, *expectations.tables))
    if not re.search(r"\bwho\b|\bon-call\b|\bowners?\b", document.text, re.IGNORECASE):
        missing.append("does not say who may use the backups")
    expect_complete(document, missing)


@pytest.mark.check("done-rollback-documented")
def test_rollback(application: Application, environment: Environment, expectations: Expectations) -> None:
    """Under pressure people do what is written: the checklist's procedure, in its order, for these migrations."""
    document = Document.read(application.path, application.settings.documents.disaster_recovery)
    functions = functions_of(environment)

    rollback = document.section("roll(?:ing)?[ -]?back")
    newest_first = [label.partition("_")[0] for label in reversed(expectations.migrations)]
    stages = [(f"reverting {version}", rf"migration repair --status reverted.*?{version}") for version in newest_first]
    stages += [
        ("restoring the backup", RESTORES),
        ("deleting the functions", r"functions delete"),
        ("reverting the front end", r"git revert|git checkout|redeploy|promote"),
        ("building it", r"(?:npm run|deno task) (?:--\S+ )*build"),
    ]

    missing = out_of_order(rollback, stages) if rollback else ["has no section about a rollback"]
    if not any("restoring" in each for each in missing) and rollback:
        problem = brings_back(rollback.splitlines(), dumps_in(document.commands))
        missing += [f"its rollback {problem}"] if problem else []
    missing += [
        f"`supabase functions delete {name}` is missing" for name in functions if f"delete {name}" not in rollback
    ]
    assert not missing, "\n".join(f"{document.name}: {each}" for each in missing)


@pytest.mark.check("docs-deployment")
def test_deployment(application: Application, environment: Environment) -> None:
    """A deploy from memory forgets a step; one in another order deploys functions without their tables."""
    document = Document.read(application.path, application.settings.documents.deployment)
    functions = functions_of(environment)
    stages = [
        ("linking the project", r"supabase link"),
        ("pushing the migrations", r"supabase db push"),
        ("the backfill", r"backfill:metadata"),
        ("deploying the functions", r"supabase functions deploy"),
        ("building the front end", r"(?:npm run|deno task) (?:--\S+ )*build"),
    ]

    deployed = "\n".join(document.commands)
    missing = out_of_order(deployed, stages)
    before, pushed, _ = deployed.partition("supabase db push")
    early = [what for what, expression in stages[2:4] if pushed and re.search(expression, before)]
    missing += [f"{what} stands before the first push of the migrations" for what in early]
    if not re.search(r"functions deploy *(?:--.*)?$", deployed, re.MULTILINE):  # without a name it deploys all
        missing += [f"`supabase functions deploy {name}` is missing" for name in lacking(deployed, functions)]
    expect_complete(document, [*missing, *unknown_scripts(application, document)])


@pytest.mark.check("docs-api")
def test_api_documentation(application: Application, environment: Environment, contract: Contract) -> None:
    """Whoever calls the functions sends what is written here: it must be what the contract says, field by field."""
    document = Document.read(application.path, application.settings.documents.api)
    functions = functions_of(environment)

    missing = [f"{name} is not in the contract" for name in functions if name not in contract.operations]
    for name in (each for each in functions if each in contract.operations):
        section = document.section(re.escape(name))
        if not section:
            missing.append(f"has no section about {name}")
            continue
        missing += [f"{name}: {word} is not described" for word in lacking(section, vocabulary(contract, name))]
    common = [word for word in ("code", "message", "requestId", "Authorization") if not document.names(word)]
    missing += [f"the form of errors lacks {word}" for word in common]
    expect_complete(document, missing)
