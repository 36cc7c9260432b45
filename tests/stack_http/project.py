"""A whole project for these tests: real Postgres, real PostgREST, and the services under test in one event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from fixtures.errors import StackError
from fixtures.stack import auth, gateway, processes, storage
from fixtures.stack.binaries import postgrest
from fixtures.stack.cache import PublicCache
from fixtures.stack.pools import Pool, service_pool
from fixtures.stack.postgres import Cluster
from fixtures.stack.serving import Listener
from fixtures.stack.tokens import Algorithm, ApiKeys, SigningKeys, jwks_text
from fixtures.waiting import until

T = TypeVar("T")
PASSWORD = "correct horse battery staple"

SCHEMA = """
create table public.notes (
  id bigint generated always as identity primary key,
  owner uuid not null default auth.uid(),
  body text not null
);
alter table public.notes enable row level security;
grant select, insert, update, delete on public.notes to authenticated, service_role;
create policy own on public.notes to authenticated using (owner = auth.uid()) with check (owner = auth.uid());

create function public.whoami() returns jsonb language sql stable as $$
  select jsonb_build_object('role', auth.role(), 'sub', auth.uid(), 'claims', auth.jwt())
$$;
grant execute on function public.whoami() to anon, authenticated, service_role;

insert into storage.buckets (id, name, public) values ('open', 'open', true), ('own', 'own', false);
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
  values ('small', 'small', false, 10, '{image/*,application/json}');
-- In `own`, everybody has a folder with their id as its name; `drop` is a letter box, to insert into and no more.
create policy own_folder on storage.objects for all to authenticated
  using (bucket_id = 'own' and (storage.foldername(name))[1] = auth.uid()::text)
  with check (bucket_id in ('own', 'small') and (storage.foldername(name))[1] = auth.uid()::text);
create policy letter_box on storage.objects for insert to authenticated
  with check (bucket_id = 'own' and (storage.foldername(name))[1] = 'drop');
"""


class EchoFunctions:
    """Functions for the gateway: `echo` wants a token, `public` does not, `broken` never starts."""

    def __init__(self) -> None:
        self.url = ""

    def verify_jwt(self, name: str) -> bool | None:
        return {"echo": True, "public": False, "broken": False}.get(name)

    async def address(self, name: str) -> str:
        if name == "broken":
            raise StackError("broken: SyntaxError")
        return self.url


async def echo(request: Request) -> JSONResponse:
    body = await request.body()
    answer = {
        "method": request.method,
        "path": request.url.path,
        "query": request.url.query,
        "headers": dict(request.headers),
        "length": len(body),
        "text": body[:1000].decode("utf-8", "replace"),
    }
    return JSONResponse(answer, headers={"access-control-allow-origin": "https://app.test", "x-function": "yes"})


class Project:
    """A project of its own keys on a database of its own; `url` is the gateway's address."""

    def __init__(self, cluster: Cluster, directory: Path, algorithm: Algorithm) -> None:
        self.name = f"project_{algorithm.lower()}"
        self.keys = SigningKeys.generate(algorithm)
        self.api_keys = ApiKeys.generate(self.keys)
        self.dsn = cluster.create(self.name)
        self.directory = directory
        self.access_log = directory / "access.log"
        self.objects = directory / "objects"
        self.cache = PublicCache()
        with psycopg.connect(self.dsn) as connection:
            connection.execute(SCHEMA)
        self._cluster = cluster
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name=self.name)
        self._thread.start()
        self._listeners: list[Listener] = []
        self._pools: list[Pool] = []
        self._postgrest = self._start_postgrest()
        self.run(self._start())

    def run(self, work: Coroutine[Any, Any, T], within: float = 20) -> T:
        """Run a coroutine in the project's event loop."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(within)

    def serve(self, app: ASGIApp) -> str:
        """One more application on a port of its own; returns its address."""
        return self.run(self._serve(app))

    def auth_with(self, **changes: Any) -> str:
        """Auth on the same database with other settings; returns its address."""
        return self.serve(auth.create_app(replace(self.auth_settings, **changes), self.auth_pool))

    def query(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Rows, as the role `postgres` sees them."""
        with psycopg.connect(self.dsn) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def stop(self) -> None:
        """End everything but the cluster."""
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._postgrest.stop()
        self._cluster.drop(self.name)

    def _start_postgrest(self) -> processes.Child:
        socket = self.directory / "rest.sock"
        child = processes.spawn(
            "postgrest",
            [postgrest()],
            log=self.directory / "postgrest.log",
            environment={
                "PGRST_DB_URI": self._cluster.dsn(self.name, "authenticator"),
                "PGRST_DB_SCHEMAS": "public",
                "PGRST_DB_ANON_ROLE": "anon",
                "PGRST_JWT_SECRET": jwks_text(self.keys),
                "PGRST_SERVER_UNIX_SOCKET": str(socket),
                "PGRST_DB_EXTRA_SEARCH_PATH": "public,extensions",
                "PGRST_LOG_LEVEL": "error",
            },
        )
        self.rest = f"unix:{socket}"
        transport = httpx.HTTPTransport(uds=str(socket))
        with httpx.Client(transport=transport, base_url="http://rest") as client:
            until(lambda: client.get("/notes?limit=0").status_code in (200, 401), within=10, what="PostgREST answers")
        return child

    async def _start(self) -> None:
        self.auth_pool = service_pool(self._cluster.dsn(self.name, "supabase_auth_admin"))
        storage_pool = service_pool(self._cluster.dsn(self.name, "supabase_storage_admin"))
        for pool in (self.auth_pool, storage_pool):
            await pool.open(wait=True)
            self._pools.append(pool)
        functions = EchoFunctions()
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        functions.url = await self._serve(Starlette(routes=[Route("/{rest:path}", echo, methods=methods)]))
        # A cheap hash: a hundred users sign up and in here.
        self.auth_settings = auth.AuthSettings(
            self.keys, "http://project.test/auth/v1", enable_anonymous_sign_ins=True, bcrypt_cost=4
        )
        files = storage.create_app(
            storage.StorageSettings(self.keys), storage_pool, self.objects, changed=self.cache.forget
        )
        app = gateway.create_app(
            gateway.GatewaySettings(self.keys, self.api_keys, self.access_log),
            self.rest,
            functions,
            auth.create_app(self.auth_settings, self.auth_pool),
            self.cache.in_front_of(files),
        )
        self.url = await self._serve(app)

    async def _stop(self) -> None:
        await asyncio.gather(*(listener.stop() for listener in self._listeners))
        for pool in self._pools:
            await pool.close()

    async def _serve(self, app: ASGIApp) -> str:
        listener = Listener(app)
        await listener.start()
        self._listeners.append(listener)
        return listener.url


async def raw_request(url: str, line: bytes) -> bytes:
    """What comes back for a request that a well-behaved client would not send; `line` may have headers in it."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(line + b"\r\nhost: x\r\nconnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer
