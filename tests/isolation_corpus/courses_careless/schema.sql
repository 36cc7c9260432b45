-- Multi-tenant roll-out of the course platform. RLS on everything new; see the tickets for what is left to do.
create extension if not exists vector with schema extensions;
create table organizations (
  id uuid primary key default gen_random_uuid(), name text not null, slug text not null unique check (slug ~ '^[a-z0-9-]+$'),
  branding jsonb not null default '{}', settings jsonb not null default '{}',
  created_at timestamptz not null default now(), updated_at timestamptz not null default now());
create table user_roles (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  organization_id uuid references organizations (id) on delete cascade,
  role text not null check (role in ('superadmin', 'org_admin', 'editor', 'viewer')),
  created_at timestamptz not null default now(), unique nulls not distinct (user_id, organization_id));
create table organization_domains (
  id uuid primary key default gen_random_uuid(), organization_id uuid not null references organizations (id) on delete cascade,
  domain text not null unique, is_primary boolean not null default false, verified_at timestamptz);
create table tag_types (
  id uuid primary key default gen_random_uuid(), organization_id uuid references organizations (id) on delete cascade,
  key text not null, label text not null, is_enabled boolean not null default true, display_order int not null default 0,
  unique nulls not distinct (organization_id, key));
create table tags (
  id uuid primary key default gen_random_uuid(), organization_id uuid references organizations (id) on delete cascade,
  type_key text not null, value text not null, slug text not null, is_active boolean not null default true,
  unique nulls not distinct (organization_id, type_key, slug));
create table course_metadata (
  id text primary key, organization_id uuid not null references organizations (id) on delete cascade,
  title text not null default '', visibility text not null default 'org' check (visibility in ('org', 'global')),
  tag_ids uuid[] not null default '{}', content_version int not null default 1, etag text, updated_at timestamptz default now());
create table tag_approval_queue (
  id uuid primary key default gen_random_uuid(), organization_id uuid not null references organizations (id) on delete cascade,
  course_id text not null, suggested_tags jsonb not null default '{}',
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected')),
  mapped_tag_ids uuid[], reviewed_by uuid references auth.users (id), reviewed_at timestamptz);
create table course_versions (
  id uuid primary key default gen_random_uuid(), course_id text not null references course_metadata (id) on delete cascade,
  version int not null, snapshot jsonb not null, published_by uuid, published_at timestamptz not null default now(),
  changelog text, etag text, unique (course_id, version));
create table course_lessons (
  id bigint generated always as identity primary key, course_id text not null references course_metadata (id) on delete cascade,
  position int not null default 0, title text not null, body text not null default '');
create table course_enrollments (
  course_id text not null references course_metadata (id) on delete cascade,
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  enrolled_at timestamptz not null default now(), primary key (course_id, user_id));
create table course_progress (
  id uuid primary key default gen_random_uuid(), user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  item_key text not null, score numeric(5, 2) check (score between 0 and 100), done_at timestamptz);
create table lesson_notes (
  id uuid primary key default gen_random_uuid(), organization_id uuid not null references organizations (id) on delete cascade,
  author_id uuid not null default auth.uid(), note text not null);
create table media_assets (
  id uuid primary key default gen_random_uuid(), organization_id uuid not null references organizations (id),
  course_id text, url text not null, alt_text text, metadata jsonb not null default '{}');
create table content_embeddings (
  id uuid primary key default gen_random_uuid(), organization_id uuid not null references organizations (id),
  course_id text not null, content text not null, embedding extensions.vector(3));
create table course_invites (
  id uuid primary key default gen_random_uuid(), organization_id uuid not null references organizations (id) on delete cascade,
  email text not null, role text not null default 'viewer' check (role in ('editor', 'viewer')),
  token uuid not null default gen_random_uuid() unique, accepted_at timestamptz);
create table audit_log (
  id bigint generated always as identity primary key, organization_id uuid not null, actor uuid default auth.uid(),
  action text not null, details jsonb, at timestamptz not null default now());

-- helpers
create function is_superadmin() returns boolean language sql stable security definer set search_path = public as
$$ select exists (select 1 from user_roles where user_id = auth.uid() and role = 'superadmin') $$;
create function get_user_org_ids() returns setof uuid language sql stable security definer set search_path = public as
$$ select organization_id from user_roles where user_id = auth.uid() and organization_id is not null $$;
create function has_org_role(p_org uuid, p_role text) returns boolean language sql stable security definer set search_path = public as
$$ select exists (select 1 from user_roles where user_id = auth.uid() and organization_id = p_org and role = p_role) $$;
create function can_edit(p_org uuid) returns boolean language sql stable security definer set search_path = public as
$$ select has_org_role(p_org, 'editor') or has_org_role(p_org, 'org_admin') or is_superadmin() $$;
create function user_in_org(p_org uuid) returns boolean language sql stable security definer set search_path = public as
$$ select exists (select 1 from user_roles where user_id = auth.uid() and organization_id = p_org) or is_superadmin() $$;
create function get_user_role_in_org(p_org uuid) returns text language sql stable security definer set search_path = public as
$$ select role from user_roles where user_id = auth.uid() and organization_id = p_org $$;
create function get_user_roles(p_user_id uuid default auth.uid()) returns table (organization_id uuid, role text)
language sql stable security definer set search_path = public as
$$ select r.organization_id, r.role from user_roles r where r.user_id = p_user_id $$;

alter table organizations enable row level security;
alter table user_roles enable row level security;
alter table organization_domains enable row level security;
alter table tag_types enable row level security;
alter table tags enable row level security;
alter table course_metadata enable row level security;
alter table tag_approval_queue enable row level security;
alter table course_lessons enable row level security;
alter table course_enrollments enable row level security;
alter table course_progress enable row level security;
alter table lesson_notes enable row level security;
alter table media_assets enable row level security;
alter table content_embeddings enable row level security;
alter table course_invites enable row level security;
alter table audit_log enable row level security;

create policy org_read on organizations for select to authenticated using (user_in_org(id));
create policy org_update on organizations for update to authenticated using (has_org_role(id, 'org_admin') or is_superadmin());
create policy org_super on organizations for insert to authenticated with check (is_superadmin());

create policy roles_own on user_roles for select to authenticated using (user_id = auth.uid() or has_org_role(organization_id, 'org_admin'));
create policy roles_admin on user_roles for all to authenticated
  using (has_org_role(organization_id, 'org_admin') or is_superadmin())
  with check (has_org_role(organization_id, 'org_admin') or is_superadmin());

create policy domains_read on organization_domains for select to authenticated using (user_in_org(organization_id));
create policy domains_manage on organization_domains for all to authenticated
  using (has_org_role(organization_id, 'org_admin')) with check (true);

create policy types_read on tag_types for select to authenticated using (organization_id is null or user_in_org(organization_id));
create policy types_manage on tag_types for all to authenticated
  using (has_org_role(organization_id, 'org_admin')) with check (organization_id is null or has_org_role(organization_id, 'org_admin'));

create policy tags_read on tags for select to authenticated using (organization_id is null or user_in_org(organization_id));
create policy tags_manage on tags for all to authenticated
  using (coalesce(has_org_role(organization_id, 'org_admin'), false)) with check (coalesce(has_org_role(organization_id, 'org_admin'), false));
create function check_tag_type() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if not exists (select 1 from tag_types t where t.key = new.type_key
                 and (t.organization_id is null or t.organization_id = new.organization_id)) then
    raise exception 'unknown tag type' using errcode = '23503';
  end if;
  return new;
end $$;
create trigger tags_type before insert or update of type_key, organization_id on tags for each row execute function check_tag_type();

create policy queue_read on tag_approval_queue for select to authenticated using (can_edit(organization_id));
create policy queue_add on tag_approval_queue for insert to authenticated with check (auth.uid() is not null);
create policy queue_admin on tag_approval_queue for update to authenticated using (has_org_role(organization_id, 'org_admin'));

create policy courses_read on course_metadata for select to authenticated using (visibility = 'global' or user_in_org(organization_id));
create policy courses_add on course_metadata for insert to authenticated with check (can_edit(organization_id));
create policy courses_edit on course_metadata for update to authenticated using (can_edit(organization_id)) with check (true);
create policy courses_drop on course_metadata for delete to authenticated using (can_edit(organization_id));

create policy lessons_read on course_lessons for select to authenticated using (
  exists (select 1 from course_enrollments e where e.course_id = course_lessons.course_id and e.user_id = auth.uid()));
create policy lessons_edit on course_lessons for all to authenticated
  using (exists (select 1 from course_metadata c where c.id = course_id and can_edit(c.organization_id)));
create policy enroll_read on course_enrollments for select to authenticated using (user_id = (select auth.uid()));
create policy enroll_self on course_enrollments for insert to authenticated with check (user_id = (select auth.uid()));
create policy unenroll on course_enrollments for delete to authenticated using (user_id = (select auth.uid()));
create policy progress_own on course_progress for all to authenticated using (user_id = (select auth.uid()));

create policy notes_org on lesson_notes for select to authenticated using (
  exists (select 1 from user_roles r where r.user_id = auth.uid() and r.organization_id = organization_id));
create policy notes_write on lesson_notes for insert to authenticated with check (author_id = auth.uid() and user_in_org(organization_id));

create policy "Public read access" on media_assets for select using (true);
create policy media_manage on media_assets for all to authenticated using (can_edit(organization_id));
create policy embeddings_read on content_embeddings for select to authenticated using (user_in_org(organization_id));
create policy invites_read on course_invites for select to authenticated
  using (email = (auth.jwt() ->> 'email') or has_org_role(organization_id, 'org_admin'));
create policy invites_add on course_invites for insert to authenticated with check (has_org_role(organization_id, 'org_admin'));
create policy invites_drop on course_invites for delete to authenticated using (has_org_role(organization_id, 'org_admin'));
create policy audit_read on audit_log for select to authenticated using (has_org_role(organization_id, 'org_admin'));

create function log_course_change() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into audit_log (organization_id, action, details) values (new.organization_id, tg_op, jsonb_build_object('course', new.id));
  return new;
end $$;
create trigger course_audit after insert or update on course_metadata for each row execute function log_course_change();

-- views for the dashboard
create view course_overview as
  select c.id, c.title, c.visibility, o.name as organization, (select max(version) from course_versions v where v.course_id = c.id) as latest
  from course_metadata c join organizations o on o.id = c.organization_id;
create view my_courses with (security_invoker = true) as select id, title, visibility, tag_ids, etag from course_metadata;
create materialized view org_course_stats as
  select o.id as organization_id, o.name, count(c.id) as courses from organizations o left join course_metadata c on c.organization_id = o.id group by 1, 2;
create function refresh_stats() returns trigger language plpgsql security definer set search_path = public as $$
begin refresh materialized view org_course_stats; return null; end $$;
create trigger stats_refresh after insert or delete on course_metadata for each statement execute function refresh_stats();

-- RPCs
create function get_enabled_tag_types(p_org uuid) returns setof tag_types language plpgsql stable security definer set search_path = public as $$
begin
  if not user_in_org(p_org) then raise exception 'not allowed' using errcode = '42501'; end if;
  return query select * from tag_types t where t.is_enabled and (t.organization_id is null or t.organization_id = p_org) order by display_order;
end $$;
create function get_courses_by_tags(p_org uuid, p_tag_ids uuid[] default '{}', p_match_all boolean default false) returns setof course_metadata
language sql stable security definer set search_path = public as $$
  select * from course_metadata c where c.organization_id = p_org
    and (p_tag_ids = '{}' or case when p_match_all then c.tag_ids @> p_tag_ids else c.tag_ids && p_tag_ids end) $$;
create function get_latest_version(p_course_id text) returns course_versions language sql stable security definer set search_path = public as
$$ select * from course_versions where course_id = p_course_id order by version desc limit 1 $$;
create function list_course_versions(p_course_id text) returns table (version int, changelog text, published_at timestamptz)
language plpgsql stable security definer set search_path = public as $$
declare org uuid;
begin
  select c.organization_id into org from course_metadata c where c.id = p_course_id;
  if not found then raise exception 'course % not found', p_course_id using errcode = 'P0002'; end if;
  if not user_in_org(org) then raise exception 'you are not allowed to see this course' using errcode = '42501'; end if;
  return query select v.version, v.changelog, v.published_at from course_versions v where v.course_id = p_course_id order by 1 desc;
end $$;
create function get_version_snapshot(p_course_id text, p_version int) returns jsonb language sql stable security definer set search_path = public as $$
  select v.snapshot from course_versions v join course_metadata c on c.id = v.course_id
  where v.course_id = p_course_id and v.version = p_version and user_in_org(c.organization_id) $$;
create function publish_course(p_course_id text, p_snapshot jsonb, p_changelog text default null) returns int
language plpgsql security definer set search_path = public as $$
declare number int;
begin
  if not exists (select 1 from user_roles where user_id = auth.uid() and role in ('editor', 'org_admin', 'superadmin')) then
    raise exception 'only editors publish' using errcode = '42501';
  end if;
  select coalesce(max(version), 0) + 1 into number from course_versions where course_id = p_course_id;
  insert into course_versions (course_id, version, snapshot, published_by, changelog) values (p_course_id, number, p_snapshot, auth.uid(), p_changelog);
  update course_metadata set content_version = content_version + 1, etag = md5(p_snapshot::text) where id = p_course_id;
  return number;
end $$;
create function restore_course_version(p_course_id text, p_version int, p_changelog text default null) returns int
language plpgsql security definer set search_path = public as $$
declare snap jsonb; number int;
begin
  select v.snapshot into snap from course_versions v join course_metadata c on c.id = v.course_id
  where v.course_id = p_course_id and v.version = p_version and can_edit(c.organization_id);
  if not found then raise exception 'no such version' using errcode = 'P0002'; end if;
  select max(version) + 1 into number from course_versions where course_id = p_course_id;
  insert into course_versions (course_id, version, snapshot, published_by, changelog) values (p_course_id, number, snap, auth.uid(), p_changelog);
  return number;
end $$;
create function set_user_role(p_user uuid, p_org uuid, p_role text) returns void language plpgsql security definer set search_path = public as $$
begin
  if not has_org_role(p_org, 'org_admin') then raise exception 'only admins' using errcode = '42501'; end if;
  insert into user_roles (user_id, organization_id, role) values (p_user, p_org, p_role)
  on conflict (user_id, organization_id) do update set role = excluded.role;
end $$;
create function approve_tags(p_queue_id uuid, p_tag_ids uuid[]) returns boolean language plpgsql security definer set search_path = public as $$
begin
  update tag_approval_queue q set status = 'approved', mapped_tag_ids = p_tag_ids, reviewed_by = auth.uid(), reviewed_at = now()
  where q.id = p_queue_id and has_org_role(q.organization_id, 'org_admin')
    and not exists (select 1 from unnest(p_tag_ids) w where not exists (
      select 1 from tags t where t.id = w and (t.organization_id is null or t.organization_id = q.organization_id)));
  return found;
end $$;
create function bulk_delete_media(p_ids uuid[]) returns int language plpgsql security definer set search_path = public as $$
declare n int;
begin
  delete from media_assets where id = any (p_ids);
  get diagnostics n = row_count;
  return n;
end $$;
create function import_courses(p_payload jsonb) returns int language plpgsql security definer set search_path = public as $$
declare item jsonb; n int := 0;
begin
  if auth.uid() is null then raise exception 'sign in first' using errcode = '42501'; end if;
  for item in select * from jsonb_array_elements(p_payload -> 'courses') loop
    insert into course_metadata (id, organization_id, title)
    values (item ->> 'id', (item ->> 'organization_id')::uuid, coalesce(item ->> 'title', ''))
    on conflict (id) do update set title = excluded.title;
    n := n + 1;
  end loop;
  return n;
end $$;
create function search_content_by_org(p_org uuid, p_query extensions.vector, p_limit int default 10)
returns table (course_id text, content text, distance float8) language sql stable security definer set search_path = public, extensions as $$
  select e.course_id, e.content, e.embedding <=> p_query from content_embeddings e where e.organization_id = p_org order by 3 limit p_limit $$;
create function search_media_by_org(p_org uuid, p_text text default '', p_limit int default 20) returns setof media_assets
language sql stable security definer set search_path = public as $$
  select * from media_assets m where m.organization_id = p_org and user_in_org(p_org) and coalesce(m.alt_text, '') ilike '%' || p_text || '%' limit p_limit $$;
create function accept_course_invite(p_token uuid) returns uuid language plpgsql security definer set search_path = public as $$
declare i course_invites;
begin
  select * into i from course_invites where token = p_token and accepted_at is null and email = (select email from auth.users where id = auth.uid());
  if not found then raise exception 'invalid invitation' using errcode = 'P0002'; end if;
  insert into user_roles (user_id, organization_id, role) values (auth.uid(), i.organization_id, i.role) on conflict do nothing;
  update course_invites set accepted_at = now() where id = i.id;
  return i.organization_id;
end $$;
create function org_health(p_slug text) returns jsonb language plpgsql stable security definer set search_path = public as $$
declare o organizations;
begin
  select * into o from organizations where slug = p_slug;
  return jsonb_build_object('slug', o.slug, 'settings', o.settings, 'courses', (select count(*) from course_metadata where organization_id = o.id));
end $$;

insert into storage.buckets (id, name, public) values ('courses', 'courses', false);
create policy "course files read" on storage.objects for select to authenticated using (bucket_id = 'courses');
create policy "course files write" on storage.objects for insert to authenticated with check (
  bucket_id = 'courses' and exists (select 1 from course_metadata c where c.id = (storage.foldername(name))[1] and can_edit(c.organization_id)));
