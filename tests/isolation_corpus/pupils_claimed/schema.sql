begin;

-- music schools: whom a school has claimed as a pupil, its staff look after

create table public.schools (
  id uuid primary key default gen_random_uuid(),
  name text not null
);
create table public.school_people (
  school_id uuid not null references public.schools (id) on delete cascade,
  person_id uuid not null references auth.users (id) on delete cascade,
  post text not null check (post in ('head', 'tutor', 'pupil')),
  state text not null default 'asked' check (state in ('asked', 'enrolled')),
  primary key (school_id, person_id)
);
create table public.rooms (
  id uuid primary key default gen_random_uuid(),
  school_id uuid not null references public.schools (id) on delete cascade,
  door text not null
);
create table public.report_cards (
  id uuid primary key default gen_random_uuid(),
  school_id uuid not null references public.schools (id) on delete cascade,
  person_id uuid not null references auth.users (id) on delete cascade,
  remark text not null
);
-- one row per person, wherever they learn
create table public.care_notes (
  person_id uuid primary key references auth.users (id) on delete cascade,
  allergies text not null,
  guardian_phone text not null
);
create table public.essays (
  id uuid primary key default gen_random_uuid(),
  author uuid not null references auth.users (id) on delete cascade,
  body text not null
);
-- a pupil lets a school read what they write
create table public.consents (
  person_id uuid not null references auth.users (id) on delete cascade,
  school_id uuid not null references public.schools (id) on delete cascade,
  primary key (person_id, school_id)
);

create function public.belongs(s uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.school_people p where p.school_id = s and p.person_id = (select auth.uid()) and p.state = 'enrolled') $$;
create function public.teaches(s uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.school_people p where p.school_id = s and p.person_id = (select auth.uid()) and p.state = 'enrolled'
  and p.post in ('head', 'tutor')) $$;
create function public.heads(s uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.school_people p where p.school_id = s and p.person_id = (select auth.uid()) and p.state = 'enrolled'
  and p.post = 'head') $$;
create function public.looks_after(pupil uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.school_people p where p.person_id = pupil and p.post = 'pupil' and p.state = 'enrolled'
  and public.teaches(p.school_id)) $$;
create function public.may_read_of(pupil uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.consents c where c.person_id = pupil and public.teaches(c.school_id)) $$;

alter table public.schools enable row level security;
alter table public.school_people enable row level security;
alter table public.rooms enable row level security;
alter table public.report_cards enable row level security;
alter table public.care_notes enable row level security;
alter table public.essays enable row level security;
alter table public.consents enable row level security;

create policy schools_read on public.schools for select to authenticated using (public.belongs(id));
create policy people_read on public.school_people for select to authenticated using (public.belongs(school_id));
-- first they are asked, then enrolled: both by the head
create policy people_ask on public.school_people for insert to authenticated with check (public.heads(school_id) and state = 'asked');
create policy people_enrol on public.school_people for update to authenticated
  using (public.heads(school_id)) with check (public.heads(school_id));
create policy rooms_read on public.rooms for select to authenticated using (public.belongs(school_id));
create policy cards_read on public.report_cards for select to authenticated using (public.teaches(school_id));
create policy care_own on public.care_notes for select to authenticated using (person_id = (select auth.uid()));
create policy care_staff on public.care_notes for all to authenticated using (public.looks_after(person_id));
create policy essays_own on public.essays for all to authenticated using (author = (select auth.uid()));
create policy essays_read on public.essays for select to authenticated using (public.may_read_of(author));
create policy consents_own on public.consents for all to authenticated using (person_id = (select auth.uid()))
  with check (person_id = (select auth.uid()) and public.belongs(school_id));

revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant select on all tables in schema public to authenticated;
grant insert, update (state) on public.school_people to authenticated;
grant update (allergies, guardian_phone) on public.care_notes to authenticated;
grant insert, update, delete on public.essays to authenticated;
grant insert, delete on public.consents to authenticated;

commit;
