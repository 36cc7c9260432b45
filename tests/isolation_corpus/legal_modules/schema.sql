-- A law firm's backend, a schema per module. Helpers live in `app`.
create schema core;
create schema matter;
create schema billing;
create schema app;
grant usage on schema core, matter, billing, app to authenticated;
grant usage on schema core to anon;

create table core.firms (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  jurisdiction text not null default 'DE'
);
create table core.firm_people (
  firm_id uuid not null references core.firms (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  seat text not null check (seat in ('partner', 'associate', 'paralegal', 'guest')),
  joined_at timestamptz not null default now(),
  unique (firm_id, user_id)
);
create table core.invitations (
  token uuid primary key default gen_random_uuid(),
  firm_id uuid not null references core.firms (id) on delete cascade,
  email text not null,
  seat text not null default 'associate' check (seat in ('partner', 'associate', 'paralegal', 'guest')),
  expires_at timestamptz not null default now() + interval '7 days'
);
create table core.api_keys (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null references core.firms (id) on delete cascade,
  label text not null,
  secret_hash text not null unique,
  revoked boolean not null default false
);
create table core.audit_trail (
  id bigint generated always as identity primary key,
  firm_id uuid not null references core.firms (id) on delete cascade,
  actor uuid,
  what text not null,
  at timestamptz not null default now()
);

create table matter.matters (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null references core.firms (id) on delete cascade,
  caption text not null,
  hours_total numeric(10, 2) not null default 0,
  closed_at timestamptz,
  unique (firm_id, id)
);
create table matter.parties (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null references core.firms (id) on delete cascade,
  display_name text not null
);
create table matter.deadlines (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null,
  matter_id uuid not null,
  due date not null,
  about text not null,
  foreign key (firm_id, matter_id) references matter.matters (firm_id, id) on delete cascade
);
create table matter.notes (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null,
  matter_id uuid not null,
  body text not null,
  foreign key (firm_id, matter_id) references matter.matters (firm_id, id) on delete cascade
);
create table matter.documents (
  id uuid primary key default gen_random_uuid(),
  matter_id uuid not null references matter.matters (id) on delete cascade,
  title text not null,
  share_token text unique
);
create table matter.document_versions (
  document_id uuid not null references matter.documents (id) on delete cascade,
  version integer not null check (version > 0),
  content text not null,
  primary key (document_id, version)
);
create table matter.time_entries (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null references core.firms (id) on delete cascade,
  matter_id uuid not null references matter.matters (id) on delete cascade,
  user_id uuid not null default auth.uid(),
  hours numeric(5, 2) not null check (hours > 0 and hours <= 24)
);
create table matter.expenses (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null,
  matter_id uuid not null,
  euros numeric(12, 2) not null check (euros >= 0),
  what text not null,
  foreign key (firm_id, matter_id) references matter.matters (firm_id, id) on delete cascade
);

create table billing.invoices (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null references core.firms (id) on delete cascade,
  invoice_no integer not null,
  client_name text not null,
  euros numeric(12, 2) not null,
  paid boolean not null default false,
  unique (firm_id, invoice_no)
);

-- Helpers -------------------------------------------------------------------------------------------------------
create function app.in_firm(p_firm uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from core.firm_people p where p.firm_id = p_firm and p.user_id = (select auth.uid()))
$$;
create function app.seat(p_firm uuid) returns text language sql stable security definer set search_path = '' as $$
  select p.seat from core.firm_people p where p.firm_id = p_firm and p.user_id = (select auth.uid())
$$;
create function app.firm_of_matter(p_matter uuid) returns uuid language sql stable set search_path = '' as $$
  select m.firm_id from matter.matters m where m.id = p_matter
$$;

-- Row security --------------------------------------------------------------------------------------------------
do $$
declare t regclass;
begin
  foreach t in array array['core.firms', 'core.firm_people', 'core.invitations', 'core.api_keys', 'core.audit_trail',
    'matter.matters', 'matter.parties', 'matter.deadlines', 'matter.notes', 'matter.documents', 'matter.document_versions',
    'matter.time_entries', 'matter.expenses', 'billing.invoices']::regclass[]
  loop
    execute format('alter table %s enable row level security', t);
  end loop;
end $$;

create policy sel on core.firms for select to authenticated using (app.in_firm(id));
create policy upd on core.firms for update to authenticated using (app.seat(id) = 'partner') with check (app.seat(id) = 'partner');

create policy sel on core.firm_people for select to authenticated using (app.in_firm(firm_id));
create policy upd on core.firm_people for update to authenticated
  using (app.seat(firm_id) = 'partner') with check (app.seat(firm_id) = 'partner');
create policy del on core.firm_people for delete to authenticated
  using (app.seat(firm_id) = 'partner' or user_id = (select auth.uid()));

create policy sel on core.invitations for select to authenticated
  using (app.seat(firm_id) = 'partner' or email = (select auth.email()));
create policy ins on core.invitations for insert to authenticated with check (app.in_firm(firm_id));

create policy sel on core.api_keys for select to authenticated using (app.seat(firm_id) = 'partner');
create policy ins on core.api_keys for insert to authenticated with check (app.seat(firm_id) = 'partner');

create policy sel on core.audit_trail for select to authenticated using (app.in_firm(firm_id));

create policy everything on matter.matters for all to authenticated
  using (app.in_firm(firm_id)) with check (app.in_firm(firm_id));

-- open by default, then the firm as a restriction
create policy base on matter.parties for all to authenticated using (true) with check (true);
create policy own_firm on matter.parties as restrictive for select to authenticated using (app.in_firm(firm_id));
create policy base on matter.deadlines for all to authenticated using (true) with check (true);
create policy own_firm on matter.deadlines as restrictive for all to authenticated using (app.in_firm(firm_id));

create policy firm_notes on matter.notes for all to authenticated
  using (exists (select 1 from core.firm_people p where p.user_id = auth.uid() and p.firm_id = firm_id))
  with check (exists (select 1 from core.firm_people p where p.user_id = auth.uid() and p.firm_id = notes.firm_id));

create policy firm_docs on matter.documents for all to authenticated
  using (app.in_firm(app.firm_of_matter(matter_id))) with check (app.in_firm(app.firm_of_matter(matter_id)));
create policy shared_docs on matter.documents for select to authenticated using (share_token is not null);
create policy versions on matter.document_versions for all to authenticated
  using (exists (select 1 from matter.documents d
                 where d.id = document_id and app.in_firm(app.firm_of_matter(d.matter_id))));

create policy firm_time on matter.time_entries for all to authenticated
  using (app.in_firm(firm_id)) with check (app.in_firm(firm_id) and user_id = (select auth.uid()));
create policy firm_expenses on matter.expenses for all to authenticated
  using (app.in_firm(firm_id)) with check (app.in_firm(firm_id));
create policy firm_invoices on billing.invoices for all to authenticated
  using (app.in_firm(firm_id) and app.seat(firm_id) <> 'guest')
  with check (app.in_firm(firm_id) and app.seat(firm_id) <> 'guest');

-- Triggers ------------------------------------------------------------------------------------------------------
create function app.add_hours() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update matter.matters set hours_total = hours_total + new.hours where id = new.matter_id;
  return new;
end $$;
create trigger add_hours after insert on matter.time_entries for each row execute function app.add_hours();

create function app.audit() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into core.audit_trail (firm_id, actor, what)
  values (coalesce(new.firm_id, old.firm_id), auth.uid(), tg_op || ' ' || tg_table_name);
  return coalesce(new, old);
end $$;
create trigger audit after insert or update or delete on matter.expenses for each row execute function app.audit();
create trigger audit after insert or update or delete on billing.invoices for each row execute function app.audit();

-- Views ---------------------------------------------------------------------------------------------------------
create view billing.invoice_totals as
  select firm_id, count(*) as invoices, sum(euros) as euros from billing.invoices group by firm_id;
create view billing.open_invoices with (security_invoker = on) as
  select * from billing.invoices where not paid;
create materialized view billing.revenue as
  select firm_id, client_name, sum(euros) as euros from billing.invoices group by 1, 2;

-- RPC -----------------------------------------------------------------------------------------------------------
create function core.found_firm(p_name text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'unauthenticated'; end if;
  insert into core.firms (name) values (p_name) returning id into v;
  insert into core.firm_people (firm_id, user_id, seat) values (v, auth.uid(), 'partner');
  return v;
end $$;

create function core.accept_invitation(p_token uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare i core.invitations;
begin
  select * into i from core.invitations where token = p_token and email = auth.email() and expires_at > now();
  if not found then raise exception 'no such invitation'; end if;
  insert into core.firm_people (firm_id, user_id, seat) values (i.firm_id, auth.uid(), i.seat)
    on conflict (firm_id, user_id) do update set seat = excluded.seat;
  delete from core.invitations where token = p_token;
  return i.firm_id;
end $$;

create function core.rotate_api_key(p_id uuid, p_hash text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not exists (
    select 1 from core.api_keys k join core.firm_people p on p.firm_id = p.firm_id
    where k.id = p_id and p.user_id = auth.uid() and p.seat = 'partner')
  then
    raise exception 'forbidden' using errcode = '42501';
  end if;
  update core.api_keys set secret_hash = p_hash where id = p_id;
end $$;

create function core.revoke_api_key(p_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not exists (
    select 1 from core.api_keys k join core.firm_people p on p.firm_id = k.firm_id
    where k.id = p_id and p.user_id = auth.uid() and p.seat = 'partner')
  then
    raise exception 'forbidden' using errcode = '42501';
  end if;
  update core.api_keys set revoked = true where id = p_id;
end $$;

create function core.firm_for_key(p_secret text) returns uuid
language sql stable security definer set search_path = '' as $$
  select firm_id from core.api_keys
  where secret_hash = encode(sha256(convert_to(p_secret, 'UTF8')), 'hex') and not revoked
$$;

create function matter.close_matters(p_ids uuid[]) returns integer
language plpgsql security definer set search_path = '' as $$
declare n integer;
begin
  if exists (select 1 from matter.matters m where m.id = any (p_ids) and not app.in_firm(m.firm_id)) then
    raise exception 'forbidden';
  end if;
  update matter.matters set closed_at = now() where id = any (p_ids);
  get diagnostics n = row_count;
  return n;
end $$;

revoke execute on all functions in schema core, matter, app from public;
grant execute on all functions in schema core, matter, app to authenticated;
grant execute on function core.firm_for_key(text) to anon;
grant select, insert, update, delete on all tables in schema matter, billing to authenticated;
grant select on all tables in schema core to authenticated;
grant update on core.firms to authenticated;
grant update, delete on core.firm_people to authenticated;
grant insert on core.invitations, core.api_keys to authenticated;
