-- A newsroom system for several publishers: desks, stories with embargoes, syndication from parent to child, wire imports.
create extension if not exists pgcrypto with schema extensions;
create type staff_role as enum ('editor_in_chief', 'editor', 'reporter', 'freelancer');

create table publishers (
  id uuid primary key default gen_random_uuid(),
  parent_id uuid references publishers on delete set null,
  name text not null,
  style jsonb not null default '{"serif": true}'
);
create table staff (
  publisher_id uuid not null references publishers on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role staff_role not null default 'reporter',
  suspended boolean not null default false,
  primary key (publisher_id, user_id)
);
create table desks (
  id uuid primary key default gen_random_uuid(),
  publisher_id uuid not null references publishers on delete cascade,
  name text not null,
  unique (publisher_id, name)
);
create table stories (
  id uuid primary key default gen_random_uuid(),
  publisher_id uuid not null references publishers on delete cascade,
  desk_id uuid references desks on delete set null,
  author_id uuid not null default auth.uid() references auth.users,
  headline text not null,
  body text not null default '',
  embargo_until timestamptz,
  revision integer not null default 1
);
create table story_locks (
  story_id uuid primary key references stories on delete cascade,
  locked_by uuid not null default auth.uid() references auth.users on delete cascade,
  locked_at timestamptz not null default now()
);
create table style_guides (
  id uuid primary key default gen_random_uuid(),
  publisher_id uuid not null references publishers on delete cascade,
  rules text not null
);
create table annotations (
  id bigint generated always as identity primary key,
  publisher_id uuid not null references publishers on delete cascade,
  entity text not null check (entity in ('story', 'desk', 'guide')),
  entity_id uuid not null,
  body text not null
);
create table delegations (
  grantor uuid not null references auth.users on delete cascade,
  grantee uuid not null references auth.users on delete cascade,
  until date not null default current_date + 14,
  primary key (grantor, grantee)
);
create table api_keys (
  id uuid primary key default gen_random_uuid(),
  publisher_id uuid not null references publishers on delete cascade,
  key text not null unique default 'nk_' || encode(extensions.gen_random_bytes(20), 'hex'),
  label text not null
);
create table transfer_requests (
  id uuid primary key default gen_random_uuid(),
  story_id uuid not null references stories on delete cascade,
  to_publisher uuid not null references publishers on delete cascade,
  requested_by uuid not null default auth.uid() references auth.users
);

create function works_for(p uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from staff s where s.publisher_id = p and not s.suspended
    and s.user_id in (select auth.uid() union select d.grantor from delegations d where d.grantee = auth.uid() and d.until >= current_date))
$$;
create function edits_for(p uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select 1 from staff s where s.publisher_id = p and s.user_id = auth.uid() and not s.suspended and s.role in ('editor_in_chief', 'editor'))
$$;

alter table publishers enable row level security;
alter table staff enable row level security;
alter table desks enable row level security;
alter table stories enable row level security;
alter table story_locks enable row level security;
alter table style_guides enable row level security;
alter table annotations enable row level security;
alter table delegations enable row level security;
alter table api_keys enable row level security;
alter table transfer_requests enable row level security;

create policy p_read on publishers for select to authenticated using (works_for(id));
create policy p_edit on publishers for update to authenticated using (edits_for(id)) with check (edits_for(id));
create policy s_read on staff for select to authenticated using (user_id = auth.uid() or works_for(publisher_id));
create policy d_all on desks for all to authenticated using (works_for(publisher_id)) with check (edits_for(publisher_id));
create policy st_read on stories for select to authenticated using (works_for(publisher_id));
create policy st_write on stories for insert to authenticated
  with check (author_id = auth.uid() and works_for(publisher_id) and (desk_id is null or exists (select 1 from desks d where d.id = stories.desk_id and d.publisher_id = stories.publisher_id)));
create policy st_edit on stories for update to authenticated using (edits_for(publisher_id) or (author_id = auth.uid() and works_for(publisher_id)))
  with check (works_for(publisher_id) and (desk_id is null or exists (select 1 from desks d where d.id = stories.desk_id and d.publisher_id = stories.publisher_id)));
create policy l_read on story_locks for select to authenticated using (exists (select 1 from stories s where s.id = story_locks.story_id));
-- a child publishes by its parent's rules
create policy g_read on style_guides for select to authenticated using (works_for(publisher_id)
  or exists (select 1 from publishers c where c.parent_id = style_guides.publisher_id and works_for(c.id)));
create policy g_write on style_guides for all to authenticated using (edits_for(publisher_id)) with check (edits_for(publisher_id));
create policy a_read on annotations for select to authenticated using (case entity
  when 'story' then exists (select 1 from stories s where s.id = entity_id)
  when 'desk' then exists (select 1 from desks d where d.id = entity_id)
  else true end);
create policy a_write on annotations for insert to authenticated with check (works_for(publisher_id) and case entity
  when 'story' then exists (select 1 from stories s where s.id = entity_id and s.publisher_id = annotations.publisher_id)
  when 'desk' then exists (select 1 from desks d where d.id = entity_id and d.publisher_id = annotations.publisher_id)
  else exists (select 1 from style_guides g where g.id = entity_id and g.publisher_id = annotations.publisher_id) end);
create policy del_read on delegations for select to authenticated using (auth.uid() in (grantor, grantee));
create policy del_write on delegations for insert to authenticated with check (auth.uid() in (grantor, grantee));
create policy del_end on delegations for delete to authenticated using (auth.uid() in (grantor, grantee));
create policy k_read on api_keys for select to authenticated using (edits_for(publisher_id));
create policy k_write on api_keys for insert to authenticated with check (edits_for(publisher_id));
create policy t_read on transfer_requests for select to authenticated using (works_for(to_publisher));
create policy t_write on transfer_requests for insert to authenticated with check (requested_by = auth.uid() and edits_for(to_publisher));

grant select on publishers, staff, desks, stories, story_locks, style_guides, annotations, delegations, transfer_requests to authenticated;
grant select (id, publisher_id, label), insert (publisher_id, label) on api_keys to authenticated;
grant update (name, style, parent_id) on publishers to authenticated;
grant insert, update (name), delete on desks to authenticated;
grant insert (publisher_id, desk_id, author_id, headline, body, embargo_until), update (headline, body, desk_id, embargo_until) on stories to authenticated;
grant insert (publisher_id, rules), update (rules), delete on style_guides to authenticated;
grant insert (publisher_id, entity, entity_id, body) on annotations to authenticated;
grant insert, delete on delegations to authenticated;
grant insert (story_id, to_publisher, requested_by) on transfer_requests to authenticated;

create function bump_revision() returns trigger language plpgsql as $$ begin new.revision := old.revision + 1; return new; end $$;
create trigger bump before update on stories for each row execute function bump_revision();

create function accept_transfer(p_request uuid) returns void language plpgsql security definer set search_path = public as $$
declare t transfer_requests;
begin
  select * into t from transfer_requests where id = p_request;
  if t.id is null or not edits_for(t.to_publisher) then raise exception 'no such request' using errcode = 'P0002'; end if;
  update stories set publisher_id = t.to_publisher, desk_id = null where id = t.story_id;
  delete from transfer_requests where id = p_request;
end $$;
create function my_drafts(p_user uuid default auth.uid()) returns table (id uuid, headline text) language sql stable security definer set search_path = public as $$
  select s.id, s.headline from stories s where s.author_id = p_user order by s.id
$$;
create function list_stories(p_publisher uuid default null, p_limit integer default 50) returns setof stories language plpgsql stable security definer set search_path = public as $$
begin
  if p_publisher is not null and not works_for(p_publisher) then raise exception 'not yours' using errcode = '42501'; end if;
  return query select * from stories s where (p_publisher is null or s.publisher_id = p_publisher) and coalesce(s.embargo_until, '-infinity') < now()
    order by s.id limit least(p_limit, 100);
end $$;
create function lock_story(p_story uuid) returns boolean language plpgsql security definer set search_path = public as $$
begin
  insert into story_locks (story_id) select s.id from stories s where s.id = p_story and works_for(s.publisher_id)
  on conflict (story_id) do update set locked_by = auth.uid(), locked_at = now() where story_locks.locked_at < now() - interval '1 hour';
  return found;
end $$;
create function key_belongs_to(p_key text) returns table (publisher uuid, label text) language sql stable security definer set search_path = public as $$
  select k.publisher_id, k.label from api_keys k where k.key like p_key || '%' limit 1
$$;
create function start_publisher(p_name text) returns uuid language plpgsql security definer set search_path = public as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into publishers (name) values (p_name) returning id into v;
  insert into staff (publisher_id, user_id, role) values (v, auth.uid(), 'editor_in_chief');
  return v;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function key_belongs_to(text) to anon;
