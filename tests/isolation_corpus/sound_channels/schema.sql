-- A game night organizer: rooms of clubs have private channels, a lobby is everybody's, each person has one of their own.
create table clubs (
  id bigint generated always as identity primary key,
  name text not null,
  handle text not null unique
);
create table club_members (
  club_id bigint not null references clubs on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  is_host boolean not null default false,
  primary key (club_id, user_id)
);
create table rooms (
  id uuid primary key default gen_random_uuid(),
  club_id bigint not null references clubs on delete cascade,
  title text not null,
  closed boolean not null default false
);
alter table clubs enable row level security;
alter table club_members enable row level security;
alter table rooms enable row level security;

create function in_club(club bigint) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.club_members where club_id = club and user_id = (select auth.uid()))
$$;
revoke execute on function in_club(bigint) from public, anon;
grant execute on function in_club(bigint) to authenticated;

create policy "own clubs" on clubs for select to authenticated using (in_club(id));
create policy "members of own clubs" on club_members for select to authenticated using (in_club(club_id));
create policy "rooms of own clubs" on rooms for all to authenticated using (in_club(club_id)) with check (in_club(club_id));
grant select on clubs, club_members to authenticated;
grant select, insert, update, delete on rooms to authenticated;

-- club:12:room:<id>, club:<handle>, user:<id> and lobby.
create function may_join(topic text) returns boolean language plpgsql stable security definer set search_path = '' as $$
declare
  parts text[] := string_to_array(topic, ':');
begin
  if topic = 'lobby' then
    return (select auth.uid()) is not null;
  elsif parts[1] = 'user' then
    return parts[2] = (select auth.uid())::text;
  elsif parts[1] = 'club' and parts[3] = 'room' then
    return exists (
      select 1 from public.rooms r join public.club_members m using (club_id)
      where r.club_id::text = parts[2] and r.id::text = parts[4] and m.user_id = (select auth.uid()) and not r.closed);
  elsif parts[1] = 'club' then
    return exists (
      select 1 from public.clubs c join public.club_members m on m.club_id = c.id
      where c.handle = parts[2] and m.user_id = (select auth.uid()));
  end if;
  return false;
end $$;
revoke execute on function may_join(text) from public, anon;
grant execute on function may_join(text) to authenticated;

create policy "join" on realtime.messages for select to authenticated using (may_join((select realtime.topic())));
create policy "speak" on realtime.messages for insert to authenticated
  with check (may_join((select realtime.topic())) and topic = (select realtime.topic()));

create function room_closed() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send(jsonb_build_object('room', new.title), 'closed', 'club:' || new.club_id || ':room:' || new.id, true);
  return new;
end $$;
create trigger room_closed after update of closed on rooms for each row when (new.closed) execute function room_closed();
