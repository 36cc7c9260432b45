"""Another rollout is judged by its own expectations: nothing in the checks speaks of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.applying import expect_pushed
from tests.migrations.planting import Bench

TARGET = ("test_applied.py", "test_tables.py", "test_seeds.py")
EXPECTATIONS = """
migrations = ["20260101000001_rooms"]
tables = ["app.rooms"]

[seeds.default-organization]
table = "app.rooms"
rows = [{ name = "Lobby", seats = 4 }]

[seeds.global-tag-types]
table = "app.kinds"
exact = false
rows = [{ kind = "big" }]

[seeds.global-tags]
table = "app.kinds"
exact = false
rows = [{ kind = "small" }]

[backfilled]
tables = ["app.guests"]
column = "room"
value = 1
"""
BASELINE = """
create schema app;
create table app.guests (name text);
insert into app.guests values ('Ann'), ('Bob');
"""
ROOMS = """
create table app.kinds (kind text);
insert into app.kinds values ('big'), ('small'), ('odd');
create table app.rooms (id int primary key, name text, seats int);
alter table app.rooms enable row level security;
insert into app.rooms values (1, 'Lobby', 4);
alter table app.guests add column room int default 1;
"""


@pytest.fixture
def rollout(tmp_path: Path) -> Path:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    (tmp_path / "supabase" / "config.toml").write_text('project_id = "rooms"\n')
    (folder / "20260101000000_baseline.sql").write_text(BASELINE)
    (folder / "20260101000001_rooms.sql").write_text(ROOMS)
    (tmp_path / "expectations.toml").write_text(EXPECTATIONS)
    return tmp_path


def test_it_is_judged_by_its_own_expectations(planting: Bench, rollout: Path) -> None:
    target = planting.scratch.database()
    expect_pushed(target, rollout)
    settings = f'expectations = "{rollout}/expectations.toml"\n'

    sound = planting.run(target, rollout=rollout, settings=settings)
    target.run("alter table app.rooms disable row level security; update app.rooms set seats = 5")
    spoilt = planting.run(target, *TARGET, rollout=rollout, settings=settings)

    assert sound.red == set()
    assert sound["stg-tables-query"].status == "unverified"
    assert spoilt.red == {"db-rls-enabled", "db-default-org", "db-seed-valid", "stg-migrations-pushed"}
