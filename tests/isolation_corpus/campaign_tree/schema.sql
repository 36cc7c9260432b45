-- Marketing agencies: an agency has clients, a client has campaigns; people are put on any of them and see what is below.
create table units (
  id uuid primary key default gen_random_uuid(),
  parent_id uuid references units on delete cascade,
  kind text not null check (kind in ('agency', 'client', 'campaign')),
  name text not null,
  check ((kind = 'agency') = (parent_id is null))
);
create index on units (parent_id);
create table assignments (
  unit_id uuid not null references units on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  level text not null default 'reader' check (level in ('reader', 'planner', 'director')),
  primary key (unit_id, user_id)
);
create table briefs (
  id uuid primary key default gen_random_uuid(),
  campaign_id uuid not null references units on delete cascade,
  body text not null,
  budget_cents bigint not null default 0 check (budget_cents >= 0)
);
create table creatives (
  id uuid primary key default gen_random_uuid(),
  campaign_id uuid not null references units on delete cascade,
  headline text not null check (length(headline) between 1 and 90),
  approved_by uuid references auth.users on delete set null
);
create table remarks (
  id bigint generated always as identity primary key,
  creative_id uuid not null references creatives on delete cascade,
  author uuid not null default auth.uid() references auth.users on delete cascade,
  body text not null
);
create table results (
  campaign_id uuid not null references units on delete cascade,
  day date not null,
  clicks integer not null default 0,
  spent_cents bigint not null default 0,
  primary key (campaign_id, day)
);
create table rates (
  agency_id uuid primary key references units on delete cascade,
  hourly_cents integer not null,
  margin numeric(4, 3) not null default 0.2
);

-- The highest level that the caller holds on this unit or on one above it.
create function level_on(unit uuid) returns text
language sql stable security definer set search_path = '' as $$
  with recursive up as (
    select u.id, u.parent_id from public.units u where u.id = unit
    union
    select u.id, u.parent_id from public.units u join up on u.id = up.parent_id
  )
  select a.level from up join public.assignments a on a.unit_id = up.id
  where a.user_id = auth.uid()
  order by array_position(array['director', 'planner', 'reader'], a.level) limit 1
$$;
create function agency_of(unit uuid) returns uuid
language sql stable security definer set search_path = '' as $$
  with recursive up as (
    select u.id, u.parent_id from public.units u where u.id = unit
    union
    select u.id, u.parent_id from public.units u join up on u.id = up.parent_id
  )
  select id from up where parent_id is null and public.level_on(unit) is not null
$$;
-- Everything below a unit; policies and screens use it.
create function below(unit uuid) returns setof uuid
language sql stable security definer set search_path = '' as $$
  with recursive down as (
    select unit as id
    union
    select u.id from public.units u join down on u.parent_id = down.id
  )
  select id from down
$$;
create function tree(unit uuid) returns table (id uuid, parent_id uuid, name text, depth integer)
language sql stable security invoker set search_path = '' as $$
  with recursive down as (
    select u.id, u.parent_id, u.name, 0 as depth from public.units u where u.id = unit
    union all
    select u.id, u.parent_id, u.name, down.depth + 1 from public.units u join down on u.parent_id = down.id
    where down.depth < 5
  )
  select * from down
$$;
create function spent(unit uuid) returns bigint
language sql stable security definer set search_path = '' as $$
  select coalesce(sum(r.spent_cents), 0) from public.results r where r.campaign_id in (select public.below(unit))
$$;
create function clicks(unit uuid) returns bigint
language sql stable security definer set search_path = '' as $$
  select coalesce(sum(r.clicks), 0) from public.results r
  where r.campaign_id in (select public.below(unit)) and public.level_on(r.campaign_id) is not null
$$;
create function approve(creative uuid) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update public.creatives c set approved_by = auth.uid()
  where c.id = creative and public.level_on(c.campaign_id) in ('planner', 'director');
  return found;
end $$;
create function copy_brief(brief uuid, target uuid) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  made uuid;
begin
  if coalesce(public.level_on(target), '') not in ('planner', 'director') then
    raise insufficient_privilege using message = 'not your campaign';
  end if;
  insert into public.briefs (campaign_id, body, budget_cents)
  select target, b.body, b.budget_cents from public.briefs b where b.id = brief returning id into made;
  return made;
end $$;
create function start_agency(name text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  made uuid;
begin
  if auth.uid() is null then
    raise insufficient_privilege using message = 'sign in first';
  end if;
  insert into public.units (kind, name) values ('agency', start_agency.name) returning id into made;
  insert into public.assignments values (made, auth.uid(), 'director');
  insert into public.rates (agency_id, hourly_cents) values (made, 10000);
  return made;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;

alter table units enable row level security;
alter table assignments enable row level security;
alter table briefs enable row level security;
alter table creatives enable row level security;
alter table remarks enable row level security;
alter table results enable row level security;
alter table rates enable row level security;

create policy read on units for select to authenticated using (level_on(id) is not null);
create policy plan on units for insert to authenticated
  with check (parent_id is not null and level_on(parent_id) in ('planner', 'director'));
create policy rename on units for update to authenticated using (level_on(id) = 'director')
  with check (parent_id is null or level_on(parent_id) is not null);
create policy close on units for delete to authenticated using (level_on(parent_id) = 'director');
create policy read on assignments for select to authenticated using (user_id = auth.uid() or level_on(unit_id) = 'director');
create policy staff on assignments for insert to authenticated with check (level_on(unit_id) = 'director');
create policy unstaff on assignments for delete to authenticated using (level_on(unit_id) = 'director');
create policy read on briefs for select to authenticated using (level_on(campaign_id) is not null);
create policy plan on briefs for all to authenticated
  using (level_on(campaign_id) in ('planner', 'director')) with check (level_on(campaign_id) in ('planner', 'director'));
create policy read on creatives for select to authenticated using (level_on(campaign_id) is not null);
create policy plan on creatives for insert to authenticated with check (level_on(campaign_id) in ('planner', 'director') and approved_by is null);
create policy drop_draft on creatives for delete to authenticated
  using (level_on(campaign_id) in ('planner', 'director') and approved_by is null);
create policy read on remarks for select to authenticated
  using (exists (select from creatives c where c.id = creative_id));
-- Whoever is in the business may answer: but anywhere.
create policy write on remarks for insert to authenticated
  with check (author = auth.uid() and exists (select from assignments a where a.user_id = auth.uid()));
create policy own on remarks for delete to authenticated using (author = auth.uid());
create policy read on results for select to authenticated using (level_on(campaign_id) is not null);
-- Rates of one's own agency: compared by name of the agency.
create policy read on rates for select to authenticated
  using (exists (select from units mine join units theirs on theirs.name = mine.name and theirs.kind = 'agency'
                 where theirs.id = agency_id) or level_on(agency_id) = 'director');
create policy change on rates for update to authenticated using (level_on(agency_id) = 'director') with check (level_on(agency_id) = 'director');

grant select, insert, update, delete on units, briefs to authenticated;
grant select, insert, delete on assignments, creatives, remarks to authenticated;
grant select on results, rates to authenticated;
grant update (hourly_cents, margin) on rates to authenticated;
