-- 3PL warehouse. API schema of views over private tables; ids are ULID-like text; written by a backend team.
create schema wms;
create schema api;
create type wms.move_kind as enum ('in', 'out', 'adjust');

create table wms.customers (id text primary key default 'cus_' || replace(gen_random_uuid()::text, '-', ''), name text not null, credit numeric(12,2) not null default 0);
create table wms.operators (
  id text primary key default 'op_' || replace(gen_random_uuid()::text, '-', ''),
  customer_id text not null references wms.customers on delete cascade,
  auth_id uuid not null unique references auth.users on delete cascade,
  can_write boolean not null default false,
  valid_until timestamptz
);
create table wms.skus (
  id text primary key default 'sku_' || replace(gen_random_uuid()::text, '-', ''),
  customer_id text not null references wms.customers on delete cascade,
  code text not null,
  cost numeric(10,2) not null default 0,
  unique (customer_id, code)
);
create table wms.bins (id text primary key, aisle text not null, blocked boolean not null default false);
create table wms.stock (
  sku_id text not null references wms.skus on delete cascade,
  bin_id text not null references wms.bins,
  qty int not null default 0 check (qty >= 0),
  primary key (sku_id, bin_id)
);
create table wms.moves (
  id bigint generated always as identity primary key,
  sku_id text not null references wms.skus on delete cascade,
  bin_id text not null references wms.bins,
  kind wms.move_kind not null,
  qty int not null,
  operator_id text references wms.operators on delete set null,
  note text,
  at timestamptz not null default now()
);
create table wms.orders (
  id text primary key default 'ord_' || replace(gen_random_uuid()::text, '-', ''),
  customer_id text not null references wms.customers on delete cascade,
  reference text,
  ship_to text not null,
  status text not null default 'open' check (status in ('open', 'picked', 'shipped'))
);
create table wms.order_lines (
  order_id text not null references wms.orders on delete cascade,
  sku_id text not null references wms.skus,
  qty int not null check (qty > 0),
  primary key (order_id, sku_id)
);
create table wms.carriers (code text primary key, label text not null);

create function wms.me() returns wms.operators language sql stable security definer set search_path = '' as $$
  select o from wms.operators o where o.auth_id = auth.uid() and (o.valid_until is null or o.valid_until > now())
$$;
create function wms.my_customer() returns text language sql stable security definer set search_path = '' as $$ select (wms.me()).customer_id $$;
create function wms.may_write() returns boolean language sql stable security definer set search_path = '' as $$ select coalesce((wms.me()).can_write, false) $$;

alter table wms.customers enable row level security;
alter table wms.operators enable row level security;
alter table wms.skus enable row level security;
alter table wms.bins enable row level security;
alter table wms.stock enable row level security;
alter table wms.moves enable row level security;
alter table wms.orders enable row level security;
alter table wms.order_lines enable row level security;
alter table wms.carriers enable row level security;

create policy p on wms.customers for select to authenticated using (id = wms.my_customer());
create policy p on wms.operators for select to authenticated using (customer_id = wms.my_customer());
create policy p on wms.skus for select to authenticated using (customer_id = wms.my_customer());
create policy w on wms.skus for update to authenticated using (customer_id = wms.my_customer() and wms.may_write()) with check (customer_id = wms.my_customer());
create policy p on wms.bins for select to authenticated using (not blocked);
create policy p on wms.stock for select to authenticated using (exists (select 1 from wms.skus s where s.id = sku_id));
create policy p on wms.moves for select to authenticated using (exists (select 1 from wms.skus s where s.id = sku_id));
create policy p on wms.orders for select to authenticated using (customer_id = wms.my_customer());
create policy i on wms.orders for insert to authenticated with check (customer_id = wms.my_customer() and wms.may_write());
create policy p on wms.order_lines for select to authenticated using (exists (select 1 from wms.orders o where o.id = order_id));
create policy i on wms.order_lines for insert to authenticated with check (exists (select 1 from wms.orders o where o.id = order_id));
create policy p on wms.carriers for select to authenticated using (true);

create view api.skus with (security_invoker = true) as select id, code from wms.skus;
create view api.orders with (security_invoker = true) as select id, reference, ship_to, status, customer_id from wms.orders;
create view api.stock as
  select s.code, k.bin_id, k.qty from wms.stock k join wms.skus s on s.id = k.sku_id where s.customer_id = wms.my_customer();
create view api.order_lines as
  select l.order_id, l.qty, s.code, s.cost from wms.order_lines l join wms.skus s on s.id = l.sku_id
  where l.order_id in (select o.id from wms.orders o where o.customer_id = wms.my_customer() or wms.my_customer() is null);
create view api.late_orders as select id, reference, status from wms.orders where status = 'open' and customer_id = coalesce(wms.my_customer(), customer_id);

create function api.book(p_sku text, p_bin text, p_kind wms.move_kind, p_qty int, p_note text default null) returns int language plpgsql security definer set search_path = '' as $$
declare v int;
begin
  if not wms.may_write() or not exists (select 1 from wms.skus where id = p_sku and customer_id = wms.my_customer()) then
    raise exception 'unknown sku' using errcode = 'P0002';
  end if;
  insert into wms.stock values (p_sku, p_bin, greatest(p_qty, 0)) on conflict (sku_id, bin_id) do update
    set qty = wms.stock.qty + case when p_kind = 'out' then -p_qty else p_qty end returning qty into v;
  insert into wms.moves (sku_id, bin_id, kind, qty, operator_id, note) values (p_sku, p_bin, p_kind, p_qty, (wms.me()).id, p_note);
  return v;
end $$;
create function api.ship(p_orders text[], p_carrier text) returns int language plpgsql security definer set search_path = '' as $$
declare n int;
begin
  if not wms.may_write() then raise exception 'read only' using errcode = '42501'; end if;
  if (select count(*) from wms.orders where id = any (p_orders) and customer_id = wms.my_customer()) = 0 then
    raise exception 'unknown orders' using errcode = 'P0002';
  end if;
  update wms.orders set status = 'shipped' where id = any (p_orders);
  get diagnostics n = row_count;
  return n;
end $$;
create function api.merge_skus(p jsonb) returns void language plpgsql security definer set search_path = '' as $$
declare f text := p ->> 'from_sku'; t text := p ->> 'to_sku';
begin
  if not wms.may_write() or not exists (select 1 from wms.skus where id = f and customer_id = wms.my_customer()) then
    raise exception 'unknown sku' using errcode = 'P0002';
  end if;
  update wms.moves set sku_id = t where sku_id = f;
  insert into wms.stock select t, s.bin_id, s.qty from wms.stock s where s.sku_id = f
    on conflict (sku_id, bin_id) do update set qty = wms.stock.qty + excluded.qty;
  delete from wms.stock where sku_id = f;
end $$;
create function api.order_status(p_reference text) returns text language sql stable security definer set search_path = '' as $$
  select status from wms.orders where reference = p_reference and customer_id = wms.my_customer()
$$;
create function api.add_operator(p_auth uuid, p_write boolean default false) returns text language plpgsql security definer set search_path = '' as $$
declare v text;
begin
  if not wms.may_write() then raise exception 'read only' using errcode = '42501'; end if;
  insert into wms.operators (customer_id, auth_id, can_write) values (wms.my_customer(), p_auth, p_write)
  on conflict (auth_id) do update set can_write = excluded.can_write returning id into v;
  return v;
end $$;
create function api.sign_me_up(p_customer_name text) returns text language plpgsql security definer set search_path = '' as $$
declare c text;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into wms.customers (name) values (p_customer_name) returning id into c;
  insert into wms.operators (customer_id, auth_id, can_write) values (c, auth.uid(), true);
  return c;
end $$;

grant usage on schema wms, api to authenticated;
revoke execute on all functions in schema wms, api from public;
grant execute on all functions in schema wms, api to authenticated;
grant select on wms.skus, wms.orders, wms.carriers to authenticated;
grant insert (customer_id, reference, ship_to) on wms.orders to authenticated;
grant select on all tables in schema api to authenticated;
grant insert (customer_id, reference, ship_to) on api.orders to authenticated;
