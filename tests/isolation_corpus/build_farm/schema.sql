-- A CI service. People sign in; runners and scripts come with an API key in the header x-api-key.
create extension if not exists pgcrypto with schema extensions;
create type build_state as enum ('queued', 'running', 'passed', 'failed', 'canceled');

create table orgs (
  id uuid primary key default gen_random_uuid(),
  login text not null unique check (login = lower(login)),
  plan text not null default 'free'
);
create table org_people (
  org_id uuid not null references orgs on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'developer' check (role in ('viewer', 'developer', 'admin')),
  primary key (org_id, user_id)
);
create table repos (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references orgs on delete cascade,
  name text not null,
  clone_url text not null check (clone_url ~ '^(https|ssh)://'),
  deploy_key text,
  next_number integer not null default 1,
  open_source boolean not null default false,
  unique (org_id, name)
);
create table builds (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references orgs on delete cascade,
  repo_id uuid not null references repos on delete cascade,
  number integer,
  ref text not null default 'refs/heads/main',
  state build_state not null default 'queued',
  env jsonb not null default '{}',
  triggered_by uuid default auth.uid()
);
create table build_logs (
  build_id uuid not null references builds on delete cascade,
  line integer not null,
  content text not null,
  primary key (build_id, line)
);
create table secrets (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references orgs on delete cascade,
  repo_id uuid references repos on delete cascade,   -- null: for all repositories of the organization
  name text not null check (name ~ '^[A-Z][A-Z0-9_]*$'),
  value text not null
);
create table api_keys (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references orgs on delete cascade,
  created_by uuid not null default auth.uid() references auth.users on delete cascade,
  key_hash text not null unique,
  scopes text[] not null default '{read}',
  revoked_at timestamptz
);
create table runners (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references orgs on delete cascade,
  labels text[] not null default '{linux}',
  last_seen timestamptz
);
create table webhooks (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references orgs on delete cascade,
  url text not null check (url like 'https://%'),
  active boolean not null default true
);
create table deliveries (
  id bigint generated always as identity primary key,
  url text not null,
  payload jsonb not null,
  status smallint
);
create table images (name text primary key, digest text not null);
insert into images values ('ubuntu-24.04', 'sha256:1'), ('macos-15', 'sha256:2');

create function key_org() returns uuid language sql stable security definer set search_path = '' as $$
  select k.org_id from public.api_keys k
  where k.key_hash = encode(sha256((nullif(current_setting('request.headers', true), '')::json ->> 'x-api-key')::bytea), 'hex') and k.revoked_at is null
$$;
create function is_member(p_org uuid, p_roles text[] default '{viewer,developer,admin}') returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.org_people p where p.org_id = p_org and p.user_id = auth.uid() and p.role = any (p_roles))
$$;
create function reads_org(p_org uuid) returns boolean language sql stable set search_path = '' as $$
  select public.is_member(p_org) or coalesce(p_org = public.key_org(), false)
$$;

alter table orgs enable row level security;
alter table org_people enable row level security;
alter table repos enable row level security;
alter table builds enable row level security;
alter table build_logs enable row level security;
alter table secrets enable row level security;
alter table api_keys enable row level security;
alter table runners enable row level security;
alter table webhooks enable row level security;
alter table deliveries enable row level security;
alter table images enable row level security;
create policy r on orgs for select using (reads_org(id));
create policy r on org_people for select to authenticated using (is_member(org_id));
create policy a on org_people for all to authenticated using (is_member(org_id, '{admin}') and user_id <> auth.uid());
create policy r on repos for select using (open_source or reads_org(org_id));
create policy w on repos for insert to authenticated with check (is_member(org_id, '{developer,admin}'));
create policy u on repos for update to authenticated using (is_member(org_id, '{developer,admin}'));
create policy r on builds for select using (reads_org(org_id));
create policy w on builds for insert to authenticated with check (is_member(org_id, '{developer,admin}'));
create policy u on builds for update to authenticated using (is_member(org_id, '{developer,admin}'));
create policy r on build_logs for select using (exists (select 1 from builds b where b.id = build_id));
create policy n on secrets for select to authenticated using (is_member(org_id, '{admin}'));
create policy w on secrets for insert to authenticated with check (is_member(org_id, '{admin}')
  and (repo_id is null or exists (select 1 from repos r where r.id = repo_id and r.org_id = secrets.org_id)));
create policy d on secrets for delete to authenticated using (is_member(org_id, '{admin}'));
create policy r on api_keys for select to authenticated using (created_by = auth.uid() or is_member(org_id, '{admin}'));
create policy w on api_keys for insert to authenticated with check (created_by = auth.uid());
create policy u on api_keys for update to authenticated using (created_by = auth.uid() or is_member(org_id, '{admin}'));
create policy r on runners for select using (reads_org(org_id));
create policy w on webhooks for all to authenticated using (is_member(org_id, '{admin}')) with check (is_member(org_id, '{admin}'));
create policy r on deliveries for select to authenticated using (
  exists (select 1 from webhooks h where h.url = deliveries.url and is_member(h.org_id, '{admin}')));
create policy r on images for select using (true);

-- numbers a build and gives it the environment of its repository
create function prepare_build() returns trigger language plpgsql security definer set search_path = '' as $$
declare r public.repos;
begin
  update public.repos set next_number = next_number + 1 where id = new.repo_id returning * into r;
  new.number := r.next_number - 1;
  new.state := 'queued';
  new.env := new.env || jsonb_build_object('CLONE_URL', r.clone_url, 'DEPLOY_KEY', r.deploy_key);
  return new;
end $$;
create trigger prepare_build before insert on builds for each row execute function prepare_build();
create function announce() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if new.state in ('passed', 'failed') and old.state is distinct from new.state then
    insert into public.deliveries (url, payload)
    select h.url, jsonb_build_object('build', new.id, 'ref', new.ref, 'state', new.state) from public.webhooks h where h.org_id = new.org_id and h.active;
  end if;
  return new;
end $$;
create trigger announce after update on builds for each row execute function announce();

create function resolve_secrets(p_build uuid, p_names text[]) returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare b public.builds;
begin
  select * into b from public.builds where id = p_build;
  if not public.is_member(b.org_id, '{developer,admin}') then raise exception 'no such build' using errcode = 'P0002'; end if;
  return (select jsonb_object_agg(s.name, s.value) from public.secrets s
          where s.name = any (p_names) and (s.org_id = b.org_id and s.repo_id = b.repo_id or s.repo_id is null));
end $$;
create function heartbeat(p_runner uuid, p_org uuid, p_labels text[] default '{linux}') returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not public.is_member(p_org, '{developer,admin}') then raise exception 'forbidden' using errcode = '42501'; end if;
  insert into public.runners (id, org_id, labels, last_seen) values (p_runner, p_org, p_labels, now())
  on conflict (id) do update set org_id = excluded.org_id, labels = excluded.labels, last_seen = now();
end $$;
create function cancel_builds(p_builds uuid[]) returns integer language sql security definer set search_path = '' as $$
  with c as (update public.builds b set state = 'canceled' where b.id = any (p_builds) and b.state in ('queued', 'running')
             and public.is_member(b.org_id, '{developer,admin}') returning 1)
  select count(*)::integer from c
$$;
create function badge(p_login text, p_repo text) returns text language sql stable security definer set search_path = '' as $$
  select b.state::text from public.builds b join public.repos r on r.id = b.repo_id join public.orgs o on o.id = r.org_id
  where o.login = p_login and r.name = p_repo and r.open_source order by b.number desc limit 1
$$;
create function rotate_key(p_key uuid) returns text language plpgsql security definer set search_path = '' as $$
declare v text := encode(extensions.gen_random_bytes(24), 'hex');
begin
  update public.api_keys set key_hash = encode(sha256(v::bytea), 'hex')
  where id = p_key and revoked_at is null and public.is_member(org_id, '{admin}');
  if not found then raise exception 'no such key' using errcode = 'P0002'; end if;
  return v;
end $$;

grant usage on schema public to anon, authenticated;
grant select on orgs, repos, builds, build_logs, runners, images to anon, authenticated;
revoke select on repos from anon, authenticated;
grant select (id, org_id, name, open_source) on repos to anon, authenticated;
grant select on org_people, webhooks, deliveries to authenticated;
grant insert, update, delete on org_people, webhooks to authenticated;
grant insert (org_id, name, clone_url, deploy_key, open_source), update (name, open_source) on repos to authenticated;
grant insert (org_id, repo_id, ref, env), update (state) on builds to authenticated;
grant select (id, org_id, repo_id, name), insert, delete on secrets to authenticated;
grant select (id, org_id, created_by, scopes, revoked_at), insert, update (revoked_at) on api_keys to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
grant execute on function key_org, is_member, reads_org, badge to anon;
