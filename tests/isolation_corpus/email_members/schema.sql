-- A budget tool for clubs. People are invited before they have an account: the address is what counts.
create table clubs (
  id uuid primary key default gen_random_uuid(),
  name text not null
);
create table club_people (
  club_id uuid not null references clubs on delete cascade,
  email text not null check (email = lower(email)),
  part text not null default 'member' check (part in ('treasurer', 'member')),
  primary key (club_id, email)
);
create table ledgers (
  id uuid primary key default gen_random_uuid(),
  club_id uuid not null references clubs on delete cascade,
  title text not null
);
create table bookings (
  id uuid primary key default gen_random_uuid(),
  ledger_id uuid not null references ledgers on delete cascade,
  cents bigint not null,
  purpose text not null
);
create table receipts (
  id uuid primary key default gen_random_uuid(),
  club_id uuid not null references clubs on delete cascade,
  booking_id uuid references bookings on delete set null,
  file_name text not null
);
create table polls (
  id uuid primary key default gen_random_uuid(),
  club_id uuid not null references clubs on delete cascade,
  question text not null
);

create function belongs_to(p_club uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from club_people p where p.club_id = p_club and p.email = lower(auth.jwt() ->> 'email'))
$$;
create function keeps_books(p_club uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from club_people p where p.club_id = p_club and p.email = lower(auth.jwt() ->> 'email') and p.part = 'treasurer')
$$;

alter table clubs enable row level security;
alter table club_people enable row level security;
alter table ledgers enable row level security;
alter table bookings enable row level security;
alter table receipts enable row level security;
alter table polls enable row level security;
create policy p on clubs for select to authenticated using (belongs_to(id));
create policy p on club_people for select to authenticated using (belongs_to(club_id));
create policy w on club_people for insert to authenticated with check (belongs_to(club_id));
create policy p on ledgers for select to authenticated using (belongs_to(club_id));
create policy w on ledgers for all to authenticated using (keeps_books(club_id)) with check (keeps_books(club_id));
create policy p on bookings for select to authenticated using (exists (select 1 from ledgers l where l.id = ledger_id));
create policy w on bookings for insert to authenticated
  with check (exists (select 1 from ledgers l where l.id = ledger_id and keeps_books(l.club_id)));
create policy p on receipts for all to authenticated using (keeps_books(club_id)) with check (keeps_books(club_id));
create policy p on polls for select to authenticated
  using (exists (select 1 from club_people where email = lower(auth.jwt() ->> 'email')));
grant select on clubs, club_people, ledgers, bookings, receipts, polls to authenticated;
grant insert on club_people, bookings to authenticated;
grant insert, update, delete on ledgers, receipts to authenticated;

create function start_club(p_name text) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  insert into clubs (name) values (p_name) returning id into v;
  insert into club_people values (v, lower(auth.jwt() ->> 'email'), 'treasurer');
  return v;
end $$;
create function total(p_ledger uuid) returns bigint language sql stable security definer set search_path = public as $$
  select coalesce(sum(b.cents), 0)::bigint from bookings b join ledgers l on l.id = b.ledger_id where l.id = p_ledger and belongs_to(l.club_id)
$$;
create function storno(p_booking uuid) returns boolean language plpgsql security definer set search_path = public as $$
begin
  delete from bookings where id = p_booking;
  return found;
end $$;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
