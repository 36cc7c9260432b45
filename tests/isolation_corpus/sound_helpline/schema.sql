-- Customer support desk, sound: our own staff help an organization while it lets them, for a time; everything they do is on record.
create type member_role as enum ('owner', 'admin', 'agent');

create table organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  settings jsonb not null default '{}',
  deleted_at timestamptz
);
create table organization_members (
  organization_id uuid not null references organizations on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role member_role not null default 'agent',
  deactivated_at timestamptz,
  primary key (organization_id, user_id)
);
-- our employees; rows come from the back office only
create table staff (user_id uuid primary key references auth.users on delete cascade, since date not null default current_date);
create table support_grants (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  staff_id uuid not null references staff on delete cascade,
  reason text not null check (length(reason) >= 5),
  granted_by uuid not null default auth.uid() references auth.users,
  expires_at timestamptz not null default now() + interval '4 hours' check (expires_at < granted_at + interval '8 days'),
  granted_at timestamptz not null default now(),
  revoked_at timestamptz
);
create table tickets (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  requester_id uuid references auth.users on delete set null,
  subject text not null,
  priority smallint not null default 3 check (priority between 1 and 5),
  closed_at timestamptz,
  deleted_at timestamptz
);
create table replies (
  id uuid primary key default gen_random_uuid(),
  ticket_id uuid not null references tickets on delete cascade,
  author_id uuid not null default auth.uid() references auth.users,
  body text not null,
  internal boolean not null default false,
  created_at timestamptz not null default now()
);
-- canned answers: ours have no organization and nobody edits them here
create table macros (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid references organizations on delete cascade,
  title text not null,
  body text not null
);
insert into macros (title, body) values ('Thanks', 'Thank you for writing.'), ('Closed', 'We close this ticket.');
create table audit_events (
  id bigint generated always as identity primary key,
  organization_id uuid not null,
  actor_id uuid not null,
  as_staff boolean not null,
  action text not null,
  at timestamptz not null default now()
);
create table rate_limits (
  user_id uuid not null,
  bucket text not null,
  hits integer not null default 1,
  window_start timestamptz not null default date_trunc('hour', now()),
  primary key (user_id, bucket, window_start)
);
create table feature_flags (key text primary key, enabled boolean not null default false, description text);
insert into feature_flags values ('new_editor', true, 'The editor with tables'), ('ai_summaries', false, null);

create function is_member(p_org uuid, p_roles member_role[] default null) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.organization_members m join public.organizations o on o.id = m.organization_id
    where m.organization_id = p_org and m.user_id = (select auth.uid()) and m.deactivated_at is null and o.deleted_at is null
      and (p_roles is null or m.role = any (p_roles)))
$$;
create function helps(p_org uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.support_grants g join public.staff s on s.user_id = g.staff_id
    where g.organization_id = p_org and g.staff_id = (select auth.uid()) and g.revoked_at is null and g.expires_at > now())
$$;
create function ticket_org(p_ticket uuid) returns uuid language sql stable security definer set search_path = '' as $$
  select t.organization_id from public.tickets t
  where t.id = p_ticket and t.deleted_at is null and (public.is_member(t.organization_id) or public.helps(t.organization_id))
$$;
create function is_my_ticket(p_ticket uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.tickets t where t.id = p_ticket and t.requester_id = (select auth.uid()) and t.deleted_at is null)
$$;

alter table organizations enable row level security;
alter table organization_members enable row level security;
alter table staff enable row level security;
alter table support_grants enable row level security;
alter table tickets enable row level security;
alter table replies enable row level security;
alter table macros enable row level security;
alter table audit_events enable row level security;
alter table rate_limits enable row level security;
alter table feature_flags enable row level security;

create policy "read" on organizations for select to authenticated using (is_member(id) or helps(id));
create policy "settings" on organizations for update to authenticated
  using (is_member(id, '{owner,admin}')) with check (is_member(id, '{owner,admin}'));
create policy "members" on organization_members for select to authenticated using (user_id = (select auth.uid()) or is_member(organization_id));
create policy "own staff row" on staff for select to authenticated using (user_id = (select auth.uid()));
create policy "grants are seen by both sides" on support_grants for select to authenticated
  using (staff_id = (select auth.uid()) or is_member(organization_id, '{owner,admin}'));
create policy "owners revoke" on support_grants for update to authenticated
  using (is_member(organization_id, '{owner}')) with check (is_member(organization_id, '{owner}') and revoked_at is not null);
create policy "desk" on tickets for select to authenticated
  using (is_member(organization_id) or (deleted_at is null and (helps(organization_id) or requester_id = (select auth.uid()))));
create policy "agents work" on tickets for update to authenticated
  using (is_member(organization_id)) with check (is_member(organization_id));
create policy "conversation" on replies for select to authenticated
  using (ticket_org(ticket_id) is not null or (not internal and is_my_ticket(ticket_id)));
create policy "agents answer" on replies for insert to authenticated
  with check (author_id = (select auth.uid()) and is_member(ticket_org(ticket_id)));
create policy "requesters answer" on replies for insert to authenticated
  with check (author_id = (select auth.uid()) and not internal and is_my_ticket(ticket_id));
create policy "macros" on macros for select to authenticated using (organization_id is null or is_member(organization_id));
create policy "own macros" on macros for all to authenticated
  using (is_member(organization_id, '{owner,admin}')) with check (is_member(organization_id, '{owner,admin}'));
create policy "owners read the record" on audit_events for select to authenticated using (is_member(organization_id, '{owner}'));
create policy "flags" on feature_flags for select to anon, authenticated using (true);

grant select on organizations, organization_members, staff, support_grants, tickets, replies, macros, audit_events, feature_flags to authenticated;
grant select on feature_flags to anon;
grant update (name, settings) on organizations to authenticated;
grant update (revoked_at) on support_grants to authenticated;
grant update (subject, priority, closed_at, deleted_at) on tickets to authenticated;
grant insert (ticket_id, author_id, body, internal) on replies to authenticated;
grant insert (organization_id, title, body), update (title, body), delete on macros to authenticated;

create function record_event() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is not null then
    insert into public.audit_events (organization_id, actor_id, as_staff, action)
    values (new.organization_id, auth.uid(), public.helps(new.organization_id), lower(tg_op) || ' ' || tg_table_name);
  end if;
  return null;
end $$;
create trigger record_event after insert or update on tickets for each row execute function record_event();
create trigger record_event after insert or update on support_grants for each row execute function record_event();
create function no_change() returns trigger language plpgsql as $$
begin raise exception 'audit events are append-only' using errcode = '42501'; end $$;
create trigger no_change before update or delete on audit_events for each row execute function no_change();

create function hit(p_bucket text, p_limit integer) returns boolean language sql security definer set search_path = '' as $$
  insert into public.rate_limits as r (user_id, bucket) select auth.uid(), p_bucket where auth.uid() is not null
  on conflict (user_id, bucket, window_start) do update set hits = r.hits + 1 returning hits <= p_limit
$$;
-- one asks for help by the address of the employee, who is on the phone
create function grant_support(p_org uuid, p_staff_email text, p_reason text, p_hours integer default 4) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not public.is_member(p_org, '{owner}') then raise exception 'organization not found' using errcode = 'P0002'; end if;
  insert into public.support_grants (organization_id, staff_id, reason, expires_at)
  select p_org, s.user_id, p_reason, now() + make_interval(hours => least(greatest(p_hours, 1), 168))
  from public.staff s join auth.users u on u.id = s.user_id where lower(u.email) = lower(p_staff_email);
end $$;
-- customers write to a desk whose portal is open; members write to their own in any case
create function open_ticket(p_org uuid, p_subject text, p_body text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null or not (public.is_member(p_org) or exists (
    select 1 from public.organizations o where o.id = p_org and o.deleted_at is null and o.settings ->> 'portal' = 'open')) then
    raise exception 'no such desk' using errcode = 'P0002';
  end if;
  if not public.hit('open_ticket', 20) then raise exception 'too many tickets' using errcode = 'P0001'; end if;
  insert into public.tickets (organization_id, requester_id, subject) values (p_org, auth.uid(), left(p_subject, 200)) returning id into v;
  insert into public.replies (ticket_id, author_id, body) values (v, auth.uid(), p_body);
  return v;
end $$;
-- staff only, with a grant: an internal note is all they may leave
create function staff_note(p_ticket uuid, p_body text) returns void language plpgsql security definer set search_path = '' as $$
declare v_org uuid := public.ticket_org(p_ticket);
begin
  if v_org is null or not public.helps(v_org) then raise exception 'ticket not found' using errcode = 'P0002'; end if;
  insert into public.replies (ticket_id, author_id, body, internal) values (p_ticket, auth.uid(), p_body, true);
  insert into public.audit_events (organization_id, actor_id, as_staff, action) values (v_org, auth.uid(), true, 'staff note');
end $$;
create function restore_ticket(p_ticket uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  update public.tickets t set deleted_at = null
  where t.id = p_ticket and t.deleted_at is not null and public.is_member(t.organization_id, '{owner,admin}');
  return found;
end $$;
-- deliberately open: how busy the whole platform is, for the status page. No organization, no ticket.
create function platform_load() returns table (day date, opened bigint) language sql stable security definer set search_path = '' as $$
  select a.at::date, count(*) from public.audit_events a where a.action = 'insert tickets' and a.at > now() - interval '7 days' group by 1 order by 1
$$;
create view open_tickets with (security_invoker = true) as
  select t.id, t.organization_id, t.subject, t.priority, count(r.id) as replies
  from tickets t left join replies r on r.ticket_id = t.id where t.closed_at is null group by t.id;
grant select on open_tickets to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function platform_load() to anon;
