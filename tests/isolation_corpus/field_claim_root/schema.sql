-- Printing works. The tenant stands in the token and in a table of tenants that no policy mentions; staff are no users of Auth.
create table firms (id uuid primary key default gen_random_uuid(), title text not null);
create table staff (
  id uuid primary key,
  firm_id uuid not null references firms on delete cascade,
  full_name text not null,
  post text not null default 'printer' check (post in ('head', 'printer'))
);
create table presses (id uuid primary key default gen_random_uuid(), firm_id uuid not null references firms on delete cascade, model text not null);
create table print_runs (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null references firms on delete cascade,
  press_id uuid not null references presses on delete cascade,
  job text not null
);
alter table firms enable row level security;
alter table staff enable row level security;
alter table presses enable row level security;
alter table print_runs enable row level security;
create policy own_firm on staff using (firm_id = (auth.jwt() -> 'app_metadata' ->> 'firm_id')::uuid);
create policy own_firm on presses using (firm_id = (auth.jwt() -> 'app_metadata' ->> 'firm_id')::uuid);
create policy see on print_runs for select using (firm_id = (auth.jwt() -> 'app_metadata' ->> 'firm_id')::uuid);
create policy add on print_runs for insert with check ((auth.jwt() -> 'app_metadata' ->> 'firm_id') is not null);
create view run_sheet as select r.firm_id, r.job, p.model from print_runs r join presses p on p.id = r.press_id;
grant select, insert, update, delete on staff, presses to authenticated;
grant select, insert on print_runs to authenticated;
grant select on run_sheet to authenticated;
