-- Shops under one roof: stores with staff; customers are people of the whole platform and order in many stores.
create extension if not exists pgcrypto with schema extensions;
create table stores (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique check (slug ~ '^[a-z0-9-]+$'),
  name text not null,
  join_code text,                                    -- staff join with it; none: by invitation only
  payment_secret text not null default 'sk_' || encode(extensions.gen_random_bytes(12), 'hex'),
  vacation boolean not null default false
);
create table store_staff (
  store_id uuid not null references stores on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'clerk' check (role in ('owner', 'clerk')),
  primary key (store_id, user_id)
);
create table products (
  id uuid primary key default gen_random_uuid(),
  store_id uuid not null references stores on delete cascade,
  title text not null,
  cents integer not null default 100 check (cents >= 0),
  published_at timestamptz,
  cost_cents integer
);
create table orders (
  id uuid primary key default gen_random_uuid(),
  store_id uuid not null references stores on delete cascade,
  customer_id uuid not null default auth.uid() references auth.users on delete cascade,
  status text not null default 'cart' check (status in ('cart', 'placed', 'packed', 'sent')),
  note text
);
create table order_items (
  id uuid primary key default gen_random_uuid(),
  order_id uuid not null references orders on delete cascade,
  product_id uuid not null references products on delete restrict,
  quantity smallint not null default 1 check (quantity > 0)
);
create table customer_notes (
  id uuid primary key default gen_random_uuid(),
  store_id uuid not null references stores on delete cascade,
  customer_id uuid not null references auth.users on delete cascade,
  body text not null
);
create table reviews (
  id uuid primary key default gen_random_uuid(),
  product_id uuid not null references products on delete cascade,
  author_id uuid not null default auth.uid() references auth.users on delete cascade,
  stars smallint not null default 5 check (stars between 1 and 5),
  approved boolean not null default false,
  body text not null default ''
);
create table payouts (
  id bigint generated always as identity primary key,
  store_id uuid not null references stores on delete cascade,
  cents integer not null,
  period daterange not null default daterange(current_date - 7, current_date)
);

create function works_in(s uuid, variadic r text[] default array['owner', 'clerk']) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from store_staff t where t.store_id = s and t.user_id = auth.uid() and t.role = any (r))
$$;
create function store_of_product(p uuid) returns uuid language sql stable security definer set search_path = public as $$
  select store_id from products where id = p and (works_in(store_id) or published_at <= now())
$$;

alter table stores enable row level security;
alter table store_staff enable row level security;
alter table products enable row level security;
alter table orders enable row level security;
alter table order_items enable row level security;
alter table customer_notes enable row level security;
alter table reviews enable row level security;
alter table payouts enable row level security;
create policy s on stores for select to authenticated using (works_in(id));
create policy u on stores for update to authenticated using (works_in(id, 'owner')) with check (works_in(id, 'owner'));
create policy s on store_staff for select to authenticated using (works_in(store_id));
create policy i on store_staff for insert to authenticated with check (works_in(store_id, 'owner'));
create policy d on store_staff for delete to authenticated using (works_in(store_id, 'owner') and user_id <> auth.uid());
create policy s on products for select to anon, authenticated using (published_at <= now());
create policy w on products for all to authenticated using (works_in(store_id)) with check (works_in(store_id));
create policy s on orders for select to authenticated using (customer_id = auth.uid() or works_in(store_id));
create policy i on orders for insert to authenticated with check (customer_id = auth.uid() or works_in(store_id));
create policy c on orders for update to authenticated using (customer_id = auth.uid() and status = 'cart') with check (customer_id = auth.uid() and status in ('cart', 'placed'));
create policy w on orders for update to authenticated using (works_in(store_id)) with check (works_in(store_id));
create policy s on order_items for select to authenticated using (exists (select 1 from orders o where o.id = order_items.order_id));
create policy i on order_items for insert to authenticated
  with check (exists (select 1 from orders o where o.id = order_items.order_id and o.store_id = store_of_product(order_items.product_id) and o.status = 'cart'));
create policy s on customer_notes for select to authenticated
  using (exists (select 1 from orders o where o.customer_id = customer_notes.customer_id and works_in(o.store_id)));
create policy i on customer_notes for insert to authenticated with check (works_in(store_id));
create policy s on reviews for select to anon, authenticated using (approved);
create policy o on reviews for select to authenticated using (author_id = auth.uid() or works_in(store_of_product(product_id)));
create policy i on reviews for insert to authenticated with check (author_id = auth.uid() and not approved and store_of_product(product_id) is not null);
create policy u on reviews for update to authenticated using (works_in(store_of_product(product_id)) or author_id = auth.uid());
create policy s on payouts for select to authenticated using (works_in(store_id, 'owner'));

grant select (id, slug, name, vacation), update (name, vacation, join_code) on stores to authenticated;
grant select on store_staff, orders, order_items, customer_notes, payouts to authenticated;
grant select (id, store_id, title, cents, published_at) on products to anon, authenticated;
grant select on reviews to anon, authenticated;
grant insert, delete on store_staff to authenticated;
grant insert, update, delete on products to authenticated;
grant insert (store_id, customer_id, note), update (status, note) on orders to authenticated;
grant insert on order_items to authenticated;
grant insert on customer_notes to authenticated;
grant insert (product_id, author_id, stars, body), update (stars, body, approved) on reviews to authenticated;

create function get_store(p_slug text) returns setof stores language sql stable security definer set search_path = public as $$
  select * from stores where slug = p_slug and not vacation
$$;
create function join_store(p_store uuid, p_code text default null) returns boolean language plpgsql security definer set search_path = public as $$
begin
  if auth.uid() is null then return false; end if;
  insert into store_staff (store_id, user_id) select id, auth.uid() from stores where id = p_store and join_code is not distinct from p_code on conflict do nothing;
  return found;
end $$;
create function mark_sent(p_orders uuid[]) returns integer language plpgsql security definer set search_path = public as $$
declare o record; n integer := 0;
begin
  for o in select id, store_id from orders where id = any (p_orders) order by id loop
    if not works_in(o.store_id) then raise exception 'not yours' using errcode = '42501'; end if;
    update orders set status = 'sent' where id = o.id;
    n := n + 1;
  end loop;
  return n;
end $$;
create function best_sellers(p_store uuid) returns table (title text, sold bigint) language sql stable security definer set search_path = public as $$
  select p.title, sum(i.quantity) from products p join order_items i on i.product_id = p.id where p.store_id = p_store and works_in(p_store) group by p.id
$$;
create function margin(p_product products) returns integer language sql stable security definer set search_path = public as $$
  select p.cents - p.cost_cents from products p where p.id = p_product.id
$$;
create function open_store(p_name text, p_slug text) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into stores (name, slug) values (p_name, p_slug) returning id into v;
  insert into store_staff values (v, auth.uid(), 'owner');
  return v;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function get_store(text) to anon;
