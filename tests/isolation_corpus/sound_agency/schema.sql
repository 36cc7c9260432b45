-- An agency tool: numbered workspaces, the current one kept in one's profile, boards with public links, intake forms.
create table public.workspaces (
  id integer generated always as identity primary key,
  title varchar(120) not null,
  owner_id uuid not null default auth.uid() references auth.users (id)
);
create table public.profiles (
  user_id uuid primary key references auth.users (id) on delete cascade,
  display_name varchar(80) not null default 'New user',
  current_workspace integer references public.workspaces (id) on delete set null
);
create table public.memberships (
  workspace_id integer not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references public.profiles (user_id) on delete cascade,
  level smallint not null default 1 check (level between 1 and 3), -- 3 = administers
  primary key (user_id, workspace_id)
);
create table public.clients (
  id integer generated always as identity primary key,
  workspace_id integer not null references public.workspaces (id) on delete cascade,
  company varchar(200) not null,
  contact jsonb not null default '{}'
);
create table public.boards (
  id integer generated always as identity primary key,
  workspace_id integer not null references public.workspaces (id) on delete cascade,
  title varchar(200) not null,
  is_public boolean not null default false,
  link uuid not null default gen_random_uuid() unique
);
create table public.cards (
  id bigint generated always as identity primary key,
  board_id integer not null references public.boards (id) on delete cascade,
  title text not null,
  labels text[] not null default '{}',
  done boolean not null default false
);
create table public.forms (
  id uuid primary key default gen_random_uuid(),
  workspace_id integer not null references public.workspaces (id) on delete cascade,
  title text not null,
  accepting boolean not null default true
);
create table public.submissions (
  id uuid primary key default gen_random_uuid(),
  form_id uuid not null references public.forms (id) on delete cascade,
  answers jsonb not null check (jsonb_typeof(answers) = 'object'),
  received_at timestamptz not null default now()
);
create table public.time_log (
  workspace_id integer not null references public.workspaces (id) on delete cascade,
  user_id uuid not null default auth.uid(),
  day date not null,
  minutes integer not null check (minutes between 1 and 1440),
  what text not null default ''
) partition by range (day);
create table public.time_log_2026 partition of public.time_log for values from ('2026-01-01') to ('2027-01-01');
create table public.time_log_older partition of public.time_log default;
create table public.tokens (
  id uuid primary key default gen_random_uuid(),
  workspace_id integer not null references public.workspaces (id) on delete cascade,
  name text not null,
  sha256 bytea not null unique,
  last_used timestamptz
);
create table public.plans (  -- our price list
  code text primary key,
  euros numeric not null
);
insert into public.plans values ('solo', 9), ('studio', 49);

create function public.member_of(ws integer, lowest smallint default 1) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from public.memberships m where m.workspace_id = ws and m.user_id = auth.uid() and m.level >= lowest)
$$;
-- The workspace that the person has open, if they still belong to it.
create function public.ws() returns integer language sql stable security definer set search_path = '' as $$
  select p.current_workspace from public.profiles p
  join public.memberships m on m.user_id = p.user_id and m.workspace_id = p.current_workspace
  where p.user_id = auth.uid()
$$;

create function public.on_sign_up() returns trigger language plpgsql security definer set search_path = '' as $$
declare v integer;
begin
  insert into public.workspaces (title, owner_id) values ('My workspace', new.id) returning id into v;
  insert into public.profiles (user_id, display_name, current_workspace)
  values (new.id, left(coalesce(new.raw_user_meta_data ->> 'name', 'New user'), 80), v);
  insert into public.memberships values (v, new.id, 3);
  return new;
end $$;
create trigger on_sign_up after insert on auth.users for each row execute function public.on_sign_up();

do $$
declare t text;
begin
  foreach t in array array['workspaces', 'profiles', 'memberships', 'clients', 'boards', 'cards', 'forms', 'submissions',
    'time_log', 'time_log_2026', 'time_log_older', 'tokens', 'plans']
  loop
    execute format('alter table public.%I enable row level security', t);
    execute format('alter table public.%I force row level security', t);
  end loop;
  foreach t in array array['clients', 'boards', 'forms'] loop
    execute format($p$create policy here on public.%I for all to authenticated
      using (workspace_id = (select public.ws())) with check (workspace_id = (select public.ws()))$p$, t);
  end loop;
  foreach t in array array['time_log', 'time_log_2026', 'time_log_older'] loop
    execute format($p$create policy here on public.%I for select to authenticated
      using (workspace_id = (select public.ws()))$p$, t);
    execute format($p$create policy mine on public.%I for insert to authenticated
      with check (workspace_id = (select public.ws()) and user_id = auth.uid())$p$, t);
  end loop;
end $$;
create policy belong on public.workspaces for select to authenticated using (public.member_of(id));
create policy rename on public.workspaces for update to authenticated
  using (public.member_of(id, 3::smallint)) with check (public.member_of(id, 3::smallint));
create policy me on public.profiles for select to authenticated using (user_id = auth.uid());
create policy colleagues on public.profiles for select to authenticated
  using (exists (select 1 from public.memberships m where m.user_id = profiles.user_id));
create policy me_change on public.profiles for update to authenticated
  using (user_id = auth.uid()) with check (user_id = auth.uid() and public.member_of(current_workspace));
create policy see on public.memberships for select to authenticated using (public.member_of(workspace_id));
create policy leave on public.memberships for delete to authenticated
  using (user_id = auth.uid() or public.member_of(workspace_id, 3::smallint));
create policy through_board on public.cards for all to authenticated
  using (board_id in (select b.id from public.boards b where b.workspace_id = (select public.ws())))
  with check (board_id in (select b.id from public.boards b where b.workspace_id = (select public.ws())));
create policy published on public.boards for select to anon, authenticated using (is_public);
create policy published on public.cards for select to anon, authenticated
  using (exists (select 1 from public.boards b where b.id = board_id and b.is_public));
create policy through_form on public.submissions for select to authenticated
  using (exists (select 1 from public.forms f where f.id = form_id and f.workspace_id = public.ws()));
create policy list on public.tokens for select to authenticated using (public.member_of(workspace_id, 3::smallint));
create policy prices on public.plans for select to anon, authenticated using (true);

grant select on public.workspaces, public.profiles, public.memberships, public.submissions, public.plans to authenticated;
grant select on public.time_log, public.time_log_2026, public.time_log_older to authenticated;
grant insert on public.time_log to authenticated;
grant select on public.boards, public.cards, public.plans to anon;
grant select, insert, update, delete on public.clients, public.boards, public.cards, public.forms to authenticated;
grant update (title) on public.workspaces to authenticated;
grant update (display_name, current_workspace) on public.profiles to authenticated;
grant delete on public.memberships to authenticated;
grant select (id, workspace_id, name, last_used) on public.tokens to authenticated;

-- RPC
create function public.submit(p_form uuid, variadic p_answers text[]) returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.submissions (form_id, answers)
  select f.id, jsonb_build_object('answers', to_jsonb(p_answers)) from public.forms f where f.id = p_form and f.accepting;
end $$;

create function public.switch_workspace(p_workspace integer) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not public.member_of(p_workspace) then
    raise exception 'no such workspace' using errcode = 'P0002';
  end if;
  update public.profiles set current_workspace = p_workspace where user_id = auth.uid();
end $$;

create function public.set_level(p_workspace integer, p_user uuid, p_level smallint) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not public.member_of(p_workspace, 3::smallint) then
    raise exception 'no such workspace' using errcode = 'P0002';
  end if;
  update public.memberships set level = p_level where workspace_id = p_workspace and user_id = p_user and user_id <> auth.uid();
end $$;

create function public.board_by_link(p_link uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('title', b.title, 'cards', (select jsonb_agg(c.title) from public.cards c where c.board_id = b.id))
  from public.boards b where b.link = p_link and b.is_public
$$;

create function public.move_cards(p_cards bigint[], p_board integer) returns bigint[]
language plpgsql security definer set search_path = '' as $$
declare moved bigint[];
begin
  if not exists (select from public.boards b where b.id = p_board and b.workspace_id = public.ws()) then
    return '{}';
  end if;
  with m as (
    update public.cards c set board_id = p_board from public.boards b
    where c.id = any (p_cards) and b.id = c.board_id and b.workspace_id = public.ws() returning c.id)
  select coalesce(array_agg(id), '{}') into moved from m;
  return moved;
end $$;

create function public.save_client(p_client public.clients) returns integer
language plpgsql security definer set search_path = '' as $$
declare v integer;
begin
  if public.ws() is null then raise exception 'open a workspace'; end if;
  update public.clients set company = coalesce(p_client.company, company), contact = coalesce(p_client.contact, contact)
  where id = p_client.id and workspace_id = public.ws() returning id into v;
  if v is null then
    insert into public.clients (workspace_id, company, contact)
    values (public.ws(), coalesce(p_client.company, '?'), coalesce(p_client.contact, '{}')) returning id into v;
  end if;
  return v;
end $$;

create function public.issue_token(p_name text) returns text language plpgsql security definer set search_path = '' as $$
declare s text := gen_random_uuid()::text;
begin
  if not coalesce(public.member_of(public.ws(), 3::smallint), false) then raise exception 'administrators only' using errcode = '42501'; end if;
  insert into public.tokens (workspace_id, name, sha256) values (public.ws(), p_name, sha256(convert_to(s, 'UTF8')));
  return s;
end $$;

create function public.client_cursor() returns refcursor language plpgsql as $$
declare c refcursor := 'clients';
begin
  open c for select * from public.clients;
  return c;
end $$;

revoke all on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function public.submit(uuid, text[]), public.board_by_link(uuid) to anon;

insert into storage.buckets (id, name, public) values ('briefs', 'briefs', false);
create policy briefs_read on storage.objects for select to authenticated
  using (bucket_id = 'briefs' and split_part(name, '/', 1) = (select public.ws())::text);
create policy briefs_add on storage.objects for insert to authenticated
  with check (bucket_id = 'briefs' and split_part(name, '/', 1) = (select public.ws())::text);
create policy briefs_delete on storage.objects for delete to authenticated
  using (bucket_id = 'briefs' and split_part(name, '/', 1) = (select public.ws())::text);
