-- Metering for utilities. Rights are granted on a reseller, on one of its customers, or on a single site.
create type scope_kind as enum ('reseller', 'customer', 'site');
create table resellers (id uuid primary key default gen_random_uuid(), name text not null, margin numeric not null default 0.1);
create table customers (
  id uuid primary key default gen_random_uuid(),
  reseller_id uuid not null references resellers on delete cascade,
  name text not null,
  vat_no text
);
create table sites (
  id uuid primary key default gen_random_uuid(),
  customer_id uuid not null references customers on delete cascade,
  address text not null
);
create table meters (
  id uuid primary key default gen_random_uuid(),
  site_id uuid not null references sites on delete cascade,
  serial text not null,
  unit text not null default 'kWh' check (unit in ('kWh', 'm3'))
);
create table readings (
  meter_id uuid not null references meters on delete cascade,
  taken_on date not null default current_date,
  value numeric not null check (value >= 0),
  entered_by uuid default auth.uid(),
  primary key (meter_id, taken_on)
);
create table grants (
  user_id uuid not null references auth.users on delete cascade,
  kind scope_kind not null,
  scope_id uuid not null,
  may_write boolean not null default false,
  expires date,
  primary key (user_id, kind, scope_id)
);
create table invoices (
  id uuid primary key default gen_random_uuid(),
  customer_id uuid not null references customers on delete cascade,
  total numeric(10, 2) not null,
  lines jsonb not null default '[]',
  paid boolean not null default false
);
create table complaints (
  id bigint generated always as identity primary key,
  site_id uuid not null references sites on delete cascade,
  author uuid not null default auth.uid() references auth.users,
  text text not null,
  answer text
);
create function granted(p_kind scope_kind, p_id uuid, p_write boolean default false) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.grants g where g.user_id = auth.uid() and g.kind = p_kind and g.scope_id = p_id
    and (g.may_write or not p_write) and (g.expires is null or g.expires >= current_date))
$$;
create function sees_customer(p_id uuid, p_write boolean default false) returns boolean language sql stable security definer set search_path = '' as $$
  select public.granted('customer', p_id, p_write) or exists (select 1 from public.customers c where c.id = p_id and public.granted('reseller', c.reseller_id, p_write))
$$;
create function sees_site(p_id uuid, p_write boolean default false) returns boolean language sql stable security definer set search_path = '' as $$
  select public.granted('site', p_id, p_write) or exists (select 1 from public.sites s where s.id = p_id and public.sees_customer(s.customer_id, p_write))
$$;
create function sees_meter(p_id uuid, p_write boolean default false) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.meters m where m.id = p_id and public.sees_site(m.site_id, p_write))
$$;
alter table resellers enable row level security;
alter table customers enable row level security;
alter table sites enable row level security;
alter table meters enable row level security;
alter table readings enable row level security;
alter table grants enable row level security;
alter table invoices enable row level security;
alter table complaints enable row level security;
create policy r on resellers for select to authenticated using (granted('reseller', id));
create policy r on customers for select to authenticated using (sees_customer(id));
create policy w on customers for all to authenticated using (granted('reseller', reseller_id, true)) with check (granted('reseller', reseller_id, true));
create policy r on sites for select to authenticated using (sees_site(id));
create policy i on sites for insert to authenticated with check (sees_customer(customer_id, true));
create policy u on sites for update to authenticated using (sees_site(id, true));
create policy r on meters for select to authenticated using (sees_site(site_id));
create policy w on meters for all to authenticated using (sees_site(site_id, true)) with check (sees_site(site_id, true));
create policy r on readings for select to authenticated using (sees_meter(meter_id));
create policy i on readings for insert to authenticated with check (sees_meter(meter_id, true) and entered_by = auth.uid());
create policy r on grants for select to authenticated using (user_id = auth.uid());
create policy i on grants for insert to authenticated with check (
  case kind when 'reseller' then granted('reseller', scope_id, true) when 'customer' then sees_customer(scope_id, true) else sees_customer(scope_id, true) or granted('site', scope_id) end);
create policy d on grants for delete to authenticated using (user_id = auth.uid());
create policy r on invoices for select to authenticated using (sees_customer(customer_id) or exists (select 1 from sites s where s.customer_id = customer_id and granted('site', s.id)));
create policy r on complaints for select to authenticated using (author = auth.uid() or sees_site(site_id));
create policy i on complaints for insert to authenticated with check (author = auth.uid() and sees_site(site_id));

create function move_site(p_site uuid, p_customer uuid) returns boolean language sql security definer set search_path = '' as $$
  update public.sites s set customer_id = p_customer where s.id = p_site and (public.sees_site(p_site, true) or public.sees_customer(p_customer, true)) returning true
$$;
create function consumption(p_meters uuid[], p_from date default '2000-01-01') returns table (meter uuid, used numeric) language sql stable security definer set search_path = '' as $$
  select r.meter_id, max(r.value) - min(r.value) from public.readings r where r.meter_id = any (p_meters) and r.taken_on >= p_from and public.sees_meter(r.meter_id) group by 1
$$;
create function correct_reading(p_meter uuid, p_day date, p_value numeric) returns boolean language sql security definer set search_path = '' as $$
  update public.readings r set value = p_value where r.meter_id = p_meter and r.taken_on = p_day and public.sees_meter(p_meter) returning true
$$;
create function bill(p_customer uuid, p_lines jsonb) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if not public.granted('reseller', (select c.reseller_id from public.customers c where c.id = p_customer), true) then
    raise exception 'forbidden' using errcode = '42501';
  end if;
  insert into public.invoices (customer_id, total, lines)
  select p_customer, coalesce(sum(r.value * (l ->> 'price')::numeric), 0), jsonb_agg(l || jsonb_build_object('value', r.value))
  from jsonb_array_elements(p_lines) l left join public.readings r on r.meter_id = (l ->> 'meter')::uuid returning id into v;
  return v;
end $$;
create view balance as
  select c.reseller_id, c.name, sum(i.total) filter (where not i.paid) as due from customers c join invoices i on i.customer_id = c.id
  where granted('reseller', c.reseller_id) group by 1, 2;
grant usage on schema public to authenticated;
grant select on all tables in schema public to authenticated;
grant insert, update (name, vat_no), delete on customers to authenticated;
grant insert, update (address) on sites to authenticated;
grant insert, update (serial, unit), delete on meters to authenticated;
grant insert on readings to authenticated;
grant insert (user_id, kind, scope_id, may_write, expires), delete on grants to authenticated;
grant insert (site_id, text) on complaints to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
