-- Caterers: menus, customers, quotes with share links. A profile keeps the organization one is working in.
create table organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_by uuid default auth.uid()
);
create table members (
  org_id uuid not null references organizations on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'staff' check (role in ('owner', 'manager', 'staff')),
  joined_at timestamptz not null default now(),
  removed_at timestamptz,
  primary key (org_id, user_id)
);
create table profiles (
  id uuid primary key references auth.users on delete cascade,
  full_name text,
  phone text,
  active_org uuid references organizations on delete set null
);
create table allergens (code text primary key, label text not null);
insert into allergens values ('GLU', 'Gluten'), ('NUT', 'Tree nuts'), ('LAC', 'Milk');

-- recipes that a caterer gives to all others; what others make of them is theirs
create table library_dishes (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references organizations on delete cascade,
  name text not null,
  method text,
  published boolean not null default false
);
create table menus (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references organizations on delete cascade,
  title text not null,
  is_template boolean not null default false,
  deleted_at timestamptz
);
create table dishes (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references organizations on delete cascade,
  menu_id uuid references menus on delete set null,
  library_id uuid references library_dishes on delete cascade,
  name text not null,
  cost numeric(8, 2) not null default 0,
  allergens text[] not null default '{}'
);
create table customers (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references organizations on delete cascade,
  name text not null,
  email text,
  notes text
);
create table quote_counters (
  org_id uuid primary key references organizations on delete cascade,
  last_number integer not null default 0
);
create table quotes (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references organizations on delete cascade,
  customer_id uuid references customers on delete set null,
  number integer not null default 0,
  title text not null,
  status text not null default 'draft' check (status in ('draft', 'sent', 'accepted', 'declined')),
  share_token uuid,
  valid_until date not null default current_date + 30,
  accepted_by text
);
create unique index on quotes (share_token);
create table quote_lines (
  id bigint generated always as identity primary key,
  quote_id uuid not null references quotes on delete cascade,
  dish_id uuid references dishes on delete set null,
  label text not null default '',
  unit_cost numeric(8, 2),
  quantity integer not null default 1 check (quantity > 0)
);
create table quote_events (
  id bigint generated always as identity primary key,
  quote_id uuid not null references quotes on delete cascade,
  what text not null,
  at timestamptz not null default now()
);

create function handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, full_name) values (new.id, new.raw_user_meta_data ->> 'full_name');
  return new;
end $$;
create trigger on_auth_user_created after insert on auth.users for each row execute function handle_new_user();

create function active_org() returns uuid language sql stable security definer set search_path = '' as $$
  select active_org from public.profiles where id = auth.uid()
$$;
create function my_role(p_org uuid) returns text language sql stable security definer set search_path = '' as $$
  select role from public.members where org_id = p_org and user_id = auth.uid() and removed_at is null
$$;
create function quote_is_mine(p_quote uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.quotes q where q.id = p_quote and q.org_id = public.active_org())
$$;

alter table organizations enable row level security;
alter table members enable row level security;
alter table profiles enable row level security;
alter table allergens enable row level security;
alter table library_dishes enable row level security;
alter table menus enable row level security;
alter table dishes enable row level security;
alter table customers enable row level security;
alter table quote_counters enable row level security;
alter table quotes enable row level security;
alter table quote_lines enable row level security;
alter table quote_events enable row level security;

create policy "own organizations" on organizations for select to authenticated using (my_role(id) is not null);
create policy "rename" on organizations for update to authenticated using (my_role(id) = 'owner') with check (my_role(id) = 'owner');
create policy "colleagues" on members for select to authenticated using (my_role(org_id) is not null);
create policy "owners remove" on members for update to authenticated
  using (my_role(org_id) = 'owner' and user_id <> auth.uid()) with check (my_role(org_id) = 'owner' and user_id <> auth.uid());
create policy "own profile" on profiles for select to authenticated using (id = auth.uid());
create policy "edit own profile" on profiles for update to authenticated using (id = auth.uid()) with check (id = auth.uid());
create policy "allergens" on allergens for select using (true);
create policy "library" on library_dishes for select to authenticated using (published or org_id = active_org());
create policy "own library" on library_dishes for all to authenticated using (org_id = active_org()) with check (org_id = active_org());
create policy "menus" on menus for all to authenticated using (org_id = active_org()) with check (org_id = active_org());
create policy "template menus" on menus for select to authenticated using (is_template and deleted_at is null);
create policy "dishes" on dishes for all to authenticated using (org_id = active_org())
  with check (org_id = active_org() and (menu_id is null or exists (select 1 from menus m where m.id = menu_id and m.org_id = active_org()))
    and (library_id is null or exists (select 1 from library_dishes l where l.id = library_id)));
create policy "customers" on customers for all to authenticated using (org_id = active_org()) with check (org_id = active_org());
create policy "quotes" on quotes for all to authenticated using (org_id = active_org())
  with check (org_id = active_org() and (customer_id is null or exists (select 1 from customers c where c.id = customer_id)));
create policy "shared by link" on quotes for select to anon using (share_token is not null and valid_until >= current_date);
create policy "lines" on quote_lines for all to authenticated using (quote_is_mine(quote_id)) with check (quote_is_mine(quote_id));
create policy "events" on quote_events for select to authenticated using (quote_is_mine(quote_id));

grant select on organizations, members, profiles, allergens, library_dishes, menus, dishes, customers, quotes, quote_lines, quote_events to authenticated;
grant select on allergens, quotes to anon;
grant update (name) on organizations to authenticated;
grant update (role, removed_at) on members to authenticated;
grant update (full_name, phone) on profiles to authenticated;
grant insert, update, delete on library_dishes, menus, dishes, customers to authenticated;
grant insert (org_id, customer_id, title, valid_until), update (customer_id, title, status, valid_until), delete on quotes to authenticated;
grant insert (quote_id, dish_id, label, quantity), update (quantity), delete on quote_lines to authenticated;

-- name and cost are frozen in the line, so that later price changes do not alter a quote
create function freeze_line() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  select coalesce(nullif(new.label, ''), d.name), d.cost into new.label, new.unit_cost from public.dishes d where d.id = new.dish_id;
  new.label := coalesce(new.label, '');
  return new;
end $$;
create trigger freeze_line before insert on quote_lines for each row execute function freeze_line();
create function quote_event() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' or new.status <> old.status then
    insert into public.quote_events (quote_id, what) values (new.id, new.status);
  end if;
  return null;
end $$;
create trigger quote_event after insert or update on quotes for each row execute function quote_event();

create function create_organization(p_name text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.organizations (name) values (p_name) returning id into v;
  insert into public.members (org_id, user_id, role) values (v, auth.uid(), 'owner');
  update public.profiles set active_org = v where id = auth.uid();
  return v;
end $$;

create function switch_organization(p_org uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select 1 from public.members where org_id = p_org and user_id = auth.uid()) then
    raise exception 'organization not found' using errcode = 'P0002';
  end if;
  update public.profiles set active_org = p_org where id = auth.uid();
end $$;
-- whoever is removed falls out of the organization at once
create function leave_active_org() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if new.removed_at is not null then
    update public.profiles set active_org = null where id = new.user_id and active_org = new.org_id;
  end if;
  return null;
end $$;
create trigger leave_active_org after insert or update on members for each row execute function leave_active_org();

create function next_quote_number(p_org uuid) returns integer language sql security definer set search_path = '' as $$
  insert into public.quote_counters as c (org_id, last_number) values (p_org, 1)
  on conflict (org_id) do update set last_number = c.last_number + 1 returning last_number
$$;

create function share_quote(p_quote uuid) returns uuid language sql security definer set search_path = '' as $$
  update public.quotes set share_token = coalesce(share_token, gen_random_uuid()), status = 'sent'
  where id = p_quote and org_id = public.active_org() returning share_token
$$;
create function quote_by_token(p_token uuid) returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('title', q.title, 'valid_until', q.valid_until, 'lines',
    (select jsonb_agg(jsonb_build_object('label', l.label, 'quantity', l.quantity)) from public.quote_lines l where l.quote_id = q.id))
  from public.quotes q where q.share_token = p_token and q.valid_until >= current_date
$$;

create function copy_menu(p_menu uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid; v_org uuid := public.active_org();
begin
  if v_org is null then raise exception 'menu not found' using errcode = 'P0002'; end if;
  insert into public.menus (org_id, title) select v_org, m.title from public.menus m
  where m.id = p_menu and m.deleted_at is null and (m.is_template or m.org_id = v_org) returning id into v;
  if v is null then raise exception 'menu not found' using errcode = 'P0002'; end if;
  return v;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function quote_by_token(uuid) to anon;
