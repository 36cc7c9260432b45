-- Payroll for accountants' clients. Permissive policies say who, restrictive ones say never otherwise.
create schema app;
create schema internal;
grant usage on schema app to authenticated, anon;

create type app.seat_role as enum ('readonly', 'clerk', 'partner');
create type app.run_state as enum ('draft', 'checked', 'paid');

create table app.accounts (
  account_id uuid primary key default gen_random_uuid(),
  legal_name text not null,
  frozen boolean not null default false,
  retention_days int not null default 3650 check (retention_days > 0)
);
create table app.seats (
  account_id uuid not null references app.accounts on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role app.seat_role not null default 'readonly',
  valid tstzrange not null default tstzrange(now(), null),
  primary key (account_id, user_id)
);
create table app.invites (
  invite_id uuid primary key default gen_random_uuid(),
  account_id uuid not null references app.accounts on delete cascade,
  email text not null check (email = lower(email)),
  role app.seat_role not null default 'readonly',
  code_hash text not null,
  used_at timestamptz
);
create table app.api_keys (
  key_id uuid primary key default gen_random_uuid(),
  account_id uuid not null references app.accounts on delete cascade,
  label text not null default 'key',
  prefix text not null,
  key_hash bytea not null unique,
  scopes text[] not null default '{runs.read}',
  last_used timestamptz,
  revoked_at timestamptz
);
create table app.employees (
  account_id uuid not null references app.accounts on delete cascade,
  employee_no int not null,
  full_name text not null,
  iban text,
  deleted_at timestamptz,
  primary key (account_id, employee_no)
);
create table app.pay_runs (
  account_id uuid not null references app.accounts on delete cascade,
  run_no int not null,
  month date not null check (extract(day from month) = 1),
  state app.run_state not null default 'draft',
  opened_by uuid not null default auth.uid(),
  primary key (account_id, run_no)
);
create table app.payslips (
  account_id uuid not null,
  run_no int not null,
  employee_no int not null,
  gross numeric(10, 2) not null check (gross >= 0),
  month date not null,
  primary key (account_id, run_no, employee_no, month),
  foreign key (account_id, run_no) references app.pay_runs,
  foreign key (account_id, employee_no) references app.employees
) partition by range (month);
create table app.payslips_2026 partition of app.payslips for values from ('2026-01-01') to ('2027-01-01');
create table app.payslips_other partition of app.payslips default;
create table app.audit (
  id bigint generated always as identity primary key,
  account_id uuid not null,
  who uuid,
  what text not null,
  row_before jsonb,
  row_after jsonb,
  at timestamptz not null default now()
);
create table app.holidays (day date primary key, name text not null);
create table internal.mail_queue (id bigserial primary key, account_id uuid, recipient text not null, body text not null, sent boolean not null default false);

create function app.seat(a uuid) returns app.seat_role language sql stable security definer set search_path = '' as $$
  select s.role from app.seats s where s.account_id = a and s.user_id = auth.uid() and s.valid @> now()
$$;
create function app.has_seat(a uuid, at_least app.seat_role default 'readonly') returns boolean language sql stable security definer set search_path = '' as $$
  select coalesce(app.seat(a) >= at_least, false)
$$;
create function app.is_frozen(a uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select coalesce((select x.frozen from app.accounts x where x.account_id = a and app.has_seat(a)), true)
$$;
-- the key comes in a header, is hashed, and says an account
create function app.key_account() returns uuid language sql stable security definer set search_path = '' as $$
  select k.account_id from app.api_keys k
  where k.revoked_at is null and 'runs.read' = any (k.scopes)
    and k.key_hash = sha256(convert_to(nullif(current_setting('request.headers', true), '')::json ->> 'x-api-key', 'utf8'))
$$;

do $$
declare t text;
begin
  foreach t in array array['accounts', 'seats', 'invites', 'api_keys', 'employees', 'pay_runs', 'payslips', 'payslips_2026', 'payslips_other', 'audit'] loop
    execute format('alter table app.%I enable row level security', t);
    execute format('alter table app.%I force row level security', t);
    -- whatever the others allow: nobody without a seat, except by key where that is said
    execute format('create policy tenant on app.%I as restrictive for all to authenticated using (app.has_seat(account_id)) with check (app.has_seat(account_id))', t);
  end loop;
  foreach t in array array['employees', 'pay_runs', 'payslips'] loop
    execute format('create policy frozen_i on app.%I as restrictive for insert to authenticated with check (not app.is_frozen(account_id))', t);
    execute format('create policy frozen_u on app.%I as restrictive for update to authenticated using (not app.is_frozen(account_id))', t);
  end loop;
end $$;
alter table app.holidays enable row level security;

create policy everything on app.accounts for select to authenticated using (true);
create policy partners on app.accounts for update to authenticated using (app.has_seat(account_id, 'partner')) with check (app.has_seat(account_id, 'partner'));
create policy everything on app.seats for select to authenticated using (true);
create policy partners_i on app.seats for insert to authenticated with check (app.has_seat(account_id, 'partner'));
create policy partners_u on app.seats for update to authenticated using (app.has_seat(account_id, 'partner')) with check (app.has_seat(account_id, 'partner'));
create policy leave on app.seats for delete to authenticated using (user_id = auth.uid() or app.has_seat(account_id, 'partner'));
create policy partners on app.invites for all to authenticated using (app.has_seat(account_id, 'partner')) with check (app.has_seat(account_id, 'partner'));
create policy partners on app.api_keys for select to authenticated using (app.has_seat(account_id, 'partner'));
create policy everything on app.employees for select to authenticated using (deleted_at is null or app.has_seat(account_id, 'partner'));
create policy clerks_i on app.employees for insert to authenticated with check (app.has_seat(account_id, 'clerk'));
create policy clerks_u on app.employees for update to authenticated using (app.has_seat(account_id, 'clerk')) with check (true);
create policy everything on app.pay_runs for select to authenticated using (true);
create policy clerks_i on app.pay_runs for insert to authenticated with check (app.has_seat(account_id, 'clerk') and opened_by = auth.uid() and state = 'draft');
create policy clerks_u on app.pay_runs for update to authenticated using (state = 'draft' and app.has_seat(account_id, 'clerk')) with check (state <> 'paid' or app.has_seat(account_id, 'partner'));
create policy by_key on app.pay_runs for select to anon using (account_id = app.key_account());
create policy everything on app.payslips for select to authenticated using (true);
create policy clerks_i on app.payslips for insert to authenticated with check (app.has_seat(account_id, 'clerk'));
create policy partners on app.audit for select to authenticated using (app.has_seat(account_id, 'partner'));
create policy everybody on app.holidays for select to authenticated using (true);

create function internal.note() returns trigger language plpgsql security definer set search_path = '' as $$
declare o jsonb; n jsonb;
begin
  if tg_op <> 'INSERT' then o := to_jsonb(old) - 'iban'; end if;
  if tg_op <> 'DELETE' then n := to_jsonb(new) - 'iban'; end if;
  insert into app.audit (account_id, who, what, row_before, row_after)
  values (coalesce(n ->> 'account_id', o ->> 'account_id')::uuid, auth.uid(), tg_op || ' ' || tg_table_name, o, n);
  return null;
end $$;
create trigger note after insert or update or delete on app.employees for each row execute function internal.note();
create trigger note after insert or update on app.pay_runs for each row execute function internal.note();

-- what a promotion may be: never above one's own seat, never one's own
create function internal.guard_seat() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null then return new; end if;
  if new.account_id is distinct from old.account_id or new.user_id is distinct from old.user_id then
    raise exception 'a seat stays where it is' using errcode = '42501';
  end if;
  if new.user_id = auth.uid() and new.role is distinct from old.role then
    raise exception 'not by oneself' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger guard_seat before update on app.seats for each row execute function internal.guard_seat();

create function app.open_account(p_name text) returns uuid language plpgsql security definer set search_path = '' as $$
declare a uuid;
begin
  if auth.uid() is null or coalesce((auth.jwt() ->> 'is_anonymous')::boolean, false) then raise exception 'an account is needed' using errcode = '28000'; end if;
  insert into app.accounts (legal_name) values (p_name) returning account_id into a;
  insert into app.seats (account_id, user_id, role) values (a, auth.uid(), 'partner');
  return a;
end $$;
create function app.invite(p_account uuid, p_email text, p_role app.seat_role default 'readonly') returns text language plpgsql security definer set search_path = '' as $$
declare c text := replace(gen_random_uuid()::text, '-', '');
begin
  if not app.has_seat(p_account, 'partner') then raise exception 'partners invite' using errcode = '42501'; end if;
  insert into app.invites (account_id, email, role, code_hash) values (p_account, lower(p_email), p_role, encode(sha256(convert_to(c, 'utf8')), 'hex'));
  insert into internal.mail_queue (account_id, recipient, body) values (p_account, lower(p_email), 'You are invited: ' || c);
  return 'sent';
end $$;
create function app.accept(p_code text) returns uuid language plpgsql security definer set search_path = '' as $$
declare i app.invites;
begin
  update app.invites set used_at = now()
  where code_hash = encode(sha256(convert_to(p_code, 'utf8')), 'hex') and used_at is null
    and email = lower((select u.email from auth.users u where u.id = auth.uid()))
  returning * into i;
  if i.invite_id is null then raise exception 'no such invitation' using errcode = 'P0002'; end if;
  insert into app.seats (account_id, user_id, role) values (i.account_id, auth.uid(), i.role) on conflict do nothing;
  return i.account_id;
end $$;
create function app.create_key(p_account uuid, p_label text default 'key') returns text language plpgsql security definer set search_path = '' as $$
declare k text := 'pk_' || replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
begin
  if not app.has_seat(p_account, 'partner') then raise exception 'partners make keys' using errcode = '42501'; end if;
  insert into app.api_keys (account_id, label, prefix, key_hash) values (p_account, p_label, left(k, 8), sha256(convert_to(k, 'utf8')));
  return k;
end $$;
create function app.revoke_keys(p_keys uuid[]) returns int language plpgsql security definer set search_path = '' as $$
declare n int;
begin
  update app.api_keys set revoked_at = now() where key_id = any (p_keys) and revoked_at is null and app.has_seat(account_id, 'partner');
  get diagnostics n = row_count;
  return n;
end $$;
create function app.run_totals(p_account uuid, p_order text default 'month') returns table (month date, gross numeric) language plpgsql stable security definer set search_path = '' as $$
begin
  if not app.has_seat(p_account) then return; end if;
  return query execute format('select p.month, sum(p.gross) from app.payslips p where p.account_id = $1 group by 1 order by %I', case when p_order = 'gross' then 'sum' else 'month' end) using p_account;
end $$;
create function app.close_run(p_account uuid, p_run int) returns app.run_state language sql security definer set search_path = '' as $$
  update app.pay_runs set state = 'checked' where account_id = p_account and run_no = p_run and state = 'draft' and app.has_seat(p_account, 'clerk') returning state
$$;

-- pg_cron calls this; nobody else
create function app.nightly() returns bigint language plpgsql security definer set search_path = '' as $$
declare n bigint;
begin
  delete from app.audit a using app.accounts x where x.account_id = a.account_id and a.at < now() - make_interval(days => x.retention_days);
  get diagnostics n = row_count;
  delete from internal.mail_queue where sent;
  return n;
end $$;

revoke execute on all functions in schema app, internal from public;
grant execute on all functions in schema app to authenticated;
revoke execute on function app.nightly() from authenticated;
grant execute on function app.key_account() to anon;
grant select on app.accounts, app.seats, app.employees, app.pay_runs, app.payslips, app.payslips_2026, app.audit, app.holidays to authenticated;
grant select (invite_id, account_id, email, role, used_at), delete on app.invites to authenticated;
grant select (key_id, account_id, label, prefix, scopes, last_used, revoked_at) on app.api_keys to authenticated;
grant update (legal_name, frozen) on app.accounts to authenticated;
grant insert (account_id, user_id, role), update, delete on app.seats to authenticated;
grant insert, update on app.employees to authenticated;
grant insert, update (month, state) on app.pay_runs to authenticated;
grant insert on app.payslips to authenticated;
grant select on app.pay_runs to anon;
insert into app.holidays values ('2026-01-01', 'New Year'), ('2026-05-01', 'May Day');
