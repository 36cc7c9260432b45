begin;

-- studios and their crew, who sit in rooms; clients are guests of single boards. A seat is for crew only, a guest is anybody

create schema app;

create table public.studios (
  id uuid primary key default gen_random_uuid(),
  title text not null
);
create table public.crew (
  studio_id uuid not null references public.studios (id) on delete cascade,
  person uuid not null references auth.users (id) on delete cascade,
  post text not null check (post in ('lead', 'artist')),
  primary key (studio_id, person)
);
create table public.rooms (
  id uuid primary key default gen_random_uuid(),
  studio_id uuid not null references public.studios (id) on delete cascade,
  topic text not null
);
create table public.seats (
  room_id uuid not null references public.rooms (id) on delete cascade,
  person uuid not null references auth.users (id) on delete cascade,
  primary key (room_id, person)
);
create table public.lines (
  id uuid primary key default gen_random_uuid(),
  room_id uuid not null references public.rooms (id) on delete cascade,
  body text not null
);
-- the same room has files, and there both are asked
create table public.sketches (
  id uuid primary key default gen_random_uuid(),
  room_id uuid not null references public.rooms (id) on delete cascade,
  sheet text not null
);
create table public.boards (
  id uuid primary key default gen_random_uuid(),
  studio_id uuid not null references public.studios (id) on delete cascade,
  title text not null
);
create table public.board_guests (
  board_id uuid not null references public.boards (id) on delete cascade,
  person uuid not null references auth.users (id) on delete cascade,
  primary key (board_id, person)
);
create table public.pins (
  id uuid primary key default gen_random_uuid(),
  board_id uuid not null references public.boards (id) on delete cascade,
  caption text not null
);

create function app.is_crew(s uuid, who uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.crew c where c.studio_id = s and c.person = who) $$;
create function app.works_in(s uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.crew c where c.studio_id = s and c.person = (select auth.uid())) $$;
create function app.leads(s uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.crew c where c.studio_id = s and c.person = (select auth.uid()) and c.post = 'lead') $$;
create function app.studio_of_room(r uuid) returns uuid language sql stable security definer set search_path = '' as
$$ select studio_id from public.rooms where id = r $$;
create function app.studio_of_board(b uuid) returns uuid language sql stable security definer set search_path = '' as
$$ select studio_id from public.boards where id = b $$;
-- the seats of whoever leaves the crew are not taken away, and here nobody asks for the crew
create function app.sits_in(r uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.seats s where s.room_id = r and s.person = (select auth.uid())) $$;
create function app.is_guest(b uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select 1 from public.board_guests g where g.board_id = b and g.person = (select auth.uid())) $$;

alter table public.studios enable row level security;
alter table public.crew enable row level security;
alter table public.rooms enable row level security;
alter table public.seats enable row level security;
alter table public.lines enable row level security;
alter table public.sketches enable row level security;
alter table public.boards enable row level security;
alter table public.board_guests enable row level security;
alter table public.pins enable row level security;

create policy studios_read on public.studios for select to authenticated using (app.works_in(id));
create policy crew_read on public.crew for select to authenticated using (app.works_in(studio_id));
create policy crew_leave on public.crew for delete to authenticated using (app.leads(studio_id));
create policy rooms_read on public.rooms for select to authenticated using (app.works_in(studio_id));
create policy seats_read on public.seats for select to authenticated using (app.works_in(app.studio_of_room(room_id)));
create policy seats_give on public.seats for insert to authenticated
  with check (app.leads(app.studio_of_room(room_id)) and app.is_crew(app.studio_of_room(room_id), person));
create policy lines_read on public.lines for select to authenticated using (app.sits_in(room_id));
create policy sketches_read on public.sketches for select to authenticated
  using (app.sits_in(room_id) and app.works_in(app.studio_of_room(room_id)));
create policy boards_read on public.boards for select to authenticated
  using (app.works_in(studio_id) or app.is_guest(id));
create policy board_guests_read on public.board_guests for select to authenticated
  using (person = (select auth.uid()) or app.works_in(app.studio_of_board(board_id)));
create policy board_guests_invite on public.board_guests for insert to authenticated
  with check (app.leads(app.studio_of_board(board_id)));
create policy pins_read on public.pins for select to authenticated using (app.is_guest(board_id));

-- helpers are for policies alone: no client can name what is in there
revoke execute on all functions in schema app from public, anon;
grant execute on all functions in schema app to authenticated;
grant select on public.studios, public.rooms, public.lines, public.sketches, public.boards, public.pins to authenticated;
grant select, delete on public.crew to authenticated;
grant select, insert on public.seats, public.board_guests to authenticated;

commit;
