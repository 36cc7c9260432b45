-- An exchange between companies: each may buy and sell. Trading relations, price lists, orders, quotes.
create schema if not exists app;

create type relation_state as enum ('requested', 'active', 'suspended');
create table companies (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  listed boolean not null default true,
  country char(2) not null default 'DE',
  iban text,
  credit_limit numeric(14, 2) not null default 0
);
create table company_users (
  company_id uuid not null references companies on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  can_order boolean not null default true,
  primary key (company_id, user_id)
);
create table company_invites (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies on delete cascade,
  email text not null,
  expires_at timestamptz not null default now() + interval '7 days'
);
create table trading_relations (
  seller_id uuid not null references companies on delete cascade,
  buyer_id uuid not null references companies on delete cascade,
  state relation_state not null default 'requested',
  primary key (seller_id, buyer_id),
  check (seller_id <> buyer_id)
);
create table products (
  id uuid primary key default gen_random_uuid(),
  seller_id uuid not null references companies on delete cascade,
  sku text not null,
  description text,
  unique (seller_id, sku)
);
create table price_lists (
  id uuid primary key default gen_random_uuid(),
  seller_id uuid not null references companies on delete cascade,
  buyer_id uuid not null references companies on delete cascade,
  product_id uuid not null references products on delete cascade,
  unit_price numeric(12, 4) not null check (unit_price >= 0),
  unique (buyer_id, product_id)
);
create table orders (
  id uuid primary key default gen_random_uuid(),
  buyer_id uuid not null references companies,
  seller_id uuid not null references companies,
  status text not null default 'draft' check (status in ('draft', 'placed', 'shipped', 'cancelled')),
  reference text,
  created_at timestamptz not null default now()
);
create table order_lines (
  id uuid primary key default gen_random_uuid(),
  order_id uuid not null references orders on delete cascade,
  product_id uuid not null references products,
  quantity integer not null default 1 check (quantity > 0),
  unit_price numeric(12, 4) not null default 0,
  line_total numeric generated always as (quantity * unit_price) stored
);
create table quotes (
  id uuid primary key default gen_random_uuid(),
  seller_id uuid not null references companies on delete cascade,
  buyer_id uuid not null references companies on delete cascade,
  text text not null,
  accepted_at timestamptz,
  accepted_by uuid
);
create table order_messages (
  id bigint generated always as identity primary key,
  order_id uuid not null references orders on delete cascade,
  author_id uuid not null default auth.uid() references auth.users,
  body text not null
);

create function app.acts_for(p_company uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from company_users where company_id = p_company and user_id = (select auth.uid()))
$$;
create function app.trades(p_seller uuid, p_buyer uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from trading_relations where seller_id = p_seller and buyer_id = p_buyer and state = 'active')
$$;
grant usage on schema app to authenticated;

alter table companies enable row level security;
alter table company_users enable row level security;
alter table company_invites enable row level security;
alter table trading_relations enable row level security;
alter table products enable row level security;
alter table price_lists enable row level security;
alter table orders enable row level security;
alter table order_lines enable row level security;
alter table quotes enable row level security;
alter table order_messages enable row level security;

create policy own on companies for select to authenticated using (app.acts_for(id));
create policy edit on companies for update to authenticated using (app.acts_for(id)) with check (app.acts_for(id));
create policy colleagues on company_users for select to authenticated using (app.acts_for(company_id));
create policy invites on company_invites for all to authenticated using (app.acts_for(company_id)) with check (app.acts_for(company_id));
create policy relations_read on trading_relations for select to authenticated using (app.acts_for(seller_id) or app.acts_for(buyer_id));
create policy relations_request on trading_relations for insert to authenticated with check (app.acts_for(buyer_id) and state = 'requested');
create policy relations_answer on trading_relations for update to authenticated
  using (app.acts_for(seller_id) or app.acts_for(buyer_id)) with check (app.acts_for(seller_id) or app.acts_for(buyer_id));
create policy products_seller on products for all to authenticated using (app.acts_for(seller_id)) with check (app.acts_for(seller_id));
create policy products_buyer on products for select to authenticated
  using (exists (select 1 from trading_relations r where r.seller_id = products.seller_id and r.state = 'active' and app.acts_for(r.buyer_id)));
create policy prices_seller on price_lists for all to authenticated using (app.acts_for(seller_id))
  with check (app.acts_for(seller_id) and exists (select 1 from products p where p.id = price_lists.product_id and p.seller_id = price_lists.seller_id));
create policy prices_buyer on price_lists for select to authenticated
  using (exists (select 1 from trading_relations r where r.seller_id = price_lists.seller_id and r.state = 'active' and app.acts_for(r.buyer_id)));
create policy orders_parties on orders for select to authenticated using (app.acts_for(buyer_id) or (app.acts_for(seller_id) and status <> 'draft'));
create policy orders_place on orders for insert to authenticated with check (app.acts_for(buyer_id) and status = 'draft' and app.trades(seller_id, buyer_id));
create policy orders_buyer on orders for update to authenticated using (app.acts_for(buyer_id) and status = 'draft')
  with check (app.acts_for(buyer_id) and status in ('draft', 'placed', 'cancelled') and app.trades(seller_id, buyer_id));
create policy orders_ship on orders for update to authenticated using (app.acts_for(seller_id) and status = 'placed')
  with check (app.acts_for(seller_id) and status in ('placed', 'shipped'));
create policy lines_read on order_lines for select to authenticated using (exists (select 1 from orders o where o.id = order_lines.order_id));
create policy lines_write on order_lines for insert to authenticated
  with check (exists (select 1 from orders o join products p on p.seller_id = o.seller_id
    where o.id = order_lines.order_id and p.id = order_lines.product_id and app.acts_for(o.buyer_id) and o.status = 'draft'));
create policy quotes_read on quotes for select to authenticated using (app.acts_for(seller_id) or app.acts_for(buyer_id));
create policy quotes_write on quotes for insert to authenticated with check (app.acts_for(seller_id) and app.trades(seller_id, buyer_id));
create policy messages_read on order_messages for select to authenticated using (exists (select 1 from orders o where o.id = order_messages.order_id));
create policy messages_write on order_messages for insert to authenticated
  with check (author_id = (select auth.uid()) and exists (select 1 from orders o where o.id = order_messages.order_id));

grant select on companies, company_users, company_invites, trading_relations, products, price_lists, orders, order_lines, quotes, order_messages to authenticated;
grant update (name, listed, country, iban) on companies to authenticated;
grant insert, delete on company_invites to authenticated;
grant insert, update (state) on trading_relations to authenticated;
grant insert, update, delete on products, price_lists to authenticated;
grant insert (buyer_id, seller_id, reference), update (status, reference) on orders to authenticated;
grant insert (order_id, product_id, quantity) on order_lines to authenticated;
grant insert (seller_id, buyer_id, text) on quotes to authenticated;
grant insert (order_id, body) on order_messages to authenticated;

-- Whom one may ask for a relation: every company that is listed.
create view directory as select * from companies where listed;
grant select on directory to authenticated;
create view order_totals with (security_invoker = true) as
  select o.id, o.status, sum(l.line_total) as total from orders o join order_lines l on l.order_id = o.id group by o.id;
grant select on order_totals to authenticated;

-- The price of a line comes from the list.
create function price_line() returns trigger language plpgsql security definer set search_path = public as $$
begin
  select p.unit_price into new.unit_price from price_lists p join orders o on o.id = new.order_id
  where p.product_id = new.product_id and p.buyer_id = o.buyer_id;
  new.unit_price := coalesce(new.unit_price, 0);
  return new;
end $$;
create trigger price_line before insert on order_lines for each row execute function price_line();
-- New colleagues choose their company when they sign up, if it invited anybody.
create function join_company() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into company_users (company_id, user_id)
  select i.company_id, new.id from company_invites i
  where i.company_id = (new.raw_user_meta_data ->> 'company_id')::uuid and i.expires_at > now() limit 1;
  return new;
end $$;
create trigger join_company after insert on auth.users for each row execute function join_company();

create function accept_quote(p_quote uuid, p_company uuid) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  if not exists (select 1 from quotes where id = p_quote and buyer_id = p_company and accepted_at is null) then
    raise exception 'no such quote' using errcode = 'P0002';
  end if;
  update quotes set accepted_at = now(), accepted_by = auth.uid() where id = p_quote;
  insert into orders (buyer_id, seller_id, status, reference) select buyer_id, seller_id, 'placed', 'quote' from quotes where id = p_quote returning id into v;
  return v;
end $$;
create function reorder(p_order uuid) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  insert into orders (buyer_id, seller_id) select o.buyer_id, o.seller_id from orders o
  where o.id = p_order and app.acts_for(o.buyer_id) and app.trades(o.seller_id, o.buyer_id) returning id into v;
  if v is null then raise exception 'no such order' using errcode = 'P0002'; end if;
  insert into order_lines (order_id, product_id, quantity) select v, l.product_id, l.quantity from order_lines l where l.order_id = p_order;
  return v;
end $$;
create function register_company(p_name text, p_country text default 'DE') returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into companies (name, country) values (p_name, p_country) returning id into v;
  insert into company_users (company_id, user_id) values (v, auth.uid());
  return v;
end $$;
revoke execute on all functions in schema public, app from public, anon;
grant execute on all functions in schema public, app to authenticated;
