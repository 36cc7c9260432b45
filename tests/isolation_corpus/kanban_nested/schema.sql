-- taskflow: teams > projects > tasks > (attachments, comments)

create table teams (
  id uuid default gen_random_uuid() primary key,
  name text not null,
  owner_id uuid not null default auth.uid() references auth.users(id)
);
create table team_members (
  id uuid default gen_random_uuid() primary key,
  team_id uuid not null references teams(id) on delete cascade,
  user_id uuid not null references auth.users(id) on delete cascade,
  is_admin bool not null default false,
  unique (team_id, user_id)
);
create table projects (
  id uuid default gen_random_uuid() primary key,
  team_id uuid not null references teams(id) on delete cascade,
  name text not null,
  archived bool not null default false
);
create table columns (
  id uuid default gen_random_uuid() primary key,
  project_id uuid not null references projects(id) on delete cascade,
  title text not null,
  position int not null default 0
);
create table tasks (
  id uuid default gen_random_uuid() primary key,
  project_id uuid not null references projects(id) on delete cascade,
  column_id uuid references columns(id) on delete set null,
  title text not null,
  position int not null default 0,
  description text
);
create table comments (
  id uuid default gen_random_uuid() primary key,
  task_id uuid not null references tasks(id) on delete cascade,
  user_id uuid not null default auth.uid() references auth.users(id) on delete cascade,
  body text not null check (length(trim(body)) > 0)
);
create table attachments (
  id uuid default gen_random_uuid() primary key,
  task_id uuid not null references tasks(id) on delete cascade,
  file_name text not null,
  url text not null check (url like 'https://%')
);
create table activity (
  id bigserial primary key,
  team_id uuid,
  actor uuid,
  action text not null,
  payload jsonb,
  created_at timestamptz default now()
);
create table boards (
  id uuid default gen_random_uuid() primary key,
  team_id uuid not null references teams(id) on delete cascade,
  name text not null,
  created_by uuid not null default auth.uid()
);
create table board_members (
  board_id uuid not null references boards(id) on delete cascade,
  user_id uuid not null references auth.users(id) on delete cascade,
  primary key (board_id, user_id)
);
create table templates (
  id uuid default gen_random_uuid() primary key,
  team_id uuid not null references teams(id) on delete cascade,
  title text not null,
  is_public bool not null default false,
  content jsonb not null default '[]'
);

create function my_team_ids() returns setof uuid as $$
  select team_id from public.team_members where user_id = auth.uid()
$$ language sql stable security definer set search_path = '';

create function add_owner_as_member() returns trigger as $$
begin
  insert into public.team_members (team_id, user_id, is_admin) values (new.id, new.owner_id, true);
  return new;
end $$ language plpgsql security definer set search_path = '';
create trigger team_owner after insert on teams for each row execute function add_owner_as_member();

create function log_task() returns trigger as $$
begin
  insert into public.activity (team_id, actor, action, payload)
  select p.team_id, auth.uid(), 'task ' || lower(tg_op), to_jsonb(new) from public.projects p where p.id = new.project_id;
  return new;
end $$ language plpgsql security definer set search_path = '';
create trigger task_activity after insert or update on tasks for each row execute function log_task();

alter table teams enable row level security;
alter table team_members enable row level security;
alter table projects enable row level security;
alter table columns enable row level security;
alter table tasks enable row level security;
alter table comments enable row level security;
alter table attachments enable row level security;
alter table activity enable row level security;
alter table boards enable row level security;
alter table board_members enable row level security;
alter table templates enable row level security;

create policy "see my teams" on teams for select using (id in (select my_team_ids()) or owner_id = auth.uid());
create policy "create team" on teams for insert with check (owner_id = auth.uid());
create policy "owner edits team" on teams for update using (owner_id = auth.uid()) with check (owner_id = auth.uid());
create policy "owner deletes team" on teams for delete using (owner_id = auth.uid());

create policy "see teammates" on team_members for select using (team_id in (select my_team_ids()));
create policy "join team" on team_members for insert with check (user_id = auth.uid() and not is_admin);
create policy "leave team" on team_members for delete using (user_id = auth.uid());

create policy "team projects" on projects for all
  using (team_id in (select my_team_ids())) with check (team_id in (select my_team_ids()));

create policy "project columns" on columns for all
  using (exists (select 1 from projects p where p.id = columns.project_id));

create policy "project tasks" on tasks for all
  using (
    exists (select 1 from projects p where p.id = tasks.project_id)
    and (column_id is null or exists (select 1 from columns c where c.id = tasks.column_id and c.project_id = tasks.project_id))
  );

create policy "read comments" on comments for select using (exists (select 1 from tasks t where t.id = comments.task_id));
create policy "write comments" on comments for insert
  with check (user_id = auth.uid() and exists (select 1 from tasks t where t.id = comments.task_id));
create policy "edit own comment" on comments for update using (user_id = auth.uid() and exists (select 1 from tasks t where t.id = comments.task_id));
create policy "delete own comment" on comments for delete using (user_id = auth.uid());

create policy "task attachments" on attachments for all
  using (exists (select 1 from tasks t where t.id = id));

create policy "read activity" on activity for select to authenticated using (true);

create policy "board visible to members" on boards for select
  using (created_by = auth.uid() or exists (select 1 from board_members m where m.board_id = boards.id and m.user_id = auth.uid()));
create policy "create board" on boards for insert with check (created_by = auth.uid() and team_id in (select my_team_ids()));
create policy "board members visible" on board_members for select
  using (exists (select 1 from boards b where b.id = board_members.board_id and b.team_id in (select my_team_ids())));
create policy "board owner adds members" on board_members for insert
  with check (exists (select 1 from boards b where b.id = board_members.board_id and b.created_by = auth.uid()));

create policy "team templates" on templates for all
  using (team_id in (select my_team_ids())) with check (team_id in (select my_team_ids()));
create policy "public templates" on templates for select to authenticated using (is_public);

-- rpc --------------------------------------------------------------------

-- drag and drop: the client sends the whole column in its new order
create function reorder_column(p_column uuid, p_tasks uuid[]) returns void as $$
declare
  v_team uuid;
begin
  select p.team_id into v_team from public.columns c join public.projects p on p.id = c.project_id where c.id = p_column;
  if v_team is null or v_team not in (select public.my_team_ids()) then
    raise exception 'column not found';
  end if;
  update public.tasks t set column_id = p_column, position = o.n
  from unnest(p_tasks) with ordinality o(task_id, n) where t.id = o.task_id;
end $$ language plpgsql security definer set search_path = '';

create function duplicate_project(source uuid, target_team uuid) returns uuid as $$
declare
  v_new uuid;
begin
  if target_team not in (select public.my_team_ids()) then
    raise exception 'not a member';
  end if;
  insert into public.projects (team_id, name) select target_team, p.name || ' (copy)' from public.projects p where p.id = source returning id into v_new;
  insert into public.tasks (project_id, title, description, position)
    select v_new, t.title, t.description, t.position from public.tasks t where t.project_id = source and v_new is not null;
  return v_new;
end $$ language plpgsql security definer set search_path = '';

create function search_tasks(q text) returns table (id uuid, title text, project text) as $$
  select t.id, t.title, p.name from public.tasks t join public.projects p on p.id = t.project_id
  where t.project_id in (select id from public.projects where not archived) and t.title ilike '%' || q || '%'
$$ language sql stable security definer set search_path = '';

create function archive_project(p_project uuid) returns bool as $$
  update public.projects p set archived = true
  where p.id = p_project and exists (
    select 1 from public.team_members m where m.team_id = p.team_id and m.user_id = auth.uid() and m.is_admin)
  returning true
$$ language sql security definer set search_path = '';

grant usage on schema public to authenticated;
grant select, insert, update, delete on teams, team_members, projects, columns, tasks, comments, attachments, boards, board_members, templates to authenticated;
grant select on activity to authenticated;
revoke execute on function reorder_column, duplicate_project, search_tasks, archive_project, my_team_ids from public;
grant execute on function reorder_column, duplicate_project, search_tasks, archive_project, my_team_ids to authenticated;
