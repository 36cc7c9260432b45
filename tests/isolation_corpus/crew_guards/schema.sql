-- Crew scheduling. Nearly all guards are there, and look right.
create table crews (
  id uuid primary key default gen_random_uuid(),
  name text not null
);
create table crew_members (
  crew_id uuid not null references crews on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  position text not null check (position in ('lead', 'planner', 'worker')),
  primary key (crew_id, user_id)
);
create table shifts (
  id uuid primary key default gen_random_uuid(),
  crew_id uuid not null references crews on delete cascade,
  starts timestamptz not null,
  ends timestamptz not null,
  place text not null,
  check (ends > starts)
);
create table assignments (
  shift_id uuid not null references shifts on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  wage_cents integer not null default 0,
  primary key (shift_id, user_id)
);
create table absences (
  id uuid primary key default gen_random_uuid(),
  crew_id uuid not null references crews on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  reason text not null,
  days daterange not null
);
create table tools (
  id uuid primary key default gen_random_uuid(),
  crew_id uuid not null references crews on delete cascade,
  label text not null
);
create table machines (
  serial_no text not null,
  hours integer not null default 0
) inherits (tools);
create table handovers (
  id uuid primary key default gen_random_uuid(),
  crew_id uuid not null references crews on delete cascade,
  body text not null
);
create table pay_rates (
  crew_id uuid not null references crews on delete cascade,
  position text not null,
  cents_per_hour integer not null,
  primary key (crew_id, position)
);
create table incidents (
  id uuid primary key default gen_random_uuid(),
  crew_id uuid not null references crews on delete cascade,
  severity smallint not null check (severity between 1 and 5),
  report text not null
);

-- the argument is named like the column, and the column wins
create function in_crew(crew_id uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from crew_members m where m.crew_id = crew_id and m.user_id = auth.uid())
$$;
create function crew_position(p_crew uuid) returns text language sql stable security definer set search_path = public as $$
  select position from crew_members where crew_id = p_crew and user_id = auth.uid()
$$;
create function belongs(p_crew uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from crew_members m where m.crew_id = p_crew and m.user_id = auth.uid())
$$;
create function crews_of(p_user uuid default auth.uid()) returns table (id uuid, name text, "position" text)
language sql stable security definer set search_path = public as $$
  select c.id, c.name, m.position from crews c join crew_members m on m.crew_id = c.id where m.user_id = p_user
$$;

alter table crews enable row level security;
alter table crew_members enable row level security;
alter table shifts enable row level security;
alter table assignments enable row level security;
alter table absences enable row level security;
alter table tools enable row level security;
alter table handovers enable row level security;
alter table pay_rates enable row level security;
alter table incidents enable row level security;

create policy p on crews for select to authenticated using (belongs(id));
create policy p on crew_members for select to authenticated using (belongs(crew_id));
create policy p on shifts for all to authenticated using (belongs(crew_id)) with check (belongs(crew_id));
create policy p on assignments for select to authenticated
  using (user_id = auth.uid() or exists (select 1 from shifts s where s.id = shift_id));
create policy p on absences for select to authenticated using (in_crew(crew_id));
create policy p on tools for all to authenticated using (belongs(crew_id)) with check (belongs(crew_id));
create policy p on handovers for select to authenticated using (belongs(crew_id));
create policy p on pay_rates for select to authenticated using (crew_position(crew_id) in ('lead', 'planner'));
create policy p on incidents for select to authenticated using (belongs(crew_id));

create view handover_desk as select id, crew_id, body from handovers where belongs(crew_id);
create rule handover_write as on insert to handover_desk do instead
  insert into handovers (crew_id, body) values (new.crew_id, new.body);
create view incident_summary with (security_invoker = true) as
  select crew_id, severity, count(*) as n from incidents group by 1, 2;
create view shift_board as select s.id, s.crew_id, s.starts, s.place from shifts s where belongs(s.crew_id);
create function shift_board_write() returns trigger language plpgsql security definer set search_path = public as $$
begin
  update shifts set place = new.place, starts = new.starts where id = new.id and belongs(crew_id);
  return new;
end $$;
create trigger shift_board_write instead of update on shift_board for each row execute function shift_board_write();

grant select on crews, crew_members, assignments, absences, handovers, pay_rates, incidents to authenticated;
grant select, insert, update, delete on shifts, tools to authenticated;
grant select on machines to authenticated;
grant select, insert on handover_desk to authenticated;
grant select, update on shift_board to authenticated;
grant select on incident_summary to authenticated;

-- null <> 'lead' is null, and null raises nothing
create function set_rate(p_crew uuid, p_position text, p_cents integer) returns void language plpgsql security definer set search_path = public as $$
begin
  if crew_position(p_crew) <> 'lead' then
    raise exception 'leads only' using errcode = '42501';
  end if;
  insert into pay_rates values (p_crew, p_position, p_cents)
  on conflict (crew_id, position) do update set cents_per_hour = excluded.cents_per_hour;
end $$;
create function drop_rate(p_crew uuid, p_position text) returns void language plpgsql security definer set search_path = public as $$
begin
  if crew_position(p_crew) is distinct from 'lead' then
    raise exception 'leads only' using errcode = '42501';
  end if;
  delete from pay_rates where crew_id = p_crew and position = p_position;
end $$;
-- the check's own exception is swallowed
create function file_incident(p_crew uuid, p_severity integer, p_report text) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  begin
    if not belongs(p_crew) then
      raise exception 'not your crew';
    end if;
  exception when others then
    raise notice 'guard failed: %', sqlerrm;
  end;
  insert into incidents (crew_id, severity, report) values (p_crew, p_severity, p_report) returning id into v;
  return v;
end $$;
-- acts first, then says no
create function cancel_shift(p_shift uuid) returns text language plpgsql security definer set search_path = public as $$
declare c uuid;
begin
  delete from shifts where id = p_shift returning crew_id into c;
  if c is null or not belongs(c) then
    return 'not allowed';
  end if;
  return 'cancelled';
end $$;
create function end_shift(p_shift uuid) returns text language plpgsql security definer set search_path = public as $$
declare c uuid;
begin
  update shifts set ends = greatest(now(), starts + interval '1 minute') where id = p_shift returning crew_id into c;
  if c is null or not belongs(c) then
    raise exception 'not allowed' using errcode = '42501';
  end if;
  return 'ended';
end $$;
-- two of one name: the newer one is guarded
create function roster(p_shift uuid) returns table (person uuid, cents integer) language sql stable security definer set search_path = public as $$
  select a.user_id, a.wage_cents from assignments a where a.shift_id = p_shift
$$;
create function roster(p_shift uuid, p_crew uuid) returns table (person uuid, cents integer) language sql stable security definer set search_path = public as $$
  select a.user_id, a.wage_cents from assignments a join shifts s on s.id = a.shift_id
  where a.shift_id = p_shift and s.crew_id = p_crew and belongs(p_crew)
$$;
create function found_crew(p_name text) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  insert into crews (name) values (p_name) returning id into v;
  insert into crew_members values (v, auth.uid(), 'lead');
  return v;
end $$;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
