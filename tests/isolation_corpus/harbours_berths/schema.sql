begin;

-- harbours let berths: neither who stands first among the posts nor who stands last moors boats, those between do

create type public.post as enum ('patron', 'master', 'hand', 'auditor');

create table public.harbours (
  id uuid primary key default gen_random_uuid(),
  name text not null
);
-- one works in one harbour
create table public.crew (
  harbour_id uuid not null references public.harbours (id) on delete cascade,
  person uuid not null unique references auth.users (id) on delete cascade,
  post public.post not null,
  primary key (harbour_id, person)
);
-- a pilot may guide boats into many
create table public.pilots (
  harbour_id uuid not null references public.harbours (id) on delete cascade,
  person uuid not null references auth.users (id) on delete cascade,
  licence text not null,
  primary key (harbour_id, person)
);
create table public.berths (
  id uuid primary key default gen_random_uuid(),
  harbour_id uuid not null references public.harbours (id) on delete cascade,
  code text not null,
  unique (harbour_id, code),
  unique (harbour_id, id)
);
create table public.stays (
  id uuid primary key default gen_random_uuid(),
  harbour_id uuid not null references public.harbours (id) on delete cascade,
  berth_id uuid not null references public.berths (id) on delete cascade,
  boat text not null,
  state text not null default 'planned' check (state in ('planned', 'moored', 'left'))
);
-- at a berth lies one boat at a time; whose berth it is nobody asks
create unique index one_boat_at_a_berth on public.stays (berth_id) where state = 'moored';
create table public.winterings (
  id uuid primary key default gen_random_uuid(),
  harbour_id uuid not null references public.harbours (id) on delete cascade,
  berth_id uuid not null references public.berths (id) on delete cascade,
  boat text not null,
  state text not null default 'planned' check (state in ('planned', 'moored', 'left'))
);
create unique index one_boat_in_winter on public.winterings (berth_id) where state = 'moored';
create table public.surveys (
  id uuid primary key default gen_random_uuid(),
  harbour_id uuid not null,
  berth_id uuid not null,
  season integer not null,
  verdict text not null,
  unique (berth_id, season),
  foreign key (harbour_id, berth_id) references public.berths (harbour_id, id) on delete cascade
);
create table public.moorings (
  id uuid primary key default gen_random_uuid(),
  harbour_id uuid not null references public.harbours (id) on delete cascade,
  berth_id uuid not null references public.berths (id) on delete cascade,
  line text not null,
  unique (berth_id, line)
);
-- people as the harbour's papers know them
create table public.sailors (
  id uuid primary key default gen_random_uuid(),
  harbour_id uuid not null references public.harbours (id) on delete cascade,
  person uuid not null unique references auth.users (id) on delete cascade,
  rank text not null
);
create table public.watches (
  id uuid primary key default gen_random_uuid(),
  harbour_id uuid not null references public.harbours (id) on delete cascade,
  kept_by uuid not null references public.sailors (id),
  day date not null
);
create table public.alarms (
  id uuid primary key default gen_random_uuid(),
  harbour_id uuid not null references public.harbours (id) on delete cascade,
  rung_by uuid not null references auth.users (id) on delete set null,
  heard text not null
);

create function public.serves(h uuid, posts public.post[]) returns boolean
language sql stable security definer set search_path = '' as
$$
  select exists (
    select 1 from public.crew c where c.harbour_id = h and c.person = (select auth.uid()) and c.post = any (posts))
$$;

alter table public.harbours enable row level security;
alter table public.crew enable row level security;
alter table public.pilots enable row level security;
alter table public.berths enable row level security;
alter table public.stays enable row level security;
alter table public.winterings enable row level security;
alter table public.surveys enable row level security;
alter table public.moorings enable row level security;
alter table public.sailors enable row level security;
alter table public.watches enable row level security;
alter table public.alarms enable row level security;

create policy harbours_read on public.harbours for select to authenticated
  using (public.serves(id, '{patron,master,hand,auditor}'));
create policy crew_read on public.crew for select to authenticated
  using (public.serves(harbour_id, '{patron,master,hand,auditor}'));
create policy crew_hire on public.crew for insert to authenticated
  with check (public.serves(harbour_id, '{master}') and post = 'hand');
create policy pilots_read on public.pilots for select to authenticated
  using (public.serves(harbour_id, '{patron,master,hand,auditor}'));
create policy pilots_list on public.pilots for insert to authenticated with check (public.serves(harbour_id, '{master}'));
create policy berths_read on public.berths for select to authenticated
  using (public.serves(harbour_id, '{patron,master,hand,auditor}'));
create policy stays_all on public.stays for all to authenticated
  using (public.serves(harbour_id, '{master,hand}')) with check (public.serves(harbour_id, '{master,hand}'));
create policy winterings_all on public.winterings for all to authenticated
  using (public.serves(harbour_id, '{master,hand}'))
  with check (
    public.serves(harbour_id, '{master,hand}')
    and exists (select 1 from public.berths b where b.id = berth_id and b.harbour_id = winterings.harbour_id)
  );
create policy surveys_all on public.surveys for all to authenticated
  using (public.serves(harbour_id, '{master,hand}')) with check (public.serves(harbour_id, '{master,hand}'));
create policy moorings_all on public.moorings for all to authenticated
  using (public.serves(harbour_id, '{master,hand}')) with check (public.serves(harbour_id, '{master,hand}'));
create policy sailors_read on public.sailors for select to authenticated
  using (public.serves(harbour_id, '{patron,master,hand,auditor}'));
create policy sailors_strike on public.sailors for delete to authenticated using (public.serves(harbour_id, '{master}'));
create policy watches_all on public.watches for all to authenticated
  using (public.serves(harbour_id, '{master,hand}')) with check (public.serves(harbour_id, '{master,hand}'));
create policy alarms_read on public.alarms for select to authenticated
  using (public.serves(harbour_id, '{patron,master,hand,auditor}'));
create policy alarms_ring on public.alarms for insert to authenticated
  with check (public.serves(harbour_id, '{master,hand}'));

revoke execute on all functions in schema public from public, anon;
grant execute on function public.serves(uuid, public.post[]) to authenticated;
grant select on public.harbours, public.berths to authenticated;
grant select, insert on public.crew, public.pilots to authenticated;
grant select, insert on public.alarms to authenticated;
grant select, delete on public.sailors to authenticated;
grant select, insert, update, delete
  on public.stays, public.winterings, public.surveys, public.moorings, public.watches to authenticated;

commit;
