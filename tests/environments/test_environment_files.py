"""A wrong environment file is one clear line: the file, the key, and what was expected there."""

from __future__ import annotations

from pathlib import Path
from types import UnionType
from typing import Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from environments.loading import load_environment
from environments.model import Environment
from fixtures.errors import ConfigurationError

DSN = 'dsn = "postgresql://postgres:hidden@127.0.0.1:9/postgres"\n'


def refusal(folder: Path, text: str, name: str = "eu.toml", **variables: str) -> str:
    file = folder / name
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_environment(file, variables)
    message = str(caught.value)
    assert "\n" not in message
    assert "hidden" not in message, "a secret in the message"
    return message.removeprefix(f"{file}: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, "nowhere.toml: file: not found"), ("tabels = ['x']", "tabels: unknown key (did you mean")],
)
def test_wrong_expectations_are_known_before_anything_starts(tmp_path: Path, text: str | None, expected: str) -> None:
    if text:
        (tmp_path / "nowhere.toml").write_text(text)

    assert expected in refusal(tmp_path, f"[database]\n{DSN}[migrations]\nexpectations = 'nowhere.toml'\n")


def test_smallest_file_is_a_database(tmp_path: Path) -> None:
    file = tmp_path / "eu-west.toml"
    file.write_text('[database]\ndsn = "${DB}"\n')

    environment = load_environment(file, {"DB": "postgresql://u:p@h/postgres"})

    assert (environment.name, environment.profile, environment.phase) == ("eu-west", "staging", "deployment")
    assert environment.require("database.dsn") == "postgresql://u:p@h/postgres"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[database]\ndns = 1\n", "database.dns: unknown key (did you mean dsn?) (wrong too: database.dsn)"),
        (f"[databse]\n{DSN}", "databse: unknown key (did you mean database?)"),
        (f"[database]\n{DSN}lock_timeout = 'soon'\n", "database.lock_timeout: expected a valid number"),
        (f"[database]\n{DSN}lock_timeout = 0\n", "database.lock_timeout: expected greater than 0"),
        ("database = 3\n", "database: expected a table"),
        (
            f"[database]\n{DSN}[deployment]\ndeployed_at = 2026-11-20\n",
            "deployment.deployed_at: expected a moment with its time zone, such as 2026-11-20T09:30:00Z",
        ),
        (
            f"[database]\n{DSN}[deployment]\ndeployed_at = 2026-11-20T09:30:00\n",
            "deployment.deployed_at: expected a moment with its time zone",
        ),
        (f"profile = 'prodction'\n[database]\n{DSN}", "profile: expected 'local', 'staging' or 'production' (did you"),
        (
            "[database]\ndsn = 'postgresql://postgres:hidden@db.example/postgres'\n",
            "database.dsn: expected ${NAME}, or one for its password: a secret belongs in",
        ),
        ("[database]\ndsn = 'mysql://hidden'\n", "database.dsn: expected a connection string such as postgresql://"),
        ("[database\n", "line 1, column 10: not valid TOML: Expected ']' at the end of a table declaration"),
        (f"[database]\n{DSN}{DSN}", "line 3, column 58: not valid TOML: Cannot overwrite a value"),
        ("", "file: expected at least one of [database], [api], [web] or [stack]"),
        ("[api]\nurl = 'db.example'\npublishable_key = 'k'", "api.url: expected an address such as https://host"),
        ("[api]\nurl = 'https://db.example'\n", "api: expected publishable_key"),
        (
            "[api]\nurl = 'https://db.example'\npublishable_key = 'sb_secret_hidden'\n",
            "api.publishable_key: expected a key that browsers may have, found a secret one",
        ),
        (
            "[api]\nurl = 'https://db.example'\npublishable_key = 'k'\nsecret_key = 'sb_publishable_k'\n",
            "api.secret_key: expected a secret key, found one for browsers",
        ),
        (
            f"[database]\n{DSN}[users.organizations.acme]\nviewer = 'hidden'\n",
            "users.organizations.acme.viewer.email: expected",
        ),
        (
            f"[database]\n{DSN}[users.organizations.acme]\nviewer = 'viewer@acme.test'\n",
            "users: expected a password for organizations.acme.viewer",
        ),
        (
            f"[database]\n{DSN}[users.organizations.acme]\nowner = 'viewer@acme.test'\n",
            "users.organizations.acme.owner: unknown key; known here: slug, viewer, editor, org_admin",
        ),
        (
            f"[database]\n{DSN}[permissions]\ncanary_tenants = ['acme']\n",
            "permissions.canary_tenants: expected organizations of [users.organizations] (none), found acme",
        ),
        (f"[database]\n{DSN}[load]\nenabled = true\n", "load.users: expected a limit"),
        (
            "[api]\nurl = 'https://db.example'\npublishable_key = 'k'\nsecret_key = 'sb_secret_hidden_0123'\n",
            "api.secret_key: expected ${NAME}: a secret belongs in the environment of the process or .env",
        ),
        (
            f"[database]\n{DSN}[deployment]\ndeployed_at = 2026-01-01T00:00:00Z\nphase = 'pre-deployment'\n",
            "deployment.phase: expected none, or a later one",
        ),
        (
            f"[database]\n{DSN}[not_applicable]\ndb-rls-enabled = ''\n",
            "not_applicable.db-rls-enabled: expected the reason, found none",
        ),
        (
            f"[database]\n{DSN}[not_applicable]\ndb-rls-enabled = 'TBD'\n",
            "not_applicable.db-rls-enabled: expected the reason, found TBD",
        ),
        (f"[database]\n{DSN}[deployment]\ndeployed_at = 2099-01-01T00:00:00Z\n", "deployment.deployed_at: expected a"),
        ("[stack]\nrollout = 'nowhere'\n", "stack.rollout: expected a folder with supabase/ in it, found none at /"),
        (f"name = 'x'\n[database]\n{DSN}", "name: unknown key: an environment is named after its file"),
        (f"[database]\n{DSN}dump = '${{lost'\n", "database.dump: expected ${NAME} or ${NAME:-default}"),
        (f"[database]\n{DSN}dump = '${{not a name}}'\n", "database.dump: expected ${NAME} or ${NAME:-default}"),
    ],
)
def test_wrong_file_is_one_clear_line(tmp_path: Path, text: str, expected: str) -> None:
    assert refusal(tmp_path, text).startswith(expected)


def test_all_missing_variables_are_named_at_once(tmp_path: Path) -> None:
    text = '[database]\ndsn = "${A_DB}"\npooler = "${A_POOLER}"\n[web]\nurl = "${A_WEB}"\n'

    message = refusal(tmp_path, text, A_POOLER="")

    assert message.startswith("database.dsn: not set: A_DB, A_POOLER, A_WEB (expected in the environment")


def test_empty_default_leaves_the_setting_out(tmp_path: Path) -> None:
    file = tmp_path / "eu.toml"
    file.write_text(f'[database]\n{DSN}lock_timeout = "${{LOCK:-7}}"\npooler = "${{POOLER:-}}"\n')

    environment = load_environment(file, {"POOLER": ""})

    assert environment.database is not None
    assert environment.database.pooler is None
    assert environment.database.lock_timeout == 7


def test_production_is_read_only_by_construction(tmp_path: Path) -> None:
    for name, profile in (("production.toml", ""), ("eu.toml", "profile = 'production'\n")):
        message = refusal(tmp_path, f"{profile}[database]\n{DSN}[permissions]\nwrites = true\n", name)
        assert message.startswith("permissions.writes: expected false")


def test_production_takes_load_only_by_name(tmp_path: Path) -> None:
    limits = "enabled = true\nusers = 5\nduration = 30\nmax_requests = 100\nrate = 5\n"

    message = refusal(tmp_path, f"[database]\n{DSN}[load]\n{limits}", "production.toml")

    assert message.startswith('load.confirm: expected "production"')
    (tmp_path / "production.toml").write_text(f"[database]\n{DSN}[load]\n{limits}confirm = 'production'\n")
    assert load_environment(tmp_path / "production.toml", {}).load.enabled


def test_production_makes_up_no_tenants_unless_the_file_says_so(tmp_path: Path) -> None:
    file = tmp_path / "production.toml"
    for declared, expected in (("", False), ("[tenancy]\nsynthetic_tenants = true\n", True)):
        file.write_text(f"[database]\n{DSN}{declared}")
        assert load_environment(file, {}).tenancy.synthetic_tenants is expected


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ("seat = 'rule'", "tenancy.claims.seat: expected 'tenant', 'role', 'flag' or 'other' (did you mean role?)"),
        ("app_metadata.seat = 'x'", "tenancy.claims.app_metadata.seat: expected 'tenant', 'role', 'flag' or 'other'"),
        ("role = 'role'", "tenancy.claims: expected none of the platform's own, found `role`"),
        ("firm = 'role'", 'tenancy.claims: expected "tenant" of `firm`, which a membership names for one'),
    ],
)
def test_a_claim_means_one_of_four_things(claims: str, message: str, tmp_path: Path) -> None:
    membership = "[[tenancy.membership]]\nclaim = 'firm'\n"

    assert refusal(tmp_path, f"[database]\n{DSN}[tenancy.claims]\n{claims}\n{membership}") == message


def test_a_claim_within_a_claim_needs_no_quotes(tmp_path: Path) -> None:
    file = tmp_path / "eu.toml"
    file.write_text(f"[database]\n{DSN}[tenancy.claims]\napp_metadata.seat = 'role'\n'app_metadata.firm' = 'tenant'\n")

    assert load_environment(file, {}).tenancy.claims == {"app_metadata.seat": "role", "app_metadata.firm": "tenant"}


def test_file_named_after_a_profile_has_it(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"profile = 'staging'\n[database]\n{DSN}", "production.toml")

    assert message == 'profile: expected "production", as the file is named'


def test_every_setting_that_is_wrong_is_named(tmp_path: Path) -> None:
    """Whatever the type of a setting, the message begins with its key as it stands in the file."""
    unnamed = []
    for key in dotted_keys(Environment):
        *tables, last = key.split(".")
        header = f"[{'.'.join(tables)}]\n" if tables else ""
        if key in ("path", "name"):
            continue
        file = tmp_path / "eu.toml"
        file.write_text(f"{header}{last} = [[{{ no = true }}]]\n")
        with pytest.raises(ConfigurationError) as caught:
            load_environment(file, {})
        if not caught.value.key.startswith(key):
            unnamed.append(f"{key}: {caught.value}")

    assert not unnamed


def dotted_keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    keys = []
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        keys.append(key)
        optional = get_args(field.annotation) if get_origin(field.annotation) in (Union, UnionType) else ()
        for kind in (field.annotation, *optional):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                keys += dotted_keys(kind, f"{key}.")
    return keys
