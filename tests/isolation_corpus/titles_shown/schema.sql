-- Ships: what a sailor is stands in the ship's own table of titles; which ship a sailor looks at counts only beside a berth there.
create table public.ships (id uuid primary key default gen_random_uuid(), name text not null);
create table public.titles (
  id uuid primary key default gen_random_uuid(),
  ship_id uuid not null references public.ships (id) on delete cascade,
  name text not null,
  unique (ship_id, name)
);
create table public.sailors (
  id uuid primary key references auth.users (id) on delete cascade,
  name text not null,
  looking_at uuid references public.ships (id) on delete set null
);
create table public.berths (
  sailor_id uuid not null references public.sailors (id) on delete cascade,
  ship_id uuid not null references public.ships (id) on delete cascade,
  title_id uuid not null references public.titles (id),
  primary key (sailor_id, ship_id)
);
create table public.charts (id uuid primary key default gen_random_uuid(), ship_id uuid not null references public.ships (id), body text);
create table public.logs (id uuid primary key default gen_random_uuid(), ship_id uuid not null references public.ships (id), body text);

create function public.aboard() returns setof uuid language sql stable security definer set search_path = '' as $$
  select ship_id from public.berths where sailor_id = auth.uid()
$$;
create function public.ship_in_view() returns uuid language sql stable security definer set search_path = '' as $$
  select s.looking_at from public.sailors s join public.berths b on b.sailor_id = s.id and b.ship_id = s.looking_at where s.id = auth.uid()
$$;
create function public.my_title() returns text language sql stable security definer set search_path = '' as $$
  select t.name from public.berths b join public.titles t on t.id = b.title_id where b.sailor_id = auth.uid() limit 1
$$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;

alter table public.ships enable row level security;
alter table public.titles enable row level security;
alter table public.sailors enable row level security;
alter table public.berths enable row level security;
alter table public.charts enable row level security;
alter table public.logs enable row level security;
create policy "aboard" on public.ships for select to authenticated using (id in (select public.aboard()));
create policy "aboard" on public.titles for select to authenticated using (ship_id in (select public.aboard()));
create policy "self" on public.sailors for select to authenticated using (id = auth.uid());
create policy "self, changed" on public.sailors for update to authenticated using (id = auth.uid()) with check (id = auth.uid());
create policy "aboard" on public.berths for select to authenticated using (ship_id in (select public.aboard()));
create policy "in view" on public.charts to authenticated using (ship_id = public.ship_in_view()) with check (ship_id = public.ship_in_view());
create policy "aboard" on public.logs for select to authenticated using (ship_id in (select public.aboard()));
create policy "captains" on public.logs for delete to authenticated using (public.my_title() = 'captain');
create policy "captains see" on public.logs for select to authenticated using (public.my_title() in ('captain', 'mate'));
grant select on public.ships, public.titles, public.sailors, public.berths, public.logs to authenticated;
grant update on public.sailors to authenticated;
grant delete on public.logs to authenticated;
grant select, insert, update, delete on public.charts to authenticated;
