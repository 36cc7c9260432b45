-- Volunteers' shifts, sound. The active organization is a claim of app_metadata, believed only while the membership stands.
create extension if not exists pgcrypto with schema extensions;
create type member_role as enum ('coordinator', 'lead', 'volunteer');

create table organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  accepts_applications boolean not null default false,
  settings jsonb not null default '{}'
);
create table members (
  org_id uuid not null references organizations on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role member_role not null default 'volunteer',
  left_at timestamptz,
  primary key (org_id, user_id)
);
create table profiles (
  user_id uuid primary key references auth.users on delete cascade,
  display_name text not null default '',
  phone text,
  visibility text not null default 'private' check (visibility in ('private', 'colleagues', 'public'))
);
create table skills (
  id smallint generated always as identity primary key,
  name text not null unique,
  retired boolean not null default false
);
insert into skills (name) values ('First aid'), ('Driving'), ('Cooking');
create table shifts (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references organizations on delete cascade,
  title text not null,
  skill_id smallint references skills,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  seats smallint not null default 1 check (seats between 1 and 100),
  hours numeric generated always as (extract(epoch from ends_at - starts_at) / 3600) stored,
  check (ends_at > starts_at),
  unique (org_id, id)
);
create table assignments (
  org_id uuid not null,
  shift_id uuid not null,
  user_id uuid not null,
  confirmed boolean not null default false,
  primary key (shift_id, user_id),
  foreign key (org_id, shift_id) references shifts (org_id, id) on delete cascade,
  foreign key (org_id, user_id) references members (org_id, user_id) on delete cascade
);
create table invitations (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references organizations on delete cascade,
  email text not null check (email = lower(email)),
  role member_role not null default 'volunteer' check (role <> 'coordinator'),
  created_by uuid not null default auth.uid(),
  expires_at timestamptz not null default now() + interval '14 days',
  unique (org_id, email)
);
-- whoever wants to help writes to an organization that asks for helpers
create table applications (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references organizations on delete cascade,
  applicant_id uuid not null default auth.uid() references auth.users on delete cascade,
  letter text not null check (length(letter) <= 4000),
  status text not null default 'pending' check (status in ('pending', 'accepted', 'declined')),
  created_at timestamptz not null default now(),
  unique (org_id, applicant_id)
);
create table messages (
  id bigint generated always as identity primary key,
  from_id uuid not null default auth.uid() references auth.users on delete cascade,
  to_id uuid not null references auth.users on delete cascade,
  body text not null check (length(body) between 1 and 2000),
  read_at timestamptz
);
create table calendar_tokens (
  user_id uuid primary key references auth.users on delete cascade,
  token_hash bytea not null,
  created_at timestamptz not null default now()
);
create table org_flags (
  org_id uuid not null references organizations on delete cascade,
  flag text not null,
  enabled boolean not null default true,
  primary key (org_id, flag)
);
create table activity (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  actor_id uuid,
  what text not null,
  at timestamptz not null default now()
);

create function active_org() returns uuid language sql stable security definer set search_path = '' as $$
  select m.org_id from public.members m
  where m.org_id = nullif(auth.jwt() -> 'app_metadata' ->> 'org_id', '')::uuid and m.user_id = auth.uid() and m.left_at is null
$$;
create function active_role() returns member_role language sql stable security definer set search_path = '' as $$
  select m.role from public.members m where m.org_id = public.active_org() and m.user_id = auth.uid() and m.left_at is null
$$;
create function is_platform_admin() returns boolean language sql stable as $$
  select coalesce((auth.jwt() -> 'app_metadata' ->> 'platform_admin')::boolean, false)
$$;
create function is_colleague(p_user uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.members m where m.org_id = public.active_org() and m.user_id = p_user and m.left_at is null)
$$;
create function seeks_helpers(p_org uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.organizations o where o.id = p_org and o.accepts_applications)
$$;

alter table organizations enable row level security;
alter table members enable row level security;
alter table profiles enable row level security;
alter table skills enable row level security;
alter table shifts enable row level security;
alter table assignments enable row level security;
alter table invitations enable row level security;
alter table applications enable row level security;
alter table messages enable row level security;
alter table calendar_tokens enable row level security;
alter table org_flags enable row level security;
alter table activity enable row level security;

create policy org_read on organizations for select to authenticated using (id = active_org());
create policy org_edit on organizations for update to authenticated
  using (id = active_org() and active_role() = 'coordinator') with check (id = active_org());
create policy members_read on members for select to authenticated using (org_id = active_org() or user_id = auth.uid());
create policy members_edit on members for update to authenticated
  using (org_id = active_org() and active_role() = 'coordinator' and user_id <> auth.uid())
  with check (org_id = active_org() and active_role() = 'coordinator' and user_id <> auth.uid());
create policy profiles_read on profiles for select to authenticated
  using (user_id = auth.uid() or visibility = 'public' or (visibility = 'colleagues' and is_colleague(user_id)));
create policy profiles_write on profiles for update to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy skills_read on skills for select to anon, authenticated using (true);
create policy skills_admin on skills for all to authenticated using (is_platform_admin()) with check (is_platform_admin());
create policy shifts_read on shifts for select to authenticated using (org_id = active_org());
create policy shifts_write on shifts for all to authenticated
  using (org_id = active_org() and active_role() in ('coordinator', 'lead'))
  with check (org_id = active_org() and active_role() in ('coordinator', 'lead'));
create policy assignments_read on assignments for select to authenticated using (org_id = active_org());
create policy assignments_self on assignments for insert to authenticated
  with check (org_id = active_org() and user_id = auth.uid() and not confirmed);
create policy assignments_lead on assignments for update to authenticated
  using (org_id = active_org() and active_role() in ('coordinator', 'lead'))
  with check (org_id = active_org() and active_role() in ('coordinator', 'lead'));
create policy assignments_drop on assignments for delete to authenticated
  using (org_id = active_org() and (user_id = auth.uid() or active_role() in ('coordinator', 'lead')));
create policy invitations_org on invitations for all to authenticated
  using (org_id = active_org() and active_role() = 'coordinator')
  with check (org_id = active_org() and active_role() = 'coordinator' and created_by = auth.uid());
create policy invitations_addressee on invitations for select to authenticated
  using (email = lower(auth.jwt() ->> 'email') and expires_at > now());
create policy invitations_decline on invitations for delete to authenticated using (email = lower(auth.jwt() ->> 'email'));
create policy applications_own on applications for select to authenticated using (applicant_id = auth.uid());
create policy applications_org on applications for select to authenticated
  using (org_id = active_org() and active_role() = 'coordinator');
create policy applications_send on applications for insert to authenticated
  with check (applicant_id = auth.uid() and status = 'pending' and seeks_helpers(org_id));
create policy applications_withdraw on applications for delete to authenticated using (applicant_id = auth.uid() and status = 'pending');
create policy applications_decline on applications for update to authenticated
  using (org_id = active_org() and active_role() = 'coordinator' and status = 'pending')
  with check (org_id = active_org() and active_role() = 'coordinator' and status = 'declined');
create policy messages_read on messages for select to authenticated using (to_id = auth.uid() or from_id = auth.uid());
create policy messages_send on messages for insert to authenticated with check (from_id = auth.uid() and is_colleague(to_id));
create policy messages_mark on messages for update to authenticated using (to_id = auth.uid()) with check (to_id = auth.uid());
create policy flags_read on org_flags for select to authenticated using (org_id = active_org());
create policy activity_read on activity for select to authenticated using (org_id = active_org() and active_role() = 'coordinator');

grant select on organizations, members, profiles, skills, shifts, assignments, invitations, applications, messages, org_flags, activity to authenticated;
grant select on skills to anon;
grant update (name, accepts_applications, settings) on organizations to authenticated;
grant update (role, left_at) on members to authenticated;
grant update (display_name, phone, visibility) on profiles to authenticated;
grant insert (name), update (name, retired) on skills to authenticated;
grant insert (org_id, title, skill_id, starts_at, ends_at, seats), update (title, skill_id, starts_at, ends_at, seats), delete on shifts to authenticated;
grant insert (org_id, shift_id, user_id), update (confirmed), delete on assignments to authenticated;
grant insert (org_id, email, role), delete on invitations to authenticated;
grant insert (org_id, letter), update (status), delete on applications to authenticated;
grant insert (to_id, body), update (read_at) on messages to authenticated;

create function on_sign_up() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (user_id, display_name) values (new.id, coalesce(new.raw_user_meta_data ->> 'name', ''));
  return new;
end $$;
create trigger on_sign_up after insert on auth.users for each row execute function on_sign_up();
create function log_activity() returns trigger language plpgsql security definer set search_path = '' as $$
declare r record := coalesce(new, old);
begin
  insert into public.activity (org_id, actor_id, what) values (r.org_id, auth.uid(), lower(tg_op) || ' ' || tg_table_name);
  return null;
end $$;
create trigger log_shifts after insert or update or delete on shifts for each row execute function log_activity();
create trigger log_assignments after insert or update on assignments for each row execute function log_activity();

create function create_organization(p_name text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.organizations (name) values (p_name) returning id into v;
  insert into public.members (org_id, user_id, role) values (v, auth.uid(), 'coordinator');
  return v;
end $$;
create function accept_invitation(p_id uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare i public.invitations;
begin
  delete from public.invitations where id = p_id and expires_at > now() and email = lower(auth.jwt() ->> 'email') returning * into i;
  if i.id is null then raise exception 'no such invitation' using errcode = 'P0002'; end if;
  insert into public.members (org_id, user_id, role) values (i.org_id, auth.uid(), i.role)
  on conflict (org_id, user_id) do update set left_at = null, role = excluded.role where members.left_at is not null;
  return i.org_id;
end $$;
create function accept_application(p_id uuid) returns boolean language plpgsql security definer set search_path = '' as $$
declare a public.applications;
begin
  update public.applications set status = 'accepted'
  where id = p_id and status = 'pending' and org_id = public.active_org() and public.active_role() = 'coordinator' returning * into a;
  if a.id is null then return false; end if;
  insert into public.members (org_id, user_id) values (a.org_id, a.applicant_id)
  on conflict (org_id, user_id) do update set left_at = null, role = excluded.role where members.left_at is not null;
  return true;
end $$;
create function take_seat(p_shift uuid) returns boolean language plpgsql security definer set search_path = '' as $$
declare s public.shifts;
begin
  select * into s from public.shifts where id = p_shift and org_id = public.active_org() for update;
  if s.id is null or (select count(*) from public.assignments a where a.shift_id = s.id) >= s.seats then return false; end if;
  insert into public.assignments (org_id, shift_id, user_id) values (s.org_id, s.id, auth.uid()) on conflict do nothing;
  return true;
end $$;
create function new_calendar_token() returns text language plpgsql security definer set search_path = '' as $$
declare v text := encode(extensions.gen_random_bytes(24), 'hex');
begin
  if auth.uid() is null then return null; end if;
  insert into public.calendar_tokens (user_id, token_hash) values (auth.uid(), extensions.digest(v, 'sha256'))
  on conflict (user_id) do update set token_hash = excluded.token_hash, created_at = now();
  return v;
end $$;
-- for calendar programs, which cannot sign in
create function calendar(p_token text) returns table (title text, starts_at timestamptz, ends_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select s.title, s.starts_at, s.ends_at from public.calendar_tokens t
  join public.members m on m.user_id = t.user_id and m.left_at is null
  join public.assignments a on a.user_id = m.user_id and a.org_id = m.org_id join public.shifts s on s.id = a.shift_id
  where t.token_hash = extensions.digest(p_token, 'sha256')
$$;
-- published in our yearly report: hours per skill over all organizations, where five or more contribute
create function hours_by_skill() returns table (skill text, hours numeric) language sql stable security definer set search_path = '' as $$
  select k.name, round(sum(s.hours)) from public.shifts s join public.skills k on k.id = s.skill_id
  group by k.name having count(distinct s.org_id) >= 5
$$;
create view directory as select o.id, o.name from organizations o where o.accepts_applications;
grant select on directory to anon, authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function calendar(text) to anon;
