-- Building sites: a contractor's person owns a contract, sites lie below it, and crews below these. Members are of crews.
create table contracts (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  owner_id uuid not null references auth.users
);
create table sites (
  id uuid primary key default gen_random_uuid(),
  contract_id uuid not null references contracts on delete cascade,
  address text not null
);
create table crews (
  id uuid primary key default gen_random_uuid(),
  site_id uuid not null references sites on delete cascade,
  name text not null
);
create table crew_members (
  crew_id uuid not null references crews on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  rank text not null check (rank in ('foreman', 'worker')),
  primary key (crew_id, user_id)
);
create table passes (
  id uuid primary key default gen_random_uuid(),
  crew_id uuid not null references crews on delete cascade,
  issued_by uuid not null references auth.users,
  holder text not null
);
create table timesheets (
  id uuid primary key default gen_random_uuid(),
  crew_id uuid not null references crews on delete cascade,
  remark text not null
);

create function in_crew(c uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from public.crew_members m where m.crew_id = c and m.user_id = auth.uid())
$$;
create function leads(c uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from public.crew_members m where m.crew_id = c and m.user_id = auth.uid() and m.rank = 'foreman')
$$;
create function works_at(s uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from public.crew_members m join public.crews c on c.id = m.crew_id
    where c.site_id = s and m.user_id = auth.uid())
$$;

alter table contracts enable row level security;
alter table sites enable row level security;
alter table crews enable row level security;
alter table crew_members enable row level security;
alter table passes enable row level security;
alter table timesheets enable row level security;
create policy own on contracts for select to authenticated using (owner_id = (select auth.uid()));
create policy there on sites for select to authenticated using (works_at(id));
create policy inside on crews for select to authenticated using (in_crew(id));
create policy inside on crew_members for select to authenticated using (in_crew(crew_id));
create policy enrol on crew_members for insert to authenticated with check (leads(crew_id));
create policy inside on passes for select to authenticated using (in_crew(crew_id));
create policy issue on passes for insert to authenticated with check (issued_by = (select auth.uid()));
create policy inside on timesheets for select to authenticated using (in_crew(crew_id));
create policy foreman on timesheets for update to authenticated using (leads(crew_id)) with check (leads(crew_id));

grant select on contracts, sites, crews, crew_members, passes, timesheets to authenticated;
grant insert on crew_members, passes to authenticated;
grant update (remark) on timesheets to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on function in_crew(uuid), leads(uuid), works_at(uuid) to authenticated;
