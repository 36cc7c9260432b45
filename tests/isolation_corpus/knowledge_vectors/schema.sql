-- 🧠 brainbase: documents + embeddings, chat with your docs
create extension if not exists vector with schema extensions;

create table if not exists workspaces (
  id uuid primary key default gen_random_uuid(),
  name text not null
);
create table if not exists workspace_users (
  workspace_id uuid references workspaces (id) on delete cascade not null,
  user_id uuid references auth.users (id) on delete cascade not null,
  role text default 'member' not null check (role in ('owner', 'member')),
  primary key (workspace_id, user_id)
);
create table if not exists invites (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references workspaces (id) on delete cascade not null,
  email text not null,
  token uuid default gen_random_uuid() not null
);
create table if not exists documents (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references workspaces (id) on delete cascade not null,
  source_id uuid references documents (id) on delete set null, -- synced copy of
  title text not null,
  content text default '' not null,
  is_public boolean default false not null,
  metadata jsonb default '{}'::jsonb not null
);
create table if not exists document_chunks (
  id bigint primary key generated always as identity,
  document_id uuid references documents (id) on delete cascade not null,
  content text not null,
  embedding extensions.vector(4)
);
create index if not exists document_chunks_embedding on document_chunks using hnsw (embedding extensions.vector_cosine_ops);
create table if not exists embeddings_cache (
  sha bytea primary key check (octet_length(sha) = 32),
  content text not null,
  embedding extensions.vector(4) not null
);
create table if not exists prompt_templates (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references workspaces (id) on delete cascade not null,
  body text not null
);
create table if not exists conversations (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references workspaces (id) on delete cascade not null,
  user_id uuid default auth.uid() references auth.users (id) on delete cascade not null,
  messages jsonb[] default '{}' not null
);

-- 🔑 helpers
create or replace function is_member(ws uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.workspace_users where workspace_id = ws and user_id = auth.uid());
$$;

create or replace function create_workspace(name text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare new_id uuid := gen_random_uuid();
begin
  insert into public.workspaces values (new_id, create_workspace.name);
  insert into public.workspace_users values (new_id, auth.uid(), 'owner');
  return new_id;
end $$;

create or replace function accept_invite(invite_token uuid) returns uuid
language plpgsql security definer set search_path = '' as $$
declare ws uuid;
begin
  delete from public.invites i using auth.users u
  where i.token = invite_token and u.id = auth.uid() and lower(u.email) = lower(i.email)
  returning i.workspace_id into ws;
  if ws is not null then
    insert into public.workspace_users (workspace_id, user_id) values (ws, auth.uid()) on conflict do nothing;
  end if;
  return ws;
end $$;

-- 🔁 synced copies follow their source
create or replace function sync_copies() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.documents set title = new.title, content = new.content where source_id = new.id;
  return new;
end $$;
create or replace trigger sync_copies after update of title, content on documents
  for each row when (old.* is distinct from new.*) execute function sync_copies();

-- 🔎 search
create or replace function match_documents(query_embedding extensions.vector(4), match_count int default 10, filter jsonb default '{}')
returns table (id bigint, content text, similarity float)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
  return query
  select c.id, c.content, 1 - (c.embedding operator(extensions.<=>) query_embedding)
  from public.document_chunks c join public.documents d on d.id = c.document_id
  where d.metadata @> filter
  order by c.embedding operator(extensions.<=>) query_embedding
  limit match_count;
end $$;

create or replace function match_chunks(query_embedding extensions.vector(4), in_workspaces uuid[])
returns setof document_chunks
language sql stable security definer set search_path = '' as $$
  select c.* from public.document_chunks c join public.documents d on d.id = c.document_id
  where d.workspace_id = any (in_workspaces) order by c.embedding operator(extensions.<=>) query_embedding limit 20
$$;

create or replace function match_mine(query_embedding extensions.vector(4))
returns setof document_chunks
language sql stable security definer set search_path = '' as $$
  select c.* from public.document_chunks c join public.documents d on d.id = c.document_id
  where public.is_member(d.workspace_id) order by c.embedding operator(extensions.<=>) query_embedding limit 20
$$;

create or replace function delete_documents(ids uuid[]) returns int
language plpgsql security definer set search_path = '' as $$
declare n int;
begin
  if not exists (select 1 from public.documents d where d.id = any (ids) and public.is_member(d.workspace_id)) then
    raise exception 'nothing to delete';
  end if;
  delete from public.documents where id = any (ids);
  get diagnostics n = row_count;
  return n;
end $$;

-- 🔒 rls
alter table workspaces enable row level security;
alter table workspace_users enable row level security;
alter table invites enable row level security;
alter table documents enable row level security;
alter table document_chunks enable row level security;
alter table embeddings_cache enable row level security;
alter table prompt_templates enable row level security;
alter table conversations enable row level security;

create policy "members" on workspaces for select to authenticated using (is_member(id));
create policy "members" on workspace_users for select to authenticated using (is_member(workspace_id));
create policy "invitee sees invite" on invites for select to authenticated using (email = auth.jwt() -> 'user_metadata' ->> 'email');
create policy "members invite" on invites for insert to authenticated with check (is_member(workspace_id));
create policy "members or public" on documents for select to authenticated using (is_public or is_member(workspace_id));
create policy "members write" on documents for insert to authenticated with check (is_member(workspace_id));
create policy "members edit" on documents for update to authenticated using (is_member(workspace_id)) with check (is_member(workspace_id));
create policy "chunks follow documents" on document_chunks for all to authenticated
  using (document_id in (select id from documents)) with check (document_id in (select id from documents));
create policy "cache" on embeddings_cache for all to authenticated using (true) with check (true);
create policy "own workspace" on prompt_templates for all to authenticated
  using (workspace_id in (select w.workspace_id from workspace_users w where w.user_id = auth.uid()));
create policy "my conversations" on conversations for all to authenticated
  using (user_id = auth.uid() and is_member(workspace_id)) with check (user_id = auth.uid() and is_member(workspace_id));

grant select on workspaces, workspace_users to authenticated;
grant select, insert on invites, embeddings_cache to authenticated;
grant select, insert, update on documents to authenticated;
grant select, insert, update, delete on document_chunks, prompt_templates, conversations to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
