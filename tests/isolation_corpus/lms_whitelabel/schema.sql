-- White-label courses: organizations sell courses under their own brand; the vendor's superadmins help.
create type public.org_role as enum ('owner', 'author', 'learner');
create type public.approval_state as enum ('pending', 'approved', 'rejected');

create table public.superadmins (user_id uuid primary key references auth.users on delete cascade, added_at timestamptz not null default now());
create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  folder text not null check (folder ~ '^[a-z0-9-]{3,40}$'),     -- where its media are in the bucket
  branding jsonb not null default '{"primary": "#336699"}',
  created_at timestamptz not null default now()
);
create table public.memberships (
  organization_id uuid not null references public.organizations on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role public.org_role not null default 'learner',
  primary key (organization_id, user_id)
);
create table public.invitations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations on delete cascade,
  email text not null,
  role public.org_role not null default 'learner',
  accepted_at timestamptz
);
create table public.courses (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations on delete cascade,
  title text not null,
  summary text,
  published boolean not null default false,
  updated_at timestamptz not null default now()
);
create table public.course_variants (
  id uuid primary key default gen_random_uuid(),
  course_id uuid not null references public.courses on delete cascade,
  locale text not null default 'en' check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$'),
  content jsonb not null default '{"modules": []}',
  unique (course_id, locale)
);
create table public.tags (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid references public.organizations on delete cascade,   -- null: offered to everybody by the vendor
  label text not null
);
create table public.course_tags (
  course_id uuid not null references public.courses on delete cascade,
  tag_id uuid not null references public.tags on delete cascade,
  primary key (course_id, tag_id)
);
create table public.approvals (
  id uuid primary key default gen_random_uuid(),
  course_id uuid not null references public.courses on delete cascade,
  requested_by uuid not null default auth.uid() references auth.users on delete cascade,
  reviewer_id uuid references auth.users on delete set null,
  state public.approval_state not null default 'pending',
  comment text
);
create table public.course_versions (
  id bigint generated always as identity primary key,
  course_id uuid not null references public.courses on delete cascade,
  version integer not null default 1,
  snapshot jsonb not null,
  created_at timestamptz not null default now(),
  unique (course_id, version)
);

create function public.is_superadmin() returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.superadmins s where s.user_id = (select auth.uid()))
$$;
create function public.role_in(p_org uuid) returns public.org_role language sql stable security definer set search_path = '' as $$
  select m.role from public.memberships m where m.organization_id = p_org and m.user_id = (select auth.uid())
$$;
create function public.can_author(p_org uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select public.is_superadmin() or coalesce(public.role_in(p_org) in ('owner', 'author'), false)
$$;
create function public.org_of_course(p_course uuid) returns uuid language sql stable security invoker set search_path = '' as $$
  select c.organization_id from public.courses c where c.id = p_course
$$;

alter table public.superadmins enable row level security;
alter table public.organizations enable row level security;
alter table public.memberships enable row level security;
alter table public.invitations enable row level security;
alter table public.courses enable row level security;
alter table public.course_variants enable row level security;
alter table public.tags enable row level security;
alter table public.course_tags enable row level security;
alter table public.approvals enable row level security;
alter table public.course_versions enable row level security;

create policy superadmins_self on public.superadmins for select to authenticated using (user_id = (select auth.uid()));
create policy superadmins_manage on public.superadmins for all to authenticated using (public.is_superadmin()) with check (public.is_superadmin());
create policy org_read on public.organizations for select to authenticated using (public.role_in(id) is not null or public.is_superadmin());
create policy org_update on public.organizations for update to authenticated
  using (public.role_in(id) = 'owner' or public.is_superadmin()) with check (public.role_in(id) = 'owner' or public.is_superadmin());
create policy members_read on public.memberships for select to authenticated
  using (user_id = (select auth.uid()) or public.can_author(organization_id));
create policy members_owner on public.memberships for delete to authenticated
  using (public.role_in(organization_id) = 'owner' or public.is_superadmin());
create policy invites_owner on public.invitations for all to authenticated
  using (public.role_in(organization_id) = 'owner' or public.is_superadmin())
  with check (public.role_in(organization_id) = 'owner' or public.is_superadmin());
create policy invites_mine on public.invitations for select to authenticated using (lower(email) = lower((select auth.email())));
create policy invites_answer on public.invitations for update to authenticated using (lower(email) = lower((select auth.email())));
create policy courses_read on public.courses for select to authenticated
  using (public.can_author(organization_id) or (published and public.role_in(organization_id) = 'learner'));
create policy courses_write on public.courses for all to authenticated
  using (public.can_author(organization_id)) with check (public.can_author(organization_id));
create policy variants_read on public.course_variants for select to authenticated
  using (exists (select 1 from public.courses c where c.id = course_variants.course_id));
create policy variants_write on public.course_variants for all to authenticated
  using (public.can_author(public.org_of_course(course_id))) with check (public.can_author(public.org_of_course(course_id)));
create policy tags_read on public.tags for select to authenticated
  using (organization_id is null or public.role_in(organization_id) is not null);
create policy tags_write on public.tags for insert to authenticated
  with check (coalesce(public.role_in(organization_id) <> 'learner', true));
create policy tags_update on public.tags for update to authenticated
  using (organization_id is not null and public.can_author(organization_id)) with check (organization_id is not null and public.can_author(organization_id));
create policy course_tags_all on public.course_tags for all to authenticated
  using (public.can_author(public.org_of_course(course_id)))
  with check (public.can_author(public.org_of_course(course_id))
          and exists (select 1 from public.tags t where t.id = course_tags.tag_id));
create policy approvals_read on public.approvals for select to authenticated
  using (requested_by = (select auth.uid()) or reviewer_id = (select auth.uid()) or public.role_in(public.org_of_course(course_id)) = 'owner');
create policy approvals_ask on public.approvals for insert to authenticated
  with check (requested_by = (select auth.uid()) and state = 'pending');
create policy approvals_review on public.approvals for update to authenticated
  using (reviewer_id = (select auth.uid()) or public.role_in(public.org_of_course(course_id)) = 'owner');
create policy versions_read on public.course_versions for select to authenticated
  using (public.can_author(public.org_of_course(course_id)));

grant select on public.superadmins, public.organizations, public.memberships, public.invitations, public.courses, public.course_variants,
  public.tags, public.course_tags, public.approvals, public.course_versions to authenticated;
grant insert, delete on public.superadmins to authenticated;
grant update (name, folder, branding) on public.organizations to authenticated;
grant delete on public.memberships to authenticated;
grant insert, update, delete on public.invitations to authenticated;
grant insert, update, delete on public.courses, public.course_variants to authenticated;
grant insert, update on public.tags to authenticated;
grant insert, delete on public.course_tags to authenticated;
grant insert (course_id, requested_by, reviewer_id, comment), update (state, comment) on public.approvals to authenticated;

-- An approval by the reviewer publishes the course.
create function public.publish_approved() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if new.state = 'approved' and old.state = 'pending' then
    update public.courses set published = true, updated_at = now() where id = new.course_id;
  end if;
  return new;
end $$;
create trigger publish_approved after update on public.approvals for each row execute function public.publish_approved();
create function public.keep_version() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.course_versions (course_id, version, snapshot)
  select new.course_id, coalesce(max(v.version), 0) + 1, jsonb_build_object('locale', new.locale, 'content', new.content)
  from public.course_versions v where v.course_id = new.course_id;
  return null;
end $$;
create trigger keep_version after insert or update on public.course_variants for each row execute function public.keep_version();

create function public.restore_course_version(p_course uuid, p_version bigint) returns void language plpgsql security definer set search_path = '' as $$
declare v_org uuid; v jsonb;
begin
  select c.organization_id into v_org from public.courses c where c.id = p_course;
  if v_org is null or not public.can_author(v_org) then raise exception 'not found' using errcode = 'P0002'; end if;
  select snapshot into v from public.course_versions where id = p_version;
  if v is null then raise exception 'not found' using errcode = 'P0002'; end if;
  insert into public.course_variants (course_id, locale, content) values (p_course, v ->> 'locale', v -> 'content')
  on conflict (course_id, locale) do update set content = excluded.content;
end $$;
create function public.accept_invitation(p_id uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare i public.invitations;
begin
  update public.invitations set accepted_at = now()
  where id = p_id and accepted_at is null and lower(email) = lower(auth.email()) returning * into i;
  if i.id is null then raise exception 'no such invitation' using errcode = 'P0002'; end if;
  insert into public.memberships values (i.organization_id, auth.uid(), i.role) on conflict do nothing;
  return i.organization_id;
end $$;
create function public.create_organization(p_name text, p_folder text) returns uuid language plpgsql security definer set search_path = '' as $$
declare v uuid;
begin
  if auth.uid() is null then raise exception 'sign in' using errcode = '28000'; end if;
  if exists (select 1 from public.organizations where folder = p_folder) then raise exception 'taken' using errcode = '23505'; end if;
  insert into public.organizations (name, folder) values (p_name, p_folder) returning id into v;
  insert into public.memberships values (v, auth.uid(), 'owner');
  return v;
end $$;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;

insert into storage.buckets (id, name, public) values ('course-media', 'course-media', false);
create policy media_read on storage.objects for select to authenticated
  using (bucket_id = 'course-media' and exists (
    select 1 from public.organizations o where o.folder = (storage.foldername(objects.name))[1] and public.role_in(o.id) is not null));
create policy media_write on storage.objects for insert to authenticated
  with check (bucket_id = 'course-media' and exists (
    select 1 from public.organizations o where o.folder = (storage.foldername(objects.name))[1] and public.can_author(o.id)));
