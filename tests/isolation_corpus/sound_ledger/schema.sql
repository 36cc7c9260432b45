-- Double entry: ledgers (the tenants) with accounts, journals and postings that must balance; periods that close.
create schema if not exists ledger;
create schema if not exists ledger_private;
grant usage on schema ledger to authenticated;

create domain ledger.currency as char(3) check (value ~ '^[A-Z]{3}$');
create type ledger.side as enum ('debit', 'credit');

create table ledger.books (
  book_id bigint generated always as identity primary key,
  legal_name text not null,
  base ledger.currency not null default 'EUR',
  options jsonb not null default '{"four_eyes": false}'
);
create table ledger_private.seats (
  book_id bigint not null references ledger.books on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  duty text not null default 'clerk' check (duty in ('clerk', 'controller', 'auditor')),
  valid daterange not null default daterange(current_date, null),
  primary key (book_id, user_id)
);
create table ledger.accounts (
  book_id bigint not null references ledger.books on delete cascade,
  number integer not null check (number between 1000 and 9999),
  title text not null,
  normal ledger.side not null default 'debit',
  primary key (book_id, number)
);
create table ledger.periods (
  book_id bigint not null references ledger.books on delete cascade,
  span daterange not null,
  closed_at timestamptz,
  primary key (book_id, span)
);
create table ledger.journals (
  book_id bigint not null references ledger.books on delete cascade,
  entry bigint generated always as identity,
  posted_on date not null default current_date,
  memo text not null default '',
  idempotency_key text,
  reverses bigint,
  created_by uuid default auth.uid(),
  primary key (book_id, entry),
  unique (book_id, idempotency_key),
  foreign key (book_id, reverses) references ledger.journals (book_id, entry)
);
create table ledger.postings (
  book_id bigint not null,
  entry bigint not null,
  line smallint not null,
  account integer not null,
  side ledger.side not null,
  cents bigint not null check (cents > 0),
  signed bigint generated always as (case side when 'debit' then cents else -cents end) stored,
  primary key (book_id, entry, line),
  foreign key (book_id, entry) references ledger.journals on delete cascade,
  foreign key (book_id, account) references ledger.accounts (book_id, number)
);
create table ledger.bank_lines (
  id uuid primary key default gen_random_uuid(),
  book_id bigint not null references ledger.books on delete cascade,
  raw jsonb not null default '{}',
  matched_entry bigint,
  foreign key (book_id, matched_entry) references ledger.journals (book_id, entry) on delete set null (matched_entry)
);
create table ledger.exchange_rates (quote ledger.currency, day date, rate numeric not null, primary key (quote, day));
insert into ledger.exchange_rates values ('USD', '2026-01-02', 1.09);
create table ledger_private.trail (at timestamptz default now(), book_id bigint, who uuid, row_hash text);

create function ledger.duty_in(p_book bigint) returns text language sql stable security definer set search_path = '' as $$
  select s.duty from ledger_private.seats s where s.book_id = p_book and s.user_id = (select auth.uid()) and s.valid @> current_date
$$;
create function ledger.my_books(variadic p_duties text[] default array['clerk', 'controller', 'auditor']) returns setof bigint
language sql stable security definer set search_path = '' as $$
  select s.book_id from ledger_private.seats s where s.user_id = (select auth.uid()) and s.valid @> current_date and s.duty = any (p_duties)
$$;

do $$
declare t text;
begin
  foreach t in array array['books', 'accounts', 'periods', 'journals', 'postings', 'bank_lines', 'exchange_rates'] loop
    execute format('alter table ledger.%I enable row level security', t);
  end loop;
  foreach t in array array['accounts', 'periods', 'journals', 'postings', 'bank_lines'] loop
    execute format('create policy seen on ledger.%I for select to authenticated using (book_id in (select ledger.my_books()))', t);
  end loop;
end $$;
create policy seen on ledger.books for select to authenticated using (ledger.duty_in(book_id) is not null);
create policy renamed on ledger.books for update to authenticated using (ledger.duty_in(book_id) = 'controller') with check (ledger.duty_in(book_id) = 'controller');
create policy chart on ledger.accounts for insert to authenticated with check (ledger.duty_in(book_id) = 'controller');
create policy retitle on ledger.accounts for update to authenticated using (ledger.duty_in(book_id) = 'controller');
create policy bank_in on ledger.bank_lines for insert to authenticated
  with check (ledger.duty_in(book_id) in ('clerk', 'controller') and matched_entry is null);
create policy bank_match on ledger.bank_lines for update to authenticated
  using (book_id in (select ledger.my_books('clerk', 'controller'))) with check (book_id in (select ledger.my_books('clerk', 'controller')));
create policy rates on ledger.exchange_rates for select to authenticated using (true);

grant select on ledger.books, ledger.accounts, ledger.periods, ledger.journals, ledger.postings, ledger.bank_lines, ledger.exchange_rates to authenticated;
grant update (legal_name, options) on ledger.books to authenticated;
grant insert, update (title) on ledger.accounts to authenticated;
grant insert (book_id, raw), update (matched_entry) on ledger.bank_lines to authenticated;

-- What does not balance is refused when the transaction ends; the message names nothing but the entry.
create function ledger_private.balanced() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if (select sum(p.signed) from ledger.postings p where p.book_id = new.book_id and p.entry = new.entry) <> 0 then
    raise exception 'entry % does not balance', new.entry using errcode = '23514';
  end if;
  return null;
end $$;
create constraint trigger balanced after insert on ledger.postings deferrable initially deferred
  for each row execute function ledger_private.balanced();
create function ledger_private.frozen() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if exists (select 1 from ledger.periods p where p.book_id = new.book_id and p.span @> new.posted_on and p.closed_at is not null) then
    raise exception 'the period is closed' using errcode = '55000';
  end if;
  insert into ledger_private.trail (book_id, who, row_hash) values (new.book_id, auth.uid(), md5(new::text));
  return new;
end $$;
create trigger frozen before insert on ledger.journals for each row execute function ledger_private.frozen();

-- Trial balance: as its owner, for the caller's books only; two kinds of rows in one view.
create view ledger.trial_balance as
  select a.book_id, a.number, a.title, coalesce(sum(p.signed), 0)::bigint as balance
  from ledger.accounts a left join ledger.postings p on p.book_id = a.book_id and p.account = a.number
  where a.book_id in (select ledger.my_books()) group by 1, 2, 3
  union all
  select b.book_id, 0, 'total', 0 from ledger.books b where ledger.duty_in(b.book_id) = 'controller';
grant select on ledger.trial_balance to authenticated;
create materialized view ledger_private.turnover as select book_id, count(*) as entries from ledger.journals group by 1;

create function ledger.post(p_book bigint, p_memo text, p_lines jsonb, p_key text default null) returns bigint
language plpgsql security definer set search_path = '' as $$
declare v bigint; n integer;
begin
  if coalesce(ledger.duty_in(p_book), '') not in ('clerk', 'controller') then raise exception 'not your book' using errcode = '42501'; end if;
  if p_key is not null then
    select entry into v from ledger.journals where book_id = p_book and idempotency_key = p_key;
    if found then return v; end if;
  end if;
  insert into ledger.journals (book_id, memo, idempotency_key) values (p_book, p_memo, p_key) returning entry into v;
  insert into ledger.postings (book_id, entry, line, account, side, cents)
  select p_book, v, l.ordinality, (l.value ->> 'account')::integer, (l.value ->> 'side')::ledger.side, (l.value ->> 'cents')::bigint
  from jsonb_array_elements(p_lines) with ordinality l
  join ledger.accounts a on a.book_id = p_book and a.number = (l.value ->> 'account')::integer;
  get diagnostics n = row_count;
  if n < 2 or n <> jsonb_array_length(p_lines) then raise exception 'unknown account' using errcode = '23503'; end if;
  return v;
end $$;
create function ledger.reverse(p_book bigint, p_entry bigint) returns bigint language plpgsql security definer set search_path = '' as $$
declare v bigint;
begin
  insert into ledger.journals (book_id, memo, reverses)
  select j.book_id, 'reversal', j.entry from ledger.journals j
  where j.book_id = p_book and j.entry = p_entry and ledger.duty_in(j.book_id) = 'controller' returning entry into v;
  if v is null then return null; end if;
  insert into ledger.postings (book_id, entry, line, account, side, cents)
  select book_id, v, line, account, (case side when 'debit' then 'credit' else 'debit' end)::ledger.side, cents
  from ledger.postings where book_id = p_book and entry = p_entry;
  return v;
end $$;
create function ledger.close_period(p_book bigint, p_span daterange) returns boolean language sql security definer set search_path = '' as $$
  insert into ledger.periods as p (book_id, span, closed_at) select p_book, p_span, now() where ledger.duty_in(p_book) = 'controller'
  on conflict (book_id, span) do update set closed_at = now() where ledger.duty_in(p.book_id) = 'controller' returning true
$$;
create function ledger.give_seat(p_book bigint, p_user uuid, p_duty text) returns void language plpgsql security definer set search_path = '' as $$
begin
  if ledger.duty_in(p_book) is distinct from 'controller' or p_user = auth.uid() then raise exception 'controllers only' using errcode = '42501'; end if;
  insert into ledger_private.seats (book_id, user_id, duty) select p_book, u.id, p_duty from auth.users u where u.id = p_user
  on conflict (book_id, user_id) do update set duty = excluded.duty;
end $$;
create function ledger.balance_of(p_book bigint, p_accounts integer[]) returns bigint language sql stable set search_path = '' as $$
  select sum(signed)::bigint from ledger.postings where book_id = p_book and account = any (p_accounts)
$$;
create function ledger.open_book(p_name text, p_base text default 'EUR') returns bigint language plpgsql security definer set search_path = '' as $$
declare v bigint;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into ledger.books (legal_name, base) values (p_name, p_base) returning book_id into v;
  insert into ledger_private.seats (book_id, user_id, duty) values (v, auth.uid(), 'controller');
  insert into ledger.accounts (book_id, number, title) values (v, 1000, 'cash'), (v, 4000, 'sales');
  return v;
end $$;
revoke execute on all functions in schema ledger, ledger_private from public, anon;
grant execute on all functions in schema ledger to authenticated;
