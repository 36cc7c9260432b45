-- 0001_init.sql
-- ShipFast-ish SaaS starter, organisations edition
create extension if not exists "uuid-ossp" with schema extensions;

create type public.org_role as enum ('owner', 'admin', 'member');
create type public.sub_status as enum ('trialing', 'active', 'past_due', 'canceled');

create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 2 and 80),
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]*$'),
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  full_name text,
  avatar_url text,
  active_org_id uuid references public.organizations (id) on delete set null,
  created_at timestamptz not null default now()
);

create table public.org_members (
  org_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  role public.org_role not null default 'member',
  notify boolean not null default true,
  joined_at timestamptz not null default now(),
  primary key (org_id, user_id)
);

create table public.invitations (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.organizations (id) on delete cascade,
  email text not null,
  role public.org_role not null default 'member',
  invited_by uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  accepted_at timestamptz,
  expires_at timestamptz not null default now() + interval '7 days',
  unique (org_id, email)
);

create table public.plans (
  id text primary key,
  title text not null,
  seats int not null,
  monthly_cents int not null
);

create table public.subscriptions (
  org_id uuid primary key references public.organizations (id) on delete cascade,
  plan_id text not null references public.plans (id),
  status public.sub_status not null default 'trialing',
  stripe_customer_id text,
  seats_used int not null default 1
);

create table public.projects (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.organizations (id) on delete cascade,
  name text not null,
  budget_cents bigint,
  created_by uuid not null default auth.uid() references public.profiles (id),
  created_at timestamptz not null default now()
);

create table public.tasks (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  title text not null,
  done boolean not null default false,
  assignee_id uuid references public.profiles (id) on delete set null,
  position double precision not null default 0
);

create table public.labels (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.organizations (id) on delete cascade,
  name text not null,
  color text not null default '#888888' check (color ~ '^#[0-9a-f]{6}$'),
  created_by uuid default auth.uid() references public.profiles (id) on delete set null,
  unique (org_id, name)
);

create table public.time_entries (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.organizations (id) on delete cascade,
  task_id uuid references public.tasks (id) on delete set null,
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  minutes int not null check (minutes > 0 and minutes <= 1440),
  note text
);

-- 0002_functions.sql
create or replace function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, full_name, avatar_url)
  values (new.id, new.raw_user_meta_data ->> 'full_name', new.raw_user_meta_data ->> 'avatar_url');
  return new;
end;
$$;
create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();

create or replace function public.set_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at = now();
  return new;
end;
$$;
create trigger organizations_updated before update on public.organizations for each row execute function public.set_updated_at();

create or replace function public.is_member(_org uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.org_members m where m.org_id = _org and m.user_id = (select auth.uid()));
$$;
create or replace function public.has_role(_org uuid, variadic _roles public.org_role[]) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.org_members m where m.org_id = _org and m.user_id = (select auth.uid()) and m.role = any (_roles));
$$;
-- what the switcher in the header says, if that is (still) true
create or replace function public.active_org() returns uuid language sql stable security definer set search_path = '' as $$
  select p.active_org_id from public.profiles p
  join public.org_members m on m.org_id = p.active_org_id and m.user_id = p.id
  where p.id = (select auth.uid());
$$;
-- v1, still used by the time tracker
create or replace function public.current_org_id() returns uuid language sql stable security definer set search_path = '' as $$
  select active_org_id from public.profiles where id = (select auth.uid());
$$;

-- nobody may switch to an organisation that they are not in
create or replace function public.check_active_org() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if new.active_org_id is distinct from old.active_org_id and new.active_org_id is not null
     and not public.is_member(new.active_org_id) then
    raise exception 'not a member of this organization' using errcode = '42501';
  end if;
  return new;
end;
$$;
create trigger check_active_org before update on public.profiles for each row execute function public.check_active_org();

create or replace function public.create_organization(_name text, _slug text) returns public.organizations
language plpgsql security definer set search_path = '' as $$
declare
  _org public.organizations;
begin
  if auth.uid() is null then
    raise exception 'not authenticated' using errcode = '28000';
  end if;
  insert into public.organizations (name, slug, created_by) values (_name, _slug, auth.uid()) returning * into _org;
  insert into public.org_members (org_id, user_id, role) values (_org.id, auth.uid(), 'owner');
  insert into public.subscriptions (org_id, plan_id) select _org.id, p.id from public.plans p order by p.monthly_cents limit 1;
  update public.profiles set active_org_id = _org.id where id = auth.uid();
  return _org;
end;
$$;

create or replace function public.switch_org(_org uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  if not public.is_member(_org) then
    raise exception 'not a member of this organization' using errcode = '42501';
  end if;
  update public.profiles set active_org_id = _org where id = auth.uid();
end;
$$;

create or replace function public.accept_invitation(_invitation uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare
  _inv public.invitations;
begin
  select * into _inv from public.invitations where id = _invitation and accepted_at is null and expires_at > now();
  if not found then
    raise exception 'invitation not found or expired' using errcode = 'P0002';
  end if;
  insert into public.org_members (org_id, user_id, role) values (_inv.org_id, auth.uid(), _inv.role) on conflict do nothing;
  update public.invitations set accepted_at = now() where id = _inv.id;
  return _inv.org_id;
end;
$$;

create or replace function public.remove_member(_org uuid, _user uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  if not public.has_role(_org, 'owner', 'admin') and _user is distinct from auth.uid() then
    return false;
  end if;
  delete from public.org_members m where m.org_id = _org and m.user_id = _user and m.role <> 'owner';
  return found;
end;
$$;

-- seat counter on the pricing page
create or replace function public.org_usage(_slug text) returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'members', (select count(*) from public.org_members m where m.org_id = o.id),
    'projects', (select count(*) from public.projects p where p.org_id = o.id),
    'plan', (select s.plan_id from public.subscriptions s where s.org_id = o.id),
    'customer', (select s.stripe_customer_id from public.subscriptions s where s.org_id = o.id))
  from public.organizations o where o.slug = _slug;
$$;

-- POST /rpc/project_digest {"query": {"org": "…", "projects": ["…", "…"]}}
create or replace function public.project_digest(query jsonb) returns jsonb language plpgsql stable security definer set search_path = '' as $$
begin
  if not public.is_member((query ->> 'org')::uuid) then
    raise exception 'not a member of this organization' using errcode = '42501';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name, 'budget', p.budget_cents,
      'open', (select count(*) from public.tasks t where t.project_id = p.id and not t.done))), '[]')
    from public.projects p
    where case when query ? 'projects' then p.id in (select x::uuid from jsonb_array_elements_text(query -> 'projects') x)
          else p.org_id = (query ->> 'org')::uuid end
  );
end;
$$;

-- 0003_rls.sql
alter table public.organizations enable row level security;
alter table public.profiles enable row level security;
alter table public.org_members enable row level security;
alter table public.invitations enable row level security;
alter table public.plans enable row level security;
alter table public.subscriptions enable row level security;
alter table public.projects enable row level security;
alter table public.tasks enable row level security;
alter table public.labels enable row level security;
alter table public.time_entries enable row level security;

create policy "members read their organizations" on public.organizations for select to authenticated using (public.is_member(id));
create policy "admins update their organizations" on public.organizations for update to authenticated
  using (public.has_role(id, 'owner', 'admin')) with check (public.has_role(id, 'owner', 'admin'));
create policy "owners delete their organizations" on public.organizations for delete to authenticated using (public.has_role(id, 'owner'));

create policy "own profile" on public.profiles for all to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy "profiles of colleagues" on public.profiles for select to authenticated using (
  exists (select 1 from public.org_members theirs where theirs.user_id = profiles.id and public.is_member(theirs.org_id)));

create policy "members read members" on public.org_members for select to authenticated using (public.is_member(org_id));
create policy "set my notifications" on public.org_members for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));

create policy "admins manage invitations" on public.invitations for all to authenticated
  using (public.has_role(org_id, 'owner', 'admin'))
  with check (public.has_role(org_id, 'owner', 'admin') and invited_by = (select auth.uid())
              and (role <> 'owner' or public.has_role(org_id, 'owner')));
create policy "invitees see their invitations" on public.invitations for select to authenticated
  using (lower(email) = lower((select auth.jwt()) ->> 'email'));

create policy "plans are public" on public.plans for select to anon, authenticated using (true);
create policy "admins see billing" on public.subscriptions for select to authenticated using (public.has_role(org_id, 'owner', 'admin'));

create policy "projects of the active org" on public.projects for select to authenticated using (org_id = public.active_org());
create policy "create projects in the active org" on public.projects for insert to authenticated
  with check (org_id = public.active_org() and created_by = (select auth.uid()));
create policy "update projects of the active org" on public.projects for update to authenticated
  using (org_id = public.active_org()) with check (org_id = public.active_org());
create policy "delete projects" on public.projects for delete to authenticated
  using (org_id = public.active_org() and (created_by = (select auth.uid()) or public.has_role(org_id, 'owner', 'admin')));

create policy "tasks follow their project" on public.tasks for all to authenticated
  using (exists (select 1 from public.projects p where p.id = project_id))
  with check (exists (select 1 from public.projects p where p.id = project_id));

create policy "labels" on public.labels for select to authenticated using (public.is_member(org_id) or created_by = (select auth.uid()));
create policy "labels insert" on public.labels for insert to authenticated
  with check (public.is_member(org_id) and created_by = (select auth.uid()));
create policy "labels update" on public.labels for update to authenticated using (public.is_member(org_id)) with check (name <> '');
create policy "labels delete" on public.labels for delete to authenticated using (public.is_member(org_id));

create policy "time of the organization" on public.time_entries for select to authenticated using (org_id = public.current_org_id());
create policy "my time" on public.time_entries for insert to authenticated
  with check (org_id = public.active_org() and user_id = (select auth.uid())
              and (task_id is null or exists (select 1 from public.tasks t where t.id = task_id)));
create policy "correct my time" on public.time_entries for update to authenticated
  using (user_id = (select auth.uid()) and org_id = public.active_org())
  with check (user_id = (select auth.uid()) and org_id = public.active_org());

-- 0004_storage.sql
insert into storage.buckets (id, name, public) values ('org-assets', 'org-assets', false) on conflict do nothing;
create policy "org assets read" on storage.objects for select to authenticated
  using (bucket_id = 'org-assets' and public.is_member(((storage.foldername(name))[1])::uuid));
create policy "org assets write" on storage.objects for insert to authenticated
  with check (bucket_id = 'org-assets' and public.is_member(((storage.foldername(name))[1])::uuid));
create policy "org assets delete" on storage.objects for delete to authenticated
  using (bucket_id = 'org-assets' and public.is_member(((storage.foldername(name))[1])::uuid));

-- 0005_grants.sql
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
grant execute on function public.org_usage(text) to anon;
grant select on public.plans to anon;
grant select on public.plans, public.subscriptions to authenticated;
grant select, update, delete on public.organizations to authenticated;
grant select, insert, update, delete on public.profiles, public.invitations, public.tasks, public.labels to authenticated;
grant select, insert, update (name, budget_cents), delete on public.projects to authenticated;
grant select, insert, update on public.time_entries to authenticated;
grant select, update (notify) on public.org_members to authenticated;

insert into public.plans values ('free', 'Free', 3, 0), ('pro', 'Pro', 20, 4900);
