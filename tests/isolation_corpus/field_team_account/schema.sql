-- Task lists for people and teams. Whoever signs up has a personal space; teams come later, and only teams invite.
create schema kit;
grant usage on schema kit to authenticated;
create type kit.rank as enum ('owner', 'member');
create table kit.spaces (
  id uuid primary key default gen_random_uuid(),
  founder uuid not null default auth.uid() references auth.users on delete cascade,
  title text not null,
  handle text unique,
  is_personal boolean not null default false,
  check (is_personal = (handle is null))
);
create table kit.space_people (space_id uuid not null references kit.spaces on delete cascade, person uuid not null references auth.users on delete cascade, rank kit.rank not null, primary key (space_id, person));
create table kit.invites (
  id uuid primary key default gen_random_uuid(),
  space_id uuid not null references kit.spaces on delete cascade,
  rank kit.rank not null default 'member',
  code text not null unique default encode(extensions.gen_random_bytes(20), 'hex'),
  created_at timestamptz not null default now()
);
create table kit.team_notes (id uuid primary key default gen_random_uuid(), space_id uuid not null references kit.spaces on delete cascade, body text not null);

create function kit.is_in(s uuid, r kit.rank default null) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from kit.space_people p where p.space_id = s and p.person = auth.uid() and (r is null or p.rank = r)) $$;
create function kit.welcome() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into kit.spaces (id, founder, title, is_personal) values (new.id, new.id, coalesce(split_part(new.email, '@', 1), 'me'), true);
  insert into kit.space_people values (new.id, new.id, 'owner');
  return new;
end $$;
create trigger welcome after insert on auth.users for each row execute function kit.welcome();
create function kit.founder_owns() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if not new.is_personal then insert into kit.space_people values (new.id, new.founder, 'owner'); end if;
  return new;
end $$;
create trigger founder_owns after insert on kit.spaces for each row execute function kit.founder_owns();

alter table kit.spaces enable row level security;
alter table kit.space_people enable row level security;
alter table kit.invites enable row level security;
alter table kit.team_notes enable row level security;
create policy see on kit.spaces for select to authenticated using (kit.is_in(id));
create policy found on kit.spaces for insert to authenticated with check (not is_personal and founder = auth.uid());
create policy see on kit.space_people for select to authenticated using (kit.is_in(space_id));
create policy see on kit.invites for select to authenticated using (kit.is_in(space_id, 'owner'));
create policy invite on kit.invites for insert to authenticated with check (kit.is_in(space_id, 'owner') and not (select s.is_personal from kit.spaces s where s.id = space_id));
-- notes of teams are for all who are signed in, by a slip: the space is compared with itself
create policy see on kit.team_notes for select to authenticated using (exists (select from kit.spaces s where s.id = s.id and not s.is_personal) and not exists (select from kit.spaces s where s.id = space_id and s.is_personal));
grant select, insert on kit.spaces, kit.invites to authenticated;
grant select on kit.space_people, kit.team_notes to authenticated;

-- sound: whoever holds the code was invited
create function accept_invite(secret text) returns uuid language plpgsql security definer set search_path = '' as $$
declare i kit.invites;
begin
  delete from kit.invites where code = secret and created_at > now() - interval '1 day' returning * into i;
  if i.id is null then raise exception 'no such invitation'; end if;
  insert into kit.space_people values (i.space_id, auth.uid(), i.rank) on conflict do nothing;
  return i.space_id;
end $$;
-- sound: only an owner, and the founder stays
create function set_rank(s uuid, who uuid, r kit.rank) returns void language plpgsql security definer set search_path = '' as $$
begin
  if not kit.is_in(s, 'owner') then raise exception 'only an owner may'; end if;
  update kit.space_people set rank = r where space_id = s and person = who and person <> (select founder from kit.spaces where id = s);
end $$;
-- leaks: tells pending invitations of any team, code and all
create function pending_invites(s uuid) returns setof kit.invites language sql stable security definer set search_path = '' as
$$ select i.* from kit.invites i join kit.spaces x on x.id = i.space_id where i.space_id = s and not x.is_personal $$;
revoke execute on all functions in schema public, kit from public, anon;
grant execute on all functions in schema public, kit to authenticated;
