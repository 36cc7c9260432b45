-- Interviews by video. What was said is written by functions of the server, which ask for much, and not who calls.
create table agencies (id uuid primary key default gen_random_uuid(), name text not null);
create table recruiters (agency uuid not null references agencies on delete cascade, person uuid not null references auth.users on delete cascade, role text not null check (role in ('lead', 'recruiter')), primary key (agency, person));
create table turns (id uuid primary key default gen_random_uuid(), agency uuid not null references agencies on delete cascade, speaker text not null check (speaker in ('guest', 'host')), state text not null check (state in ('final', 'cut')), track text check (track is null or track in ('tech', 'product')), body text not null, ticket text not null, unique (agency, ticket));
create table links (id uuid primary key default gen_random_uuid(), agency uuid not null references agencies on delete cascade, used_at timestamptz);
create table rooms (id uuid primary key default gen_random_uuid(), link uuid not null unique references links on delete cascade, agency uuid not null references agencies on delete cascade, channel text not null);

create function recruits_for(a uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.recruiters where agency = a and person = auth.uid()) $$;
create function add_turn(target uuid, p_turn uuid, p_speaker text, p_track text, p_body text, p_state text, p_ticket text) returns void language plpgsql security definer set search_path = '' as $$
begin
  perform 1 from public.agencies where id = target;
  if not found then raise exception 'no such agency'; end if;
  insert into public.turns (id, agency, speaker, track, body, state, ticket)
  values (p_turn, target, p_speaker, nullif(p_track, ''), p_body, p_state, p_ticket)
  on conflict (agency, ticket) do nothing;
end $$;
-- sound: the same for one's own agency alone
create function add_own_turn(target uuid, p_turn uuid, p_speaker text, p_track text, p_body text, p_state text, p_ticket text) returns void language plpgsql security definer set search_path = '' as $$
begin
  if not public.recruits_for(target) then raise exception 'no such agency'; end if;
  insert into public.turns (id, agency, speaker, track, body, state, ticket)
  values (p_turn, target, p_speaker, nullif(p_track, ''), p_body, p_state, p_ticket)
  on conflict (agency, ticket) do nothing;
end $$;
create function open_room(target uuid, room jsonb) returns void language plpgsql security definer set search_path = '' as $$
declare l public.links;
begin
  select * into l from public.links where id = target for update;
  if not found then raise exception 'no such link'; end if;
  if l.used_at is not null then raise exception 'used'; end if;
  if l.agency <> (room ->> 'agency')::uuid then raise exception 'mismatch'; end if;
  update public.links set used_at = now() where id = target;
  insert into public.rooms (id, link, agency, channel) values ((room ->> 'id')::uuid, target, (room ->> 'agency')::uuid, room ->> 'channel');
end $$;

alter table agencies enable row level security;
alter table recruiters enable row level security;
alter table turns enable row level security;
alter table links enable row level security;
alter table rooms enable row level security;
create policy own on agencies for select to authenticated using (recruits_for(id));
create policy own on recruiters for select to authenticated using (recruits_for(agency));
create policy own on turns for select to authenticated using (recruits_for(agency));
create policy own on links for select to authenticated using (recruits_for(agency));
create policy own on rooms for select to authenticated using (recruits_for(agency));
grant select on agencies, recruiters, turns, links, rooms to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
