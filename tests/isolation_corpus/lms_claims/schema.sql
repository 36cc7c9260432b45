-- 0001_schools.sql
create table schools (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  country text not null default 'DE' check (country ~ '^[A-Z]{2}$'),
  settings jsonb not null default '{"locale": "en"}' check (settings ? 'locale')
);

-- the active school and the role in it come from the token (custom access token hook writes app_metadata)
create function current_school() returns uuid language sql stable as
$$ select nullif(auth.jwt() -> 'app_metadata' ->> 'school_id', '')::uuid $$;
create function current_school_role() returns text language sql stable as
$$ select auth.jwt() -> 'app_metadata' ->> 'school_role' $$;

alter table schools enable row level security;
create policy schools_select on schools for select to authenticated using (id = current_school());
create policy schools_update on schools for update to authenticated
  using (id = current_school() and current_school_role() = 'principal');

-- 0002_people.sql
create table teachers (
  user_id uuid primary key references auth.users on delete cascade,
  school_id uuid not null references schools on delete cascade,
  display_name text not null,
  private_email text,
  salary_band int check (salary_band between 1 and 9)
);
alter table teachers enable row level security;
create policy teachers_select on teachers for select to authenticated using (school_id = current_school());

create view school_directory as
  select t.school_id, t.display_name, t.private_email, t.salary_band from teachers t;

-- 0003_courses.sql
create type course_state as enum ('draft', 'published', 'archived');
create table courses (
  id uuid primary key default gen_random_uuid(),
  school_id uuid not null references schools on delete cascade,
  title text not null,
  state course_state not null default 'draft',
  price_cents int not null default 0 check (price_cents >= 0),
  search tsvector generated always as (to_tsvector('simple', title)) stored
);
create index on courses using gin (search);
alter table courses enable row level security;
create policy courses_select on courses for select to authenticated using (school_id = current_school());
create policy courses_write on courses for all to authenticated
  using (school_id = current_school() and current_school_role() in ('teacher', 'principal'))
  with check (school_id = current_school() and current_school_role() in ('teacher', 'principal'));

create table enrollments (
  course_id uuid not null references courses on delete cascade,
  student_id uuid not null default auth.uid() references auth.users on delete cascade,
  enrolled_at timestamptz not null default now(),
  primary key (course_id, student_id)
);
alter table enrollments enable row level security;
create policy enrollments_select on enrollments for select to authenticated using (student_id = auth.uid());
create policy enrollments_insert on enrollments for insert to authenticated with check (student_id = auth.uid());
create policy enrollments_delete on enrollments for delete to authenticated using (student_id = auth.uid());

create table lessons (
  id uuid primary key default gen_random_uuid(),
  course_id uuid not null references courses on delete cascade,
  position int not null,
  content jsonb not null default '{}',
  unique (course_id, position) deferrable initially deferred
);
alter table lessons enable row level security;
create policy lessons_select on lessons for select to authenticated using (
  exists (select from enrollments e where e.course_id = lessons.course_id and e.student_id = auth.uid())
  or exists (select from courses c where c.id = lessons.course_id and c.school_id = current_school())
);
create policy lessons_write on lessons for all to authenticated using (
  current_school_role() in ('teacher', 'principal')
  and exists (select from courses c where c.id = lessons.course_id and c.school_id = current_school())
);

create table announcements (
  id bigint generated always as identity primary key,
  school_id uuid not null references schools on delete cascade,
  body text not null
);
alter table announcements enable row level security;
create policy announcements_select on announcements for select to authenticated
  using (school_id::text = auth.jwt() -> 'user_metadata' ->> 'school_id' or school_id = current_school());
create policy announcements_insert on announcements for insert to authenticated
  with check (school_id = current_school() and current_school_role() in ('teacher', 'principal'));

-- 0004_assessment.sql
create table quizzes (
  id uuid primary key default gen_random_uuid(),
  course_id uuid not null references courses on delete cascade,
  title text not null
);
alter table quizzes enable row level security;
create policy quizzes_select on quizzes for select to authenticated
  using (exists (select from courses c where c.id = course_id));
create policy quizzes_write on quizzes for insert to authenticated
  with check (current_school_role() in ('teacher', 'principal') and exists (select from courses c where c.id = course_id));

create table quiz_answer_keys (
  quiz_id uuid not null references quizzes on delete cascade,
  question int not null,
  answer text not null,
  primary key (quiz_id, question)
);
alter table quiz_answer_keys enable row level security;
create policy keys_select on quiz_answer_keys for select to authenticated
  using (auth.uid() is not null and current_school_role() = 'teacher');

create table submissions (
  id bigint generated by default as identity primary key,
  quiz_id uuid not null references quizzes on delete cascade,
  student_id uuid not null default auth.uid() references auth.users on delete cascade,
  answers jsonb not null,
  score numeric(5, 2),
  graded_by uuid references auth.users
);
alter table submissions enable row level security;
create policy submissions_own on submissions for select to authenticated using (student_id = auth.uid());
create policy submissions_teacher on submissions for select to authenticated using (
  current_school_role() = 'teacher'
  and exists (select from quizzes q join courses c on c.id = q.course_id where q.id = quiz_id and c.school_id = current_school()));
create policy submissions_hand_in on submissions for insert to authenticated
  with check (student_id = auth.uid() and score is null and graded_by is null and exists (select from quizzes q where q.id = quiz_id));

create function grade_submission(p_submission bigint, p_score numeric) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if current_school_role() is distinct from 'teacher' then
    raise exception 'only teachers grade';
  end if;
  update submissions set score = p_score, graded_by = auth.uid() where id = p_submission;
end $$;

create table certificates (
  serial text primary key default upper(substr(md5(random()::text), 1, 12)) check (serial ~ '^[0-9A-F]{12}$'),
  course_id uuid not null references courses on delete cascade,
  student_id uuid not null references auth.users on delete cascade,
  issued_on date not null default current_date
);
alter table certificates enable row level security;
-- public verification page
create policy certificates_verify on certificates using (true);

-- 0005_progress.sql
create table lesson_progress (
  lesson_id uuid not null references lessons on delete cascade,
  student_id uuid not null default auth.uid(),
  seen_on date not null default current_date,
  seconds int not null default 0,
  primary key (lesson_id, student_id, seen_on)
) partition by range (seen_on);
create table lesson_progress_2025 partition of lesson_progress for values from ('2025-01-01') to ('2026-01-01');
create table lesson_progress_2026 partition of lesson_progress for values from ('2026-01-01') to ('2027-01-01');
create table lesson_progress_later partition of lesson_progress default;
alter table lesson_progress enable row level security;
alter table lesson_progress_2025 enable row level security;
alter table lesson_progress_later enable row level security;
create policy progress_own on lesson_progress for all to authenticated
  using (student_id = auth.uid()) with check (student_id = auth.uid() and exists (select from lessons l where l.id = lesson_id));

-- 0006_api.sql
create function course_bundle(ids uuid[]) returns jsonb
language sql stable security definer set search_path = public as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'title', c.title, 'lessons',
    (select jsonb_agg(l.content order by l.position) from lessons l where l.course_id = c.id))), '[]')
  from courses c where c.id = any (ids)
$$;

create function my_gradebook() returns table (quiz text, score numeric)
language sql stable security definer set search_path = public as $$
  select q.title, s.score from submissions s join quizzes q on q.id = s.quiz_id where s.student_id = auth.uid()
$$;

create function search_courses(q text) returns setof courses
language sql stable security invoker as $$
  select * from courses where search @@ plainto_tsquery('simple', q)
$$;

grant select, update (title, settings) on schools to authenticated;
grant select on teachers, school_directory, announcements, quizzes, quiz_answer_keys to authenticated;
grant select, insert, update, delete on courses, lessons, lesson_progress, lesson_progress_2025, lesson_progress_2026, lesson_progress_later to authenticated;
grant select, insert, delete on enrollments to authenticated;
grant insert on announcements, quizzes to authenticated;
grant select, insert on submissions to authenticated;
grant select, insert, update, delete on certificates to authenticated;
grant select on certificates to anon;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;

-- 0007_storage.sql
insert into storage.buckets (id, name, public) values ('homework', 'homework', false), ('avatars', 'avatars', true);
create policy "homework upload" on storage.objects for insert to authenticated
  with check (bucket_id = 'homework' and (storage.foldername(name))[1] = auth.uid()::text);
create policy "homework read" on storage.objects for select to authenticated using (bucket_id = 'homework');
