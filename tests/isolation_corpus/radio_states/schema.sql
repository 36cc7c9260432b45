-- Radio stations: shows come on air state by state, producers have the owner's say, whoever likes writes a column.
create table stations (id uuid primary key default gen_random_uuid(), name text not null);
create table crew (station uuid not null references stations on delete cascade, person uuid not null references auth.users on delete cascade, role text not null check (role in ('owner', 'producer', 'host')), primary key (station, person));
create table shows (id uuid primary key default gen_random_uuid(), station uuid not null references stations on delete cascade, title text not null, status text not null default 'planned' check (status in ('planned', 'recorded', 'aired')));
create table jingles (id uuid primary key default gen_random_uuid(), station uuid not null references stations on delete cascade, title text not null, mixed_at timestamptz, volume int not null default 0, rough boolean not null default true);
create table playlists (id uuid primary key default gen_random_uuid(), station uuid not null references stations on delete cascade, title text not null, status text not null default 'open' check (status in ('open', 'closed')));
create table columns (id uuid primary key default gen_random_uuid(), author uuid not null references auth.users on delete cascade, title text not null, is_published boolean not null default false, published_at timestamptz);

create function on_crew(s uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.crew where station = s and person = auth.uid()) $$;
create function has_role(s uuid, roles text[]) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.crew where station = s and person = auth.uid() and role = any (roles)) $$;

alter table stations enable row level security;
alter table crew enable row level security;
alter table shows enable row level security;
alter table jingles enable row level security;
alter table playlists enable row level security;
alter table columns enable row level security;
create policy own on stations for select to authenticated using (on_crew(id));
create policy run on stations for update to authenticated using (has_role(id, array['owner', 'producer']));
create policy own on crew for select to authenticated using (on_crew(station));
-- owner and producer may do the same: that one calls themselves the other is no rise
create policy run on crew to authenticated using (has_role(station, array['owner', 'producer'])) with check (has_role(station, array['owner', 'producer']));
-- seen once it was on air
create policy aired on shows for select to authenticated using (on_crew(station) and status = 'aired');
create policy mixed on jingles for select to authenticated using (on_crew(station) and mixed_at <= now() and volume >= 3 and not rough);
-- planted: no playlist is ever `aired`
create policy aired on playlists for select to authenticated using (on_crew(station) and status = 'aired');
-- one's own, whatever others have published
create policy readers on columns for select to authenticated using (is_published or author = auth.uid());
create policy authors on columns for insert to authenticated with check (author = auth.uid());
create policy edits on columns for update to authenticated using (author = auth.uid()) with check (author = auth.uid());
grant select on stations, shows, jingles, playlists to authenticated;
grant update (name) on stations to authenticated;
grant select, insert, update, delete on crew to authenticated;
grant select, insert, update on columns to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
