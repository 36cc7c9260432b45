-- Helpdesk MVP :: initial schema
-- org -> agents, customers, tickets, messages, canned replies

create type public.agent_role as enum ('owner', 'admin', 'agent');
create type public.ticket_status as enum ('new', 'open', 'pending', 'solved', 'closed');

create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  created_by uuid not null default auth.uid() references auth.users (id),
  created_at timestamptz not null default now()
);

create table public.organization_members (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role public.agent_role not null default 'agent',
  joined_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);

create table public.customers (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  email text not null check (email = lower(email) and email like '%_@_%'),
  full_name text,
  created_at timestamptz not null default now(),
  unique (organization_id, email)
);

create table public.tickets (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  number bigint generated always as identity,
  customer_id uuid not null references public.customers (id),
  assignee_id uuid references auth.users (id),
  subject text not null,
  status public.ticket_status not null default 'new',
  created_at timestamptz not null default now()
);

create table public.ticket_messages (
  id uuid primary key default gen_random_uuid(),
  ticket_id uuid not null references public.tickets (id) on delete cascade,
  author_id uuid default auth.uid() references auth.users (id),
  body text not null,
  is_internal boolean not null default false,
  created_at timestamptz not null default now()
);

create table public.canned_replies (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid references public.organizations (id) on delete cascade,
  title text not null,
  body text not null
);

create table public.invitations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  email text not null check (email = lower(email)),
  role public.agent_role not null default 'agent',
  token text not null unique default encode(sha256(gen_random_uuid()::text::bytea), 'hex'),
  accepted_at timestamptz,
  expires_at timestamptz not null default now() + interval '7 days'
);

create table public.csat_scores (
  ticket_id uuid primary key references public.tickets (id) on delete cascade,
  score int not null check (score between 1 and 5),
  comment text
);

-- helpers ------------------------------------------------------------------
create or replace function public.is_member(org uuid)
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.organization_members m
    where m.organization_id = org and m.user_id = (select auth.uid())
  );
$$;

create or replace function public.is_admin(org uuid)
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.organization_members m
    where m.organization_id = org and m.user_id = (select auth.uid()) and m.role in ('owner', 'admin')
  );
$$;

-- create an organization and become its owner
create or replace function public.create_organization(org_name text, org_slug text)
returns uuid language plpgsql security definer set search_path = '' as $$
declare
  new_id uuid;
begin
  if auth.uid() is null then
    raise exception 'not signed in' using errcode = '28000';
  end if;
  insert into public.organizations (name, slug, created_by) values (org_name, org_slug, auth.uid()) returning id into new_id;
  insert into public.organization_members (organization_id, user_id, role) values (new_id, auth.uid(), 'owner');
  return new_id;
end;
$$;

-- accept an invitation from the link in the e-mail
create or replace function public.accept_invitation(invite_token text)
returns uuid language plpgsql security definer set search_path = '' as $$
declare
  inv public.invitations;
begin
  select * into inv from public.invitations
  where token = invite_token and accepted_at is null and expires_at > now();
  if not found then
    raise exception 'invitation not found';
  end if;
  insert into public.organization_members (organization_id, user_id, role)
  values (inv.organization_id, auth.uid(), inv.role) on conflict do nothing;
  update public.invitations set accepted_at = now() where id = inv.id;
  return inv.organization_id;
end;
$$;

-- used by the inbox sidebar
create or replace function public.ticket_counts(org uuid)
returns table (status public.ticket_status, total bigint) language sql stable security definer set search_path = '' as $$
  select t.status, count(*) from public.tickets t where t.organization_id = org group by 1;
$$;

create or replace function public.assign_ticket(p_ticket uuid, p_assignee uuid)
returns void language plpgsql security definer set search_path = '' as $$
declare
  org uuid;
begin
  select organization_id into org from public.tickets where id = p_ticket;
  if org is null or not public.is_member(org) then
    raise exception 'ticket not found';
  end if;
  if not exists (select 1 from public.organization_members m where m.organization_id = org and m.user_id = p_assignee) then
    raise exception 'assignee must be on the team';
  end if;
  update public.tickets set assignee_id = p_assignee where id = p_ticket;
end;
$$;

-- merging moves the messages of one ticket into another
create or replace function public.merge_tickets(source uuid, target uuid)
returns void language plpgsql security definer set search_path = '' as $$
begin
  if not exists (
    select 1 from public.tickets t where t.id = target and public.is_member(t.organization_id)
  ) then
    raise exception 'ticket not found';
  end if;
  update public.ticket_messages set ticket_id = target where ticket_id = source;
  update public.tickets set status = 'closed' where id = source;
end;
$$;

-- rls ----------------------------------------------------------------------
alter table public.organizations enable row level security;
alter table public.organization_members enable row level security;
alter table public.customers enable row level security;
alter table public.tickets enable row level security;
alter table public.ticket_messages enable row level security;
alter table public.canned_replies enable row level security;
alter table public.invitations enable row level security;
alter table public.csat_scores enable row level security;

create policy "members read their organization" on public.organizations for select to authenticated using (public.is_member(id));
create policy "admins rename" on public.organizations for update to authenticated using (public.is_admin(id)) with check (public.is_admin(id));

create policy "members see the team" on public.organization_members for select to authenticated using (public.is_member(organization_id));
create policy "admins remove" on public.organization_members for delete to authenticated
  using (public.is_admin(organization_id) and role <> 'owner');
create policy "update own membership" on public.organization_members for update to authenticated
  using (user_id = auth.uid() or public.is_admin(organization_id))
  with check (user_id = auth.uid() or public.is_admin(organization_id));

create policy "team manages customers" on public.customers for all to authenticated
  using (public.is_member(organization_id)) with check (public.is_member(organization_id));

create policy "team reads tickets" on public.tickets for select to authenticated using (public.is_member(organization_id));
create policy "team opens tickets" on public.tickets for insert to authenticated
  with check (public.is_member(organization_id) and exists (
    select 1 from public.customers c where c.id = customer_id and c.organization_id = tickets.organization_id));
create policy "team updates tickets" on public.tickets for update to authenticated
  using (public.is_member(organization_id))
  with check (public.is_member(organization_id) and exists (
    select 1 from public.customers c where c.id = customer_id and c.organization_id = tickets.organization_id));
create policy "admins delete tickets" on public.tickets for delete to authenticated using (public.is_admin(organization_id));

create policy "team reads messages" on public.ticket_messages for select to authenticated
  using (exists (select 1 from public.tickets t where t.id = ticket_id));
create policy "team writes messages" on public.ticket_messages for insert to authenticated
  with check (author_id = auth.uid() and exists (select 1 from public.tickets t where t.id = ticket_id));

-- replies without an organization are the built-in ones
create policy "read replies" on public.canned_replies for select to authenticated
  using (organization_id is null or public.is_member(organization_id));
create policy "write replies" on public.canned_replies for insert to authenticated
  with check (organization_id is null or public.is_member(organization_id));
create policy "edit replies" on public.canned_replies for update to authenticated
  using (public.is_member(organization_id)) with check (public.is_member(organization_id));

create policy "invitations are managed by admins" on public.invitations for all to authenticated
  using (public.is_admin(organization_id)) with check (public.is_admin(organization_id) and role <> 'owner');
create policy "look up invitation" on public.invitations for select to authenticated using (accepted_at is null);

create policy "team reads csat" on public.csat_scores for select to authenticated
  using (exists (select 1 from public.tickets t where t.id = csat_scores.ticket_id));

grant select, update (name, slug) on public.organizations to authenticated;
grant select, update, delete on public.organization_members to authenticated;
grant select, insert, update, delete on public.customers, public.tickets, public.invitations to authenticated;
grant select, insert on public.ticket_messages to authenticated;
grant select, insert, update on public.canned_replies to authenticated;
grant select on public.csat_scores to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated, service_role;
grant all on all tables in schema public to service_role;

insert into public.canned_replies (organization_id, title, body) values
  (null, 'Greeting', 'Hi, thanks for reaching out!'),
  (null, 'Closing', 'Glad we could help.');
