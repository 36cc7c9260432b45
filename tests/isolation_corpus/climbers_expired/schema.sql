begin;

-- climbing halls: who let a pass run out books nothing, but reads what is pinned to the wall; who was thrown out is out

create table public.halls (
  id uuid primary key default gen_random_uuid(),
  street text not null
);
create table public.climbers (
  hall_id uuid not null references public.halls (id) on delete cascade,
  person uuid not null references auth.users (id) on delete cascade,
  post text not null check (post in ('warden', 'climber')),
  pass text not null default 'running' check (pass in ('running', 'expired')),
  primary key (hall_id, person)
);
create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  hall_id uuid references public.halls (id) on delete set null,
  nickname text not null,
  premium_until timestamptz not null default now() + interval '1 year'
);
create table public.notices (
  id uuid primary key default gen_random_uuid(),
  hall_id uuid not null references public.halls (id) on delete cascade,
  body text not null
);
create table public.routes (
  id uuid primary key default gen_random_uuid(),
  hall_id uuid not null references public.halls (id) on delete cascade,
  grade text not null
);
create table public.lockers (
  id uuid primary key default gen_random_uuid(),
  hall_id uuid not null references public.halls (id) on delete cascade,
  code text not null
);
create table public.slots (
  id uuid primary key default gen_random_uuid(),
  hall_id uuid not null references public.halls (id) on delete cascade,
  label text not null
);
create table public.belays (
  id uuid primary key default gen_random_uuid(),
  hall_id uuid not null references public.halls (id) on delete cascade,
  pair text not null
);
create table public.drills (
  id uuid primary key default gen_random_uuid(),
  hall_id uuid not null references public.halls (id) on delete cascade,
  plan text not null
);
create table public.films (
  id uuid primary key default gen_random_uuid(),
  hall_id uuid not null references public.halls (id) on delete cascade,
  title text not null
);
create table public.camps (
  id uuid primary key default gen_random_uuid(),
  hall_id uuid not null references public.halls (id) on delete cascade,
  place text not null
);

create function public.climbs(h uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.climbers c where c.hall_id = h and c.person = (select auth.uid())) $$;
create function public.may_book(h uuid) returns boolean language sql stable security definer set search_path = '' as
$$
  select exists (
    select 1 from public.climbers c where c.hall_id = h and c.person = (select auth.uid()) and c.pass = 'running')
$$;
create function public.is_premium() returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.profiles p where p.id = (select auth.uid()) and p.premium_until > now()) $$;

alter table public.halls enable row level security;
alter table public.climbers enable row level security;
alter table public.profiles enable row level security;
alter table public.notices enable row level security;
alter table public.routes enable row level security;
alter table public.lockers enable row level security;
alter table public.slots enable row level security;
alter table public.belays enable row level security;
alter table public.drills enable row level security;
alter table public.films enable row level security;
alter table public.camps enable row level security;

create policy halls_read on public.halls for select to authenticated using (public.climbs(id));
create policy climbers_read on public.climbers for select to authenticated using (public.climbs(hall_id));
create policy profiles_own on public.profiles for select to authenticated using (id = (select auth.uid()));
create policy notices_read on public.notices for select to authenticated using (public.climbs(hall_id));
create policy routes_read on public.routes for select to authenticated using (public.climbs(hall_id));
create policy lockers_read on public.lockers for select to authenticated using (public.may_book(hall_id));
create policy slots_read on public.slots for select to authenticated using (public.may_book(hall_id));
create policy belays_read on public.belays for select to authenticated using (public.may_book(hall_id));
create policy drills_read on public.drills for select to authenticated using (public.climbs(hall_id) and public.is_premium());
create policy films_read on public.films for select to authenticated using (public.climbs(hall_id) and public.is_premium());
create policy camps_read on public.camps for select to authenticated using (public.climbs(hall_id) and public.is_premium());

revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant select on all tables in schema public to authenticated;

commit;
