-- Co-working spaces. The app talks to views; tables are an implementation detail (or so the plan went).
create table operators (id bigserial primary key, name text not null, vat_id text, invoice_counter int not null default 0);
create table members (
  operator_id bigint not null references operators on delete cascade, id bigserial, user_id uuid not null references auth.users on delete cascade,
  level smallint not null default 1 check (level in (1, 2, 3)), primary key (operator_id, id), unique (operator_id, user_id));
create table rooms (
  operator_id bigint not null references operators on delete cascade, id bigserial unique, label text not null, capacity int not null check (capacity > 0),
  last_seen timestamptz, primary key (operator_id, id));
create table desks (operator_id bigint not null references operators on delete cascade, id bigserial primary key, label text not null, is_standing boolean not null default false);
create table bookings (
  id bigserial primary key, operator_id bigint not null references operators on delete cascade, room_id bigint not null, booked_by uuid default auth.uid(),
  during tstzrange not null check (not isempty(during)), note text, foreign key (operator_id, room_id) references rooms (operator_id, id) on delete cascade);
create table archived_bookings (archived_at timestamptz default now()) inherits (bookings);
create table checkins (id bigserial primary key, operator_id bigint not null references operators on delete cascade, room_id bigint not null, user_id uuid not null default auth.uid(), at timestamptz default now());
create table visitor_passes (id bigserial primary key, operator_id bigint not null references operators on delete cascade, host_id uuid not null default auth.uid(), visitor_name text not null, valid_on date not null default current_date);
create table feedback (id bigserial primary key, operator_id bigint not null references operators on delete cascade, stars int not null check (stars between 1 and 5), comment text);
create table tickets (id bigserial primary key, operator_id bigint not null references operators on delete cascade, subject text not null, status text not null default 'open' check (status in ('open', 'done')));
create table lockers (id bigserial primary key, operator_id bigint not null references operators on delete cascade, number text not null, combination text, unique (operator_id, number));
create table announcements (id bigserial primary key, operator_id bigint not null references operators on delete cascade, title text not null, published boolean not null default false);
create table invoices (id bigserial primary key, operator_id bigint not null references operators on delete cascade, number int not null, amount numeric(10, 2) not null, unique (operator_id, number));
create table door_codes (room_id bigint primary key references rooms (id) on delete cascade, code text not null default substr(md5(random()::text), 1, 6));

create function my_operators(at_least int default 1) returns setof bigint language sql stable security definer set search_path = public as
$$ select operator_id from members where user_id = auth.uid() and level >= at_least $$;
do $$ declare t text; begin
  foreach t in array array['operators', 'members', 'rooms', 'desks', 'bookings', 'checkins', 'visitor_passes', 'feedback', 'tickets', 'lockers', 'announcements', 'invoices', 'door_codes'] loop
    execute format('alter table %I enable row level security', t);
  end loop;
end $$;
grant select on operators, members, rooms, desks, bookings, archived_bookings, feedback, announcements, invoices, door_codes to authenticated;
grant select, insert, update, delete on checkins, visitor_passes, tickets, lockers to authenticated;
grant insert, update, delete on announcements, members to authenticated;
grant usage on all sequences in schema public to authenticated;

create policy p on operators for select to authenticated using (id in (select my_operators()));
create policy p on members for select to authenticated using (operator_id in (select my_operators()));
create policy hire on members for insert to authenticated with check (operator_id in (select my_operators(3)));
create policy promote on members for update to authenticated using (operator_id in (select my_operators(3)));
create policy fire on members for delete to authenticated using (operator_id in (select my_operators(3)) and user_id <> auth.uid());
create policy p on rooms for select to authenticated using (operator_id in (select my_operators()));
create policy p on desks for select to authenticated using (operator_id in (select my_operators()));
create policy p on bookings for select to authenticated using (operator_id in (select my_operators()));
create policy p on checkins for all to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid() and operator_id in (select my_operators()));
create policy seen on visitor_passes for select to authenticated using (operator_id in (select my_operators()));
create policy mine on visitor_passes for all to authenticated using (host_id = auth.uid() and exists (select 1 from members where user_id = auth.uid()));
create policy p on feedback for select to authenticated using (operator_id in (select my_operators(2)));
create policy open on tickets for all to authenticated using (true) with check (true);
create policy tenant on tickets as restrictive for all to authenticated using (operator_id in (select my_operators())) with check (operator_id in (select my_operators()));
create policy open on lockers for all to authenticated using (true) with check (true);
create policy tenant on lockers as restrictive for select to authenticated using (operator_id in (select my_operators()));
create policy p on announcements for select to authenticated using (operator_id in (select my_operators()) and (published or operator_id in (select my_operators(2))));
create policy w on announcements for all to authenticated using (operator_id in (select my_operators(2)));
create policy p on invoices for select to authenticated using (operator_id in (select my_operators(3)));
create policy p on door_codes for select to authenticated using (exists (select 1 from rooms r where r.id = room_id));

-- the API
create view v_rooms as select operator_id, id, label, capacity from rooms where operator_id in (select my_operators());
create view v_desks as select operator_id, id, label, is_standing from desks where operator_id in (select my_operators(2)) with check option;
create view v_bookings with (security_invoker = true) as select b.id, b.operator_id, b.room_id, b.during, b.note, r.label as room from bookings b join rooms r on r.id = b.room_id;
create function v_bookings_insert() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into bookings (operator_id, room_id, during, note) values (new.operator_id, new.room_id, new.during, new.note) returning id into new.id;
  return new;
end $$;
create trigger v_bookings_insert instead of insert on v_bookings for each row execute function v_bookings_insert();
create function v_bookings_delete() returns trigger language plpgsql security definer set search_path = public as $$
begin
  delete from bookings where id = old.id and operator_id in (select my_operators());
  return old;
end $$;
create trigger v_bookings_delete instead of delete on v_bookings for each row execute function v_bookings_delete();
create view v_feedback with (security_invoker = true) as select operator_id, stars, comment from feedback;
create rule v_feedback_insert as on insert to v_feedback do instead insert into feedback (operator_id, stars, comment) values (new.operator_id, new.stars, new.comment);
grant select, insert, update, delete on v_rooms, v_desks to authenticated;
grant select, insert, delete on v_bookings to authenticated;
grant select, insert on v_feedback to authenticated;

create function checkin_seen() returns trigger language plpgsql security definer set search_path = public as $$
begin
  update rooms set last_seen = new.at where id = new.room_id;
  return new;
end $$;
create trigger checkin_seen after insert on checkins for each row execute function checkin_seen();

create function next_invoice_number(op bigint) returns int language sql security definer set search_path = public as $$
  update operators set invoice_counter = invoice_counter + 1 where id = op returning invoice_counter $$;
create function issue_invoice(op bigint, amount numeric) returns int language plpgsql security definer set search_path = public as $$
declare n int;
begin
  if op not in (select my_operators(3)) then raise exception 'forbidden' using errcode = '42501'; end if;
  n := next_invoice_number(op);
  insert into invoices (operator_id, number, amount) values (op, n, issue_invoice.amount);
  return n;
end $$;
-- maintenance, for the back office only
create function reset_operator(op bigint) returns void language plpgsql security definer set search_path = public as $$
begin
  if current_user not in ('postgres', 'service_role') then raise exception 'back office only' using errcode = '42501'; end if;
  delete from bookings where operator_id = op;
end $$;
create function purge_operator(op bigint) returns void language plpgsql security definer set search_path = public as $$
begin
  if coalesce(auth.role(), '') <> 'service_role' then raise exception 'back office only' using errcode = '42501'; end if;
  delete from bookings where operator_id = op;
end $$;
create function revenue(o operators) returns numeric language sql stable security definer set search_path = public as $$
  select coalesce(sum(amount), 0) from invoices where operator_id = o.id $$;
create function seats(o operators) returns bigint language sql stable set search_path = public as $$ select sum(capacity) from rooms where operator_id = o.id $$;
create function open_door(room bigint, given text) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from door_codes d join rooms r on r.id = d.room_id where d.room_id = room and d.code = given and r.operator_id in (select my_operators())) $$;
create function swap_lockers(a bigint, b bigint) returns boolean language plpgsql security definer set search_path = public as $$
declare one lockers; two lockers;
begin
  select * into one from lockers where id = a and operator_id in (select my_operators(2));
  select * into two from lockers where id = b and operator_id = one.operator_id;
  if one.id is null or two.id is null then return false; end if;
  update lockers set combination = case id when a then two.combination else one.combination end where id in (a, b);
  return true;
end $$;
create function free_rooms(op bigint, slot tstzrange) returns table (label text) language sql stable security definer set search_path = public as $$
  select r.label from rooms r where r.operator_id = op and not exists (select 1 from bookings b where b.room_id = r.id and b.during && slot) $$;
