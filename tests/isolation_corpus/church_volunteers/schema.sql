-- Parish planner: churches, their people and households, ministries with shifts, prayer requests, gifts.
create type church_role as enum ('admin', 'leader', 'volunteer');
create type audience as enum ('pastors', 'church');

create table churches (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  timezone text not null default 'UTC',
  settings jsonb not null default '{"directory": {"show_phone": false}}',
  created_at timestamptz not null default now()
);
create table church_members (
  church_id uuid not null references churches on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role church_role not null default 'volunteer',
  joined_on date not null default current_date,
  left_on date check (left_on >= joined_on),
  primary key (church_id, user_id)
);
create table households (
  id uuid primary key default gen_random_uuid(),
  church_id uuid not null references churches on delete cascade,
  surname text not null,
  address text
);
create table people (
  id uuid primary key default gen_random_uuid(),
  church_id uuid not null references churches on delete cascade,
  household_id uuid references households on delete set null,
  user_id uuid references auth.users on delete set null,
  full_name text not null,
  email text,
  phone text,
  pastoral_notes text,
  search text generated always as (lower(full_name)) stored
);
create table ministries (
  id uuid primary key default gen_random_uuid(),
  church_id uuid not null references churches on delete cascade,
  name text not null,
  unique (church_id, name)
);
create table shifts (
  id uuid primary key default gen_random_uuid(),
  ministry_id uuid not null references ministries on delete cascade,
  starts_at timestamptz not null default now() + interval '3 days',
  places integer not null default 4,
  assigned_to uuid references people on delete set null
);
create table signups (
  id uuid primary key default gen_random_uuid(),
  shift_id uuid not null references shifts on delete cascade,
  person_id uuid not null references people on delete cascade,
  note text,
  unique (shift_id, person_id)
);
create table prayer_requests (
  id uuid primary key default gen_random_uuid(),
  church_id uuid not null references churches on delete cascade,
  author_id uuid not null default auth.uid() references auth.users on delete cascade,
  body text not null,
  audience audience not null default 'pastors'
);
create table gifts (
  id bigint generated always as identity primary key,
  church_id uuid not null references churches on delete cascade,
  person_id uuid not null references people on delete cascade,
  amount_cents integer not null check (amount_cents > 0),
  given_on date not null default current_date,
  memo text
);

create function is_member(p_church uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from church_members where church_id = p_church and user_id = auth.uid() and left_on is null)
$$;
create function has_role(p_church uuid, variadic p_roles church_role[]) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from church_members
    where church_id = p_church and user_id = auth.uid() and role = any (p_roles) and left_on is null)
$$;
create function church_of_ministry(p_ministry uuid) returns uuid language sql stable security definer set search_path = public as $$
  select m.church_id from ministries m where m.id = p_ministry and is_member(m.church_id)
$$;

do $$
declare t text;
begin
  foreach t in array array['churches', 'church_members', 'households', 'people', 'ministries', 'shifts', 'signups', 'prayer_requests', 'gifts'] loop
    execute format('alter table %I enable row level security', t);
  end loop;
end $$;

create policy churches_read on churches for select to authenticated using (is_member(id));
create policy churches_update on churches for update to authenticated using (has_role(id, 'admin')) with check (has_role(id, 'admin'));
create policy members_read on church_members for select to authenticated using (user_id = auth.uid() or is_member(church_id));
create policy members_admin on church_members for update to authenticated
  using (has_role(church_id, 'admin') and user_id <> auth.uid()) with check (has_role(church_id, 'admin') and user_id <> auth.uid());
create policy households_member on households for select to authenticated using (is_member(church_id));
create policy households_write on households for all to authenticated
  using (has_role(church_id, 'admin', 'leader')) with check (has_role(church_id, 'admin', 'leader'));
create policy people_self on people for select to authenticated using (user_id = auth.uid());
create policy people_leaders on people for all to authenticated
  using (has_role(church_id, 'admin', 'leader')) with check (has_role(church_id, 'admin', 'leader'));
create policy ministries_read on ministries for select to authenticated using (is_member(church_id));
create policy ministries_write on ministries for all to authenticated using (has_role(church_id, 'admin')) with check (has_role(church_id, 'admin'));
create policy shifts_read on shifts for select to authenticated using (church_of_ministry(ministry_id) is not null);
create policy shifts_write on shifts for all to authenticated
  using (has_role(church_of_ministry(ministry_id), 'admin', 'leader')) with check (has_role(church_of_ministry(ministry_id), 'admin', 'leader'));
create policy signups_read on signups for select to authenticated
  using (exists (select 1 from shifts s where s.id = signups.shift_id));
create policy signups_own on signups for insert to authenticated
  with check (exists (select 1 from people p where p.id = signups.person_id and p.user_id = auth.uid())
          and exists (select 1 from shifts s where s.id = signups.shift_id));
create policy signups_withdraw on signups for delete to authenticated
  using (exists (select 1 from people p where p.id = signups.person_id and p.user_id = auth.uid()));
create policy prayers_read on prayer_requests for select to authenticated
  using (author_id = auth.uid() or audience = 'church' or has_role(church_id, 'admin') and audience = 'pastors');
create policy prayers_insert on prayer_requests for insert to authenticated with check (author_id = auth.uid() and is_member(church_id));
create policy prayers_delete on prayer_requests for delete to authenticated using (author_id = auth.uid());
create policy gifts_read on gifts for select to authenticated
  using (exists (select 1 from church_members m where m.church_id = gifts.church_id and m.user_id = auth.uid() and m.role = 'admin'));
create policy gifts_write on gifts for insert to authenticated
  with check (has_role(church_id, 'admin') and exists (select 1 from people p where p.id = gifts.person_id and p.church_id = gifts.church_id));

grant select on churches, church_members, households, people, ministries, shifts, signups, prayer_requests, gifts to authenticated;
grant update (name, timezone, settings) on churches to authenticated;
grant update (role, left_on) on church_members to authenticated;
grant insert, update, delete on households, ministries, shifts to authenticated;
grant insert (church_id, household_id, full_name, email, phone, pastoral_notes), delete,
      update (household_id, full_name, email, phone, pastoral_notes) on people to authenticated;
grant insert, delete on signups to authenticated;
grant insert, delete on prayer_requests to authenticated;
grant insert on gifts to authenticated;

-- A volunteer's first sign-in: connect the account with the people who were imported from the old database.
create function claim_profile() returns setof uuid language sql security definer set search_path = public as $$
  update people set user_id = auth.uid()
  where user_id is null and lower(email) = lower(auth.jwt() -> 'user_metadata' ->> 'email') returning id
$$;
-- Only leaders and admins fill a shift by hand.
create function assign_shift(p_shift uuid, p_person uuid) returns void language plpgsql security definer set search_path = public as $$
declare v_church uuid;
begin
  select m.church_id into v_church from shifts s join ministries m on m.id = s.ministry_id where s.id = p_shift;
  if (select role from church_members where church_id = v_church and user_id = auth.uid() and left_on is null) not in ('admin', 'leader') then
    raise exception 'only leaders assign' using errcode = '42501';
  end if;
  update shifts set assigned_to = p_person where id = p_shift;
end $$;
-- The directory as the caller wants it: the names of the columns come from the client.
create function directory(p_church uuid, p_columns text[] default array['full_name', 'phone']) returns setof jsonb
language plpgsql stable security definer set search_path = public as $$
begin
  if not is_member(p_church) then raise exception 'not a member' using errcode = '42501'; end if;
  if 'pastoral_notes' = any (p_columns) then raise exception 'no such column' using errcode = '42703'; end if;
  return query execute format('select to_jsonb(x) from (select %s from people where church_id = $1 order by full_name) x', array_to_string(p_columns, ', '))
  using p_church;
end $$;
create function roster(p_ministry uuid) returns table (starts_at timestamptz, who text) language sql stable security definer set search_path = public as $$
  select s.starts_at, p.full_name from shifts s join signups g on g.shift_id = s.id join people p on p.id = g.person_id
  where s.ministry_id = p_ministry and church_of_ministry(p_ministry) is not null
$$;
create function plant_church(p_name text) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into churches (name) values (p_name) returning id into v;
  insert into church_members (church_id, user_id, role) values (v, auth.uid(), 'admin');
  return v;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
