-- Cash books for associations. The token carries tenant, role and a version (access token hook); a claim that is out of date is worth nothing.
create schema private;
create domain private.amount as bigint check (value between -1000000000 and 1000000000);

create type public.book_role as enum ('auditor', 'bookkeeper', 'treasurer');

create table public.tenants (
  id bigint generated always as identity primary key,
  name text not null,
  currency char(3) not null default 'EUR' check (currency ~ '^[A-Z]{3}$'),
  locked_until date
);
create table public.seats (
  tenant_id bigint not null references public.tenants on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role public.book_role not null default 'auditor',
  version int not null default 1,
  primary key (tenant_id, user_id)
);
create table private.counters (
  tenant_id bigint not null references public.tenants on delete cascade,
  year int not null,
  last int not null default 0,
  primary key (tenant_id, year)
);
create table public.accounts (
  tenant_id bigint not null references public.tenants on delete cascade,
  code text not null check (code ~ '^[0-9]{4}$'),
  title text not null,
  parent_code text,
  primary key (tenant_id, code),
  foreign key (tenant_id, parent_code) references public.accounts (tenant_id, code)
);
create table public.entries (
  tenant_id bigint not null references public.tenants on delete cascade,
  number int not null,
  year int not null,
  booked_on date not null default current_date,
  memo text not null,
  entered_by uuid not null default auth.uid() references auth.users,
  primary key (tenant_id, year, number)
);
create table public.entry_lines (
  tenant_id bigint not null,
  year int not null,
  number int not null,
  line smallint not null check (line > 0),
  account_code text not null,
  amount private.amount not null,
  primary key (tenant_id, year, number, line),
  foreign key (tenant_id, year, number) references public.entries (tenant_id, year, number) on delete cascade,
  foreign key (tenant_id, account_code) references public.accounts (tenant_id, code)
);
create table public.budgets (
  tenant_id bigint not null,
  account_code text not null,
  during daterange not null check (not isempty(during) and not lower_inf(during) and not upper_inf(during)),
  planned private.amount not null default 0,
  foreign key (tenant_id, account_code) references public.accounts (tenant_id, code) on delete cascade,
  primary key (tenant_id, account_code, during),
  -- no two budgets of an account at a time; codes are four digits
  exclude using gist (int8range(tenant_id, tenant_id, '[]') with &&, int4range(account_code::int, account_code::int, '[]') with &&, during with &&)
);
create table public.seat_invitations (
  id uuid primary key default gen_random_uuid(),
  tenant_id bigint not null references public.tenants on delete cascade,
  email text not null check (email = lower(email)),
  role public.book_role not null default 'auditor',
  token_hash bytea not null,
  expires_at timestamptz not null default now() + interval '7 days',
  unique (tenant_id, email)
);

-- the tenant of the token, if the seat still stands as it says
create function private.tenant() returns bigint language sql stable security definer set search_path = '' as $$
  select s.tenant_id from public.seats s
  where s.tenant_id = nullif(auth.jwt() ->> 'tenant_id', '')::bigint and s.user_id = auth.uid()
    and s.version = coalesce((auth.jwt() ->> 'seat_version')::int, 1)
$$;
create function private.role() returns public.book_role language sql stable security definer set search_path = '' as $$
  select s.role from public.seats s where s.tenant_id = private.tenant() and s.user_id = auth.uid()
$$;
create function private.open_on(t bigint, d date) returns boolean language sql stable security definer set search_path = '' as $$
  select coalesce(d > x.locked_until, true) from public.tenants x where x.id = t
$$;

create function public.token_hook(event jsonb) returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare s public.seats;
begin
  select * into s from public.seats where user_id = (event ->> 'user_id')::uuid order by tenant_id limit 1;
  return jsonb_set(event, '{claims}', (event -> 'claims') || jsonb_build_object('tenant_id', s.tenant_id, 'seat_version', s.version));
end $$;

create function private.bump() returns trigger language plpgsql as $$
begin
  if new.role is distinct from old.role then new.version := old.version + 1; end if;
  return new;
end $$;
create trigger bump before update on public.seats for each row execute function private.bump();

create function private.next_number() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  new.year := extract(year from new.booked_on);
  insert into private.counters (tenant_id, year, last) values (new.tenant_id, new.year, 1)
  on conflict (tenant_id, year) do update set last = private.counters.last + 1 returning last into new.number;
  new.entered_by := coalesce(auth.uid(), new.entered_by);
  return new;
end $$;
create trigger next_number before insert on public.entries for each row execute function private.next_number();

create function private.frozen() returns trigger language plpgsql as $$
begin
  if (new.tenant_id, new.year, new.number) is distinct from (old.tenant_id, old.year, old.number) then
    raise exception 'a number is for ever' using errcode = '23514';
  end if;
  return new;
end $$;
create trigger frozen before update on public.entries for each row execute function private.frozen();

alter table public.tenants enable row level security;
alter table public.seats enable row level security;
alter table private.counters enable row level security;
alter table public.accounts enable row level security;
alter table public.entries enable row level security;
alter table public.entry_lines enable row level security;
alter table public.budgets enable row level security;
alter table public.seat_invitations enable row level security;

create policy tenants_see on public.tenants for select to authenticated using (id = (select private.tenant()));
create policy tenants_lock on public.tenants for update to authenticated
  using (id = (select private.tenant()) and (select private.role()) = 'treasurer') with check (id = (select private.tenant()));
create policy seats_see on public.seats for select to authenticated using (tenant_id = (select private.tenant()) or user_id = (select auth.uid()));
create policy seats_change on public.seats for update to authenticated
  using (tenant_id = (select private.tenant()) and (select private.role()) = 'treasurer' and user_id <> (select auth.uid()))
  with check (tenant_id = (select private.tenant()) and user_id <> (select auth.uid()));
create policy seats_leave on public.seats for delete to authenticated
  using (user_id = (select auth.uid()) or (tenant_id = (select private.tenant()) and (select private.role()) = 'treasurer'));
create policy accounts_see on public.accounts for select to authenticated using (tenant_id = (select private.tenant()));
create policy accounts_write on public.accounts for all to authenticated
  using (tenant_id = (select private.tenant()) and (select private.role()) >= 'bookkeeper')
  with check (tenant_id = (select private.tenant()) and (select private.role()) >= 'bookkeeper');
create policy entries_see on public.entries for select to authenticated using (tenant_id = (select private.tenant()));
create policy entries_book on public.entries for insert to authenticated
  with check (tenant_id = (select private.tenant()) and (select private.role()) >= 'bookkeeper' and private.open_on(tenant_id, booked_on));
create policy entries_memo on public.entries for update to authenticated
  using (tenant_id = (select private.tenant()) and entered_by = (select auth.uid()) and private.open_on(tenant_id, booked_on));
create policy lines_see on public.entry_lines for select to authenticated using (tenant_id = (select private.tenant()));
create policy lines_book on public.entry_lines for insert to authenticated
  with check (tenant_id = (select private.tenant()) and (select private.role()) >= 'bookkeeper');
create policy budgets_all on public.budgets for all to authenticated
  using (tenant_id = (select private.tenant())) with check (tenant_id = (select private.tenant()) and (select private.role()) >= 'bookkeeper');
create policy invitations_all on public.seat_invitations for all to authenticated
  using (tenant_id = (select private.tenant()) and (select private.role()) = 'treasurer')
  with check (tenant_id = (select private.tenant()) and (select private.role()) = 'treasurer');

-- runs as its owner because the numbers of a month are nobody's secret within an association; filters by the token
create view public.balances with (security_barrier) as
  select l.account_code, l.year, sum(l.amount) as balance
  from public.entry_lines l where l.tenant_id = private.tenant() group by 1, 2;

create function public.start_book(p_name text, p_chart jsonb default '{}') returns bigint language plpgsql security definer set search_path = '' as $$
declare t bigint;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.tenants (name) values (p_name) returning id into t;
  insert into public.seats (tenant_id, user_id, role) values (t, auth.uid(), 'treasurer');
  insert into public.accounts (tenant_id, code, title)
  select t, k, v from jsonb_each_text(case jsonb_typeof(p_chart) when 'object' then p_chart else '{}' end) as x(k, v);
  return t;
end $$;

-- [{"memo": "…", "on": "2026-01-01", "lines": {"1000": 100, "2000": -100}}, …]
create function public.book_entries(p_entries jsonb) returns int[] language plpgsql security definer set search_path = '' as $$
declare
  t bigint := private.tenant();
  e jsonb; n int; y int; done int[] := '{}';
begin
  if t is null or private.role() < 'bookkeeper' then raise exception 'bookkeepers book' using errcode = '42501'; end if;
  for e in select * from jsonb_array_elements(p_entries) loop
    if not private.open_on(t, coalesce((e ->> 'on')::date, current_date)) then raise exception 'this period is locked'; end if;
    insert into public.entries (tenant_id, number, year, booked_on, memo) values (t, 0, 0, coalesce((e ->> 'on')::date, current_date), e ->> 'memo')
    returning number, year into n, y;
    insert into public.entry_lines (tenant_id, year, number, line, account_code, amount)
    select t, y, n, row_number() over (order by k), k, v::bigint from jsonb_each_text(coalesce(e -> 'lines', '{}')) as x(k, v)
    where exists (select 1 from public.accounts a where a.tenant_id = t and a.code = k);
    done := done || n;
  end loop;
  return done;
end $$;

create function public.entries_of(p_codes text[], p_year int default null) returns setof public.entries
language sql stable security definer set search_path = '' as $$
  select e.* from public.entries e
  where e.tenant_id = (select private.tenant()) and (p_year is null or e.year = p_year)
    and exists (select 1 from public.entry_lines l where (l.tenant_id, l.year, l.number) = (e.tenant_id, e.year, e.number) and l.account_code = any (p_codes))
$$;

-- the token of the e-mail and the address it was sent to, both
create function public.take_seat(p_token text) returns bigint language plpgsql security definer set search_path = '' as $$
declare i public.seat_invitations;
begin
  delete from public.seat_invitations
  where token_hash = sha256(convert_to(p_token, 'UTF8')) and expires_at > now() and email = lower(auth.jwt() ->> 'email')
  returning * into i;
  if i.id is null then raise exception 'no such invitation' using errcode = 'P0002'; end if;
  insert into public.seats (tenant_id, user_id, role) values (i.tenant_id, auth.uid(), i.role) on conflict do nothing;
  return i.tenant_id;
end $$;

revoke execute on all functions in schema public, private from public, anon;
grant usage on schema private to authenticated;
grant execute on all functions in schema public, private to authenticated;
revoke execute on function public.token_hook(jsonb) from authenticated;
grant execute on function public.token_hook(jsonb) to supabase_auth_admin;
grant select on public.tenants, public.seats, public.accounts, public.entries, public.entry_lines, public.budgets, public.balances to authenticated;
grant select (id, tenant_id, email, role, expires_at), insert (tenant_id, email, role, token_hash), delete on public.seat_invitations to authenticated;
grant update (name, locked_until) on public.tenants to authenticated;
grant update (role), delete on public.seats to authenticated;
grant insert, update, delete on public.accounts, public.budgets to authenticated;
grant insert (tenant_id, number, year, booked_on, memo), update (memo) on public.entries to authenticated;
grant insert on public.entry_lines to authenticated;
