-- Data rooms for mergers. A room belongs to a firm; guests of other firms come in by invitation, for a time, and see folders.
create extension if not exists pgcrypto with schema extensions;
create domain email_address as text check (value ~ '^[^@\s]+@[^@\s]+$');

create table firms (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  policy jsonb not null default '{"watermark": true}'
);
create table partners (
  firm_id uuid not null references firms on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  rank smallint not null default 1 check (rank between 1 and 3),   -- 3 runs the firm
  primary key (firm_id, user_id)
);
create table rooms (
  id uuid primary key default gen_random_uuid(),
  firm_id uuid not null references firms on delete cascade,
  code_name text not null,
  opens_at timestamptz not null default now() - interval '1 minute',
  closes_at timestamptz not null default now() + interval '60 days',
  check (opens_at < closes_at)
);
create table folders (
  id uuid primary key default gen_random_uuid(),
  room_id uuid not null references rooms on delete cascade,
  parent_id uuid references folders on delete cascade,
  title text not null,
  guest_visible boolean not null default false
);
create table documents (
  id uuid primary key default gen_random_uuid(),
  folder_id uuid not null references folders on delete cascade,
  title text not null,
  content text not null,
  search tsvector generated always as (to_tsvector('simple', title || ' ' || content)) stored,
  deleted_at timestamptz
);
create table guests (
  id uuid primary key default gen_random_uuid(),
  room_id uuid not null references rooms on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  may_download boolean not null default false,
  access_until timestamptz not null default now() + interval '7 days',
  nda_signed_at timestamptz,
  unique (room_id, user_id)
);
create table invitations (
  id uuid primary key default gen_random_uuid(),
  room_id uuid not null references rooms on delete cascade,
  email email_address not null,
  code_hash bytea not null,
  expires_at timestamptz not null default now() + interval '2 days',
  used_at timestamptz
);
create table questions (
  id uuid primary key default gen_random_uuid(),
  room_id uuid not null references rooms on delete cascade,
  asked_by uuid not null default auth.uid() references auth.users,
  body text not null,
  answer text,
  public_in_room boolean not null default false
);
create table access_log (
  id bigint generated always as identity primary key,
  room_id uuid not null references rooms on delete cascade,
  user_id uuid not null,
  document_id uuid,
  at timestamptz not null default now()
);
create table statuses (code text primary key, label text not null);
insert into statuses values ('open', 'Open'), ('closed', 'Closed');

create function firm_rank(p_firm uuid) returns smallint language sql stable security definer set search_path = '' as $$
  select coalesce((select p.rank from public.partners p where p.firm_id = p_firm and p.user_id = auth.uid()), 0::smallint)
$$;
create function hosts(p_room uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.rooms r where r.id = p_room and public.firm_rank(r.firm_id) >= 1)
$$;
create function visits(p_room uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.guests g join public.rooms r on r.id = g.room_id
    where g.room_id = p_room and g.user_id = auth.uid() and g.nda_signed_at is not null
      and now() < least(g.access_until, r.closes_at) and now() >= r.opens_at)
$$;
create function folder_open(p_folder uuid) returns boolean language sql stable security definer set search_path = '' as $$
  with recursive up as (
    select f.id, f.parent_id, f.room_id, f.guest_visible from public.folders f where f.id = p_folder
    union select f.id, f.parent_id, f.room_id, f.guest_visible from public.folders f join up on f.id = up.parent_id)
  select coalesce((select public.hosts(f.room_id) or (public.visits(f.room_id) and (select bool_and(u.guest_visible and u.room_id = f.room_id) from up u))
                   from up f where f.id = p_folder), false)
$$;
create function folder_room(p_folder uuid) returns uuid language sql stable security definer set search_path = '' as $$
  select f.room_id from public.folders f where f.id = p_folder and (public.hosts(f.room_id) or public.visits(f.room_id))
$$;

alter table firms enable row level security;
alter table partners enable row level security;
alter table rooms enable row level security;
alter table folders enable row level security;
alter table documents enable row level security;
alter table guests enable row level security;
alter table invitations enable row level security;
alter table questions enable row level security;
alter table access_log enable row level security;
alter table statuses enable row level security;
alter table guests force row level security;

create policy firm_read on firms for select to authenticated using (firm_rank(id) > 0);
create policy firm_edit on firms for update to authenticated using (firm_rank(id) = 3);
create policy partners_read on partners for select to authenticated using (firm_rank(firm_id) > 0);
create policy partners_add on partners for insert to authenticated with check (firm_rank(firm_id) = 3);
create policy partners_edit on partners for update to authenticated using (firm_rank(firm_id) = 3 and user_id <> auth.uid());
create policy partners_remove on partners for delete to authenticated using (firm_rank(firm_id) = 3 and user_id <> auth.uid());
create policy rooms_read on rooms for select to authenticated using (firm_rank(firm_id) > 0 or visits(id));
create policy rooms_write on rooms for all to authenticated using (firm_rank(firm_id) >= 2) with check (firm_rank(firm_id) >= 2);
create policy folders_read on folders for select to authenticated using (folder_open(id));
create policy folders_write on folders for all to authenticated using (hosts(room_id))
  with check (hosts(room_id) and (parent_id is null or folder_room(parent_id) = room_id));
create policy documents_read on documents for select to authenticated using (folder_open(folder_id) and (deleted_at is null or hosts(folder_room(folder_id))));
create policy documents_write on documents for insert to authenticated with check (hosts(folder_room(folder_id)));
create policy documents_edit on documents for update to authenticated using (hosts(folder_room(folder_id)));
create policy guests_own on guests for select to authenticated using (user_id = auth.uid() or hosts(room_id));
create policy guests_nda on guests for update to authenticated using (user_id = auth.uid() or hosts(room_id)) with check (user_id = auth.uid() or hosts(room_id));
create policy guests_remove on guests for delete to authenticated using (hosts(room_id));
create policy guests_owner on guests for all to postgres using (true) with check (true);
create policy invitations_read on invitations for select to authenticated using (hosts(room_id));
create policy invitations_revoke on invitations for delete to authenticated using (hosts(room_id));
create policy questions_read on questions for select to authenticated
  using (hosts(room_id) or asked_by = auth.uid() or (public_in_room and visits(room_id)));
create policy questions_ask on questions for insert to authenticated
  with check (asked_by = auth.uid() and visits(room_id) and answer is null and not public_in_room);
create policy questions_answer on questions for update to authenticated using (hosts(room_id)) with check (hosts(room_id));
create policy log_read on access_log for select to authenticated using (hosts(room_id));
create policy statuses_read on statuses for select using (true);

-- a guest signs the agreement, and changes nothing else of the row; nobody moves a guest to another room
create function guard_guest() returns trigger language plpgsql set search_path = '' as $$
begin
  if new.room_id <> old.room_id or new.user_id <> old.user_id then raise exception 'a guest stays where invited'; end if;
  if not public.hosts(old.room_id) then
    new.may_download := old.may_download;
    new.access_until := old.access_until;
    new.nda_signed_at := coalesce(old.nda_signed_at, now());
  end if;
  return new;
end $$;
create trigger guard_guest before update on guests for each row execute function guard_guest();
create function same_room() returns trigger language plpgsql set search_path = '' as $$
begin
  new.room_id := old.room_id;
  return new;
end $$;
create trigger same_room before update on folders for each row execute function same_room();
create trigger same_room before update on questions for each row execute function same_room();

create function invite_guest(p_room uuid, p_email email_address) returns text language plpgsql security definer set search_path = '' as $$
declare v text := encode(extensions.gen_random_bytes(24), 'hex');
begin
  if not public.hosts(p_room) then raise exception 'no such room' using errcode = 'P0002'; end if;
  insert into public.invitations (room_id, email, code_hash) values (p_room, p_email, sha256(v::bytea));
  return v;
end $$;
create function accept_invitation(p_code text) returns uuid language plpgsql security definer set search_path = '' as $$
declare i public.invitations;
begin
  update public.invitations set used_at = now()
  where code_hash = sha256(p_code::bytea) and lower(email) = lower(auth.email()) and used_at is null and expires_at > now() returning * into i;
  if i.id is null then raise exception 'invitation not found' using errcode = 'P0002'; end if;
  insert into public.guests (room_id, user_id) values (i.room_id, auth.uid())
  on conflict (room_id, user_id) do update set access_until = excluded.access_until;
  return i.room_id;
end $$;
create function open_document(p_document uuid) returns text language plpgsql security definer set search_path = '' as $$
declare d record;
begin
  select x.content, f.room_id into d from public.documents x join public.folders f on f.id = x.folder_id
  where x.id = p_document and x.deleted_at is null and public.folder_open(f.id);
  if not found then return null; end if;
  insert into public.access_log (room_id, user_id, document_id) values (d.room_id, auth.uid(), p_document);
  return d.content;
end $$;
create function search_room(p_room uuid, p_query text) returns setof uuid language sql stable set search_path = '' as $$
  select d.id from public.documents d join public.folders f on f.id = d.folder_id
  where f.room_id = p_room and d.search @@ websearch_to_tsquery('simple', p_query)
$$;
create function extend_guests(p_guests uuid[], p_days integer default 7) returns integer language sql security definer set search_path = '' as $$
  with u as (update public.guests g set access_until = now() + make_interval(days => least(p_days, 60))
             where g.id = any (p_guests) and public.hosts(g.room_id) returning 1)
  select count(*)::integer from u
$$;
create view room_activity with (security_invoker) as
  select room_id, count(*) as openings, count(distinct user_id) as readers from access_log group by room_id;

grant usage on schema public to anon, authenticated;
grant select on statuses to anon;
grant select on firms, partners, rooms, folders, documents, guests, questions, access_log, statuses, room_activity to authenticated;
grant select (id, room_id, email, expires_at, used_at), delete on invitations to authenticated;
grant update (name, policy) on firms to authenticated;
grant insert, update (rank), delete on partners to authenticated;
grant insert, update (code_name, opens_at, closes_at), delete on rooms to authenticated;
grant insert, update, delete on folders to authenticated;
grant insert, update (title, content, deleted_at) on documents to authenticated;
grant update, delete on guests to authenticated;
grant insert, update on questions to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
