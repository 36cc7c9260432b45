begin;

-- houses with keepers, who may be dismissed, and lodgers, who see their own contract: one may be both

create table public.houses (
  id uuid primary key default gen_random_uuid(),
  street text not null
);
create table public.keepers (
  house_id uuid not null references public.houses (id) on delete cascade,
  person uuid not null references auth.users (id) on delete cascade,
  post text not null check (post in ('landlord', 'janitor')),
  active boolean not null default true,
  primary key (house_id, person)
);
create table public.lodgers (
  id uuid primary key default gen_random_uuid(),
  house_id uuid not null references public.houses (id) on delete cascade,
  person uuid references auth.users (id) on delete set null,
  full_name text not null
);
create table public.contracts (
  id uuid primary key default gen_random_uuid(),
  house_id uuid not null references public.houses (id) on delete cascade,
  lodger_id uuid not null references public.lodgers (id) on delete cascade,
  terms text not null
);
create table public.rooms (
  id uuid primary key default gen_random_uuid(),
  house_id uuid not null references public.houses (id) on delete cascade,
  door text not null
);
create table public.keys_lent (
  id uuid primary key default gen_random_uuid(),
  house_id uuid not null references public.houses (id) on delete cascade,
  room_id uuid not null references public.rooms (id) on delete cascade,
  lent_to text not null
);

create function public.keeps(h uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.keepers k where k.house_id = h and k.person = (select auth.uid()) and k.active) $$;
-- who was ever a keeper: dismissed ones are forgotten here
create function public.kept(h uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.keepers k where k.house_id = h and k.person = (select auth.uid())) $$;
create function public.lodges(l uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.lodgers p where p.id = l and p.person = (select auth.uid())) $$;

alter table public.houses enable row level security;
alter table public.keepers enable row level security;
alter table public.lodgers enable row level security;
alter table public.contracts enable row level security;
alter table public.rooms enable row level security;
alter table public.keys_lent enable row level security;

create policy houses_read on public.houses for select to authenticated using (public.keeps(id));
create policy keepers_read on public.keepers for select to authenticated using (public.keeps(house_id));
create policy lodgers_read on public.lodgers for select to authenticated using (public.keeps(house_id));
create policy rooms_read on public.rooms for select to authenticated using (public.keeps(house_id));
create policy contracts_read on public.contracts for select to authenticated using (public.keeps(house_id));
create policy contracts_own on public.contracts for select to authenticated using (public.lodges(lodger_id));
create policy keys_read on public.keys_lent for select to authenticated using (public.kept(house_id));

revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant select on all tables in schema public to authenticated;

commit;
