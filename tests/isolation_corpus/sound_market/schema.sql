-- A marketplace: shops sell, anybody signed in buys. An order belongs to both.
create type order_state as enum ('cart', 'placed', 'paid', 'shipped', 'returned');
create domain cents as bigint check (value >= 0);

create table shops (
  shop_id serial primary key,
  slug text not null unique check (slug ~ '^[a-z0-9-]{3,30}$'),
  title text not null,
  bio text not null default ''
);
create table shop_staff (
  shop_id integer not null references shops on delete cascade,
  person uuid not null references auth.users on delete cascade,
  access_level smallint not null default 10,  -- 10 helper, 50 manager, 90 owner
  primary key (shop_id, person)
);
create table products (
  product_id serial primary key,
  shop_id integer not null references shops on delete cascade,
  name text not null,
  price cents not null,
  purchase_price cents,
  listed boolean not null default false
);
create table orders (
  order_id bigserial primary key,
  shop_id integer not null references shops,
  buyer uuid not null default auth.uid() references auth.users,
  state order_state not null default 'cart',
  ship_to jsonb
);
create table order_lines (
  order_id bigint not null references orders on delete cascade,
  product_id integer not null references products,
  quantity integer not null check (quantity between 1 and 99),
  unit_price cents not null default 0,
  primary key (order_id, product_id)
);
create table shop_ledger (
  entry bigserial primary key,
  shop_id integer not null references shops,
  order_id bigint references orders,
  amount bigint not null,
  balance_after bigint
);
create table reviews (
  product_id integer not null references products on delete cascade,
  reviewer uuid not null default auth.uid() references auth.users,
  stars smallint not null check (stars between 1 and 5),
  words text,
  primary key (product_id, reviewer)
);
create table shop_secrets (
  shop_id integer primary key references shops on delete cascade,
  payment_key text not null
);
create table addresses (
  id uuid primary key default gen_random_uuid(),
  person uuid not null default auth.uid() references auth.users on delete cascade,
  line text not null
);

create function level_in(p_shop integer) returns integer language sql stable security definer set search_path = public as $$
  select coalesce(max(access_level), 0)::int from shop_staff where shop_id = p_shop and person = auth.uid()
$$;
create function party_to(p_order bigint) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from orders o where o.order_id = p_order and (o.buyer = auth.uid() or level_in(o.shop_id) >= 10))
$$;

alter table shops enable row level security;
alter table shop_staff enable row level security;
alter table products enable row level security;
alter table orders enable row level security;
alter table order_lines enable row level security;
alter table shop_ledger enable row level security;
alter table reviews enable row level security;
alter table shop_secrets enable row level security;
alter table addresses enable row level security;

create policy anybody on shops for select to anon, authenticated using (true);
create policy manage on shops for update to authenticated using (level_in(shop_id) >= 50) with check (level_in(shop_id) >= 50);
create policy colleagues on shop_staff for select to authenticated using (level_in(shop_id) >= 10);
create policy owner_hires on shop_staff for insert to authenticated with check (level_in(shop_id) >= 90);
create policy owner_changes on shop_staff for update to authenticated using (level_in(shop_id) >= 90) with check (level_in(shop_id) >= 90);
create policy owner_fires on shop_staff for delete to authenticated using (level_in(shop_id) >= 90);
create policy listed on products for select to anon, authenticated using (listed);
create policy own on products for select to authenticated using (level_in(shop_id) >= 10);
create policy own_write on products for all to authenticated using (level_in(shop_id) >= 50) with check (level_in(shop_id) >= 50);
create policy parties on orders for select to authenticated using (buyer = (select auth.uid()) or level_in(shop_id) >= 10);
create policy parties on order_lines for select to authenticated using (party_to(order_id));
create policy books on shop_ledger for select to authenticated using (level_in(shop_id) >= 50);
create policy anybody on reviews for select to anon, authenticated using (true);
create policy mine on reviews for delete to authenticated using (reviewer = (select auth.uid()));
create policy none on shop_secrets for select to authenticated using (false);
create policy mine on addresses for all to authenticated using (person = (select auth.uid())) with check (person = (select auth.uid()));

grant select on shops, reviews to anon, authenticated;
grant select (product_id, shop_id, name, price, listed) on products to anon, authenticated;
grant insert, delete on products to authenticated;
grant update (name, price, purchase_price, listed) on products to authenticated;
grant update (title, bio) on shops to authenticated;
grant select, insert, delete on shop_staff to authenticated;
grant update (access_level) on shop_staff to authenticated;
grant select on orders, order_lines, shop_ledger to authenticated;
grant delete on reviews to authenticated;
grant select, insert, update, delete on addresses to authenticated;

create function running_balance() returns trigger language plpgsql security definer set search_path = public as $$
begin
  select coalesce(sum(amount), 0) + new.amount into new.balance_after from shop_ledger where shop_id = new.shop_id;
  return new;
end $$;
create trigger running_balance before insert on shop_ledger for each row execute function running_balance();

create function open_shop(p_slug text, p_title text) returns integer language plpgsql security definer set search_path = public as $$
declare v integer;
begin
  if auth.uid() is null or coalesce((auth.jwt() ->> 'is_anonymous')::boolean, false) then
    raise exception 'an account is needed' using errcode = '28000';
  end if;
  insert into shops (slug, title) values (p_slug, p_title) returning shop_id into v;
  insert into shop_staff values (v, auth.uid(), 90);
  return v;
end $$;
create function buy(p_shop integer, p_products integer[], p_quantities integer[] default null) returns bigint
language plpgsql security definer set search_path = public as $$
declare v bigint;
begin
  if not exists (select 1 from products where shop_id = p_shop and listed and product_id = any (p_products)) then
    raise exception 'nothing to buy' using errcode = 'P0002';
  end if;
  insert into orders (shop_id, buyer, state) values (p_shop, auth.uid(), 'placed') returning order_id into v;
  insert into order_lines (order_id, product_id, quantity, unit_price)
  select v, p.product_id, least(99, greatest(1, coalesce(p_quantities[array_position(p_products, p.product_id)], 1))), p.price
  from products p where p.shop_id = p_shop and p.listed and p.product_id = any (p_products);
  return v;
end $$;
create function ship(p_order bigint) returns order_state language plpgsql security definer set search_path = public as $$
declare o orders;
begin
  update orders set state = 'shipped' where order_id = p_order and state = 'paid' and level_in(shop_id) >= 50 returning * into o;
  if o.order_id is null then raise exception 'no such order' using errcode = 'P0002'; end if;
  insert into shop_ledger (shop_id, order_id, amount)
  select o.shop_id, o.order_id, sum(unit_price * quantity) from order_lines where order_id = o.order_id having count(*) > 0;
  return o.state;
end $$;
create function cancel(p_order bigint) returns boolean language sql security definer set search_path = public as $$
  with gone as (delete from orders where order_id = p_order and buyer = auth.uid() and state in ('cart', 'placed') returning 1)
  select exists (select 1 from gone)
$$;
create function review(p_product integer, p_stars integer, p_words text default null) returns void
language plpgsql security definer set search_path = public as $$
begin
  if not exists (select 1 from order_lines l join orders o using (order_id)
                 where l.product_id = p_product and o.buyer = auth.uid() and o.state = 'shipped') then
    raise exception 'buyers review' using errcode = '42501';
  end if;
  insert into reviews values (p_product, auth.uid(), p_stars, p_words)
  on conflict (product_id, reviewer) do update set stars = excluded.stars, words = excluded.words;
end $$;
create function turnover(p_shop integer) returns table (month date, total numeric) language sql stable as $$
  select date_trunc('month', now())::date, sum(amount) from shop_ledger where shop_id = p_shop
$$;
create function set_payment_key(p_shop integer, p_key text) returns void language plpgsql security definer set search_path = public as $$
begin
  if level_in(p_shop) < 90 then raise exception 'owners only' using errcode = '42501'; end if;
  insert into shop_secrets values (p_shop, p_key) on conflict (shop_id) do update set payment_key = excluded.payment_key;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function level_in(integer) to anon;
