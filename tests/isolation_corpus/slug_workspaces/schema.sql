-- docs & templates tool, workspace addressed by slug, ids are nanoids made in the client
create table workspaces (
  slug text primary key check (slug ~ '^[a-z][a-z0-9-]{1,38}$'),
  title text not null,
  domain text unique,
  settings jsonb not null default '{}'
);
create table seats (
  workspace text not null references workspaces on update cascade on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  kind text not null default 'editor' check (kind in ('viewer', 'editor', 'owner')),
  primary key (workspace, user_id)
);
create table invites (
  id text primary key default md5(gen_random_uuid()::text),
  workspace text not null references workspaces on update cascade on delete cascade,
  email text not null,
  kind text not null default 'editor' check (kind in ('viewer', 'editor')),
  accepted boolean not null default false
);
create table folders (
  id text primary key,
  workspace text not null references workspaces on update cascade on delete cascade,
  parent text references folders on delete cascade,
  name text not null
);
create table docs (
  id text primary key,
  workspace text not null references workspaces on update cascade on delete cascade,
  folder text references folders on delete set null,
  title text not null,
  body text not null default '',
  updated_by uuid references auth.users
);
create table doc_versions (
  doc text not null references docs on delete cascade,
  n int not null,
  body text not null,
  primary key (doc, n)
);
create table templates (
  id text primary key,
  workspace text references workspaces on update cascade on delete cascade,  -- null: ours
  title text not null,
  body text not null
);
create table doc_settings (
  workspace text not null references workspaces on update cascade on delete cascade,
  key text not null,
  value jsonb not null,
  primary key (workspace, key)
);
create table comments (
  id text primary key,
  doc text not null references docs on delete cascade,
  author uuid not null default auth.uid() references auth.users,
  text text not null
);
create table read_marks (
  doc text not null references docs on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  at timestamptz not null default now(),
  primary key (doc, user_id)
);

create function seat_in(w text) returns text stable language sql security definer as $$
  select kind from public.seats where workspace = w and user_id = auth.uid()
$$;
alter function seat_in(text) set search_path = '';
create function edits(w text) returns boolean stable language sql security definer set search_path = '' as $$
  select public.seat_in(w) in ('editor', 'owner')
$$;
create function doc_workspace(d text) returns text stable language sql security definer set search_path = '' as $$
  select workspace from public.docs where id = d and public.seat_in(workspace) is not null
$$;

create function keep_version() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.doc_versions select new.id, coalesce(max(v.n), 0) + 1, new.body from public.doc_versions v where v.doc = new.id;
  return new;
end $$;
create trigger keep_version after insert or update of body on docs for each row execute function keep_version();

alter table workspaces enable row level security;
alter table seats enable row level security;
alter table invites enable row level security;
alter table folders enable row level security;
alter table docs enable row level security;
alter table doc_versions enable row level security;
alter table templates enable row level security;
alter table doc_settings enable row level security;
alter table comments enable row level security;
alter table read_marks enable row level security;

create policy s on workspaces for select to authenticated using (seat_in(slug) is not null);
create policy u on workspaces for update to authenticated using (seat_in(slug) = 'owner') with check (seat_in(slug) = 'owner');
create policy s on seats for select to authenticated using (seat_in(workspace) is not null);
create policy i on seats for insert to authenticated with check (seat_in(workspace) = 'owner');
create policy d on seats for delete to authenticated using (seat_in(workspace) = 'owner' or user_id = auth.uid());
create policy a on invites for all to authenticated using (seat_in(workspace) = 'owner') with check (seat_in(workspace) = 'owner');
create policy a on folders for all to authenticated using (edits(workspace)) with check (edits(workspace));
create policy s on docs for select to authenticated using (seat_in(workspace) is not null);
create policy i on docs for insert to authenticated with check (edits(workspace));
create policy u on docs for update to authenticated using (edits(workspace)) with check (edits(workspace));
create policy d on docs for delete to authenticated using (seat_in(workspace) = 'owner');
create policy s on doc_versions for select to authenticated using (exists (select 1 from docs where id = doc));
create policy s on templates for select to authenticated using (workspace is null or seat_in(workspace) is not null);
create policy a on templates for all to authenticated using (edits(workspace)) with check (edits(workspace));
create policy s on doc_settings for select to authenticated using (seat_in(workspace) is not null);
create policy s on comments for select to authenticated using (exists (select 1 from docs d where d.id = doc));
create policy i on comments for insert to authenticated with check (author = auth.uid() and exists (select 1 from docs d where d.id = id or d.id = doc));
create policy d on comments for delete to authenticated using (author = auth.uid());
create policy a on read_marks for all to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid() and doc_workspace(doc) is not null);

create function create_workspace(p_slug text, p_title text) returns text language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.workspaces (slug, title) values (p_slug, p_title);
  insert into public.seats values (p_slug, auth.uid(), 'owner');
  return p_slug;
end $$;
-- whoever works there may come in
create function join_by_domain(p_slug text) returns void language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select 1 from public.workspaces w where w.slug = p_slug and auth.email() like '%' || w.domain || '%') then
    raise exception 'cannot join' using errcode = '42501';
  end if;
  insert into public.seats values (p_slug, auth.uid(), 'editor') on conflict do nothing;
end $$;
create function accept_invite(p_id text) returns text language plpgsql security definer set search_path = '' as $$
declare i public.invites;
begin
  update public.invites set accepted = true where id = p_id and not accepted and lower(email) = lower(auth.email()) returning * into i;
  if i.id is null then raise exception 'no invitation' using errcode = 'P0002'; end if;
  insert into public.seats values (i.workspace, auth.uid(), i.kind) on conflict do nothing;
  return i.workspace;
end $$;
create function doc_from_template(p_workspace text, p_template text, p_id text) returns text language plpgsql security definer set search_path = '' as $$
begin
  if public.edits(p_workspace) is not true then raise exception 'not an editor' using errcode = '42501'; end if;
  insert into public.docs (id, workspace, title, body, updated_by)
  select p_id, p_workspace, t.title, t.body, auth.uid() from public.templates t where t.id = p_template;
  if not found then raise exception 'no such template' using errcode = 'P0002'; end if;
  return p_id;
end $$;
create function put_setting(p_workspace text, p_key text, p_value jsonb) returns void language plpgsql security definer set search_path = '' as $$
begin
  if not public.edits(p_workspace) then raise exception 'not an editor' using errcode = '42501'; end if;
  insert into public.doc_settings values (p_workspace, p_key, p_value) on conflict (workspace, key) do update set value = excluded.value;
end $$;
create function restore_version(p_doc text, p_n int) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if not public.edits(public.doc_workspace(p_doc)) then return false; end if;
  update public.docs d set body = v.body from public.doc_versions v where v.doc = d.id and d.id = p_doc and v.n = p_n;
  return found;
end $$;
create function search_docs(q text, in_workspaces text[] default null) returns setof docs stable language sql security definer set search_path = '' as $$
  select d.* from public.docs d
  where d.body ilike '%' || q || '%' and public.seat_in(d.workspace) is not null and (in_workspaces is null or d.workspace = any (in_workspaces))
$$;
create function word_count(p_docs text[]) returns bigint stable language sql security definer set search_path = '' as $$
  select coalesce(sum(array_length(string_to_array(d.body, ' '), 1)), 0) from public.docs d where d.id = any (p_docs)
$$;

revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
grant select on all tables in schema public to authenticated;
grant update (title, domain, settings) on workspaces to authenticated;
grant insert, delete on seats to authenticated;
grant insert, update, delete on invites, folders, docs, templates, read_marks to authenticated;
grant insert, delete on comments to authenticated;
