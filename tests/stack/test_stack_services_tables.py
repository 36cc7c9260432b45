"""What dumps and older migrations name of the services: there, and empty."""

from __future__ import annotations

import psycopg
import pytest

from fixtures.stack.postgres import Cluster

EMPTY = (
    "auth.instances",
    "auth.mfa_amr_claims",
    "auth.mfa_challenges",
    "auth.one_time_tokens",
    "auth.sso_domains",
    "auth.sso_providers",
    "realtime.subscription",
    "storage.s3_multipart_uploads",
    "storage.s3_multipart_uploads_parts",
)


@pytest.mark.parametrize("table", EMPTY)
def test_tables_of_the_services_are_there_and_closed_to_clients(cluster: Cluster, table: str) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        assert connection.execute(f"select count(*) from {table}".encode()).fetchone() == (0,)
        if table.startswith("auth."):
            connection.execute("set local role authenticated")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select from {table}".encode())
        connection.rollback()


def test_a_webhook_is_written_down_and_never_sent(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        connection.execute("create extension pg_net with schema extensions")
        connection.execute("create table public.hooked (id int); grant insert on public.hooked to anon")
        connection.execute(
            "create trigger hook after insert on public.hooked for each row execute function "
            "supabase_functions.http_request('https://example.com/h', 'POST', '{\"x-a\": \"b\"}', '{}', '5000')"
        )
        connection.execute("set local role anon")
        connection.execute("insert into public.hooked values (7)")
        connection.execute("reset role")
        [(method, url, headers, body)] = connection.execute(
            "select method, url, headers, convert_from(body, 'utf8')::jsonb from net.http_request_queue"
        )
        assert (method, url, headers) == ("POST", "https://example.com/h", {"x-a": "b"})
        assert body == {
            "old_record": None,
            "record": {"id": 7},
            "type": "INSERT",
            "table": "hooked",
            "schema": "public",
        }
        assert connection.execute("select hook_name from supabase_functions.hooks").fetchall() == [("hook",)]
        connection.rollback()


def test_a_folder_is_searched_for_what_is_in_it(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        connection.execute("insert into storage.buckets (id, name) values ('s', 's')")
        for name in ("a/b.png", "a/c/d.png", "a/c/e.png", "a/f.png", "g.png"):
            connection.execute("insert into storage.objects (bucket_id, name) values ('s', %s)", [name])
        search = "select name, id is null from storage.search(%s, 's', levels => %s, sortorder => %s)"
        assert connection.execute(search, ["", 1, "asc"]).fetchall() == [("a", True), ("g.png", False)]
        inside = [("b.png", False), ("c", True), ("f.png", False)]
        assert connection.execute(search, ["a/", 2, "asc"]).fetchall() == inside
        assert connection.execute(search, ["a/", 2, "desc"]).fetchall() == inside[::-1]
        connection.execute("set local role anon")
        assert connection.execute(search, ["", 1, "asc"]).fetchall() == []
        connection.rollback()
