-- Warehouse. Tenants are integers in app_metadata: {"tenant": 7, "scopes": ["stock:write"]}
-- api: what PostgREST exposes. core: tables. Nothing is created in public.
create extension if not exists vector with schema extensions;
create schema core;
create schema api;
grant usage on schema core, api to authenticated;

create function core.tenant() returns integer language sql stable set search_path = ''
return ((select auth.jwt()) -> 'app_metadata' ->> 'tenant')::integer;
create function core.scope(needed text) returns boolean language sql stable set search_path = ''
return coalesce((select auth.jwt()) -> 'app_metadata' -> 'scopes' ? needed, false);

create domain core.country as char(2) check (value ~ '^[A-Z]{2}$');
create domain core.sku as text check (value ~ '^[A-Z]{3}-[0-9]{4}$');
create type core.movement as enum ('in', 'out', 'count');

create table core.tenants (
  id integer generated always as identity primary key,
  name text not null,
  country core.country not null default 'NL'
);

create table core.products (
  tenant integer not null default core.tenant() references core.tenants on delete cascade,
  sku core.sku not null,
  name text not null,
  dims numeric(6, 1)[] not null default '{1,1,1}' check (cardinality(dims) = 3 and 0 < all (dims)),
  volume numeric generated always as (dims[1] * dims[2] * dims[3]) stored,
  embedding extensions.vector(3),
  deleted_at timestamptz,
  primary key (tenant, sku)
);

create table core.shelves (
  tenant integer not null default core.tenant() references core.tenants on delete cascade,
  code text not null check (code ~ '^[A-Z][0-9]{1,3}$'),
  primary key (tenant, code)
);

-- a key across tables always carries the tenant: hanging on a foreign parent is impossible
create table core.stock (
  tenant integer not null default core.tenant(),
  sku core.sku not null,
  shelf text not null,
  quantity integer not null default 0 check (quantity >= 0),
  primary key (tenant, sku, shelf),
  foreign key (tenant, sku) references core.products on delete cascade,
  foreign key (tenant, shelf) references core.shelves on delete cascade
);

create table core.movements (
  tenant integer not null default core.tenant(),
  id uuid not null default gen_random_uuid(),
  sku core.sku not null,
  kind core.movement not null,
  quantity integer not null check (quantity <> 0),
  happened_at timestamptz not null default now(),
  by_user uuid not null default auth.uid(),
  primary key (tenant, id, happened_at),
  foreign key (tenant, sku) references core.products on delete cascade
) partition by range (happened_at);
create table core.movements_2025 partition of core.movements for values from ('2025-01-01') to ('2026-01-01');
create table core.movements_2026 partition of core.movements for values from ('2026-01-01') to ('2027-01-01');
create table core.movements_rest partition of core.movements default;

create table core.reservations (
  tenant integer not null default core.tenant() references core.tenants on delete cascade,
  dock integer not null check (dock between 1 and 20),
  during tstzrange not null check (not isempty(during)),
  carrier text not null,
  primary key (tenant, dock, during),
  exclude using gist (int4range(tenant, tenant, '[]') with &&, int4range(dock, dock, '[]') with &&, during with &&)
);

-- an order needs a first line, a line needs its order: settled at commit
create table core.orders (
  tenant integer not null default core.tenant() references core.tenants on delete cascade,
  no integer not null check (no > 0),
  first_line integer not null default 1,
  customer jsonb not null check (customer ? 'name' and jsonb_typeof(customer -> 'name') = 'string'),
  primary key (tenant, no)
);
create table core.order_lines (
  tenant integer not null default core.tenant(),
  order_no integer not null,
  line integer not null,
  sku core.sku not null,
  primary key (tenant, order_no, line),
  foreign key (tenant, order_no) references core.orders on delete cascade,
  foreign key (tenant, sku) references core.products
);
alter table core.orders add foreign key (tenant, no, first_line) references core.order_lines deferrable initially deferred;

create materialized view core.turnover as
  select tenant, sku, date_trunc('month', happened_at) as month, sum(quantity) as quantity from core.movements where kind = 'out' group by 1, 2, 3;

create table core.changes (
  id bigint generated always as identity primary key,
  tenant integer not null,
  relation text not null,
  before jsonb,
  after jsonb,
  by_user uuid default auth.uid()
);
create function core.note_change() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into core.changes (tenant, relation, before, after)
  values (coalesce(new.tenant, old.tenant), tg_table_name, to_jsonb(old), to_jsonb(new));
  return coalesce(new, old);
end $$;
revoke execute on function core.note_change() from public;
create trigger note_change after insert or update or delete on core.products for each row execute function core.note_change();
create trigger note_change after insert or update or delete on core.stock for each row execute function core.note_change();

do $$
declare
  t text;
begin
  foreach t in array array['products', 'shelves', 'stock', 'movements', 'movements_2025', 'movements_2026', 'movements_rest', 'reservations', 'orders', 'order_lines', 'changes'] loop
    execute format('alter table core.%I enable row level security', t);
    execute format('alter table core.%I force row level security', t);
    execute format('create policy tenant_rows on core.%I as restrictive for all to authenticated using (tenant = core.tenant()) with check (tenant = core.tenant())', t);
  end loop;
  foreach t in array array['products', 'shelves', 'stock', 'movements', 'reservations', 'orders', 'order_lines'] loop
    execute format('create policy readable on core.%I for select to authenticated using (true)', t);
    execute format('create policy writable on core.%I for insert to authenticated with check (core.scope(''stock:write''))', t);
    execute format('create policy editable on core.%I for update to authenticated using (core.scope(''stock:write''))', t);
    execute format('create policy removable on core.%I for delete to authenticated using (core.scope(''stock:write''))', t);
    execute format('grant select, insert, update, delete on core.%I to authenticated', t);
  end loop;
end $$;
create policy auditors on core.changes for select to authenticated using (core.scope('audit:read'));
grant select on core.changes to authenticated;
alter table core.tenants enable row level security;
create policy own on core.tenants for select to authenticated using (id = core.tenant());
grant select on core.tenants to authenticated;
-- movements are never rewritten
revoke update, delete on core.movements from authenticated;

create view api.products with (security_invoker = true) as
  select sku, name, dims, volume from core.products where deleted_at is null;
create function api.products_write() returns trigger language plpgsql set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    update core.products set deleted_at = now() where tenant = core.tenant() and sku = old.sku;
    return old;
  end if;
  insert into core.products (sku, name, dims) values (new.sku, new.name, coalesce(new.dims, '{1,1,1}'))
  on conflict (tenant, sku) do update set name = excluded.name, dims = excluded.dims, deleted_at = null;
  return new;
end $$;
create trigger products_write instead of insert or update or delete on api.products for each row execute function api.products_write();
grant select, insert, update, delete on api.products to authenticated;

-- runs as its owner because the materialized view knows no policies; filters by the token
create view api.turnover with (security_barrier = true) as
  select sku, month, quantity from core.turnover where tenant = core.tenant();
grant select on api.turnover to authenticated;

create function api.similar_products(query extensions.vector(3), how_many integer default 5) returns table (sku text, distance float)
language sql stable set search_path = 'extensions' as $$
  select p.sku, p.embedding <-> query from core.products p where p.deleted_at is null and p.embedding is not null order by 2 limit least(how_many, 50)
$$;

create function api.move_stock(p_sku text, p_from text, p_to text, p_quantity integer) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not core.scope('stock:write') then
    raise exception 'missing scope' using errcode = '42501';
  end if;
  update core.stock set quantity = quantity - p_quantity where tenant = core.tenant() and sku = p_sku and shelf = p_from;
  if not found or p_quantity <= 0 then
    raise exception 'nothing to move' using errcode = 'P0002';
  end if;
  insert into core.stock as s (tenant, sku, shelf, quantity) values (core.tenant(), p_sku, p_to, p_quantity)
  on conflict (tenant, sku, shelf) do update set quantity = s.quantity + excluded.quantity;
end $$;

create function api.remove_products(skus text[]) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  n integer;
begin
  if not core.scope('stock:write') then
    raise exception 'missing scope' using errcode = '42501';
  end if;
  update core.products set deleted_at = now() where tenant = core.tenant() and sku = any (skus);
  get diagnostics n = row_count;
  return n;
end $$;

-- dynamic, but only names from a list and values as parameters
create function api.count_rows(relation text, filter text default null) returns bigint
language plpgsql stable security definer set search_path = '' as $$
declare
  n bigint;
begin
  if relation not in ('products', 'stock', 'orders') then
    raise exception 'unknown relation' using errcode = '42P01';
  end if;
  execute format('select count(*) from core.%I x where x.tenant = $1 and ($2 is null or x::text ilike $2)', relation) into n using core.tenant(), '%' || filter || '%';
  return n;
end $$;

create function api.import_products(rows jsonb) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  n integer;
begin
  if not core.scope('stock:write') then
    raise exception 'missing scope' using errcode = '42501';
  end if;
  -- whatever tenant the file names, it is the caller's
  insert into core.products (tenant, sku, name)
    select core.tenant(), r ->> 'sku', coalesce(r ->> 'name', '?') from jsonb_array_elements(rows) r
  on conflict (tenant, sku) do update set name = excluded.name;
  get diagnostics n = row_count;
  return n;
end $$;

create function api.pick_of_the_day() returns text language sql volatile set search_path = '' as
$$ select name || ' #' || floor(random() * 1000)::int || ' at ' || clock_timestamp() from core.products order by random() limit 1 $$;

revoke execute on all functions in schema api, core from public;
grant execute on all functions in schema api, core to authenticated;
