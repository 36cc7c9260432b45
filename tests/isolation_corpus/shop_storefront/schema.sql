-- multi-store shop. storefronts are public, back office is not.
create type store_role as enum ('owner', 'clerk');

create table stores (
  id uuid primary key default uuidv7(),
  domain text not null unique check (domain ~ '^[a-z0-9.-]+\.[a-z]{2,}$'),
  title text not null,
  theme jsonb not null default '{"color": "#000000"}' check (theme ? 'color'),
  tax_id text
);
create table staff (
  store_id uuid not null references stores on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role store_role not null default 'clerk',
  primary key (store_id, user_id)
);
create table products (
  id uuid primary key default uuidv7(),
  store_id uuid not null references stores on delete cascade,
  sku text not null,
  title text not null,
  price_cents int not null check (price_cents >= 0),
  published boolean not null default false,
  unique (store_id, sku)
);
create table inventory (
  product_id uuid primary key references products on delete cascade,
  on_hand int not null default 0,
  supplier text,
  unit_cost_cents int
);
create table discounts (
  id uuid primary key default uuidv7(),
  store_id uuid not null references stores on delete cascade,
  code text not null,
  percent int not null check (percent between 1 and 100),
  active boolean not null default true,
  unique (store_id, code)
);
create table orders (
  id uuid primary key default uuidv7(),
  store_id uuid not null references stores on delete cascade,
  customer_id uuid references auth.users on delete set null,
  state text not null default 'new' check (state in ('new', 'paid', 'shipped')),
  address jsonb not null default '{}',
  total_cents int not null default 0
);
create table carts (
  id uuid primary key default uuidv7(),
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  note text
);
create table cart_items (
  cart_id uuid not null references carts on delete cascade,
  product_id uuid not null references products on delete cascade,
  quantity int not null default 1 check (quantity > 0),
  primary key (cart_id, product_id)
);
create table store_settings (
  store_id uuid primary key references stores on delete cascade,
  banner text,
  smtp_password text
);
create table webhooks (
  id uuid primary key default uuidv7(),
  store_id uuid not null references stores on delete cascade,
  url text not null check (url like 'https://%'),
  secret text not null default encode(sha256(gen_random_uuid()::text::bytea), 'hex')
);
create table countries (code char(2) primary key, title text not null);

create function works_at(s uuid) returns boolean language sql stable security definer set search_path = ''
begin atomic
  select exists (select 1 from public.staff f where f.store_id = s and f.user_id = auth.uid());
end;
create function owns_store(s uuid) returns boolean language sql stable security definer set search_path = ''
begin atomic
  select exists (select 1 from public.staff f where f.store_id = s and f.user_id = auth.uid() and f.role = 'owner');
end;

create function open_store(p_domain text, p_title text) returns uuid language plpgsql security definer set search_path = '' as $$
declare
  s uuid;
begin
  if auth.uid() is null then raise exception 'sign in'; end if;
  insert into public.stores (domain, title) values (p_domain, p_title) returning id into s;
  insert into public.staff values (s, auth.uid(), 'owner');
  return s;
end $$;

create function set_store_theme(p_store uuid, p_theme jsonb) returns boolean language sql security definer set search_path = '' as $$
  with changed as (
    update public.stores set theme = p_theme where id = p_store and public.owns_store(id) and p_theme ? 'color' returning 1
  ) select exists (select 1 from changed)
$$;

-- what the storefront needs before anybody signs in
create function store_by_domain(p_domain text) returns table (id uuid, title text, theme jsonb) language sql stable security definer set search_path = '' as $$
  select s.id, s.title, s.theme from public.stores s where s.domain = p_domain
$$;

create function product_search(q text) returns table (id uuid, title text, price_cents int) language sql stable security definer set search_path = '' as $$
  select p.id, p.title, p.price_cents from public.products p
  where p.published and p.title ilike '%' || q || '%' or p.sku ilike q
$$;

create function cart_merge(p_from uuid, p_into uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  insert into public.cart_items (cart_id, product_id, quantity)
    select p_into, i.product_id, i.quantity from public.cart_items i where i.cart_id = p_from
  on conflict (cart_id, product_id) do update set quantity = public.cart_items.quantity + excluded.quantity;
  delete from public.carts where id = p_from;
end $$;

alter table stores enable row level security;
alter table staff enable row level security;
alter table products enable row level security;
alter table inventory enable row level security;
alter table discounts enable row level security;
alter table orders enable row level security;
alter table carts enable row level security;
alter table cart_items enable row level security;
alter table store_settings enable row level security;
alter table webhooks enable row level security;
alter table countries enable row level security;

create policy "back office" on stores for select to authenticated using (works_at(id));
create policy "my jobs" on staff for select to authenticated using (user_id = auth.uid());
create policy "owners hire, and the first one is the owner" on staff for insert to authenticated with check (
  owns_store(store_id) or not exists (select 1 from staff s where s.store_id = staff.store_id)
);
create policy "owners fire" on staff for delete to authenticated using (owns_store(store_id));
create policy "storefront" on products for select to anon, authenticated using (published);
create policy "back office" on products for all to authenticated using (works_at(store_id)) with check (works_at(store_id));
create policy "stock of visible products" on inventory for select to anon, authenticated
  using (exists (select 1 from products p where p.id = inventory.product_id));
create policy "back office" on inventory for all to authenticated
  using (exists (select 1 from products p where p.id = inventory.product_id and works_at(p.store_id)));
create policy "redeem" on discounts for select to authenticated using (active or works_at(store_id));
create policy "back office" on discounts for all to authenticated using (works_at(store_id)) with check (works_at(store_id));
create policy "my orders" on orders for select to authenticated using (customer_id = auth.uid() or works_at(store_id));
create policy "change my address" on orders for update to authenticated
  using (customer_id = auth.uid() and state = 'new' or works_at(store_id)) with check (customer_id = auth.uid() or works_at(store_id));
create policy "my cart" on carts for all to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy "my cart items" on cart_items for all to authenticated
  using (cart_id in (select c.id from carts c where c.user_id = auth.uid()))
  with check (cart_id in (select c.id from carts c where c.user_id = auth.uid()) and product_id in (select p.id from products p));
create policy "owners" on store_settings for all to authenticated using (owns_store(store_id)) with check (owns_store(store_id));
create policy "back office" on webhooks for all to authenticated using (works_at(store_id)) with check (works_at(store_id));
create policy "all" on countries for select to anon, authenticated using (true);

-- the banner is shown on the storefront, the rest of the settings is not
create view store_banners as select store_id, banner from store_settings;
-- guarded by its own condition and not for writing
create view my_stores with (security_barrier) as
  select s.id, s.title, f.role from stores s join staff f on f.store_id = s.id where f.user_id = auth.uid();

grant select on stores, my_stores to authenticated;
grant select, insert, delete on staff to authenticated;
grant select on products, inventory, countries to anon;
grant select, insert, update, delete on products, inventory, discounts, carts, cart_items, store_settings to authenticated;
grant select, update on orders to authenticated;
grant select (id, store_id, url), insert (store_id, url), delete on webhooks to authenticated;
grant select on countries to authenticated;
grant select on store_banners to anon;
grant all on store_banners to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
grant execute on function store_by_domain(text), product_search(text) to anon;
grant execute on function works_at(uuid) to anon;

insert into countries values ('DE', 'Germany'), ('FR', 'France');
