-- Radio stations. What a token carries is written by a hook: station and rank of whoever signs in, from tables.
create type grade as enum ('director', 'host', 'listener');
create table stations (id uuid primary key default gen_random_uuid(), name text not null);
create table crew (person uuid primary key references auth.users on delete cascade, station uuid not null references stations on delete cascade, grade grade not null default 'listener');
create table powers (grade grade not null, power text not null, primary key (grade, power));
create table playlists (id uuid primary key default gen_random_uuid(), station uuid not null references stations on delete cascade, title text not null);
create table contracts (id uuid primary key default gen_random_uuid(), station uuid not null references stations on delete cascade, fee numeric not null);
insert into powers values ('director', 'playlists.delete'), ('director', 'contracts.read'), ('host', 'playlists.write');

create function custom_access_token_hook(event jsonb) returns jsonb language plpgsql stable set search_path = '' as $$
declare c public.crew;
begin
  select * into c from public.crew where person = (event ->> 'user_id')::uuid;
  return jsonb_set(event, '{claims}', (event -> 'claims') || jsonb_build_object('station', c.station, 'grade', c.grade));
end $$;
revoke execute on function custom_access_token_hook(jsonb) from public, anon, authenticated;
grant execute on function custom_access_token_hook(jsonb) to supabase_auth_admin;
grant usage on schema public to supabase_auth_admin;
grant select on crew to supabase_auth_admin;

create function may(wanted text) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.powers where power = wanted and grade = (auth.jwt() ->> 'grade')::public.grade) $$;
create function my_station() returns uuid language sql stable set search_path = '' as $$ select (auth.jwt() ->> 'station')::uuid $$;

alter table stations enable row level security;
alter table crew enable row level security;
alter table powers enable row level security;
alter table playlists enable row level security;
alter table contracts enable row level security;
create policy hook on crew for select to supabase_auth_admin using (true);
create policy own on crew for select to authenticated using (person = auth.uid());
create policy own on stations for select to authenticated using (id = my_station());
create policy read on playlists for select to authenticated using (station = my_station());
create policy write on playlists for insert to authenticated with check (station = my_station() and may('playlists.write'));
create policy remove on playlists for delete to authenticated using (station = my_station() and may('playlists.delete'));
-- leaks: the power is asked for, the station is not
create policy read on contracts for select to authenticated using (may('contracts.read'));
grant select on stations, crew, contracts to authenticated;
grant select, insert, delete on playlists to authenticated;
revoke execute on function may(text), my_station() from public, anon;
grant execute on function may(text), my_station() to authenticated;
