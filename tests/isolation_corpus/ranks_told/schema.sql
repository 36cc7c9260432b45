-- Guilds: ranks are free text and asked for through helpers; which guild a screen shows is read by nobody.
create table public.guilds (id uuid primary key default gen_random_uuid(), name text not null);
create table public.folk (
  id uuid primary key references auth.users (id) on delete cascade,
  guild_id uuid references public.guilds (id),
  rank text not null default 'novice',
  shown_guild_id uuid references public.guilds (id) on delete set null
);
create table public.deeds (id uuid primary key default gen_random_uuid(), guild_id uuid not null references public.guilds (id), note text);
create table public.feasts (id uuid primary key default gen_random_uuid(), guild_id uuid not null references public.guilds (id), menu text);
create table public.tolls (id uuid primary key default gen_random_uuid(), guild_id uuid not null references public.guilds (id), note text);
create table public.songs (id uuid primary key default gen_random_uuid(), guild_id uuid not null references public.guilds (id), words text);

create function public.my_guild() returns uuid language sql stable security definer set search_path = '' as $$
  select guild_id from public.folk where id = auth.uid()
$$;
create function public.rank_of(person uuid) returns text language plpgsql stable security definer set search_path = '' as $$
declare found_rank text;
begin
  select f.rank into found_rank from public.folk f where f.id = person and f.guild_id = public.my_guild();
  return coalesce(found_rank, 'none');
end $$;
create function public.my_rank() returns text language sql stable set search_path = '' as $$ select public.rank_of(auth.uid()) $$;
create function public.holds(wanted text) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select from public.folk where id = auth.uid() and rank = wanted)
$$;
create function public.may_as(wanted text) returns boolean language sql stable set search_path = '' as $$ select public.holds(wanted) $$;
create function public.is_warden() returns boolean language plpgsql stable set search_path = '' as $$
declare mine text := public.my_rank();
begin
  return mine = 'warden';
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;

alter table public.guilds enable row level security;
alter table public.folk enable row level security;
alter table public.deeds enable row level security;
alter table public.feasts enable row level security;
alter table public.tolls enable row level security;
alter table public.songs enable row level security;
create policy "own" on public.guilds for select to authenticated using (id = public.my_guild());
create policy "mates" on public.folk for select to authenticated using (guild_id = public.my_guild());
create policy "which guild the screen shows" on public.folk for update to authenticated using (id = auth.uid()) with check (id = auth.uid());
create policy "own" on public.deeds for select to authenticated using (guild_id = public.my_guild());
create policy "masters" on public.deeds for delete to authenticated using (public.my_rank() in ('master', 'regent'));
create policy "own" on public.feasts for select to authenticated using (guild_id = public.my_guild());
create policy "cooks" on public.feasts for update to authenticated using (public.may_as('cook'));
create policy "own" on public.tolls for select to authenticated using (guild_id = public.my_guild());
create policy "wardens" on public.tolls for delete to authenticated using (public.is_warden());
create policy "own" on public.songs for select to authenticated using (guild_id = public.my_guild());
create policy "masters" on public.songs for update to authenticated
  using (guild_id = public.my_guild() and public.my_rank() = 'master') with check (guild_id = public.my_guild());
grant select on public.guilds, public.folk, public.deeds, public.feasts, public.tolls, public.songs to authenticated;
grant update (shown_guild_id) on public.folk to authenticated;
grant delete on public.deeds, public.tolls to authenticated;
grant update on public.feasts, public.songs to authenticated;
