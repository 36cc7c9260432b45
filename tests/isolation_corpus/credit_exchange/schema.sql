-- Prepaid credits between merchants: wallets, transfers, vouchers, reports that are computed once
create table merchants (
  id uuid primary key default gen_random_uuid(),
  legal_name text not null,
  kyc_level smallint not null default 1 check (kyc_level between 0 and 3)
);
create table merchant_users (
  merchant_id uuid not null references merchants on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  can_pay boolean not null default false,
  is_owner boolean not null default false,
  primary key (merchant_id, user_id)
);
create table wallets (
  id uuid primary key default gen_random_uuid(),
  merchant_id uuid not null references merchants on delete cascade,
  currency char(3) not null default 'EUR',
  balance numeric(12, 2) not null default 0 check (balance >= 0),
  frozen boolean not null default false
);
create table transfers (
  id bigint generated always as identity primary key,
  from_wallet uuid not null references wallets on delete cascade,
  to_wallet uuid not null references wallets on delete cascade,
  amount numeric(12, 2) not null,
  memo text,
  made_by uuid default auth.uid()
);
create table vouchers (
  code text primary key default upper(substr(md5(gen_random_uuid()::text), 1, 16)),
  merchant_id uuid not null references merchants on delete cascade,
  worth numeric(10, 2) not null check (worth > 0),
  redeemed_into uuid references wallets on delete set null,
  buyer_email text
);
create table idempotency (
  key text primary key,
  merchant_id uuid references merchants on delete cascade,
  response jsonb not null
);
create table report_cache (
  name text not null,
  merchant_id uuid not null references merchants on delete cascade,
  body jsonb not null,
  primary key (name, merchant_id)
);
create function pays_for(p_merchant uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.merchant_users u where u.merchant_id = p_merchant and u.user_id = auth.uid() and (u.can_pay or u.is_owner))
$$;
create function my_merchants() returns setof uuid language sql stable security definer set search_path = '' as $$
  select u.merchant_id from public.merchant_users u where u.user_id = auth.uid()
$$;
create function wallet_merchant(p_wallet uuid) returns uuid language sql stable security definer set search_path = '' as $$
  select w.merchant_id from public.wallets w where w.id = p_wallet and w.merchant_id in (select public.my_merchants())
$$;
alter table merchants enable row level security;
alter table merchant_users enable row level security;
alter table wallets enable row level security;
alter table transfers enable row level security;
alter table vouchers enable row level security;
alter table idempotency enable row level security;
alter table report_cache enable row level security;
create policy r on merchants for select to authenticated using (id in (select my_merchants()));
create policy r on merchant_users for select to authenticated using (merchant_id in (select my_merchants()));
create policy r on wallets for select to authenticated using (merchant_id in (select my_merchants()));
create policy r on transfers for select to authenticated using (wallet_merchant(from_wallet) is not null or wallet_merchant(to_wallet) is not null);
create policy r on vouchers for select to authenticated using (pays_for(merchant_id));
create policy i on vouchers for insert to authenticated with check (pays_for(merchant_id) and redeemed_into is null);
create policy r on report_cache for select to authenticated using (merchant_id in (select my_merchants()));

create function transfer(p_from uuid, p_to uuid, p_amount numeric, p_memo text default null) returns bigint
language plpgsql security definer set search_path = '' as $$
declare v bigint;
begin
  if not exists (select 1 from public.wallets w where w.id = p_from and public.pays_for(w.merchant_id) and not w.frozen) then
    raise exception 'no such wallet' using errcode = 'P0002';
  end if;
  update public.wallets set balance = balance - p_amount where id = p_from;
  update public.wallets set balance = balance + p_amount where id = p_to;
  insert into public.transfers (from_wallet, to_wallet, amount, memo) values (p_from, p_to, p_amount, p_memo) returning id into v;
  return v;
end $$;
create function set_kyc(p_merchant uuid, p_level integer) returns void language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  select u.merchant_id into v from public.merchant_users u where u.user_id = auth.uid() and u.is_owner limit 1;
  if v <> p_merchant then raise exception 'forbidden' using errcode = '42501'; end if;
  update public.merchants set kyc_level = p_level where id = p_merchant;
end $$;
create function statement_of(p_wallet uuid) returns setof public.transfers language sql stable security definer set search_path = '' as $$
  select * from public.transfers t where p_wallet in (t.from_wallet, t.to_wallet) and public.wallet_merchant(p_wallet) is not null
$$;
-- the old app still calls this one
create function statement_of(p_wallet text, p_limit integer default 50) returns setof public.transfers language sql stable security definer set search_path = '' as $$
  select * from public.transfers t where p_wallet in (t.from_wallet::text, t.to_wallet::text) limit p_limit
$$;
create function pay_once(p_key text, p_merchant uuid, p_payload jsonb default '{}') returns jsonb language plpgsql security definer set search_path = '' as $$
declare v jsonb;
begin
  if not public.pays_for(p_merchant) then raise exception 'forbidden' using errcode = '42501'; end if;
  select response into v from public.idempotency where key = p_key;
  if v is null then
    v := jsonb_build_object('accepted', true, 'payload', p_payload);
    insert into public.idempotency values (p_key, p_merchant, v);
  end if;
  return v;
end $$;
create function import_voucher(p_code text, p_merchant uuid, p_worth numeric) returns text language plpgsql security definer set search_path = '' as $$
declare v text;
begin
  if not public.pays_for(p_merchant) then return 'forbidden'; end if;
  insert into public.vouchers (code, merchant_id, worth) values (p_code, p_merchant, p_worth);
  return 'imported';
exception when unique_violation then
  select format('%s is taken: worth %s, sold to %s', code, worth, buyer_email) into v from public.vouchers where code = p_code;
  return v;
end $$;
create function freeze(p_wallet uuid, p_on boolean default true) returns boolean language sql security definer set search_path = '' as $$
  update public.wallets w set frozen = p_on where w.id = p_wallet and public.pays_for(w.merchant_id) returning true
$$;
create procedure close_wallet(p_wallet uuid) language plpgsql security definer set search_path = '' as $$
begin
  begin
    if not public.pays_for((select w.merchant_id from public.wallets w where w.id = p_wallet)) then
      raise exception 'forbidden' using errcode = '42501';
    end if;
  exception when others then
    raise warning 'close_wallet: %', sqlerrm;
  end;
  delete from public.wallets where id = p_wallet;
end $$;
grant usage on schema public to authenticated;
grant select on merchants, merchant_users, wallets, transfers, vouchers, report_cache to authenticated;
grant insert on vouchers to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
revoke execute on procedure close_wallet from public;
grant execute on procedure close_wallet to authenticated;
