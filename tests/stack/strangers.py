"""Rollouts of somebody else's, written to disk for a test: what such a folder must have is `supabase/`, no more."""

from __future__ import annotations

from pathlib import Path

# What migrations of strangers commonly do with what the platform provides.
MIGRATION = """
create extension if not exists "uuid-ossp";
create extension if not exists pgcrypto with schema extensions;

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  nickname text not null default '',
  avatar text
);
alter table public.profiles enable row level security;
create policy "own profile" on public.profiles using ((select auth.uid()) = id);
grant select, insert, update, delete on public.profiles to authenticated, service_role;

create table public.tokens (
  id uuid primary key default uuid_generate_v4(),
  digest bytea not null default digest('x', 'sha256'),
  made timestamptz not null default now()
);

create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, nickname) values (new.id, coalesce(new.raw_user_meta_data ->> 'nickname', ''));
  return new;
end;
$$;
create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();

create extension if not exists pg_cron with schema pg_catalog;
create extension if not exists pg_net with schema extensions;
create extension if not exists supabase_vault;
select vault.create_secret('https://example.com/hook', 'hook');
select cron.schedule('tell', '*/5 * * * *', $job$
  select net.http_post(url := (select decrypted_secret from vault.decrypted_secrets where name = 'hook'), body := '{}')
$job$);

alter publication supabase_realtime add table public.profiles;
create function public.broadcast_profile() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.broadcast_changes('profile:' || new.id, tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
  return null;
end;
$$;
create trigger on_profile_changed after update on public.profiles
  for each row execute function public.broadcast_profile();
create policy "own channel" on realtime.messages for select to authenticated
  using (extension = 'broadcast' and realtime.topic() = 'profile:' || (select auth.uid()));

insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true);
create policy "second factor where there is one" on public.profiles as restrictive to authenticated using (
  array[(select auth.jwt() ->> 'aal')] <@ (
    select case when count(id) > 0 then array['aal2'] else array['aal1', 'aal2'] end
    from auth.mfa_factors where user_id = (select auth.uid()) and status = 'verified'));
create policy "read avatars" on storage.objects for select using (bucket_id = 'avatars');
create policy "own folder" on storage.objects for insert to authenticated
  with check (bucket_id = 'avatars' and (storage.foldername(name))[1] = (select auth.uid())::text);
"""

# The usual way to a user in a seed.
SEED = """
insert into public.tokens default values;
insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, created_at,
  updated_at, raw_app_meta_data, raw_user_meta_data, confirmation_token, recovery_token, email_change_token_new,
  email_change)
values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated', 'authenticated', 'ada@example.com',
  crypt('password123', gen_salt('bf')), now(), now(), now(), '{"provider": "email", "providers": ["email"]}', '{}',
  '', '', '', '');
"""

HELLO = """
import { createClient } from "npm:@supabase/supabase-js@2";
const names = ["SUPABASE_URL", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_PUBLISHABLE_KEYS",
  "SUPABASE_SECRET_KEYS", "SUPABASE_JWKS", "SUPABASE_DB_URL", "ALLOWED_ORIGINS", "FROM_DOTENV"];
Deno.serve(async (request) => {
  console.log("asked for", new URL(request.url).pathname);
  const client = createClient(Deno.env.get("SUPABASE_URL")!, Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")!);
  const { data } = await client.from("profiles").select("nickname");
  let outside = "read";
  try { Deno.readTextFileSync("/etc/hostname"); } catch { outside = "refused"; }
  if (request.method === "DELETE") setTimeout(() => Deno.exit(3), 20);
  return Response.json({ pid: Deno.pid, profiles: data, outside, set: names.filter((name) => Deno.env.get(name)) });
});
"""

# As the examples of years ago: the standard library listens by itself.
OLD = """
const listener = Deno.listen({ port: 8000 });
for await (const connection of listener) {
  (async () => { for await (const event of Deno.serveHttp(connection)) event.respondWith(new Response("old")); })();
}
"""

CONFIG = """
project_id = "strangers"
[api]
schemas = ["public", "graphql_public"]
[auth]
enable_anonymous_sign_ins = true
[functions.hello]
verify_jwt = false
[functions.old]
verify_jwt = false
[functions.broken]
verify_jwt = false
[functions.unused]
enabled = false
[storage.buckets.declared]
public = false
file_size_limit = "1MiB"
[something.nobody.knows]
of = true
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    """A rollout in `folder`; the names are relative to its `supabase/`. Returns `folder`."""
    for name, text in files.items():
        path = folder / "supabase" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def complete(folder: Path) -> Path:
    """A rollout with a bit of everything."""
    return write(
        folder,
        {
            "config.toml": CONFIG,
            "migrations/20240101000000_start.sql": MIGRATION,
            "seed.sql": SEED,
            "functions/hello/index.ts": HELLO,
            "functions/old/index.ts": OLD,
            "functions/broken/index.ts": "import './missing.ts';\n",
            "functions/unused/index.ts": HELLO,
            "functions/_shared/index.ts": HELLO,
            "functions/.env": "FROM_DOTENV=yes\nSUPABASE_URL=http://elsewhere.test\n",
        },
    )
