-- crm, 2023. notes/files/tags hang on any record. everything granted to everybody by the old defaults, rls does the rest.
create table companies (id uuid primary key default gen_random_uuid(), name text not null, plan text default 'free', created_at timestamptz default now());

create table users (
  id uuid primary key references auth.users on delete cascade,
  company_id uuid references companies,
  name text,
  role text not null default 'rep' check (role in ('rep','manager','admin')),
  is_staff boolean not null default false
);
create table contacts (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies,
  owner_id uuid references users,
  full_name text not null,
  email text,
  phone text
);
create table deals (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies,
  contact_id uuid references contacts,
  title text not null,
  amount numeric not null default 0,
  stage text not null default 'lead' check (stage in ('lead','won','lost'))
);
create table tickets (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies,
  contact_id uuid references contacts,
  subject text not null
);
create table notes (
  id uuid primary key default gen_random_uuid(),
  owner_type text not null check (owner_type in ('contact','deal','ticket')),
  owner_id uuid not null,
  author_id uuid not null default auth.uid(),
  body text not null
);
create table files (
  id uuid primary key default gen_random_uuid(),
  owner_type text not null,
  owner_id uuid not null,
  path text not null,
  size_bytes bigint default 0
);
create table tags (id uuid primary key default gen_random_uuid(), company_id uuid not null references companies, name text not null);
create table taggings (
  tag_id uuid not null references tags on delete cascade,
  owner_type text not null,
  owner_id uuid not null,
  primary key (tag_id, owner_type, owner_id)
);
create table email_tokens (
  user_id uuid primary key references users on delete cascade,
  provider text not null default 'google',
  refresh_token text not null
);

create or replace function my_company() returns uuid language sql stable security definer set search_path = public as $$
  select company_id from users where id = auth.uid()
$$;
create or replace function my_role() returns text language sql stable security definer set search_path = public as $$
  select role from users where id = auth.uid()
$$;
create or replace function owner_company(t text, i uuid) returns uuid language plpgsql stable security definer set search_path = public as $$
declare c uuid;
begin
  if t not in ('contact','deal','ticket') then return my_company(); end if;
  execute format('select company_id from %I where id = $1', t || 's') into c using i;
  return c;
end $$;

create or replace function on_signup() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into users (id, name) values (new.id, new.raw_user_meta_data ->> 'name');
  return new;
end $$;
create trigger on_signup after insert on auth.users for each row execute procedure on_signup();

alter table companies enable row level security;
alter table users enable row level security;
alter table contacts enable row level security;
alter table deals enable row level security;
alter table tickets enable row level security;
alter table notes enable row level security;
alter table files enable row level security;
alter table tags enable row level security;
alter table taggings enable row level security;
alter table email_tokens enable row level security;

create policy "own company" on companies for select using (id = my_company());
create policy "admins rename" on companies for update using (id = my_company() and my_role() = 'admin');
create policy "colleagues" on users for select using (company_id = my_company() or id = auth.uid());
create policy "my name" on users for update using (id = auth.uid()) with check (id = auth.uid() and company_id is not distinct from my_company() and role = my_role());
create policy "company" on contacts for all using (company_id = my_company()) with check (company_id = my_company());
create policy "company" on deals for all using (company_id = my_company())
  with check (company_id = my_company() and (contact_id is null or exists (select 1 from contacts c where c.id = contact_id)));
create policy "company" on tickets for all using (company_id = my_company())
  with check (company_id = my_company() and (contact_id is null or exists (select 1 from contacts c where c.id = contact_id)));
create policy "read" on notes for select using (owner_company(owner_type, owner_id) = my_company());
create policy "write" on notes for insert with check (author_id = auth.uid());
create policy "delete" on notes for delete using (author_id = auth.uid());
create policy "read" on files for select using (owner_company(owner_type, owner_id) = my_company());
create policy "write" on files for insert with check (owner_company(owner_type, owner_id) = my_company());
create policy "delete" on files for delete using (owner_company(owner_type, owner_id) = my_company());
create policy "company" on tags for all using (company_id = my_company()) with check (company_id = my_company());
create policy "read" on taggings for select using (owner_company(owner_type, owner_id) = my_company());
create policy "write" on taggings for insert with check (
  owner_company(owner_type, owner_id) = my_company() and exists (select 1 from tags g where g.id = tag_id));
create policy "remove" on taggings for delete using (owner_company(owner_type, owner_id) = my_company());
create policy "mine" on email_tokens for all using (user_id = auth.uid() or (select is_staff from users where id = auth.uid()))
  with check (user_id = auth.uid());

-- move everything that hangs on one record to another (after merging duplicates)
create or replace function reparent(p_type text, p_from text, p_to text) returns int language plpgsql security definer set search_path = public as $$
declare n int; m int;
begin
  if owner_company(p_type, p_to::uuid) is distinct from my_company() or my_company() is null then
    raise exception 'not found';
  end if;
  update notes set owner_id = p_to::uuid where owner_type = p_type and owner_id = p_from::uuid;
  get diagnostics n = row_count;
  update files set owner_id = p_to::uuid where owner_type = p_type and owner_id = p_from::uuid;
  get diagnostics m = row_count;
  return n + m;
end $$;
-- timeline of several records, newest first: ?records=deal:uuid,contact:uuid
create or replace function timeline(records text) returns table (kind text, body text) language sql stable security definer set search_path = public as $$
  select n.owner_type, n.body
  from unnest(string_to_array(records, ',')) r
  join notes n on n.owner_type = split_part(r, ':', 1) and n.owner_id = split_part(r, ':', 2)::uuid
  where owner_company(n.owner_type, n.owner_id) = my_company()
$$;
create or replace function import_contacts(rows jsonb) returns int language plpgsql security definer set search_path = public as $$
declare r jsonb; n int := 0;
begin
  for r in select jsonb_array_elements(rows) loop
    insert into contacts (id, company_id, full_name, email)
    values (coalesce((r ->> 'id')::uuid, gen_random_uuid()), my_company(), r ->> 'full_name', r ->> 'email')
    on conflict (id) do update set full_name = excluded.full_name, email = excluded.email;
    n := n + 1;
  end loop;
  return n;
end $$;
create or replace function win_deal(deal uuid) returns void language plpgsql as $$
begin
  update deals set stage = 'won' where id = deal;
  if not found then raise exception 'no deal'; end if;
end $$;
create or replace function invite_rep(p_user uuid) returns void language plpgsql security definer set search_path = public as $$
begin
  if my_role() <> 'admin' then raise exception 'admins only'; end if;
  update users set company_id = my_company(), role = 'rep' where id = p_user;
end $$;
create or replace function start_company(p_name text) returns uuid language plpgsql security definer set search_path = public as $$
declare c uuid;
begin
  if auth.uid() is null or my_company() is not null then raise exception 'not now'; end if;
  insert into companies (name) values (p_name) returning id into c;
  update users set company_id = c, role = 'admin' where id = auth.uid();
  return c;
end $$;

insert into storage.buckets (id, name) values ('files', 'files') on conflict do nothing;
create policy "crm files" on storage.objects for select using (
  bucket_id = 'files' and exists (select 1 from files f where f.path = name and owner_company(f.owner_type, f.owner_id) = my_company()));
create policy "crm upload" on storage.objects for insert to authenticated with check (bucket_id = 'files' and owner = auth.uid());
