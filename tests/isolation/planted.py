"""A sound schema, and faults to plant in it, one of each class: what to run, and what must be found."""

from __future__ import annotations

from dataclasses import dataclass

SOUND = """
create table organizations (id uuid primary key default gen_random_uuid(), name text not null);
create table members (
  organization_id uuid not null references organizations on delete cascade, user_id uuid not null references auth.users
    on delete cascade,
  role text not null default 'viewer' check (role in ('admin', 'editor', 'viewer')), primary key (organization_id,
    user_id));
create function my_role(organization uuid) returns text language sql stable security definer set search_path = '' as
  $$ select role from public.members where user_id = auth.uid() and organization_id = organization $$;
create table projects (
  id uuid primary key default gen_random_uuid(), organization_id uuid not null references organizations
    on delete cascade,
  title text not null check (length(title) between 3 and 60), state text not null default 'draft'
    check (state in ('draft', 'done')), created_by uuid default auth.uid());
create table tasks (
  id uuid primary key default gen_random_uuid(), project_id uuid not null references projects on delete cascade,
    body text not null, amount numeric not null default 1);
create table settings (organization_id uuid primary key references organizations on delete cascade,
  theme jsonb not null default '{}', secret_key text not null);
create table labels (id int generated always as identity primary key, organization_id uuid references organizations
  on delete cascade, name text not null);
insert into labels (name) values ('everybody''s');
create function project_organization(project uuid) returns uuid language sql stable
  security definer set search_path = '' as
  $$ select organization_id from public.projects where id = project and public.my_role(organization_id) is not null $$;
create function rename_project(project uuid, new_title text) returns boolean
  language plpgsql security definer set search_path = '' as $$
begin
  update public.projects set title = new_title where id = project and public.my_role(organization_id) in ('admin',
    'editor');
  return found;
end $$;
create function count_tasks(project uuid) returns bigint language sql stable security definer set search_path = '' as
  $$ select count(*) from public.tasks t join public.projects p on p.id = t.project_id
    where p.id = project and public.my_role(p.organization_id) is not null $$;
alter table organizations enable row level security; alter table members enable row level security;
  alter table projects enable row level security;
alter table tasks enable row level security; alter table settings enable row level security;
  alter table labels enable row level security;
create policy own on organizations for select to authenticated using (my_role(id) is not null);
create policy own on members for select to authenticated using (my_role(organization_id) is not null);
create policy manage on members for all to authenticated using (my_role(organization_id) = 'admin') with
  check (my_role(organization_id) = 'admin');
create policy own on projects for select to authenticated using (my_role(organization_id) is not null);
create policy edit on projects for all to authenticated using (my_role(organization_id) in ('admin', 'editor')) with
  check (my_role(organization_id) in ('admin', 'editor'));
create policy own on tasks for all to authenticated using (my_role(project_organization(project_id)) is not null) with
  check (my_role(project_organization(project_id)) is not null);
create policy own on settings for all to authenticated using (my_role(organization_id) = 'admin') with
  check (my_role(organization_id) = 'admin');
create policy read on labels for select to authenticated using (organization_id is null
  or my_role(organization_id) is not null);
create policy edit on labels for all to authenticated using (my_role(organization_id) = 'admin') with
  check (my_role(organization_id) = 'admin');
grant select on organizations to authenticated;
grant select, insert, update, delete on members, projects, tasks, settings, labels to authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
"""


@dataclass(frozen=True)
class Fault:
    """SQL that plants it, SQL that repairs it again, and the finding that must come: kinds and object."""

    name: str
    plant: str
    repair: str
    kinds: tuple[str, ...]
    object: str


FAULTS = (
    Fault(
        "no row level security",
        "alter table projects disable row level security",
        "alter table projects enable row level security",
        ("confidentiality",),
        "public.projects",
    ),
    Fault(
        "an always-true policy",
        "create policy x on projects for select to authenticated using (true)",
        "drop policy x on projects",
        ("confidentiality",),
        "public.projects",
    ),
    Fault(
        "a policy for anon",
        "create policy x on tasks for select to public using (auth.role() = 'anon'); grant select on tasks to anon",
        "drop policy x on tasks; revoke select on tasks from anon",
        ("confidentiality",),
        "public.tasks",
    ),
    Fault(
        "a client-writable claim",
        "create policy x on projects for select to authenticated using (organization_id::text = "
        "auth.jwt() -> 'user_metadata' ->> 'organization')",
        "drop policy x on projects",
        ("confidentiality",),
        "public.projects",
    ),
    Fault(
        "a missing check on insert",
        "create policy x on projects for insert to authenticated with check (auth.uid() is not null)",
        "drop policy x on projects",
        ("integrity",),
        "public.projects",
    ),
    Fault(
        "a row that may be moved",
        "create policy x on projects for update to authenticated using (my_role(organization_id) "
        "= 'editor') with check (true)",
        "drop policy x on projects",
        ("integrity",),
        "public.projects",
    ),
    Fault(
        "rows of everybody's may be written",
        "create policy x on labels for insert to authenticated with check (organization_id is null)",
        "drop policy x on labels",
        ("integrity",),
        "public.labels",
    ),
    Fault(
        "a blind update",
        "create policy x on settings for update to authenticated using (true) with check (true)",
        "drop policy x on settings",
        ("integrity",),
        "public.settings",
    ),
    Fault(
        "truncate",
        "grant truncate on tasks to authenticated",
        "revoke truncate on tasks from authenticated",
        ("integrity",),
        "public.tasks",
    ),
    Fault(
        "a view that runs as its owner",
        "create view board as select title, state from projects; grant select on board to authenticated",
        "drop view board",
        ("confidentiality",),
        "public.board",
    ),
    Fault(
        "a view that aggregates",
        "create view totals as select count(*) as n, sum(amount) from tasks; grant select on totals to authenticated",
        "drop view totals",
        ("confidentiality",),
        "public.totals",
    ),
    Fault(
        "a materialized view",
        "create materialized view digest as select title from projects; grant select on digest to authenticated",
        "drop materialized view digest",
        ("confidentiality",),
        "public.digest",
    ),
    Fault(
        "an inheritance child",
        "create table projects_old () inherits (projects); grant select on projects_old to "
        "authenticated; insert into projects_old (id, organization_id, title) "
        "select gen_random_uuid(), id, 'old title' from organizations",
        "drop table projects_old",
        (),
        "",
    ),
    Fault(
        "an open function",
        "create function peek(p uuid) returns text language sql security definer set search_path "
        "= '' as $$ select title from public.projects where id = p $$",
        "drop function peek(uuid)",
        ("confidentiality",),
        "public.peek(uuid)",
    ),
    Fault(
        "an open function over an array",
        "create function wipe(ids uuid[]) returns void language sql security definer set "
        "search_path = '' as $$ delete from public.tasks where id = any (ids) $$",
        "drop function wipe(uuid[])",
        ("integrity",),
        "public.wipe(uuid[])",
    ),
    Fault(
        "an open function over a document",
        "create function save(doc jsonb) returns void language sql security definer set search_path = '' as "
        "$$ update public.projects set title = 'taken over' where id = (doc ->> 'projectId')::uuid $$",
        "drop function save(jsonb)",
        ("integrity",),
        "public.save(jsonb)",
    ),
    Fault(
        "a refusal that tells",
        "create function close_project(p uuid) returns void language plpgsql security definer set "
        "search_path = '' as "
        "$$ begin if not exists (select from public.projects where id = p) then raise 'no such project'; end if; "
        "if public.my_role((select organization_id from public.projects where id = p)) is null "
        "then raise 'not yours'; end if; end $$",
        "drop function close_project(uuid)",
        ("confidentiality", "oracle"),
        "public.close_project(uuid)",
    ),
    Fault(
        "a detail that prints the row",
        "create function retitle(p uuid, t text) returns void language plpgsql security definer "
        "set search_path = '' as "
        "$$ declare o uuid; begin update public.projects set title = t where id = p returning "
        "organization_id into o; if public.my_role(o) is null then raise 'no'; end if; end $$",
        "drop function retitle(uuid, text)",
        ("confidentiality",),
        "public.retitle(uuid,text)",
    ),
    Fault(
        "a name unique across tenants",
        "create unique index once on projects (title)",
        "drop index once",
        ("oracle",),
        "public.projects",
    ),
    Fault(
        "a key that an update may ask for",
        "alter table organizations add slug text unique; create policy x on organizations for update to "
        "authenticated "
        "using (my_role(id) = 'admin'); grant update (slug) on organizations to authenticated",
        "drop policy x on organizations; alter table organizations drop slug",
        ("oracle",),
        "public.organizations",
    ),
    Fault(
        "promoting oneself",
        "create policy x on members for update to authenticated using (user_id = auth.uid()) "
        "with check (user_id = auth.uid())",
        "drop policy x on members",
        ("authority",),
        "public.members",
    ),
    Fault(
        "enrolling oneself",
        "create policy x on members for insert to authenticated with check (user_id = auth.uid())",
        "drop policy x on members",
        ("authority",),
        "public.members",
    ),
    Fault(
        "enrolling a stranger as the least",
        "create policy x on members for insert to authenticated with check "
        "(my_role(organization_id) is not null and role = 'viewer')",
        "drop policy x on members",
        ("authority",),
        "public.members",
    ),
    Fault(
        "a sign-up that believes its user",
        "create function enrol() returns trigger language plpgsql security definer set search_path = '' as $$ begin "
        "if new.raw_user_meta_data ->> 'organization_id' is not null then insert into "
        "public.members values ((new.raw_user_meta_data ->> 'organization_id')::uuid, new.id); "
        "end if; return new; end $$; "
        "create trigger enrol after insert on auth.users for each row execute function enrol()",
        "drop function enrol() cascade",
        ("authority",),
        "public.enrol()",
    ),
    Fault(
        "a policy that recurses",
        "drop policy own on members; create policy own on members for select to authenticated "
        "using (organization_id in (select m.organization_id from members m where m.user_id = auth.uid()))",
        "drop policy own on members; create policy own on members for select to authenticated "
        "using (my_role(organization_id) is not null)",
        ("availability",),
        "public.members",
    ),
    Fault(
        "nobody passes",
        "drop policy own on settings",
        "create policy own on settings for all to authenticated using (my_role(organization_id) "
        "= 'admin') with check (my_role(organization_id) = 'admin')",
        ("availability",),
        "public.settings",
    ),
    Fault(
        "a policy that never passes",
        "alter policy own on settings using (my_role(organization_id) = 'owner')",
        "alter policy own on settings using (my_role(organization_id) = 'admin')",
        ("availability",),
        "public.settings",
    ),
    Fault(
        "a table without any policy",
        "create table notes (id int primary key, body text not null, organization_id uuid references organizations); "
        "alter table notes enable row level security; grant select on notes to authenticated",
        "drop table notes",
        ("availability",),
        "public.notes",
    ),
    Fault(
        "a table of no tenant without any policy",
        "create table plans (id int primary key, body text not null); "
        "alter table plans enable row level security; grant select on plans to authenticated",
        "drop table plans",
        ("availability",),
        "public.plans",
    ),
    Fault(
        "nobody was granted it",
        "revoke all on settings from authenticated",
        "grant select, insert, update, delete on settings to authenticated",
        ("availability",),
        "public.settings",
    ),
    Fault(
        "a path that the caller searches",
        "create function mine() returns bigint language sql stable security definer as $$ select "
        "count(*) from members where user_id = auth.uid() $$",
        "drop function mine()",
        ("authority",),
        "public.mine()",
    ),
    Fault(
        "files of a bucket",
        "insert into storage.buckets (id, name) values ('files', 'files'); create policy x on "
        "storage.objects for select to authenticated using (bucket_id = 'files')",
        "drop policy x on storage.objects; set storage.allow_delete_query = 'true'; delete from storage.buckets",
        ("confidentiality",),
        "storage.objects",
    ),
    Fault(
        "a row public by its data",
        "alter table projects add shared boolean not null default false; create policy x on "
        "projects for select to authenticated using (shared)",
        "drop policy x on projects; alter table projects drop shared",
        ("conditional-exposure",),
        "public.projects",
    ),
    Fault(
        "a list of keys in a text, of which one is the caller's",
        "create function titles(ids text) returns setof text language sql stable security definer set "
        "search_path = '' "
        "as $$ select title from public.projects where id = any (string_to_array(ids, ',')::uuid[]) and exists "
        "(select from public.projects p where p.id::text = any (string_to_array(ids, ',')) "
        "and public.my_role(p.organization_id) is not null) $$",
        "drop function titles(text)",
        ("confidentiality",),
        "public.titles(text)",
    ),
    Fault(
        "a document whose first thing alone is looked at",
        "create function retitle(batch jsonb) returns void language plpgsql security definer set search_path = '' as "
        "$$ begin if public.project_organization((batch -> 0 ->> 'id')::uuid) is null then raise 'no such project'; "
        "end if; update public.projects p set title = 'taken over' from jsonb_array_elements(batch) x "
        "where p.id = (x ->> 'id')::uuid; end $$",
        "drop function retitle(jsonb)",
        ("integrity",),
        "public.retitle(jsonb)",
    ),
    Fault(
        "notes that hang on anything by its type and id",
        "create table notes (id uuid primary key default gen_random_uuid(), about_type text not null "
        "check (about_type "
        "in ('project', 'task')), about_id uuid not null, body text not null); alter table notes enable row level "
        "security; create policy r on notes for select to authenticated using (exists (select from projects p where "
        "p.id = about_id)); create policy w on notes for insert to authenticated with check (auth.uid() "
        "is not null); "
        "grant select, insert on notes to authenticated",
        "drop table notes",
        ("integrity",),
        "public.notes",
    ),
    Fault(
        "a numbered row that one's own may hang on",
        "create table boxes (id int generated always as identity primary key, organization_id uuid not "
        "null references "
        "organizations on delete cascade, box int references boxes); alter table boxes enable row level security; "
        "create table things (id uuid primary key default gen_random_uuid(), organization_id uuid not "
        "null references "
        "organizations on delete cascade, box_id int references boxes on delete set null); "
        "alter table things enable row level security; create policy own on things for all to authenticated using "
        "(my_role(organization_id) is not null) with check (my_role(organization_id) is not null); "
        "grant select, insert on things to authenticated",
        "drop table things; drop table boxes",
        ("oracle",),
        "public.things",
    ),
    Fault(
        "an author whom the insert does not ask for",
        "create policy x on projects for delete to authenticated using (created_by = auth.uid() "
        "and my_role(organization_id) is not null)",
        "drop policy x on projects",
        ("authority",),
        "public.projects",
    ),
    Fault(
        "a function that forgets who was suspended",
        "alter table members add suspended boolean not null default false; "
        "create or replace function my_role(organization uuid) returns text language sql stable security definer set "
        "search_path = '' as $$ select role from public.members where user_id = auth.uid() "
        "and organization_id = organization and not suspended $$; "
        "create function close_project(project uuid) returns void language sql security definer set search_path = '' "
        "as $$ update public.projects p set state = 'done' from public.members m where p.id = project "
        "and m.organization_id = p.organization_id and m.user_id = auth.uid() $$",
        "drop function close_project(uuid); create or replace function my_role(organization uuid) returns text "
        "language sql stable security definer set search_path = '' as $$ select role from public.members where "
        "user_id = auth.uid() and organization_id = organization $$; alter table members drop suspended",
        ("integrity",),
        "public.close_project(uuid)",
    ),
    Fault(
        "restored by whoever knows the key, once it is deleted",
        "alter table projects add deleted_at timestamptz; create function undelete(project uuid) returns boolean "
        "language plpgsql security definer set search_path = '' as $$ begin update public.projects set "
        "deleted_at = null where id = project and deleted_at is not null; return found; end $$",
        "drop function undelete(uuid); alter table projects drop deleted_at",
        ("integrity",),
        "public.undelete(uuid)",
    ),
    Fault(
        "a rank that is asked for in any tenant",
        "create policy x on projects for delete to authenticated using (my_role(organization_id) is not null and "
        "exists (select 1 from members m where m.user_id = auth.uid() and m.role = 'admin'))",
        "drop policy x on projects",
        ("integrity",),
        "public.projects",
    ),
    Fault(
        "a function that asks for a rank in any tenant",
        "create function wipe_project(project uuid) returns boolean language plpgsql security definer set "
        "search_path = '' "
        "as $$ begin delete from public.projects where id = project and public.my_role(organization_id) "
        "is not null and "
        "exists (select 1 from public.members m where m.user_id = auth.uid() and m.role = 'admin'); "
        "return found; end $$",
        "drop function wipe_project(uuid)",
        ("integrity",),
        "public.wipe_project(uuid)",
    ),
    Fault(
        "a path that only begins like another",
        "alter table organizations add path text; grant update (path) on organizations to "
        "authenticated; create policy x on organizations for update to authenticated using (my_role(id) = 'admin'); "
        "create function below_mine(organization uuid) returns boolean language sql stable security definer set "
        "search_path = '' as $$ select exists (select 1 from public.organizations mine join "
        "public.organizations o on "
        "o.path like mine.path || '%' where o.id = organization and public.my_role(mine.id) = 'admin') $$; "
        "create policy x on projects for select to authenticated using (below_mine(organization_id))",
        "drop policy x on projects; drop function below_mine(uuid); drop policy x on organizations; "
        "alter table organizations drop path",
        ("authority", "confidentiality"),
        "public.below_mine(uuid)",
    ),
    Fault(
        "a folder that two tenants may have",
        "alter table organizations add folder text; grant update (folder) on organizations to authenticated; "
        "create policy x on organizations for update to authenticated using (my_role(id) = 'admin'); "
        "insert into storage.buckets (id, name) values ('papers', 'papers'); create policy x on "
        "storage.objects for select "
        "to authenticated using (bucket_id = 'papers' and exists (select 1 from organizations o where "
        "o.folder = (storage.foldername(objects.name))[1] and my_role(o.id) is not null))",
        "drop policy x on storage.objects; set storage.allow_delete_query = 'true'; delete from storage.buckets; "
        "drop policy x on organizations; "
        "alter table organizations drop folder",
        ("confidentiality",),
        "storage.objects",
    ),
    Fault(
        "columns that the client names",
        "create function export_projects(organization uuid, columns text) returns setof jsonb language "
        "plpgsql stable "
        "security definer set search_path = '' as $$ begin if public.my_role(organization) is null then "
        "return; end if; "
        "return query execute 'select to_jsonb(q) from (select ' || columns || ' from public.projects where "
        "organization_id = $1) q' using organization; end $$",
        "drop function export_projects(uuid, text)",
        ("confidentiality",),
        "public.export_projects(uuid,text)",
    ),
    Fault(
        "an office by four digits",
        "alter table members add pin text not null default '0000' check (pin ~ '^[0-9]{4}$'); create "
        "function who_is(pin "
        "text) returns table (person uuid) language sql stable security definer set search_path = '' as $$ select "
        "m.user_id from public.members m where m.pin = who_is.pin $$",
        "drop function who_is(text); alter table members drop pin",
        ("confidentiality",),
        "public.who_is(text)",
    ),
    Fault(
        "an offer that every partner reads",
        "create table partners (seller uuid references organizations on delete cascade, buyer uuid references "
        "organizations on delete cascade, primary key (seller, buyer)); create table offers (id uuid primary key "
        "default gen_random_uuid(), seller uuid not null references organizations on delete cascade, "
        "buyer uuid not null "
        "references organizations on delete cascade, price numeric not null); alter table partners enable row level "
        "security; alter table offers enable row level security; create policy own on partners for select to "
        "authenticated using (my_role(seller) is not null or my_role(buyer) is not null); create policy "
        "own on offers for "
        "select to authenticated using (my_role(seller) is not null or exists (select 1 from partners p where "
        "p.seller = offers.seller and my_role(p.buyer) is not null)); grant select on partners, offers to "
        "authenticated",
        "drop table offers; drop table partners",
        ("confidentiality",),
        "public.offers",
    ),
    Fault(
        "whoever says that the address is theirs",
        "create table contacts (id uuid primary key default gen_random_uuid(), organization_id uuid not "
        "null references "
        "organizations on delete cascade, email text not null, user_id uuid references auth.users on "
        "delete set null); "
        "alter table contacts enable row level security; create policy own on contacts for select to "
        "authenticated using "
        "(my_role(organization_id) is not null); grant select on contacts to authenticated; create "
        "function claim_me() "
        "returns setof uuid language sql security definer set search_path = '' as $$ update public.contacts set "
        "user_id = auth.uid() where user_id is null and email = auth.jwt() -> 'user_metadata' ->> 'email' "
        "returning id $$",
        "drop function claim_me(); drop table contacts",
        ("integrity", "confidentiality"),
        "public.claim_me()",
    ),
    Fault(
        "a request that whoever asks accepts",
        "create table requests (id uuid primary key default gen_random_uuid(), organization_id uuid not "
        "null references "
        "organizations on delete cascade, project_id uuid not null references projects on delete cascade); "
        "alter table requests enable row level security; create policy own on requests for all to "
        "authenticated using "
        "(my_role(organization_id) is not null) with check (my_role(organization_id) is not null); "
        "grant select, insert on requests to authenticated; create function accept_request(request uuid) "
        "returns void "
        "language sql security definer set search_path = '' as $$ update public.projects p set "
        "organization_id = r.organization_id from public.requests r where r.id = request and p.id = r.project_id "
        "and public.my_role(r.organization_id) = 'admin' $$",
        "drop function accept_request(uuid); drop table requests",
        ("integrity",),
        "public.accept_request(uuid)",
    ),
    Fault(
        "a patch of any column",
        "create function patch_task(task uuid, patch jsonb) returns void language plpgsql security definer set "
        "search_path = '' as $$ declare k text; begin if not exists (select 1 from public.tasks t join "
        "public.projects p "
        "on p.id = t.project_id where t.id = task and public.my_role(p.organization_id) is not null) then "
        "return; end if; "
        "for k in select jsonb_object_keys(patch) loop if k <> 'id' then execute format('update "
        "public.tasks set %I = "
        "(jsonb_populate_record(null::public.tasks, $1)).%I where id = $2', k, k) using patch, task; end "
        "if; end loop; "
        "end $$",
        "drop function patch_task(uuid, jsonb)",
        ("integrity",),
        "public.patch_task(uuid,jsonb)",
    ),
    Fault(
        "the beginning of a key",
        "create function whose_key(key text) returns setof uuid language sql stable security definer set "
        "search_path = '' "
        "as $$ select s.organization_id from public.settings s where s.secret_key like whose_key.key || "
        "'%' limit 1 $$",
        "drop function whose_key(text)",
        ("confidentiality",),
        "public.whose_key(text)",
    ),
    Fault(
        "a trigger that acts once something is done",
        "create function wipe_when_done() returns trigger language plpgsql security definer set "
        "search_path = '' as $$ begin "
        "if new.state = 'done' then update public.settings set theme = '[]'; end if; return new; end $$; "
        "create trigger wipe "
        "after update on projects for each row execute function wipe_when_done()",
        "drop trigger wipe on projects; drop function wipe_when_done()",
        ("integrity",),
        "public.projects",
    ),
    Fault(
        "a file's name that the sub-select swallows",
        "create table rooms (id uuid primary key default gen_random_uuid(), organization_id uuid not null references "
        "organizations on delete cascade, name text not null); alter table rooms enable row level "
        "security; create policy "
        "own on rooms for all to authenticated using (my_role(organization_id) is not null) with check "
        "(my_role(organization_id) is not null); grant select, insert on rooms to authenticated; insert into "
        "storage.buckets (id, name) values ('papers', 'papers'); create policy x on storage.objects for select to "
        "authenticated using (bucket_id = 'papers' and exists (select 1 from rooms r where "
        "r.id::text = (storage.foldername(name))[1] and my_role(r.organization_id) is not null))",
        "drop policy x on storage.objects; set storage.allow_delete_query = 'true'; delete from storage.buckets; "
        "drop table rooms",
        ("confidentiality",),
        "storage.objects",
    ),
    Fault(
        "a line for all to read once something is deleted",
        "create table log (id bigint generated always as identity primary key, organization_id uuid not "
        "null references "
        "organizations on delete cascade, kind text not null default 'note' check (kind in ('note', "
        "'deleted')), what jsonb "
        "not null); alter table log enable row level security; create policy own on log for select to "
        "authenticated using "
        "(my_role(organization_id) is not null or kind = 'deleted'); grant select on log to "
        "authenticated; create function "
        "log_deleted() returns trigger language plpgsql security definer set search_path = '' as $$ begin "
        "insert into "
        "public.log (organization_id, kind, what) values (old.organization_id, 'deleted', to_jsonb(old)); "
        "return old; end $$; "
        "create trigger log after delete on projects for each row execute function log_deleted()",
        "drop trigger log on projects; drop function log_deleted(); drop table log",
        ("confidentiality",),
        "public.log",
    ),
    Fault(
        "notes about whoever was here as well",
        "create table stays (id uuid primary key default gen_random_uuid(), organization_id uuid not null references "
        "organizations on delete cascade, guest uuid not null references auth.users on delete cascade); "
        "create table remarks "
        "(id uuid primary key default gen_random_uuid(), organization_id uuid not null references "
        "organizations on delete "
        "cascade, guest uuid not null references auth.users on delete cascade, body text not null); alter "
        "table stays enable "
        "row level security; alter table remarks enable row level security; create policy own on stays for all to "
        "authenticated using (my_role(organization_id) is not null) with check (my_role(organization_id) "
        "is not null); "
        "create policy own on remarks for select to authenticated using (exists (select 1 from stays s where "
        "s.guest = remarks.guest and my_role(s.organization_id) is not null)); grant select, insert on stays to "
        "authenticated; grant select on remarks to authenticated",
        "drop table remarks; drop table stays",
        ("confidentiality",),
        "public.remarks",
    ),
    Fault(
        "no code that is as good as no code",
        "alter table organizations add join_code text; create function join_by_code(organization uuid, "
        "code text) returns "
        "void language sql security definer set search_path = '' as $$ insert into public.members (organization_id, "
        "user_id) select o.id, auth.uid() from public.organizations o where o.id = organization and "
        "auth.uid() is not null "
        "and o.join_code is not distinct from code on conflict do nothing $$",
        "drop function join_by_code(uuid, text); alter table organizations drop join_code",
        ("authority",),
        "public.join_by_code(uuid,text)",
    ),
    Fault(
        "an export of whatever is listed",
        "create table exports (id uuid primary key default gen_random_uuid(), organization_id uuid not "
        "null references "
        "organizations on delete cascade, project_ids uuid[] not null, result text); alter table exports "
        "enable row level "
        "security; create policy own on exports for all to authenticated using (my_role(organization_id) "
        "is not null) with "
        "check (my_role(organization_id) is not null); grant select, insert on exports to authenticated; "
        "create function "
        "fill_export() returns trigger language plpgsql security definer set search_path = '' as $$ begin "
        "new.result := "
        "(select string_agg(p.title, ' ') from public.projects p where p.id = any (new.project_ids)); "
        "return new; end $$; "
        "create trigger fill before insert on exports for each row execute function fill_export()",
        "drop table exports; drop function fill_export()",
        ("confidentiality",),
        "public.exports",
    ),
    Fault(
        "a trigger that writes as a caller who may not",
        "create table traces (id bigint generated always as identity primary key, organization_id uuid "
        "not null references "
        "organizations on delete cascade, what text not null); alter table traces enable row level "
        "security; create policy "
        "own on traces for select to authenticated using (my_role(organization_id) is not null); grant "
        "select on traces to "
        "authenticated; create function trace() returns trigger language plpgsql as $$ begin insert into "
        "public.traces "
        "(organization_id, what) values (new.organization_id, 'new'); return new; end $$; create trigger "
        "trace after insert "
        "on projects for each row execute function trace(); grant insert on traces to authenticated",
        "drop trigger trace on projects; drop function trace(); drop table traces",
        ("availability",),
        "public.projects",
    ),
)
