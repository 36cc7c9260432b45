-- Property maintenance: managing companies with properties and units, work orders, and vendors who work for several.
create table companies (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  settings jsonb not null default '{"auto_close_days": 14}'
);
create table company_staff (
  company_id uuid not null references companies on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  is_manager boolean not null default false,
  primary key (company_id, user_id)
);
create table vendors (
  id uuid primary key default gen_random_uuid(),
  trade text not null,
  name text not null,
  created_by uuid not null default auth.uid() references auth.users
);
create table vendor_users (
  vendor_id uuid not null references vendors on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  primary key (vendor_id, user_id)
);
create table properties (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  address text not null
);
create table units (
  id uuid primary key default gen_random_uuid(),
  property_id uuid not null references properties on delete cascade,
  label text not null,
  entry_code text,
  listed boolean not null default false,
  rent numeric(10, 2),
  unique (property_id, label)
);
create table meters (
  serial text primary key check (serial = upper(serial)),
  unit_id uuid not null references units on delete cascade,
  last_reading numeric not null default 0
);
create table unit_preferences (
  unit_id uuid primary key references units on delete cascade,
  company_id uuid not null references companies on delete cascade,
  access_notes text not null default ''
);
create table work_orders (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  unit_id uuid not null references units on delete cascade,
  title text not null,
  status text not null default 'open' check (status in ('open', 'scheduled', 'done')),
  sms_token text
);
create table assignments (
  work_order_id uuid not null references work_orders on delete cascade,
  vendor_id uuid not null references vendors on delete cascade,
  accepted boolean not null default false,
  primary key (work_order_id, vendor_id)
);
create table invoices (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  vendor_id uuid not null references vendors on delete cascade,
  work_order_id uuid references work_orders on delete set null,
  amount numeric(12, 2) not null check (amount > 0),
  paid boolean not null default false
);

create function staff_of(c uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select from company_staff where company_id = c and user_id = auth.uid())
$$;
create function my_vendors() returns setof uuid language sql stable security definer set search_path = public as $$
  select vendor_id from vendor_users where user_id = auth.uid()
$$;
create function works_on(w uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select from assignments a where a.work_order_id = w and a.vendor_id in (select my_vendors()))
$$;
create function company_of_work_order(w uuid) returns uuid language sql stable security definer set search_path = public as $$
  select company_id from work_orders where id = w and (staff_of(company_id) or works_on(id))
$$;

alter table companies enable row level security;
alter table company_staff enable row level security;
alter table vendors enable row level security;
alter table vendor_users enable row level security;
alter table properties enable row level security;
alter table units enable row level security;
alter table meters enable row level security;
alter table unit_preferences enable row level security;
alter table work_orders enable row level security;
alter table assignments enable row level security;
alter table invoices enable row level security;

create policy c1 on companies for select to authenticated using (staff_of(id));
create policy s1 on company_staff for select to authenticated using (user_id = auth.uid() or staff_of(company_id));
create policy v1 on vendors for select to authenticated using (true);
create policy v2 on vendors for insert to authenticated with check (created_by = auth.uid());
create policy v3 on vendors for update to authenticated using (id in (select my_vendors())) with check (id in (select my_vendors()));
create policy vu1 on vendor_users for select to authenticated using (user_id = auth.uid());
create policy vu2 on vendor_users for insert to authenticated
  with check (exists (select 1 from vendors v where v.id = vendor_users.vendor_id and v.created_by = auth.uid()));
create policy p1 on properties for all to authenticated using (staff_of(company_id)) with check (staff_of(company_id));
create policy u1 on units for all to authenticated
  using (exists (select 1 from properties p where p.id = units.property_id)) with check (exists (select 1 from properties p where p.id = units.property_id));
create policy m1 on meters for select to authenticated using (exists (select 1 from units u where u.id = meters.unit_id));
create policy up1 on unit_preferences for select to authenticated using (staff_of(company_id));
create policy w1 on work_orders for all to authenticated using (staff_of(company_id))
  with check (staff_of(company_id) and exists (select 1 from units u where u.id = work_orders.unit_id));
create policy w2 on work_orders for select to authenticated using (works_on(id));
create policy a1 on assignments for select to authenticated
  using (vendor_id in (select my_vendors()) or staff_of(company_of_work_order(work_order_id)));
create policy a2 on assignments for insert to authenticated
  with check (staff_of(company_of_work_order(work_order_id)) or (vendor_id in (select my_vendors()) and not accepted));
create policy a3 on assignments for update to authenticated using (vendor_id in (select my_vendors())) with check (vendor_id in (select my_vendors()));
create policy i1 on invoices for select to authenticated using (staff_of(company_id) or vendor_id in (select my_vendors()));
create policy i2 on invoices for insert to authenticated
  with check (vendor_id in (select my_vendors()) and not paid
          and exists (select 1 from work_orders w where w.id = invoices.work_order_id and w.company_id = invoices.company_id));
create policy i3 on invoices for update to authenticated using (staff_of(company_id)) with check (staff_of(company_id));

grant select on companies, company_staff, vendors, vendor_users, properties, units, meters, unit_preferences, assignments, invoices to authenticated;
grant select (id, company_id, unit_id, title, status) on work_orders to authenticated;
grant insert (trade, name, created_by), update (trade, name) on vendors to authenticated;
grant insert on vendor_users to authenticated;
grant insert, update, delete on properties, units to authenticated;
grant insert (company_id, unit_id, title), update (title, status), delete on work_orders to authenticated;
grant insert, update (accepted) on assignments to authenticated;
grant insert, update (paid) on invoices to authenticated;

create function register_meter(p_unit uuid, p_serial text) returns text language plpgsql security definer set search_path = public as $$
declare v_where text;
begin
  if not exists (select 1 from units u join properties p on p.id = u.property_id where u.id = p_unit and staff_of(p.company_id)) then
    raise exception 'no such unit' using errcode = 'P0002';
  end if;
  insert into meters (serial, unit_id) values (p_serial, p_unit);
  return 'registered';
exception when unique_violation then
  select p.address || ', ' || u.label into v_where from meters m join units u on u.id = m.unit_id join properties p on p.id = u.property_id
  where m.serial = p_serial;
  return 'already installed at ' || v_where;
end $$;
create function set_access_notes(p_company uuid, p_unit uuid, p_notes text) returns void language plpgsql security definer set search_path = public as $$
begin
  if not staff_of(p_company) then raise exception 'not yours' using errcode = '42501'; end if;
  insert into unit_preferences (unit_id, company_id, access_notes) values (p_unit, p_company, p_notes)
  on conflict (unit_id) do update set access_notes = excluded.access_notes;
end $$;
-- The link in the text message to the vendor: no account needed.
create function close_by_sms(p_work_order uuid, p_token text) returns text language plpgsql security definer set search_path = public as $$
declare w work_orders;
begin
  select * into w from work_orders where id = p_work_order;
  if w.sms_token <> p_token then raise exception 'wrong link' using errcode = '28000'; end if;
  update work_orders set status = 'done', sms_token = null where id = p_work_order;
  return 'thank you';
end $$;
create function merge_properties(p_keep uuid, p_drop uuid) returns void language plpgsql security definer set search_path = public as $$
declare n integer;
begin
  select count(*) into n from properties where id in (p_keep, p_drop) and staff_of(company_id);
  if n = 0 then raise exception 'no such property' using errcode = 'P0002'; end if;
  update units set property_id = p_keep where property_id = p_drop;
  delete from properties where id = p_drop;
end $$;
create function send_sms(p_work_order uuid) returns void language sql security definer set search_path = public as $$
  update work_orders set sms_token = encode(extensions.gen_random_bytes(12), 'hex') where id = p_work_order and staff_of(company_id)
$$;
create function found_company(p_name text) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into companies (name) values (p_name) returning id into v;
  insert into company_staff values (v, auth.uid(), true);
  return v;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function close_by_sms(uuid, text) to anon;

-- The public site.
create view vacancies as
  select u.id, p.address, u.label, u.rent from units u join properties p on p.id = u.property_id where u.listed;
grant select on vacancies to anon, authenticated;
