-- Design reviews. Organizations share single projects with one another on purpose, until they take it back.
create extension if not exists pgcrypto with schema extensions;

create table orgs (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  email_domain text,                      -- colleagues by address, once verified by us
  domain_verified boolean not null default false
);
create table org_users (
  org_id uuid not null references orgs on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'member' check (role in ('owner', 'editor', 'member')),
  status text not null default 'pending' check (status in ('pending', 'active', 'disabled')),
  primary key (org_id, user_id)
);
create table projects (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references orgs on delete cascade,
  title text not null,
  archived boolean not null default false
);
create table project_shares (
  project_id uuid not null references projects on delete cascade,
  with_org uuid not null references orgs on delete cascade,
  can_comment boolean not null default false,
  expires_at timestamptz not null default now() + interval '30 days',
  primary key (project_id, with_org)
);
create table frames (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references projects on delete cascade,
  svg text not null,
  version integer not null default 1
);
create table remarks (
  id uuid primary key default gen_random_uuid(),
  frame_id uuid not null references frames on delete cascade,
  author_id uuid not null default auth.uid() references auth.users,
  body text not null,
  resolved boolean not null default false
);
create table invites (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references orgs on delete cascade,
  email text not null,
  role text not null default 'member' check (role in ('editor', 'member')),
  code text not null default encode(extensions.gen_random_bytes(16), 'hex') unique
);
create table inbox (
  id bigint generated always as identity primary key,
  user_id uuid not null references auth.users on delete cascade,
  message text not null,
  read_at timestamptz
);
create table plan_limits (plan text primary key, max_projects integer not null);
insert into plan_limits values ('free', 3), ('pro', 100);

create function is_active(p_org uuid, variadic p_roles text[] default array['owner', 'editor', 'member']) returns boolean
language sql stable security definer set search_path = public as $$
  select exists (select 1 from org_users u where u.org_id = p_org and u.user_id = auth.uid() and u.status = 'active' and u.role = any (p_roles))
$$;
create function can_see_project(p_project uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from projects p where p.id = p_project and (is_active(p.org_id) or exists (
    select 1 from project_shares s where s.project_id = p.id and s.expires_at > now() and is_active(s.with_org))))
$$;
create function can_comment_project(p_project uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from projects p where p.id = p_project and (is_active(p.org_id) or exists (
    select 1 from project_shares s where s.project_id = p.id and s.can_comment and s.expires_at > now() and is_active(s.with_org))))
$$;
create function owns_project(p_project uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from projects p where p.id = p_project and is_active(p.org_id, 'owner', 'editor'))
$$;

alter table orgs enable row level security;
alter table org_users enable row level security;
alter table projects enable row level security;
alter table project_shares enable row level security;
alter table frames enable row level security;
alter table remarks enable row level security;
alter table invites enable row level security;
alter table inbox enable row level security;
alter table plan_limits enable row level security;

create policy orgs_read on orgs for select to authenticated using (is_active(id));
create policy orgs_update on orgs for update to authenticated using (is_active(id, 'owner')) with check (is_active(id, 'owner'));
create policy users_read on org_users for select to authenticated using (user_id = auth.uid() or is_active(org_id));
create policy users_write on org_users for update to authenticated
  using (is_active(org_id, 'owner') and user_id <> auth.uid()) with check (is_active(org_id, 'owner') and user_id <> auth.uid());
create policy users_leave on org_users for delete to authenticated
  using ((user_id = auth.uid() and role <> 'owner') or (is_active(org_id, 'owner') and user_id <> auth.uid()));
create policy projects_read on projects for select to authenticated using (can_see_project(id));
create policy projects_insert on projects for insert to authenticated with check (is_active(org_id, 'owner', 'editor'));
create policy projects_update on projects for update to authenticated
  using (is_active(org_id, 'owner', 'editor')) with check (is_active(org_id, 'owner', 'editor'));
create policy shares_read on project_shares for select to authenticated using (owns_project(project_id) or is_active(with_org));
create policy shares_write on project_shares for delete to authenticated using (owns_project(project_id) or is_active(with_org, 'owner'));
create policy frames_read on frames for select to authenticated using (can_see_project(project_id));
create policy frames_write on frames for all to authenticated using (owns_project(project_id)) with check (owns_project(project_id));
create policy remarks_read on remarks for select to authenticated
  using (exists (select 1 from frames f where f.id = remarks.frame_id and can_see_project(f.project_id)));
create policy remarks_insert on remarks for insert to authenticated
  with check (author_id = auth.uid() and exists (select 1 from frames f where f.id = remarks.frame_id and can_comment_project(f.project_id)));
create policy remarks_update on remarks for update to authenticated
  using (author_id = auth.uid()) with check (author_id = auth.uid() and exists (select 1 from frames f where f.id = remarks.frame_id and can_comment_project(f.project_id)));
create policy invites_read on invites for select to authenticated using (is_active(org_id, 'owner'));
create policy invites_insert on invites for insert to authenticated with check (is_active(org_id, 'owner'));
create policy invites_delete on invites for delete to authenticated using (is_active(org_id, 'owner'));
create policy inbox_own on inbox for select to authenticated using (user_id = auth.uid());
create policy inbox_mark on inbox for update to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy limits on plan_limits for select to authenticated, anon using (true);

grant select on orgs, org_users, projects, project_shares, frames, remarks, inbox to authenticated;
grant select on plan_limits to authenticated, anon;
grant select (id, org_id, email, role), insert (org_id, email, role), delete on invites to authenticated;
grant update (name) on orgs to authenticated;
grant update (role, status), delete on org_users to authenticated;
grant insert, update on projects to authenticated;
grant delete on project_shares to authenticated;
grant insert, update, delete on frames to authenticated;
grant insert, update (body, resolved) on remarks to authenticated;
grant update (read_at) on inbox to authenticated;

create function notify_owners() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into inbox (user_id, message)
  select u.user_id, 'a remark on ' || p.title from frames f join projects p on p.id = f.project_id
  join org_users u on u.org_id = p.org_id and u.role = 'owner' where f.id = new.frame_id and u.user_id <> new.author_id;
  return new;
end $$;
create trigger notify_owners after insert on remarks for each row execute function notify_owners();
create function next_version() returns trigger language plpgsql as $$
begin
  new.version := old.version + 1;
  new.project_id := old.project_id;
  return new;
end $$;
create trigger next_version before update on frames for each row execute function next_version();

create function start_org(p_name text) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into orgs (name) values (p_name) returning id into v;
  insert into org_users values (v, auth.uid(), 'owner', 'active');
  return v;
end $$;
create function join_by_code(p_code text) returns uuid language plpgsql security definer set search_path = public as $$
declare i invites;
begin
  delete from invites where code = p_code and lower(email) = lower(auth.email()) returning * into i;
  if i.id is null then raise exception 'unknown code' using errcode = 'P0002'; end if;
  insert into org_users values (i.org_id, auth.uid(), i.role, 'active') on conflict do nothing;
  return i.org_id;
end $$;
create function join_by_domain() returns setof uuid language sql security definer set search_path = public as $$
  insert into org_users (org_id, user_id, role, status)
  select o.id, auth.uid(), 'member', 'pending' from orgs o
  where o.domain_verified and o.email_domain = split_part(auth.email(), '@', 2) and auth.uid() is not null
  on conflict do nothing returning org_id
$$;
create function share_project(p_project uuid, p_with uuid, p_can_comment boolean default false) returns void
language plpgsql security definer set search_path = public as $$
begin
  if not owns_project(p_project) then raise exception 'no such project' using errcode = 'P0002'; end if;
  insert into project_shares (project_id, with_org, can_comment)
  select p_project, o.id, p_can_comment from orgs o where o.id = p_with
  on conflict (project_id, with_org) do update set can_comment = excluded.can_comment, expires_at = default;
end $$;
create function copy_frame(p_frame uuid, p_to uuid) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  if not owns_project(p_to) then raise exception 'no such project' using errcode = 'P0002'; end if;
  insert into frames (project_id, svg) select p_to, f.svg from frames f where f.id = p_frame and can_see_project(f.project_id) returning id into v;
  if v is null then raise exception 'no such frame' using errcode = 'P0002'; end if;
  return v;
end $$;
create function resolve_all(p_frame uuid) returns integer language sql as $$
  with u as (update remarks set resolved = true where frame_id = p_frame and author_id = auth.uid() returning 1) select count(*)::int from u
$$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
