-- Studio planner. org > team > project > task. profiles.org_id is the tenant; nobody writes it but the functions below.
create type visibility as enum ('team', 'org');

create table orgs (
  key text primary key check (key ~ '^[a-z]{2}[a-z0-9]{4,20}$'),
  title text not null
);
create table profiles (
  user_id uuid primary key references auth.users on delete cascade,
  org_key text references orgs on delete set null,
  is_org_admin boolean not null default false,
  nickname text not null default 'anonymous' check (length(nickname) <= 40),
  check (org_key is not null or not is_org_admin)
);
create table teams (
  id bigint generated always as identity primary key,
  org_key text not null references orgs on delete cascade,
  title text not null,
  lead uuid not null,
  unique (id, org_key)
);
create table team_people (
  team_id bigint not null references teams on delete cascade,
  user_id uuid not null references profiles on delete cascade,
  primary key (team_id, user_id)
);
-- a team has its lead among its people, a chicken and egg that is settled at commit
alter table teams add foreign key (id, lead) references team_people (team_id, user_id) deferrable initially deferred;

create table projects (
  id bigint generated always as identity primary key,
  team_id bigint not null references teams on delete cascade,
  title text not null,
  visible_to visibility not null default 'team',
  archived_at timestamptz
);
create table tasks (
  id bigint generated always as identity primary key,
  project_id bigint not null references projects on delete cascade,
  parent_id bigint,
  title text not null,
  estimate interval check (estimate > '0'),
  unique (id, project_id),
  foreign key (parent_id, project_id) references tasks (id, project_id) on delete cascade
);
create table bookings (
  id uuid primary key default gen_random_uuid(),
  team_id bigint not null references teams on delete cascade,
  during daterange not null check (not isempty(during) and lower_inf(during) = false and upper_inf(during) = false),
  purpose text not null,
  exclude using gist (int8range(team_id, team_id, '[]') with &&, during with &&)
);
create table org_invites (
  token_hash text primary key check (token_hash ~ '^[0-9a-f]{64}$'),
  org_key text not null references orgs on delete cascade,
  email text not null check (email = lower(email)),
  used_at timestamptz
);
create table holidays (
  country char(2) not null check (country ~ '^[A-Z]{2}$'),
  day date not null,
  title text not null,
  primary key (country, day)
);

-- everything about the caller in one place; definer, so that policies never ask each other
create schema me;
grant usage on schema me to authenticated;
create function me.org() returns text language sql stable security definer set search_path = public, pg_temp
  as $$ select org_key from profiles where user_id = auth.uid() $$;
create function me.is_org_admin() returns boolean language sql stable security definer set search_path = public, pg_temp
  as $$ select coalesce((select is_org_admin from profiles where user_id = auth.uid()), false) $$;
create function me.teams() returns setof bigint language sql stable security definer set search_path = public, pg_temp
  as $$ select p.team_id from team_people p join teams t on t.id = p.team_id where p.user_id = auth.uid() and t.org_key = me.org() $$;
create function me.leads(team bigint) returns boolean language sql stable security definer set search_path = public, pg_temp
  as $$ select exists (select 1 from teams t where t.id = team and t.org_key = me.org() and (t.lead = auth.uid() or me.is_org_admin())) $$;
create function me.sees_project(project bigint) returns boolean language sql stable security definer set search_path = public, pg_temp as $$
  select exists (
    select 1 from projects p join teams t on t.id = p.team_id
    where p.id = project and t.org_key = me.org()
      and (p.visible_to = 'org' or p.team_id in (select me.teams()) or me.is_org_admin()))
$$;

create function public.make_profile() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into profiles (user_id, nickname) values (new.id, coalesce(nullif(left(new.raw_user_meta_data ->> 'nickname', 40), ''), 'anonymous'))
  on conflict do nothing;
  return new;
end $$;
revoke execute on function public.make_profile() from public;
create trigger make_profile after insert on auth.users for each row execute function public.make_profile();

-- found an org: only who has none
create function found_org(org_key text, title text) returns text language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  perform 1 from profiles where user_id = auth.uid() and profiles.org_key is null for update;
  if not found then
    raise exception 'you already have an org, or are not signed in' using errcode = '42501';
  end if;
  insert into orgs values ($1, $2);
  update profiles set org_key = $1, is_org_admin = true where user_id = auth.uid();
  return $1;
end $$;

create function invite(invitee text) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare
  token text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
begin
  if not me.is_org_admin() then
    raise exception 'only admins invite' using errcode = '42501';
  end if;
  insert into org_invites values (encode(sha256(token::bytea), 'hex'), me.org(), lower(invitee), null);
  return token;
end $$;

create function join_org(token text) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare
  joined text;
begin
  update org_invites i set used_at = now()
  from auth.users u
  where i.token_hash = encode(sha256(convert_to(token, 'utf8')), 'hex') and i.used_at is null
    and u.id = auth.uid() and u.email_confirmed_at is not null and lower(u.email) = i.email and not u.is_anonymous
  returning i.org_key into joined;
  if joined is null then
    raise exception 'this invitation is not for you' using errcode = '42501';
  end if;
  update profiles set org_key = joined, is_org_admin = false where user_id = auth.uid();
  delete from team_people where user_id = auth.uid() and not exists (select 1 from teams t where t.lead = auth.uid());
  return joined;
end $$;

create function create_team(title text) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
  team bigint;
begin
  if not me.is_org_admin() then
    raise exception 'only admins create teams' using errcode = '42501';
  end if;
  insert into teams (org_key, title, lead) values (me.org(), create_team.title, auth.uid()) returning id into team;
  insert into team_people values (team, auth.uid());
  return team;
end $$;

create function add_to_team(team bigint, person uuid) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- both must be of the caller's org; whichever is not, the answer is the same
  if not me.leads(team) or not exists (select 1 from profiles p where p.user_id = person and p.org_key = me.org()) then
    return false;
  end if;
  insert into team_people values (team, person) on conflict do nothing;
  return true;
end $$;

-- bulk: those of the ids that the caller may archive, and no others
create function archive_projects(ids bigint[]) returns bigint[] language sql security definer set search_path = public, pg_temp as $$
  with done as (update projects set archived_at = now() where id = any (ids) and me.leads(team_id) and archived_at is null returning id)
  select coalesce(array_agg(id order by id), '{}') from done
$$;

create function task_tree(root bigint) returns table (id bigint, depth int, title text) language sql stable security definer set search_path = public, pg_temp as $$
  with recursive tree as (
    select t.id, 0 as depth, t.title from tasks t where t.id = root and me.sees_project(t.project_id)
    union all
    select c.id, tree.depth + 1, c.title from tasks c join tree on c.parent_id = tree.id where tree.depth < 20
  )
  select * from tree
$$;

-- a task stays in its project, a project in its team
create function stay() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_table_name = 'tasks' then
    if new.project_id <> old.project_id then raise exception 'a task stays in its project' using errcode = '23514'; end if;
  elsif new.team_id <> old.team_id then
    raise exception 'a project stays in its team' using errcode = '23514';
  end if;
  return new;
end $$;
create trigger stay before update on tasks for each row execute function stay();
create trigger stay before update on projects for each row execute function stay();

alter table orgs enable row level security;
alter table profiles enable row level security;
alter table teams enable row level security;
alter table team_people enable row level security;
alter table projects enable row level security;
alter table tasks enable row level security;
alter table bookings enable row level security;
alter table org_invites enable row level security;
alter table holidays enable row level security;

create policy mine on orgs for select to authenticated using (key = me.org());
create policy colleagues on profiles for select to authenticated using (user_id = (select auth.uid()) or org_key = me.org());
create policy my_nickname on profiles for update to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy org_teams on teams for select to authenticated using (org_key = me.org());
create policy org_team_people on team_people for select to authenticated using (team_id in (select t.id from teams t));
create policy see on projects for select to authenticated using (me.sees_project(id));
create policy start on projects for insert to authenticated with check (team_id in (select me.teams()));
create policy edit on projects for update to authenticated using (team_id in (select me.teams())) with check (team_id in (select me.teams()));
create policy see on tasks for select to authenticated using (me.sees_project(project_id));
create policy work on tasks for all to authenticated
  using (exists (select 1 from projects p where p.id = tasks.project_id and p.team_id in (select me.teams())))
  with check (exists (select 1 from projects p where p.id = tasks.project_id and p.team_id in (select me.teams()) and p.archived_at is null));
create policy team_calendar on bookings for all to authenticated using (team_id in (select me.teams())) with check (team_id in (select me.teams()));
create policy admins on org_invites for select to authenticated using (org_key = me.org() and me.is_org_admin());
create policy everybody on holidays for select to anon, authenticated using (true);

grant select on orgs, teams, team_people to authenticated;
grant select, update (nickname) on profiles to authenticated;
grant select, insert (team_id, title, visible_to), update (title, visible_to, archived_at) on projects to authenticated;
grant select, insert (project_id, parent_id, title, estimate), update (title, estimate, parent_id), delete on tasks to authenticated;
grant select, insert, update, delete on bookings to authenticated;
grant select (org_key, email, used_at) on org_invites to authenticated;
grant select on holidays to anon, authenticated;
revoke execute on all functions in schema public, me from public;
grant execute on all functions in schema me to authenticated;
grant execute on function found_org(text, text), invite(text), join_org(text), create_team(text), add_to_team(bigint, uuid), archive_projects(bigint[]), task_tree(bigint) to authenticated;

insert into storage.buckets (id, name) values ('studio', 'studio');
-- studio/<org>/<team>/<file>
create policy studio_read on storage.objects for select to authenticated
  using (bucket_id = 'studio' and split_part(objects.name, '/', 1) = me.org() and split_part(objects.name, '/', 2) in (select t::text from me.teams() t));
create policy studio_write on storage.objects for insert to authenticated
  with check (bucket_id = 'studio' and split_part(objects.name, '/', 1) = me.org() and split_part(objects.name, '/', 2) in (select t::text from me.teams() t));

insert into holidays values ('DE', '2026-10-03', 'Tag der Deutschen Einheit'), ('FR', '2026-07-14', 'Fête nationale');
