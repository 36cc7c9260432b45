-- A haulage firm's depots. Nobody says whose a row is: triggers stamp it, with the depot in the caller's token or with
-- the one in the caller's own row. Devices are paired by a code, which is told in capitals.
create table depots (
  id uuid primary key default gen_random_uuid(),
  name text not null
);
create table drivers (
  id uuid primary key references auth.users on delete cascade,
  depot_id uuid not null references depots,
  name text not null
);
create table loads (
  id uuid primary key default gen_random_uuid(),
  depot_id uuid,
  goods text not null
);
create table manifests (
  id uuid primary key default gen_random_uuid(),
  depot_id uuid,
  consignee text not null
);
create table pallets (
  id uuid primary key default gen_random_uuid(),
  depot_id uuid not null references depots,
  label text not null
);
create table scans (
  id bigint generated always as identity primary key,
  depot_id uuid not null references depots,
  pallet_id uuid not null references pallets on delete cascade,
  place text not null
);
create table licences (
  driver_id uuid primary key references auth.users on delete cascade,
  number text not null
);
create table pairing_codes (
  id uuid primary key default gen_random_uuid(),
  depot_id uuid not null references depots on delete cascade,
  code text not null unique
);
create table devices (
  id uuid primary key default gen_random_uuid(),
  depot_id uuid not null references depots on delete cascade,
  name text not null
);

create function token_depot() returns uuid
language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true)::jsonb -> 'app_metadata' ->> 'depot_id', '')::uuid
$$;
create function own_depot() returns uuid
language sql stable security definer set search_path = '' as $$
  select depot_id from public.drivers where id = auth.uid()
$$;

create function stamp_token() returns trigger language plpgsql as $$
begin
  new.depot_id := public.token_depot();
  return new;
end $$;
create function stamp_own() returns trigger language plpgsql as $$
begin
  new.depot_id := public.own_depot();
  return new;
end $$;
create function stamp_driver() returns trigger language plpgsql as $$
begin
  new.driver_id := auth.uid();
  return new;
end $$;
create trigger stamp before insert on loads for each row execute function stamp_token();
create trigger stamp before insert on manifests for each row execute function stamp_token();
create trigger stamp before insert on pallets for each row execute function stamp_own();
create trigger stamp before insert on scans for each row execute function stamp_own();
create trigger stamp before insert on licences for each row execute function stamp_driver();

-- Leak: whoever knows (or tries) a code pairs any device anew, also one of another depot.
create function pair(p_code text, device uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_code text := upper(trim(p_code));
  found_depot uuid;
begin
  select c.depot_id into found_depot from public.pairing_codes c where c.code = v_code;
  if found_depot is null then
    raise exception 'unknown code';
  end if;
  update public.devices set depot_id = found_depot where id = device;
end $$;
create function pair_own(p_code text, device_name text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.devices (depot_id, name)
  select c.depot_id, device_name from public.pairing_codes c
  where c.code = upper(p_code) and c.depot_id = (select d.depot_id from public.drivers d where d.id = auth.uid());
end $$;

alter table depots enable row level security;
alter table drivers enable row level security;
alter table loads enable row level security;
alter table manifests enable row level security;
alter table pallets enable row level security;
alter table scans enable row level security;
alter table licences enable row level security;
alter table pairing_codes enable row level security;
alter table devices enable row level security;
create policy own on depots for select to authenticated using (id = token_depot());
create policy mates on drivers for select to authenticated using (depot_id = token_depot());
create policy own on loads to authenticated using (depot_id = token_depot()) with check (depot_id = token_depot());
create policy own on manifests to authenticated using (depot_id = token_depot()) with check (depot_id = token_depot());
create policy shipped on manifests for select to authenticated using (depot_id is not null);
create policy own on pallets for select to authenticated using (depot_id = own_depot());
create policy relabel on pallets for update to authenticated using (own_depot() is not null);
create policy scrap on pallets for delete to authenticated using (depot_id = own_depot());
create policy own on scans to authenticated using (depot_id = own_depot())
  with check (exists (select from pallets p where p.id = pallet_id and p.depot_id = own_depot()));
create policy own on licences to authenticated using (driver_id = (select auth.uid())) with check (driver_id = (select auth.uid()));
create policy own on pairing_codes for select to authenticated using (depot_id = own_depot());
create policy own on devices for select to authenticated using (depot_id = own_depot());

grant select on depots, drivers, pairing_codes, devices to authenticated;
grant select, insert, update (goods), delete on loads to authenticated;
grant select, insert, update (consignee), delete on manifests to authenticated;
grant select, update (label), delete on pallets to authenticated;
grant select, insert (pallet_id, place), delete on scans to authenticated;
grant select, insert, update (number), delete on licences to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on function token_depot(), own_depot(), pair(text, uuid), pair_own(text, text) to authenticated;
