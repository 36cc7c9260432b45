-- video review: workspaces > projects > cuts > notes. members, guests per project, share links.
create schema app_private;
create type ws_role as enum ('viewer', 'editor', 'manager', 'owner');
create type guest_role as enum ('viewer', 'commenter', 'editor');
create type cut_state as enum ('uploading', 'ready', 'approved');

create table workspaces (id uuid primary key default gen_random_uuid(), title text not null, watermark text, created timestamptz default now());
create table workspace_users (
  workspace uuid references workspaces on delete cascade,
  usr uuid references auth.users on delete cascade,
  role ws_role not null default 'viewer',
  primary key (workspace, usr)
);
create table projects (
  id uuid primary key default gen_random_uuid(),
  workspace uuid not null references workspaces on delete cascade,
  title text not null,
  client text
);
create table project_guests (
  project uuid not null references projects on delete cascade,
  usr uuid not null references auth.users on delete cascade,
  role guest_role not null default 'viewer',
  until timestamptz,
  primary key (project, usr)
);
create table cuts (
  id uuid primary key default gen_random_uuid(),
  project uuid not null references projects on delete cascade,
  version int not null default 1 check (version > 0),
  state cut_state not null default 'uploading',
  media_url text,
  duration interval,
  unique (project, version)
);
create table notes (
  id uuid primary key default gen_random_uuid(),
  cut uuid not null references cuts on delete cascade,
  author uuid not null references auth.users on delete cascade,
  at_second numeric(8,3) not null default 0 check (at_second >= 0),
  body text not null check (body <> '')
);
create table drawings (
  id uuid primary key default gen_random_uuid(),
  project uuid not null references projects on delete cascade,
  note uuid references notes on delete cascade,
  shape jsonb not null default '[]' check (jsonb_typeof(shape) = 'array'),
  author uuid not null default auth.uid() references auth.users on delete cascade
);
create table approvals (
  cut uuid not null references cuts on delete cascade,
  approver uuid not null references auth.users on delete cascade,
  at timestamptz not null default now(),
  primary key (cut, approver)
);
create table share_links (
  id uuid primary key default gen_random_uuid(),
  project uuid not null references projects on delete cascade,
  token text not null unique default encode(sha256(gen_random_uuid()::text::bytea), 'hex'),
  password_hash text,
  revoked boolean not null default false,
  expires timestamptz
);
create table link_visits (
  id bigint generated always as identity primary key,
  link uuid not null references share_links on delete cascade,
  ip inet,
  at timestamptz not null default now()
);
create table watermarks (
  workspace uuid primary key references workspaces on delete cascade,
  png bytea,
  opacity real not null default 0.5 check (opacity between 0 and 1)
);

-- access
create function app_private.ws_role_of(w uuid) returns ws_role language sql stable security definer set search_path = public as
$$ select role from workspace_users where workspace = w and usr = auth.uid() $$;
create function app_private.in_ws(w uuid, lowest ws_role default 'viewer') returns bool language sql stable security definer set search_path = public as
$$ select exists (select from workspace_users where workspace = w and usr = auth.uid() and role >= lowest) $$;
create function app_private.guest(p uuid, lowest guest_role default 'viewer') returns bool language sql stable security definer set search_path = public as
$$ select exists (select from project_guests where project = p and usr = auth.uid() and role >= lowest and (until is null or until > now())) $$;
create function app_private.sees(p uuid) returns bool language sql stable security definer set search_path = public as
$$ select app_private.guest(p) or app_private.in_ws((select workspace from projects where id = p)) $$;
create function app_private.comments_on(p uuid) returns bool language sql stable security definer set search_path = public as
$$ select app_private.guest(p, 'commenter') or app_private.in_ws((select workspace from projects where id = p)) $$;
create function app_private.edits(p uuid) returns bool language sql stable security definer set search_path = public as
$$ select app_private.guest(p, 'editor') or app_private.in_ws((select workspace from projects where id = p), 'editor') $$;
create function app_private.runs(p uuid) returns bool language sql stable security definer set search_path = public as
$$ select app_private.in_ws((select workspace from projects where id = p), 'manager') $$;
create function app_private.project_of(c uuid) returns uuid language sql stable security definer set search_path = public as
$$ select project from cuts where id = c $$;

do $$ declare t text; begin
  foreach t in array array['workspaces','workspace_users','projects','project_guests','cuts','notes','drawings','approvals','share_links','link_visits','watermarks'] loop
    execute format('alter table %I enable row level security', t);
  end loop;
end $$;

create policy r on workspaces for select to authenticated using (app_private.in_ws(id));
create policy u on workspaces for update to authenticated using (app_private.in_ws(id, 'manager')) with check (app_private.in_ws(id, 'manager'));
create policy r on workspace_users for select to authenticated using (app_private.in_ws(workspace));
create policy d on workspace_users for delete to authenticated using (usr = auth.uid() or app_private.in_ws(workspace, 'owner'));
create policy r on projects for select to authenticated using (app_private.sees(id));
create policy i on projects for insert to authenticated with check (app_private.in_ws(workspace, 'editor'));
create policy u on projects for update to authenticated using (app_private.runs(id)) with check (app_private.in_ws(workspace, 'manager'));
create policy d on projects for delete to authenticated using (app_private.runs(id));
create policy r on project_guests for select to authenticated using (usr = auth.uid() or app_private.runs(project));
-- guests accept from the mail: the app inserts the row for them
create policy i on project_guests for insert to authenticated with check (usr = auth.uid() and role = 'viewer');
create policy m on project_guests for all to authenticated using (app_private.runs(project)) with check (app_private.runs(project));
create policy r on cuts for select to authenticated using (app_private.sees(project));
create policy w on cuts for insert to authenticated with check (app_private.edits(project));
create policy u on cuts for update to authenticated using (app_private.edits(project)) with check (app_private.edits(project));
create policy r on notes for select to authenticated using (app_private.sees(app_private.project_of(cut)));
create policy i on notes for insert to authenticated with check (app_private.comments_on(app_private.project_of(cut)));
create policy d on notes for delete to authenticated using (author = auth.uid() or app_private.runs(app_private.project_of(cut)));
create policy r on drawings for select to authenticated
  using (app_private.sees(project) or exists (select from notes n where n.id = note and app_private.sees(app_private.project_of(n.cut))));
create policy i on drawings for insert to authenticated with check (author = auth.uid() and app_private.comments_on(project));
create policy d on drawings for delete to authenticated using (author = auth.uid());
create policy r on approvals for select to authenticated using (app_private.sees(app_private.project_of(cut)));
create policy i on approvals for insert to authenticated with check (approver = auth.uid() and app_private.sees(app_private.project_of(cut)));
create policy m on share_links for all to authenticated using (app_private.runs(project)) with check (app_private.runs(project));
create policy r on share_links for select to anon using (not revoked and coalesce(expires, 'infinity') > now());
create policy r on link_visits for select to authenticated using (exists (select from share_links l where l.id = link and app_private.runs(l.project)));
create policy m on watermarks for all to authenticated using (app_private.in_ws(workspace, 'manager')) with check (app_private.in_ws(workspace, 'manager'));

-- rpc
create function create_workspace(title text) returns uuid language plpgsql security definer set search_path = public as $$
declare w uuid;
begin
  if auth.uid() is null then raise 'sign in first' using errcode = '28000'; end if;
  insert into workspaces (title) values (create_workspace.title) returning id into w;
  insert into workspace_users values (w, auth.uid(), 'owner');
  return w;
end $$;
create function set_member_role(w uuid, member uuid, new_role ws_role) returns void language plpgsql security definer set search_path = public as $$
begin
  if app_private.ws_role_of(w) is null or app_private.ws_role_of(w) < 'manager' then raise 'managers only' using errcode = '42501'; end if;
  update workspace_users set role = new_role where workspace = w and usr = member;
end $$;
create function move_project(p uuid, target uuid) returns void language plpgsql security definer set search_path = public as $$
begin
  if not app_private.runs(p) then raise 'no such project' using errcode = 'P0002'; end if;
  update projects set workspace = target where id = p;
end $$;
create function open_link(link_token text, pw text default null) returns setof cuts language plpgsql stable security definer set search_path = public, extensions as $$
declare l share_links;
begin
  select * into l from share_links where token = link_token and not revoked and coalesce(expires, 'infinity') > now();
  if l.id is null then raise 'no such link' using errcode = 'P0002'; end if;
  if l.password_hash is not null and encode(sha256(coalesce(pw, '')::bytea), 'hex') <> l.password_hash then raise 'wrong password' using errcode = '28P01'; end if;
  return query select * from cuts where project = l.project and state <> 'uploading';
end $$;
-- the old player only knows the number of the link
create function open_link(link_id uuid, pw text) returns setof cuts language plpgsql stable security definer set search_path = public as $$
declare l share_links;
begin
  select * into l from share_links where id = link_id and not revoked;
  if l.password_hash <> encode(sha256(pw::bytea), 'hex') then raise 'wrong password' using errcode = '28P01'; end if;
  return query select * from cuts where project = l.project;
end $$;
create function approve(c uuid) returns void language plpgsql security definer set search_path = public as $$
begin
  if not app_private.edits(app_private.project_of(c)) then raise 'no such cut' using errcode = 'P0002'; end if;
  update cuts set state = 'approved' where id = c and state = 'ready';
  insert into approvals values (c, auth.uid()) on conflict do nothing;
end $$;
create function add_note(c uuid, at_second numeric, body text, on_behalf_of uuid default null) returns uuid language sql security definer set search_path = public as $$
  insert into notes (cut, author, at_second, body)
  select c, auth.uid(), add_note.at_second, add_note.body where app_private.comments_on(app_private.project_of(c)) returning id
$$;

grant usage on schema app_private to authenticated;
revoke execute on all functions in schema public, app_private from public;
grant execute on all functions in schema public, app_private to authenticated;
grant execute on function open_link(text, text), open_link(uuid, text) to anon;
grant select on all tables in schema public to authenticated;
grant update (title, watermark) on workspaces to authenticated;
grant delete on workspace_users to authenticated;
grant insert, delete on projects to authenticated;
grant update (title, client) on projects to authenticated;
grant insert, update, delete on project_guests, share_links, watermarks to authenticated;
grant insert on cuts, notes, drawings, approvals to authenticated;
grant update (state, media_url, duration) on cuts to authenticated;
grant delete on notes, drawings to authenticated;
grant select on share_links to anon;
