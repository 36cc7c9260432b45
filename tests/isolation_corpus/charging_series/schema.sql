-- EV charging. Postgres as a time series store; everything bigint, partitions made by cron.
create table operators (
  id bigint generated always as identity primary key,
  name text not null,
  country char(2) not null default 'de',
  vat_id text
);
create table operator_users (
  operator_id bigint not null references operators (id),
  user_id uuid not null references auth.users (id) on delete cascade,
  level int not null default 1 check (level in (1, 5, 9)),  -- 1 reads, 5 runs, 9 owns
  display_name text,
  primary key (operator_id, user_id)
);
create table stations (
  id bigint generated always as identity primary key,
  operator_id bigint not null references operators (id) on delete cascade,
  evse_code text not null unique,
  lat double precision not null default 0 check (lat between -90 and 90),
  lon double precision not null default 0 check (lon between -180 and 180),
  site_contact text
);
create table connectors (
  station_id bigint not null references stations (id) on delete cascade,
  no smallint not null check (no between 1 and 8),
  kw numeric(5, 1) not null default 22,
  primary key (station_id, no)
);
create table charge_sessions (
  id bigint generated always as identity,
  station_id bigint not null references stations (id) on delete cascade,
  started_at timestamptz not null,
  card text not null,
  kwh numeric(10, 3) not null default 0,
  primary key (id, started_at)
) partition by range (started_at);
create table charge_sessions_2026h1 partition of charge_sessions for values from ('2026-01-01') to ('2026-07-01');
create table charge_sessions_2026h2 partition of charge_sessions for values from ('2026-07-01') to ('2027-01-01');
create table charge_sessions_rest partition of charge_sessions default;

create table meter_values (
  station_id bigint not null references stations (id) on delete cascade,
  ts timestamptz not null,
  watts int not null check (watts >= 0),
  primary key (station_id, ts)
);
create table hourly_load (
  station_id bigint not null references stations (id) on delete cascade,
  hour timestamptz not null,
  wh bigint not null default 0,
  primary key (station_id, hour)
);
create table prices (
  id bigint generated always as identity primary key,
  operator_id bigint not null references operators (id) on delete cascade,
  valid daterange not null default daterange(current_date, null),
  cents_kwh int not null check (cents_kwh > 0)
);
create table cards (
  id bigint generated always as identity primary key,
  operator_id bigint not null references operators (id) on delete cascade,
  uid_hash text not null,
  holder text,
  unique (operator_id, uid_hash)
);
create table maintenance (
  id bigint generated always as identity primary key,
  station_id bigint not null references stations (id) on delete cascade,
  reported_by uuid not null default auth.uid() references auth.users (id),
  text text not null,
  done_at timestamptz
);

create function level_at(op bigint) returns int language sql stable security definer set search_path to 'public' as $$
  select coalesce((select level from operator_users where operator_id = op and user_id = auth.uid()), 0)
$$;
create function operates(station bigint) returns boolean language sql stable security definer set search_path to 'public' as $$
  select exists (select 1 from stations s join operator_users u on u.operator_id = s.operator_id where s.id = station and u.user_id = auth.uid())
$$;

alter table operators enable row level security;
alter table operator_users enable row level security;
alter table stations enable row level security;
alter table connectors enable row level security;
alter table charge_sessions enable row level security;
alter table charge_sessions_2026h1 enable row level security;
alter table charge_sessions_2026h2 enable row level security;
alter table meter_values enable row level security;
alter table hourly_load enable row level security;
alter table prices enable row level security;
alter table cards enable row level security;
alter table maintenance enable row level security;

create policy p1 on operators for select to authenticated using (level_at(id) > 0);
create policy p2 on operators for update to authenticated using (level_at(id) >= 9);
create policy p1 on operator_users for select to authenticated using (level_at(operator_id) > 0);
create policy p2 on operator_users for update to authenticated using (user_id = auth.uid() or level_at(operator_id) >= 9);
create policy p3 on operator_users for insert to authenticated with check (level_at(operator_id) >= 9);
create policy p4 on operator_users for delete to authenticated using (level_at(operator_id) >= 9);
create policy p1 on stations for select to authenticated using (level_at(operator_id) > 0);
create policy p2 on stations for all to authenticated using (level_at(operator_id) >= 5) with check (level_at(operator_id) >= 5);
create policy p1 on connectors for all to authenticated using (operates(station_id)) with check (operates(station_id));
create policy p1 on charge_sessions for select to authenticated using (operates(station_id));
create policy p1 on meter_values for select to authenticated using (operates(station_id));
create policy p2 on meter_values for insert to authenticated with check (operates(station_id));
create policy p1 on hourly_load for select to authenticated
  using (exists (select 1 from connectors c where c.station_id = station_id and operates(c.station_id)));
create policy p1 on prices for select to authenticated using (level_at(operator_id) > 0);
create policy p2 on prices for insert to authenticated with check (level_at(operator_id) >= 5);
create policy p3 on prices for update to authenticated using (level_at(operator_id) >= 5) with check (level_at(operator_id) >= 5);
create policy p1 on cards for all to authenticated using (level_at(operator_id) >= 5) with check (level_at(operator_id) >= 5);
create policy p1 on maintenance for select to authenticated using (operates(station_id) or reported_by = auth.uid());
create policy p2 on maintenance for insert to authenticated with check (reported_by = auth.uid() and operates(station_id));
create policy p3 on maintenance for update to authenticated using (reported_by = auth.uid()) with check (reported_by = auth.uid());

create function roll_up() returns trigger language plpgsql security definer set search_path to 'public' as $$
begin
  insert into hourly_load values (new.station_id, date_trunc('hour', new.ts), new.watts / 60)
  on conflict (station_id, hour) do update set wh = hourly_load.wh + excluded.wh;
  return null;
end $$;
create trigger roll_up after insert on meter_values for each row execute function roll_up();

-- the gateway in the field sends batches: [{"station": 1, "ts": "…", "watts": 1200}, …]
create function ingest(batch jsonb) returns int language plpgsql security definer set search_path to 'public' as $$
declare n int;
begin
  if not operates((batch -> 0 ->> 'station')::bigint) then raise exception 'not your station' using errcode = '42501'; end if;
  insert into meter_values
  select (x ->> 'station')::bigint, (x ->> 'ts')::timestamptz, (x ->> 'watts')::int from jsonb_array_elements(batch) x
  on conflict (station_id, ts) do update set watts = excluded.watts;
  get diagnostics n = row_count;
  return n;
end $$;
-- ?ids=1,2,3
create function sessions_of(ids text, since timestamptz default '2026-01-01') returns table (station bigint, card text, kwh numeric)
language sql stable security definer set search_path to 'public' as $$
  select station_id, card, kwh from charge_sessions where station_id = any (string_to_array(ids, ',')::bigint[]) and started_at >= since
$$;
create function load_of(ids text) returns table (station bigint, wh numeric) language sql stable security definer set search_path to 'public' as $$
  select station_id, sum(wh) from hourly_load where station_id = any (string_to_array(ids, ',')::bigint[]) and operates(station_id) group by 1
$$;
create function price_on(op bigint, day date default current_date) returns int language sql stable as $$
  select cents_kwh from prices where operator_id = op and valid @> day order by id desc limit 1
$$;
create function start_session(p_station bigint, p_card text) returns bigint language plpgsql security definer set search_path to 'public' as $$
declare s bigint;
begin
  if not operates(p_station) then raise exception 'not your station' using errcode = '42501'; end if;
  insert into charge_sessions (station_id, started_at, card) values (p_station, now(), p_card) returning id into s;
  return s;
end $$;
create function close_ticket(p_id bigint) returns void language plpgsql security definer set search_path to 'public' as $$
begin
  if not exists (select 1 from maintenance where id = p_id) then raise exception 'no ticket %', p_id using errcode = 'P0002'; end if;
  if not exists (select 1 from maintenance m where m.id = p_id and operates(m.station_id)) then raise exception 'ticket of another operator' using errcode = '42501'; end if;
  update maintenance set done_at = now() where id = p_id;
end $$;
create function drop_station(p_code text) returns boolean language plpgsql security definer set search_path to 'public' as $$
declare s stations;
begin
  select * into s from stations where evse_code = p_code;
  if level_at(s.operator_id) < 5 and s.operator_id <> 0 then return false; end if;
  delete from stations where id = s.id;
  return found;
end $$;

revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
grant select on all tables in schema public to authenticated;
grant update (name, vat_id) on operators to authenticated;
grant insert, delete on operator_users to authenticated;
grant update (level, display_name) on operator_users to authenticated;
grant insert, update, delete on stations, connectors, cards to authenticated;
grant insert on meter_values, prices, maintenance to authenticated;
grant update on prices, maintenance to authenticated;
