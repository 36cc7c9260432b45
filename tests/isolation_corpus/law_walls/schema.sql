-- Practice management for law firms: matters with ethical walls, documents, time, share links for clients.
create schema if not exists private;

create table firms (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  invoice_prefix text not null default 'INV'
);
create table lawyers (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null references firms on delete cascade,
  user_id uuid not null unique references auth.users on delete cascade,
  title text not null default 'associate' check (title in ('partner', 'associate', 'paralegal')),
  display_name text not null
);
create table clients (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null references firms on delete cascade,
  legal_name text not null,
  vat_number text
);
create table matters (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null references firms on delete cascade,
  client_id uuid not null references clients on delete restrict,
  caption text not null,
  opposing_party text,
  status text not null default 'open' check (status in ('open', 'on hold', 'closed'))
);
create table matter_walls (
  matter_id uuid not null references matters on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  reason text not null default 'conflict',
  primary key (matter_id, user_id)
);
create table documents (
  id uuid primary key default gen_random_uuid(),
  matter_id uuid not null references matters on delete cascade,
  firm_id uuid not null references firms on delete cascade,
  title text not null,
  body text not null default '',
  deleted_at timestamptz
);
create table notes (
  id uuid primary key default gen_random_uuid(),
  matter_id uuid not null references matters on delete cascade,
  author_id uuid not null default auth.uid() references auth.users on delete cascade,
  body text not null
);
create table time_entries (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null references firms on delete cascade,
  matter_id uuid not null references matters on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  minutes integer not null check (minutes between 1 and 1440),
  rate_cents integer not null default 25000,
  fee_cents integer generated always as (minutes * rate_cents / 60) stored,
  narrative text not null default ''
);
create table share_links (
  id uuid primary key default gen_random_uuid(),
  document_id uuid not null references documents on delete cascade,
  token text not null unique default encode(extensions.gen_random_bytes(18), 'hex'),
  expires_at timestamptz not null default now() + interval '14 days'
);
create table private.access_log (id bigserial primary key, firm_id uuid, who uuid, what text, at timestamptz default now());

create function my_firm() returns uuid language sql stable security definer set search_path = '' as $$
  select l.firm_id from public.lawyers l where l.user_id = auth.uid()
$$;
create function is_partner() returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.lawyers l where l.user_id = auth.uid() and l.title = 'partner')
$$;
create function is_walled(p_matter uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.matter_walls w where w.matter_id = p_matter and w.user_id = auth.uid())
$$;

alter table firms enable row level security;
alter table lawyers enable row level security;
alter table clients enable row level security;
alter table matters enable row level security;
alter table matter_walls enable row level security;
alter table documents enable row level security;
alter table notes enable row level security;
alter table time_entries enable row level security;
alter table share_links enable row level security;

create policy "firm" on firms for select to authenticated using (id = my_firm());
create policy "partner renames" on firms for update to authenticated using (id = my_firm() and is_partner());
create policy "colleagues" on lawyers for select to authenticated using (firm_id = my_firm());
create policy "my name" on lawyers for update to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy "clients" on clients for all to authenticated using (firm_id = my_firm()) with check (firm_id = my_firm());
create policy "matters" on matters for all to authenticated
  using (firm_id = my_firm())
  with check (firm_id = my_firm() and exists (select 1 from clients c where c.id = matters.client_id));
create policy "matters wall" on matters as restrictive for all to authenticated using (not is_walled(id));
create policy "walls" on matter_walls for select to authenticated
  using (exists (select 1 from matters m where m.id = matter_walls.matter_id));
create policy "walls partner" on matter_walls for insert to authenticated
  with check (is_partner() and user_id <> auth.uid() and exists (select 1 from matters m where m.id = matter_walls.matter_id));
create policy "documents" on documents for all to authenticated
  using (firm_id = my_firm() and exists (select 1 from matters m where m.id = documents.matter_id))
  with check (firm_id = my_firm() and exists (select 1 from matters m where m.id = documents.matter_id));
create policy "notes of the firm" on notes for select to authenticated
  using (exists (select 1 from matters m where m.id = notes.matter_id));
create policy "notes wall" on notes for select to authenticated using (not is_walled(matter_id));
create policy "notes write" on notes for insert to authenticated
  with check (author_id = auth.uid() and exists (select 1 from matters m where m.id = notes.matter_id));
create policy "time read" on time_entries for select to authenticated using (firm_id = my_firm());
create policy "time write" on time_entries for insert to authenticated
  with check (user_id = auth.uid() and exists (select 1 from matters m where m.id = matter_id and m.firm_id = firm_id));
create policy "time fix" on time_entries for update to authenticated
  using (user_id = auth.uid() and firm_id = my_firm()) with check (user_id = auth.uid() and firm_id = my_firm());
create policy "links" on share_links for all to authenticated
  using (exists (select 1 from documents d where d.id = share_links.document_id))
  with check (exists (select 1 from documents d where d.id = share_links.document_id));

grant select on firms, lawyers, clients, matters, matter_walls, documents, notes, time_entries, share_links to authenticated;
grant update (name, invoice_prefix) on firms to authenticated;
grant update (display_name) on lawyers to authenticated;
grant insert, update, delete on clients to authenticated;
grant insert, update on matters, documents to authenticated;
grant insert on matter_walls, notes, time_entries to authenticated;
grant update (minutes, narrative) on time_entries to authenticated;
grant insert (document_id, expires_at), delete on share_links to authenticated;

-- Runs as its owner, and filters by itself.
create view billing_summary with (security_barrier = true) as
  select t.firm_id, t.matter_id, sum(t.fee_cents)::bigint as fees_cents, count(*) as entries
  from time_entries t where t.firm_id = my_firm() group by 1, 2;
grant select on billing_summary to authenticated;

-- Before a matter is taken on: has the firm ever acted for, or against, somebody of this name?
create function conflict_check(p_name text) returns table (matter uuid, caption text, side text)
language sql stable security definer set search_path = '' as $$
  select distinct m.id, m.caption, case when c.legal_name ilike '%' || p_name || '%' then 'client' else 'opponent' end
  from public.matters m
  join public.clients c on c.id = m.client_id
  join public.lawyers l on l.firm_id = m.firm_id
  where auth.uid() is not null and l.title in ('partner', 'associate')
    and length(p_name) >= 3 and (c.legal_name ilike '%' || p_name || '%' or m.opposing_party ilike '%' || p_name || '%')
$$;
-- A client opens a link. Colleagues of the firm preview it without the token.
create function open_share(p_document uuid, p_token text default null) returns table (title text, body text)
language sql stable security definer set search_path = '' as $$
  select d.title, d.body from public.documents d
  join public.share_links s on s.document_id = d.id
  where d.id = p_document and d.deleted_at is null and s.expires_at > now() and (p_token is null or s.token = p_token)
$$;
create function open_link(p_token text) returns table (title text, body text)
language sql stable security definer set search_path = '' as $$
  select d.title, d.body from public.share_links s join public.documents d on d.id = s.document_id
  where s.token = p_token and s.expires_at > now() and d.deleted_at is null
$$;
-- Moves everything to another matter of the firm, then closes the one that was left.
create function merge_matters(p_from uuid, p_into uuid) returns integer language plpgsql security definer set search_path = '' as $$
declare n integer;
begin
  if not exists (select 1 from public.matters where id = p_into and firm_id = public.my_firm()) or public.is_walled(p_into) then
    raise exception 'no such matter' using errcode = 'P0002';
  end if;
  update public.documents d set matter_id = p_into, firm_id = m.firm_id
  from public.matters m where m.id = p_into and d.matter_id = p_from;
  get diagnostics n = row_count;
  update public.matters set status = 'closed' where id = p_from and firm_id = public.my_firm();
  insert into private.access_log (firm_id, who, what) values (public.my_firm(), auth.uid(), 'merge');
  return n;
end $$;
create function close_matter(p_matter uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  update public.matters m set status = 'closed'
  where m.id = p_matter and m.firm_id = public.my_firm() and public.is_partner() and not public.is_walled(m.id);
  if not found then return false; end if;
  insert into private.access_log (firm_id, who, what) values (public.my_firm(), auth.uid(), 'close');
  return true;
end $$;
create function open_firm(p_name text, p_me text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  if exists (select 1 from public.lawyers where user_id = auth.uid()) then raise exception 'already in a firm'; end if;
  insert into public.firms (name) values (p_name) returning id into v;
  insert into public.lawyers (firm_id, user_id, title, display_name) values (v, auth.uid(), 'partner', p_me);
  return v;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function open_link(text) to anon;
