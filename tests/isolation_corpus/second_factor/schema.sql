-- Notes and files of organizations, for whoever has shown a second factor if they have one: once as the documentation's
-- example has it, which asks a table that clients may not read, and once through a function that may.
create table orgs (
  id uuid primary key default gen_random_uuid(),
  name text not null
);
create table members (
  org_id uuid not null references orgs on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'member' check (role in ('owner', 'member')),
  primary key (org_id, user_id)
);
create table notes (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references orgs on delete cascade,
  body text not null
);
create table files (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references orgs on delete cascade,
  name text not null
);
alter table orgs enable row level security;
alter table members enable row level security;
alter table notes enable row level security;
alter table files enable row level security;

create function my_orgs() returns setof uuid language sql stable security definer set search_path = '' as $$
  select org_id from public.members where user_id = (select auth.uid())
$$;
create function second_factor_shown() returns boolean language sql stable security definer set search_path = '' as $$
  select (select auth.jwt() ->> 'aal') = 'aal2' or not exists (
    select 1 from auth.mfa_factors where user_id = (select auth.uid()) and status = 'verified')
$$;
revoke execute on function my_orgs(), second_factor_shown() from public, anon;
grant execute on function my_orgs(), second_factor_shown() to authenticated;

create policy "own orgs" on orgs for select to authenticated using (id in (select my_orgs()));
create policy "own members" on members for select to authenticated using (org_id in (select my_orgs()));
create policy "own notes" on notes for all to authenticated using (org_id in (select my_orgs()));
create policy "second factor" on notes as restrictive to authenticated using (
  array[(select auth.jwt() ->> 'aal')] <@ (
    select case when count(id) > 0 then array['aal2'] else array['aal1', 'aal2'] end as aal
    from auth.mfa_factors where ((select auth.uid()) = user_id) and status = 'verified'));
create policy "own files" on files for all to authenticated using (org_id in (select my_orgs()));
create policy "second factor" on files as restrictive to authenticated using ((select second_factor_shown()));
grant select on orgs, members to authenticated;
grant select, insert, update, delete on notes, files to authenticated;
