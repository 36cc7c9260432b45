-- 001_init: a course platform for one school -------------------------------------------------------------------------
create extension if not exists vector with schema extensions;
create type app_role as enum ('admin', 'instructor', 'student');
create type review_state as enum ('pending', 'approved', 'rejected');

create table profiles (
  id uuid primary key references auth.users on delete cascade,
  full_name text not null default '',
  email text
);
create table user_roles (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users on delete cascade,
  role app_role not null default 'student'
);
create table courses (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  body jsonb not null default '{"blocks": []}',
  published boolean not null default false,
  version integer not null default 1,
  created_by uuid references auth.users on delete set null
);
create table lessons (
  id uuid primary key default gen_random_uuid(),
  course_id uuid not null references courses on delete cascade,
  title text not null,
  content text not null default '',
  embedding extensions.vector(3)
);
create table course_versions (
  course_id uuid not null references courses on delete cascade,
  version integer not null,
  snapshot jsonb not null,
  primary key (course_id, version)
);
create table enrollments (
  course_id uuid not null references courses on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  progress smallint not null default 0 check (progress between 0 and 100),
  primary key (course_id, user_id)
);
create table approvals (
  id bigint generated always as identity primary key,
  course_id uuid not null references courses on delete cascade,
  requested_by uuid not null default auth.uid() references auth.users on delete cascade,
  state review_state not null default 'pending',
  decided_by uuid references auth.users on delete set null,
  comment text
);
create table question_bank (
  id uuid primary key default gen_random_uuid(),
  question text not null,
  answer text not null
);
insert into courses (title, published) values ('Welcome', true);

create function handle_new_user() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into profiles (id, full_name, email) values (new.id, coalesce(new.raw_user_meta_data ->> 'full_name', ''), new.email);
  insert into user_roles (user_id) values (new.id);
  return new;
end $$;
create trigger on_auth_user_created after insert on auth.users for each row execute function handle_new_user();

-- 014_organizations: now for many schools; what has no organization is ours and for everybody ---------------------------
create table organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now()
);
insert into organizations (id, name) values ('00000000-0000-0000-0000-000000000001', 'The first school');
alter table profiles add column organization_id uuid references organizations on delete set null;
alter table user_roles add column organization_id uuid references organizations on delete cascade;
alter table courses add column organization_id uuid references organizations on delete cascade;
alter table approvals add column organization_id uuid references organizations on delete cascade;
alter table question_bank add column organization_id uuid references organizations on delete cascade;
update profiles set organization_id = '00000000-0000-0000-0000-000000000001';
update user_roles set organization_id = '00000000-0000-0000-0000-000000000001';
alter table user_roles add constraint one_role unique (user_id, organization_id, role);

create function my_org() returns uuid language sql stable security definer set search_path = public as $$
  select organization_id from profiles where id = auth.uid()
$$;
create function has_role(p_role app_role) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from user_roles where user_id = auth.uid() and role = p_role)
$$;
create function has_org_role(p_org uuid, p_role app_role) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from user_roles r where r.user_id = auth.uid() and r.role = p_role and r.organization_id = p_org) and p_org = my_org()
$$;

alter table profiles enable row level security;
alter table user_roles enable row level security;
alter table courses enable row level security;
alter table lessons enable row level security;
alter table course_versions enable row level security;
alter table enrollments enable row level security;
alter table approvals enable row level security;
alter table question_bank enable row level security;
alter table organizations enable row level security;

create policy "own org" on organizations for select to authenticated using (id = my_org());
create policy "same org profiles" on profiles for select to authenticated using (id = auth.uid() or organization_id = my_org());
create policy "own profile" on profiles for update to authenticated using (id = auth.uid());
create policy "own roles" on user_roles for select to authenticated using (user_id = auth.uid() or has_org_role(organization_id, 'admin'));
create policy "admins give roles" on user_roles for insert to authenticated with check (has_org_role(organization_id, 'admin'));
create policy "admins take roles" on user_roles for delete to authenticated using (has_org_role(organization_id, 'admin') and user_id <> auth.uid());
create policy "read courses" on courses for select to authenticated using (organization_id = my_org() or (organization_id is null and published));
create policy "instructors write" on courses for insert to authenticated with check (has_org_role(organization_id, 'instructor'));
create policy "instructors edit" on courses for update to authenticated
  using (has_org_role(organization_id, 'instructor')) with check (has_role('instructor'));
create policy "read lessons" on lessons for select to authenticated using (exists (select 1 from courses c where c.id = course_id));
create policy "write lessons" on lessons for all to authenticated using (
  exists (select 1 from courses c where c.id = course_id and has_org_role(c.organization_id, 'instructor')));
create policy "read versions" on course_versions for select to authenticated using (
  exists (select 1 from courses c where c.id = course_id and has_org_role(c.organization_id, 'instructor')));
create policy "own enrollments" on enrollments for select to authenticated using (user_id = auth.uid()
  or exists (select 1 from courses c where c.id = course_id and has_org_role(c.organization_id, 'instructor')));
create policy "progress" on enrollments for update to authenticated using (user_id = auth.uid());
create policy "queue" on approvals for select to authenticated using (requested_by = auth.uid() or has_org_role(organization_id, 'admin'));
create policy "ask" on approvals for insert to authenticated with check (
  requested_by = auth.uid() and state = 'pending' and decided_by is null
  and organization_id is not distinct from (select c.organization_id from courses c where c.id = course_id)
  and exists (select 1 from courses c where c.id = course_id and c.organization_id = my_org()));
create policy "bank" on question_bank for select to authenticated using (has_org_role(organization_id, 'instructor') or (organization_id is null and has_role('instructor')));
create policy "bank writes" on question_bank for all to authenticated
  using (has_org_role(organization_id, 'instructor')) with check (has_org_role(organization_id, 'instructor'));

create function snapshot_course() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if new.body is distinct from old.body or new.title is distinct from old.title then
    insert into course_versions values (old.id, old.version, to_jsonb(old)) on conflict do nothing;
    new.version := old.version + 1;
  end if;
  return new;
end $$;
create trigger snapshot_course before update on courses for each row execute function snapshot_course();

create function match_lessons(query_embedding extensions.vector, match_count integer default 5, filter jsonb default '{}')
returns table (id uuid, title text, similarity double precision) language sql stable security definer set search_path = public, extensions as $$
  select l.id, l.title, 1 - (l.embedding <=> query_embedding) from lessons l join courses c on c.id = l.course_id
  where l.embedding is not null and (c.organization_id is null or c.organization_id = coalesce((filter ->> 'organization_id')::uuid, my_org()))
  order by l.embedding <=> query_embedding limit least(match_count, 50)
$$;
create function restore_course_version(p_course text, p_version integer, p_note text default null) returns integer
language plpgsql security definer set search_path = public as $$
declare v jsonb;
begin
  if not has_role('instructor') then raise exception 'instructors only' using errcode = '42501'; end if;
  select snapshot into v from course_versions where course_id = p_course::uuid and version = p_version;
  if v is null then return null; end if;
  update courses set title = v ->> 'title', body = v -> 'body' where id = p_course::uuid;
  return p_version;
end $$;
create function enroll_many(p_courses text[], p_user uuid default auth.uid()) returns integer
language plpgsql security definer set search_path = public as $$
declare n integer;
begin
  if p_user <> auth.uid() and not (select has_org_role(p.organization_id, 'admin') from profiles p where p.id = p_user) then
    raise exception 'forbidden' using errcode = '42501';
  end if;
  insert into enrollments (course_id, user_id)
  select c.id, p_user from courses c join profiles p on p.id = p_user
  where c.id::text = any (p_courses) and (c.organization_id = p.organization_id or c.organization_id is null and c.published) on conflict do nothing;
  get diagnostics n = row_count;
  return n;
end $$;
create function decide(p_items jsonb) returns integer language plpgsql security definer set search_path = public as $$
declare item jsonb; n integer := 0;
begin
  for item in select * from jsonb_array_elements(p_items) loop
    update approvals a set state = (item ->> 'state')::review_state, decided_by = auth.uid(), comment = item ->> 'comment'
    where a.id = (item ->> 'id')::bigint and a.state = 'pending' and has_org_role(coalesce((item ->> 'organization_id')::uuid, a.organization_id), 'admin');
    if found then
      update courses c set published = true from approvals a where a.id = (item ->> 'id')::bigint and c.id = a.course_id and a.state = 'approved';
      n := n + 1;
    end if;
  end loop;
  return n;
end $$;
create function course_outline(p_course uuid) returns jsonb language sql stable set search_path = public as $$
  select jsonb_build_object('title', c.title, 'lessons', (select jsonb_agg(l.title) from lessons l where l.course_id = c.id)) from courses c where c.id = p_course
$$;
create function course_stats(p_courses uuid[]) returns table (course uuid, students bigint) language sql stable security definer set search_path = public as $$
  select e.course_id, count(*) from enrollments e join courses c on c.id = e.course_id
  where e.course_id = any (p_courses) and has_org_role(c.organization_id, 'instructor') group by 1
$$;

grant usage on schema public to authenticated;
grant select on all tables in schema public to authenticated;
grant update (full_name, organization_id) on profiles to authenticated;
grant insert, delete on user_roles to authenticated;
grant insert, update on courses to authenticated;
grant insert, update, delete on lessons, question_bank to authenticated;
grant update (progress) on enrollments to authenticated;
grant insert on approvals to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
