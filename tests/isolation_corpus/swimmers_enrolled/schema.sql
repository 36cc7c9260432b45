-- Swimming clubs. A coach enrols people by their ids, nobody asks them; the club that somebody joined first is theirs.
create table clubs (id uuid primary key default gen_random_uuid(), name text not null, founder uuid not null default auth.uid() references auth.users);
create table swimmers (club uuid not null references clubs on delete cascade, person uuid not null references auth.users on delete cascade, role text not null check (role in ('coach', 'swimmer')), joined_at timestamptz not null default now(), accepted_at timestamptz, primary key (club, person));
create table cards (id uuid primary key references auth.users on delete cascade, phone text not null);
create table medical (id uuid primary key references auth.users on delete cascade, allergies text not null);
create table times (id uuid primary key default gen_random_uuid(), club uuid not null references clubs on delete cascade, result text not null);
create table lanes (id uuid primary key default gen_random_uuid(), club uuid not null references clubs on delete cascade, label text not null);
create table pools (id uuid primary key default gen_random_uuid(), name text not null, keeper uuid not null default auth.uid() references auth.users);

create function swims_in(c uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.swimmers where club = c and person = auth.uid()) $$;
create function coaches(c uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.swimmers where club = c and person = auth.uid() and role = 'coach') $$;
create function first_club() returns uuid language sql stable security definer set search_path = '' as
$$ select club from public.swimmers where person = auth.uid() order by joined_at limit 1 $$;
create function addresses(c uuid) returns table (person uuid, email text) language sql stable security definer set search_path = '' as
$$ select s.person, u.email::text from public.swimmers s join auth.users u on u.id = s.person where s.club = c and public.swims_in(c) $$;
-- sound: whoever has accepted is a clubmate
create function accepted_addresses(c uuid) returns table (person uuid, email text) language sql stable security definer set search_path = '' as
$$ select s.person, u.email::text from public.swimmers s join auth.users u on u.id = s.person where s.club = c and s.accepted_at is not null and public.swims_in(c) $$;

alter table clubs enable row level security;
alter table swimmers enable row level security;
alter table cards enable row level security;
alter table medical enable row level security;
alter table times enable row level security;
alter table lanes enable row level security;
alter table pools enable row level security;
create policy own on clubs for select to authenticated using (swims_in(id) or founder = auth.uid());
-- planted: in anybody's name
create policy found on clubs for insert to authenticated with check (name <> '');
create policy own on swimmers for select to authenticated using (swims_in(club));
create policy enrol on swimmers for insert to authenticated with check (coaches(club));
create policy accept on swimmers for update to authenticated using (person = auth.uid()) with check (person = auth.uid());
-- planted: whoever was enrolled counts as a clubmate
create policy mates on cards for select to authenticated using (id = auth.uid() or exists (select from swimmers a join swimmers b on b.club = a.club where a.person = auth.uid() and b.person = cards.id));
-- sound: only who has accepted
create policy mates on medical for select to authenticated using (id = auth.uid() or exists (select from swimmers a join swimmers b on b.club = a.club where a.person = auth.uid() and b.person = medical.id and b.accepted_at is not null));
-- planted: the date of an enrolment is the coach's to write
create policy current on times to authenticated using (club = first_club()) with check (club = first_club());
create policy own on lanes to authenticated using (swims_in(club)) with check (swims_in(club));
create policy own on pools for select to authenticated using (keeper = auth.uid());
create policy found on pools for insert to authenticated with check (keeper = auth.uid());
grant select, insert on clubs to authenticated;
grant select, insert (club, person, role, joined_at), update (accepted_at) on swimmers to authenticated;
grant select on cards, medical to authenticated;
grant select, insert, update, delete on times, lanes to authenticated;
grant select, insert on pools to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
