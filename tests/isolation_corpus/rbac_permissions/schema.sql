begin;

-- permissions are data: tenant -> role -> permission, plus per-user overrides

create table public.tenants (
  tenant_id uuid not null default gen_random_uuid(),
  display_name text not null,
  constraint tenants_pk primary key (tenant_id)
);

create table public.permissions (
  permission text not null,
  description text not null default '',
  constraint permissions_pk primary key (permission),
  constraint permission_form check (permission ~ '^[a-z]+\.[a-z]+$')
);
insert into public.permissions (permission) values
  ('projects.read'), ('projects.write'), ('members.read'), ('members.manage'), ('roles.manage'), ('settings.write'), ('billing.manage');

create table public.roles (
  role_id uuid not null default gen_random_uuid(),
  tenant_id uuid,
  title text not null,
  rank integer not null default 0,
  constraint roles_pk primary key (role_id),
  constraint roles_tenant_fk foreign key (tenant_id) references public.tenants on delete cascade,
  constraint roles_title unique nulls not distinct (tenant_id, title)
);
create table public.role_permissions (
  role_id uuid not null,
  permission text not null,
  constraint role_permissions_pk primary key (role_id, permission),
  constraint rp_role_fk foreign key (role_id) references public.roles on delete cascade,
  constraint rp_permission_fk foreign key (permission) references public.permissions on delete cascade
);
-- system roles, shared by all tenants
insert into public.roles (role_id, tenant_id, title, rank) values
  ('11111111-1111-4111-8111-111111111111', null, 'Owner', 100),
  ('22222222-2222-4222-8222-222222222222', null, 'Manager', 50),
  ('33333333-3333-4333-8333-333333333333', null, 'Guest', 1);
insert into public.role_permissions select '11111111-1111-4111-8111-111111111111', permission from public.permissions;
insert into public.role_permissions values
  ('22222222-2222-4222-8222-222222222222', 'projects.read'), ('22222222-2222-4222-8222-222222222222', 'projects.write'),
  ('22222222-2222-4222-8222-222222222222', 'members.read'), ('22222222-2222-4222-8222-222222222222', 'members.manage'),
  ('33333333-3333-4333-8333-333333333333', 'projects.read');

create table public.memberships (
  membership_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  user_id uuid not null,
  role_id uuid not null,
  constraint memberships_pk primary key (membership_id),
  constraint memberships_once unique (tenant_id, user_id),
  constraint m_tenant_fk foreign key (tenant_id) references public.tenants on delete cascade,
  constraint m_user_fk foreign key (user_id) references auth.users (id) on delete cascade,
  constraint m_role_fk foreign key (role_id) references public.roles
);
create table public.user_overrides (
  tenant_id uuid not null,
  user_id uuid not null,
  permission text not null,
  allowed boolean not null,
  constraint overrides_pk primary key (tenant_id, user_id, permission),
  constraint o_tenant_fk foreign key (tenant_id) references public.tenants on delete cascade,
  constraint o_user_fk foreign key (user_id) references auth.users (id) on delete cascade,
  constraint o_permission_fk foreign key (permission) references public.permissions on delete cascade
);
create table public.profiles (
  user_id uuid not null,
  active_tenant uuid,
  full_name text not null default '',
  constraint profiles_pk primary key (user_id),
  constraint p_user_fk foreign key (user_id) references auth.users (id) on delete cascade,
  constraint p_tenant_fk foreign key (active_tenant) references public.tenants on delete set null
);
create table public.projects (
  project_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  title text not null,
  constraint projects_pk primary key (project_id),
  constraint pr_tenant_fk foreign key (tenant_id) references public.tenants on delete cascade
);
create table public.invoices (
  invoice_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  amount numeric(12, 2) not null,
  note text,
  constraint invoices_pk primary key (invoice_id),
  constraint i_tenant_fk foreign key (tenant_id) references public.tenants on delete cascade
);
create table public.tenant_settings (
  tenant_id uuid not null,
  webhook_url text,
  require_mfa boolean not null default false,
  constraint settings_pk primary key (tenant_id),
  constraint s_tenant_fk foreign key (tenant_id) references public.tenants on delete cascade
);
create table public.sla_policies (
  sla_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  hours integer not null check (hours > 0),
  constraint sla_pk primary key (sla_id),
  constraint sla_tenant_fk foreign key (tenant_id) references public.tenants on delete cascade
);
create table public.audit_entries (
  entry_id bigint generated always as identity,
  tenant_id uuid not null,
  actor uuid,
  action text not null,
  at timestamptz not null default now(),
  constraint audit_pk primary key (entry_id),
  constraint a_tenant_fk foreign key (tenant_id) references public.tenants on delete cascade
);

create function public.has_permission(p_tenant uuid, p_permission text) returns boolean
  language sql stable security definer set search_path = '' as
$body$
  select coalesce(
    (select o.allowed from public.user_overrides o where o.tenant_id = p_tenant and o.user_id = auth.uid() and o.permission = p_permission),
    exists (
      select 1 from public.memberships m join public.role_permissions rp on rp.role_id = m.role_id
      where m.tenant_id = p_tenant and m.user_id = auth.uid() and rp.permission = p_permission))
$body$;

create function public.is_member_of(p_tenant uuid) returns boolean
  language sql stable security definer set search_path = '' as
$body$ select exists (select 1 from public.memberships m where m.tenant_id = p_tenant and m.user_id = auth.uid()) $body$;

create function public.active_tenant() returns uuid
  language sql stable security definer set search_path = '' as
$body$ select p.active_tenant from public.profiles p where p.user_id = auth.uid() $body$;

create function public.found_tenant(p_name text) returns uuid
  language plpgsql security definer set search_path = '' as
$body$
declare
  v_tenant uuid;
begin
  if auth.uid() is null then
    raise exception using errcode = '42501', message = 'sign in';
  end if;
  insert into public.tenants (display_name) values (p_name) returning tenant_id into v_tenant;
  insert into public.memberships (tenant_id, user_id, role_id) values (v_tenant, auth.uid(), '11111111-1111-4111-8111-111111111111');
  insert into public.profiles (user_id, active_tenant) values (auth.uid(), v_tenant)
    on conflict (user_id) do update set active_tenant = excluded.active_tenant;
  return v_tenant;
end
$body$;

create function public.assign_role(p_membership uuid, p_role uuid) returns void
  language plpgsql security definer set search_path = '' as
$body$
declare
  v_owner uuid;
begin
  select r.tenant_id into v_owner from public.roles r where r.role_id = p_role;
  if v_owner is null or not public.has_permission(v_owner, 'roles.manage') then
    raise exception using errcode = '42501', message = 'not your role to give';
  end if;
  update public.memberships set role_id = p_role where membership_id = p_membership;
end
$body$;

create function public.write_audit(p_tenant uuid, p_action text, p_actor uuid default auth.uid()) returns bigint
  language sql security definer set search_path = '' as
$body$ insert into public.audit_entries (tenant_id, actor, action) values (p_tenant, p_actor, p_action) returning entry_id $body$;

create function public.leave_tenant(p_tenant uuid) returns boolean
  language plpgsql security definer set search_path = '' as
$body$
begin
  delete from public.memberships m where m.tenant_id = p_tenant and m.user_id = auth.uid();
  return found;
end
$body$;

alter table public.tenants enable row level security;
alter table public.permissions enable row level security;
alter table public.roles enable row level security;
alter table public.role_permissions enable row level security;
alter table public.memberships enable row level security;
alter table public.user_overrides enable row level security;
alter table public.profiles enable row level security;
alter table public.projects enable row level security;
alter table public.invoices enable row level security;
alter table public.tenant_settings enable row level security;
alter table public.sla_policies enable row level security;
alter table public.audit_entries enable row level security;

create policy tenants_select on public.tenants for select to authenticated using (public.is_member_of(tenant_id));
create policy permissions_select on public.permissions for select to authenticated using (true);
create policy roles_select on public.roles for select to authenticated using (tenant_id is null or public.is_member_of(tenant_id));
create policy roles_write on public.roles for all to authenticated
  using (public.has_permission(tenant_id, 'roles.manage')) with check (public.has_permission(tenant_id, 'roles.manage'));
create policy rp_select on public.role_permissions for select to authenticated
  using (exists (select 1 from public.roles r where r.role_id = role_permissions.role_id));
create policy rp_insert on public.role_permissions for insert to authenticated
  with check (exists (select 1 from public.roles r where r.role_id = role_permissions.role_id
                      and (r.tenant_id is null or public.has_permission(r.tenant_id, 'roles.manage'))));
create policy rp_delete on public.role_permissions for delete to authenticated
  using (exists (select 1 from public.roles r where r.role_id = role_permissions.role_id and public.has_permission(r.tenant_id, 'roles.manage')));
create policy m_select on public.memberships for select to authenticated
  using (user_id = auth.uid() or public.has_permission(tenant_id, 'members.read'));
create policy m_manage on public.memberships for update to authenticated
  using (public.has_permission(tenant_id, 'members.manage')) with check (public.has_permission(tenant_id, 'members.manage'));
create policy m_remove on public.memberships for delete to authenticated using (public.has_permission(tenant_id, 'members.manage'));
create policy o_select on public.user_overrides for select to authenticated using (user_id = auth.uid());
create policy o_insert on public.user_overrides for insert to authenticated
  with check (user_id = auth.uid() or public.has_permission(tenant_id, 'members.manage'));
create policy profiles_own on public.profiles for all to authenticated using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy pr_select on public.projects for select to authenticated using (public.has_permission(tenant_id, 'projects.read'));
create policy pr_write on public.projects for all to authenticated
  using (public.has_permission(tenant_id, 'projects.write')) with check (public.has_permission(tenant_id, 'projects.write'));
create policy i_select on public.invoices for select to authenticated using (tenant_id = (select public.active_tenant()));
create policy s_select on public.tenant_settings for select to authenticated using (public.is_member_of(tenant_id));
create policy s_insert on public.tenant_settings for insert to authenticated with check (auth.uid() is not null);
create policy s_update on public.tenant_settings for update to authenticated
  using (public.has_permission(tenant_id, 'settings.write')) with check (public.has_permission(tenant_id, 'settings.write'));
create policy sla_all on public.sla_policies for all to authenticated
  using (public.has_permission(tenant_id, 'settings.write')) with check (public.has_permission(tenant_id, 'settings.write'));
create policy a_select on public.audit_entries for select to authenticated using (public.has_permission(tenant_id, 'members.read'));

grant select on public.tenants, public.permissions, public.audit_entries, public.invoices to authenticated;
grant select, insert, update, delete on public.roles, public.profiles, public.projects to authenticated;
grant select, insert, delete on public.role_permissions to authenticated;
grant select, update (role_id), delete on public.memberships to authenticated;
grant select, insert on public.user_overrides to authenticated;
grant select, insert, update on public.tenant_settings to authenticated;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to authenticated;

commit;
