-- Studios: instructors and clients stand in two tables, a client may go to several studios; waiting lists, passes
create table studio (
  slug text primary key check (slug = lower(slug) and slug !~ '\s'),
  title text not null,
  stripe_account text
);
create table instructor (
  id uuid primary key default gen_random_uuid(),
  studio_slug text not null references studio on update cascade on delete cascade,
  profile uuid not null references auth.users on delete cascade,
  boss boolean not null default false,
  unique (studio_slug, profile)
);
create table client (
  id uuid primary key default gen_random_uuid(),
  studio_slug text not null references studio on update cascade on delete cascade,
  profile uuid references auth.users on delete set null,
  email text not null,
  health_notes text,
  unique (studio_slug, email)
);
create table course (
  id uuid primary key default gen_random_uuid(),
  studio_slug text not null references studio on update cascade on delete cascade,
  led_by uuid references instructor on delete set null,
  title text not null,
  seats smallint not null default 10 check (seats > 0),
  starts timestamptz not null default now() + interval '1 day'
);
create table booking (
  course_id uuid not null references course on delete cascade,
  client_id uuid not null references client on delete cascade,
  status text not null default 'booked' check (status in ('booked', 'waiting', 'cancelled', 'attended')),
  primary key (course_id, client_id)
);
create table pass (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references client on delete cascade,
  visits_left integer not null default 10 check (visits_left >= 0),
  gift_code text unique
);
create table feedback (
  id bigint generated always as identity primary key,
  course_id uuid not null references course on delete cascade,
  client_id uuid references client on delete set null,   -- null: anonymous
  stars smallint not null check (stars between 1 and 5),
  words text
);
create function teaches_at(p_slug text, p_boss boolean default false) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from instructor i where i.studio_slug = p_slug and i.profile = auth.uid() and (i.boss or not p_boss))
$$;
create function my_clients() returns setof uuid language sql stable security definer set search_path = public as $$
  select id from client where profile = auth.uid()
$$;
create function goes_to(p_slug text) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from client c where c.studio_slug = p_slug and c.profile = auth.uid())
$$;
create function course_studio(p_course uuid) returns text language sql stable security definer set search_path = public as $$
  select studio_slug from course where id = p_course and (teaches_at(studio_slug) or goes_to(studio_slug))
$$;
create function client_studio(p_client uuid) returns text language sql stable security definer set search_path = public as $$
  select studio_slug from client where id = p_client and (teaches_at(studio_slug) or profile = auth.uid())
$$;
alter table studio enable row level security;
alter table instructor enable row level security;
alter table client enable row level security;
alter table course enable row level security;
alter table booking enable row level security;
alter table pass enable row level security;
alter table feedback enable row level security;
create policy r on studio for select to authenticated using (teaches_at(slug) or goes_to(slug));
create policy u on studio for update to authenticated using (teaches_at(slug, true));
create policy r on instructor for select to authenticated using (profile = auth.uid() or teaches_at(studio_slug));
create policy w on instructor for all to authenticated using (teaches_at(studio_slug, true) and profile <> auth.uid()) with check (teaches_at(studio_slug, true));
create policy r on client for select to authenticated using (profile = auth.uid() or teaches_at(studio_slug));
create policy i on client for insert to authenticated with check (teaches_at(studio_slug));
create policy u on client for update to authenticated using (profile = auth.uid() or teaches_at(studio_slug)) with check (profile = auth.uid() or teaches_at(studio_slug));
create policy r on course for select to authenticated using (teaches_at(studio_slug) or goes_to(studio_slug));
create policy w on course for all to authenticated using (teaches_at(studio_slug)) with check (teaches_at(studio_slug));
create policy r on booking for select to authenticated using (client_id in (select my_clients()) or teaches_at(course_studio(course_id)));
create policy i on booking for insert to authenticated with check (client_id in (select my_clients()) or teaches_at(course_studio(course_id)));
create policy u on booking for update to authenticated using (client_id in (select my_clients()) or teaches_at(course_studio(course_id)));
create policy r on pass for select to authenticated using (client_id in (select my_clients()) or teaches_at(client_studio(client_id)));
create policy i on pass for insert to authenticated with check (teaches_at(client_studio(client_id)));
create policy r on feedback for select to authenticated using (teaches_at(course_studio(course_id)));
create policy i on feedback for insert to authenticated with check (client_id is null or client_id in (select my_clients()));

create function book(p_course uuid, p_client uuid) returns text language plpgsql security definer set search_path = public as $$
declare c course; taken integer; v text;
begin
  select * into c from course where id = p_course;
  if p_client not in (select my_clients()) then raise exception 'not your booking' using errcode = '42501'; end if;
  select count(*) into taken from booking where course_id = p_course and status = 'booked';
  v := case when taken < c.seats then 'booked' else 'waiting' end;
  insert into booking values (p_course, p_client, v);
  return v || ': ' || c.title;
end $$;
create function redeem_gift(p_code text, p_client uuid) returns uuid language sql security definer set search_path = public as $$
  update pass set client_id = p_client, gift_code = null where gift_code = p_code and p_code <> '' and p_client in (select my_clients()) returning id
$$;
create function link_me(p_studio text) returns integer language plpgsql security definer set search_path = public as $$
declare n integer;
begin
  update client set profile = auth.uid() where studio_slug = p_studio and lower(email) = lower(auth.email()) and profile is null;
  get diagnostics n = row_count;
  return n;
end $$;
create function merge_clients(p_keep uuid, p_drop uuid) returns void language plpgsql security definer set search_path = public as $$
begin
  if not teaches_at(client_studio(p_keep)) then raise exception 'forbidden' using errcode = '42501'; end if;
  update booking b set client_id = p_keep where client_id = p_drop and not exists (select 1 from booking x where x.course_id = b.course_id and x.client_id = p_keep);
  update pass set client_id = p_keep where client_id = p_drop;
  delete from client where id = p_drop;
end $$;
create function open_seats(p_slug text) returns table (course uuid, free bigint) language sql stable security definer set search_path = public as $$
  select c.id, c.seats - count(b.*) filter (where b.status = 'booked') from course c left join booking b on b.course_id = c.id
  where c.studio_slug = p_slug and (teaches_at(p_slug) or goes_to(p_slug)) group by c.id
$$;
create function stars(p_course uuid) returns numeric language sql stable security definer set search_path = public as $$
  select avg(stars) from feedback where course_id = p_course and course_studio(p_course) is not null
$$;
grant usage on schema public to authenticated;
grant select (slug, title), update (title) on studio to authenticated;
grant select on instructor, client, course, booking, pass, feedback to authenticated;
grant insert (studio_slug, profile, boss), update (boss), delete on instructor to authenticated;
grant insert (studio_slug, email, health_notes), update (email, health_notes, studio_slug) on client to authenticated;
grant insert (studio_slug, led_by, title, seats, starts), update (title, seats, starts), delete on course to authenticated;
grant insert, update (status) on booking to authenticated;
grant insert (client_id, visits_left) on pass to authenticated;
grant insert (course_id, client_id, stars, words) on feedback to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
