-- Field service reports. Everything goes through definer functions with guards; filters come as jsonb, lists and composites.
create schema app; create schema app_private;
grant usage on schema app to authenticated; grant usage on schema app_private to authenticated;
create type app.grade as enum ('dispatcher', 'technician', 'auditor');
create type app.visit_input as (site_id bigint, planned_for timestamptz, notes text);
create table app.firms (id bigint generated always as identity primary key, name text not null, balance int not null default 0 check (balance >= 0));
create table app.staff (firm_id bigint not null references app.firms on delete cascade, user_id uuid not null references auth.users on delete cascade, grade app.grade not null default 'technician', primary key (firm_id, user_id));
create table app.sites (firm_id bigint not null references app.firms on delete cascade, id bigint generated always as identity unique, address text not null, tags text[] not null default '{}', last_visit timestamptz, primary key (firm_id, id));
create table app.visits (
  id bigint generated always as identity primary key, firm_id bigint not null, site_id bigint not null, done_by uuid default auth.uid(),
  planned_for timestamptz not null default now(), notes text not null default '', state text not null default 'planned' check (state in ('planned', 'done', 'cancelled')),
  foreign key (firm_id, site_id) references app.sites (firm_id, id) on delete cascade);
create table app.readings (id bigint generated always as identity, firm_id bigint not null references app.firms on delete cascade, site_id bigint not null, value numeric not null, taken_at timestamptz not null default now(), primary key (id, taken_at)) partition by range (taken_at);
create table app.readings_2026 partition of app.readings for values from ('2026-01-01') to ('2027-01-01');
create table app.readings_rest partition of app.readings default;
create table app.saved_filters (id uuid primary key default gen_random_uuid(), firm_id bigint not null references app.firms on delete cascade, owner_id uuid not null default auth.uid(), filter jsonb not null default '{}', shared boolean not null default false);

create function app_private.firms(at_least app.grade[] default null) returns setof bigint language sql stable security definer set search_path = '' as $$
  select s.firm_id from app.staff s where s.user_id = (select auth.uid()) and (at_least is null or s.grade = any (at_least)) $$;
revoke all on function app_private.firms(app.grade[]) from public; grant execute on function app_private.firms(app.grade[]) to authenticated;

alter table app.firms enable row level security; alter table app.staff enable row level security; alter table app.sites enable row level security;
alter table app.visits enable row level security; alter table app.readings enable row level security; alter table app.saved_filters enable row level security;
grant select on app.firms, app.staff, app.sites, app.visits, app.readings to authenticated;
grant insert (firm_id, site_id, planned_for, notes), update (notes, state), delete on app.visits to authenticated;
grant select, insert, update (filter, shared), delete on app.saved_filters to authenticated;
create policy r on app.firms for select to authenticated using (id in (select app_private.firms()));
create policy r on app.staff for select to authenticated using (firm_id in (select app_private.firms()));
create policy r on app.sites for select to authenticated using (firm_id in (select app_private.firms()));
create policy r on app.visits for select to authenticated using (firm_id in (select app_private.firms()));
create policy i on app.visits for insert to authenticated with check (firm_id in (select app_private.firms(array['dispatcher', 'technician']::app.grade[])));
create policy u on app.visits for update to authenticated using (firm_id in (select app_private.firms(array['dispatcher', 'technician']::app.grade[])));
create policy d on app.visits for delete to authenticated using (firm_id in (select app_private.firms(array['dispatcher']::app.grade[])));
create policy r on app.readings for select to authenticated using (firm_id in (select app_private.firms()));
create policy r on app.saved_filters for select to authenticated using (owner_id = auth.uid() or (shared and firm_id in (select app_private.firms())));
create policy w on app.saved_filters for insert to authenticated with check (owner_id = auth.uid() and firm_id in (select app_private.firms()));
create policy u on app.saved_filters for update to authenticated using (owner_id = auth.uid() and firm_id in (select app_private.firms()));
create policy d on app.saved_filters for delete to authenticated using (owner_id = auth.uid());

create function app_private.visit_done() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update app.sites set last_visit = now() where firm_id = new.firm_id and id = new.site_id;
  return new;
end $$;
create trigger visit_done after insert or update of state on app.visits for each row execute function app_private.visit_done();

create view app.board as select v.id, v.firm_id, v.site_id, v.planned_for, v.notes, s.address from app.visits v join app.sites s on s.id = v.site_id where v.firm_id in (select app_private.firms());
create function app_private.board_insert() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if new.firm_id not in (select app_private.firms(array['dispatcher']::app.grade[])) or new.firm_id is null then raise exception 'not allowed' using errcode = '42501'; end if;
  insert into app.visits (firm_id, site_id, planned_for, notes) values (new.firm_id, new.site_id, coalesce(new.planned_for, now()), coalesce(new.notes, '')) returning id into new.id;
  return new;
end $$;
create trigger board_insert instead of insert on app.board for each row execute function app_private.board_insert();
create view app.notes_only as select notes, state, firm_id from app.visits where firm_id in (select app_private.firms(array['dispatcher', 'technician']::app.grade[])) with cascaded check option;
grant select, insert on app.board to authenticated;
grant select, update (notes) on app.notes_only to authenticated;

create function app.plan_visits(firm bigint, visits app.visit_input[]) returns int language plpgsql security definer set search_path = '' as $$
declare v app.visit_input; n int := 0;
begin
  if not exists (select 1 from app_private.firms(array['dispatcher']::app.grade[]) f where f = firm) then raise exception 'not allowed' using errcode = '42501'; end if;
  foreach v in array visits loop
    insert into app.visits (firm_id, site_id, planned_for, notes) select firm, s.id, coalesce(v.planned_for, now()), coalesce(v.notes, '') from app.sites s where s.id = v.site_id and s.firm_id = firm;
    if found then n := n + 1; end if;
  end loop;
  return n;
end $$;
create function app.reschedule(plan jsonb) returns int language plpgsql security definer set search_path = '' as $$
declare k text; t timestamptz; n int := 0; c int;
begin
  for k, t in select key, value::timestamptz from jsonb_each_text(plan) loop
    update app.visits set planned_for = t where id = k::bigint and firm_id in (select app_private.firms(array['dispatcher']::app.grade[]));
    get diagnostics c = row_count;
    n := n + c;
  end loop;
  return n;
end $$;
create function app.import_readings(payload jsonb) returns int language plpgsql security definer set search_path = '' as $$
declare item jsonb; n int := 0; c int;
begin
  for item in select * from jsonb_array_elements(payload -> 'readings') loop
    insert into app.readings (firm_id, site_id, value, taken_at)
    select s.firm_id, s.id, (item ->> 'value')::numeric, coalesce((item ->> 'taken_at')::timestamptz, now()) from app.sites s
    where s.id = (item ->> 'site_id')::bigint and s.firm_id in (select app_private.firms(array['dispatcher', 'technician']::app.grade[]));
    get diagnostics c = row_count;
    n := n + c;
  end loop;
  return n;
end $$;
create function app.report(filters jsonb) returns table (site bigint, address text, visits bigint) language sql stable security definer set search_path = '' as $$
  select s.id, s.address, count(v.id) from app.sites s left join app.visits v on v.site_id = s.id and v.firm_id = s.firm_id
  where s.firm_id in (select app_private.firms()) and (not filters ? 'firm' or s.firm_id = (filters ->> 'firm')::bigint)
    and (not filters ? 'tags' or s.tags && array(select jsonb_array_elements_text(filters -> 'tags'))) group by 1, 2 $$;
create function app.count_by(firm bigint, column_name text, wanted text) returns bigint language plpgsql stable security definer set search_path = '' as $$
declare n bigint;
begin
  if firm not in (select app_private.firms()) or firm is null or column_name not in ('state', 'notes') then return null; end if;
  execute format('select count(*) from app.visits where firm_id = $1 and %I = $2', column_name) into n using firm, wanted;
  return n;
end $$;
create function app.tag_sites(site_ids bigint[], words text[]) returns int language plpgsql security definer set search_path = '' as $$
declare n int;
begin
  update app.sites s set tags = array(select distinct w from unnest(s.tags || words) w) where s.id = any (site_ids) and s.firm_id in (select app_private.firms(array['dispatcher']::app.grade[]));
  get diagnostics n = row_count;
  return n;
end $$;
create function app.pay(from_firm bigint, to_firm bigint, amount int) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if amount is null or amount <= 0 or from_firm = to_firm then return false; end if;
  if not exists (select 1 from app_private.firms(array['dispatcher']::app.grade[]) a where a = from_firm) or not exists (select 1 from app_private.firms() b where b = to_firm) then return false; end if;
  update app.firms set balance = balance - amount where id = from_firm;
  update app.firms set balance = balance + amount where id = to_firm;
  return true;
end $$;
create function app.set_grade(firm bigint, person uuid, new_grade app.grade) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if person = auth.uid() or not exists (select 1 from app_private.firms(array['dispatcher']::app.grade[]) a where a = firm) then return false; end if;
  update app.staff set grade = new_grade where firm_id = firm and user_id = person;
  return found;
end $$;
create function app.balance_of(f app.firms) returns int language sql stable security definer set search_path = '' as $$
  select x.balance from app.firms x where x.id = f.id and x.id in (select app_private.firms()) $$;
revoke execute on all functions in schema app from public;
grant execute on all functions in schema app to authenticated;
