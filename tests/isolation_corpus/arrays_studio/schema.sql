-- Moved over from Firestore: a studio's people stand in the studio itself, as an array and as a map of roles.
create table studios (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  member_ids uuid[] not null default '{}',
  roles jsonb not null default '{}',          -- {"<user id>": "owner" | "artist" | "client"}
  created_at timestamptz not null default now()
);
create table scenes (
  id uuid primary key default gen_random_uuid(),
  studio_id uuid not null references studios on delete cascade,
  title text not null,
  locked boolean not null default false
);
create table assets (
  id uuid primary key default gen_random_uuid(),
  scene_id uuid not null references scenes on delete cascade,
  kind text not null check (kind in ('mesh', 'texture', 'audio')),
  blob_path text not null,
  bytes bigint not null check (bytes >= 0)
);
create table comments (
  id bigint generated always as identity primary key,
  asset_id uuid not null references assets on delete cascade,
  author uuid not null default auth.uid(),
  body text not null,
  mentions uuid[] not null default '{}'
);
create table contracts (
  id uuid primary key default gen_random_uuid(),
  studio_id uuid not null references studios on delete cascade,
  client_name text not null,
  cents bigint not null,
  signed_on date
);
create table licences (
  id uuid primary key default gen_random_uuid(),
  studio_id uuid not null references studios on delete cascade,
  product text not null,
  licence_key text not null
);
create table presets (
  id uuid primary key default gen_random_uuid(),
  studio_id uuid references studios on delete cascade,   -- null: comes with the product
  name text not null,
  data jsonb not null default '{}'
);
create table render_jobs (
  id uuid primary key default gen_random_uuid(),
  scene_id uuid not null references scenes on delete cascade,
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
  cost_cents integer not null default 0,
  log text
);
create table usage_counters (
  studio_id uuid primary key references studios on delete cascade,
  renders integer not null default 0,
  bytes bigint not null default 0
);
create table credits (
  id bigint generated always as identity primary key,
  studio_id uuid not null references studios on delete cascade,
  delta integer not null,
  reason text not null
);

create or replace function in_studio(s uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from studios where id = s and auth.uid() = any (member_ids))
$$;
create or replace function studio_role(s uuid) returns text language sql stable security definer set search_path = public as $$
  select roles ->> auth.uid()::text from studios where id = s
$$;

alter table studios enable row level security;
alter table scenes enable row level security;
alter table assets enable row level security;
alter table comments enable row level security;
alter table contracts enable row level security;
alter table licences enable row level security;
alter table presets enable row level security;
alter table render_jobs enable row level security;
alter table usage_counters enable row level security;
alter table credits enable row level security;

create policy a on studios for select to authenticated using (auth.uid() = any (member_ids));
create policy b on studios for insert to authenticated with check (auth.uid() = any (member_ids) and roles ->> auth.uid()::text = 'owner');
create policy c on studios for update to authenticated using (auth.uid() = any (member_ids)) with check (auth.uid() = any (member_ids));
create policy a on scenes for all to authenticated using (in_studio(studio_id)) with check (in_studio(studio_id));
create policy a on assets for all to authenticated
  using (exists (select 1 from scenes s where s.id = scene_id and in_studio(s.studio_id)));
create policy a on comments for select to authenticated
  using (author = auth.uid() or exists (select 1 from assets x where x.id = asset_id));
create policy b on comments for insert to authenticated
  with check (author = auth.uid() and exists (select 1 from assets x where x.id = asset_id));
create policy a on contracts for all to authenticated
  using (studio_role(studio_id) = 'owner') with check (studio_role(studio_id) = 'owner');
create policy a on licences for select to authenticated
  using (exists (select 1 from studios where auth.uid() = any (member_ids)));
create policy a on presets for select to authenticated using (studio_id is null or in_studio(studio_id));
create policy b on presets for all to authenticated using (studio_id is null or in_studio(studio_id)) with check (in_studio(studio_id));
create policy a on render_jobs for select to authenticated
  using (exists (select 1 from scenes s where s.id = scene_id and in_studio(s.studio_id)));
create policy b on render_jobs for insert to authenticated with check (state = 'queued' and cost_cents = 0);
create policy a on usage_counters for select to authenticated using (in_studio(studio_id));
create policy a on credits for select to authenticated using (in_studio(studio_id));

create or replace function count_render() returns trigger language plpgsql security definer set search_path = public as $$
declare s uuid;
begin
  select studio_id into s from scenes where id = new.scene_id;
  insert into usage_counters (studio_id, renders) values (s, 1)
    on conflict (studio_id) do update set renders = usage_counters.renders + 1;
  insert into credits (studio_id, delta, reason) values (s, -1, 'render');
  return new;
end $$;
create trigger count_render after insert on render_jobs for each row execute function count_render();

create or replace function add_person(p_studio uuid, p_user uuid, p_role text default 'artist') returns void
language plpgsql security definer set search_path = public as $$
begin
  if coalesce(studio_role(p_studio), '') <> 'owner' then
    raise exception 'owners only' using errcode = '42501';
  end if;
  update studios set member_ids = array_append(member_ids, p_user), roles = roles || jsonb_build_object(p_user, p_role)
  where id = p_studio;
end $$;
create or replace function leave_studio(p_studio uuid) returns void language sql security definer set search_path = public as $$
  update studios set member_ids = array_remove(member_ids, auth.uid()), roles = roles - auth.uid()::text
  where id = p_studio and auth.uid() = any (member_ids)
$$;
create or replace function finish_job(p_job uuid, p_cost integer) returns render_jobs language plpgsql security definer set search_path = public as $$
declare j render_jobs;
begin
  update render_jobs set state = 'done', cost_cents = p_cost where id = p_job returning * into j;
  return j;
end $$;
create or replace function studio_stats(p_studios uuid[]) returns table (studio uuid, scene_count bigint)
language sql stable security definer set search_path = public as $$
  select s.id, count(c.id) from studios s left join scenes c on c.studio_id = s.id
  where s.id = any (p_studios) and auth.uid() = any (s.member_ids) group by s.id
$$;

grant select, insert, update on studios to authenticated;
grant select, insert, update, delete on scenes, assets, contracts, presets to authenticated;
grant select, insert on comments, render_jobs to authenticated;
grant select on licences, usage_counters, credits to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
