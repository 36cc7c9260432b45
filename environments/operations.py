"""The sections of an environment file about the rollout itself: repository, deployment, monitoring, people."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field, SecretStr

from environments.sections import File, Phase, Seconds, Section, Url, Words, as_list


class Documents(Section):
    """The five documents that the checklist asks for, as paths in the application's repository or in its `docs`."""

    how_to_run: str = "HOW_TO_RUN.md"
    technical_info: str = "TECHNICAL_INFO.md"
    disaster_recovery: str = "DISASTER_RECOVERY.md"
    deployment: str = "LOVABLE_DEPLOYMENT_INSTRUCTIONS.md"
    api: str = "API.md"


class Scripts(Section):
    """The application's own commands, run in its folder."""

    typecheck: str = "npm run typecheck"
    lint: str = "npm run lint"
    test: str = "npm run test"
    e2e: str = "npm run e2e"
    build: str = "npm run build"
    backfill: str = "npm run backfill:metadata"
    timeout: Seconds = 600


class App(Section):
    """`[app]`: the application's repository, as it is checked out here."""

    path: File
    documents: Documents = Documents()
    scripts: Scripts = Scripts()
    bundle: str = "dist"
    """The folder that the build writes."""
    backfill_reports: str = "reports/backfill-metadata-*.md"
    archived_reports: str = "artifacts/production-backfill-*.md"
    previous_release: str | None = None
    """The last release before the rollout, to which the front end is rolled back: a revision (a tag), or a folder of
    the repository that holds it."""


class Forge(Section):
    """`[forge]`: where reviews are: approved pull requests on GitHub."""

    url: Url = "https://api.github.com"
    repository: str | None = None
    """`owner/name`."""
    token: SecretStr | None = None
    approvals: Annotated[int, Field(gt=0)] = 1
    timeout: Seconds = 10


class Deployment(Section):
    """`[deployment]`: what was deployed, when, and in which phase the rollout is."""

    project_ref: str | None = None
    access_token: SecretStr | None = None
    """Of the platform's Management API and CLI."""
    management_url: Url = "https://api.supabase.com"
    deployed_at: AwareDatetime | None = None
    phase: Phase | None = None
    staging: str = "staging"
    """The environment whose verdict must be go before production."""
    staging_max_age_hours: Annotated[float, Field(gt=0)] = 72


class Sentry(Section):
    """`[monitoring.sentry]`."""

    url: Url = "https://sentry.io"
    organization: str | None = None
    project: str | None = None
    environment: str | None = None
    token: SecretStr | None = None
    max_new_issues: Annotated[int, Field(ge=0)] = 0


class Logs(Section):
    """`[monitoring.logs]`: files (the stack's), else the platform's logs by `deployment.access_token`."""

    functions: File | None = None
    postgres: File | None = None
    journals: Annotated[tuple[File, ...], BeforeValidator(as_list)] = ()
    """What greenlight itself was refused from other checkouts: `reports/out/<environment>/provoked.jsonl` of each."""


class Grafana(Section):
    """`[monitoring.grafana]`."""

    url: Url | None = None
    token: SecretStr | None = None
    folder: str | None = None


class Backups(Section):
    """`[monitoring.backups]`."""

    max_age_hours: Annotated[float, Field(gt=0)] = 26


class Limits(Section):
    """`[monitoring.limits]`: above these an item fails."""

    slow_query_ms: Annotated[float, Field(gt=0)] = 500
    connections_percent: Annotated[float, Field(gt=0, le=100)] = 80
    lock_wait_ms: Annotated[float, Field(gt=0)] = 5000
    long_statement_ms: Annotated[float, Field(gt=0)] = 300_000
    cache_hit_percent: Annotated[float, Field(ge=0, le=100)] = 70


class Monitoring(Section):
    """`[monitoring]`: where to look for errors, logs, dashboards and backups."""

    timeout: Seconds = 15
    sentry: Sentry = Sentry()
    logs: Logs = Logs()
    grafana: Grafana = Grafana()
    backups: Backups = Backups()
    limits: Limits = Limits()


class People(Section):
    """`[people]`: who is responsible; shown on the sign-off sheet, and looked through for placeholders."""

    owner: str | None = None
    engineering: str | None = None
    devops: str | None = None
    support: str | None = None
    engineering_lead: str | None = None
    incidents_channel: str | None = None
    status_page: str | None = None
    approvers: Words = ()
    """Who may sign attestations and waivers; everybody if empty."""
