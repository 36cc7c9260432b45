-- On-call duty, incidents and status pages
create table organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  settings jsonb not null default '{"timezone": "UTC"}'
);
create table memberships (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'responder' check (role in ('admin', 'responder', 'observer')),
  unique (organization_id, user_id)
);
create table staff (user_id uuid primary key references auth.users on delete cascade);
create table support_grants (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  staff_id uuid not null references staff on delete cascade,
  expires_at timestamptz not null default now() + interval '1 day',
  notes text
);
create table services (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  name text not null,
  routing_key text not null unique default replace(gen_random_uuid()::text, '-', '')
);
create table duty (
  id bigint generated always as identity primary key,
  service_id uuid not null references services on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  phone text not null check (phone ~ '^\+[0-9 ]+$'),
  during tstzrange not null check (not isempty(during))
);
create table incidents (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  service_id uuid references services on delete set null,
  title text not null,
  severity smallint not null default 3 check (severity between 1 and 5),
  opened_at timestamptz not null default now(),
  acknowledged_by uuid references auth.users,
  resolved_at timestamptz
);
create table timeline (
  id bigint generated always as identity primary key,
  incident_id uuid not null references incidents on delete cascade,
  author_id uuid default auth.uid() references auth.users,
  entry text not null,
  at timestamptz not null default now()
);
create table integrations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations on delete cascade,
  provider text not null check (provider in ('slack', 'github', 'datadog')),
  external_id text not null,
  channel text,
  unique (provider, external_id)
);
create table status_pages (
  organization_id uuid primary key references organizations on delete cascade,
  headline text not null default 'All systems operational',
  is_public boolean not null default false,
  updated_at timestamptz not null default now()
);
create table severity_levels (level smallint primary key, label text not null, color text not null default '#888888');
insert into severity_levels values (1, 'Critical', '#ff0000'), (2, 'Major', '#ff8800'), (3, 'Minor', '#ffdd00');
create table runbook_templates (id serial primary key, title text not null, steps jsonb not null default '[]');
insert into runbook_templates (title, steps) values ('Database is full', '["look", "delete", "sleep"]');

create function is_staff() returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.staff where user_id = auth.uid())
$$;
create function org_role(p_org uuid) returns text language sql stable security definer set search_path = '' as $$
  select role from public.memberships where organization_id = p_org and user_id = auth.uid()
$$;
create function can_read(p_org uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select public.org_role(p_org) is not null or exists (
    select 1 from public.support_grants g where g.organization_id = p_org and g.staff_id = auth.uid() and g.expires_at > now())
$$;
create function can_respond(p_org uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select coalesce(public.org_role(p_org) in ('admin', 'responder'), false)
$$;
create function service_org(p_service uuid) returns uuid language sql stable security definer set search_path = '' as $$
  select organization_id from public.services where id = p_service and public.can_read(organization_id)
$$;
create function incident_org(p_incident uuid) returns uuid language sql stable security definer set search_path = '' as $$
  select organization_id from public.incidents where id = p_incident and public.can_read(organization_id)
$$;

alter table organizations enable row level security;
alter table memberships enable row level security;
alter table staff enable row level security;
alter table support_grants enable row level security;
alter table services enable row level security;
alter table duty enable row level security;
alter table incidents enable row level security;
alter table timeline enable row level security;
alter table integrations enable row level security;
alter table status_pages enable row level security;
alter table severity_levels enable row level security;
alter table runbook_templates enable row level security;

create policy org_read on organizations for select to authenticated using (can_read(id));
create policy org_admin on organizations for update to authenticated using (org_role(id) = 'admin') with check (org_role(id) = 'admin');
create policy memberships_read on memberships for select to authenticated using (can_read(organization_id));
create policy memberships_admin on memberships for update to authenticated
  using (org_role(organization_id) = 'admin' and user_id <> auth.uid()) with check (org_role(organization_id) = 'admin' and user_id <> auth.uid());
create policy memberships_remove on memberships for delete to authenticated
  using (user_id = auth.uid() or org_role(organization_id) = 'admin');
create policy staff_self on staff for select to authenticated using (user_id = auth.uid());
create policy grants_admin on support_grants for all to authenticated
  using (org_role(organization_id) = 'admin') with check (org_role(organization_id) = 'admin');
create policy grants_staff_read on support_grants for select to authenticated using (staff_id = auth.uid());
create policy grants_staff_notes on support_grants for update to authenticated
  using (staff_id = auth.uid() and is_staff()) with check (staff_id = auth.uid());
create policy services_read on services for select to authenticated using (can_read(organization_id));
create policy services_write on services for all to authenticated
  using (org_role(organization_id) = 'admin') with check (org_role(organization_id) = 'admin');
create policy duty_read on duty for select to authenticated using (service_org(service_id) is not null);
create policy duty_write on duty for insert to authenticated
  with check (can_respond(service_org(service_id)) and exists (
    select 1 from memberships m where m.user_id = duty.user_id and m.organization_id = service_org(duty.service_id)));
create policy duty_delete on duty for delete to authenticated using (can_respond(service_org(service_id)));
create policy incidents_read on incidents for select to authenticated using (can_read(organization_id));
create policy incidents_write on incidents for insert to authenticated
  with check (can_respond(organization_id) and (service_id is null or service_org(service_id) = organization_id));
create policy incidents_update on incidents for update to authenticated
  using (can_respond(organization_id)) with check (can_respond(organization_id) and (service_id is null or service_org(service_id) = organization_id));
create policy timeline_read on timeline for select to authenticated using (incident_org(incident_id) is not null);
create policy timeline_write on timeline for insert to authenticated
  with check (author_id = auth.uid() and can_respond(incident_org(incident_id)));
create policy integrations_read on integrations for select to authenticated using (org_role(organization_id) is not null);
create policy integrations_remove on integrations for delete to authenticated using (org_role(organization_id) = 'admin');
create policy pages_public on status_pages for select to anon, authenticated using (is_public);
create policy pages_team on status_pages for select to authenticated using (can_read(organization_id));
create policy pages_admin on status_pages for update to authenticated
  using (org_role(organization_id) = 'admin') with check (org_role(organization_id) = 'admin');
create policy severities on severity_levels for select to anon, authenticated using (true);
create policy templates_read on runbook_templates for select to authenticated using (true);
create policy templates_staff on runbook_templates for all to authenticated using (is_staff()) with check (is_staff());

grant select on organizations, memberships, staff, support_grants, duty, incidents, timeline, integrations, status_pages, severity_levels, runbook_templates to authenticated;
grant select (id, organization_id, name), insert (organization_id, name), update (name), delete on services to authenticated;
grant select on status_pages, severity_levels to anon;
grant update (name, settings) on organizations to authenticated;
grant update (role), delete on memberships to authenticated;
grant insert, update, delete on support_grants to authenticated;
grant insert, delete on duty to authenticated;
grant insert (organization_id, service_id, title, severity), update (service_id, title, severity, resolved_at) on incidents to authenticated;
grant insert (incident_id, author_id, entry) on timeline to authenticated;
grant delete on integrations to authenticated;
grant update (headline, is_public) on status_pages to authenticated;
grant insert, update, delete on runbook_templates to authenticated;
grant usage on sequence runbook_templates_id_seq to authenticated;

create function create_organization(p_name text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  insert into public.organizations (name) values (p_name) returning id into v;
  insert into public.memberships (organization_id, user_id, role) values (v, auth.uid(), 'admin');
  insert into public.status_pages (organization_id) values (v);
  return v;
end $$;
create function acknowledge_incident(p_incident uuid) returns timestamptz language plpgsql security definer set search_path = '' as $$
declare i public.incidents;
begin
  select * into i from public.incidents where id = p_incident;
  if i.id is null then raise exception 'incident % does not exist', p_incident using errcode = 'P0002'; end if;
  if not public.can_respond(i.organization_id) then
    raise exception 'you are not on duty for "%"', i.title using errcode = '42501', detail = format('severity %s, open since %s', i.severity, i.opened_at);
  end if;
  update public.incidents set acknowledged_by = auth.uid() where id = p_incident and acknowledged_by is null;
  return now();
end $$;
create function resolve_incident(p_incident uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  update public.incidents i set resolved_at = now() where i.id = p_incident and i.resolved_at is null and public.can_respond(i.organization_id);
  return found;
end $$;
-- for the switchboard, which knows the service's routing key and has no account
create function who_is_on_duty(p_routing_key text default null) returns table (service text, phone text) language sql stable security definer set search_path = '' as $$
  select s.name, d.phone from public.duty d join public.services s on s.id = d.service_id
  where (p_routing_key is null or s.routing_key = p_routing_key) and d.during @> now()
$$;
create function raise_alert(p_routing_key text, p_title text) returns uuid language sql security definer set search_path = '' as $$
  insert into public.incidents (organization_id, service_id, title)
  select s.organization_id, s.id, left(p_title, 120) from public.services s where s.routing_key = p_routing_key and length(p_routing_key) = 32 returning id
$$;
create function connect_integration(p_org uuid, p_provider text, p_external_id text, p_channel text default null) returns uuid
language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if public.org_role(p_org) is distinct from 'admin' then raise exception 'organization not found' using errcode = 'P0002'; end if;
  insert into public.integrations (organization_id, provider, external_id, channel) values (p_org, p_provider, p_external_id, p_channel)
  on conflict (provider, external_id) do update set organization_id = excluded.organization_id, channel = excluded.channel
  returning id into v;
  return v;
end $$;

-- published on the marketing site on purpose: one line for the whole platform
create function platform_mttr() returns interval language sql stable security definer set search_path = '' as $$
  select avg(resolved_at - opened_at) from public.incidents where resolved_at is not null
$$;
-- refreshed by cron; the dashboard filters by organization
create materialized view mttr_by_organization as
  select o.id as organization_id, o.name, count(i.id) as incidents, max(i.title) as latest, avg(i.resolved_at - i.opened_at) as mttr
  from organizations o left join incidents i on i.organization_id = o.id group by o.id;
grant select on mttr_by_organization to authenticated;
create view status_board with (security_barrier = true) as
  select p.organization_id, p.headline, p.updated_at from status_pages p where p.is_public;
grant select on status_board to anon, authenticated;
create view my_incidents with (security_invoker = on) as
  select i.*, s.name as service from incidents i left join services s on s.id = i.service_id where i.resolved_at is null;
grant select on my_incidents to authenticated;

revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function who_is_on_duty(text), raise_alert(text, text), platform_mttr() to anon;
