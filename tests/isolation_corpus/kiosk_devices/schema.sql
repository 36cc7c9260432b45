-- Kiosks in shops. Devices have no users: they call functions as anon, with their token.
create extension if not exists pgcrypto with schema extensions;
create table customers (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  quota integer not null default 10
);
create table operators (
  customer_id uuid not null references customers on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  permissions text[] not null default '{view}',
  primary key (customer_id, user_id)
);
create table devices (
  id uuid primary key default gen_random_uuid(),
  customer_id uuid references customers on delete set null,     -- null: in our store room
  serial text not null unique,
  token_hash text not null default '',
  location jsonb not null default '{}',
  last_seen timestamptz
);
create table commands (
  id bigint generated always as identity primary key,
  device_id uuid not null references devices on delete cascade,
  action text not null check (action in ('reboot', 'update', 'print', 'lock')),
  payload jsonb not null default '{}',
  done_at timestamptz
);
create table telemetry (
  device_id uuid not null references devices on delete cascade,
  at timestamptz not null default clock_timestamp(),
  metrics jsonb not null,
  primary key (device_id, at)
);
create table alerts (
  id bigint generated always as identity primary key,
  customer_id uuid not null references customers on delete cascade,
  device_id uuid references devices on delete cascade,
  severity smallint not null default 1 check (severity between 1 and 5),
  message text not null
);
create table firmware (version text primary key, url text not null, withdrawn boolean not null default false);
insert into firmware values ('1.0.0', 'https://cdn.test/1');
create function operates(p_customer uuid, p_permission text default 'view') returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.operators o where o.customer_id = p_customer and o.user_id = auth.uid() and p_permission = any (o.permissions))
$$;
create function device_by_token(p_token text) returns uuid language sql stable security definer set search_path = '' as $$
  select d.id from public.devices d where d.token_hash = encode(extensions.digest(p_token, 'sha256'), 'hex') and length(p_token) >= 20
$$;
alter table customers enable row level security;
alter table operators enable row level security;
alter table devices enable row level security;
alter table commands enable row level security;
alter table telemetry enable row level security;
alter table alerts enable row level security;
alter table firmware enable row level security;
create policy r on customers for select to authenticated using (operates(id));
create policy r on operators for select to authenticated using (user_id = auth.uid() or operates(customer_id, 'admin'));
create policy w on operators for insert to authenticated with check (operates(customer_id, 'admin'));
create policy u on operators for update to authenticated using (operates(customer_id, 'admin') or user_id = auth.uid()) with check (operates(customer_id));
create policy r on devices for select to authenticated using (operates(customer_id));
create policy u on devices for update to authenticated using (operates(customer_id, 'manage')) with check (operates(customer_id, 'manage') or customer_id is null);
create policy r on commands for select to authenticated using (exists (select 1 from devices d where d.id = device_id));
create policy i on commands for insert to authenticated with check (exists (select 1 from devices d where d.id = device_id and operates(d.customer_id, 'manage')));
create policy r on telemetry for select to authenticated using (exists (select 1 from devices d where d.id = device_id));
create policy r on alerts for select to authenticated using (operates(customer_id));
create policy i on alerts for insert to anon with check (severity < 3);
create policy d on alerts for delete to authenticated using (operates(customer_id, 'manage'));
create policy r on firmware for select using (not withdrawn);

create function check_in(p_token text, p_metrics jsonb) returns jsonb language plpgsql security definer set search_path = '' as $$
declare d uuid := public.device_by_token(p_token);
begin
  if d is null then raise exception 'unknown device' using errcode = '28000'; end if;
  insert into public.telemetry (device_id, metrics) values (d, p_metrics);
  update public.devices set last_seen = now() where id = d;
  return (select coalesce(jsonb_agg(to_jsonb(c)), '[]') from public.commands c where c.device_id = d and c.done_at is null);
end $$;
create function acknowledge(p_token text, p_commands bigint[]) returns integer language sql security definer set search_path = '' as $$
  with u as (update public.commands set done_at = now() where id = any (p_commands) and public.device_by_token(p_token) is not null returning 1) select count(*)::integer from u
$$;
create function claim_device(p_customer uuid, p_serial text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if not public.operates(p_customer, 'manage') then raise exception 'forbidden' using errcode = '42501'; end if;
  update public.devices set customer_id = p_customer where serial = p_serial and customer_id is distinct from p_customer returning id into v;
  return v;
end $$;
create function provision(p_serial text, p_token text) returns uuid language sql security definer set search_path = '' as $$
  insert into public.devices (serial, token_hash) values (p_serial, encode(extensions.digest(p_token, 'sha256'), 'hex'))
  on conflict (serial) do update set token_hash = excluded.token_hash returning id
$$;
create function broadcast(p_customer uuid, p_action text, p_payload jsonb default '{}') returns integer language plpgsql security definer set search_path = '' as $$
declare n integer;
begin
  if not public.operates(p_customer, 'manage') then raise exception 'forbidden' using errcode = '42501'; end if;
  insert into public.commands (device_id, action, payload) select d.id, p_action, p_payload from public.devices d
  where d.customer_id = p_customer or d.location ->> 'site' = p_payload ->> 'site';
  get diagnostics n = row_count;
  return n;
end $$;
create function uptime(p_device uuid) returns interval language sql stable as $$
  select max(at) - min(at) from telemetry where device_id = p_device
$$;
grant usage on schema public to anon, authenticated;
grant select on firmware to anon, authenticated;
grant select on customers, operators, commands, telemetry, alerts to authenticated;
grant select (id, customer_id, serial, location, last_seen), update (customer_id, location) on devices to authenticated;
grant insert, update (permissions) on operators to authenticated;
grant insert (device_id, action, payload) on commands to authenticated;
grant insert (customer_id, device_id, severity, message) on alerts to anon;
grant delete on alerts to authenticated;
revoke execute on all functions in schema public from public;
grant execute on function check_in, acknowledge, provision to anon;
grant execute on function operates, claim_device, broadcast(uuid, text, jsonb), uptime to authenticated;
