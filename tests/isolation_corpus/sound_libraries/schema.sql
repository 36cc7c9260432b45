-- Library network, sound: restrictive policies over permissive ones, helpers that run as their owner, a public catalogue.
create schema guard;
grant usage on schema guard to anon, authenticated;
create type desk as enum ('reader', 'librarian', 'head');

create table libraries (
  id bigint generated always as identity primary key,
  slug text not null unique check (slug ~ '^[a-z][a-z-]{2,40}$'),
  name text not null,
  suspended boolean not null default false
);
create table cards (
  library_id bigint not null references libraries on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  desk desk not null default 'reader',
  expires_on date not null default current_date + 365,
  primary key (library_id, user_id)
);
create table works (
  isbn text primary key check (isbn ~ '^[0-9]{13}$'),
  title text not null,
  author text not null
);
create table copies (
  id bigint generated always as identity primary key,
  library_id bigint not null references libraries on delete cascade,
  isbn text not null references works,
  shelf text not null,
  withdrawn boolean not null default false,
  unique (library_id, id)
);
create table loans (
  id bigint generated always as identity primary key,
  library_id bigint not null,
  copy_id bigint not null,
  reader uuid not null,
  due_on date not null default current_date + 28,
  returned_at timestamptz,
  foreign key (library_id, copy_id) references copies (library_id, id) on delete cascade,
  foreign key (library_id, reader) references cards (library_id, user_id) on delete cascade
);
create unique index one_loan on loans (copy_id) where returned_at is null;
create table fines (
  id bigint generated always as identity primary key,
  library_id bigint not null,
  reader uuid not null,
  cents integer not null check (cents > 0),
  why text not null,
  foreign key (library_id, reader) references cards (library_id, user_id) on delete cascade
);
create table suppliers (
  library_id bigint not null references libraries on delete cascade,
  name text not null,
  account text not null,
  primary key (library_id, name)
);
create table audit (
  id bigint generated always as identity primary key,
  library_id bigint not null references libraries on delete cascade,
  happened_at timestamptz not null default clock_timestamp(),
  who uuid default auth.uid(),
  what text not null
);

create function guard.desk_at(library bigint) returns desk
language sql stable security definer set search_path = '' as $$
  select c.desk from public.cards c join public.libraries l on l.id = c.library_id
  where c.library_id = library and c.user_id = (select auth.uid()) and c.expires_on >= current_date
$$;
create function guard.staffs(library bigint) returns boolean
language sql stable security definer set search_path = '' as $$
  select coalesce(guard.desk_at(library) >= 'librarian'::public.desk, false)
$$;
create function guard.is_open(library bigint) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from public.libraries l where l.id = library and not l.suspended)
$$;
create function guard.log() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  touched bigint := case when tg_op = 'DELETE' then old.library_id else new.library_id end;
begin
  if exists (select from public.libraries l where l.id = touched) then
    insert into public.audit (library_id, what) values (touched, tg_op || ' ' || tg_table_name);
  end if;
  return null;
end $$;
create trigger log after insert or update or delete on copies for each row execute function guard.log();
create trigger log after insert or update or delete on cards for each row execute function guard.log();
create trigger log after insert or update or delete on suppliers for each row execute function guard.log();

-- Copies on the shelves: what the public catalogue shows, and no more columns than that.
create view catalogue with (security_barrier) as
  select w.isbn, w.title, w.author, l.slug as library, count(*) as copies
  from copies c join works w on w.isbn = c.isbn join libraries l on l.id = c.library_id
  where not c.withdrawn and not l.suspended
  group by w.isbn, w.title, w.author, l.slug;
create view my_loans with (security_invoker = true) as
  select n.id, n.library_id, n.copy_id, n.due_on from loans n where n.reader = auth.uid() and n.returned_at is null;

create function lend(library bigint, copy bigint, to_reader uuid) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  made bigint;
begin
  if not guard.staffs(library) or not guard.is_open(library) then
    raise insufficient_privilege using message = 'not at this desk';
  end if;
  -- A copy or a reader of another library fails as one that does not exist.
  if not exists (select from public.copies c where c.library_id = library and c.id = copy and not c.withdrawn)
    or not exists (select from public.cards c where c.library_id = library and c.user_id = to_reader) then
    raise no_data_found using message = 'no such copy or reader here';
  end if;
  insert into public.loans (library_id, copy_id, reader) values (library, copy, to_reader) returning id into made;
  return made;
end $$;
create function give_back(loan bigint) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update public.loans n set returned_at = now() where n.id = loan and n.returned_at is null and guard.staffs(n.library_id);
  return found;
end $$;
create function renew(loan bigint) returns date
language plpgsql security definer set search_path = '' as $$
declare
  until date;
begin
  update public.loans n set due_on = n.due_on + 14
  where n.id = loan and n.returned_at is null and n.reader = auth.uid() and guard.desk_at(n.library_id) is not null
  returning n.due_on into until;
  return until;
end $$;
create function join_library(library text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  found_id bigint;
begin
  if auth.uid() is null or coalesce((auth.jwt() ->> 'is_anonymous')::boolean, false) then
    raise insufficient_privilege using message = 'sign in first';
  end if;
  select l.id into found_id from public.libraries l where l.slug = library and not l.suspended;
  if found_id is null then
    raise no_data_found using message = 'no such library';
  end if;
  insert into public.cards (library_id, user_id) values (found_id, auth.uid()) on conflict do nothing;
  return found_id;
end $$;
create function owed(library bigint) returns bigint
language sql stable security definer set search_path = '' as $$
  select sum(f.cents) from public.fines f where f.library_id = library and f.reader = auth.uid()
$$;
create function statistics(library bigint) returns table (what text, n bigint)
language plpgsql stable security definer set search_path = '' as $$
begin
  if guard.desk_at(library) is distinct from 'head' then
    return;
  end if;
  return query
    select 'loans', count(*) from public.loans l where l.library_id = library
    union all
    select 'fines', count(*) from public.fines f where f.library_id = library;
end $$;
create function sorted_works(by text default 'title') returns setof works
language plpgsql stable security definer set search_path = '' as $$
begin
  return query execute format('select * from public.works order by %I limit 100', by);
end $$;

revoke execute on all functions in schema public, guard from public, anon, authenticated;
grant execute on function guard.desk_at(bigint), guard.staffs(bigint), guard.is_open(bigint) to authenticated;
grant execute on function sorted_works(text) to anon, authenticated;
grant execute on function lend(bigint, bigint, uuid), give_back(bigint), renew(bigint), owed(bigint), statistics(bigint), join_library(text) to authenticated;

alter table libraries enable row level security;
alter table cards enable row level security;
alter table works enable row level security;
alter table copies enable row level security;
alter table loans enable row level security;
alter table fines enable row level security;
alter table suppliers enable row level security;
alter table audit enable row level security;

create policy members on libraries for select to authenticated using (guard.desk_at(id) is not null);
create policy head on libraries for update to authenticated using (guard.desk_at(id) = 'head') with check (guard.desk_at(id) = 'head');
create policy own_or_staff on cards for select to authenticated using (user_id = (select auth.uid()) or guard.staffs(library_id));
create policy head on cards for all to authenticated using (guard.desk_at(library_id) = 'head') with check (guard.desk_at(library_id) = 'head');
create policy public on works for select to anon, authenticated using (true);
-- Too wide on its own: the restrictive ones below it say who.
create policy everybody on copies for all to authenticated using (true) with check (true);
create policy only_here on copies as restrictive for all to authenticated
  using (guard.desk_at(library_id) is not null) with check (guard.staffs(library_id));
create policy only_staff_changes on copies as restrictive for update to authenticated using (guard.staffs(library_id));
create policy only_staff_removes on copies as restrictive for delete to authenticated using (guard.staffs(library_id));
create policy own_or_staff on loans for select to authenticated using (reader = (select auth.uid()) or guard.staffs(library_id));
create policy own_or_staff on fines for select to authenticated using (reader = (select auth.uid()) or guard.staffs(library_id));
create policy staff on fines for insert to authenticated with check (guard.staffs(library_id));
create policy remit on fines for delete to authenticated using (guard.desk_at(library_id) = 'head');
create policy head on suppliers for all to authenticated using (guard.desk_at(library_id) = 'head') with check (guard.desk_at(library_id) = 'head');
-- Accounts of suppliers only with a second factor; nothing is written while a library is suspended.
create policy second_factor on suppliers as restrictive for all to authenticated using ((select auth.jwt() ->> 'aal') = 'aal2');
create policy open on suppliers as restrictive for insert to authenticated with check (guard.is_open(library_id));
create policy open on fines as restrictive for insert to authenticated with check (guard.is_open(library_id));
create policy head on audit for select to authenticated using (guard.desk_at(library_id) = 'head');
create policy no_guests on cards as restrictive for all to authenticated
  using (coalesce(((select auth.jwt()) ->> 'is_anonymous')::boolean, false) is false);

grant select on libraries, cards, copies, loans, fines, suppliers, audit to authenticated;
grant select on works, catalogue to anon, authenticated;
grant select on my_loans to authenticated;
grant update (name) on libraries to authenticated;
grant insert, update (desk, expires_on), delete on cards to authenticated;
grant insert, update (shelf, withdrawn), delete on copies to authenticated;
grant insert, delete on fines to authenticated;
grant insert, update, delete on suppliers to authenticated;
