-- Judo schools. Nobody touches what is another's, and yet some of it can no longer be deleted, or added.
create table dojos (id uuid primary key default gen_random_uuid(), name text not null);
create table grades (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, name text not null);
create table trainers (id uuid primary key references auth.users on delete cascade, dojo uuid not null references dojos on delete cascade, post text not null check (post in ('head', 'coach')), grade uuid references grades, nick text not null);
create table pupils (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, name text not null);
-- A belt is given and taken by the server alone: with its pupil it goes.
create table belts (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, pupil uuid not null references pupils on delete cascade, colour text not null);
create table mats (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, name text not null, lessons integer not null default 0);
create table courses (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, title text not null, published boolean not null default false);

-- planted: holds another school's belt, and with it the pupil
create table gradings (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, belt uuid references belts, note text not null);
-- sound: is set free when the belt goes
create table repairs (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, belt uuid references belts on delete set null, note text not null);
-- planted: says that somebody else's trainer did it, who can no longer delete their profile
create table journal (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, trainer uuid not null references trainers, line text not null);
-- sound: asks who writes
create table reports (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, trainer uuid not null references trainers, line text not null);
-- planted: holds another school's mat, which a careless view shows
create table rentals (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, mat uuid not null references mats, note text not null);
-- planted: is numbered by its mat when it is made, and may be moved to another school's mat, with its next number
create table lessons (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, mat uuid not null references mats on delete cascade, number integer not null, title text not null, unique (mat, number));
-- sound: the same, and a move is looked at
create table sparrings (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, mat uuid not null references mats on delete cascade, number integer not null, title text not null, unique (mat, number));
-- sound: whoever has published a course has others book it
create table bookings (id uuid primary key default gen_random_uuid(), dojo uuid not null references dojos on delete cascade, course uuid not null references courses, note text not null);

create function my_dojo() returns uuid language sql stable security definer set search_path = '' as $$ select dojo from public.trainers where id = auth.uid() $$;

create function number_lesson() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update public.mats set lessons = lessons + 1 where id = new.mat and dojo = new.dojo returning lessons into new.number;
  if new.number is null then raise exception 'no such mat'; end if;
  return new;
end $$;
create trigger number_it before insert on lessons for each row execute function number_lesson();
create function number_sparring() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'UPDATE' and new.mat = old.mat then return new; end if;
  update public.mats set lessons = lessons + 1 where id = new.mat and dojo = new.dojo returning lessons into new.number;
  if new.number is null then raise exception 'no such mat'; end if;
  return new;
end $$;
create trigger number_it before insert or update on sparrings for each row execute function number_sparring();

-- planted: asks whose trainer it is, not whose grade
create function award(member uuid, new_grade uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from public.trainers me where me.id = auth.uid() and me.post = 'head' and me.dojo = (select t.dojo from public.trainers t where t.id = member)) then
    raise exception 'not allowed' using errcode = '42501';
  end if;
  update public.trainers set grade = new_grade where id = member;
end $$;
-- sound: asks both
create function promote(member uuid, new_grade uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from public.trainers me join public.grades g on g.dojo = me.dojo where me.id = auth.uid() and me.post = 'head' and g.id = new_grade and me.dojo = (select t.dojo from public.trainers t where t.id = member)) then
    raise exception 'not allowed' using errcode = '42501';
  end if;
  update public.trainers set grade = new_grade where id = member;
end $$;

do $$ declare t text; begin
  foreach t in array array['dojos', 'grades', 'trainers', 'pupils', 'belts', 'mats', 'courses', 'gradings', 'repairs', 'journal', 'reports', 'rentals', 'lessons', 'sparrings', 'bookings'] loop
    execute format('alter table %I enable row level security', t);
    execute format('grant select on %I to authenticated', t);
  end loop;
  foreach t in array array['grades', 'pupils', 'mats', 'courses', 'gradings', 'repairs', 'journal', 'rentals', 'lessons', 'sparrings'] loop
    execute format('create policy own on %I to authenticated using (dojo = my_dojo()) with check (dojo = my_dojo())', t);
    execute format('grant insert, update, delete on %I to authenticated', t);
  end loop;
end $$;
create policy own on dojos for select to authenticated using (id = my_dojo());
create policy own on trainers for select to authenticated using (dojo = my_dojo());
create policy leave on trainers for delete to authenticated using (id = auth.uid());
grant delete on trainers to authenticated;
create policy own on belts for select to authenticated using (dojo = my_dojo());
create policy own on reports to authenticated using (dojo = my_dojo()) with check (dojo = my_dojo() and trainer = auth.uid());
grant insert, update, delete on reports to authenticated;

-- planted: runs as its owner
create view mat_names as select m.id, m.name, d.name as dojo from mats m join dojos d on d.id = m.dojo;
create view programme as select id, title from courses where published;
grant select on mat_names, programme to authenticated;
create policy own on bookings to authenticated using (dojo = my_dojo()) with check (dojo = my_dojo() and exists (select from programme p where p.id = course));
grant insert, update, delete on bookings to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on function my_dojo(), award(uuid, uuid), promote(uuid, uuid) to authenticated;
