-- PromptDesk: chat with a model over a workspace's documents, with quotas
create extension if not exists vector with schema extensions;
create type msg_role as enum ('system', 'user', 'assistant');

create table workspaces (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  plan text not null default 'trial',
  settings jsonb not null default '{"model": "small", "allow_sharing": true}'
);
create table seats (
  workspace_id uuid not null references workspaces on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  level text not null default 'user' check (level in ('user', 'admin', 'owner')),
  primary key (workspace_id, user_id)
);
create table threads (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references workspaces on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  title text not null default 'New chat',
  private boolean not null default true,
  archived_at timestamptz
);
create table messages (
  id bigint generated always as identity primary key,
  thread_id uuid not null references threads on delete cascade,
  role msg_role not null default 'user',
  user_id uuid default auth.uid(),
  content text not null,
  tokens integer not null default 0
);
create table documents (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references workspaces on delete cascade,
  title text not null,
  source_url text
);
create table chunks (
  id bigint generated always as identity primary key,
  document_id uuid not null references documents on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  content text not null,
  embedding extensions.vector(3) not null default '[1,0,0]'
);
create table usage_counters (
  workspace_id uuid not null references workspaces on delete cascade,
  period daterange not null default daterange(date_trunc('month', now())::date, (date_trunc('month', now()) + interval '1 month')::date),
  tokens_used bigint not null default 0,
  primary key (workspace_id, period)
);
create table quotas (plan text primary key, monthly_tokens bigint not null);
insert into quotas values ('trial', 10000), ('team', 1000000);
create table model_keys (
  workspace_id uuid primary key references workspaces on delete cascade,
  provider text not null default 'openai',
  key_cipher bytea not null
);
create table prompts (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references workspaces on delete cascade,
  author_id uuid default auth.uid(),
  title text not null,
  template text not null,
  visibility text not null default 'workspace' check (visibility in ('me', 'workspace', 'gallery'))
);
create table feedback (
  message_id bigint not null references messages on delete cascade,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  rating smallint not null check (rating in (-1, 1)),
  comment text,
  primary key (message_id, user_id)
);

create function seat_level(p_workspace uuid) returns text language sql stable security definer set search_path = '' as $$
  select s.level from public.seats s where s.workspace_id = p_workspace and s.user_id = auth.uid()
$$;
create function my_workspaces() returns uuid[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(workspace_id), '{}') from public.seats where user_id = auth.uid()
$$;

alter table workspaces enable row level security;
alter table seats enable row level security;
alter table threads enable row level security;
alter table messages enable row level security;
alter table documents enable row level security;
alter table chunks enable row level security;
alter table usage_counters enable row level security;
alter table quotas enable row level security;
alter table model_keys enable row level security;
alter table prompts enable row level security;
alter table feedback enable row level security;
create policy see on workspaces for select to authenticated using (id = any (my_workspaces()));
create policy configure on workspaces for update to authenticated using (seat_level(id) = 'owner');
create policy see on seats for select to authenticated using (workspace_id = any (my_workspaces()));
create policy give on seats for insert to authenticated with check (seat_level(workspace_id) in ('admin', 'owner') and level <> 'owner');
create policy change on seats for update to authenticated using (seat_level(workspace_id) in ('admin', 'owner')) with check (seat_level(workspace_id) in ('admin', 'owner'));
create policy take on seats for delete to authenticated using (user_id = auth.uid() or (seat_level(workspace_id) in ('admin', 'owner') and level <> 'owner'));
create policy see on threads for select to authenticated using (user_id = auth.uid() or (workspace_id = any (my_workspaces()) and not private));
create policy start on threads for insert to authenticated with check (user_id = auth.uid() and workspace_id = any (my_workspaces()));
create policy own on threads for update to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid() and workspace_id = any (my_workspaces()));
create policy drop on threads for delete to authenticated using (user_id = auth.uid());
create policy see on messages for select to authenticated using (exists (select 1 from threads t where t.id = thread_id));
create policy say on messages for insert to authenticated with check (user_id = auth.uid() and role = 'user');
create policy see on documents for select to authenticated using (workspace_id = any (my_workspaces()));
create policy manage on documents for all to authenticated using (seat_level(workspace_id) is not null) with check (seat_level(workspace_id) is not null);
create policy see on chunks for select to authenticated using (workspace_id = any (my_workspaces()));
create policy add on chunks for insert to authenticated with check (
  exists (select 1 from documents d where d.id = document_id and d.workspace_id = chunks.workspace_id and d.workspace_id = any (my_workspaces())));
create policy see on usage_counters for select to authenticated using (workspace_id = any (my_workspaces()));
create policy see on quotas for select to authenticated using (true);
create policy see on model_keys for select to authenticated using (seat_level(workspace_id) = 'owner');
create policy own on prompts for all to authenticated using (author_id = auth.uid())
  with check (author_id = auth.uid() and (workspace_id is null or workspace_id = any (my_workspaces())));
create policy see on prompts for select to authenticated using (case visibility when 'gallery' then true
  when 'workspace' then workspace_id = any (my_workspaces()) or workspace_id is null else author_id = auth.uid() end);
create policy own on feedback for select to authenticated using (user_id = auth.uid());
create policy give on feedback for insert to authenticated
  with check (user_id = auth.uid() and exists (select 1 from messages m where m.id = message_id));

-- an invitation link carries the workspace in the sign-up data
create function welcome() returns trigger language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if new.raw_user_meta_data ? 'workspace_id' then
    insert into public.seats (workspace_id, user_id)
    select w.id, new.id from public.workspaces w where w.id::text = new.raw_user_meta_data ->> 'workspace_id';
  else
    insert into public.workspaces (name) values ('My workspace') returning id into v;
    insert into public.seats values (v, new.id, 'owner');
  end if;
  return new;
end $$;
create trigger welcome after insert on auth.users for each row execute function welcome();
create function count_tokens() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.usage_counters (workspace_id, tokens_used) select t.workspace_id, new.tokens from public.threads t where t.id = new.thread_id
  on conflict (workspace_id, period) do update set tokens_used = public.usage_counters.tokens_used + excluded.tokens_used;
  return null;
end $$;
create trigger count_tokens after insert on messages for each row execute function count_tokens();

create function match_chunks(query_embedding extensions.vector(3), p_workspace uuid, p_documents uuid[] default null, match_count integer default 8)
returns table (chunk bigint, content text, distance double precision) language plpgsql stable security definer set search_path = public, extensions as $$
begin
  if not p_workspace = any (my_workspaces()) then raise exception 'no such workspace' using errcode = 'P0002'; end if;
  return query select c.id, c.content, c.embedding <=> query_embedding from chunks c
  where (p_documents is null and c.workspace_id = p_workspace) or c.document_id = any (p_documents)
  order by 3 limit match_count;
end $$;
create function remaining_tokens(p_workspace uuid) returns bigint language sql stable security definer set search_path = '' as $$
  select q.monthly_tokens - coalesce((select sum(u.tokens_used) from public.usage_counters u where u.workspace_id = w.id and u.period @> current_date), 0)::bigint
  from public.workspaces w join public.quotas q on q.plan = w.plan where w.id = p_workspace and w.id = any (public.my_workspaces())
$$;
create function fork_thread(p_thread uuid, p_upto bigint default null) returns uuid language plpgsql security definer set search_path = '' as $$
declare t public.threads; v uuid;
begin
  select * into t from public.threads where id = p_thread and (user_id = auth.uid() or workspace_id = any (public.my_workspaces()) and not private);
  if not found then raise exception 'no such thread' using errcode = 'P0002'; end if;
  insert into public.threads (workspace_id, title) values (t.workspace_id, t.title || ' (fork)') returning id into v;
  insert into public.messages (thread_id, role, user_id, content) select v, m.role, m.user_id, m.content from public.messages m
  where m.thread_id = p_thread and (p_upto is null or m.id <= p_upto);
  return v;
end $$;
create function set_plan(p_workspace uuid, p_plan text) returns text language plpgsql security definer set search_path = '' as $$
begin
  update public.workspaces set plan = p_plan where id = p_workspace and exists (
    select 1 from public.seats s where s.user_id = auth.uid() and s.level = 'owner' and workspace_id = p_workspace);
  return (select w.name || ' is now on ' || w.plan from public.workspaces w where w.id = p_workspace);
end $$;
create function redact_message(p_message bigint) returns boolean language sql security definer set search_path = '' as $$
  update public.messages m set content = '[redacted]' from public.threads t
  where m.id = p_message and t.id = m.thread_id and t.user_id = auth.uid() returning true
$$;

grant usage on schema public to authenticated;
grant select on workspaces, seats, threads, messages, documents, chunks, usage_counters, quotas, prompts, feedback to authenticated;
grant select (workspace_id, provider) on model_keys to authenticated;
grant update (name, settings) on workspaces to authenticated;
grant insert, update (level), delete on seats to authenticated;
grant insert (workspace_id, title, private), update (title, private, workspace_id, archived_at), delete on threads to authenticated;
grant insert on messages, chunks, feedback to authenticated;
grant insert, update, delete on documents, prompts to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;
