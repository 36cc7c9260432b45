-- Cinema chains, a schema per module. Everything is known by the chain and a number that the chain counts itself. The token may
-- narrow a person to one of their chains, it never widens.
create schema core;
create schema box_office;
create schema kitchen;
create schema staffing;
create schema strongroom;          -- closed to clients, its tables have no policies because nobody gets there

create table core.chains (
  chain_id smallint primary key generated always as identity,
  name text not null,
  suspended boolean not null default false,
  settings jsonb not null default '{}'
);
create table core.people (
  chain_id smallint not null references core.chains on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  roles text[] not null default '{till}' check (roles <@ '{till,kitchen,payroll,admin}'),
  active boolean not null default true,
  invited_by uuid,
  primary key (chain_id, user_id)
);
create table core.sites (
  chain_id smallint not null references core.chains on delete cascade,
  site_no smallint not null,
  town text not null,
  opened date,
  primary key (chain_id, site_no)
);
create table strongroom.counters (
  chain_id smallint not null references core.chains on delete cascade,
  kind text not null,
  last_no integer not null,
  primary key (chain_id, kind)
);
create table strongroom.card_tokens (chain_id smallint not null, user_id uuid not null, token text not null, primary key (chain_id, user_id));
create table box_office.showings (
  chain_id smallint not null,
  showing_no integer not null,
  site_no smallint not null,
  film text not null,
  starts_at timestamptz not null,
  published boolean not null default false,
  primary key (chain_id, showing_no, starts_at),
  foreign key (chain_id, site_no) references core.sites on delete cascade
) partition by range (starts_at);
create table box_office.showings_past partition of box_office.showings for values from (minvalue) to ('2027-01-01');
create table box_office.showings_2027 partition of box_office.showings for values from ('2027-01-01') to (maxvalue);
create table box_office.sales (
  chain_id smallint not null references core.chains on delete cascade,
  sale_no integer not null,
  showing_no integer not null,
  seats text[] not null check (cardinality(seats) between 1 and 20),
  seat_count integer generated always as (cardinality(seats)) stored,
  cents integer not null check (cents >= 0),
  sold_by uuid default auth.uid(),
  refunded_at timestamptz,
  primary key (chain_id, sale_no)
);
create table kitchen.allergens (code text primary key, label text not null);
insert into kitchen.allergens values ('nut', 'nuts'), ('glu', 'gluten');
create table kitchen.recipes (
  chain_id smallint not null references core.chains on delete cascade,
  recipe_no integer not null,
  dish text not null,
  steps jsonb not null default '[]',
  allergens text[] not null default '{}',
  primary key (chain_id, recipe_no)
);
create table kitchen.levels (
  chain_id smallint not null,
  site_no smallint not null,
  item text not null,
  pieces integer not null default 0,
  primary key (chain_id, site_no, item),
  foreign key (chain_id, site_no) references core.sites on delete cascade
);
create table kitchen.moves (
  id bigint generated always as identity primary key,
  chain_id smallint not null,
  site_no smallint not null,
  item text not null,
  pieces integer not null check (pieces <> 0),
  note text,
  foreign key (chain_id, site_no) references core.sites on delete cascade
);
create table staffing.payslips (
  chain_id smallint not null,
  user_id uuid not null,
  month date not null check (extract(day from month) = 1),
  cents integer not null,
  note text,
  primary key (chain_id, user_id, month),
  foreign key (chain_id, user_id) references core.people on delete cascade
);
create table staffing.absences (
  chain_id smallint not null,
  user_id uuid not null default auth.uid(),
  days daterange not null check (not isempty(days)),
  reason text,
  approved_by uuid,
  primary key (chain_id, user_id, days),
  foreign key (chain_id, user_id) references core.people on delete cascade
);

create function core.my_chains(p_role text default null) returns setof smallint language sql stable security definer set search_path = '' as $$
  select p.chain_id from core.people p
  where p.user_id = auth.uid() and p.active and (p_role is null or p.roles && array[p_role, 'admin'])
    and p.chain_id = coalesce((nullif(auth.jwt() -> 'app_metadata' ->> 'chain', ''))::smallint, p.chain_id)
$$;
create function core.open_chains() returns setof smallint language sql stable security definer set search_path = '' as $$
  select c.chain_id from core.chains c where not c.suspended and c.chain_id in (select core.my_chains())
$$;
create function strongroom.next_no(p_chain smallint, p_kind text) returns integer language sql set search_path = '' as $$
  insert into strongroom.counters as c values (p_chain, p_kind, 1)
  on conflict (chain_id, kind) do update set last_no = c.last_no + 1 returning last_no
$$;
create function kitchen.apply_move() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into kitchen.levels as l values (new.chain_id, new.site_no, new.item, new.pieces)
  on conflict (chain_id, site_no, item) do update set pieces = l.pieces + excluded.pieces;
  return null;
end $$;
create trigger apply_move after insert on kitchen.moves for each row execute function kitchen.apply_move();
create function core.keep_an_admin() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if 'admin' = any (old.roles) and not ('admin' = any (new.roles) and new.active) and not exists (
    select 1 from core.people p where p.chain_id = old.chain_id and p.user_id <> old.user_id and p.active and 'admin' = any (p.roles)) then
    raise exception 'a chain needs an admin' using errcode = '23514';
  end if;
  return new;
end $$;
create trigger keep_an_admin before update on core.people for each row execute function core.keep_an_admin();

do $$
declare t regclass;
begin
  foreach t in array array['core.chains', 'core.people', 'core.sites', 'box_office.showings', 'box_office.showings_past', 'box_office.showings_2027',
      'box_office.sales', 'kitchen.allergens', 'kitchen.recipes', 'kitchen.levels', 'kitchen.moves', 'staffing.payslips', 'staffing.absences']::regclass[] loop
    execute format('alter table %s enable row level security', t);
    if t not in ('core.chains'::regclass, 'kitchen.allergens') then
      execute format('create policy not_while_suspended on %s as restrictive for all to authenticated
        using (chain_id in (select core.my_chains())) with check (chain_id in (select core.open_chains()))', t);
    end if;
  end loop;
end $$;
create policy mine on core.chains for select to authenticated using (chain_id in (select core.my_chains()));
create policy admin on core.chains for update to authenticated
  using (chain_id in (select core.my_chains('admin'))) with check (chain_id in (select core.my_chains('admin')));
create policy colleagues on core.people for select to authenticated using (true);         -- what is left by the restrictive one
create policy admin on core.people for update to authenticated using (chain_id in (select core.my_chains('admin')));
create policy mine on core.sites for select to authenticated using (true);
create policy admin on core.sites for all to authenticated using (chain_id in (select core.my_chains('admin')));
create policy mine on box_office.showings for select to authenticated using (chain_id in (select core.my_chains()));
create policy till on box_office.showings for all to authenticated using (chain_id in (select core.my_chains('till')));
create policy till on box_office.sales for select to authenticated using (chain_id in (select core.my_chains('till')));
create policy everybody on kitchen.allergens for select to authenticated using (true);
create policy mine on kitchen.recipes for all to authenticated using (chain_id in (select core.my_chains('kitchen')));
create policy mine on kitchen.levels for select to authenticated using (chain_id in (select core.my_chains()));
create policy mine on kitchen.moves for select to authenticated using (chain_id in (select core.my_chains('kitchen')));
create policy move on kitchen.moves for insert to authenticated with check (chain_id in (select core.my_chains('kitchen')));
create policy own_or_payroll on staffing.payslips for select to authenticated
  using (user_id = auth.uid() or chain_id in (select core.my_chains('payroll')));
create policy payroll on staffing.payslips for insert to authenticated with check (chain_id in (select core.my_chains('payroll')));
create policy seen on staffing.absences for select to authenticated using (user_id = auth.uid() or chain_id in (select core.my_chains('payroll')));
create policy ask on staffing.absences for insert to authenticated with check (user_id = auth.uid() and approved_by is null);
create policy approve on staffing.absences for update to authenticated
  using (chain_id in (select core.my_chains('payroll')) and user_id <> auth.uid())
  with check (chain_id in (select core.my_chains('payroll')) and approved_by = auth.uid());

create materialized view strongroom.takings as
  select chain_id, count(*) as sales, sum(cents) as cents from box_office.sales where refunded_at is null group by chain_id;
create view box_office.takings with (security_barrier) as
  select t.chain_id, t.sales, t.cents from strongroom.takings t where t.chain_id in (select core.my_chains('payroll'));
create view box_office.full_houses with (security_invoker) as
  select s.chain_id, s.showing_no, sum(x.seat_count) as seats from box_office.showings s
  join box_office.sales x on x.chain_id = s.chain_id and x.showing_no = s.showing_no group by 1, 2 having sum(x.seat_count) > 80;

-- rpc
create function box_office.sell(p_chain smallint, p_showing integer, p_seats text[], p_cents integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare v integer;
begin
  if p_chain is null or not (p_chain in (select core.my_chains('till')) and p_chain in (select core.open_chains())) then
    raise exception 'no such chain' using errcode = 'P0002';
  end if;
  if not exists (select 1 from box_office.showings s where s.chain_id = p_chain and s.showing_no = p_showing) then
    raise exception 'no such showing' using errcode = 'P0002';
  end if;
  insert into box_office.sales (chain_id, sale_no, showing_no, seats, cents)
  values (p_chain, strongroom.next_no(p_chain, 'sale'), p_showing, p_seats, p_cents) returning sale_no into v;
  return v;
end $$;
create function box_office.refund(p_sales int4range, p_chain smallint default null) returns bigint language sql security definer set search_path = '' as $$
  with r as (update box_office.sales s set refunded_at = now()
    where s.sale_no <@ p_sales and (p_chain is null or s.chain_id = p_chain) and s.refunded_at is null
      and s.chain_id in (select core.my_chains('admin')) and s.chain_id in (select core.open_chains()) returning 1)
  select count(*) from r
$$;
create function core.export_rows(p_table regclass, p_limit integer default 100) returns setof jsonb language plpgsql stable set search_path = '' as $$
begin
  if p_table not in ('core.sites'::regclass, 'box_office.showings', 'box_office.sales', 'kitchen.recipes', 'kitchen.moves') then
    raise exception 'not for export' using errcode = '42501';
  end if;
  return query execute format('select to_jsonb(t) from %s t limit $1', p_table) using least(p_limit, 1000);   -- as the caller
end $$;
create function core.set_roles(p_chain smallint, p_user uuid, p_roles text[]) returns text[] language plpgsql security definer set search_path = '' as $$
declare v text[];
begin
  if p_chain is null or p_chain not in (select core.my_chains('admin')) or p_user = auth.uid() then
    raise exception 'no such person' using errcode = 'P0002';
  end if;
  update core.people set roles = p_roles where chain_id = p_chain and user_id = p_user returning roles into v;
  if v is null then raise exception 'no such person' using errcode = 'P0002'; end if;
  return v;
end $$;
create function staffing.keep_card(p_chain smallint, p_token text) returns void language sql security definer set search_path = '' as $$
  insert into strongroom.card_tokens select c, auth.uid(), p_token from core.my_chains() c where c = p_chain
  on conflict (chain_id, user_id) do update set token = excluded.token
$$;
create function staffing.my_card(p_chain smallint) returns text language sql stable security definer set search_path = '' as $$
  select '…' || right(token, 4) from strongroom.card_tokens where chain_id = p_chain and user_id = auth.uid() and p_chain in (select core.my_chains())
$$;
create function core.found_chain(p_name text) returns smallint language plpgsql security definer set search_path = '' as $$
declare v smallint;
begin
  if auth.uid() is null or coalesce((auth.jwt() ->> 'is_anonymous')::boolean, false) then raise exception 'sign in' using errcode = '28000'; end if;
  insert into core.chains (name) values (p_name) returning chain_id into v;
  insert into core.people (chain_id, user_id, roles) values (v, auth.uid(), '{admin}');
  return v;
end $$;

grant usage on schema core, box_office, kitchen, staffing to authenticated;
grant select on core.chains, core.people, core.sites, box_office.showings, box_office.sales, box_office.takings, box_office.full_houses,
  kitchen.allergens, kitchen.recipes, kitchen.levels, kitchen.moves, staffing.payslips, staffing.absences to authenticated;
grant update (name, settings) on core.chains to authenticated;
grant update (active) on core.people to authenticated;
grant insert, update, delete on core.sites, box_office.showings, kitchen.recipes to authenticated;
grant insert on kitchen.moves, staffing.payslips to authenticated;
grant insert, update (approved_by) on staffing.absences to authenticated;
revoke execute on all functions in schema core, box_office, kitchen, staffing, strongroom from public, anon;
grant execute on all functions in schema core, box_office, kitchen, staffing to authenticated;
