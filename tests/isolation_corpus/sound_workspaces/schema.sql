-- Work management for teams. Helpers live in a schema that the API does not expose.
create schema private;
grant usage on schema private to authenticated;
create type public.team_role as enum ('owner', 'admin', 'member', 'guest');
create type public.access_level as enum ('view', 'comment', 'edit', 'manage');
create domain public.short_name as text check (char_length(value) between 1 and 80);

create table public.teams (
  id uuid primary key default gen_random_uuid(), name short_name not null, created_by uuid not null default auth.uid() references auth.users,
  settings jsonb not null default '{}', created_at timestamptz not null default now(), deleted_at timestamptz);
create table public.team_members (
  team_id uuid not null references teams on delete cascade, user_id uuid not null references auth.users on delete cascade,
  role team_role not null default 'member', joined_at timestamptz not null default now(), suspended_at timestamptz, primary key (team_id, user_id));
create table public.team_invites (
  id uuid primary key default gen_random_uuid(), team_id uuid not null references teams on delete cascade,
  email text not null check (email = lower(email)), role team_role not null default 'member' check (role <> 'owner'),
  invited_by uuid not null default auth.uid(), accepted_at timestamptz, expires_at timestamptz not null default now() + interval '14 days');
create table public.people (id uuid primary key references auth.users on delete cascade, full_name text not null default '', timezone text not null default 'UTC');
create table public.projects (
  id uuid primary key default gen_random_uuid(), team_id uuid not null references teams on delete cascade, name short_name not null,
  is_private boolean not null default false, archived boolean not null default false, deleted_at timestamptz, unique (id, team_id));
create table public.project_access (
  project_id uuid not null, team_id uuid not null, user_id uuid not null, level access_level not null default 'view',
  primary key (project_id, user_id),
  foreign key (project_id, team_id) references projects (id, team_id) on delete cascade,
  foreign key (team_id, user_id) references team_members (team_id, user_id) on delete cascade);
create table public.tasks (
  id uuid primary key default gen_random_uuid(), project_id uuid not null, team_id uuid not null,
  title short_name not null, description text, status text not null default 'todo' check (status in ('todo', 'doing', 'done')),
  due daterange, estimate interval, position numeric not null default 0, deleted_at timestamptz, parent_id uuid, unique (id, project_id),
  foreign key (project_id, team_id) references projects (id, team_id) on delete cascade,
  foreign key (parent_id, project_id) references tasks (id, project_id) on delete cascade);
create table public.task_comments (
  id uuid primary key default gen_random_uuid(), task_id uuid not null, project_id uuid not null, author_id uuid not null default auth.uid(),
  body text not null check (length(body) <= 4000), created_at timestamptz not null default now(),
  foreign key (task_id, project_id) references tasks (id, project_id) on delete cascade);
create table public.labels (id uuid primary key default gen_random_uuid(), team_id uuid not null references teams on delete cascade, name text not null, color text not null default '#888888' check (color ~ '^#[0-9a-f]{6}$'), unique (team_id, name), unique (id, team_id));
create table public.task_labels (
  task_id uuid not null, project_id uuid not null, label_id uuid not null, team_id uuid not null, primary key (task_id, label_id),
  foreign key (task_id, project_id) references tasks (id, project_id) on delete cascade,
  foreign key (project_id, team_id) references projects (id, team_id) on delete cascade,
  foreign key (label_id, team_id) references labels (id, team_id) on delete cascade);
create table public.share_links (
  id uuid primary key default gen_random_uuid(), project_id uuid not null, team_id uuid not null,
  token uuid not null default gen_random_uuid() unique, revoked_at timestamptz,
  foreign key (project_id, team_id) references projects (id, team_id) on delete cascade);
create table public.files (
  id uuid primary key default gen_random_uuid(), team_id uuid not null, project_id uuid not null, path text generated always as (team_id::text || '/' || project_id::text || '/' || id::text) stored,
  size_bytes bigint not null default 0 check (size_bytes >= 0),
  foreign key (project_id, team_id) references projects (id, team_id) on delete cascade);
create table public.activity (
  id bigint generated always as identity primary key, team_id uuid not null references teams on delete cascade, project_id uuid, actor uuid, verb text not null, object jsonb, at timestamptz not null default now());
create table public.saved_views (id uuid primary key default gen_random_uuid(), owner_id uuid not null default auth.uid() references auth.users on delete cascade, team_id uuid not null references teams on delete cascade, name text not null, query jsonb not null default '{}', is_shared boolean not null default false);
create table private.billing (team_id uuid primary key references public.teams on delete cascade, stripe_customer text, seats int not null default 5);

create function private.role_in(t uuid) returns team_role language sql stable security definer set search_path = '' as $$
  select m.role from public.team_members m join public.teams x on x.id = m.team_id
  where m.team_id = t and m.user_id = (select auth.uid()) and m.suspended_at is null and x.deleted_at is null $$;
create function private.my_teams() returns setof uuid language sql stable security definer set search_path = '' as $$
  select m.team_id from public.team_members m join public.teams x on x.id = m.team_id
  where m.user_id = (select auth.uid()) and m.suspended_at is null and x.deleted_at is null $$;
create function private.project_level(p uuid) returns public.access_level language sql stable security definer set search_path = '' as $$
  select case
    when private.role_in(j.team_id) in ('owner', 'admin') then 'manage'::public.access_level
    when private.role_in(j.team_id) is null then null
    else coalesce((select a.level from public.project_access a where a.project_id = j.id and a.user_id = (select auth.uid())),
      case when private.role_in(j.team_id) = 'member' and not j.is_private then 'edit'::public.access_level end)
  end from public.projects j where j.id = p and j.deleted_at is null $$;
create function private.knows(other uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.team_members m where m.user_id = other and m.team_id in (select private.my_teams())) $$;
revoke execute on all functions in schema private from public;
grant execute on all functions in schema private to authenticated;

alter table teams enable row level security; alter table team_members enable row level security; alter table team_invites enable row level security;
alter table people enable row level security; alter table projects enable row level security; alter table project_access enable row level security;
alter table tasks enable row level security; alter table task_comments enable row level security; alter table labels enable row level security;
alter table task_labels enable row level security; alter table share_links enable row level security; alter table files enable row level security;
alter table activity enable row level security; alter table saved_views enable row level security; alter table private.billing enable row level security;

grant select, update (name, settings) on teams to authenticated;
grant select, insert, delete, update (role, suspended_at) on team_members to authenticated;
grant select, insert, delete on team_invites to authenticated;
grant select, update (full_name, timezone) on people to authenticated;
grant select, insert, delete, update (name, is_private, archived, deleted_at) on projects to authenticated;
grant select, insert, delete, update (level) on project_access to authenticated;
grant select, insert, delete, update (title, description, status, due, estimate, position, parent_id, deleted_at) on tasks to authenticated;
grant select, insert (task_id, project_id, body), delete, update (body) on task_comments to authenticated;
grant select, insert, delete, update (name, color) on labels to authenticated;
grant select, insert, delete on task_labels to authenticated;
grant select, insert (project_id, team_id), update (revoked_at) on share_links to authenticated;
grant select, insert (team_id, project_id, size_bytes), delete on files to authenticated;
grant select on activity to authenticated;
grant select, insert, update, delete on saved_views to authenticated;

create policy teams_read on teams for select to authenticated using (id in (select private.my_teams()));
create policy teams_edit on teams for update to authenticated using (private.role_in(id) in ('owner', 'admin'));
create policy members_read on team_members for select to authenticated using (team_id in (select private.my_teams()) and (private.role_in(team_id) <> 'guest' or user_id = auth.uid()));
create policy members_add on team_members for insert to authenticated with check (private.role_in(team_id) = 'owner' and private.knows(user_id));
create policy members_edit on team_members for update to authenticated
  using (private.role_in(team_id) = 'owner' or (private.role_in(team_id) = 'admin' and role in ('member', 'guest')))
  with check (private.role_in(team_id) = 'owner' or (private.role_in(team_id) = 'admin' and role in ('member', 'guest')));
create policy members_leave on team_members for delete to authenticated
  using ((user_id = auth.uid() and role <> 'owner') or (private.role_in(team_id) in ('owner', 'admin') and role in ('member', 'guest')));
create policy invites_team on team_invites for select to authenticated using (private.role_in(team_id) in ('owner', 'admin') or (email = lower(auth.jwt() ->> 'email') and expires_at > now()));
create policy invites_add on team_invites for insert to authenticated with check (invited_by = auth.uid()
  and (private.role_in(team_id) = 'owner' or (private.role_in(team_id) = 'admin' and role <> 'admin')) and accepted_at is null);
create policy invites_drop on team_invites for delete to authenticated using (private.role_in(team_id) in ('owner', 'admin'));
create policy people_read on people for select to authenticated using (id = auth.uid() or private.knows(id));
create policy people_edit on people for update to authenticated using (id = auth.uid()) with check (id = auth.uid());
create policy projects_read on projects for select to authenticated using (private.project_level(id) is not null);
create policy projects_add on projects for insert to authenticated with check (private.role_in(team_id) in ('owner', 'admin', 'member'));
create policy projects_edit on projects for update to authenticated using (private.project_level(id) = 'manage');
create policy projects_drop on projects for delete to authenticated using (private.role_in(team_id) = 'owner');
create policy access_read on project_access for select to authenticated using (user_id = auth.uid() or private.project_level(project_id) = 'manage');
create policy access_manage on project_access for all to authenticated using (private.project_level(project_id) = 'manage')
  with check (private.project_level(project_id) = 'manage' and (level <> 'manage' or private.role_in(team_id) in ('owner', 'admin')));
create policy tasks_read on tasks for select to authenticated using (deleted_at is null and private.project_level(project_id) is not null);
create policy tasks_add on tasks for insert to authenticated with check (private.project_level(project_id) >= 'edit');
create policy tasks_edit on tasks for update to authenticated using (private.project_level(project_id) >= 'edit') with check (private.project_level(project_id) >= 'edit');
create policy tasks_drop on tasks for delete to authenticated using (private.project_level(project_id) = 'manage');
create policy comments_read on task_comments for select to authenticated using (private.project_level(project_id) is not null);
create policy comments_add on task_comments for insert to authenticated with check (author_id = auth.uid() and private.project_level(project_id) >= 'comment');
create policy comments_edit on task_comments for update to authenticated using (author_id = auth.uid() and private.project_level(project_id) >= 'comment');
create policy comments_drop on task_comments for delete to authenticated using ((author_id = auth.uid() and private.project_level(project_id) is not null) or private.project_level(project_id) = 'manage');
create policy labels_read on labels for select to authenticated using (team_id in (select private.my_teams()));
create policy labels_write on labels for all to authenticated using (private.role_in(team_id) in ('owner', 'admin', 'member'));
create policy task_labels_read on task_labels for select to authenticated using (private.project_level(project_id) is not null);
create policy task_labels_write on task_labels for insert to authenticated with check (private.project_level(project_id) >= 'edit');
create policy task_labels_drop on task_labels for delete to authenticated using (private.project_level(project_id) >= 'edit');
create policy links_manage on share_links for all to authenticated using (private.project_level(project_id) = 'manage');
create policy files_read on files for select to authenticated using (private.project_level(project_id) is not null);
create policy files_add on files for insert to authenticated with check (private.project_level(project_id) >= 'edit');
create policy files_drop on files for delete to authenticated using (private.project_level(project_id) >= 'edit');
create policy activity_read on activity for select to authenticated using (
  private.role_in(team_id) in ('owner', 'admin') or (project_id is not null and private.project_level(project_id) is not null and private.role_in(team_id) is not null));
create policy views_read on saved_views for select to authenticated using ((owner_id = auth.uid() or is_shared) and team_id in (select private.my_teams()));
create policy views_write on saved_views for all to authenticated using (owner_id = auth.uid() and team_id in (select private.my_teams()))
  with check (owner_id = auth.uid() and team_id in (select private.my_teams()));

create function private.on_sign_up() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.people (id, full_name) values (new.id, coalesce(new.raw_user_meta_data ->> 'full_name', ''));
  return new;
end $$;
create trigger on_sign_up after insert on auth.users for each row execute function private.on_sign_up();
create function private.record() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.activity (team_id, project_id, actor, verb, object) values (new.team_id, new.project_id, auth.uid(), lower(tg_op), jsonb_build_object('task', new.id, 'title', new.title));
  return new;
end $$;
create trigger record_task after insert or update on tasks for each row execute function private.record();
create function private.keep_an_owner() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if old.role = 'owner' and new.role <> 'owner' and not exists (select 1 from public.team_members where team_id = old.team_id and role = 'owner' and user_id <> old.user_id) then
    raise exception 'a team needs an owner';
  end if;
  return new;
end $$;
create trigger keep_an_owner before update on team_members for each row execute function private.keep_an_owner();

create view public.open_tasks with (security_invoker = true) as select id, project_id, title, status, due from tasks where status <> 'done';
create view public.my_teams with (security_barrier = true) as
  select t.id, t.name, private.role_in(t.id) as role, (select count(*) from team_members m where m.team_id = t.id) as size
  from teams t where t.id in (select private.my_teams());
revoke all on public.my_teams, public.open_tasks from anon;
grant select on public.my_teams, public.open_tasks to authenticated;

create function public.create_team(team_name text) returns uuid language plpgsql security definer set search_path = '' as $$
declare t uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '42501'; end if;
  insert into public.teams (name) values (team_name) returning id into t;
  insert into public.team_members (team_id, user_id, role) values (t, auth.uid(), 'owner');
  insert into private.billing (team_id) values (t);
  return t;
end $$;
create function public.accept_team_invite(invite uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare i public.team_invites;
begin
  update public.team_invites set accepted_at = now() where id = invite and accepted_at is null and expires_at > now()
    and email = (select lower(u.email) from auth.users u where u.id = auth.uid() and u.email_confirmed_at is not null) returning * into i;
  if i.id is null then raise exception 'no such invitation' using errcode = 'P0002'; end if;
  insert into public.team_members (team_id, user_id, role) values (i.team_id, auth.uid(), i.role) on conflict do nothing;
  return i.team_id;
end $$;
create function public.shared_project(link uuid) returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('name', p.name, 'tasks', (select coalesce(jsonb_agg(t.title), '[]') from public.tasks t where t.project_id = p.id and t.deleted_at is null))
  from public.share_links l join public.projects p on p.id = l.project_id where l.token = link and l.revoked_at is null and p.deleted_at is null $$;
create function public.move_task(task uuid, target_project uuid) returns boolean language plpgsql security definer set search_path = '' as $$
declare t public.tasks;
begin
  select * into t from public.tasks where id = task and deleted_at is null and private.project_level(project_id) >= 'edit';
  if t.id is null or coalesce(private.project_level(target_project) < 'edit', true)
     or not exists (select 1 from public.projects p where p.id = target_project and p.team_id = t.team_id) then
    raise exception 'no such task or project' using errcode = 'P0002';
  end if;
  delete from public.task_labels where task_id = t.id;
  delete from public.task_comments where task_id = t.id;
  update public.tasks set project_id = target_project, parent_id = null where id = t.id;
  return true;
end $$;
create function public.restore_task(task uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  update public.tasks set deleted_at = null where id = task and private.project_level(project_id) = 'manage';
  return found;
end $$;
create function public.search_tasks(query text, teams uuid[] default null) returns setof public.tasks language sql stable security definer set search_path = '' as $$
  select * from public.tasks t where t.deleted_at is null and private.project_level(t.project_id) is not null
    and (teams is null or t.team_id = any (teams)) and t.title ilike '%' || query || '%' $$;
create function public.team_stats(options jsonb) returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare t uuid := (options ->> 'team')::uuid;
begin
  if coalesce(private.role_in(t) not in ('owner', 'admin'), true) then return '{}'; end if;
  return (select jsonb_build_object('tasks', count(*), 'done', count(*) filter (where status = 'done')) from public.tasks where team_id = t);
end $$;
create function public.transfer_ownership(team uuid, new_owner uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  if private.role_in(team) is distinct from 'owner' then raise exception 'owners only' using errcode = '42501'; end if;
  update public.team_members set role = 'owner' where team_id = team and user_id = new_owner and suspended_at is null;
  if not found then raise exception 'owners only' using errcode = '42501'; end if;
  update public.team_members set role = 'admin' where team_id = team and user_id = auth.uid();
end $$;
create function public.seats(team uuid) returns int language sql stable security definer set search_path = '' as $$
  select b.seats from private.billing b where b.team_id = team and private.role_in(team) in ('owner', 'admin') $$;

insert into storage.buckets (id, name, public) values ('project-files', 'project-files', false);
create policy project_files_read on storage.objects for select to authenticated using (
  bucket_id = 'project-files' and exists (select 1 from public.files f where f.path = storage.objects.name));
create policy project_files_write on storage.objects for insert to authenticated with check (
  bucket_id = 'project-files' and exists (select 1 from public.files f where f.path = name and private.project_level(f.project_id) >= 'edit'));
