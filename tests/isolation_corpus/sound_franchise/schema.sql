-- A franchise platform, sound: what others do carelessly is done with care here. Brands in a tree of paths, walls, offices,
-- partners, transfers, PINs, exports, delegations, stones, a patch of few columns, customers of several brands.
create schema if not exists ops;
create extension if not exists pgcrypto with schema extensions;
create type brand_role as enum ('owner', 'manager', 'crew');

create table platform_staff (user_id uuid primary key references auth.users on delete cascade, since date not null default current_date);
create table brands (
  id uuid primary key default gen_random_uuid(),
  parent_id uuid references brands on delete restrict,
  path text not null unique check (path ~ '^[a-z0-9]+(\.[a-z0-9]+)*$'),
  name text not null,
  media_folder text not null unique check (media_folder ~ '^[a-z0-9]{4,}$'),
  join_code text
);
create table brand_people (
  brand_id uuid not null references brands on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role brand_role not null default 'crew',
  pin text not null default lpad((floor(random() * 10000))::text, 4, '0') check (pin ~ '^[0-9]{4}$'),
  left_on date,
  primary key (brand_id, user_id)
);
create table cases (
  id uuid primary key default gen_random_uuid(),
  brand_id uuid not null references brands on delete cascade,
  title text not null,
  state text not null default 'open' check (state in ('open', 'done'))
);
create table case_walls (
  case_id uuid not null references cases on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  primary key (case_id, user_id)
);
create table guests (
  id uuid primary key default gen_random_uuid(),
  brand_id uuid not null references brands on delete cascade,
  email text not null,
  user_id uuid references auth.users on delete set null
);
create table visits (
  id uuid primary key default gen_random_uuid(),
  brand_id uuid not null references brands on delete cascade,
  guest_user uuid not null references auth.users on delete cascade,
  label text not null default 'first'
);
create table guest_notes (
  id uuid primary key default gen_random_uuid(),
  brand_id uuid not null references brands on delete cascade,
  guest_user uuid not null references auth.users on delete cascade,
  body text not null
);
create table partners (
  supplier uuid not null references brands on delete cascade,
  buyer uuid not null references brands on delete cascade,
  asked_by uuid not null references brands on delete cascade,
  state text not null default 'asked' check (state in ('asked', 'agreed')),
  primary key (supplier, buyer),
  check (supplier <> buyer and asked_by in (supplier, buyer))
);
create table offers (
  id uuid primary key default gen_random_uuid(),
  supplier uuid not null references brands on delete cascade,
  buyer uuid not null references brands on delete cascade,
  price numeric(10, 2) not null
);
create table transfers (
  id uuid primary key default gen_random_uuid(),
  case_id uuid not null references cases on delete cascade,
  to_brand uuid not null references brands on delete cascade
);
create table exports (
  id uuid primary key default gen_random_uuid(),
  brand_id uuid not null references brands on delete cascade,
  case_ids uuid[] not null default '{}',
  result text
);
create table stones (id bigint generated always as identity primary key, brand_id uuid not null references brands on delete cascade, what jsonb not null);

create function is_platform_staff() returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from platform_staff where user_id = auth.uid())
$$;
create function role_at(b uuid) returns brand_role language sql stable security definer set search_path = public as $$
  select role from brand_people where brand_id = b and user_id = auth.uid() and left_on is null
$$;
create function manages(b uuid) returns boolean language sql stable security definer set search_path = public as $$
  select coalesce(role_at(b) in ('owner', 'manager'), false)
$$;
create function is_walled(c uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from case_walls w where w.case_id = c and w.user_id = auth.uid())
$$;
create function below_mine(b uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from brand_people p join brands mine on mine.id = p.brand_id join brands o on o.id = b
    where p.user_id = auth.uid() and p.left_on is null and p.role = 'owner' and (o.path = mine.path or starts_with(o.path, mine.path || '.')))
$$;
create function brand_of_case(c uuid) returns uuid language sql stable security definer set search_path = public as $$
  select brand_id from cases where id = c and role_at(brand_id) is not null and not is_walled(c)
$$;

do $$ declare t text; begin
  for t in select tablename from pg_tables where schemaname = 'public' loop execute format('alter table %I enable row level security', t); end loop;
end $$;
create policy r on platform_staff for select to authenticated using (is_platform_staff());
create policy r on brands for select to authenticated using (role_at(id) is not null or below_mine(id) or is_platform_staff());
create policy r on brand_people for select to authenticated using (user_id = auth.uid() or role_at(brand_id) is not null);
create policy i on brand_people for insert to authenticated with check (role_at(brand_id) = 'owner');
create policy u on brand_people for update to authenticated using (role_at(brand_id) = 'owner' and user_id <> auth.uid()) with check (role_at(brand_id) = 'owner');
create policy r on cases for select to authenticated using (role_at(brand_id) is not null or is_platform_staff());
create policy w on cases for all to authenticated using (manages(brand_id)) with check (manages(brand_id));
create policy wall on cases as restrictive for all to authenticated using (not is_walled(id));
create policy r on case_walls for select to authenticated using (brand_of_case(case_id) is not null);
create policy i on case_walls for insert to authenticated with check (role_at(brand_of_case(case_id)) = 'owner' and user_id <> auth.uid());
create policy r on guests for select to authenticated using (user_id = auth.uid() or role_at(brand_id) is not null);
create policy r on visits for select to authenticated using (guest_user = auth.uid() or role_at(brand_id) is not null);
create policy i on visits for insert to authenticated with check (role_at(brand_id) is not null);
create policy a on guest_notes for all to authenticated using (role_at(brand_id) is not null) with check (role_at(brand_id) is not null
  and exists (select 1 from visits v where v.guest_user = guest_notes.guest_user and v.brand_id = guest_notes.brand_id));
create policy r on partners for select to authenticated using (manages(supplier) or manages(buyer));
create policy r on offers for select to authenticated using (role_at(supplier) is not null
  or (role_at(buyer) is not null and exists (select 1 from partners p where p.supplier = offers.supplier and p.buyer = offers.buyer and p.state = 'agreed')));
create policy r on transfers for select to authenticated using (manages(to_brand) or brand_of_case(case_id) is not null);
create policy i on transfers for insert to authenticated with check (manages(brand_of_case(case_id)));
create policy r on exports for select to authenticated using (role_at(brand_id) is not null);
create policy i on exports for insert to authenticated with check (role_at(brand_id) is not null);
create policy r on stones for select to authenticated using (role_at(brand_id) is not null);

grant select on brands, cases, case_walls, guests, visits, guest_notes, partners, offers, transfers, exports, stones, platform_staff to authenticated;
revoke select on brands from authenticated;
grant select (id, parent_id, path, name, media_folder) on brands to authenticated;
grant select (brand_id, user_id, role, left_on), insert (brand_id, user_id, role), update (role, left_on) on brand_people to authenticated;
grant insert (brand_id, title), update (title, state), delete on cases to authenticated;
grant insert on case_walls, visits, guest_notes to authenticated;
grant update (body), delete on guest_notes to authenticated;
grant insert (case_id, to_brand) on transfers to authenticated;
grant insert (brand_id, case_ids) on exports to authenticated;

create function lay_stone() returns trigger language plpgsql security definer set search_path = public as $$
begin insert into stones (brand_id, what) values (old.brand_id, to_jsonb(old)); return old; end $$;
create trigger lay_stone after delete on cases for each row execute function lay_stone();
create function fill_export() returns trigger language plpgsql security definer set search_path = public as $$
begin
  select string_agg(c.title, E'\n') into new.result from cases c where c.id = any (new.case_ids) and c.brand_id = new.brand_id and not is_walled(c.id);
  return new;
end $$;
create trigger fill_export before insert on exports for each row execute function fill_export();
create function close_visits() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if new.label = 'last' then update visits v set label = 'closed' where v.brand_id = new.brand_id and v.guest_user = new.guest_user and v.id <> new.id; end if;
  return new;
end $$;
create trigger close_visits after insert on visits for each row execute function close_visits();

create function clock_in(p_brand uuid, p_pin text) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from brand_people p where p.brand_id = p_brand and p.pin = p_pin and p.left_on is null) and role_at(p_brand) is not null
$$;
create function join_brand(p_code text) returns boolean language plpgsql security definer set search_path = public as $$
begin
  if auth.uid() is null or length(p_code) < 8 then return false; end if;
  insert into brand_people (brand_id, user_id) select id, auth.uid() from brands where join_code = p_code on conflict do nothing;
  return found;
end $$;
create function claim_guest() returns setof uuid language sql security definer set search_path = public as $$
  update guests set user_id = auth.uid() where user_id is null and lower(email) = lower(auth.email()) returning id
$$;
create function ask_partner(p_mine uuid, p_other uuid, p_supplies boolean) returns boolean language plpgsql security definer set search_path = public as $$
begin
  if not manages(p_mine) or p_mine = p_other then return false; end if;
  insert into partners (supplier, buyer, asked_by) select case when p_supplies then p_mine else b.id end, case when p_supplies then b.id else p_mine end, p_mine
  from brands b where b.id = p_other on conflict do nothing;
  return true;
end $$;
create function agree_partner(p_supplier uuid, p_buyer uuid) returns boolean language plpgsql security definer set search_path = public as $$
begin
  update partners set state = 'agreed' where supplier = p_supplier and buyer = p_buyer and manages(case asked_by when supplier then buyer else supplier end);
  return found;
end $$;
-- The owner of the case offers it (the policy above), whom it is offered to takes it.
create function take_transfer(p_transfer uuid) returns boolean language plpgsql security definer set search_path = public as $$
declare t transfers;
begin
  delete from transfers where id = p_transfer and manages(to_brand) returning * into t;
  if t.id is null then return false; end if;
  update cases set brand_id = t.to_brand where id = t.case_id;
  return true;
end $$;
create function patch_case(p_case uuid, p_patch jsonb) returns boolean language plpgsql security definer set search_path = public as $$
declare k text;
begin
  if not manages(brand_of_case(p_case)) then return false; end if;
  for k in select jsonb_object_keys(p_patch) loop
    if k not in ('title', 'state') then continue; end if;
    execute format('update cases set %I = $1 ->> %L where id = $2', k, k) using p_patch, p_case;
  end loop;
  return true;
end $$;
create function move_cases(p_cases uuid[], p_state text) returns integer language plpgsql security definer set search_path = public as $$
declare n integer;
begin
  if p_state not in ('open', 'done') then return 0; end if;
  update cases c set state = p_state where c.id = any (p_cases) and manages(c.brand_id) and not is_walled(c.id);
  get diagnostics n = row_count;
  return n;
end $$;
create function search_cases(p_q text, p_columns text[] default array['title']) returns setof jsonb language plpgsql stable security definer set search_path = public as $$
declare c text; picked text[] := '{}';
begin
  foreach c in array p_columns loop
    if c in ('title', 'state') then picked := picked || quote_ident(c); end if;
  end loop;
  if picked = '{}' then return; end if;
  return query execute format('select to_jsonb(x) from (select %s from cases where role_at(brand_id) is not null and not is_walled(id) and title ilike $1) x', array_to_string(picked, ', '))
  using '%' || replace(replace(p_q, '%', '\%'), '_', '\_') || '%';
end $$;
create function found_brand(p_name text, p_path text) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  if p_path !~ '^[a-z0-9]+$' then raise exception 'a plain word' using errcode = '22023'; end if;
  insert into brands (name, path, media_folder) values (p_name, p_path, replace(gen_random_uuid()::text, '-', '')) returning id into v;
  insert into brand_people (brand_id, user_id, role) values (v, auth.uid(), 'owner');
  return v;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;

insert into storage.buckets (id, name) values ('brand-media', 'brand-media');
create policy media on storage.objects for select to authenticated using (bucket_id = 'brand-media' and exists (
  select 1 from public.brands o where o.media_folder = (storage.foldername(objects.name))[1] and public.role_at(o.id) is not null));
