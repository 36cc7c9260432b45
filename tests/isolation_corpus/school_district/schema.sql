-- School districts: units in a tree (district > school > campus) with a path; the app names its school in a header.

create table units (
  id uuid primary key default gen_random_uuid(),
  parent_id uuid references units on delete restrict,
  code text not null check (code ~ '^[a-z0-9]{1,12}$'),
  path text not null unique,
  name text not null
);
create table unit_staff (
  unit_id uuid not null references units on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'teacher' check (role in ('principal', 'teacher', 'nurse')),
  primary key (unit_id, user_id)
);
create table unit_admins (
  unit_id uuid not null references units on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  primary key (unit_id, user_id)
);
create table students (
  id uuid primary key default gen_random_uuid(),
  unit_id uuid not null references units on delete cascade,
  full_name text not null,
  born date,
  email text
);
create table guardians (
  student_id uuid not null references students on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  status text not null default 'pending' check (status in ('pending', 'verified')),
  primary key (student_id, user_id)
);
create table classes (
  id uuid primary key default gen_random_uuid(),
  unit_id uuid not null references units on delete cascade,
  title text not null,
  teacher_id uuid references auth.users on delete set null
);
create table enrollments (
  class_id uuid not null references classes on delete cascade,
  student_id uuid not null references students on delete cascade,
  grade numeric(3, 1) check (grade between 0 and 6),
  primary key (class_id, student_id)
);
create table announcements (
  id uuid primary key default gen_random_uuid(),
  unit_id uuid not null references units on delete cascade,
  title text not null,
  body text not null default ''
);
create table calendar_events (
  id uuid primary key default gen_random_uuid(),
  unit_id uuid not null references units on delete cascade,
  title text not null,
  during tstzrange not null default tstzrange(now(), now() + interval '1 hour'),
  exclude using gist (during with &&) where (title = 'exam')
);
create table health_records (
  student_id uuid primary key references students on delete cascade,
  allergies text[] not null default '{}',
  remarks text
);

create function header_unit() returns uuid language sql stable as $$
  select nullif(nullif(current_setting('request.headers', true), '')::json ->> 'x-school-id', '')::uuid
$$;
create function is_staff() returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from unit_staff where user_id = auth.uid())
$$;
create function staff_in(p_unit uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from unit_staff where user_id = auth.uid() and unit_id = p_unit)
$$;
create function administers(p_unit uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from unit_admins a join units mine on mine.id = a.unit_id join units u on u.id = p_unit
    where a.user_id = auth.uid() and u.path like mine.path || '%')
$$;
create function guards(p_student uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from guardians where student_id = p_student and user_id = auth.uid())
$$;
create function unit_of(p_student uuid) returns uuid language sql stable security definer set search_path = public as $$
  select unit_id from students where id = p_student and (staff_in(unit_id) or administers(unit_id))
$$;
create function set_path() returns trigger language plpgsql security definer set search_path = public as $$
begin
  new.path := coalesce((select p.path || '.' from units p where p.id = new.parent_id), '') || new.code;
  return new;
end $$;
create trigger set_path before insert on units for each row execute function set_path();

alter table units enable row level security;
alter table unit_staff enable row level security;
alter table unit_admins enable row level security;
alter table students enable row level security;
alter table guardians enable row level security;
alter table classes enable row level security;
alter table enrollments enable row level security;
alter table announcements enable row level security;
alter table calendar_events enable row level security;
alter table health_records enable row level security;

create policy units_read on units for select to authenticated using (staff_in(id) or administers(id));
create policy units_add on units for insert to authenticated with check (parent_id is not null and administers(parent_id));
create policy staff_read on unit_staff for select to authenticated using (user_id = auth.uid() or staff_in(unit_id));
create policy staff_manage on unit_staff for all to authenticated
  using (exists (select 1 from unit_admins a where a.unit_id = unit_staff.unit_id and a.user_id = auth.uid()))
  with check (exists (select 1 from unit_admins a where a.unit_id = unit_staff.unit_id and a.user_id = auth.uid()));
create policy admins_read on unit_admins for select to authenticated using (user_id = auth.uid());
create policy students_staff on students for all to authenticated using (staff_in(unit_id)) with check (staff_in(unit_id));
create policy students_guardian on students for select to authenticated using (guards(id));
create policy guardians_read on guardians for select to authenticated using (user_id = auth.uid() or unit_of(student_id) is not null);
create policy guardians_ask on guardians for insert to authenticated with check (user_id = auth.uid() and status = 'pending');
create policy guardians_verify on guardians for update to authenticated
  using (staff_in(unit_of(student_id)) and user_id <> auth.uid()) with check (staff_in(unit_of(student_id)) and user_id <> auth.uid());
create policy classes_all on classes for all to authenticated using (staff_in(unit_id)) with check (staff_in(unit_id));
create policy enrollments_all on enrollments for all to authenticated
  using (exists (select 1 from classes c where c.id = enrollments.class_id))
  with check (exists (select 1 from classes c join students s on s.unit_id = c.unit_id where c.id = enrollments.class_id and s.id = enrollments.student_id));
create policy announcements_staff on announcements for all to authenticated
  using (is_staff() and unit_id = header_unit()) with check (is_staff() and unit_id = header_unit());
create policy calendar_staff on calendar_events for all to authenticated
  using (staff_in(unit_id) or administers(unit_id)) with check (staff_in(unit_id));
create policy calendar_scope on calendar_events as restrictive for select to authenticated
  using (header_unit() is null or unit_id = header_unit());
create policy health_nurse on health_records for all to authenticated
  using (exists (select 1 from students s join unit_staff t on t.unit_id = s.unit_id
    where s.id = health_records.student_id and t.user_id = auth.uid() and t.role = 'nurse'));

grant select on units, unit_staff, unit_admins, students, guardians, classes, enrollments, announcements, calendar_events, health_records to authenticated;
grant insert (parent_id, code, name) on units to authenticated;
grant insert, delete on unit_staff to authenticated;
grant insert, update, delete on students, classes, enrollments, announcements, calendar_events to authenticated;
grant insert, update (status) on guardians to authenticated;
grant insert, update on health_records to authenticated;

create view report_card with (security_invoker = true) as
  select s.full_name, c.title, e.grade from enrollments e join students s on s.id = e.student_id join classes c on c.id = e.class_id;
grant select on report_card to authenticated;

-- A new customer: the root of a tree.
create function create_district(p_code text, p_name text) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into units (code, name) values (p_code, p_name) returning id into v;
  insert into unit_admins values (v, auth.uid());
  insert into unit_staff values (v, auth.uid(), 'principal');
  return v;
end $$;
create function transfer_student(p_student uuid, p_to uuid) returns void language plpgsql security definer set search_path = public as $$
begin
  if not staff_in(p_to) then raise exception 'not your school' using errcode = '42501'; end if;
  delete from enrollments where student_id = p_student;
  update students set unit_id = p_to where id = p_student;
end $$;
create function class_average(p_class uuid) returns numeric language sql stable security definer set search_path = public as $$
  select round(avg(e.grade), 2) from enrollments e join classes c on c.id = e.class_id where c.id = p_class and staff_in(c.unit_id)
$$;
create function import_students(p_unit uuid, p_rows json) returns integer language plpgsql set search_path = public as $$
declare n integer;
begin
  insert into students (unit_id, full_name, born) select p_unit, r.full_name, r.born from json_to_recordset(p_rows) as r(full_name text, born date);
  get diagnostics n = row_count;
  return n;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
