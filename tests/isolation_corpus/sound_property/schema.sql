-- Property management: landlord organizations, four hops down to a payment. Written with care.
create schema internal;  -- no client role may use it

create type public.org_role as enum ('owner', 'manager', 'accountant', 'caretaker');

create table public.landlords (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  building_count integer not null default 0,
  created_at timestamptz not null default now()
);
create table public.landlord_people (
  id uuid primary key default gen_random_uuid(),
  landlord_id uuid not null references public.landlords on delete cascade,
  person_id uuid not null references auth.users on delete cascade,
  role public.org_role not null,
  revoked_at timestamptz,
  unique (landlord_id, person_id)
);
create table public.buildings (
  id uuid primary key default gen_random_uuid(),
  landlord_id uuid not null references public.landlords on delete cascade,
  street text not null,
  postcode text not null check (postcode ~ '^\d{5}$'),
  unique (landlord_id, street)
);
create table public.units (
  id uuid primary key default gen_random_uuid(),
  building_id uuid not null references public.buildings on delete cascade,
  label text not null,
  square_metres numeric(6, 2) not null check (square_metres > 0),
  unique (building_id, label)
);
create table public.leases (
  id uuid primary key default gen_random_uuid(),
  unit_id uuid not null references public.units on delete cascade,
  tenant_name text not null,
  term daterange not null check (not isempty(term) and not lower_inf(term)),
  rent_cents integer not null check (rent_cents >= 0),
  yearly_cents integer generated always as (rent_cents * 12) stored
);
create table public.payments (
  id uuid primary key default gen_random_uuid(),
  lease_id uuid not null references public.leases on delete cascade,
  paid_on date not null default current_date,
  cents integer not null check (cents <> 0),
  reference text not null,
  unique (lease_id, reference)
);
create table public.repairs (
  id uuid primary key default gen_random_uuid(),
  landlord_id uuid not null references public.landlords on delete cascade,
  building_id uuid not null references public.buildings on delete cascade,
  what text not null,
  state text not null default 'open' check (state in ('open', 'ordered', 'done')),
  deleted_at timestamptz
);
create table public.invitations (
  id uuid primary key default gen_random_uuid(),
  landlord_id uuid not null references public.landlords on delete cascade,
  email text not null,
  role public.org_role not null check (role <> 'owner'),
  token_hash bytea not null unique,
  expires_at timestamptz not null default now() + interval '3 days',
  accepted_at timestamptz
);
create table public.audit_log (
  id bigint generated always as identity primary key,
  landlord_id uuid not null references public.landlords on delete cascade,
  person_id uuid,
  operation text not null,
  row_data jsonb not null
);
create table public.preferences (
  person_id uuid not null default auth.uid() references auth.users on delete cascade,
  key text not null,
  value jsonb not null default 'null',
  primary key (person_id, key)
);
create table internal.outbox (
  id bigint generated always as identity primary key,
  landlord_id uuid not null,
  message jsonb not null,
  sent_at timestamptz
);

-- Who may do what -------------------------------------------------------------------------------------------------
create function internal.noop() returns void language sql as $$ select $$;

create function public.has_role(p_landlord uuid, variadic p_roles public.org_role[]) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.landlord_people p
    where p.landlord_id = p_landlord and p.person_id = (select auth.uid()) and p.revoked_at is null
      and (cardinality(p_roles) = 0 or p.role = any (p_roles)))
$$;
create function public.is_in(p_landlord uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.landlord_people p
    where p.landlord_id = p_landlord and p.person_id = (select auth.uid()) and p.revoked_at is null)
$$;

alter table public.landlords enable row level security;
alter table public.landlord_people enable row level security;
alter table public.buildings enable row level security;
alter table public.units enable row level security;
alter table public.leases enable row level security;
alter table public.payments enable row level security;
alter table public.repairs enable row level security;
alter table public.invitations enable row level security;
alter table public.audit_log enable row level security;
alter table public.preferences enable row level security;
alter table internal.outbox enable row level security;

create policy p on public.landlords for select to authenticated using (public.is_in(id));
create policy p_change on public.landlords for update to authenticated
  using (public.has_role(id, 'owner')) with check (public.has_role(id, 'owner'));

create policy p on public.landlord_people for select to authenticated using (public.is_in(landlord_id));
create policy p_change on public.landlord_people for update to authenticated
  using (public.has_role(landlord_id, 'owner')) with check (public.has_role(landlord_id, 'owner'));
create policy p_leave on public.landlord_people for delete to authenticated
  using (public.has_role(landlord_id, 'owner') or (person_id = (select auth.uid()) and role <> 'owner'));

create policy p on public.buildings for all to authenticated
  using (public.is_in(landlord_id)) with check (public.has_role(landlord_id, 'owner', 'manager'));
create policy p on public.units for all to authenticated
  using (exists (select 1 from public.buildings b where b.id = units.building_id))
  with check (exists (select 1 from public.buildings b
                      where b.id = units.building_id and public.has_role(b.landlord_id, 'owner', 'manager')));
create policy p on public.leases for all to authenticated
  using (exists (select 1 from public.units u where u.id = leases.unit_id));
create policy p on public.payments for select to authenticated
  using (exists (select 1 from public.leases l where l.id = payments.lease_id));
create policy p_add on public.payments for insert to authenticated
  with check (exists (
    select 1 from public.leases l join public.units u on u.id = l.unit_id join public.buildings b on b.id = u.building_id
    where l.id = payments.lease_id and public.has_role(b.landlord_id, 'owner', 'accountant')));
create policy p on public.repairs for select to authenticated using (public.is_in(landlord_id) and deleted_at is null);
create policy p_write on public.repairs for insert to authenticated
  with check (public.is_in(landlord_id)
    and exists (select 1 from public.buildings b where b.id = repairs.building_id and b.landlord_id = repairs.landlord_id));
create policy p_own on public.invitations for select to authenticated using (public.has_role(landlord_id, 'owner'));
create policy p on public.audit_log for select to authenticated using (public.has_role(landlord_id, 'owner', 'accountant'));
create policy p on public.preferences for all to authenticated
  using (person_id = (select auth.uid())) with check (person_id = (select auth.uid()));

grant select on public.landlords, public.landlord_people, public.payments, public.repairs, public.audit_log to authenticated;
grant update (name) on public.landlords to authenticated;
grant update (role, revoked_at) on public.landlord_people to authenticated;
grant delete on public.landlord_people to authenticated;
grant select, insert, update, delete on public.buildings, public.units, public.leases, public.preferences to authenticated;
grant insert on public.payments, public.repairs to authenticated;
grant select (id, landlord_id, email, role, expires_at, accepted_at) on public.invitations to authenticated;

-- Triggers --------------------------------------------------------------------------------------------------------
create function internal.count_buildings() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if tg_op in ('INSERT', 'UPDATE') then
    update public.landlords set building_count = building_count + 1 where id = new.landlord_id;
  end if;
  if tg_op in ('DELETE', 'UPDATE') then
    update public.landlords set building_count = building_count - 1 where id = old.landlord_id;
  end if;
  return null;
end $$;
create trigger count_buildings after insert or delete or update of landlord_id on public.buildings
  for each row execute function internal.count_buildings();

create function internal.audit() returns trigger language plpgsql security definer set search_path = '' as $$
declare r jsonb := to_jsonb(coalesce(new, old));
begin
  insert into public.audit_log (landlord_id, person_id, operation, row_data)
  select l.id, auth.uid(), tg_op || ' ' || tg_table_name, r from public.landlords l where l.id = (r ->> 'landlord_id')::uuid;
  insert into internal.outbox (landlord_id, message) values ((r ->> 'landlord_id')::uuid, r);
  return null;
end $$;
create trigger audit after insert or update or delete on public.repairs for each row execute function internal.audit();
create trigger audit after insert or update or delete on public.landlord_people for each row execute function internal.audit();

create function internal.keep_an_owner() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if old.role = 'owner' and not exists (
    select 1 from public.landlord_people p
    where p.landlord_id = old.landlord_id and p.role = 'owner' and p.revoked_at is null and p.id <> old.id)
    and exists (select 1 from public.landlords l where l.id = old.landlord_id)
    and (tg_op = 'DELETE' or new.role <> 'owner' or new.revoked_at is not null)
  then
    raise exception 'a landlord needs an owner';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger keep_an_owner before update or delete on public.landlord_people
  for each row execute function internal.keep_an_owner();

-- Views -----------------------------------------------------------------------------------------------------------
create view public.rent_roll with (security_invoker = true) as
  select b.landlord_id, b.street, u.label, l.tenant_name, l.rent_cents, l.yearly_cents
  from public.leases l join public.units u on u.id = l.unit_id join public.buildings b on b.id = u.building_id;
create view public.my_landlords as  -- as its owner, but only of the caller
  select l.id, l.name, p.role from public.landlords l join public.landlord_people p on p.landlord_id = l.id
  where p.person_id = auth.uid() and p.revoked_at is null;
create materialized view internal.income as
  select b.landlord_id, sum(y.cents) as cents from public.payments y join public.leases l on l.id = y.lease_id
  join public.units u on u.id = l.unit_id join public.buildings b on b.id = u.building_id group by 1;
grant select on public.rent_roll, public.my_landlords to authenticated;

-- RPC -------------------------------------------------------------------------------------------------------------
create function public.create_landlord(p_name text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if (select auth.uid()) is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.landlords (name) values (p_name) returning id into v;
  insert into public.landlord_people (landlord_id, person_id, role) values (v, auth.uid(), 'owner');
  return v;
end $$;

create function public.income(p_landlord uuid) returns bigint
language sql stable security definer set search_path = '' as $$
  select i.cents::bigint from internal.income i where i.landlord_id = p_landlord and public.has_role(p_landlord, 'owner', 'accountant')
$$;

create function public.invite(p_landlord uuid, p_email text, p_role public.org_role default 'caretaker') returns text
language plpgsql security definer set search_path = '' as $$
declare secret text := encode(extensions.gen_random_bytes(24), 'hex');
begin
  if not public.has_role(p_landlord, 'owner') then raise exception 'owners invite' using errcode = '42501'; end if;
  insert into public.invitations (landlord_id, email, role, token_hash)
  values (p_landlord, lower(p_email), p_role, sha256(convert_to(secret, 'UTF8')));
  return secret;
end $$;

create function public.accept(p_token text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare i public.invitations;
begin
  update public.invitations set accepted_at = now()
  where token_hash = sha256(convert_to(p_token, 'UTF8')) and accepted_at is null and expires_at > now()
    and email = lower(auth.jwt() ->> 'email')
  returning * into i;
  if not found then raise exception 'no such invitation'; end if;
  insert into public.landlord_people (landlord_id, person_id, role) values (i.landlord_id, auth.uid(), i.role);
  return i.landlord_id;
end $$;

create function public.book_payments(p_payments jsonb) returns setof public.payments
language plpgsql security definer set search_path = '' as $$
declare r record;
begin
  for r in select * from jsonb_to_recordset(p_payments) as x (lease_id uuid, cents integer, reference text) loop
    if not exists (
      select 1 from public.leases l join public.units u on u.id = l.unit_id join public.buildings b on b.id = u.building_id
      where l.id = r.lease_id and public.has_role(b.landlord_id, 'owner', 'accountant'))
    then
      raise exception 'lease not found' using errcode = 'P0002';
    end if;
    return query
      insert into public.payments (lease_id, cents, reference) values (r.lease_id, r.cents, r.reference)
      on conflict (lease_id, reference) do update set cents = excluded.cents returning *;
  end loop;
end $$;

create function public.delete_repair(p_id uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  update public.repairs set deleted_at = now() where id = p_id and public.is_in(landlord_id);
  if not found then raise exception 'not found' using errcode = 'P0002'; end if;
end $$;

create procedure public.close_repairs(p_ids uuid[]) language sql security invoker as $$
  update public.repairs set state = 'done' where id = any (p_ids)
$$;

create function public.find_leases(p_filter jsonb default '{}', p_limit integer default 20)
returns table (lease_id uuid, tenant_name text, rent_cents integer) language plpgsql stable security definer set search_path = '' as $$
begin
  return query execute format(
    'select l.id, l.tenant_name, l.rent_cents from public.leases l join public.units u on u.id = l.unit_id
       join public.buildings b on b.id = u.building_id
     where public.is_in(b.landlord_id) and l.tenant_name ilike %L order by 2 limit %s',
    coalesce(p_filter ->> 'name', '') || '%', least(greatest(p_limit, 0), 100));
end $$;

revoke execute on all routines in schema public from public, anon;
grant execute on all routines in schema public to authenticated;
