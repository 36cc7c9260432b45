-- API gateway: projects, keys, quotas. Generated policies: one permissive "default" each, restrictive ones on top.
create type key_scope as enum ('read', 'write', 'admin');

create table orgs (
  org_id text primary key check (org_id ~ '^org_[a-z0-9]+$'),
  name text not null,
  billing_email text
);
create table org_members (
  org_id text not null references orgs on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'developer' check (role in ('developer', 'billing', 'owner')),
  disabled_at timestamptz,
  primary key (org_id, user_id)
);
create table projects (
  project_id text primary key check (project_id ~ '^prj_[a-z0-9]+$'),
  org_id text not null references orgs on delete cascade,
  name text not null,
  upstream_url text not null default 'https://example.com'
);
create table api_keys (
  key_id bigint generated always as identity primary key,
  project_id text not null references projects on delete cascade,
  prefix text not null,
  key_hash text not null,
  scope key_scope not null default 'read',
  created_by uuid not null default auth.uid() references auth.users,
  expires_at timestamptz
);
create table quotas (
  project_id text not null references projects on delete cascade,
  period text not null default 'day' check (period in ('day', 'month')),
  max_calls bigint not null default 1000 check (max_calls >= 0),
  primary key (project_id, period)
);
create table calls (
  call_id bigint generated always as identity primary key,
  project_id text not null references projects on delete cascade,
  key_id bigint references api_keys on delete set null,
  path text not null,
  status int not null default 200,
  at timestamptz not null default now()
);
create table allowed_ips (
  project_id text not null references projects on delete cascade,
  cidr inet not null,
  note text,
  primary key (project_id, cidr)
);
create table secrets (
  project_id text not null references projects on delete cascade,
  name text not null,
  value text not null,
  primary key (project_id, name)
);
create table announcements (id bigint generated always as identity primary key, org_id text references orgs on delete cascade, body text not null);
create table incidents (
  id bigint generated always as identity primary key,
  org_id text not null references orgs on delete cascade,
  summary text not null,
  resolved boolean not null default false
);

create function member(o text) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.org_members m where m.org_id = o and m.user_id = auth.uid() and m.disabled_at is null)
$$;
create function owner(o text) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.org_members m where m.org_id = o and m.user_id = auth.uid() and m.disabled_at is null and m.role = 'owner')
$$;
create function project_member(p text) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.projects j where j.project_id = p and public.member(j.org_id))
$$;

do $$
declare t text;
begin
  foreach t in array array['orgs','org_members','projects','api_keys','quotas','calls','allowed_ips','secrets','announcements','incidents'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy "default" on %I for all to authenticated using (true) with check (true)', t);
  end loop;
end $$;

create policy tenant on orgs as restrictive for all to authenticated using (member(org_id)) with check (owner(org_id));
create policy tenant on org_members as restrictive for all to authenticated using (member(org_id)) with check (owner(org_id));
create policy seats on org_members as restrictive for delete to authenticated using (owner(org_id) or user_id = auth.uid());
create policy tenant on projects as restrictive for all to authenticated using (member(org_id)) with check (member(org_id));
create policy tenant on api_keys as restrictive for all to authenticated using (project_member(project_id)) with check (project_member(project_id));
create policy author on api_keys as restrictive for insert to authenticated with check (created_by = auth.uid());
create policy tenant on quotas as restrictive for all to authenticated using (project_member(project_id)) with check (project_member(project_id));
create policy tenant on calls as restrictive for select to authenticated using (project_member(project_id));
create policy tenant_read on allowed_ips as restrictive for select to authenticated using (project_member(project_id));
create policy tenant_write on allowed_ips as restrictive for insert to authenticated with check (project_member(project_id));
create policy tenant on secrets as restrictive for all to authenticated using (project_member(project_id)) with check (project_member(project_id));
create policy status_page on incidents for select to anon using (not resolved);
create policy tenant on incidents as restrictive for all to authenticated using (member(org_id)) with check (member(org_id));
create policy tenant on announcements as restrictive for select to authenticated using (org_id is null or member(org_id));
create policy tenant_ins on announcements as restrictive for insert to authenticated with check (owner(org_id));
create policy tenant_upd on announcements as restrictive for update to authenticated using (owner(org_id)) with check (org_id is null or owner(org_id));
create policy tenant_del on announcements as restrictive for delete to authenticated using (owner(org_id));

-- gateway: which key is this?
create function verify_key(p_prefix text, p_hash text default null) returns table (key_id bigint, project_id text, scope key_scope)
language sql stable security definer set search_path = '' as $$
  select k.key_id, k.project_id, k.scope from public.api_keys k
  where k.prefix like p_prefix and k.key_hash = coalesce(p_hash, k.key_hash) and (k.expires_at is null or k.expires_at > now())
$$;
create function new_org(p_name text) returns text language plpgsql security definer set search_path = '' as $$
declare o text := 'org_' || replace(gen_random_uuid()::text, '-', '');
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.orgs (org_id, name) values (o, p_name);
  insert into public.org_members (org_id, user_id, role) values (o, auth.uid(), 'owner');
  return o;
end $$;
create function rename_project(p text, p_name text) returns text language plpgsql security definer set search_path = '' as $$
begin
  if not public.project_member(p) then raise exception 'no such project %', p using errcode = 'P0002'; end if;
  update public.projects set name = coalesce(nullif(trim(p_name), ''), name) where project_id = p;
  return p_name;
end $$;
create function set_quota(p_project text, p_period text, p_max bigint) returns void language plpgsql security definer set search_path = '' as $$
declare o text := (select j.org_id from public.projects j where j.project_id = p_project);
begin
  if not exists (select 1 from public.org_members m where m.org_id = o and m.user_id = auth.uid() and m.role in ('owner', 'billing')) then
    raise exception 'not allowed' using errcode = '42501';
  end if;
  insert into public.quotas values (p_project, p_period, p_max) on conflict (project_id, period) do update set max_calls = excluded.max_calls;
end $$;
create function copy_secrets(p_from text, p_to text, p_names text[] default null) returns int language plpgsql security definer set search_path = '' as $$
declare n int;
begin
  if not public.project_member(p_to) then raise exception 'no such project' using errcode = 'P0002'; end if;
  insert into public.secrets select p_to, s.name, s.value from public.secrets s where s.project_id = p_from and (p_names is null or s.name = any (p_names))
  on conflict do nothing;
  get diagnostics n = row_count;
  return n;
end $$;
create function usage_by_path(p_project text, p_days int default 30) returns table (path text, n bigint) language sql stable set search_path = '' as $$
  select c.path, count(*) from public.calls c where c.project_id = p_project and c.at > now() - make_interval(days => p_days) group by 1
$$;
-- cron
create function expire_keys(p_days int default 365) returns int language plpgsql security definer set search_path = '' as $$
declare n int;
begin
  if current_user = 'anon' then raise exception 'no'; end if;
  update public.api_keys set expires_at = now() where expires_at is null and p_days <= 365;
  get diagnostics n = row_count;
  return n;
end $$;

revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant select, delete on orgs to authenticated;
grant update (name, billing_email) on orgs to authenticated;
grant select, insert, delete on org_members to authenticated;
grant select, insert, update, delete on projects, quotas, allowed_ips, secrets, announcements, incidents to authenticated;
grant select (key_id, project_id, prefix, scope, created_by, expires_at), insert (project_id, prefix, key_hash, scope, created_by), delete on api_keys to authenticated;
grant select, delete on calls to authenticated;
grant select on incidents to anon;
