-- Schools, classes, pupils; parents come in with a code from a letter and see their own children
create type guardian_state as enum ('pending', 'confirmed', 'withdrawn');

create table schools (
  id serial primary key,
  name text not null,
  district text not null default 'centre',
  office_email text
);
create table teachers (
  id serial primary key,
  school_id integer not null references schools on delete cascade,
  user_id uuid unique references auth.users on delete set null,
  display_name text not null,
  is_principal boolean not null default false
);
create table classes (
  id serial primary key,
  school_id integer not null references schools on delete cascade,
  label text not null,
  teacher_id integer references teachers on delete set null
);
create table pupils (
  id serial primary key,
  class_id integer not null references classes on delete cascade,
  full_name text not null,
  born date,
  allergies text,
  letter_code text not null default upper(substr(md5(random()::text), 1, 10))
);
create table guardians (
  pupil_id integer not null references pupils on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  state guardian_state not null default 'pending',
  relation text not null default 'parent',
  primary key (pupil_id, user_id)
);
create table marks (
  id serial primary key,
  pupil_id integer not null references pupils on delete cascade,
  subject text not null,
  grade numeric(3, 1) not null check (grade between 1 and 6),
  comment text
);
create table absences (
  id serial primary key,
  pupil_id integer not null references pupils on delete cascade,
  day date not null default current_date,
  reason text,
  reported_by uuid default auth.uid() references auth.users on delete set null,
  unique (pupil_id, day)
);
create table notices (
  id serial primary key,
  school_id integer not null references schools on delete cascade,
  class_id integer references classes on delete cascade,   -- null: the whole school
  title text not null,
  body text not null,
  expires date
);
create table holidays (district text, day date, name text not null, primary key (district, day));
insert into holidays values ('centre', '2027-01-01', 'New Year');

create function my_school() returns integer language sql stable security definer set search_path = public as $$
  select school_id from teachers where user_id = auth.uid()
$$;
create function teaches(p_pupil integer) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from pupils p join classes c on c.id = p.class_id where p.id = p_pupil and c.school_id = my_school())
$$;
create function guards(p_pupil integer) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from guardians g where g.pupil_id = p_pupil and g.user_id = auth.uid() and g.state <> 'withdrawn')
$$;
create function school_of_class(p_class integer) returns integer language sql stable security definer set search_path = public as $$
  select school_id from classes where id = p_class
$$;

alter table schools enable row level security;
alter table teachers enable row level security;
alter table classes enable row level security;
alter table pupils enable row level security;
alter table guardians enable row level security;
alter table marks enable row level security;
alter table absences enable row level security;
alter table notices enable row level security;
alter table holidays enable row level security;
create policy s on schools for select to authenticated using (id = my_school() or id in (
  select c.school_id from pupils p join classes c on c.id = p.class_id where guards(p.id)));
create policy s on teachers for select to authenticated using (school_id = my_school());
create policy u on teachers for update to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy s on classes for select to authenticated using (school_id = my_school() or exists (
  select 1 from pupils p where p.class_id = classes.id and guards(p.id)));
create policy w on classes for all to authenticated using (school_id = my_school()) with check (school_id = my_school());
create policy s on pupils for select to authenticated using (school_of_class(class_id) = my_school() or guards(id));
create policy i on pupils for insert to authenticated with check (school_of_class(class_id) = my_school());
create policy u on pupils for update to authenticated using (school_of_class(class_id) = my_school());
create policy s on guardians for select to authenticated using (user_id = auth.uid() or teaches(pupil_id));
create policy ask on guardians for insert to authenticated with check (user_id = auth.uid() and state = 'pending');
create policy confirm on guardians for update to authenticated using (teaches(pupil_id)) with check (teaches(pupil_id));
create policy leave on guardians for delete to authenticated using (user_id = auth.uid() or teaches(pupil_id));
create policy s on marks for select to authenticated using (teaches(pupil_id) or exists (
  select 1 from guardians g where g.pupil_id = marks.pupil_id and g.user_id = auth.uid() and g.state = 'confirmed'));
create policy w on marks for insert to authenticated with check (teaches(pupil_id));
create policy u on marks for update to authenticated using (true) with check (teaches(pupil_id));
create policy s on absences for select to authenticated using (teaches(pupil_id) or reported_by = auth.uid());
create policy i on absences for insert to authenticated with check (reported_by = auth.uid() and (teaches(pupil_id) or exists (
  select 1 from guardians g where g.pupil_id = absences.pupil_id and g.user_id = auth.uid() and g.state = 'confirmed')));
create policy s on notices for select to authenticated using (
  school_id = my_school() or exists (select 1 from pupils p where guards(p.id) and (p.class_id = notices.class_id or notices.class_id is null)));
create policy w on notices for insert to authenticated with check (school_id = my_school() and (class_id is null or school_of_class(class_id) = my_school()));
create policy s on holidays for select using (true);

-- the code stands in the letter that the child brings home
create function redeem_code(p_code text) returns text language plpgsql security definer set search_path = public as $$
declare v pupils;
begin
  if auth.uid() is null then raise exception 'sign in'; end if;
  select * into v from pupils where letter_code like upper(trim(p_code)) limit 1;
  if v.id is null then raise exception 'unknown code' using errcode = 'P0002'; end if;
  insert into guardians (pupil_id, user_id, state) values (v.id, auth.uid(), 'confirmed') on conflict (pupil_id, user_id) do update set state = 'confirmed';
  return v.full_name;
end $$;
create function report_card(p_pupil integer, p_for uuid default auth.uid()) returns jsonb language sql stable security definer set search_path = public as $$
  select jsonb_agg(jsonb_build_object('subject', m.subject, 'grade', m.grade, 'comment', m.comment)) from marks m
  where m.pupil_id = p_pupil and exists (select 1 from guardians g where g.pupil_id = p_pupil and g.user_id = p_for and g.state = 'confirmed')
$$;
create function class_average(p_class integer, p_subject text) returns numeric language sql stable security definer set search_path = public as $$
  select round(avg(m.grade), 1) from marks m join pupils p on p.id = m.pupil_id
  where p.class_id = p_class and m.subject = p_subject and school_of_class(p_class) = my_school()
$$;
create function move_pupils(p_pupils integer[], p_class integer) returns integer language plpgsql security definer set search_path = public as $$
declare n integer;
begin
  if not exists (select 1 from pupils p join classes c on c.id = p.class_id where p.id = any (p_pupils) and c.school_id = my_school()) then
    raise exception 'no such pupils' using errcode = 'P0002';
  end if;
  if school_of_class(p_class) is distinct from my_school() then raise exception 'no such class' using errcode = 'P0002'; end if;
  update pupils set class_id = p_class where id = any (p_pupils);
  get diagnostics n = row_count;
  return n;
end $$;
create function excuse(p_absence integer, p_reason text) returns boolean language sql security definer set search_path = public as $$
  update absences set reason = p_reason where id = p_absence and (reported_by = auth.uid() or teaches(pupil_id)) returning true
$$;

grant usage on schema public to anon, authenticated;
grant select on holidays to anon, authenticated;
grant select on schools, teachers, classes, guardians, marks, absences, notices to authenticated;
grant select (id, class_id, full_name, born, allergies), insert (class_id, full_name, born, allergies), update (full_name, born, allergies) on pupils to authenticated;
grant update (display_name) on teachers to authenticated;
grant insert, update, delete on classes to authenticated;
grant insert (pupil_id, state, relation), update (state, relation), delete on guardians to authenticated;
grant insert, update on marks to authenticated;
grant insert (pupil_id, day, reason) on absences to authenticated;
grant insert on notices to authenticated;
grant usage on all sequences in schema public to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
