-- Hotels. Nearly everything hangs on a property, but the customer is the operator above it, whose head office works in all
-- of its properties. Staff belong to one property. Rooms are known by their number within the property.
create table operators (
  id uuid primary key default gen_random_uuid(),
  legal_name text not null,
  vat_id text,
  plan text not null default 'standard' check (plan in ('standard', 'chain'))
);
create table head_office (
  operator_id uuid not null references operators on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  primary key (operator_id, user_id)
);
create table properties (
  id uuid primary key default gen_random_uuid(),
  operator_id uuid not null references operators on delete cascade,
  name text not null,
  time_zone text not null default 'UTC',
  closed_on date
);
create table property_staff (
  property_id uuid not null references properties on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  job text not null default 'desk' check (job in ('manager', 'desk', 'cleaning')),
  primary key (property_id, user_id)
);
create table rooms (
  property_id uuid not null references properties on delete cascade,
  number smallint not null check (number between 1 and 9999),
  beds smallint not null default 2,
  primary key (property_id, number)
);
create table rate_plans (
  id uuid primary key default gen_random_uuid(),
  operator_id uuid not null references operators on delete cascade,
  label text not null,
  nightly numeric(9, 2) not null check (nightly >= 0)
);
create table guests (
  id uuid primary key default gen_random_uuid(),
  operator_id uuid not null references operators on delete cascade,
  email text not null unique check (email like '%@%'),
  full_name text,
  passport text,
  wishes jsonb not null default '{}'
);
create table bookings (
  id uuid primary key default gen_random_uuid(),
  property_id uuid not null,
  room_number smallint not null,
  guest_id uuid references guests on delete set null,
  stay daterange not null check (not isempty(stay)),
  remark text,
  nights integer generated always as (upper(stay) - lower(stay)) stored,
  foreign key (property_id, room_number) references rooms on delete cascade
);
create table chores (
  id uuid primary key default gen_random_uuid(),
  property_id uuid not null references properties on delete cascade,
  room_number smallint,
  what text not null,
  assigned_to uuid references auth.users on delete set null,
  done boolean not null default false
);
create table staff_invites (
  id uuid primary key default gen_random_uuid(),
  property_id uuid not null references properties on delete cascade,
  email text not null,
  job text not null default 'desk' check (job in ('desk', 'cleaning')),
  expires_at timestamptz not null default now() + interval '3 days',
  accepted_at timestamptz
);

create function my_operators() returns setof uuid language sql stable security definer set search_path = public as $$
  select operator_id from head_office where user_id = auth.uid()
$$;
create function works_at(p_property uuid, p_job text default null) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from property_staff s where s.property_id = p_property and s.user_id = auth.uid() and s.job = coalesce(p_job, s.job))
      or exists (select 1 from properties p where p.id = p_property and p.operator_id in (select my_operators()))
$$;
create function works_for(p_operator uuid) returns boolean language sql stable security definer set search_path = public as $$
  select p_operator in (select my_operators()) or exists (
    select 1 from properties p join property_staff s on s.property_id = p.id where p.operator_id = p_operator and s.user_id = auth.uid())
$$;

alter table operators enable row level security;
alter table head_office enable row level security;
alter table properties enable row level security;
alter table property_staff enable row level security;
alter table rooms enable row level security;
alter table rate_plans enable row level security;
alter table guests enable row level security;
alter table bookings enable row level security;
alter table chores enable row level security;
alter table staff_invites enable row level security;

create policy office on operators for select to authenticated using (id in (select my_operators()));
create policy colleagues on head_office for select to authenticated using (operator_id in (select my_operators()));
create policy read on properties for select to authenticated using (works_at(id) or operator_id in (select my_operators()));
create policy manage on properties for update to authenticated using (works_at(id, 'manager')) with check (works_at(id, 'manager'));
create policy open_new on properties for insert to authenticated with check (operator_id in (select my_operators()));
create policy read on property_staff for select to authenticated using (works_at(property_id));
create policy dismiss on property_staff for delete to authenticated using (works_at(property_id, 'manager') and user_id <> auth.uid());
create policy read on rooms for select to authenticated using (works_at(property_id));
create policy manage on rooms for all to authenticated using (works_at(property_id, 'manager')) with check (works_at(property_id, 'manager'));
create policy read on rate_plans for select to authenticated using (works_for(operator_id));
create policy office on rate_plans for all to authenticated
  using (operator_id in (select my_operators())) with check (operator_id in (select my_operators()));
create policy read on guests for select to authenticated using (works_for(operator_id));
create policy desk on bookings for all to authenticated using (works_at(property_id)) with check (works_at(property_id) and (
  guest_id is null or exists (select 1 from guests g join properties p using (operator_id) where g.id = guest_id and p.id = property_id)));
create policy team on chores for all to authenticated using (works_at(property_id) or assigned_to = auth.uid());
create policy manage on staff_invites for all to authenticated
  using (works_at(property_id, 'manager')) with check (works_at(property_id, 'manager') and accepted_at is null);

-- the desk's morning list
create view arrivals with (security_barrier) as
  select b.id, b.room_number, r.beds, b.stay, b.remark
  from bookings b
  join rooms r on r.number = b.room_number
  join property_staff s on s.property_id = r.property_id
  where s.user_id = auth.uid() and upper(b.stay) >= current_date;
create view occupancy with (security_invoker) as
  select p.operator_id, b.property_id, count(*) as stays, sum(b.nights) as nights
  from bookings b join properties p on p.id = b.property_id group by 1, 2;

create function register_guest(p_property uuid, p_email text, p_name text default null) returns guests
language plpgsql security definer set search_path = public as $$
declare g guests;
begin
  if not works_at(p_property) then raise exception 'not your property' using errcode = '42501'; end if;
  insert into guests (operator_id, email, full_name)
  select p.operator_id, lower(p_email), p_name from properties p where p.id = p_property
  on conflict (email) do update set full_name = coalesce(excluded.full_name, guests.full_name)
  returning * into g;
  return g;
end $$;
create function move_booking(p_booking uuid, p_room smallint) returns boolean language plpgsql security definer set search_path = public as $$
declare b bookings;
begin
  select * into b from bookings where id = p_booking and works_at(property_id);
  if b.id is null then raise exception 'no such booking' using errcode = 'P0002'; end if;
  if not exists (select 1 from rooms where property_id = b.property_id and number = p_room) then
    return false;
  end if;
  update bookings set room_number = p_room where id = b.id;
  return true;
end $$;
create function accept_staff_invite(p_invite uuid) returns uuid language plpgsql security definer set search_path = public as $$
declare i staff_invites;
begin
  update staff_invites set accepted_at = now()
  where id = p_invite and accepted_at is null and expires_at > now() and lower(email) = lower(nullif(auth.email(), ''))
  returning * into i;
  if i.id is null then raise exception 'no such invitation' using errcode = 'P0002'; end if;
  insert into property_staff values (i.property_id, auth.uid(), i.job) on conflict do nothing;
  return i.property_id;
end $$;

create policy "staff read their property's documents" on storage.objects for select to authenticated
  using (bucket_id = 'documents' and exists (
    select 1 from public.properties p where p.id::text = (storage.foldername(name))[1] and public.works_at(p.id)));

grant usage on schema public to authenticated;
grant select on operators, head_office, properties, property_staff, rooms, rate_plans, guests, bookings, chores, staff_invites, arrivals, occupancy to authenticated;
grant insert (operator_id, name, time_zone), update on properties to authenticated;
grant delete on property_staff to authenticated;
grant insert, update, delete on rooms, rate_plans, bookings, chores, staff_invites to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
