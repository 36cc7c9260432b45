"""Where variables come from, which files there are, and that the files that we ship are whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from environments.loading import ENVIRONMENTS, environment_file, environment_names, load_environment, variables
from environments.model import Environment
from fixtures.errors import ConfigurationError, Unverified

REQUIRED = ("DB_URL", "API_URL", "WEB_URL", "PUBLISHABLE_KEY", "SECRET_KEY", "USER_PASSWORD")


def values(prefix: str) -> dict[str, str]:
    of = {"DB_URL": "postgresql://u:p@h/postgres", "API_URL": "https://api.example", "WEB_URL": "https://web.example"}
    return {f"{prefix}_{name}": of.get(name, f"a {name}") for name in REQUIRED}


def test_shipped_files_name_every_setting_that_there_is() -> None:
    """A team fills in variables and nothing else, so nothing may be missing from the two files to fill in."""
    for name in ("staging", "production"):
        text = (ENVIRONMENTS / f"{name}.toml").read_text()
        missing = [key for key in settings(Environment) if not any(word in text for word in (f"{key} =", f"{key}]"))]
        assert set(missing) <= {
            "organizations",  # one table each
            *(("staging", "staging_max_age_hours") if name == "staging" else ()),
            "name",  # the file's
            "path",
            "stack",  # of local alone
            "log",
            "default_grants",
            "jwt",
            "seed",
            "confirm",
            "old_rows",  # the reference's own
        } | set(settings(Environment.model_fields["tenancy"].annotation)), name


def settings(model: object) -> list[str]:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    keys = []
    for key, field in model.model_fields.items():
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        keys += [key, *(inner for kind in kinds for inner in settings(kind))]
    return keys


@pytest.mark.parametrize("name", ["staging", "production"])
def test_shipped_file_asks_for_six_variables_and_no_more(name: str) -> None:
    file = ENVIRONMENTS / f"{name}.toml"
    with pytest.raises(ConfigurationError) as caught:
        load_environment(file, {})
    asked = str(caught.value).partition("not set: ")[2].partition(" (")[0].split(", ")

    environment = load_environment(file, values(name.upper()))

    assert sorted(asked) == sorted(values(name.upper()))
    assert environment.name == environment.profile == name
    assert environment.read_only is (name == "production")
    assert environment.functions is not None
    assert environment.functions.url == "https://api.example/functions/v1"


def test_shipped_file_for_supabase_start_needs_keys_and_a_password() -> None:
    environment = load_environment(
        ENVIRONMENTS / "supabase-start.toml", {"ANON_KEY": "k", "SUPABASE_USER_PASSWORD": "p"}
    )

    assert environment.require("database.dsn") == "postgresql://postgres:postgres@127.0.0.1:54322/postgres"
    assert environment.require("api.url") == "http://127.0.0.1:54321"


def test_stack_gives_its_own_variables_and_nobody_elses(tmp_path: Path) -> None:
    """A variable left over from another stack must not point a local run at it."""
    (tmp_path / "supabase").mkdir()
    file = tmp_path / "trial.toml"
    file.write_text('profile = "local"\n[stack]\nrollout = "."\n[database]\ndsn = "${STACK_DB_URL}"\n')
    left_over = {"STACK_DB_URL": "postgresql://left.over/postgres"}

    before = load_environment(file, left_over)
    after = load_environment(file, left_over, stack={"STACK_DB_URL": "postgresql://mine/postgres"})

    assert "left.over" not in before.require("database.dsn")
    assert after.require("database.dsn") == "postgresql://mine/postgres"
    assert before.phase == after.phase == "month-1"


def test_process_wins_over_the_dotenv_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("# comment\nexport GREENLIGHT_A='from the file'\nGREENLIGHT_B=\"b c\"\nGREENLIGHT_C=$A\n")
    monkeypatch.setenv("GREENLIGHT_A", "from the process")

    found = variables(file)

    assert (found["GREENLIGHT_A"], found["GREENLIGHT_B"]) == ("from the process", "b c")
    assert found["GREENLIGHT_C"] == "$A", "passwords may hold dollar signs"
    assert "GREENLIGHT_B" not in variables(None, default=tmp_path / "none.env")


def test_wrong_dotenv_file_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nthis is no line\n'\n")

    with pytest.raises(ConfigurationError, match=r"\.env: line \d: expected NAME=value"):
        variables(file)
    with pytest.raises(ConfigurationError, match=r"none: file: expected a file of NAME=value lines"):
        variables(tmp_path / "none")


def test_environments_are_found_by_name_and_by_path() -> None:
    assert environment_file("staging") == ENVIRONMENTS / "staging.toml"
    assert environment_names() == ["local", "production", "staging", "supabase-start"]
    with pytest.raises(
        ConfigurationError,
        match=r"no such environment file \(did you mean staging\?\); environments: local, production",
    ):
        environment_file("stagin")


@pytest.mark.parametrize(("name", "other"), [("staging", "production"), ("production", "staging")])
@pytest.mark.parametrize(
    ("key", "variable", "address"),
    [
        ("api.url", "API_URL", "https://live.supabase.co/"),
        ("database.dsn", "DB_URL", "postgresql://postgres.live:word@pooler.example:6543/postgres"),
    ],
)
def test_staging_is_not_production(name: str, other: str, key: str, variable: str, address: str) -> None:
    told = {**values("STAGING"), "PRODUCTION_API_URL": "https://live.example", "PRODUCTION_DB_URL": "postgresql://l/p"}
    told |= {f"STAGING_{variable}": address, f"PRODUCTION_{variable}": address.rstrip("/")}
    told = {**values("PRODUCTION"), **told}

    with pytest.raises(ConfigurationError, match=rf"{name}.toml: {key}: the same as in {other}.toml: expected another"):
        load_environment(ENVIRONMENTS / f"{name}.toml", told)


def test_on_this_machine_both_may_be_one_stack() -> None:
    here = {"DB_URL": "postgresql://u:p@127.0.0.1:5/postgres", "API_URL": "http://127.0.0.1:6"}
    told = {f"{prefix}_{name}": here[name] for prefix in ("STAGING", "PRODUCTION") for name in here}

    for name in ("staging", "production"):
        load_environment(ENVIRONMENTS / f"{name}.toml", {**values(name.upper()), **told})


def test_missing_setting_is_named() -> None:
    environment = load_environment(ENVIRONMENTS / "staging.toml", values("STAGING"))

    with pytest.raises(Unverified, match=r"staging.toml: monitoring.sentry.token is not set"):
        environment.require("monitoring.sentry.token")
    with pytest.raises(Unverified, match=r"staging.toml: database.pooler is not set"):
        environment.require("database.pooler")


@pytest.mark.parametrize(
    ("hours", "phase"),
    [
        (0.5, "deployment"),
        (2, "first-hour"),
        (30, "first-day"),
        (24 * 8, "week-1"),
        (24 * 29, "week-4"),
        (999, "month-1"),
    ],
)
def test_phase_follows_from_the_time_of_the_deploy(hours: float, phase: str) -> None:
    moment = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    given = values("PRODUCTION") | {"PRODUCTION_DEPLOYED_AT": moment}

    assert load_environment(ENVIRONMENTS / "production.toml", given).phase == phase
    fixed = load_environment(ENVIRONMENTS / "production.toml", given | {"PRODUCTION_PHASE": "deployment"})
    assert fixed.phase == "deployment"


def test_accounts_take_the_common_password() -> None:
    users = load_environment(ENVIRONMENTS / "staging.toml", values("STAGING")).users

    editor = users.account("editor", "acme")

    assert editor is not None
    assert editor.password is not None
    assert (editor.email, editor.password.get_secret_value()) == ("editor@acme.test", "a USER_PASSWORD")
    assert users.account("editor", "unheard-of") is None
    assert len(list(users.accounts())) == 12


def test_all_settings_that_are_missing_are_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "eu.toml"
    file.write_text('[database]\ndsn = "postgresql://u:p@127.0.0.1:9/postgres"\n[monitoring.sentry]\nproject = "web"\n')
    environment = load_environment(file, {})
    names = [f"monitoring.sentry.{name}" for name in ("organization", "project", "token")]

    with pytest.raises(Unverified) as raised:
        environment.require_all(*names, "web.url")

    assert str(raised.value) == (
        "eu.toml: monitoring.sentry.organization, monitoring.sentry.token and web.url are not set"
    )
    assert environment.require_all("monitoring.sentry.project", "database.dsn") == [
        "web",
        "postgresql://u:p@127.0.0.1:9/postgres",
    ]


def test_without_keys_the_rules_are_read_and_nothing_stands_in_for_them(tmp_path: Path) -> None:
    file = tmp_path / "eu.toml"
    file.write_text(
        '[database]\ndsn = "${DB}"\n[api]\nurl = "https://${REF}.supabase.co"\ntimeout = "${SECONDS}"\n'
        '[deployment]\nphase = "week-1"\naccess_token = "${TOKEN}"\n[people]\nowner = "${OWNER}"\n'
    )

    environment = load_environment(file, {"OWNER": "Ada Lovelace"}, keyless=True)

    assert (environment.people.owner, environment.phase) == ("Ada Lovelace", "week-1")
    with pytest.raises(ConfigurationError, match=r"people\.owner: not set: OWNER \("):
        load_environment(file, {}, keyless=True)
