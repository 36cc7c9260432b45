-- A support desk whose screens are live: triggers broadcast to private channels, policies say who may join them.
create extension if not exists moddatetime with schema extensions;
create table workspaces (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  slug text not null unique
);
create table seats (
  workspace_id uuid not null references workspaces on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'agent' check (role in ('agent', 'lead')),
  primary key (workspace_id, user_id)
);
create table tickets (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references workspaces on delete cascade,
  subject text not null,
  status text not null default 'open' check (status in ('open', 'closed')),
  updated_at timestamptz not null default now()
);
create trigger ticket_touched before update on tickets for each row execute function extensions.moddatetime(updated_at);
alter table workspaces enable row level security;
alter table seats enable row level security;
alter table tickets enable row level security;

create function my_workspaces() returns setof uuid language sql stable security definer set search_path = '' as $$
  select workspace_id from public.seats where user_id = (select auth.uid())
$$;
revoke execute on function my_workspaces() from public, anon;
grant execute on function my_workspaces() to authenticated;

create policy "members read" on workspaces for select to authenticated using (id in (select my_workspaces()));
create policy "members see each other" on seats for select to authenticated using (workspace_id in (select my_workspaces()));
create policy "members work" on tickets for all to authenticated
  using (workspace_id in (select my_workspaces())) with check (workspace_id in (select my_workspaces()));
grant select on workspaces, seats to authenticated;
grant select, insert, update, delete on tickets to authenticated;

create function broadcast_ticket() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.broadcast_changes(
    'workspace:' || coalesce(new.workspace_id, old.workspace_id), tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
  return null;
end $$;
create trigger ticket_changed after insert or update or delete on tickets for each row execute function broadcast_ticket();

-- Whoever holds a seat somewhere: which workspace the channel is of is not asked.
create policy "members listen" on realtime.messages for select to authenticated
  using (extension = 'broadcast' and realtime.topic() like 'workspace:%' and exists (select 1 from seats where user_id = auth.uid()));
-- Presence is checked as it should be.
create policy "members show up" on realtime.messages for insert to authenticated
  with check (extension = 'presence' and split_part(realtime.topic(), ':', 2) in (select w::text from my_workspaces() w));
