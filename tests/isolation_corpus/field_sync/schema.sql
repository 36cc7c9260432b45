-- Surveys in the field: devices that sync offline, keys made by the client as text, tombstones, exports.
create table orgs (
  id text primary key check (id ~ '^org_'),
  name text not null,
  retention_days integer not null default 365
);
create table org_users (
  org_id text not null references orgs on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  can_manage boolean not null default false,
  disabled_at timestamptz,
  primary key (org_id, user_id)
);
create table forms (
  id text primary key,
  org_id text not null references orgs on delete cascade,
  title text not null,
  schema jsonb not null default '{"fields": []}',
  shared_link text unique,
  deleted boolean not null default false
);
create table submissions (
  id text primary key,
  form_id text not null references forms on delete cascade,
  org_id text not null references orgs on delete cascade,
  submitted_by uuid default auth.uid() references auth.users on delete set null,
  data jsonb not null default '{}',
  updated_at timestamptz not null default now()
);
create table devices (
  serial text primary key check (length(serial) >= 6),
  org_id text not null references orgs on delete cascade,
  user_id uuid references auth.users on delete set null,
  model text
);
create table tombstones (
  id bigint generated always as identity primary key,
  org_id text,
  table_name text not null,
  row jsonb not null,
  at timestamptz not null default now()
);
create table exports (
  id uuid primary key default gen_random_uuid(),
  org_id text not null references orgs on delete cascade,
  requested_by uuid not null default auth.uid() references auth.users,
  form_ids text[] not null default '{}',
  result text
);

create function in_org(o text) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from org_users where org_id = o and user_id = auth.uid() and disabled_at is null)
$$;
create function manages_org(o text) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from org_users where org_id = o and user_id = auth.uid() and disabled_at is null and can_manage)
$$;

alter table orgs enable row level security;
alter table org_users enable row level security;
alter table forms enable row level security;
alter table submissions enable row level security;
alter table devices enable row level security;
alter table tombstones enable row level security;
alter table exports enable row level security;
create policy r on orgs for select to authenticated using (in_org(id));
create policy r on org_users for select to authenticated using (in_org(org_id));
create policy m on org_users for update to authenticated using (manages_org(org_id)) with check (manages_org(org_id));
create policy r on forms for select to authenticated using (in_org(org_id));
create policy w on forms for all to authenticated using (manages_org(org_id)) with check (manages_org(org_id));
create policy r on submissions for select to authenticated using (in_org(org_id));
create policy i on submissions for insert to authenticated
  with check (in_org(org_id) and submitted_by = auth.uid() and exists (select 1 from forms f where f.id = submissions.form_id and f.org_id = submissions.org_id));
create policy u on submissions for update to authenticated using (in_org(org_id) and (submitted_by = auth.uid() or manages_org(org_id))) with check (in_org(org_id));
create policy r on devices for select to authenticated using (in_org(org_id));
create policy r on tombstones for select to authenticated using (org_id is null or in_org(org_id));
create policy r on exports for select to authenticated using (in_org(org_id));
create policy i on exports for insert to authenticated with check (in_org(org_id) and requested_by = auth.uid());

grant select on orgs, org_users, forms, submissions, devices, tombstones, exports to authenticated;
grant update (can_manage, disabled_at) on org_users to authenticated;
grant insert, update (title, schema, shared_link, deleted), delete on forms to authenticated;
grant insert (id, form_id, org_id, submitted_by, data), update (data) on submissions to authenticated;
grant insert (org_id, form_ids, requested_by) on exports to authenticated;

-- What is deleted leaves a stone; of a submission the organization is that of its form, which may be gone already.
create function lay_stone() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into tombstones (org_id, table_name, row) values ((select f.org_id from forms f where f.id = to_jsonb(old) ->> 'form_id'), tg_table_name, to_jsonb(old));
  return old;
end $$;
create trigger lay_stone after delete on submissions for each row execute function lay_stone();
create trigger lay_stone after delete on forms for each row execute function lay_stone();

-- The export is filled as soon as it is asked for.
create function fill_export() returns trigger language plpgsql security definer set search_path = public as $$
begin
  select string_agg(s.data::text, E'\n') into new.result from submissions s where s.form_id = any (new.form_ids);
  return new;
end $$;
create trigger fill_export before insert on exports for each row execute function fill_export();

create function push(p_changes jsonb) returns integer language plpgsql security definer set search_path = public as $$
declare c jsonb; n integer := 0;
begin
  for c in select * from jsonb_array_elements(p_changes) loop
    if not in_org(c ->> 'org_id') then raise exception 'not your organization' using errcode = '42501'; end if;
    insert into submissions (id, form_id, org_id, submitted_by, data)
    values (c ->> 'id', c ->> 'form_id', c ->> 'org_id', auth.uid(), coalesce(c -> 'data', '{}'))
    on conflict (id) do update set data = excluded.data, updated_at = now();
    n := n + 1;
  end loop;
  return n;
end $$;
create function pull(p_since timestamptz default '-infinity', p_orgs text[] default null) returns setof submissions language sql stable security definer set search_path = public as $$
  select s.* from submissions s where s.updated_at > p_since and s.org_id = any (coalesce(p_orgs, array(select u.org_id from org_users u where u.user_id = auth.uid() and u.disabled_at is null)))
$$;
create function register_device(p_serial text, p_org text) returns boolean language plpgsql security definer set search_path = public as $$
begin
  if not in_org(p_org) then return false; end if;
  insert into devices (serial, org_id, user_id) values (p_serial, p_org, auth.uid())
  on conflict (serial) do update set user_id = auth.uid() where devices.org_id = p_org;
  return true;
end $$;
create function form_by_link(p_link text) returns table (title text, schema jsonb) language sql stable security definer set search_path = public as $$
  select f.title, f.schema from forms f where f.shared_link = p_link and not f.deleted
$$;
create function add_colleague(p_org text, p_email text) returns boolean language plpgsql security definer set search_path = public as $$
begin
  if not manages_org(p_org) then return false; end if;
  insert into org_users (org_id, user_id) select p_org, u.id from auth.users u where lower(u.email) = lower(p_email) on conflict do nothing;
  return true;
end $$;
create function start_org(p_name text) returns text language plpgsql security definer set search_path = public as $$
declare v text := 'org_' || replace(gen_random_uuid()::text, '-', '');
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into orgs (id, name) values (v, p_name);
  insert into org_users (org_id, user_id, can_manage) values (v, auth.uid(), true);
  return v;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function form_by_link(text) to anon;
