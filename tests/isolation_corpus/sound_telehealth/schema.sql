-- Telehealth: practices, practitioners, slots that nobody books twice, patients who book by themselves
create extension if not exists pgcrypto with schema extensions;
create table practices (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  accepts_new boolean not null default true
);
create table practice_staff (
  practice_id uuid not null references practices on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  job text not null default 'assistant' check (job in ('assistant', 'doctor', 'manager')),
  employed daterange not null default daterange(current_date, null),
  primary key (practice_id, user_id)
);
create table patients (
  id uuid primary key default gen_random_uuid(),
  practice_id uuid not null references practices on delete cascade,
  user_id uuid references auth.users on delete set null,
  name text not null,
  insurance_no text,
  unique (practice_id, user_id),
  unique (practice_id, id)
);
create table slots (
  id uuid primary key default gen_random_uuid(),
  practice_id uuid not null,
  doctor_id uuid not null,
  during tstzrange not null,
  patient_id uuid,
  foreign key (practice_id, doctor_id) references practice_staff (practice_id, user_id) on delete cascade,
  foreign key (practice_id, patient_id) references patients (practice_id, id),
  unique (practice_id, doctor_id, during)
);
create table notes (
  id uuid primary key default gen_random_uuid(),
  practice_id uuid not null,
  patient_id uuid not null,
  author_id uuid not null default auth.uid() references auth.users,
  body text not null,
  released_to_patient boolean not null default false,
  foreign key (practice_id, patient_id) references patients (practice_id, id) on delete cascade
);
create table join_codes (
  practice_id uuid primary key references practices on delete cascade,
  code_hash text not null,
  valid_until timestamptz not null default now() + interval '1 day',
  tries integer not null default 0
);
create table reminders (
  user_id uuid primary key default auth.uid() references auth.users on delete cascade,
  minutes_before integer not null default 60 check (minutes_before between 5 and 10080),
  channel text not null default 'mail' check (channel in ('mail', 'sms'))
);
create function works_at(p_practice uuid, p_jobs text[] default '{assistant,doctor,manager}') returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.practice_staff s where s.practice_id = p_practice and s.user_id = (select auth.uid())
    and s.job = any (p_jobs) and s.employed @> current_date)
$$;
create function is_patient(p_patient uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.patients p where p.id = p_patient and p.user_id = (select auth.uid()))
$$;
alter table practices enable row level security;
alter table practice_staff enable row level security;
alter table patients enable row level security;
alter table slots enable row level security;
alter table notes enable row level security;
alter table join_codes enable row level security;
alter table reminders enable row level security;
create policy see on practices for select to authenticated using (works_at(id) or exists (select 1 from patients p where p.practice_id = practices.id and p.user_id = (select auth.uid())));
create policy edit on practices for update to authenticated using (works_at(id, '{manager}'));
create policy see on practice_staff for select to authenticated using (works_at(practice_id));
create policy hire on practice_staff for insert to authenticated with check (works_at(practice_id, '{manager}'));
create policy edit on practice_staff for update to authenticated using (works_at(practice_id, '{manager}') and user_id <> (select auth.uid()));
create policy see on patients for select to authenticated using (works_at(practice_id) or user_id = (select auth.uid()));
create policy admit on patients for insert to authenticated with check (works_at(practice_id) and user_id is null);
create policy edit on patients for update to authenticated using (works_at(practice_id)) with check (works_at(practice_id));
create policy see on slots for select to authenticated using (works_at(practice_id) or is_patient(patient_id));
create policy plan on slots for insert to authenticated with check (works_at(practice_id));
create policy cancel on slots for delete to authenticated using (works_at(practice_id) and patient_id is null);
create policy see on notes for select to authenticated using (works_at(practice_id, '{doctor}') or (released_to_patient and is_patient(patient_id)));
create policy write on notes for insert to authenticated with check (works_at(practice_id, '{doctor}') and author_id = (select auth.uid()));
create policy release on notes for update to authenticated using (works_at(practice_id, '{doctor}') and author_id = (select auth.uid()));
create policy own on reminders for all to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));

-- a code from the practice makes one its patient; five wrong ones and it is gone
create function enter_practice(p_practice uuid, p_code text, p_name text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  update public.join_codes set tries = tries + 1 where practice_id = p_practice and tries < 5 and valid_until > now();
  if exists (select 1 from public.join_codes j join public.practices p on p.id = j.practice_id where j.practice_id = p_practice and j.tries < 5
      and j.valid_until > now() and p.accepts_new and j.code_hash = encode(extensions.digest(p_practice::text || p_code, 'sha256'), 'hex')) then
    insert into public.patients (practice_id, user_id, name) values (p_practice, auth.uid(), p_name)
    on conflict (practice_id, user_id) do update set name = excluded.name returning id into v;
    update public.join_codes set tries = 0 where practice_id = p_practice;
  end if;
  return v;
end $$;
create function issue_code(p_practice uuid) returns text language plpgsql security definer set search_path = '' as $$
declare v text := encode(extensions.gen_random_bytes(6), 'hex');
begin
  if not public.works_at(p_practice) then raise exception 'no such practice' using errcode = 'P0002'; end if;
  insert into public.join_codes (practice_id, code_hash) values (p_practice, encode(extensions.digest(p_practice::text || v, 'sha256'), 'hex'))
  on conflict (practice_id) do update set code_hash = excluded.code_hash, valid_until = default, tries = 0;
  return v;
end $$;
create function free_slots(p_practice uuid) returns table (slot uuid, during tstzrange) language sql stable security definer set search_path = '' as $$
  select s.id, s.during from public.slots s where s.practice_id = p_practice and s.patient_id is null and lower(s.during) > now()
    and exists (select 1 from public.patients p where p.practice_id = p_practice and p.user_id = (select auth.uid()))
$$;
create function book(p_slot uuid) returns boolean language sql security definer set search_path = '' as $$
  update public.slots s set patient_id = p.id from public.patients p
  where s.id = p_slot and s.patient_id is null and p.practice_id = s.practice_id and p.user_id = (select auth.uid()) returning true
$$;
create function unbook(p_slot uuid) returns boolean language sql security definer set search_path = '' as $$
  update public.slots s set patient_id = null where s.id = p_slot and (public.is_patient(s.patient_id) or public.works_at(s.practice_id)) returning true
$$;
create view my_appointments with (security_invoker) as
  select s.id, s.during, p.name as practice from slots s join practices p on p.id = s.practice_id where is_patient(s.patient_id);

grant usage on schema public to authenticated;
grant select on practices, practice_staff, patients, slots, notes, reminders, my_appointments to authenticated;
grant update (name, accepts_new) on practices to authenticated;
grant insert, update (job, employed) on practice_staff to authenticated;
grant insert (practice_id, name, insurance_no), update (name, insurance_no) on patients to authenticated;
grant insert (practice_id, doctor_id, during), delete on slots to authenticated;
grant insert (practice_id, patient_id, body), update (body, released_to_patient) on notes to authenticated;
grant insert, update, delete on reminders to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
