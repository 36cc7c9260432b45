-- Freight forwarding. The token says for which tenant one works (custom access token hook); every key is (tenant, number).
create table public.tenants (
  tenant text primary key check (tenant ~ '^[a-z][a-z0-9-]{2,30}$'),
  legal_name text not null,
  plan text not null default 'trial'
);
create table public.staff (
  tenant text not null references public.tenants on update cascade on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  staff_role text not null default 'clerk' check (staff_role in ('clerk', 'dispatcher', 'owner')),
  primary key (tenant, user_id)
);
create table public.shipments (
  tenant text not null references public.tenants on update cascade on delete cascade,
  shipment_no int not null,
  tracking_ref text not null,
  consignee text not null,
  status text not null default 'booked' check (status in ('booked', 'moving', 'delivered', 'void')),
  weight_kg numeric(10, 2) check (weight_kg > 0),
  primary key (tenant, shipment_no)
);
create table public.carriers (
  tenant text not null references public.tenants on update cascade on delete cascade,
  carrier_no int not null,
  name text not null,
  iban text,
  primary key (tenant, carrier_no)
);
create table public.legs (
  tenant text not null references public.tenants on update cascade on delete cascade,
  leg_no int not null,
  tracking_ref text not null,
  deliver_to text,
  carrier_no int,
  primary key (tenant, leg_no),
  foreign key (tenant, carrier_no) references public.carriers (tenant, carrier_no)
);
create table public.quotes (
  tenant text not null references public.tenants on update cascade on delete cascade,
  quote_no int not null,
  shipment_no int,
  price numeric(12, 2) not null default 0,
  primary key (tenant, quote_no),
  foreign key (tenant, shipment_no) references public.shipments (tenant, shipment_no) on delete cascade
);

create or replace function public.jwt_tenant() returns text language sql stable as $$
  select nullif(auth.jwt() ->> 'tenant', '')
$$;
create or replace function public.jwt_staff_role() returns text language sql stable as $$
  select coalesce(auth.jwt() ->> 'staff_role', '')
$$;

-- Auth calls this when it issues a token
create or replace function public.custom_access_token_hook(event jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare s public.staff;
begin
  select * into s from public.staff where user_id = (event ->> 'user_id')::uuid order by tenant limit 1;
  return jsonb_set(event, '{claims}', coalesce(event -> 'claims', '{}') || jsonb_build_object('tenant', s.tenant, 'staff_role', s.staff_role));
end $$;

-- the address of a leg is that of its shipment
create or replace function public.fill_leg() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  select s.consignee into new.deliver_to from public.shipments s where s.tracking_ref = new.tracking_ref limit 1;
  return new;
end $$;
create trigger fill_leg before insert on public.legs for each row execute function public.fill_leg();

alter table public.tenants enable row level security;
alter table public.staff enable row level security;
alter table public.shipments enable row level security;
alter table public.carriers enable row level security;
alter table public.legs enable row level security;
alter table public.quotes enable row level security;

create policy "own tenant" on public.tenants for select to authenticated using (tenant = (select public.jwt_tenant()));
create policy "colleagues" on public.staff for select to authenticated using (tenant = (select public.jwt_tenant()));
create policy "owners hire" on public.staff for insert to authenticated
  with check (tenant = (select public.jwt_tenant()) and (select public.jwt_staff_role()) = 'owner');
create policy "owners fire" on public.staff for delete to authenticated
  using (tenant = (select public.jwt_tenant()) and (select public.jwt_staff_role()) = 'owner');

create policy "read" on public.shipments for select to authenticated using (tenant = (select public.jwt_tenant()));
create policy "book" on public.shipments for insert to authenticated with check (tenant = (select public.jwt_tenant()));
-- a voided shipment comes from void_shipments() alone
create policy "work" on public.shipments for update to authenticated using (tenant = (select public.jwt_tenant())) with check (status <> 'void');

create policy "read" on public.carriers for select to authenticated
  using (tenant = (select public.jwt_tenant()) or (select public.jwt_staff_role()) = 'dispatcher');
create policy "keep" on public.carriers for insert to authenticated with check (tenant = (select public.jwt_tenant()));

create policy "all" on public.legs to authenticated using (tenant = (select public.jwt_tenant())) with check (tenant = (select public.jwt_tenant()));
create policy "all" on public.quotes to authenticated using (tenant = (select public.jwt_tenant())) with check (tenant = (select public.jwt_tenant()));

create view public.lane_prices as
  select q.tenant, s.status, count(*) as quotes, avg(q.price) as average
  from public.quotes q left join public.shipments s using (tenant, shipment_no) group by 1, 2;
create view public.open_shipments with (security_invoker = true) as
  select * from public.shipments where status in ('booked', 'moving');

-- for the dispatchers' mobile app: {"shipments": [{"ref": "…", "status": "moving"}, …]}
create or replace function public.report_progress(payload jsonb) returns int language plpgsql security definer set search_path = public as $$
declare item jsonb; n int := 0;
begin
  if public.jwt_tenant() is null then raise exception 'no tenant'; end if;
  for item in select * from jsonb_array_elements(coalesce(payload -> 'shipments', '[]')) loop
    update shipments set status = item ->> 'status' where tracking_ref = item ->> 'ref';
    if found then n := n + 1; end if;
  end loop;
  return n;
end $$;

create or replace function public.track(refs text[]) returns table (ref text, consignee text, status text)
language sql stable security definer set search_path = public as $$
  select s.tracking_ref, s.consignee, s.status from shipments s where s.tracking_ref = any (refs)
$$;

create or replace function public.void_shipments(numbers int[]) returns int language plpgsql security definer set search_path = public as $$
declare n int;
begin
  if public.jwt_staff_role() not in ('dispatcher', 'owner') then raise exception 'dispatchers only' using errcode = '42501'; end if;
  update shipments set status = 'void' where tenant = public.jwt_tenant() and shipment_no = any (numbers);
  get diagnostics n = row_count;
  return n;
end $$;

insert into storage.buckets (id, name, public) values ('pods', 'pods', false) on conflict do nothing;
create policy "pods: read" on storage.objects for select to authenticated
  using (bucket_id = 'pods' and (storage.foldername(name))[1] = public.jwt_tenant());
create policy "pods: upload" on storage.objects for insert to authenticated
  with check (bucket_id = 'pods' and public.jwt_tenant() is not null);

revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function public.custom_access_token_hook(jsonb) to supabase_auth_admin;
grant select on all tables in schema public to authenticated;
grant insert (tenant, user_id, staff_role), delete on public.staff to authenticated;
grant insert, update on public.shipments to authenticated;
grant insert on public.carriers to authenticated;
grant insert, update, delete on public.legs, public.quotes to authenticated;
