-- Depots: tenant and role stand in the token; one helper is given the claim's name, another one the row's column to compare.
create table public.depots (id uuid primary key default gen_random_uuid(), name text not null);
create table public.crates (id uuid primary key default gen_random_uuid(), depot_id uuid not null references public.depots (id), label text not null);
create table public.orders (
  id uuid primary key default gen_random_uuid(),
  depot_id uuid not null references public.depots (id),
  placed_by uuid references auth.users (id),
  wish text not null
);
create table public.halls (id uuid primary key default gen_random_uuid(), depot_id uuid not null references public.depots (id), name text not null);

create function public.claim(name text) returns text language sql stable set search_path = '' as $$
  select coalesce(auth.jwt() -> 'app_metadata' ->> name, '')
$$;
create function public.depot_said() returns uuid language sql stable set search_path = '' as $$
  select coalesce(nullif(auth.jwt() -> 'app_metadata' ->> 'depot_id', ''), nullif(auth.jwt() -> 'user_metadata' ->> 'depot_id', ''))::uuid
$$;
create function public.may_enter(depot uuid) returns boolean language sql stable set search_path = '' as $$
  select public.depot_said() is not null and depot = public.depot_said()
$$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;

alter table public.depots enable row level security;
alter table public.crates enable row level security;
alter table public.orders enable row level security;
alter table public.halls enable row level security;
create policy "own" on public.depots for select to authenticated using (id::text = public.claim('depot_id'));
create policy "own" on public.crates to authenticated using (depot_id::text = public.claim('depot_id'));
create policy "staff" on public.orders to authenticated
  using (public.claim('depot_role') = 'staff' and depot_id::text = public.claim('depot_id'));
create policy "customers" on public.orders to authenticated
  using (public.claim('depot_role') = 'customer' and placed_by = auth.uid());
create policy "who may enter" on public.halls for select to authenticated using (public.may_enter(depot_id));
grant select on public.depots, public.halls to authenticated;
grant select, insert, update, delete on public.crates, public.orders to authenticated;
