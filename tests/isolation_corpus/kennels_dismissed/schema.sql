begin;

-- kennels and their handlers: the token says of which kennel (a hook puts it there), a row says whether one still is
-- a handler. Half of the policies ask that row, the other half believe the token alone.

create type public.handler_post as enum ('keeper', 'walker');
create type public.handler_state as enum ('invited', 'active', 'dismissed', 'disabled');

create table public.kennels (
  id uuid primary key default gen_random_uuid(),
  title text not null
);
create table public.handlers (
  id uuid primary key default gen_random_uuid(),
  kennel_id uuid not null references public.kennels (id) on delete cascade,
  person uuid not null references auth.users (id) on delete cascade,
  post public.handler_post not null,
  state public.handler_state not null default 'invited',
  unique (kennel_id, person)
);
-- how somebody wants to be told of things: nobody is a handler by it
create table public.notice_settings (
  id uuid primary key default gen_random_uuid(),
  kennel_id uuid not null references public.kennels (id) on delete cascade,
  person uuid not null references auth.users (id) on delete cascade,
  channels jsonb not null default '{}',
  unique (kennel_id, person)
);
create table public.dogs (
  id uuid primary key default gen_random_uuid(),
  kennel_id uuid not null references public.kennels (id) on delete cascade,
  call_name text not null
);
create table public.feedings (
  id uuid primary key default gen_random_uuid(),
  kennel_id uuid not null references public.kennels (id) on delete cascade,
  ration text not null
);
create table public.boarders (
  id uuid primary key default gen_random_uuid(),
  kennel_id uuid not null references public.kennels (id) on delete cascade,
  owner_name text not null
);
create table public.vet_visits (
  id uuid primary key default gen_random_uuid(),
  kennel_id uuid not null references public.kennels (id) on delete cascade,
  diagnosis text not null
);
create table public.walks (
  id uuid primary key default gen_random_uuid(),
  kennel_id uuid not null references public.kennels (id) on delete cascade,
  route text not null
);
create table public.bills (
  id uuid primary key default gen_random_uuid(),
  kennel_id uuid not null references public.kennels (id) on delete cascade,
  amount numeric not null default 10,
  payer text not null
);

create function public.my_kennel() returns uuid language sql stable set search_path = '' as
$$ select (auth.jwt() ->> 'kennel_id')::uuid $$;
create function public.is_handler() returns boolean language sql stable security definer set search_path = '' as
$$
  select exists (
    select 1 from public.handlers h
    where h.person = (select auth.uid()) and h.kennel_id = (auth.jwt() ->> 'kennel_id')::uuid and h.state = 'active')
$$;
-- who writes settings for a colleague (the keeper's tablet does) raises nobody
create function public.set_channels(p_person uuid, p_channels jsonb) returns void
language plpgsql security definer set search_path = '' as
$$
begin
  if not public.is_handler() then
    raise exception 'not a handler' using errcode = '42501';
  end if;
  if not exists (select 1 from public.handlers h where h.person = p_person and h.kennel_id = public.my_kennel()) then
    raise exception 'no colleague' using errcode = '42501';
  end if;
  insert into public.notice_settings (kennel_id, person, channels) values (public.my_kennel(), p_person, p_channels)
  on conflict (kennel_id, person) do update set channels = excluded.channels;
end
$$;
create function public.access_token_hook(event jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as
$$
declare
  found uuid;
begin
  select h.kennel_id into found from public.handlers h where h.person = (event ->> 'user_id')::uuid limit 1;
  return jsonb_set(event, '{claims,kennel_id}', coalesce(to_jsonb(found), 'null'::jsonb));
end
$$;

alter table public.kennels enable row level security;
alter table public.handlers enable row level security;
alter table public.notice_settings enable row level security;
alter table public.dogs enable row level security;
alter table public.feedings enable row level security;
alter table public.boarders enable row level security;
alter table public.vet_visits enable row level security;
alter table public.walks enable row level security;
alter table public.bills enable row level security;

create policy kennels_read on public.kennels for select to authenticated using (id = public.my_kennel());
create policy handlers_read on public.handlers for select to authenticated using (kennel_id = public.my_kennel());
create policy notice_settings_all on public.notice_settings for all to authenticated
  using (kennel_id = public.my_kennel() and public.is_handler());
create policy dogs_all on public.dogs for all to authenticated
  using (kennel_id = public.my_kennel() and public.is_handler());
create policy feedings_all on public.feedings for all to authenticated
  using (kennel_id = public.my_kennel() and public.is_handler());
create policy bills_all on public.bills for all to authenticated
  using (kennel_id = public.my_kennel() and public.is_handler());
-- these believe the token
create policy boarders_all on public.boarders for all to authenticated using (kennel_id = public.my_kennel());
create policy vet_visits_all on public.vet_visits for all to authenticated using (kennel_id = public.my_kennel());
create policy walks_read on public.walks for select to authenticated using (kennel_id = public.my_kennel());

revoke execute on all functions in schema public from public, anon;
grant execute on function public.my_kennel(), public.is_handler(), public.set_channels(uuid, jsonb) to authenticated;
grant execute on function public.access_token_hook(jsonb) to supabase_auth_admin;
grant select on public.kennels, public.handlers, public.walks to authenticated;
grant select, insert, update, delete on public.notice_settings, public.dogs, public.feedings, public.bills,
  public.boarders, public.vet_visits to authenticated;

commit;
