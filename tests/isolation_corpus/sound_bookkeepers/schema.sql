-- Books of sole traders. The tenant is a person. Bookkeeping firms act for traders who have given them a mandate: for certain
-- things, for a time, until it is revoked. Whom one works for at the moment is a choice, never a right.
create type mandate_state as enum ('offered', 'active', 'declined', 'revoked');
create type scope as enum ('read', 'invoice', 'file');

create table traders (
  user_id uuid primary key references auth.users on delete cascade,
  trade_name text not null,
  tax_no text,
  settings jsonb not null default '{"currency": "EUR"}'
);
create table firms (id uuid primary key default gen_random_uuid(), name text not null, city text);
create table firm_staff (
  firm_id uuid not null references firms on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  is_partner boolean not null default false,
  left_on date,
  primary key (firm_id, user_id)
);
create table mandates (
  id uuid primary key default gen_random_uuid(),
  trader_id uuid not null references traders on delete cascade,
  firm_id uuid not null references firms on delete cascade,
  scopes scope[] not null default '{read}' check (cardinality(scopes) > 0),
  state mandate_state not null default 'offered',
  valid daterange not null default daterange(current_date, null),
  unique (trader_id, firm_id)
);
create table choices (
  user_id uuid primary key default auth.uid() references auth.users on delete cascade,
  trader_id uuid not null
);
create table invoices (
  trader_id uuid not null references traders on delete cascade,
  invoice_no integer not null,
  customer text not null,
  issued_on date,
  deleted_at timestamptz,
  primary key (trader_id, invoice_no)
);
create table invoice_lines (
  trader_id uuid not null,
  invoice_no integer not null,
  line_no smallint not null,
  what text not null,
  cents bigint not null,
  vat_code text not null default 'std',
  primary key (trader_id, invoice_no, line_no),
  foreign key (trader_id, invoice_no) references invoices on delete cascade
);
create table expenses (
  id uuid primary key default gen_random_uuid(),
  trader_id uuid not null default auth.uid() references traders on delete cascade,
  label text not null,
  cents bigint not null check (cents > 0),
  receipt_path text
);
create table tax_returns (
  trader_id uuid not null references traders on delete cascade,
  year smallint not null check (year between 2000 and 2100),
  figures jsonb not null default '{}',
  filed_at timestamptz,
  filed_by uuid,
  primary key (trader_id, year)
);
create table trail (
  id bigint generated always as identity primary key,
  trader_id uuid not null references traders on delete cascade,
  actor uuid,
  what text not null,
  detail jsonb,
  at timestamptz not null default clock_timestamp()
);
create table vat_codes (code text primary key, percent numeric(4, 1) not null);
insert into vat_codes values ('std', 20), ('low', 7), ('none', 0);

create function may(p_trader uuid, p_scope scope default 'read') returns boolean language sql stable security definer set search_path = '' as $$
  select coalesce(p_trader = auth.uid(), false) or exists (
    select 1 from public.mandates m join public.firm_staff s on s.firm_id = m.firm_id
    where m.trader_id = p_trader and m.state = 'active' and m.valid @> current_date and p_scope = any (m.scopes)
      and s.user_id = auth.uid() and (s.left_on is null or s.left_on > current_date))
$$;
create function works_in(p_firm uuid, p_partner boolean default false) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.firm_staff s
    where s.firm_id = p_firm and s.user_id = auth.uid() and (s.left_on is null or s.left_on > current_date) and (s.is_partner or not p_partner))
$$;
-- what was chosen counts only while it is allowed
create function acting_for() returns uuid language sql stable security definer set search_path = '' as $$
  select coalesce((select c.trader_id from public.choices c where c.user_id = auth.uid() and public.may(c.trader_id)), auth.uid())
$$;
create function write_trail() returns trigger language plpgsql security definer set search_path = '' as $$
declare r jsonb := to_jsonb(coalesce(new, old));
begin
  insert into public.trail (trader_id, actor, what, detail)
  select t.user_id, auth.uid(), tg_table_name || ' ' || lower(tg_op), r from public.traders t where t.user_id = (r ->> 'trader_id')::uuid;
  return null;
end $$;
create trigger write_trail after insert or update or delete on invoices for each row execute function write_trail();
create trigger write_trail after insert or update or delete on expenses for each row execute function write_trail();
create function stay_put() returns trigger language plpgsql as $$
begin
  if new.trader_id <> old.trader_id then raise exception 'rows do not change hands' using errcode = '23514'; end if;
  return new;
end $$;
create trigger stay_put before update on expenses for each row execute function stay_put();
create trigger stay_put before update on invoice_lines for each row execute function stay_put();

alter table traders enable row level security;
alter table firms enable row level security;
alter table firm_staff enable row level security;
alter table mandates enable row level security;
alter table choices enable row level security;
alter table invoices enable row level security;
alter table invoice_lines enable row level security;
alter table expenses enable row level security;
alter table tax_returns enable row level security;
alter table trail enable row level security;
alter table vat_codes enable row level security;

create policy allowed on traders for select to authenticated using (may(user_id));
create policy self on traders for insert to authenticated with check (user_id = auth.uid());
create policy self_update on traders for update to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy directory on firms for select to authenticated using (true);
create policy colleagues on firm_staff for select to authenticated using (works_in(firm_id));
create policy parties on mandates for select to authenticated using (trader_id = auth.uid() or works_in(firm_id));
create policy offer on mandates for insert to authenticated with check (trader_id = auth.uid() and state = 'offered');
create policy withdraw on mandates for delete to authenticated using (trader_id = auth.uid());
create policy own on choices for all to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy allowed on invoices for select to authenticated using (may(trader_id) and deleted_at is null);
create policy allowed on invoice_lines for select to authenticated using (may(trader_id));
create policy write on invoice_lines for all to authenticated using (may(trader_id, 'invoice')) with check (may(trader_id, 'invoice'));
create policy allowed on expenses for select to authenticated using (may(trader_id));
create policy write on expenses for all to authenticated using (may(trader_id, 'invoice')) with check (may(trader_id, 'invoice'));
create policy allowed on tax_returns for select to authenticated using (may(trader_id, 'file'));
create policy self on trail for select to authenticated using (trader_id = auth.uid());
create policy everybody on vat_codes for select to anon, authenticated using (true);

create view clients with (security_barrier) as     -- its owner's view, narrowed by hand
  select t.user_id, t.trade_name, (select count(*) from invoices i where i.trader_id = t.user_id and i.deleted_at is null) as invoices
  from traders t where may(t.user_id);
create view turnover with (security_invoker) as
  select l.trader_id, extract(year from i.issued_on)::int as year, sum(l.cents) as cents
  from invoice_lines l join invoices i using (trader_id, invoice_no) where i.issued_on is not null group by 1, 2;

-- rpc
create function decide_mandate(p_mandate uuid, p_accept boolean) returns mandate_state language plpgsql security definer set search_path = '' as $$
declare v public.mandate_state;
begin
  update public.mandates set state = case when p_accept then 'active' else 'declined' end::public.mandate_state
  where id = p_mandate and state = 'offered' and public.works_in(firm_id, true) returning state into v;
  if v is null then raise exception 'no such offer' using errcode = 'P0002'; end if;
  return v;
end $$;
create function revoke_mandate(p_mandate uuid) returns boolean language sql security definer set search_path = '' as $$
  with r as (update public.mandates set state = 'revoked', valid = daterange(lower(valid), greatest(lower(valid), current_date))
    where id = p_mandate and state in ('offered', 'active') and (trader_id = auth.uid() or public.works_in(firm_id, true)) returning 1)
  select exists (select 1 from r)
$$;
create function draft_invoice(p_invoice jsonb) returns integer language plpgsql security definer set search_path = '' as $$
declare i public.invoices := jsonb_populate_record(null::public.invoices, p_invoice);
begin
  i.trader_id := coalesce(i.trader_id, public.acting_for());
  if i.trader_id is null or not public.may(i.trader_id, 'invoice') then raise exception 'not allowed' using errcode = '42501'; end if;
  perform 1 from public.traders where user_id = i.trader_id for update;       -- numbers have no gaps
  if not found then raise exception 'not allowed' using errcode = '42501'; end if;
  i.invoice_no := coalesce(i.invoice_no, (select coalesce(max(x.invoice_no), 0) + 1 from public.invoices x where x.trader_id = i.trader_id));
  insert into public.invoices as x (trader_id, invoice_no, customer) values (i.trader_id, i.invoice_no, coalesce(i.customer, '?'))
  on conflict (trader_id, invoice_no) do update set customer = excluded.customer where x.issued_on is null and x.deleted_at is null;
  return i.invoice_no;
end $$;
create function issue_invoices(p_numbers integer[]) returns setof integer language sql security definer set search_path = '' as $$
  update public.invoices set issued_on = current_date
  where trader_id = public.acting_for() and invoice_no = any (p_numbers) and issued_on is null and deleted_at is null
    and public.may(trader_id, 'invoice') returning invoice_no
$$;
create function file_return(p_trader uuid, p_year smallint, p_figures jsonb) returns timestamptz language plpgsql security definer set search_path = '' as $$
declare v timestamptz;
begin
  if p_trader is null or p_trader is distinct from auth.uid() and not public.may(p_trader, 'file') then
    raise exception 'not allowed' using errcode = '42501';
  end if;
  insert into public.tax_returns as r values (p_trader, p_year, p_figures, now(), auth.uid())
  on conflict (trader_id, year) do update set figures = excluded.figures, filed_at = excluded.filed_at, filed_by = excluded.filed_by
  where r.filed_at is null returning filed_at into v;
  return v;
end $$;
create function totals(p_traders uuid[]) returns table (trader uuid, spent bigint) language sql stable security definer set search_path = '' as $$
  select e.trader_id, sum(e.cents)::bigint from public.expenses e where e.trader_id = any (p_traders) and public.may(e.trader_id) group by 1
$$;

create policy receipts_read on storage.objects for select to authenticated
  using (bucket_id = 'receipts' and exists (
    select 1 from public.expenses e where e.receipt_path = objects.name and e.trader_id::text = split_part(objects.name, '/', 1)));
create policy receipts_write on storage.objects for insert to authenticated
  with check (bucket_id = 'receipts' and split_part(name, '/', 1) = auth.uid()::text);

grant usage on schema public to anon, authenticated;
grant select on vat_codes to anon, authenticated;
grant select on traders, firms, firm_staff, mandates, choices, invoices, invoice_lines, expenses, tax_returns, trail, clients, turnover to authenticated;
grant insert, update (trade_name, tax_no, settings) on traders to authenticated;
grant insert (trader_id, firm_id, scopes, valid), delete on mandates to authenticated;
grant insert, update, delete on choices, invoice_lines, expenses to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
