-- Sports clubs: the token lists the clubs of its holder, [{"club": …, "as": "trainer"}, …], written by the backend.
create table clubs (
  club_id text primary key default 'c_' || substr(md5(random()::text), 1, 10),
  name text not null,
  features jsonb not null default '{"shop": false}'
);
create table teams (
  team_id text primary key default 't_' || substr(md5(random()::text), 1, 10),
  club_id text not null references clubs on delete cascade,
  name text not null
);
create table athletes (
  athlete_id text primary key default 'a_' || substr(md5(random()::text), 1, 10),
  team_id text not null references teams on delete cascade,
  full_name text not null,
  guardian_email text,
  medical text
);
create table sessions (
  session_id bigint generated always as identity primary key,
  club_id text not null references clubs on delete cascade,
  team_id text references teams on delete cascade,
  at timestamptz not null default now(),
  plan text not null default ''
);
create table attendance (
  session_id bigint not null references sessions on delete cascade,
  athlete_id text not null references athletes on delete cascade,
  present boolean not null default true,
  primary key (session_id, athlete_id)
);
create table fees (
  fee_id bigint generated always as identity primary key,
  club_id text not null references clubs on delete cascade,
  athlete_id text references athletes on delete set null,
  cents integer not null check (cents > 0),
  paid_at timestamptz
);
create table bulletins (
  bulletin_id bigint generated always as identity primary key,
  club_id text not null references clubs on delete cascade,
  audience text not null default 'trainers' check (audience in ('trainers', 'club', 'web')),
  body text not null
);

create function my_clubs() returns setof text language sql stable as $$
  select e ->> 'club' from jsonb_array_elements(coalesce(auth.jwt() -> 'app_metadata' -> 'clubs', '[]')) e
$$;
create function is_in(c text) returns boolean language sql stable as $$ select c in (select my_clubs()) $$;
create function is_as(c text, r text) returns boolean language sql stable as $$
  select coalesce(auth.jwt() -> 'app_metadata' -> 'clubs', '[]') @> jsonb_build_array(jsonb_build_object('club', c, 'as', r))
$$;
create function am(r text) returns boolean language sql stable as $$
  select exists (select 1 from jsonb_array_elements(coalesce(auth.jwt() -> 'app_metadata' -> 'clubs', '[]')) e where e ->> 'as' = r)
$$;
create function club_of_team(t text) returns text language sql stable security definer set search_path = public as $$
  select club_id from teams where team_id = t and is_in(club_id)
$$;

alter table clubs enable row level security;
alter table teams enable row level security;
alter table athletes enable row level security;
alter table sessions enable row level security;
alter table attendance enable row level security;
alter table fees enable row level security;
alter table bulletins enable row level security;
create policy a on clubs for select to authenticated using (is_in(club_id));
create policy b on clubs for update to authenticated using (is_as(club_id, 'board')) with check (is_as(club_id, 'board'));
create policy a on teams for select to authenticated using (is_in(club_id));
create policy b on teams for all to authenticated using (is_as(club_id, 'board')) with check (is_as(club_id, 'board'));
create policy a on athletes for select to authenticated using (club_of_team(team_id) is not null);
create policy b on athletes for update to authenticated using (club_of_team(team_id) is not null) with check (am('board') or is_as(club_of_team(team_id), 'trainer'));
create policy a on sessions for select to authenticated using (is_in(club_id));
create policy b on sessions for insert to authenticated with check (is_as(club_id, 'trainer') and (team_id is null or club_of_team(team_id) = club_id));
create policy a on attendance for select to authenticated using (exists (select 1 from sessions s where s.session_id = attendance.session_id));
create policy b on attendance for insert to authenticated
  with check (exists (select 1 from sessions s where s.session_id = attendance.session_id and is_as(s.club_id, 'trainer')));
create policy a on fees for select to authenticated using (is_in(club_id) and am('board'));
create policy b on fees for update to authenticated using (is_as(club_id, 'board')) with check (is_as(club_id, 'board'));
create policy a on bulletins for select to authenticated using (audience = 'web' or is_in(club_id));
create policy w on bulletins for select to anon using (audience = 'web');
create policy b on bulletins for insert to authenticated with check (is_as(club_id, 'board') or (is_as(club_id, 'trainer') and audience <> 'web'));

grant select on clubs, teams, athletes, sessions, attendance, fees, bulletins to authenticated;
grant select on bulletins to anon;
grant update (name, features) on clubs to authenticated;
grant insert, update (name), delete on teams to authenticated;
grant update (full_name, guardian_email, medical) on athletes to authenticated;
grant insert (club_id, team_id, at, plan) on sessions to authenticated;
grant insert on attendance to authenticated;
grant update (paid_at) on fees to authenticated;
grant insert (club_id, audience, body) on bulletins to authenticated;

create function cancel_session(p_session bigint) returns boolean language plpgsql security definer set search_path = public as $$
begin
  if not am('trainer') then return false; end if;
  delete from sessions where session_id = p_session and is_in(club_id);
  return found;
end $$;
create function club_summary(p_clubs text[]) returns table (club text, athletes bigint) language sql stable security definer set search_path = public as $$
  select c.name, count(a.*) from clubs c left join teams t on t.club_id = c.club_id left join athletes a on a.team_id = t.team_id
  where c.club_id = any (p_clubs) and (select bool_or(is_in(x)) from unnest(p_clubs) x) group by c.club_id
$$;
create function note_medical(p_athlete text, p_note text) returns boolean language plpgsql security definer set search_path = public as $$
declare v_club text;
begin
  select t.club_id into v_club from athletes a join teams t on t.team_id = a.team_id where a.athlete_id = p_athlete;
  if is_as(v_club, 'trainer') or is_as(v_club, 'board') then
    update athletes set medical = p_note where athlete_id = p_athlete;
    return true;
  end if;
  return false;
end $$;
create function athlete_card(p_athlete text) returns jsonb language plpgsql stable security definer set search_path = public as $$
declare a athletes;
begin
  select * into a from athletes where athlete_id = p_athlete;
  if a.athlete_id is null then return null; end if;
  if not is_in((select club_id from teams where team_id = a.team_id)) then
    raise exception 'athlete % is not in your club', a.full_name using errcode = '42501';
  end if;
  return to_jsonb(a) - 'medical';
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
